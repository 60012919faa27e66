"""Exercises of the section on the chain rule and the tape."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import klods
from klods.companion.exercises.comparing import called, compared, compared_function, slope


def two_paths(answer: Any) -> str:
    """Judge the slope of (u v + u)² with respect to u at u = 2, v = 3."""
    outer = slope(lambda t: t**2, 2 * 3 + 2)
    paths = {"product": 3 * outer, "straight": outer}
    if np.ndim(answer) == 0 and not isinstance(answer, str):
        if answer == round(paths["product"]):
            return "That is the path over the product; there is another."
        if answer == round(paths["straight"]):
            return "That is the straight path; there is another, over the product."
    return compared(answer, slope(lambda u: (u * 3 + u) ** 2, 2.0))


def tanh_of_number(answer: Any, number: Any, backward: Any) -> str:
    """Judge tanh for the numbers of the section, which know what they were made from."""
    if not callable(answer):
        return compared_function(answer, np.asarray)
    x = number(0.3)
    result, hint = called(answer, x)
    if hint:
        return hint
    if not isinstance(result, number):
        return "A Number is asked for, so that the walk back can go through it."
    if hint := compared(result.value, math.tanh(0.3)):
        return f"Its value: {hint[0].lower()}{hint[1:]}"
    backward(result)
    hint = compared(x.slope, slope(math.tanh, 0.3))
    return f"Its slope: {hint[0].lower()}{hint[1:]}" if hint else ""


def gradients_by_tape(answer: Any) -> str:
    """Judge a function that gives two gradients, by finite differences."""
    if not callable(answer):
        return compared_function(answer, np.asarray)
    random = np.random.default_rng(0)
    x, w, b = random.normal(size=(5, 3)), random.normal(size=(3, 2)), random.normal(size=2)
    result, hint = called(answer, x, klods.Variable(w), klods.Variable(b))
    if hint:
        return hint
    if not isinstance(result, (list, tuple)) or len(result) != 2:
        return "Two gradients are asked for: that of w and that of b."
    if any(gradient is None for gradient in result):
        return "One gradient is None: the tape has to watch while the loss is computed."
    for name, gradient, expected in zip("wb", result, _slopes(x, w, b)):
        if hint := compared(np.asarray(gradient), expected, 1e-3):
            return f"The gradient of {name}: {hint[0].lower()}{hint[1:]}"
    return ""


def _slopes(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """Return the slopes of the mean of (x w + b)² with respect to each number of w and of b."""
    found = []
    for array in (w, b):
        slopes = np.zeros_like(array)
        for place in np.ndindex(array.shape):

            def wiggled(value: float, array: np.ndarray = array, place: tuple[int, ...] = place) -> float:
                before, array[place] = array[place], value
                loss = float(((x @ w + b) ** 2).mean())
                array[place] = before
                return loss

            slopes[place] = slope(wiggled, float(array[place]))
        found.append(slopes)
    return found


JUDGES: dict[str, Callable[..., str]] = {
    "two-paths": two_paths,
    "tanh-of-number": tanh_of_number,
    "gradients-by-tape": gradients_by_tape,
}
