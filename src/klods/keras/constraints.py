"""Constraints: what is done to a weight after each update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from klods.keras.config import epsilon
from klods.keras.configuration import Configurable, by_name, resolve, serialize
from klods.missing import reporter
from klods.ops.arithmetic import maximum_, minimum_, sqrt_, square
from klods.ops.block import static
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor, convert_to_tensor


class Constraint(Configurable):
    """Base of all: a function of a weight that returns the nearest one allowed."""

    def __call__(self, w: Any) -> Tensor:
        raise NotImplementedError


class NonNeg(Constraint):
    """No weight below 0."""

    def __call__(self, w: Any) -> Tensor:
        return maximum_(w, 0)


class MaxNorm(Constraint):
    """Length along an axis at most max_value."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Tensor:
        length = _length(w, self.axis)
        return convert_to_tensor(w) * (minimum_(length, self.max_value) / (epsilon() + length))


class UnitNorm(Constraint):
    """Length 1 along an axis."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        return convert_to_tensor(w) / (epsilon() + _length(w, self.axis))


class MinMaxNorm(Constraint):
    """Length along an axis between two values, approached at a rate."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Tensor:
        length = _length(w, self.axis)
        clipped = maximum_(minimum_(length, self.max_value), self.min_value)
        desired = self.rate * clipped + (1 - self.rate) * length
        return convert_to_tensor(w) * (desired / (epsilon() + length))


def _length(w: Any, axis: Any) -> Tensor:
    return sqrt_(reduce_sum(square(w), static(axis), True))


non_neg, max_norm, unit_norm, min_max_norm = NonNeg, MaxNorm, UnitNorm, MinMaxNorm
KNOWN = by_name(NonNeg, MaxNorm, UnitNorm, MinMaxNorm)


def get(identifier: Any) -> Any:
    """Return the constraint of a name, configuration, class or function; None for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    return None if identifier is None else resolve("constraint", identifier, KNOWN)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the constraint of a name or configuration, which may be one of your own, given by its name."""
    return resolve("constraint", config, {**KNOWN, **(custom_objects or {})})


__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]
__getattr__ = reporter(__name__)
