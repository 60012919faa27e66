"""Metrics: figures that gather over the batches of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.keras import initializers, losses
from klods.keras.configuration import Configurable, by_name, resolve, serialize, snake_case, unique_name
from klods.missing import reporter
from klods.ops.arithmetic import divide_no_nan, sqrt_, square
from klods.ops.comparison import equal, greater
from klods.ops.movement import broadcast_to, cast, reshape
from klods.ops.reduction import argmax, reduce_mean, reduce_sum
from klods.tensor import Tensor, Variable, convert_to_tensor


class Metric(Configurable):
    """Base of all. A metric of your own makes its state with `add_weight` and defines `update_state` and `result`.

    Args:
        name: a name, under which the figure is shown.
        dtype: of the state.
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.dtype = dtype or "float32"
        self._variables: list[Variable] = []

    def add_weight(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Return a new number, or array, of state, which `reset_state` sets to zero."""
        start = initializers.get(initializer)(tuple(shape), dtype or self.dtype)
        variable = Variable(start, trainable=False, name=name)
        self._variables.append(variable)
        return variable

    add_variable = add_weight

    @property
    def variables(self) -> list[Variable]:
        return list(self._variables)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take one batch into account."""
        raise NotImplementedError

    def result(self) -> Tensor:
        """Return the figure over all batches since the last reset."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self._variables:
            variable.assign(np.zeros(variable.shape, variable.dtype.as_numpy_dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take one batch into account and return the figure."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Sum(Metric):
    """The weighted sum of all values."""

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total = self.add_weight(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        self.total.assign_add(reduce_sum(_weighed(cast(values, self.dtype), sample_weight)[0]))

    def result(self) -> Tensor:
        return self.total.read_value()


class Mean(Metric):
    """The weighted mean of all values; 0 before the first.

    Example:
        >>> mean = Mean()
        >>> float(mean([1., 2., 6.]))
        3.0
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total = self.add_weight(name="total")
        self.count = self.add_weight(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, weights = _weighed(cast(values, self.dtype), sample_weight)
        self.total.assign_add(reduce_sum(_mean_of_rows(values)))
        if weights is None:
            self.count.assign_add(values.value.shape[0] if values.ndim else 1)
        else:
            self.count.assign_add(reduce_sum(_mean_of_rows(weights)))

    def result(self) -> Tensor:
        return divide_no_nan(self.total, self.count)


def _weighed(values: Tensor, sample_weight: Any) -> tuple[Tensor, Tensor | None]:
    """Return values times their sample weights, and the weights in the values' shape, None for no weights."""
    if sample_weight is None:
        return values, None
    values, weights = losses.fitted_weight(values, sample_weight)
    if weights.value.shape != values.value.shape:
        weights = broadcast_to(weights, values.value.shape)
    return values * weights, weights


def _mean_of_rows(values: Tensor) -> Tensor:
    return reduce_mean(values, tuple(range(1, values.ndim))) if values.ndim > 1 else values


class MeanMetricWrapper(Mean):
    """The mean of a function of labels and predictions, such as a loss."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or fn.__name__, dtype)
        self.fn, self._arguments = fn, kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        super().update_state(self.fn(y_true, y_pred, **self._arguments), sample_weight)


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
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.value.shape[-1] == 1:
        y_true = reshape(y_true, y_true.value.shape[:-1])
    return cast(equal(cast(y_true, "int64"), argmax(y_pred, -1)), "float32")


class Accuracy(MeanMetricWrapper):
    """How often labels and predictions are equal."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often outputs are on the right side of a threshold."""

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the one-hot label."""

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the whole-number label."""

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class MeanSquaredError(MeanMetricWrapper):
    """The mean of (y_true - y_pred)^2."""

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of |y_true - y_pred|."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of (y_true - y_pred)^2."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        y_true, y_pred = losses.paired(y_true, y_pred)
        super().update_state(square(y_true - y_pred), sample_weight)

    def result(self) -> Tensor:
        return sqrt_(super().result())


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of labels 0 or 1."""

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            losses.binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing
        )
        self.from_logits, self.label_smoothing = from_logits, label_smoothing


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of one-hot labels."""

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of whole-number labels."""

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, from_logits=from_logits, axis=axis)
        self.from_logits, self.axis = from_logits, axis


mse = MSE = mean_squared_error = losses.mean_squared_error
mae = MAE = mean_absolute_error = losses.mean_absolute_error
binary_crossentropy = losses.binary_crossentropy
categorical_crossentropy = losses.categorical_crossentropy
sparse_categorical_crossentropy = losses.sparse_categorical_crossentropy
CLASSES = (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    MeanSquaredError,
    MeanAbsoluteError,
    RootMeanSquaredError,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    Mean,
    Sum,
)
KNOWN = {
    **by_name(*CLASSES),
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "bce": BinaryCrossentropy,
    "BCE": BinaryCrossentropy,
}


def get(identifier: Any) -> Any:
    """Return the metric of a name, configuration, class, function or object; None for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    return None if identifier is None else resolve("metric", identifier, KNOWN)


def as_metric(identifier: Any) -> Metric:
    """Return what `compile(metrics=[...])` was given as a Metric.

    `accuracy` and `crossentropy` mean the binary, categorical or sparse kind, whichever the shapes of labels and
    predictions call for.

    Raises:
        NameUnknownError: for an unknown name.
        DataError: for what is no metric.
    """
    if isinstance(identifier, str) and identifier.lower() in CHOSEN_BY_SHAPE:
        return MeanMetricWrapper(CHOSEN_BY_SHAPE[identifier.lower()], identifier)
    found = get(identifier)
    if isinstance(found, Metric):
        if isinstance(identifier, str):
            found.name = identifier
        return found
    if not callable(found):
        raise DataError(f"{identifier!r} is no metric.", "give a name, a Metric, or a function (y_true, y_pred).")
    return MeanMetricWrapper(found)


def accuracy_by_shape(y_true: Any, y_pred: Any) -> Tensor:
    """Return binary, sparse or categorical accuracy, whichever the shapes call for."""
    kinds = {"binary": binary_accuracy, "sparse": sparse_categorical_accuracy, "categorical": categorical_accuracy}
    return kinds[_label_kind(y_true, y_pred)](y_true, y_pred)


def crossentropy_by_shape(y_true: Any, y_pred: Any) -> Tensor:
    """Return binary, sparse or categorical cross-entropy, whichever the shapes call for."""
    kinds = {
        "binary": losses.binary_crossentropy,
        "sparse": losses.sparse_categorical_crossentropy,
        "categorical": losses.categorical_crossentropy,
    }
    return kinds[_label_kind(y_true, y_pred)](y_true, y_pred)


CHOSEN_BY_SHAPE: dict[str, Callable[..., Tensor]] = {
    "accuracy": accuracy_by_shape,
    "acc": accuracy_by_shape,
    "crossentropy": crossentropy_by_shape,
    "ce": crossentropy_by_shape,
}


def _label_kind(y_true: Any, y_pred: Any) -> str:
    labels, predictions = (np.shape(getattr(y, "value", y)) for y in (y_true, y_pred))
    if predictions[-1:] == (1,):
        return "binary"
    return "sparse" if len(labels) < len(predictions) or labels[-1:] == (1,) else "categorical"


__all__ = [
    *(c.__name__ for c in CLASSES),
    *(f.__name__ for f in losses.FUNCTIONS),
    "MeanMetricWrapper",
    "Metric",
    "binary_accuracy",
    "categorical_accuracy",
    "get",
    "serialize",
    "sparse_categorical_accuracy",
]
__getattr__ = reporter(__name__)
