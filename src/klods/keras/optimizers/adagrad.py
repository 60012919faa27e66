"""Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import sqrt
from klods.tensor import Variable


class Adagrad(ElementWise):
    """Divides each gradient by the root of the sum of all its squares so far (Duchi et al. 2011, figure 1, diagonal).

    Args:
        learning_rate: the size of a step.
        initial_accumulator_value: what the sums start as.
        epsilon: keeps the division finite.
        kwargs: what every optimizer takes.

    Example:
        >>> import klods
        >>> weight = klods.Variable([1.0])
        >>> Adagrad(0.5, initial_accumulator_value=0.0).apply([klods.constant([4.0])], [weight])
        >>> weight.numpy()
        array([0.5], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return ((Slot("accumulator", self.initial_accumulator_value),),)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        squares = slots[0] + gradient * gradient
        return weight - rate * gradient / sqrt(squares + self.epsilon), squares
