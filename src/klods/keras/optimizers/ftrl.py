"""Ftrl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.errors import DataError
from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import maximum, minimum, where
from klods.tensor import Variable


class Ftrl(ElementWise):
    """Follow the regularised leader, whose weights are often exactly 0 (McMahan et al. 2013, algorithm 1).

    Args:
        learning_rate: the paper's alpha.
        learning_rate_power: the power of the sum of squares that the rate falls with; the paper's is -0.5.
        initial_accumulator_value: what the sums of squares start as.
        l1_regularization_strength: the paper's lambda 1.
        l2_regularization_strength: half the paper's lambda 2.
        l2_shrinkage_regularization_strength: a penalty on large weights, added to the gradient alone.
        beta: the paper's beta.
        kwargs: what every optimizer takes.

    Raises:
        DataError: for a negative strength or start, or a positive power.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.learning_rate_power, self.beta = learning_rate_power, beta
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        if learning_rate_power > 0:
            raise DataError(f"learning_rate_power is at most 0; got {learning_rate_power!r}.", "write -0.5, say.")
        for name in POSITIVE:
            if getattr(self, name) < 0:
                raise DataError(f"{name} is at least 0; got {getattr(self, name)!r}.", "write 0.1, say.")

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return ((Slot("accumulator", self.initial_accumulator_value), "linear"),)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        squares, linear = slots
        moves = rate > 0  # a step of size 0 changes no weight
        size = where(moves, rate, 1)
        l1, l2 = self.l1_regularization_strength, self.l2_regularization_strength + self.beta / (2 * size)
        before, squares = squares**-self.learning_rate_power, squares + gradient * gradient
        after = squares**-self.learning_rate_power
        shrinking = gradient + 2 * self.l2_shrinkage_regularization_strength * weight
        further = linear + shrinking - (after - before) / size * weight
        beyond = maximum(minimum(further, l1), -l1) - further  # 0 where the linear term is within l1
        return where(moves, beyond / (after / size + 2 * l2), weight), squares, where(moves, further, linear)


POSITIVE = (
    "initial_accumulator_value",
    "l1_regularization_strength",
    "l2_regularization_strength",
    "l2_shrinkage_regularization_strength",
)
