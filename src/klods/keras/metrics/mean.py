"""Metrics that add up: sums and means of values, and of a function of labels and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from klods.functions import divide_no_nan
from klods.keras import losses
from klods.keras.configuration import FunctionWrapper
from klods.keras.masks import mask_of
from klods.keras.metrics.metric import Metric
from klods.ops.movement import broadcast_to, cast
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor


class Sum(Metric):
    """The weighted sum of all values."""

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
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
        super().__init__(dtype, name)
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


class MeanMetricWrapper(FunctionWrapper, Mean):
    """The mean of a function of labels and predictions, such as a loss.

    Args:
        fn: a function that returns one number per row.
        name: a name, under which the figure is shown.
        dtype: of the state.
        kwargs: further arguments of the function.
    """

    kind: ClassVar[str] = "metric"
    functions: ClassVar[dict[str, Callable[..., Any]]] = {}  # those that configurations name; filled by the package

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name, dtype)  # type: ignore[arg-type]
        self.fn, self._arguments = fn, kwargs
        if self._direction is None and fn in losses.FUNCTIONS:
            self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take one batch into account; rows that the mask of `y_pred` leaves out don't count."""
        mask = mask_of(y_pred)
        values = self.fn(y_true, y_pred, **self._arguments)
        if mask is not None:
            sample_weight = losses.masked_weight(sample_weight, mask, self.dtype, "sum")
        super().update_state(values, sample_weight)
