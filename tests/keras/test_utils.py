"""Utilities: seeds, one-hot labels, names."""

from __future__ import annotations

import random

import numpy as np
import pytest

import klods
from klods import keras


def test_set_random_seed_seeds_python_numpy_and_klods():
    def draw():
        return random.random(), np.random.random(), float(klods.random.normal(()))

    keras.utils.set_random_seed(5)
    first = draw()
    assert first != draw()
    keras.utils.set_random_seed(np.int64(5))
    assert first == draw()


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, None])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(ValueError, match="A seed is a whole number"):
        keras.utils.set_random_seed(seed)


@pytest.mark.parametrize(
    "labels", [[0, 2, 1], np.array([[0], [2], [1]]), klods.constant([0, 2, 1]), np.array([0.0, 2, 1])]
)
def test_to_categorical(labels):
    rows = keras.utils.to_categorical(labels)
    assert rows.dtype == "float32"
    assert np.array_equal(rows, [[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    assert keras.utils.to_categorical(labels, 5).shape == (3, 5)


def test_to_categorical_keeps_other_axes():
    assert np.array_equal(keras.utils.to_categorical([[0, 1], [1, 0]]), [[[1, 0], [0, 1]], [[0, 1], [1, 0]]])


@pytest.mark.parametrize(("labels", "classes"), [([0, 3], 3), ([-1, 0], None), ([0, -2], 3)])
def test_to_categorical_refuses_labels_outside(labels, classes):
    with pytest.raises(ValueError, match=r"Label -?\d is outside the \d classes"):
        keras.utils.to_categorical(labels, classes)


def test_normalize():
    rows = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert np.allclose(keras.utils.normalize(rows), [[0.6, 0.8], [0, 0]])
    assert np.allclose(keras.utils.normalize(rows, axis=0), [[1, 1], [0, 0]])
    assert np.allclose(keras.utils.normalize(rows, order=1)[0], [3 / 7, 4 / 7])


def test_clear_session():
    keras.layers.Dense(1)
    keras.utils.clear_session()
    assert [keras.layers.Dense(1).name for _ in "12"] == ["dense", "dense_1"]
