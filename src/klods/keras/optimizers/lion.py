"""Lion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.errors import DataError
from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import flush, sign
from klods.tensor import Variable


class Lion(ElementWise):
    """Steps of one size, by the sign of the gradient's running mean (Chen et al. 2023, algorithm 2).

    Args:
        learning_rate: the size of a step.
        beta_1: the share of the running mean in a step, the rest being the gradient's.
        beta_2: the share of the running mean kept at each step.
        kwargs: what every optimizer takes.

    Raises:
        DataError: if beta_1 is not above 0 and at most 1.

    Example:
        >>> import klods
        >>> weight = klods.Variable([1.0, 1.0])
        >>> Lion(0.5).apply([klods.constant([1e-3, -40.0])], [weight])
        >>> weight.numpy()
        array([0.5, 1.5], dtype=float32)
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        if not 0 < beta_1 <= 1:
            raise DataError(f"beta_1 is a share above 0 and up to 1; got {beta_1!r}.", "write beta_1=0.9.")
        self.beta_1, self.beta_2 = beta_1, beta_2

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return (("momentum",),)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        (mean,) = slots
        change = sign(self.beta_1 * mean + (1 - self.beta_1) * gradient)
        return weight - rate * change, flush(self.beta_2 * mean + (1 - self.beta_2) * gradient)
