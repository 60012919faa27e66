"""ScheduleFreeAdamW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import flush, minimum, sqrt
from klods.tensor import Variable


class ScheduleFreeAdamW(ElementWise):
    """Adam that averages its weights instead of lowering its rate (Defazio et al. 2024, algorithm 1).

    The weights are the paper's y, between z, which is kept as a slot, and its running mean x.

    Args:
        learning_rate: the size of a step.
        beta_1: the share of the running mean in the weights.
        beta_2: the share of the square's mean kept at each step.
        epsilon: keeps the division finite.
        warmup_steps: the steps that the rate takes to rise to its size.
        kwargs: what every optimizer takes.
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon, self.warmup_steps = beta_1, beta_2, epsilon, warmup_steps

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return ((Slot("momentum", weight.value), "velocity"),)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        z, square = slots
        if self.warmup_steps:
            rate = rate * minimum(step / self.warmup_steps, 1.0)
        x = (weight - (1 - self.beta_1) * z) / self.beta_1
        square = flush(square + (1 - self.beta_2) * (gradient * gradient - square))
        z = z - rate * gradient / (sqrt(square / (1 - self.beta_2**step)) + self.epsilon)
        x = (1 - 1 / step) * x + 1 / step * z
        return (1 - self.beta_1) * z + self.beta_1 * x, z, square
