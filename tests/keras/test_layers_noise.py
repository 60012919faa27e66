"""Layers that draw random numbers: their statistics, seeds, gradients, and that they rest outside training."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, ShapeError
from klods.keras import layers

ONES = np.ones((400, 500), "float32")
SPREAD = 5 / np.sqrt(ONES.size)  # five standard errors of a mean of numbers with variance 1
MAKERS = [
    lambda **seed: layers.Dropout(0.3, **seed),
    lambda **seed: layers.AlphaDropout(0.3, **seed),
    lambda **seed: layers.GaussianDropout(0.3, **seed),
    lambda **seed: layers.GaussianNoise(0.3, **seed),
]
each = pytest.mark.parametrize("make", MAKERS, ids=["dropout", "alpha", "gaussian_dropout", "noise"])


@each
def test_mean_stays(make):
    drawn = make()(klods.random.normal(ONES.shape), training=True).numpy()
    assert abs(drawn.mean()) < 2 * SPREAD


def test_standard_deviations():
    """Dropout's and GaussianDropout's noise has variance rate / (1 - rate); AlphaDropout keeps that of selu."""
    wide = np.sqrt(0.3 / 0.7)
    for layer, expected in (
        (layers.Dropout(0.3), wide),
        (layers.GaussianDropout(0.3), wide),
        (layers.GaussianNoise(0.3), 0.3),
    ):
        drawn = layer(ONES, training=True).numpy()
        assert drawn.std() == pytest.approx(expected, rel=0.02)
        assert drawn.mean() == pytest.approx(1, abs=2 * SPREAD)
    normal = klods.random.normal(ONES.shape)
    assert layers.AlphaDropout(0.3)(normal, training=True).numpy().std() == pytest.approx(1, rel=0.02)


@each
def test_nothing_is_drawn_outside_training(make):
    for layer in (make(), make(seed=1)):
        assert np.array_equal(layer(ONES), ONES)
        assert np.array_equal(keras.Sequential([layer]).predict(ONES[:3], verbose=0), ONES[:3])


@each
def test_draws_differ_and_seeds_repeat_them(make):
    layer, again = make(seed=5), make(seed=5)
    first, second = layer(ONES, training=True), layer(ONES, training=True)
    assert not np.array_equal(first, second)
    assert np.array_equal(again(ONES, training=True), first)


@each
def test_each_run_of_a_traced_function_draws_anew(make):
    layer = make()
    run = klods.function(lambda x: layer(x, training=True))
    first, second = run(ONES), run(ONES)
    assert not np.array_equal(first, second)
    assert first.numpy().mean() == pytest.approx(layer(ONES, training=True).numpy().mean(), abs=0.02)


@each
def test_what_is_drawn_follows_from_the_state(make):
    """As Keras has it: [seed, calls] among the variables but not the weights; the same state gives the same numbers."""
    layer = make(seed=5)
    (state,) = layer.non_trainable_variables
    assert (layer.weights, layer.variables, state.numpy().tolist()) == ([], [state], [5, 0])
    first, after = layer.stateless_call([], [state.numpy()], ONES, training=True)
    second, last = layer.stateless_call([], after, ONES, training=True)
    assert ([x.numpy().tolist() for x in (*after, *last)], state.numpy().tolist()) == ([[5, 1], [5, 2]], [5, 0])
    for expected in (first, second):
        assert np.array_equal(layer(ONES, training=True), expected)
    assert layer.stateless_call([], [[5, 1]], ONES, training=False)[1][0].numpy().tolist() == [5, 1]


def test_a_layer_that_never_draws_has_no_state():
    for layer in (layers.Dropout(0), layers.AlphaDropout(0.0), layers.GaussianDropout(0), layers.GaussianNoise(0)):
        assert (layer.variables, np.array_equal(layer(ONES, training=True), ONES)) == ([], True)


def test_compiled_steps_drop_what_eager_ones_do():
    histories = []
    for eagerly in (False, True):
        model = keras.Sequential(
            [keras.Input((20,)), layers.Dropout(0.5, seed=1), layers.Dense(1, kernel_initializer="ones")]
        )
        model.compile("sgd", "mse", run_eagerly=eagerly)
        model.fit(ONES[:40, :20], ONES[:40, :1], batch_size=8, epochs=3, shuffle=False, verbose=0)
        histories.append(model.history.history["loss"])
    np.testing.assert_allclose(*histories, rtol=1e-5)


@each
def test_float16_stays(make):
    layer = type(make())(0.3, dtype="float16")
    assert layer(ONES[:2].astype("float16"), training=True).dtype == "float16"


def test_masks_shared_along_axes():
    cube = np.ones((20, 5, 10), "float32")
    for layer in (
        layers.SpatialDropout1D(0.5),
        layers.Dropout(0.5, noise_shape=(None, 1, None)),
        layers.AlphaDropout(0.5, noise_shape=(None, 1, None)),
    ):
        drawn = layer(cube, training=True).numpy()
        assert (drawn == drawn[:, :1]).all()
        assert len(np.unique(drawn)) == 2
    with pytest.raises(ShapeError, match="expected 3 axes"):
        layers.SpatialDropout1D(0.5)(ONES, training=True)


def test_everything_dropped():
    for layer in (layers.Dropout(1.0), layers.AlphaDropout(1.0)):
        assert not np.any(layer(ONES, training=True))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.Dropout(1.5), "rate is a share between 0 and 1; got 1.5"),
        (lambda: layers.AlphaDropout(-0.5), "AlphaDropout's rate"),
        (lambda: layers.GaussianDropout("a"), "GaussianDropout's rate"),
        (lambda: layers.GaussianDropout(1.0), "no limit"),
        (lambda: layers.GaussianNoise(2), "GaussianNoise's stddev"),
        (lambda: layers.Dropout(0.5, noise_shape="abc"), "noise_shape is made of sizes"),
        (lambda: layers.Dropout(0.5, noise_shape=(None, 0)), "noise_shape is made of sizes"),
    ],
)
def test_arguments_that_do_not_fit(make, words):
    with pytest.raises(DataError, match=words):
        make()


def test_activity_regularization_is_part_of_the_loss():
    model = keras.Sequential([layers.ActivityRegularization(l1=0.1, l2=0.2)])
    model.compile("sgd", "mse")
    x = np.array([[1.0, -2.0], [0.0, 3.0]], "float32")
    expected = (0.1 * 6 + 0.2 * 14) / 2
    assert model.evaluate(x, x, verbose=0) == pytest.approx(expected)
