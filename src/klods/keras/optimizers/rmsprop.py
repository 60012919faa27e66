"""RMSprop."""

from __future__ import annotations

from typing import Any

from klods.keras.optimizers.optimizer import Optimizer
from klods.ops.vocabulary import flush, sqrt


class RMSprop(Optimizer):
    """Divides each gradient by the root of a running mean of its square (Hinton 2012, lecture 6e).

    Args:
        learning_rate: the size of a step.
        rho: the share of the running mean kept at each step.
        momentum: the share of the last step kept.
        epsilon: keeps the division finite.
        centered: whether to subtract the square of the running mean gradient (Graves 2013, equation 40).
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

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("velocity",), *[("momentum",)] * bool(self.momentum), *[("average_gradient",)] * self.centered)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        kept = {name: slot for (name,), slot in zip(self.slots(), slots)}
        mean_square = kept["velocity"] = flush(self.rho * kept["velocity"] + (1 - self.rho) * (gradient * gradient))
        if self.centered:
            mean = kept["average_gradient"] = flush(self.rho * kept["average_gradient"] + (1 - self.rho) * gradient)
            mean_square = mean_square - mean * mean
        change = rate * gradient / sqrt(mean_square + self.epsilon)
        if self.momentum:
            change = kept["momentum"] = flush(self.momentum * kept["momentum"] + change)
        return weight - change, *kept.values()
