"""F-scores: the harmonic mean of precision and recall."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError, ShapeError, unknown_name
from klods.keras.config import epsilon
from klods.keras.metrics.metric import Metric
from klods.ops.arithmetic import abs_
from klods.ops.comparison import greater, logical_and
from klods.ops.movement import cast, reshape
from klods.ops.reduction import reduce_max, reduce_mean, reduce_sum
from klods.tensor import Tensor, Variable

AVERAGES = (None, "micro", "macro", "weighted")
COUNTS = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")


class FBetaScore(Metric):
    """(1 + beta^2) times precision times recall / (beta^2 precision + recall) (van Rijsbergen 1979).

    Labels are one-hot, or 0 and 1 per output.

    Args:
        average: how the scores of the classes become one: `micro` (of all counts together), `macro` (their mean),
            `weighted` (by how often each class occurs), or None to return them all.
        beta: how much more recall counts than precision.
        threshold: what predictions must be above to count; the largest of the row when None.
        name: a name, under which the figure is shown.
        dtype: of the state.

    Raises:
        NameUnknownError: for another average.
        DataError: for a beta or threshold that makes no sense.
    """

    _direction = "up"
    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if average not in AVERAGES:
            raise unknown_name("average", average, filter(None, AVERAGES))
        if not beta > 0:
            raise DataError(f"beta is {beta}.", "give a number above 0.")
        if threshold is not None and not 0 < threshold <= 1:
            raise DataError(f"The threshold is {threshold}.", "give a number above 0 and at most 1, or None.")
        self.average, self.beta, self.threshold = average, beta, threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = cast(y_true, self.dtype), cast(y_pred, self.dtype)
        if y_true.ndim != 2 or y_pred.ndim != 2 or y_true.value.shape != y_pred.value.shape:
            raise ShapeError(
                f"'{self.name}' got labels of shape {y_true.shape} for predictions of shape {y_pred.shape}.",
                "give one row per sample with one label per class: keras.utils.to_categorical makes such labels.",
            )
        if not hasattr(self, "true_positives"):
            self.add_zeros(COUNTS, () if self.average == "micro" else y_pred.value.shape[1:])
        chosen = cast(self._chosen(y_pred), self.dtype)
        parts = (chosen * y_true, chosen * (1 - y_true), (1 - chosen) * y_true, y_true)
        weight = None if sample_weight is None else reshape(cast(sample_weight, self.dtype), (-1, 1))
        for name, part in zip(COUNTS, parts):
            weighed = part if weight is None else part * weight
            getattr(self, name).assign_add(reduce_sum(weighed, None if self.average == "micro" else 0))

    def _chosen(self, y_pred: Tensor) -> Tensor:
        if self.threshold is not None:
            return greater(y_pred, self.threshold)
        return logical_and(y_pred >= reduce_max(y_pred, -1, True), abs_(y_pred) > 1e-9)

    def result(self) -> Tensor:
        precision = self.true_positives / (self.true_positives + self.false_positives + epsilon())
        recall = self.true_positives / (self.true_positives + self.false_negatives + epsilon())
        square = self.beta**2
        score = precision * recall / (square * precision + recall + epsilon()) * (1 + square)
        if self.average == "weighted":
            total = reduce_sum(self.intermediate_weights) + epsilon()
            return reduce_sum(score * (self.intermediate_weights / total))
        return score if self.average is None else reduce_mean(score)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall; see `FBetaScore`."""

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str = "f1_score", dtype: Any = None
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
