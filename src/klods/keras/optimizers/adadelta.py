"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import flush, sqrt
from klods.tensor import Variable


class Adadelta(ElementWise):
    """Steps in the units of the weights, by running means of squared gradients and steps (Zeiler 2012, algorithm 1).

    Args:
        learning_rate: the share of the paper's step that is taken; the paper's is 1.
        rho: the share of the running means kept at each step.
        epsilon: what the running means start from in the roots.
        kwargs: what every optimizer takes.

    Example:
        >>> import klods
        >>> weight = klods.Variable([1.0])
        >>> step = Adadelta(learning_rate=1.0).apply([klods.constant([1.0])], [weight])
        >>> weight.numpy().round(4)
        array([0.9986], dtype=float32)
    """

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho, self.epsilon = rho, epsilon

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return (("accumulated_grad", "accumulated_delta_var"),)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        squares, steps = slots
        squares = flush(self.rho * squares + (1 - self.rho) * (gradient * gradient))
        change = sqrt(steps + self.epsilon) / sqrt(squares + self.epsilon) * gradient
        steps = flush(self.rho * steps + (1 - self.rho) * (change * change))
        return weight - rate * change, squares, steps
