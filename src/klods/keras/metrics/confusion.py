"""Counts of the confusion matrix, precision and recall."""

from __future__ import annotations

from typing import Any

from klods.functions import divide_no_nan
from klods.keras.metrics.thresholds import NOWHERE, Counting, checked_thresholds, counts, of_class, only_top_k
from klods.ops.movement import cast
from klods.tensor import Tensor, Variable


class _Count(Counting):
    """Base of the metrics that are one number of the confusion matrix, by threshold.

    Args:
        thresholds: a number or a list, 0.5 by default: predictions above it are positive.
        name: a name, under which the figure is shown.
        dtype: of the state.

    Raises:
        DataError: for a threshold outside 0 to 1.
    """

    accumulator: Variable

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.init_thresholds, self.thresholds = thresholds, checked_thresholds(thresholds, 0.5)
        self.add_zeros(("accumulator",), (len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = cast(y_true, self.dtype), cast(y_pred, self.dtype)
        found = counts(y_true, y_pred, self.thresholds, sample_weight)
        self.accumulator.assign_add(getattr(found, self.counted[0]))

    def result(self) -> Tensor:
        return self.accumulator[0] if len(self.thresholds) == 1 else self.accumulator.read_value()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """How many labels 1 have predictions above a threshold."""

    counted = ("true_positives",)


class FalsePositives(_Count):
    """How many labels 0 have predictions above a threshold."""

    counted = ("false_positives",)


class TrueNegatives(_Count):
    """How many labels 0 have predictions up to a threshold."""

    counted = ("true_negatives",)


class FalseNegatives(_Count):
    """How many labels 1 have predictions up to a threshold."""

    counted = ("false_negatives",)


class _ShareOfTrue(Counting):
    """Base of precision and recall: true positives divided by them and one kind of mistake.

    Args:
        thresholds: a number or a list, 0.5 by default: predictions above it are positive.
        top_k: how many of the largest predictions of each row are positive, in place of a threshold, or at most.
        class_id: the one class to look at, where there are several.
        name: a name, under which the figure is shown.
        dtype: of the state.

    Raises:
        DataError: for a threshold outside 0 to 1.
    """

    _direction = "up"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self.thresholds = checked_thresholds(thresholds, 0.5 if top_k is None else NOWHERE)
        self.add_zeros(self.counted, (len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = cast(y_true, self.dtype), cast(y_pred, self.dtype)
        if self.top_k is not None:
            y_pred = only_top_k(y_pred, self.top_k)
        y_true, y_pred = of_class(y_true, self.class_id), of_class(y_pred, self.class_id)
        self.note(counts(y_true, y_pred, self.thresholds, sample_weight))

    def result(self) -> Tensor:
        right, wrong = (getattr(self, name) for name in self.counted)
        share = divide_no_nan(right, right + wrong)
        return share[0] if len(self.thresholds) == 1 else share

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class Precision(_ShareOfTrue):
    """The share of the predictions above a threshold that are right.

    Example:
        >>> float(Precision()([0, 1, 1, 1], [1., 0., 1., 1.]))
        0.6666666865348816
    """

    counted = ("true_positives", "false_positives")


class Recall(_ShareOfTrue):
    """The share of the labels 1 that have predictions above a threshold.

    Example:
        >>> float(Recall()([0, 1, 1, 1], [1., 0., 1., 1.]))
        0.6666666865348816
    """

    counted = ("true_positives", "false_negatives")
