"""Exercises of the section on derivatives and descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import klods
from klods.companion.exercises.comparing import Unanswered, compared, compared_function, is_open, raised, slope


def slope_of_cube(answer: Any) -> str:
    """Judge the derivative of a cube."""
    return compared_function(answer, lambda x: slope(lambda t: t**3, x), (2.0,), (-1.0,), (0.5,), (3.0,))


def measured_gradient(answer: Any) -> str:
    """Judge a function that measures gradients, by the tape's."""
    w = np.random.default_rng(0).normal(size=(2, 3))
    factors = np.arange(1.0, 7.0).reshape(2, 3)

    def of(w: Any) -> Any:
        return klods.reduce_sum(factors * w**2) + w[0, 0] * w[1, 2]

    def by_tape(_: Any, w: Any) -> Any:
        variable = klods.Variable(w)
        with klods.GradientTape() as tape:
            loss = of(variable)
        return tape.gradient(loss, variable).numpy()

    return compared_function(answer, by_tape, (lambda x: float(of(x)), w), tolerance=1e-3)


def step_of_descent(answer: Any) -> str:
    """Judge a function that steps variables against their gradients."""
    if not callable(answer):
        return compared_function(answer, np.asarray)
    before = [np.array([1.0, 2.0]), np.array([[3.0]])]
    variables = [klods.Variable(x) for x in before]
    gradients = [klods.constant([0.5, -1.0], "float64"), klods.constant([[2.0]], "float64")]
    try:
        result = answer(variables, gradients, 0.1)
    except Exception as error:  # whatever the reader's code raises is theirs to mend
        return raised(error)
    if is_open(result):
        raise Unanswered
    for variable, x, gradient in zip(variables, before, gradients):
        if np.array_equal(variable.numpy(), x):
            return "A variable is as it was: change it with assign_sub or assign."
        if hint := compared(variable.numpy() - x, -0.1 * gradient.numpy()):
            return f"The change of a variable: {hint[0].lower()}{hint[1:]}"
    return ""


JUDGES: dict[str, Callable[..., str]] = {
    "slope-of-cube": slope_of_cube,
    "measured-gradient": measured_gradient,
    "step-of-descent": step_of_descent,
}
