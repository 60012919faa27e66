"""Hinge losses: 0 for predictions that are right by a margin of 1."""

from __future__ import annotations

from typing import Any

from klods.keras.losses.alignment import paired
from klods.keras.losses.loss import LossFunctionWrapper
from klods.ops.arithmetic import maximum_, square
from klods.ops.comparison import equal, logical_or, where
from klods.ops.reduction import reduce_all, reduce_max, reduce_mean, reduce_sum
from klods.tensor import Tensor


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of max(1 - y_true y_pred, 0) over the last axis.

    Args:
        y_true: labels, -1 or 1; if all are 0 or 1, 0 means -1.
        y_pred: predictions, negative for -1 and positive for 1.

    Example:
        >>> hinge([[0., 1.]], [[-3., 0.5]]).numpy()
        array([0.25], dtype=float32)
    """
    return reduce_mean(_shortfalls(y_true, y_pred), -1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of max(1 - y_true y_pred, 0)^2 over the last axis; see `hinge`."""
    return reduce_mean(square(_shortfalls(y_true, y_pred)), -1)


def _shortfalls(y_true: Any, y_pred: Any) -> Tensor:
    y_true, y_pred = paired(y_true, y_pred)
    are_bits = reduce_all(logical_or(equal(y_true, 0), equal(y_true, 1)))
    return maximum_(1 - where(are_bits, 2 * y_true - 1, y_true) * y_pred, 0)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Return how far the score of the right class is from 1 above the best of the others, or 0.

    Args:
        y_true: one-hot labels.
        y_pred: one score per class.
    """
    y_true, y_pred = paired(y_true, y_pred)
    right, others = reduce_sum(y_true * y_pred, -1), reduce_max((1 - y_true) * y_pred, -1)
    return maximum_(others - right + 1, 0)


class Hinge(LossFunctionWrapper):
    """The mean of max(1 - y_true y_pred, 0); see `hinge`."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """The mean of max(1 - y_true y_pred, 0)^2; see `hinge`."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """How far the right class's score is from 1 above the best of the others; see `categorical_hinge`."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
