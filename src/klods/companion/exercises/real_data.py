"""Exercises of the section on data of the real world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.companion.exercises.comparing import compared, compared_function


def shape_of_texts(answer: Any) -> str:
    """Judge the shape of the word counts of 5,000 texts over 20,000 words."""
    right = np.broadcast_to(0, (5000, 20000)).shape
    if isinstance(answer, (tuple, list)) and tuple(answer) == right[::-1]:
        return "The samples come first."
    if np.ndim(answer) == 0:
        return "A shape is asked for: a tuple with a size for each axis."
    return compared(answer, right, tolerance=0)


def count_windows(answer: Any) -> str:
    """Judge a function that gives the number of windows of a length in so many steps."""

    def counted(steps: int, length: int) -> int:
        return sum(start + length <= steps for start in range(steps))

    return compared_function(answer, counted, (168, 24), (24, 24), (25, 24), (10, 1), (10, 24), tolerance=0)


def to_grey(answer: Any) -> str:
    """Judge a function that makes colour images grey."""
    images = np.random.default_rng(0).random((2, 4, 5, 3), np.float32)
    return compared_function(answer, lambda x: (x[..., 0] + x[..., 1] + x[..., 2]) / 3, (images,))


JUDGES: dict[str, Callable[..., str]] = {
    "shape-of-texts": shape_of_texts,
    "count-windows": count_windows,
    "to-grey": to_grey,
}
