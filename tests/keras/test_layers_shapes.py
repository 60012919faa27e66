"""Layers that move and mask inputs, and those around other things: shapes with unknown sizes, masks, errors."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, KlodsError, ShapeError
from klods.keras import layers

RANDOM = np.random.default_rng(0)
CUBE = RANDOM.normal(size=(5, 3, 4)).astype("float32")


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (layers.Flatten(), (None, None, 4), (None, None)),
        (layers.Flatten(), (7, 3, 4), (7, 12)),
        (layers.Flatten(), (None,), (None, 1)),
        (layers.Reshape((2, -1)), (None, 3, 4), (None, 2, 6)),
        (layers.Reshape((2, -1)), (None, None, 4), (None, 2, None)),
        (layers.Reshape((2, 6)), (None, None, 4), (None, 2, 6)),
        (layers.Reshape(()), (None, 1), (None,)),
        (layers.Permute((2, 1)), (None, None, 4), (None, 4, None)),
        (layers.RepeatVector(3), (None, 4), (None, 3, 4)),
        (layers.Embedding(7, 2), (None, None), (None, None, 2)),
        (layers.TimeDistributed(layers.Dense(2)), (None, None, 4), (None, None, 2)),
        (layers.EinsumDense("abc,cd->abd", (None, 6)), (None, None, 4), (None, None, 6)),
        (layers.EinsumDense("...x,xy->...y", 6), (None, 3, None, 4), (None, 3, None, 6)),
        (layers.EinsumDense("ab...,bc->ac...", 6), (None, 4, None), (None, 6, None)),
        (layers.Dropout(0.5), (None, None), (None, None)),
        (layers.BatchNormalization(), (None, None, 4), (None, None, 4)),
        (layers.PReLU(), (None, 4), (None, 4)),
        (layers.Lambda(lambda x: x, output_shape=(7, 2)), (None, 3), (None, 7, 2)),
        (layers.Lambda(lambda x: x, output_shape=lambda shape: (*shape, 2)), (None, 3), (None, 3, 2)),
        (layers.Lambda(lambda x: x[:, :2]), (None, 3), (None, 2)),
    ],
    ids=repr,
)
def test_shapes_with_unknown_sizes(layer, shape, expected):
    assert tuple(layer.compute_output_shape(shape)) == expected


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.Reshape(3), "target_shape is made of sizes"),
        (lambda: layers.Reshape((-1, -1)), "of which one may be -1"),
        (lambda: layers.Reshape((2.5,)), "target_shape is made of sizes"),
        (lambda: layers.Permute((0, 1)), "each axis once, counted from 1"),
        (lambda: layers.Permute((1, 1)), "each axis once"),
        (lambda: layers.RepeatVector(0), "whole number, 1 or more; got 0"),
        (lambda: layers.RepeatVector(2.5), "whole number"),
        (lambda: layers.Embedding(0, 3), "input_dim is a whole number, 1 or more; got 0"),
        (lambda: layers.Embedding(3, "a"), "output_dim is a whole number"),
        (lambda: layers.Embedding(3, 2, embeddings_constraint="non_neg", lora_rank=1), "can't constrain"),
        (lambda: layers.TimeDistributed(3), "TimeDistributed takes a layer; got 3"),
        (lambda: layers.Lambda(3), "Lambda takes a function; got 3"),
        (lambda: layers.EinsumDense("ab,bc", 3), "EinsumDense got the equation 'ab,bc'"),
        (lambda: layers.EinsumDense("...ab,bc->ac", 3), "EinsumDense got the equation"),
        (lambda: layers.EinsumDense("ab,bc->ad", 3), "'d' stands alone"),
        (lambda: layers.EinsumDense("ab,bcd->ac", 3), "'d' stands alone"),
        (lambda: layers.EinsumDense("ab,bc->ac", 3, bias_axes="x"), "'x' stands alone"),
        (lambda: layers.LeakyReLU(-1), "negative_slope is a number, 0 or more"),
        (lambda: layers.LeakyReLU(None), "negative_slope is a number"),
        (lambda: layers.ReLU(max_value=-1), "max_value is a number"),
        (lambda: layers.ReLU(threshold=-1), "threshold is a number"),
        (lambda: layers.Flatten("channels"), "no data_format"),
        (lambda: layers.Rescaling(), "scale"),
    ],
)
def test_arguments_that_do_not_fit(make, words):
    with pytest.raises((KlodsError, TypeError), match=words):
        make()


@pytest.mark.parametrize(
    ("layer", "inputs", "words"),
    [
        (layers.Reshape((5,), name="r"), CUBE, r"Layer 'r': 12 elements of shape \(3, 4\) don't fit"),
        (layers.Permute((2, 1), name="p"), CUBE[0], "Layer 'p' got inputs of shape .*expected 3 axes"),
        (layers.RepeatVector(2, name="v"), CUBE, "Layer 'v' got inputs of shape .*expected 2 axes"),
        (layers.TimeDistributed(layers.Dense(2), name="t"), CUBE[0], "Layer 't' takes inputs of at least 3 axes"),
        (layers.EinsumDense("ab,bc->ac", 3, name="e"), CUBE, "Layer 'e' got inputs of shape .* an input of 2 axes"),
        (layers.EinsumDense("abc,cd->abd", 3, name="e"), CUBE, "Layer 'e' got .* an output_shape of 2 sizes"),
        (layers.EinsumDense("abc,cd->abd", (7, 3), name="e"), CUBE, "Layer 'e' got .* 7 along 'b'"),
        (layers.PReLU(name="p"), CUBE, None),
    ],
)
def test_inputs_that_do_not_fit(layer, inputs, words):
    if words is None:
        layer(inputs)
        words, inputs = "Layer 'p' got inputs of shape", inputs[0]
    with pytest.raises(ShapeError, match=words):
        layer(inputs)


# ------------------------------------------------------------ masks


def test_masks_that_layers_make():
    words = klods.constant([[1, 2, 0], [3, 0, 0]])
    assert np.array_equal(layers.Embedding(4, 2, mask_zero=True).compute_mask(words), words.numpy() != 0)
    assert layers.Embedding(4, 2).compute_mask(words) is None
    steps = np.array([[[1.0, 0.0], [0.0, 0.0]]], "float32")
    assert np.array_equal(layers.Masking().compute_mask(steps), [[True, False]])
    assert np.array_equal(layers.Masking(1.0).compute_mask(np.ones((1, 2, 2))), [[False, False]])
    assert np.array_equal(layers.Masking(1.0)(np.ones((1, 2, 2), "float32")), np.zeros((1, 2, 2)))
    assert layers.Lambda(lambda x: x, mask=lambda x, mask: "made").compute_mask(steps) == "made"


def test_softmax_of_what_the_mask_leaves():
    x, mask = np.array([[1.0, 2.0, 5.0], [1.0, 1.0, 1.0]], "float32"), np.array([[1, 1, 0], [0, 0, 0]])
    for kind in ("bool", "float32", "int32"):
        outputs = layers.Softmax()(x, mask=klods.constant(mask.astype(kind)))
        assert np.allclose(outputs, [[1 / (1 + np.e), np.e / (1 + np.e), 0], [0, 0, 0]])
    assert np.allclose(layers.Softmax()(x, mask=klods.constant(0.3 + 0.4 * mask)), outputs)  # at 0.3 an input is out
    with pytest.raises(ShapeError, match="Layer 'soft' got a mask"):
        layers.Softmax(name="soft")(x, mask=klods.constant(mask[:, :2]))


def test_the_mask_of_steps_has_their_shape():
    layer = layers.TimeDistributed(layers.Dense(2), name="t")
    with pytest.raises(ShapeError, match="Layer 't' got a mask"):
        layer(CUBE, mask=klods.constant(np.ones((5, 4), bool)))
    inner = layers.TimeDistributed(layers.Softmax())
    mask = RANDOM.random((5, 3, 4)) < 0.6
    assert np.allclose(inner(CUBE, mask=klods.constant(mask)), layers.Softmax()(CUBE, mask=klods.constant(mask)))


class Centred(layers.Layer):
    """One that looks at the samples of its batch together."""

    def call(self, inputs, mask=None):
        return inputs - klods.reduce_mean(inputs, 0)


@pytest.mark.parametrize(
    "inner",
    [
        lambda: layers.BatchNormalization(epsilon=0.0, scale=False),
        Centred,
        lambda: layers.Lambda(lambda x: x - klods.reduce_mean(x, 0)),
    ],
)
def test_each_step_is_a_batch(inner):
    outputs = np.asarray(layers.TimeDistributed(inner())(CUBE, training=True))
    expected = CUBE - CUBE.mean(0)
    wide = CUBE.std(0) if inner().__class__.__name__ == "BatchNormalization" else 1
    assert np.allclose(outputs, expected / wide, atol=1e-5)


# ------------------------------------------------------------ lookups


def test_embedding_is_trained_the_same_compiled_and_eager():
    words, targets = RANDOM.integers(0, 9, (40, 6)), RANDOM.random((40, 1)).astype("float32")
    ways = []
    for eagerly in (False, True):
        keras.utils.set_random_seed(4)
        model = keras.Sequential(
            [keras.Input((6,)), layers.Embedding(9, 3), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
        )
        model.compile("rmsprop", "binary_crossentropy", run_eagerly=eagerly)
        before = model.get_weights()[0]
        model.fit(words, targets, epochs=2, batch_size=10, verbose=0)
        ways.append(model.get_weights())
        assert not np.array_equal(before, model.get_weights()[0])
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(*ways))


@pytest.mark.parametrize("word", [9, -1])
def test_a_number_outside_the_table(word):
    layer = layers.Embedding(9, 3, name="words")
    with pytest.raises(DataError, match=f"Layer 'words': gather: index {word} is outside an axis of 9"):
        layer(np.array([[word]]))
    with pytest.raises(DataError, match=f"index {word} is outside an axis of 9"):
        keras.Sequential([layer]).predict(np.array([[word]]), verbose=0)


def test_tables_that_are_given():
    table = RANDOM.random((3, 2)).astype("float32")
    for weights in (table, [table]):
        assert np.array_equal(layers.Embedding(3, 2, weights=weights)(np.array([2, 0])), table[[2, 0]])
    with pytest.raises(KlodsError, match=r"shape \(3, 2\)"):
        layers.Embedding(3, 2, weights=table.T)


def test_older_names_are_taken_with_a_warning():
    with pytest.warns(UserWarning, match="input_length"):
        assert "input_length" not in layers.Embedding(3, 2, input_length=5).get_config()
    with pytest.warns(UserWarning, match="negative_slope"):
        assert layers.LeakyReLU(alpha=0.2).negative_slope == 0.2


# ------------------------------------------------------------ around layers and functions


def test_lambda():
    layer = layers.Lambda(lambda x, factor, training=None: x * (factor if training else 1), arguments={"factor": 3})
    assert np.array_equal(layer(CUBE), CUBE)
    assert np.array_equal(layer(CUBE, training=True), CUBE * 3)
    again = layers.Lambda.from_config(layer.get_config())
    assert np.array_equal(again(CUBE, training=True), CUBE * 3)
    model = keras.Sequential([layers.Lambda(lambda x: klods.reduce_sum(x, -1))])
    assert np.allclose(model.predict(CUBE, verbose=0), CUBE.sum(-1), atol=1e-5)


@keras.saving.register_keras_serializable(package="tests")
def halved(x):
    return x / 2


def test_a_lambda_from_a_file_is_a_registered_function_or_none():
    described = layers.serialize(layers.Lambda(halved))
    assert np.array_equal(layers.deserialize(described)(CUBE), CUBE / 2)
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAAA", "defaults": None, "closure": None}}
    for wrong in (code, "os.system", {"class_name": "function", "config": "system", "module": "os"}):
        with pytest.raises(KlodsError):
            layers.Lambda.from_config({"name": "bad", "function": wrong})
    with pytest.raises(DataError, match="lambda can't be described"):
        layers.serialize(layers.Lambda(lambda x: x))


def test_an_inner_layer_is_made_and_trained():
    layer = layers.TimeDistributed(layers.Dense(2, kernel_regularizer="l2"))
    model = keras.Sequential([layer, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(CUBE, np.ones((5, 1)), verbose=0)
    assert [w.path.split("/")[-1] for w in layer.weights] == ["kernel", "bias"]
    assert len(layer.losses) == 1
    again = layers.deserialize(layers.serialize(layer))
    assert (type(again.layer), again.layer.units) == (layers.Dense, 2)


def test_kernels_start_by_their_inputs_and_outputs():
    """Glorot's limit is sqrt(6 / (inputs + outputs)), wherever the axes are."""
    for equation, sizes, shape, fans in (
        ("abc,cde->abde", (None, 20, 30), (5, 40), (40, 600)),
        ("abc,bcd->ad", 50, (20, 30), (600, 50)),
        ("ab,cb->ac", 500, (400,), (400, 500)),
    ):
        layer = layers.EinsumDense(equation, sizes)
        layer.build((None, *shape))
        limit = np.sqrt(6 / sum(fans))
        assert 0.98 * limit < np.abs(layer.kernel).max() <= limit
