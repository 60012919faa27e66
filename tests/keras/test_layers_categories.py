"""CategoryEncoding, Discretization and the hashes. What Keras gives stands here as numbers, found with TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, DTypeError, NameUnknownError, ShapeError, StateError
from klods.keras.layers.fingerprints import farm_hash, joined, sip_hash

layers = keras.layers


@pytest.mark.parametrize(
    ("mode", "given", "expected"),
    [
        ("one_hot", [3, 1], [[0, 0, 0, 1], [0, 1, 0, 0]]),
        ("one_hot", [[3], [1]], [[0, 0, 0, 1], [0, 1, 0, 0]]),  # an axis of size 1 is replaced
        ("one_hot", [[0, 1]], [[[1, 0, 0, 0], [0, 1, 0, 0]]]),
        ("one_hot", 2, [[0, 0, 1, 0]]),
        ("multi_hot", [[0, 1], [3, 3]], [[1, 1, 0, 0], [0, 0, 0, 1]]),
        ("multi_hot", [3, 1], [0, 1, 0, 1]),
        ("multi_hot", 2, [0, 0, 1, 0]),
        ("multi_hot", np.zeros((2, 0), int), [[0] * 4] * 2),
        ("count", [[0, 1], [3, 3]], [[1, 1, 0, 0], [0, 0, 0, 2]]),
        ("count", [[[0, 1], [3, 3]]], [[[1, 1, 0, 0], [0, 0, 0, 2]]]),
        ("binary", [[1.0, 2.0]], [[0, 1, 1, 0]]),
    ],
)
def test_category_encoding(mode, given, expected):
    layer = layers.CategoryEncoding(4, mode)
    outputs = layer(given)
    assert outputs.numpy().tolist() == expected
    assert (outputs.dtype, layer.compute_output_shape(np.shape(given))) == (klods.float32, outputs.shape)


def test_weighted_counts():
    layer = layers.CategoryEncoding(3, "count")
    counts = layer([[0, 1], [1, 1]], count_weights=[[0.5, 2.0], [0.25, 0.5]])
    assert counts.numpy().tolist() == [[0.5, 2, 0], [0, 0.75, 0]]


@pytest.mark.parametrize("number", [-1, 4])
def test_a_category_outside(number):
    with pytest.raises(DataError, match=rf"'mine' got {number}; its 4 categories are 0 to 3"):
        layers.CategoryEncoding(4, name="mine")([[0, number]])


def test_discretization():
    x = np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]])
    assert layers.Discretization([0.0, 1.0, 2.0])(x).numpy().tolist() == [[0, 2, 3, 1], [1, 3, 2, 1]]
    counts = layers.Discretization([0.0, 1.0, 2.0], output_mode="count")(x)
    assert counts.numpy().tolist() == [[1, 1, 1, 1], [0, 2, 1, 1]]
    assert layers.Discretization([1.0])([np.nan, np.inf, -np.inf]).numpy().tolist() == [1, 1, 0]


def test_discretization_adapts():
    """A small batch stays as it is: each of four bins holds two of eight numbers."""
    layer = layers.Discretization(num_bins=4)
    layer.adapt(np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]]))
    assert np.allclose(layer.bin_boundaries, [0.0, 0.5, 1.3])
    again = layers.Discretization.from_config(layer.get_config())
    assert again.bin_boundaries == layer.bin_boundaries


def test_bins_of_batches_hold_equally_many_numbers():
    numbers = np.random.default_rng(3).normal(size=4000)
    layer = layers.Discretization(num_bins=5)
    layer.adapt(klods.data.Dataset.from_tensor_slices(numbers).batch(64))
    shares = np.bincount(layer(numbers).numpy()) / len(numbers)
    assert np.allclose(shares, 0.2, atol=0.04)  # the sums of many batches are not exact
    layer.adapt(iter([np.arange(10.0), np.zeros(1000)]), steps=1)
    assert max(layer.bin_boundaries) > 5


def test_in_a_model():
    """Fitted, compiled, with numbers that are found when it runs."""
    inputs = keras.Input((2,))
    model = keras.Model(inputs, layers.Dense(1)(layers.Discretization([0.0, 1.0], output_mode="count")(inputs)))
    model.compile("sgd", "mse")
    assert model.layers[1].output.shape == (None, 3)
    x = np.array([[-1.0, 0.5], [2.0, 3.0], [0.5, 0.5]])
    model.fit(x, np.ones(3), verbose=0)
    kernel, bias = model.get_weights()
    assert np.allclose(model.predict(x, verbose=0), [[1, 1, 0], [0, 0, 2], [0, 2, 0]] @ kernel + bias)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: layers.CategoryEncoding(), DataError, "num_tokens"),
        (lambda: layers.CategoryEncoding(0), DataError, "got 0"),
        (lambda: layers.CategoryEncoding(3, "int"), NameUnknownError, "output_mode 'int'"),
        (lambda: layers.CategoryEncoding(3)([1], count_weights=[1.0]), DataError, "takes no count_weights"),
        (lambda: layers.Discretization(), DataError, "limits or a number"),
        (lambda: layers.Discretization([1.0], 3), DataError, "limits or a number"),
        (lambda: layers.Discretization([3.0, 1.0]), DataError, "that rise"),
        (lambda: layers.Discretization(num_bins=0), DataError, "1 bin or more"),
        (lambda: layers.Discretization(num_bins=2)([1.0]), StateError, "adapt"),
        (lambda: layers.Discretization([1.0]).adapt(np.ones(3)), DataError, "was given its limits"),
        (lambda: layers.Discretization(num_bins=2).adapt([]), DataError, "no numbers"),
        (lambda: layers.Hashing(0), DataError, "num_bins"),
        (lambda: layers.Hashing(3, salt="a"), DataError, "salt"),
        (lambda: layers.Hashing(3, dtype="float32"), DataError, "dtype"),
        (lambda: layers.HashedCrossing(3)([["a"]]), DataError, "two inputs"),
        (lambda: layers.HashedCrossing(3)((["a"], [1, 2])), ShapeError, r"\(1,\) and \(2,\)"),
        (lambda: layers.HashedCrossing(3)((["a"], [1.5])), DTypeError, "whole numbers"),
    ],
)
def test_errors(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


# ------------------------------------------------------------ hashes

TEXT = b"The five boxing wizards jump quickly. " * 4
FARM = {  # by TensorFlow's to_hash_bucket_fast, modulo 2 ** 63 - 1
    0: 1936946117179621456,
    3: 398699863598724094,
    7: 2544745675439947140,
    11: 5427980894218775916,
    16: 3136990478165321039,
    25: 7752050221318034672,
    32: 5134433061597920576,
    50: 2647199273507194103,
    64: 6391153323520406674,
    65: 5679742080933058804,
    129: 4074065302203042866,
    150: 1198761189970114492,
}
SIP = {  # by its to_hash_bucket_strong with the key 133, 137
    0: 4928313950774450900,
    7: 4768061634043256058,
    8: 8323887299300019622,
    30: 8465064366440764541,
}


@pytest.mark.parametrize("size", FARM)
def test_farm_hash(size):
    """One length for each way that it has."""
    assert farm_hash(TEXT[:size]) % (2**63 - 1) == FARM[size]


@pytest.mark.parametrize("size", SIP)
def test_sip_hash(size):
    assert sip_hash(TEXT[:size], (133, 137)) % (2**63 - 1) == SIP[size]


def test_joined_fingerprints():
    """As TensorFlow's cross_hashed begins, with a text and then with a number."""
    start = 0xDECAFCAFFE
    assert joined(joined(start, farm_hash(b"A")), farm_hash(b"x")) % (2**63 - 1) == 8451584767857794403
    assert joined(joined(start, farm_hash(b"B")), -3 & (2**64 - 1)) % (2**63 - 1) == 1440334100282668798


