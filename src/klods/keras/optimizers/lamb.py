"""Lamb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.ops import norm, sqrt, square, where
from klods.keras.optimizers.forms import Slot, WholeTensor
from klods.tensor import Variable


class Lamb(WholeTensor):
    """Adam's step, made as long for each weight as the weight itself times the rate (You et al. 2019, algorithm 2).

    Args:
        learning_rate: the length of a step, as a share of the weight's.
        beta_1: the share of the gradient's mean kept at each step.
        beta_2: the share of the square's mean kept at each step.
        epsilon: keeps the division finite.
        kwargs: what every optimizer takes.

    Example:
        >>> import klods
        >>> weight = klods.Variable([3.0, 4.0])
        >>> Lamb(0.1).apply([klods.constant([1.0, 0.0])], [weight])
        >>> weight.numpy()
        array([2.5, 4. ], dtype=float32)
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
        return (("momentum", "velocity"),)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        mean, squares = slots
        mean = mean + (1 - self.beta_1) * (gradient - mean)
        squares = squares + (1 - self.beta_2) * (square(gradient) - squares)
        change = mean / (1 - self.beta_1**step) / (sqrt(squares / (1 - self.beta_2**step)) + self.epsilon)
        length, size = norm(weight), norm(change)
        ratio = where((length > 0) & (size > 0), length / size, 1.0)
        return weight - ratio * rate * change, mean, squares
