"""Adamax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import absolute, flush, maximum
from klods.tensor import Variable


class Adamax(ElementWise):
    """Adam by the largest gradient instead of the mean square (Kingma & Ba 2014, section 7.1, algorithm 2).

    Args:
        learning_rate: the size of a step.
        beta_1: the share of the gradient's mean kept at each step.
        beta_2: the share of the largest gradient kept at each step.
        epsilon: keeps the division finite.
        kwargs: what every optimizer takes.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return (("momentum", "norm"),)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        mean, largest = slots
        mean = flush(mean + (1 - self.beta_1) * (gradient - mean))
        largest = flush(maximum(self.beta_2 * largest, absolute(gradient)))
        corrected = rate / (1 - self.beta_1**step)
        return weight - corrected * mean / (largest + self.epsilon), mean, largest
