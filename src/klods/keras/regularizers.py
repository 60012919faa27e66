"""Regularizers: what large weights or outputs add to the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.keras.config import epsilon
from klods.keras.configuration import Configurable, by_name, resolve, serialize
from klods.math import l2_normalize
from klods.missing import reporter
from klods.ops.arithmetic import abs_, square
from klods.ops.movement import transpose
from klods.ops.product import matmul
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor, convert_to_tensor


class Regularizer(Configurable):
    """Base of all: a function of a tensor that returns what it adds to the loss."""

    def __call__(self, x: Any) -> Tensor:
        raise NotImplementedError


class L1L2(Regularizer):
    """l1 times the sum of absolute values plus l2 times the sum of squares.

    Raises:
        DataError: for a factor that is no number, or negative.

    Example:
        >>> float(L1L2(l1=1.0, l2=10.0)([1., -2.]))
        53.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = _factor("l1", l1, 0.0), _factor("l2", l2, 0.0)

    def __call__(self, x: Any) -> Tensor:
        return self.l1 * reduce_sum(abs_(x)) + self.l2 * reduce_sum(square(x))


class L1(Regularizer):
    """l1 times the sum of absolute values.

    Raises:
        DataError: for a factor that is no number, or negative.
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("l1", l1, 0.01)

    def __call__(self, x: Any) -> Tensor:
        return self.l1 * reduce_sum(abs_(x))


class L2(Regularizer):
    """l2 times the sum of squares.

    Raises:
        DataError: for a factor that is no number, or negative.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("l2", l2, 0.01)

    def __call__(self, x: Any) -> Tensor:
        return self.l2 * reduce_sum(square(x))


class OrthogonalRegularizer(Regularizer):
    """A factor times the mean of |cos| of the angles between all pairs of rows, or columns, of a matrix.

    Args:
        factor: the factor.
        mode: `rows` or `columns`.

    Raises:
        DataError: for a factor that is no number, or negative, or another mode.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise DataError(f"OrthogonalRegularizer has no mode {mode!r}.", "use 'rows' or 'columns'.")
        self.factor, self.mode = _factor("factor", factor, 0.01), mode

    def __call__(self, x: Any) -> Tensor:
        x = convert_to_tensor(x)
        if x.ndim != 2:
            raise ShapeError(f"OrthogonalRegularizer got a tensor of shape {x.shape}.", "use it for matrices.")
        vectors = l2_normalize(x if self.mode == "rows" else transpose(x), 1, epsilon() ** 2)
        count = vectors.value.shape[0]
        apart = 1 - np.eye(count, dtype=np.float32)
        pairs = count * (count - 1) / 2
        return self.factor * 0.5 * reduce_sum(abs_(matmul(vectors, transpose(vectors)) * apart)) / pairs


def _factor(name: str, given: Any, default: float) -> float:
    if given is None:
        return default
    if not isinstance(given, (int, float)) or not 0 <= given < math.inf:
        raise DataError(f"{name} is {given!r}.", "give a number of at least 0.")
    return float(given)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
KNOWN = by_name(L1L2, L1, L2, OrthogonalRegularizer, l1l2=L1L2, l1_l2=L1L2)


def get(identifier: Any) -> Any:
    """Return the regularizer of a name, configuration, class or function; None for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    return None if identifier is None else resolve("regularizer", identifier, KNOWN)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the regularizer of a name or configuration, which may be one of your own, given by its name."""
    return resolve("regularizer", config, {**KNOWN, **(custom_objects or {})})


__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]
__getattr__ = reporter(__name__)
