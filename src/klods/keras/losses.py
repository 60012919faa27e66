"""Losses: how far predictions are from the truth, as functions (one number per row) and classes (one number)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klods.errors import DataError, ShapeError
from klods.keras.config import epsilon
from klods.keras.configuration import Configurable, by_name, resolve, serialize, snake_case, unique_name
from klods.missing import reporter
from klods.ops.activation import log_softmax, sigmoid_cross_entropy
from klods.ops.arithmetic import abs_, log_, maximum_, minimum_, square
from klods.ops.comparison import not_equal, where
from klods.ops.movement import cast, reshape, transpose
from klods.ops.picking import pick
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor, convert_to_tensor

LossFunction = Callable[[Any, Any], Tensor]


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
    y_true, y_pred = paired(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        return reduce_mean(sigmoid_cross_entropy(y_pred, y_true), axis)
    p = _inside(y_pred)
    return -reduce_mean(y_true * log_(p) + (1 - y_true) * log_(1 - p), axis)


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
    y_pred = convert_to_tensor(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    if y_true.value.shape != y_pred.value.shape:
        raise ShapeError(
            f"categorical_crossentropy got labels of shape {y_true.shape} for predictions of shape {y_pred.shape}.",
            "one-hot encode the labels (keras.utils.to_categorical), or use sparse_categorical_crossentropy.",
        )
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + label_smoothing / y_pred.value.shape[axis]
    return -reduce_sum(y_true * _log_probabilities(y_pred, from_logits, axis), axis)


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
    labels = _labels(convert_to_tensor(y_true), y_pred)
    if axis not in (-1, y_pred.ndim - 1):
        axis %= y_pred.ndim
        y_pred = transpose(y_pred, [i for i in range(y_pred.ndim) if i != axis] + [axis])
    log_p = _log_probabilities(y_pred, from_logits, -1)
    if ignore_class is None:
        return -pick(log_p, labels)
    counted = not_equal(labels, ignore_class)
    return where(counted, -pick(log_p, where(counted, labels, 0)), 0)


def _labels(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Return labels as integers, without a last axis of size 1."""
    if y_true.ndim == y_pred.ndim and y_true.value.shape[-1] == 1:
        y_true = reshape(y_true, y_true.value.shape[:-1])
    if y_true.ndim == y_pred.ndim and y_true.value.shape == y_pred.value.shape:
        raise ShapeError(
            f"sparse_categorical_crossentropy got labels of shape {y_true.shape}, one number per class.",
            "give whole-number labels, one per row, or use categorical_crossentropy for one-hot labels.",
        )
    return y_true if y_true.value.dtype.kind in "iu" else cast(y_true, "int64")


def _log_probabilities(y_pred: Tensor, from_logits: bool, axis: int) -> Tensor:
    if from_logits:
        return log_softmax(y_pred, axis)
    return log_(_inside(y_pred / reduce_sum(y_pred, axis, True)))


def _inside(p: Tensor) -> Tensor:
    """Return probabilities kept epsilon away from 0 and 1, where their logarithm is finite."""
    return minimum_(maximum_(p, epsilon()), 1 - epsilon())


