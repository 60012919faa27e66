"""Exercises of the section that builds the network from scratch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import klods
from klods import keras
from klods.companion.exercises.comparing import compared_function


def falling_rate(answer: Any) -> str:
    """Judge a function that halves a learning rate every so many steps."""

    def scheduled(step: int, start: float, period: int) -> float:
        schedule = keras.optimizers.schedules.ExponentialDecay(start, period, 0.5, staircase=True)
        return float(schedule(step))

    return compared_function(answer, scheduled, (0, 0.1, 100), (99, 0.1, 100), (100, 0.1, 100), (350, 0.2, 100))


def gradient_of_bias(answer: Any) -> str:
    """Judge the gradient of a vector that was added to a matrix, by the tape's."""
    gradient = np.random.default_rng(0).normal(size=(4, 3))

    def by_tape(gradient: np.ndarray) -> np.ndarray:
        vector = klods.Variable(np.zeros(gradient.shape[1]))
        with klods.GradientTape() as tape:
            result = klods.reduce_sum((klods.constant(np.ones(gradient.shape)) + vector) * gradient)
        return tape.gradient(result, vector).numpy()

    return compared_function(answer, by_tape, (gradient,))


JUDGES: dict[str, Callable[..., str]] = {
    "falling-rate": falling_rate,
    "gradient-of-bias": gradient_of_bias,
}
