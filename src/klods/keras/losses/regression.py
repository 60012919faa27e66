"""Losses of measurements: how far numbers are from numbers."""

from __future__ import annotations

import math
from typing import Any

from klods.keras.config import epsilon
from klods.keras.losses.alignment import paired
from klods.keras.losses.loss import LossFunctionWrapper
from klods.math import l2_normalize
from klods.ops.activation import softplus
from klods.ops.arithmetic import abs_, log_, maximum_, square
from klods.ops.block import static
from klods.ops.comparison import where
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of (y_true - y_pred)^2 over the last axis.

    Example:
        >>> mean_squared_error([[0., 0.]], [[1., 3.]]).numpy()
        array([5.], dtype=float32)
    """
    y_true, y_pred = paired(y_true, y_pred)
    return reduce_mean(square(y_true - y_pred), -1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of |y_true - y_pred| over the last axis."""
    y_true, y_pred = paired(y_true, y_pred)
    return reduce_mean(abs_(y_true - y_pred), -1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """Return 100 times the mean of |y_true - y_pred| / |y_true| over the last axis.

    Example:
        >>> mean_absolute_percentage_error([[10., 4.]], [[9., 5.]]).numpy()
        array([17.5], dtype=float32)
    """
    y_true, y_pred = paired(y_true, y_pred)
    return 100 * reduce_mean(abs_((y_true - y_pred) / maximum_(abs_(y_true), epsilon())), -1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of (log(1 + y_true) - log(1 + y_pred))^2 over the last axis; negative numbers count as 0."""
    y_true, y_pred = (log_(maximum_(y, epsilon()) + 1) for y in paired(y_true, y_pred))
    return reduce_mean(square(y_true - y_pred), -1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Return minus the cosine of the angle between labels and predictions: -1 where they point the same way.

    Example:
        >>> cosine_similarity([[0., 1.]], [[0., 5.]]).numpy()
        array([-1.], dtype=float32)
    """
    return -cosine(y_true, y_pred, axis)


def cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Return the cosine of the angle between labels and predictions along an axis; 0 where one of them is 0."""
    y_true, y_pred = (l2_normalize(y, static(axis), epsilon() ** 2) for y in paired(y_true, y_pred))
    return reduce_sum(y_true * y_pred, static(axis))


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Return the mean over the last axis of e^2 / 2 for errors e up to delta, and of a straight line beyond.

    Source: Huber 1964, Robust Estimation of a Location Parameter.
    """
    y_true, y_pred = paired(y_true, y_pred)
    error = abs_(y_pred - y_true)
    return reduce_mean(where(error <= delta, 0.5 * square(error), delta * error - 0.5 * delta * delta), -1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of log(cosh(y_pred - y_true)) over the last axis, as x + log(1 + e^-2x) - log 2."""
    y_true, y_pred = paired(y_true, y_pred)
    error = y_pred - y_true
    return reduce_mean(error + softplus(-2 * error) - math.log(2), -1)


class MeanSquaredError(LossFunctionWrapper):
    """The mean of (y_true - y_pred)^2."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """The mean of |y_true - y_pred|."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """100 times the mean of |y_true - y_pred| / |y_true|."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """The mean of (log(1 + y_true) - log(1 + y_pred))^2."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between labels and predictions."""

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
        self.axis = axis


class Huber(LossFunctionWrapper):
    """Squares of small errors, straight lines beyond delta; see `huber`."""

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)
        self.delta = delta


class LogCosh(LossFunctionWrapper):
    """The mean of log(cosh(y_pred - y_true)): squares of small errors, absolute values of large ones."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)