def paired(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Return labels and predictions as floating tensors of the same number of axes.

    Raises:
        ShapeError: if the shapes don't fit each other.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = cast(y_true, y_pred.dtype if y_pred.value.dtype.kind == "f" else "float32")
    y_true, y_pred = same_rank(y_true, y_pred)
    a, b = y_true.value.shape, y_pred.value.shape
    if a != b and a and b and (len(a) != len(b) or a[0] != b[0]):
        raise ShapeError(f"Labels of shape {a} don't fit predictions of shape {b}.", "give one label per output.")
    return y_true, y_pred


def same_rank(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return two tensors with equally many axes, if one has a last axis of size 1 that the other lacks.

    A row of numbers gets that axis; from a tensor of three and more axes it is taken away.
    """
    if b.ndim == a.ndim + 1:
        longer, shorter = same_rank(b, a)
        return shorter, longer
    if a.ndim != b.ndim + 1 or a.value.shape[-1] != 1:
        return a, b
    if b.ndim == 1:
        return a, reshape(b, (*b.value.shape, 1))
    return reshape(a, a.value.shape[:-1]), b


class Loss(Configurable):
    """Base of all: a function of labels and predictions that returns one number.

    A loss of your own defines `call(y_true, y_pred)`, which gets float32 tensors and returns one number per row.

    Args:
        name: a name.
        reduction: how rows become one number: `sum_over_batch_size` (their mean), `sum`, `mean_with_sample_weight`
            or None (they don't).
        dtype: accepted for Keras's sake.
    """

    ignore_class: int | None = None

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            raise DataError(f"There is no reduction {reduction!r}.", f"use one of {', '.join(map(str, REDUCTIONS))}.")
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.reduction = reduction

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Return the loss of a batch."""
        y_true, y_pred = cast(y_true, "float32"), cast(y_pred, "float32")
        values = convert_to_tensor(self.call(y_true, y_pred))
        if self.ignore_class is not None:
            sample_weight = _weight_of_counted(y_true, values, self.ignore_class, sample_weight, self.reduction)
        return reduced(values, sample_weight, self.reduction)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Return one number per row."""
        raise NotImplementedError


REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def reduced(values: Tensor, sample_weight: Any, reduction: str | None) -> Tensor:
    """Return the rows' losses, weighted, as one number."""
    weight = None
    if sample_weight is not None:
        values, weight = fitted_weight(values, sample_weight)
        values = values * weight
    if reduction in ("none", None):
        return values
    if reduction == "sum" or values.ndim == 0:
        return reduce_sum(values)
    if reduction == "mean_with_sample_weight" and weight is not None:
        total = reduce_sum(weight)
        return reduce_sum(values) / where(total > 0, total, 1)
    return reduce_mean(values)


def fitted_weight(values: Tensor, sample_weight: Any) -> tuple[Tensor, Tensor]:
    """Return values, and sample weights with as many axes: one weight per row counts for the whole row."""
    values, weight = same_rank(values, cast(sample_weight, values.dtype))
    pairs = zip(weight.value.shape, values.value.shape)
    if weight.ndim > values.ndim or any(given not in (1, size) for given, size in pairs):
        raise ShapeError(
            f"sample_weight has shape {weight.shape} for losses of shape {values.shape}.", "give one weight per row."
        )
    missing = (1,) * (values.ndim - weight.ndim)
    return values, reshape(weight, (*weight.value.shape, *missing)) if missing and weight.ndim else weight


def _weight_of_counted(y_true: Any, values: Tensor, ignored: int, sample_weight: Any, reduction: str | None) -> Tensor:
    """Return sample weights that are 0 for ignored labels and, where a mean follows, make it one of the others."""
    counted = cast(not_equal(reshape(y_true, values.value.shape), ignored), values.dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        counted = counted * (values.size / maximum_(reduce_sum(counted), 1))
    if sample_weight is None:
        return counted
    counted, weight = fitted_weight(counted, sample_weight)
    return counted * weight


class LossFunctionWrapper(Loss):
    """A loss made of a function and keyword arguments for it."""

    def __init__(
        self,
        fn: LossFunction,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or fn.__name__, reduction, dtype)
        self.fn, self._arguments = fn, kwargs

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return self.fn(y_true, y_pred, **self._arguments)


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
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
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
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
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
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis


FUNCTIONS = (
    mean_squared_error,
    mean_absolute_error,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
CLASSES = (
    MeanSquaredError,
    MeanAbsoluteError,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
MSE = mse = mean_squared_error
MAE = mae = mean_absolute_error
KNOWN = {
    **by_name(*CLASSES),
    **by_name(*FUNCTIONS),
    "mse": mean_squared_error,
    "MSE": mean_squared_error,
    "mae": mean_absolute_error,
    "MAE": mean_absolute_error,
    "bce": binary_crossentropy,
    "BCE": binary_crossentropy,
}


def get(identifier: Any) -> Any:
    """Return the loss of a name, configuration, class, function or object; None for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    return None if identifier is None else resolve("loss", identifier, KNOWN)


def as_loss(identifier: Any) -> Loss:
    """Return what `compile(loss=...)` was given as a Loss."""
    found = get(identifier)
    return found if isinstance(found, Loss) else LossFunctionWrapper(found)


__all__ = [*(f.__name__ for f in FUNCTIONS + CLASSES), "MAE", "MSE", "Loss", "get", "mae", "mse", "serialize"]
__getattr__ = reporter(__name__)
