"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.errors import DataError
from klods.keras.optimizers.forms import ElementWise, Slot
from klods.ops.vocabulary import flush
from klods.tensor import Variable


class SGD(ElementWise):
    """w := w - rate g; with momentum v := momentum v - rate g, w := w + v (Sutskever et al. 2013, equations 1 to 4).

    Args:
        learning_rate: the size of a step.
        momentum: the share of the last step kept, between 0 and 1.
        nesterov: whether to look ahead: w := w + momentum v - rate g.
        kwargs: what every optimizer takes.
    """

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        if not 0 <= momentum <= 1:
            raise DataError(f"momentum is a share between 0 and 1; got {momentum!r}.", "write SGD(momentum=0.9).")
        self.momentum, self.nesterov = momentum, nesterov

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        return (("momentum",),) if self.momentum else ()

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        if not slots:
            return (weight - rate * gradient,)
        velocity = flush(self.momentum * slots[0] - rate * gradient)
        ahead = self.momentum * velocity - rate * gradient if self.nesterov else velocity
        return weight + ahead, velocity
