"""Layers of several inputs: masks, and inputs that don't fit."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, ShapeError
from klods.keras import layers

RANDOM = np.random.default_rng(0)
A, B = (RANDOM.normal(size=(2, 3, 4)).astype("float32") for _ in range(2))
HERE = np.array([[True, True, False], [True, False, False]])
THERE = np.array([[True, False, True], [True, False, False]])
MASKED = [klods.constant(HERE), klods.constant(THERE)]
TWO = "Add Subtract Multiply Average Maximum Minimum Concatenate".split()


@pytest.mark.parametrize("name", TWO)
def test_the_function_does_what_the_layer_does(name):
    layer, function = getattr(layers, name)(), getattr(layers, name.lower())
    assert np.array_equal(layer([A, B]), function([A, B]))
    assert np.array_equal(layers.Dot(2, normalize=True)([A, B]), layers.dot([A, B], axes=2, normalize=True))


@pytest.mark.parametrize("name", TWO[:-1])
def test_a_step_is_there_where_it_is_in_any_input(name):
    layer = getattr(layers, name)()
    assert np.array_equal(layer.compute_mask([A, B], MASKED), HERE | THERE)
    assert layer.compute_mask([A, B], [MASKED[0], None]) is None
    assert layer.compute_mask([A, B], None) is None


def test_masks_of_joined_inputs():
    mask = layers.Concatenate(axis=1).compute_mask([A, B], MASKED)
    assert np.array_equal(mask, np.concatenate([HERE, THERE], 1))
    assert np.array_equal(layers.Concatenate().compute_mask([A, B], MASKED), HERE | THERE)
    assert np.array_equal(layers.Concatenate(1).compute_mask([A, B], [MASKED[0], None])[:, 3:], np.ones((2, 3), bool))
    assert layers.Concatenate().compute_mask([A, B], [None, None]) is None
    assert layers.Dot(2).compute_mask([A, B], MASKED) is None


def test_masked_inputs_are_no_factors_and_no_extremes():
    here, there = HERE[..., None], THERE[..., None]
    product = np.where(here, A, 1) * np.where(there, B, 1) * (here | there)
    assert np.allclose(layers.Multiply().call([klods.constant(A), klods.constant(B)], MASKED), product)
    for name, extreme, worst in (("Maximum", np.maximum, -np.inf), ("Minimum", np.minimum, np.inf)):
        found = getattr(layers, name)().call([klods.constant(A), klods.constant(B)], MASKED).numpy()
        expected = extreme(np.where(here, A, worst), np.where(there, B, worst))
        assert np.array_equal(found[HERE | THERE], expected[HERE | THERE])


@pytest.mark.parametrize(
    ("layer", "inputs", "words"),
    [
        (layers.Add(name="sum"), A, r"Layer 'sum' takes a list of several tensors; got one of shape \(2, 3, 4\)"),
        (layers.Subtract(), [A], "takes a list of 2 tensors; got 1"),
        (layers.Subtract(), [A, A, A], "takes a list of 2 tensors; got 3"),
        (layers.Dot(1), [A, A, A], "takes a list of 2 tensors; got 3"),
        (layers.Add(name="sum"), [A, A[:, :2]], r"'sum' got shapes .*3, 4\) and \(2, 4\), which don't broadcast"),
        (layers.Add(), [A, A[:1]], "differ in the size of the batch"),
        (layers.Concatenate(name="join"), [A, A[:, :2]], "'join' got shapes .* differ besides axis -1"),
        (layers.Concatenate(axis=3), [A, A], "have no axis 3"),
        (layers.Concatenate(), [A, A[..., 0]], "differ besides axis -1"),
        (layers.Dot((1, 2), name="dot"), [A, B], "'dot' got shapes .* differ along axes 1 and 2"),
        (layers.Dot(0), [A, B], "have no axes"),
        (layers.Dot(3), [A, B], "have no axes"),
    ],
)
def test_inputs_that_do_not_fit(layer, inputs, words):
    with pytest.raises(ShapeError, match=words):
        layer(inputs)


@pytest.mark.parametrize("axes", ["a", (1, 2, 3), (1, "a"), None, 1.5])
def test_axes_that_are_none(axes):
    with pytest.raises(DataError, match="whole number or a pair"):
        layers.Dot(axes)


@pytest.mark.parametrize(
    ("layer", "shapes", "expected"),
    [
        (layers.Add(), [(None, 3), (None, 3)], (None, 3)),
        (layers.Add(), [(7, None, 4), (None, 1, 4)], (7, None, 4)),
        (layers.Add(), [(None, 3, 4), (None, 4)], (None, 3, 4)),
        (layers.Concatenate(), [(None, None, 4), (None, 3, 5)], (None, 3, 9)),
        (layers.Concatenate(1), [(None, None, 4), (None, 3, 4)], (None, None, 4)),
        (layers.Dot((2, 1)), [(None, 2, None), (None, 4, 5)], (None, 2, 5)),
        (layers.Dot(1), [(None, 4), (None, 4)], (None, 1)),
    ],
)
def test_shapes_with_unknown_sizes(layer, shapes, expected):
    assert layer.compute_output_shape(shapes) == expected


def test_in_a_model_that_is_trained():
    class Residual(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(4, activation="relu"), layers.Dense(4)
            self.add, self.join = layers.Add(), layers.Concatenate()

        def call(self, x):
            return self.join([self.add([x, self.second(self.first(x))]), x])

    rows, targets = A.reshape(6, 4), np.zeros((6, 8), "float32")
    histories = []
    for eagerly in (False, True):
        keras.utils.set_random_seed(3)
        model = Residual()
        model.compile("sgd", "mse", run_eagerly=eagerly)
        histories.append(model.fit(rows, targets, epochs=3, verbose=0).history["loss"])
        assert np.allclose(model.predict(rows, verbose=0), model(rows), atol=1e-6)
    assert np.allclose(*histories, rtol=1e-5)
    assert histories[0][-1] < histories[0][0]