@pytest.mark.parametrize(
    ("options", "given", "expected"),
    [
        ({"num_bins": 3}, ["A", "B", "C", "D", "E"], [1, 0, 1, 1, 2]),
        ({"num_bins": 3, "mask_value": ""}, ["A", "B", "", "C", "D"], [1, 1, 0, 2, 2]),
        ({"num_bins": 3, "salt": [133, 137]}, ["A", "B", "C", "D", "E"], [1, 2, 1, 0, 2]),
        ({"num_bins": 3, "salt": 133}, ["A", "B", "C", "D", "E"], [0, 0, 2, 1, 0]),
        ({"num_bins": 4, "mask_value": 7}, [7, 8, 9, -10], [0, 2, 3, 3]),
        ({"num_bins": 4}, [7.2, 8.7, 9.1, -10.5], [0, 3, 1, 1]),
        ({"num_bins": 1, "mask_value": 7}, [7, 8], [0, 0]),
        ({"num_bins": 4, "output_mode": "multi_hot"}, [[7, 8, 9, -10]], [[1, 1, 0, 1]]),
    ],
)
def test_hashing(options, given, expected):
    layer = layers.Hashing(**options)
    assert layer(given).numpy().tolist() == expected
    assert layers.Hashing.from_config(layer.get_config())(given).numpy().tolist() == expected


def test_hashed_crossing():
    pairs = (np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102]))
    assert layers.HashedCrossing(5)(pairs).numpy().tolist() == [1, 4, 1, 1, 3]
    columns = [pair[:2, None] for pair in pairs]
    assert layers.HashedCrossing(5, "one_hot")(columns).numpy().tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]
    assert layers.HashedCrossing(5)(("A", 101)).numpy() == 1
