"""Exercises of the section on tensor operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.companion.exercises.comparing import called, compared, compared_function

RANDOM = np.random.default_rng(0)
LEFT, RIGHT = RANDOM.random((3, 4)), RANDOM.random((4, 2))


def naive_add(answer: Any) -> str:
    """Judge a function that adds two matrices and leaves them as they are."""
    x, y = LEFT.copy(), LEFT[::-1].copy()
    if not callable(answer):
        return compared_function(answer, np.add)
    found, hint = called(answer, x, y)
    if not (np.array_equal(x, LEFT) and np.array_equal(y, LEFT[::-1])):
        return "The function writes into one of the matrices it is given: make a new one for the sums."
    return hint or compared(found, LEFT + LEFT[::-1])


def broadcast_shape(answer: Any) -> str:
    """Judge the shape of the sum of two tensors."""
    right = np.broadcast_shapes((64, 3, 32, 10), (32, 10))
    if np.ndim(answer) == 0:
        return "A shape is asked for: a tuple with a size for each axis."
    return compared(answer, right, tolerance=0)


def naive_matrix_product(answer: Any) -> str:
    """Judge a function that multiplies two matrices."""
    if callable(answer):
        found, hint = called(answer, LEFT[:, :2], RIGHT[:2])
        if not hint and np.shape(found) == (3, 2) and np.allclose(found, LEFT[:, :2] * RIGHT[:1]):
            return "These are products of single numbers; each number of the result is a sum of products."
    return compared_function(answer, np.matmul, (LEFT, RIGHT), (RIGHT.T, LEFT.T))


JUDGES: dict[str, Callable[..., str]] = {
    "naive-add": naive_add,
    "broadcast-shape": broadcast_shape,
    "naive-matrix-product": naive_matrix_product,
}
