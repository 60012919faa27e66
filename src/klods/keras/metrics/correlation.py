"""Metrics of correlation: how labels and predictions go up and down together, along an axis."""

from __future__ import annotations

from typing import Any

from klods.functions import reduce_std, reduce_variance
from klods.keras import losses
from klods.keras.config import epsilon
from klods.keras.metrics.mean import MeanMetricWrapper
from klods.ops.arithmetic import square
from klods.ops.reduction import reduce_mean
from klods.tensor import Tensor


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Return the correlation of labels and predictions along an axis, from -1 to 1 (Pearson 1896)."""
    y_true, y_pred = (
        (y - reduce_mean(y, axis, True)) / reduce_std(y, axis, True) for y in losses.paired(y_true, y_pred)
    )
    return reduce_mean(y_true * y_pred, axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Return how near labels and predictions are to being equal along an axis, from -1 to 1.

    Source: Lin 1989, A Concordance Correlation Coefficient to Evaluate Reproducibility.
    """
    y_true, y_pred = losses.paired(y_true, y_pred)
    true_mean, mean = reduce_mean(y_true, axis, True), reduce_mean(y_pred, axis, True)
    spread = reduce_variance(y_true, axis, True) + reduce_variance(y_pred, axis, True) + square(true_mean - mean)
    return reduce_mean(2 * (y_true - mean) * (y_pred - mean) / (spread + epsilon()), axis)


class PearsonCorrelation(MeanMetricWrapper):
    """The mean correlation of labels and predictions; see `pearson_correlation`."""

    _direction = "up"

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean concordance of labels and predictions; see `concordance_correlation`."""

    _direction = "up"

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis
