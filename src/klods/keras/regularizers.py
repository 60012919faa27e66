"""Regularizers: what large weights or outputs add to the loss."""

from __future__ import annotations

from typing import Any

from klods.keras.configuration import Configurable, by_name, resolve, serialize
from klods.missing import reporter
from klods.ops.arithmetic import abs_, square
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor


class Regularizer(Configurable):
    """Base of all: a function of a tensor that returns what it adds to the loss."""

    def __call__(self, x: Any) -> Tensor:
        raise NotImplementedError


class L1L2(Regularizer):
    """l1 times the sum of absolute values plus l2 times the sum of squares.

    Example:
        >>> float(L1L2(l1=1.0, l2=10.0)([1., -2.]))
        53.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = 0.0 if l1 is None else l1, 0.0 if l2 is None else l2

    def __call__(self, x: Any) -> Tensor:
        return self.l1 * reduce_sum(abs_(x)) + self.l2 * reduce_sum(square(x))


class L1(Regularizer):
    """l1 times the sum of absolute values."""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = l1

    def __call__(self, x: Any) -> Tensor:
        return self.l1 * reduce_sum(abs_(x))


class L2(Regularizer):
    """l2 times the sum of squares."""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = l2

    def __call__(self, x: Any) -> Tensor:
        return self.l2 * reduce_sum(square(x))


l1, l2, l1_l2 = L1, L2, L1L2
KNOWN = by_name(L1L2, L1, L2, l1_l2=L1L2)


def get(identifier: Any) -> Any:
    """Return the regularizer of a name, configuration, class or function; None for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    return None if identifier is None else resolve("regularizer", identifier, KNOWN)


__all__ = ["L1", "L1L2", "L2", "Regularizer", "get", "l1", "l1_l2", "l2", "serialize"]
__getattr__ = reporter(__name__)
