"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import flush, maximum, sqrt
from klods.tensor import Variable


class Adam(ElementWise):
    """Running means of the gradient and its square, corrected for their start at 0 (Kingma & Ba 2014, section 2).

    Args:
        learning_rate: the size of a step.
        beta_1: the share of the gradient's mean kept at each step.
        beta_2: the share of the square's mean kept at each step.
        epsilon: keeps the division finite; it is the paper's epsilon hat.
        amsgrad: whether to divide by the largest mean square so far (Reddi et al. 2018, algorithm 2).
        kwargs: what every optimizer takes.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return (("momentum", "velocity"), *[("velocity_hat",)] * bool(self.amsgrad))

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        mean, square, *largest = slots
        corrected = rate * (1 - self.beta_2**step) ** 0.5 / (1 - self.beta_1**step)
        mean = flush(mean + (1 - self.beta_1) * (gradient - mean))
        square = flush(square + (1 - self.beta_2) * (gradient * gradient - square))
        largest = [maximum(largest[0], square)] if self.amsgrad else []
        return (
            weight - corrected * mean / (sqrt(largest[0] if largest else square) + self.epsilon),
            mean,
            square,
            *largest,
        )
