"""Metrics of accuracy: how often predictions are right."""

from __future__ import annotations

from typing import Any

from klods.arranging import in_top_k
from klods.keras import losses
from klods.keras.metrics.mean import MeanMetricWrapper
from klods.ops.comparison import equal, greater
from klods.ops.movement import cast, expand_dims, reshape
from klods.ops.reduction import argmax, reduce_any
from klods.tensor import Tensor, convert_to_tensor


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Return 1 where label and prediction are equal, else 0."""
    y_true, y_pred = losses.paired(y_true, y_pred)
    return cast(equal(y_true, y_pred), "float32")


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """Return 1 where the output is on the label's side of the threshold, else 0."""
    y_true, y_pred = losses.paired(y_true, y_pred)
    return cast(equal(y_true, cast(greater(y_pred, threshold), y_true.dtype)), "float32")


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Return 1 where the largest prediction is at the largest label, else 0."""
    return cast(equal(argmax(y_true, -1), argmax(y_pred, -1)), "float32")


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Return 1 where the largest prediction is at the label, else 0.

    Example:
        >>> sparse_categorical_accuracy([1, 0], [[.1, .9], [.2, .8]]).numpy()
        array([1., 0.], dtype=float32)
    """
    y_pred = convert_to_tensor(y_pred)
    return cast(equal(_labels(y_true, y_pred, "int64"), argmax(y_pred, -1)), "float32")


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """Return 1 where the largest label is among the k classes with the largest predictions, else 0."""
    return cast(in_top_k(argmax(y_true, -1), y_pred, k), "float32")


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Tensor:
    """Return 1 where the label is among the k classes with the largest predictions, else 0.

    Args:
        y_true: whole-number labels, one per row.
        y_pred: one number per class; or the classes' numbers, the best first.
        k: how many classes to look at.
        from_sorted_ids: whether y_pred holds the classes' numbers.

    Example:
        >>> sparse_top_k_categorical_accuracy([2, 1], [[.5, .1, .4], [.5, .1, .4]], k=2).numpy()
        array([1., 0.], dtype=float32)
    """
    y_pred = convert_to_tensor(y_pred)
    if not from_sorted_ids:
        return cast(in_top_k(_labels(y_true, y_pred, "int64"), y_pred, k), "float32")
    labels = expand_dims(_labels(y_true, y_pred, y_pred.dtype), -1)
    return cast(reduce_any(equal(labels, y_pred[..., :k]), -1), "float32")


def _labels(y_true: Any, y_pred: Tensor, dtype: Any) -> Tensor:
    """Return whole-number labels without a last axis of size 1."""
    y_true = convert_to_tensor(y_true)
    if y_true.ndim == y_pred.ndim and y_true.value.shape[-1] == 1:
        y_true = reshape(y_true, y_true.value.shape[:-1])
    return cast(y_true, dtype)


class Accuracy(MeanMetricWrapper):
    """How often labels and predictions are equal."""

    _direction = "up"

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often outputs are on the right side of a threshold."""

    _direction = "up"

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the one-hot label."""

    _direction = "up"

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the whole-number label."""

    _direction = "up"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the one-hot label is among the k largest predictions."""

    _direction = "up"

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the whole-number label is among the k largest predictions; see `sparse_top_k_categorical_accuracy`."""

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)
        self.k, self.from_sorted_ids = k, from_sorted_ids
