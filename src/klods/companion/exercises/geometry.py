"""Exercises of the section on what operations look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.companion.exercises.comparing import called, compared, compared_function

RANDOM = np.random.default_rng(0)


def quarter_turn(answer: Any) -> str:
    """Judge the matrix that turns the plane by 90 degrees against the clock."""
    angle = np.pi / 2
    right = np.round([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    if np.shape(answer) == (2, 2) and np.array_equal(np.asarray(answer), right.T):
        return "That turns the other way round: the first row says where (1, 0) goes."
    return compared(answer, right)


def composed_maps(answer: Any) -> str:
    """Judge a function that makes one affine map of three."""
    maps = [(RANDOM.normal(size=(2, 2)), RANDOM.normal(size=2)) for _ in range(3)]
    if not callable(answer):
        return compared_function(answer, np.asarray)
    result, hint = called(answer, *maps)
    if hint:
        return hint
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return "Two things are asked for: a matrix and a vector."
    points = RANDOM.normal(size=(5, 2))
    moved = points
    for matrix, vector in maps:
        moved = moved @ matrix + vector
    matrix, vector = result
    shapes = np.shape(matrix), np.shape(vector)
    if shapes != ((2, 2), (2,)):
        return f"Their shapes are {shapes[0]} and {shapes[1]}; (2, 2) and (2,) are asked for."
    origin = np.zeros((1, 2))
    for w, b in maps:
        origin = origin @ w + b
    if np.allclose(vector, origin[0]) and not np.allclose(points @ matrix + vector, moved):
        return "The vector is right, the matrix isn't: points are rows, so the first matrix stands on the left."
    return "" if np.allclose(points @ matrix + vector, moved) else "They move points to other places."


def one_straight_cut(answer: Any, x: Any, y: Any) -> str:
    """Judge the accuracy of a straight cut through a ring and what is inside of it."""
    values = np.asarray(answer) if np.ndim(answer) == 0 and not isinstance(answer, str) else None
    if values is None:
        return compared(answer, 0.5)
    if values > 1:
        return "This is more than 1: is it in percent, or a loss?"
    return "" if values <= _best_cut(np.asarray(x), np.asarray(y)) + 0.01 else "No straight line parts them so well."


def _best_cut(x: np.ndarray, y: np.ndarray) -> float:
    """Return the accuracy of the best straight cut, tried in 180 directions."""
    best = 0.0
    for angle in np.linspace(0, 2 * np.pi, 180, endpoint=False):
        order = y[np.argsort(x @ [np.cos(angle), np.sin(angle)])]
        right = np.cumsum(order == 0) + (order == 1).sum() - np.cumsum(order == 1)
        best = max(best, float(right.max() / len(y)), float(np.mean(y)))
    return best


JUDGES: dict[str, Callable[..., str]] = {
    "quarter-turn": quarter_turn,
    "composed-maps": composed_maps,
    "one-straight-cut": one_straight_cut,
}
