"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import flush, sqrt
from klods.tensor import Variable


class RMSprop(ElementWise):
    """Divides each gradient by the root of a running mean of its square (Hinton 2012, lecture 6e).

    Args:
        learning_rate: the size of a step.
        rho: the share of the running mean kept at each step.
        momentum: the share of the last step kept.
        epsilon: keeps the division finite.
        centered: whether to subtract the square of the running mean gradient (Graves 2013, equation 40).
        kwargs: what every optimizer takes.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return (("velocity",), *[("momentum",)] * bool(self.momentum), *[("average_gradient",)] * bool(self.centered))

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        mean_square = variance = flush(self.rho * slots[0] + (1 - self.rho) * (gradient * gradient))
        mean = None
        if self.centered:
            mean = flush(self.rho * slots[-1] + (1 - self.rho) * gradient)
            variance = mean_square - mean * mean
        change = rate * gradient / sqrt(variance + self.epsilon)
        if self.momentum:
            change = flush(self.momentum * slots[1] + change)
        return weight - change, mean_square, *[change] * bool(self.momentum), *[mean] * bool(self.centered)
