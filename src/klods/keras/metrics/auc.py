"""AUC: the area under a curve that thresholds draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.errors import DataError, ShapeError, unknown_name
from klods.functions import divide_no_nan
from klods.keras.config import epsilon
from klods.keras.metrics.thresholds import Counting, counts, even_thresholds
from klods.ops.activation import sigmoid
from klods.ops.arithmetic import log_, maximum_, minimum_
from klods.ops.comparison import equal, logical_and, where
from klods.ops.movement import cast
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor, Variable, convert_to_tensor

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "minoring", "majoring")


class AUC(Counting):
    """The area under the ROC or the precision-recall curve, by counts at thresholds.

    Args:
        num_thresholds: how many thresholds, evenly spaced from 0 to 1.
        curve: `ROC` (the share of labels 1 that are found over that of labels 0 taken for 1), `PR` (precision over
            recall) or `PRGAIN` (their gains over always saying 1; Flach & Kull 2015).
        summation_method: the height of the curve between two points: `interpolation` (their mean; of the PR curve, the
            curve of Davis & Goadrich 2006), `minoring` (the lower one) or `majoring` (the higher one).
        name: a name, under which the figure is shown.
        dtype: of the state.
        thresholds: numbers between 0 and 1, in place of evenly spaced ones.
        multi_label: whether each column is a label with a curve of its own, of whose areas the mean is taken.
        num_labels: how many columns there are then; found out from the first batch when None.
        label_weights: the weight of each label: in that mean, or of its predictions.
        from_logits: whether predictions are logits.

    Raises:
        NameUnknownError: for another curve or method.
        DataError: for options that don't go together.

    Example:
        >>> float(AUC(num_thresholds=3)([0, 0, 1, 1], [0., 0.5, 0.3, 0.9]))
        0.75
    """

    _direction = "up"
    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        if self.curve not in CURVES:
            raise unknown_name("curve", self.curve, CURVES)
        if self.summation_method not in SUMMATIONS:
            raise unknown_name("summation_method", self.summation_method, SUMMATIONS)
        if num_labels and not multi_label:
            raise DataError("num_labels is given, but multi_label is not True.", "write multi_label=True.")
        if num_thresholds < 2 and thresholds is None:
            raise DataError(f"AUC got num_thresholds={num_thresholds}.", "give 2 or more.")
        self._own_thresholds = thresholds is not None
        inner = even_thresholds(num_thresholds)[1:-1] if thresholds is None else sorted(thresholds)
        self.thresholds = [-epsilon(), *inner, 1 + epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else [float(weight) for weight in label_weights]
        if num_labels or not multi_label:
            self._build(num_labels)

    def _build(self, labels: int | None) -> None:
        self.add_zeros(self.counted, (self.num_thresholds, labels) if labels else (self.num_thresholds,))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = cast(y_true, self.dtype), cast(y_pred, self.dtype)
        if self.multi_label and y_pred.ndim != 2:
            raise ShapeError(
                f"'{self.name}' got predictions of shape {y_pred.shape} for multi_label=True.",
                "give one row per sample and one column per label.",
            )
        if not hasattr(self, "true_positives"):
            self._build(y_pred.value.shape[1])
        y_pred = sigmoid(y_pred) if self.from_logits else y_pred
        weights = None if self.multi_label else self.label_weights
        self.note(counts(y_true, y_pred, self.thresholds, sample_weight, weights, self.multi_label))

    def result(self) -> Tensor:
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._of_labels(self._interpolated_areas())
        x, y = {"ROC": self._roc, "PR": self._precision_recall, "PRGAIN": self._gains}[self.curve]()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2
        else:
            heights = (minimum_ if self.summation_method == "minoring" else maximum_)(y[:-1], y[1:])
        return self._of_labels((x[:-1] - x[1:]) * heights)

    def _of_labels(self, areas: Tensor) -> Tensor:
        """Return the sum of the areas between thresholds, or the mean of the labels' sums."""
        if not self.multi_label:
            return reduce_sum(areas)
        by_label = reduce_sum(areas, 0)
        if self.label_weights is None:
            return reduce_mean(by_label)
        weights = cast(self.label_weights, self.dtype)
        return divide_no_nan(reduce_sum(by_label * weights), reduce_sum(weights))

    def _roc(self) -> tuple[Tensor, Tensor]:
        return divide_no_nan(self.false_positives, self.false_positives + self.true_negatives), self._recall()

    def _precision_recall(self) -> tuple[Tensor, Tensor]:
        return self._recall(), divide_no_nan(self.true_positives, self.true_positives + self.false_positives)

    def _recall(self) -> Tensor:
        return divide_no_nan(self.true_positives, self.true_positives + self.false_negatives)

    def _gains(self) -> tuple[Tensor, Tensor]:
        """Return recall gain and precision gain (Flach & Kull 2015, equation 4)."""
        found, none = self.true_positives, equal(self.true_positives, 0)
        odds = divide_no_nan(found + self.false_negatives, self.true_negatives + self.false_positives)
        recall = 1 - odds * divide_no_nan(self.false_negatives, found)
        precision = 1 - odds * divide_no_nan(self.false_positives, found)
        return maximum_(where(none, 0, recall), 0), where(none, 1, precision)

    def _interpolated_areas(self) -> Tensor:
        """Return the areas under the PR curve between thresholds, of counts that go evenly from one to the next.

        Source: Davis & Goadrich 2006, section 4. Between two points with a and b predictions above the threshold,
        true positives are slope * p + intercept for p from a to b; precision, that divided by p, is integrated over
        recall.
        """
        found, positive = convert_to_tensor(self.true_positives), self.true_positives + self.false_positives
        rise, run = found[:-1] - found[1:], positive[:-1] - positive[1:]
        slope = divide_no_nan(rise, maximum_(run, 0))
        intercept = found[1:] - slope * positive[1:]
        both = logical_and(positive[:-1] > 0, positive[1:] > 0)
        ratio = where(both, divide_no_nan(positive[:-1], maximum_(positive[1:], 0)), 1)
        area = slope * (rise + intercept * log_(ratio))
        return divide_no_nan(area, maximum_(found[1:] + self.false_negatives[1:], 0))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        config = super().get_config()
        inner = config.pop("thresholds")[1:-1]
        return {**config, "thresholds": inner} if self._own_thresholds else config
