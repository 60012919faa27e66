"""Metrics of measurements: how far numbers are from numbers."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError, ShapeError, unknown_name
from klods.keras import losses
from klods.keras.losses.regression import cosine
from klods.keras.metrics.mean import Mean, MeanMetricWrapper
from klods.keras.metrics.metric import Metric
from klods.ops.arithmetic import sqrt_, square
from klods.ops.comparison import is_inf, where
from klods.ops.movement import cast
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor, Variable


class MeanSquaredError(MeanMetricWrapper):
    """The mean of (y_true - y_pred)^2."""

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of |y_true - y_pred|."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """100 times the mean of |y_true - y_pred| / |y_true|."""

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of (log(1 + y_true) - log(1 + y_pred))^2."""

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(MeanMetricWrapper):
    """The mean of log(cosh(y_pred - y_true))."""

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between labels and predictions: 1 where they point the same way."""

    _direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine, name, dtype, axis=axis)
        self.axis = axis


class RootMeanSquaredError(Mean):
    """The square root of the mean of (y_true - y_pred)^2."""

    _direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        y_true, y_pred = losses.paired(y_true, y_pred)
        super().update_state(square(y_true - y_pred), sample_weight)

    def result(self) -> Tensor:
        return sqrt_(super().result())


class R2Score(Metric):
    """The share of the labels' variance that predictions explain: 1 for all of it, 0 for none.

    Args:
        class_aggregation: how the scores of several outputs become one: `uniform_average`,
            `variance_weighted_average`, or None to return them all.
        num_regressors: how many numbers predictions were made from; if given, the score is adjusted for them, as long
            as there are more samples.
        name: a name, under which the figure is shown.
        dtype: of the state.

    Raises:
        NameUnknownError: for another aggregation.
        DataError: for a negative number of regressors.
    """

    _direction = "up"
    squared_sum: Variable
    sum: Variable
    total_mse: Variable
    count: Variable

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if class_aggregation not in AGGREGATIONS:
            raise unknown_name("class_aggregation", class_aggregation, filter(None, AGGREGATIONS))
        if num_regressors < 0:
            raise DataError(f"R2Score got num_regressors={num_regressors}.", "give 0 or more.")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_weight(name="num_samples")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = losses.same_rank(cast(y_true, self.dtype), cast(y_pred, self.dtype))
        if not hasattr(self, "count"):
            self._build(y_true, y_pred)
        weight = losses.full_weight(y_true.value.shape, self.dtype, sample_weight)
        self.sum.assign_add(reduce_sum(y_true * weight, 0))
        self.squared_sum.assign_add(reduce_sum(y_true * y_true * weight, 0))
        self.total_mse.assign_add(reduce_sum(square(y_true - y_pred) * weight, 0))
        self.count.assign_add(reduce_sum(weight, 0))
        self.num_samples.assign_add(float(y_true.size))

    def _build(self, y_true: Tensor, y_pred: Tensor) -> None:
        if y_true.value.shape != y_pred.value.shape or y_true.ndim != 2:
            raise ShapeError(
                f"R2Score got labels of shape {y_true.shape} for predictions of shape {y_pred.shape}.",
                "give one row per sample and one label per output.",
            )
        self.add_zeros(("squared_sum", "sum", "total_mse", "count"), y_true.value.shape[1:])

    def result(self) -> Tensor:
        mean = self.sum / self.count
        variation = self.squared_sum - self.sum * mean
        scores = 1 - self.total_mse / variation
        scores = where(is_inf(scores), 0, scores)
        return self._adjusted(self._aggregated(scores, variation))

    def _aggregated(self, scores: Tensor, variation: Tensor) -> Tensor:
        if self.class_aggregation == "uniform_average":
            return reduce_mean(scores)
        if self.class_aggregation == "variance_weighted_average":
            return reduce_sum(variation * scores) / reduce_sum(variation)
        return scores

    def _adjusted(self, score: Tensor) -> Tensor:
        """Return the score less what this many regressors explain by chance."""
        if not self.num_regressors:
            return score
        free = self.num_samples - self.num_regressors - 1
        return where(free > 0, 1 - (1 - score) * (self.num_samples - 1) / where(free > 0, free, 1), score)


AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")
