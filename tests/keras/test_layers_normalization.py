"""Layers that normalize: by the batch and its moving averages, by each sample, and by what `adapt` has seen."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, ShapeError
from klods.keras import layers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(3.0, 2.0, (64, 4)).astype("float32")
Y = X[:, :1] * 2 + 1


def trained(layer, eagerly=False, **fit):
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((4,)), layer, layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=eagerly)
    history = model.fit(X, Y, batch_size=16, verbose=0, **{"epochs": 2, "shuffle": False, **fit}).history["loss"]
    return model, history


# ------------------------------------------------------------ by the batch


def test_moving_averages_follow_the_batches():
    layer = layers.BatchNormalization(momentum=0.9)
    trained(layer)
    mean, variance = np.zeros(4), np.ones(4)
    for batch in [*X.reshape(4, 16, 4), *X.reshape(4, 16, 4)]:
        mean = 0.9 * mean + 0.1 * batch.mean(0)
        variance = 0.9 * variance + 0.1 * batch.var(0)
    assert np.allclose(layer.moving_mean, mean, rtol=1e-5)
    assert np.allclose(layer.moving_variance, variance, rtol=1e-5)


def test_averages_stay_outside_training():
    layer = layers.BatchNormalization()
    model, _ = trained(layer)
    before = layer.get_weights()
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    layer(X)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights()))


@pytest.mark.parametrize("renorm", [False, True])
def test_batch_normalization_compiled_and_eager(renorm):
    (one, losses), (other, expected) = (trained(layers.BatchNormalization(renorm=renorm), e) for e in (False, True))
    assert np.allclose(losses, expected, rtol=1e-5)
    assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(one.get_weights(), other.get_weights()))


def test_a_frozen_layer_normalizes_by_its_averages():
    layer = layers.BatchNormalization()
    model, _ = trained(layer)
    layer.trainable = False
    before = layer.get_weights()
    assert np.allclose(layer(X, training=True), layer(X))
    model.fit(X, Y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights()))
    layer.trainable = True
    model.fit(X, Y, verbose=0)
    assert not any(np.array_equal(a, b) for a, b in zip(before, layer.get_weights()))


def test_masked_steps_are_not_part_of_the_statistics():
    x, mask = RANDOM.normal(size=(5, 3, 2)).astype("float32"), RANDOM.random((5, 3)) < 0.5
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True, mask=mask)
    assert np.allclose(layer.moving_mean, x[mask].mean(0), atol=1e-5)
    assert np.allclose(layer.moving_variance, x[mask].var(0), atol=1e-5)


def test_float16_is_normalized_in_float32():
    x = np.full((4, 2), 60000.0, "float16")
    for layer in (layers.BatchNormalization(dtype="float16"), layers.LayerNormalization(dtype="float16")):
        outputs = layer(x, training=True) if isinstance(layer, layers.BatchNormalization) else layer(x)
        assert (outputs.dtype, np.isfinite(outputs).all()) == ("float16", True)


# ------------------------------------------------------------ by what adapt has seen

PLACES = RANDOM.normal(5.0, 3.0, (100, 4, 3))


@pytest.mark.parametrize(("axis", "over"), [(-1, (0, 1)), (None, (0, 1, 2)), ((1, 2), (0,)), (1, (0, 2))])
@pytest.mark.parametrize("in_batches", [False, True])
def test_adapt(axis, over, in_batches):
    layer = layers.Normalization(axis)
    layer.adapt([PLACES[:70], PLACES[70:]] if in_batches else PLACES)
    mean, variance = PLACES.mean(over, keepdims=True), PLACES.var(over, keepdims=True)
    assert np.allclose(layer(PLACES), (PLACES - mean) / np.sqrt(variance), atol=1e-5)
    assert np.allclose(layer.mean, mean[:1], rtol=1e-6)
    back = layers.Normalization(axis, invert=True)
    back.adapt(PLACES)
    assert np.allclose(back(layer(PLACES)), PLACES, atol=1e-4)


def test_adapt_takes_tensors_and_generators_of_batches_with_targets():
    for data in (klods.constant(X), ((batch, None) for batch in X.reshape(4, 16, 4)), [X]):
        layer = layers.Normalization()
        layer.adapt(data)
        assert np.allclose(layer.adapt_mean, X.mean(0), rtol=1e-5)
        assert np.allclose(layer.adapt_variance, X.var(0), rtol=1e-5)


def test_adapt_again_sets_anew_and_a_traced_model_sees_it():
    layer = layers.Normalization()
    layer.adapt(X)
    model = keras.Sequential([layer])
    assert np.allclose(model.predict(X, verbose=0).mean(0), 0, atol=1e-5)
    layer.adapt(X + 10)
    assert np.allclose(model.predict(X + 10, verbose=0).mean(0), 0, atol=1e-4)


def test_means_that_are_given():
    layer = layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 9.0, 0.0])
    outputs = layer(X)
    assert np.allclose(outputs[:, :3], (X[:, :3] - [1, 2, 3]) / [1, 2, 3], rtol=1e-5, atol=1e-6)
    assert (layer.weights, np.isfinite(outputs).all()) == ([], True)


def test_weights_of_an_adapted_layer_are_its_means():
    layer, other = layers.Normalization(), layers.Normalization()
    layer.adapt(X)
    other.build((None, 4))
    other.set_weights(layer.get_weights())
    assert np.array_equal(layer(X), other(X))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: layers.Normalization(mean=1.0), "mean and variance of one shape"),
        (lambda: layers.Normalization(mean=1.0, variance=[1.0]), "mean and variance of one shape"),
        (lambda: layers.Normalization(mean=[[1.0]], variance=[[1.0]]), "has 2 axes"),
        (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(X), "was given its mean"),
        (lambda: layers.Normalization().adapt([]), "no data"),
        (lambda: layers.Normalization().adapt(np.zeros((0, 3))), "no data"),
        (lambda: layers.Normalization().adapt(["a", "b"]), "batch of"),
        (lambda: layers.Normalization().adapt(3), "adapt got 3"),
        (lambda: layers.BatchNormalization(synchronized=True), "one device"),
        (lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"rmix": 1}), "has no rmix"),
        (lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"rmax": 1, "rmin": 2}), "rmax at least"),
        (lambda: layers.LayerNormalization("a"), "An axis is a whole number"),
        (lambda: layers.UnitNormalization(axis={}), "An axis is a whole number"),
        (lambda: layers.GroupNormalization(0), "number of groups"),
    ],
)
def test_arguments_that_do_not_fit(act, words):
    with pytest.raises(DataError, match=words):
        act()


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (layers.BatchNormalization(axis=2, name="bn"), (5, 4), "Layer 'bn' works along axis 2"),
        (layers.LayerNormalization(axis=[1, 2], name="ln"), (5, 4), "Layer 'ln' works along axis 2"),
        (layers.GroupNormalization(3, name="gn"), (5, 4), "Layer 'gn' has 3 groups; got 4 channels"),
        (layers.UnitNormalization(axis=2, name="un"), (5, 4), "Layer 'un' works along axis 2"),
        (layers.Normalization(axis=2, name="n"), (5, 4), "Layer 'n' works along axis 2"),
        (layers.Normalization(mean=[1.0, 2.0], variance=[1.0, 2.0], name="n"), (5, 4), r"Layer 'n' has means of shape"),
    ],
)
def test_inputs_that_do_not_fit(layer, shape, words):
    with pytest.raises(ShapeError, match=words):
        layer(np.zeros(shape, "float32"))


def test_inputs_of_another_width():
    layer = layers.BatchNormalization(name="bn")
    layer(X)
    with pytest.raises(ShapeError, match="Layer 'bn' got inputs of shape"):
        layer(X[:, :3])
    with pytest.raises(ShapeError, match="of no fixed size along axis -1"):
        layers.BatchNormalization().build((None, None))
    adapted = layers.Normalization(name="n")
    adapted.adapt(X)
    with pytest.raises(ShapeError, match="Layer 'n' was built for"):
        adapted.adapt(X[:, :3])


def test_zeros_have_no_direction_and_a_gradient():
    x = klods.constant([[0.0, 0.0], [3.0, 4.0]])
    with klods.GradientTape() as tape:
        tape.watch(x)
        outputs = layers.UnitNormalization()(x)
    assert np.allclose(outputs, [[0, 0], [0.6, 0.8]])
    assert np.isfinite(tape.gradient(outputs, x)).all()
