"""Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import flush, sqrt
from klods.tensor import Variable


class Nadam(ElementWise):
    """Adam with Nesterov's look ahead (Dozat 2016, algorithm 2), its momentum warmed up (Sutskever et al. 2013).

    Args:
        learning_rate: the size of a step.
        beta_1: the share of the gradient's mean kept at each step, in the long run.
        beta_2: the share of the square's mean kept at each step.
        epsilon: keeps the division finite.
        kwargs: what every optimizer takes.
    """

    shared = Slot("u_product", 1.0, ())  # of the momentums of all steps so far

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
        return (("momentum", "velocity"),)

    def advance(self, step: Any, shared: Any) -> Any:
        return shared * self._momentum(step)

    def _momentum(self, step: Any) -> Any:
        return self.beta_1 * (1 - 0.5 * 0.96**step)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        mean, square, product = slots
        now, following = self._momentum(step), self._momentum(step + 1)
        mean = flush(mean + (1 - self.beta_1) * (gradient - mean))
        square = flush(square + (1 - self.beta_2) * (gradient * gradient - square))
        ahead = following / (1 - product * following) * mean + (1 - now) / (1 - product) * gradient
        return weight - rate * ahead / (sqrt(square / (1 - self.beta_2**step)) + self.epsilon), mean, square
