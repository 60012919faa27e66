"""Utilities: one-hot labels, normalized rows, seeds."""

from __future__ import annotations

import numpy as np
import pytest
from beside import both, own, real

LABELS = [
    ([0, 2, 1], {}),
    ([0, 2, 1], {"num_classes": 5}),
    (np.array([[0], [3]]), {}),
    (np.array([[0, 1], [2, 3]]), {}),
    (np.array([1.0, 2.0]), {}),
    (np.array([1, 0], "uint8"), {}),
    (np.int64(2), {"num_classes": 4}),
]
ROWS = np.random.default_rng(7).normal(size=(3, 4))


@pytest.mark.parametrize(("labels", "arguments"), LABELS, ids=str)
def test_to_categorical(labels, arguments):
    both(lambda keras: keras.utils.to_categorical(labels, **arguments))


@pytest.mark.parametrize("arguments", [{}, {"order": 1}, {"axis": 1, "order": np.inf}], ids=str)
@pytest.mark.parametrize("x", [ROWS, ROWS.astype("float32"), 0 * ROWS, ROWS[0]], ids=["64", "32", "zeros", "row"])
def test_normalize(x, arguments):
    if x.ndim == 1 and arguments.get("axis") == 1:
        pytest.skip("a row has no axis 1")
    both(lambda keras: keras.utils.normalize(x, **arguments))


def test_seeds():
    """The same seed starts layers, Dropout and shuffling anew, in both libraries."""
    for keras in (own, real):
        runs = []
        for _ in range(2):
            keras.utils.set_random_seed(5)
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.4), keras.layers.Dense(2)])
            model.compile("sgd", "mse")
            model.fit(np.tile(ROWS, (20, 1)), np.ones((60, 2)), epochs=2, verbose=0)
            runs.append(model.get_weights())
        assert all((first == second).all() for first, second in zip(*runs))
