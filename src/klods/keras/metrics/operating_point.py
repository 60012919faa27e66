"""The best of one figure at the thresholds where another is good enough."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError
from klods.functions import divide_no_nan
from klods.keras.metrics.thresholds import Counting, counts, even_thresholds, of_class
from klods.ops.comparison import where
from klods.ops.movement import cast
from klods.ops.reduction import reduce_max
from klods.tensor import Tensor, Variable


class _OperatingPoint(Counting):
    """Base: counts at many thresholds, of which the best is chosen.

    Args:
        value: what the one figure must reach, from 0 to 1.
        num_thresholds: how many thresholds to try, evenly spaced from 0 to 1.
        class_id: the one class to look at, where there are several.
        name: a name, under which the figure is shown.
        dtype: of the state.

    Raises:
        DataError: for a value outside 0 to 1, or no thresholds.
    """

    _direction = "up"
    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def __init__(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        super().__init__(dtype, name)
        if not 0 <= value <= 1:
            raise DataError(f"{type(self).__name__} is asked for at {value}.", "give a number from 0 to 1.")
        self.num_thresholds, self.class_id = num_thresholds, class_id
        self.thresholds = even_thresholds(num_thresholds)
        self.add_zeros(self.counted, (num_thresholds,))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = (of_class(cast(y, self.dtype), self.class_id) for y in (y_true, y_pred))
        self.note(counts(y_true, y_pred, self.thresholds, sample_weight))

    def _sensitivities(self) -> Tensor:
        return divide_no_nan(self.true_positives, self.true_positives + self.false_negatives)

    def _specificities(self) -> Tensor:
        return divide_no_nan(self.true_negatives, self.true_negatives + self.false_positives)

    def _precisions(self) -> Tensor:
        return divide_no_nan(self.true_positives, self.true_positives + self.false_positives)


def _best(figures: Tensor, others: Tensor, least: float) -> Tensor:
    """Return the largest figure where the others reach the least; 0 if nowhere."""
    return reduce_max(where(others >= least, figures, 0))


class SensitivityAtSpecificity(_OperatingPoint):
    """The best share of labels 1 that are found where a share of labels 0 is recognised."""

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> Tensor:
        return _best(self._sensitivities(), self._specificities(), self.specificity)


class SpecificityAtSensitivity(_OperatingPoint):
    """The best share of labels 0 that are recognised where a share of labels 1 is found."""

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> Tensor:
        return _best(self._specificities(), self._sensitivities(), self.sensitivity)


class PrecisionAtRecall(_OperatingPoint):
    """The best precision where recall is at least a value."""

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> Tensor:
        return _best(self._precisions(), self._sensitivities(), self.recall)


class RecallAtPrecision(_OperatingPoint):
    """The best recall where precision is at least a value."""

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> Tensor:
        return _best(self._sensitivities(), self._precisions(), self.precision)
