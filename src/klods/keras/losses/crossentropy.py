"""Cross-entropies: minus the logarithm of the probability that predictions give to the labels."""

from __future__ import annotations

from typing import Any

from klods.errors import ShapeError
from klods.keras.config import epsilon
from klods.keras.losses.alignment import paired
from klods.keras.losses.loss import LossFunctionWrapper
from klods.ops.activation import log_softmax, sigmoid_cross_entropy
from klods.ops.arithmetic import log_, maximum_, minimum_
from klods.ops.comparison import not_equal, where
from klods.ops.movement import cast, reshape, transpose
from klods.ops.picking import pick
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor, convert_to_tensor


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Return the mean of -y log p - (1 - y) log(1 - p) over an axis.

    Args:
        y_true: labels, 0 or 1.
        y_pred: probabilities, kept within epsilon of 0 and 1; or logits.
        from_logits: whether y_pred holds logits.
        label_smoothing: how far labels are moved towards 1/2, between 0 and 1.
        axis: the axis of the mean.
    """
    y_true, y_pred = binary_pair(y_true, y_pred, label_smoothing)
    if from_logits:
        return reduce_mean(sigmoid_cross_entropy(y_pred, y_true), axis)
    return reduce_mean(binary_terms(y_true, y_pred), axis)


def binary_pair(y_true: Any, y_pred: Any, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Return labels, smoothed, and predictions as floating tensors of the same number of axes."""
    y_true, y_pred = paired(y_true, y_pred)
    return y_true * (1 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true, y_pred


def binary_terms(y_true: Tensor, p: Tensor) -> Tensor:
    """Return -y log p - (1 - y) log(1 - p), element by element."""
    p = inside(p)
    return -(y_true * log_(p) + (1 - y_true) * log_(1 - p))


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Return -sum of y log p over the classes.

    Args:
        y_true: one-hot labels, or distributions over the classes.
        y_pred: probabilities (divided by their sum first), or logits.
        from_logits: whether y_pred holds logits.
        label_smoothing: the share of each label spread evenly over all classes.
        axis: the axis of the classes.

    Raises:
        ShapeError: if the shapes differ.
    """
    y_true, y_pred = one_hot_pair("categorical_crossentropy", y_true, y_pred, label_smoothing, axis)
    return -reduce_sum(y_true * _log_probabilities(y_pred, from_logits, axis), axis)


def one_hot_pair(loss: str, y_true: Any, y_pred: Any, label_smoothing: float, axis: int) -> tuple[Tensor, Tensor]:
    """Return one-hot labels, smoothed, and predictions as tensors of one dtype.

    Raises:
        ShapeError: if the shapes differ.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    if y_true.value.shape != y_pred.value.shape:
        raise ShapeError(
            f"{loss} got labels of shape {y_true.shape} for predictions of shape {y_pred.shape}.",
            "one-hot encode the labels (keras.utils.to_categorical), or use sparse_categorical_crossentropy.",
        )
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + label_smoothing / y_pred.value.shape[axis]
    return y_true, y_pred


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """Return -log p of each row's label.

    Args:
        y_true: whole-number labels from 0, one per row.
        y_pred: probabilities (divided by their sum first), or logits.
        from_logits: whether y_pred holds logits.
        ignore_class: a label whose rows count 0.
        axis: the axis of the classes.

    Raises:
        DataError: for a label outside the classes.

    Example:
        >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy()
        array([0.6931472], dtype=float32)
    """
    y_pred = convert_to_tensor(y_pred)
    labels = whole_labels("sparse_categorical_crossentropy", convert_to_tensor(y_true), y_pred)
    if axis not in (-1, y_pred.ndim - 1):
        axis %= y_pred.ndim
        y_pred = transpose(y_pred, [i for i in range(y_pred.ndim) if i != axis] + [axis])
    log_p = _log_probabilities(y_pred, from_logits, -1)
    if ignore_class is None:
        return -pick(log_p, labels)
    counted = not_equal(labels, ignore_class)
    return where(counted, -pick(log_p, where(counted, labels, 0)), 0)


def whole_labels(loss: str, y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Return labels as integers, without a last axis of size 1.

    Raises:
        ShapeError: if there is one number per class.
    """
    if y_true.ndim == y_pred.ndim and y_true.value.shape[-1] == 1:
        y_true = reshape(y_true, y_true.value.shape[:-1])
    if y_true.ndim == y_pred.ndim and y_true.value.shape == y_pred.value.shape:
        raise ShapeError(
            f"{loss} got labels of shape {y_true.shape}, one number per class.",
            "give whole-number labels, one per row, or use categorical_crossentropy for one-hot labels.",
        )
    return y_true if y_true.value.dtype.kind in "iu" else cast(y_true, "int64")


def _log_probabilities(y_pred: Tensor, from_logits: bool, axis: int) -> Tensor:
    if from_logits:
        return log_softmax(y_pred, axis)
    return log_(inside(y_pred / reduce_sum(y_pred, axis, True)))


def inside(p: Tensor) -> Tensor:
    """Return probabilities kept epsilon away from 0 and 1, where their logarithm is finite."""
    return minimum_(maximum_(p, epsilon()), 1 - epsilon())


class BinaryCrossentropy(LossFunctionWrapper):
    """The cross-entropy of labels 0 or 1; see `binary_crossentropy`."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **options)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class CategoricalCrossentropy(LossFunctionWrapper):
    """The cross-entropy of one-hot labels; see `categorical_crossentropy`."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **options)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """The cross-entropy of whole-number labels; see `sparse_categorical_crossentropy`.

    Example:
        >>> float(SparseCategoricalCrossentropy(from_logits=True)([0], [[0., 0.]]))
        0.6931471824645996
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **options)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis

    def counted(self, y_true: Tensor, values: Tensor) -> Tensor | None:
        if self.ignore_class is None:
            return None
        return not_equal(reshape(y_true, values.value.shape), self.ignore_class)
