"""Counts of right and wrong predictions at thresholds: what precision, recall, AUC and their kin are made of."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from klods.errors import DataError, ShapeError
from klods.keras.losses.alignment import full_weight, same_rank
from klods.keras.metrics.metric import Metric
from klods.keras.room import take_room
from klods.ops.arithmetic import ceil_, maximum_, minimum_
from klods.ops.comparison import where
from klods.ops.movement import cast, reshape, reverse, transpose
from klods.ops.picking import argsort, segment_sum
from klods.ops.reduction import cumsum, reduce_sum
from klods.tensor import Tensor

NOWHERE = -1e10  # below all predictions


class Counts(NamedTuple):
    """Weighted numbers of predictions by threshold, and by label where labels are counted apart.

    A prediction is positive where it is above the threshold, and true where that is right.
    """

    true_positives: Tensor
    false_positives: Tensor
    true_negatives: Tensor
    false_negatives: Tensor


class Counting(Metric):
    """Base of metrics whose state is counts at thresholds."""

    counted: tuple[str, ...] = Counts._fields

    def note(self, counts: Counts) -> None:
        """Add the counts of a batch to the state of those names."""
        for name in self.counted:
            getattr(self, name).assign_add(getattr(counts, name))


def counts(
    y_true: Tensor,
    y_pred: Tensor,
    thresholds: Sequence[float],
    sample_weight: Any = None,
    label_weights: Any = None,
    multi_label: bool = False,
) -> Counts:
    """Return the counts of a batch.

    Args:
        y_true: labels, 0 or not 0.
        y_pred: predictions, in the shape of the labels.
        thresholds: in ascending order where there are several.
        sample_weight: one weight per row, or per prediction.
        label_weights: one weight per column.
        multi_label: whether each column is counted apart.

    Raises:
        ShapeError: if labels and predictions differ in shape.
    """
    y_true, y_pred = same_rank(y_true, y_pred)
    if y_true.value.shape != y_pred.value.shape:
        raise ShapeError(
            f"There are labels of shape {y_true.shape} for predictions of shape {y_pred.shape}.",
            "give one label, 0 or 1, per prediction: keras.utils.to_categorical makes them of whole numbers.",
        )
    weight = full_weight(y_pred.value.shape, y_pred.dtype, sample_weight)
    if label_weights is not None:
        weight = weight * cast(label_weights, y_pred.dtype)
    count = _by_histogram if _are_even(tuple(thresholds)) else _by_comparison
    labels, p, weight = (transpose(x) if multi_label else reshape(x, (-1,)) for x in (y_true, y_pred, weight))
    return count(labels, p, weight, thresholds)


def _by_comparison(labels: Tensor, p: Tensor, weight: Tensor, thresholds: Sequence[float]) -> Counts:
    above = p > np.asarray(thresholds, p.value.dtype).reshape(-1, *[1] * p.ndim)
    positives, negatives = where(labels != 0, weight, 0), where(labels != 0, 0, weight)
    found = (
        where(above, positives, 0),
        where(above, negatives, 0),
        where(above, 0, negatives),
        where(above, 0, positives),
    )
    return Counts(*(reduce_sum(x, -1) for x in found))


def _by_histogram(labels: Tensor, p: Tensor, weight: Tensor, thresholds: Sequence[float]) -> Counts:
    """Count each prediction once, in the bin between two of the evenly spaced thresholds, and add up the bins above.

    Source: Fawcett 2006, algorithm 2, with bins in place of sorting.
    """
    bins, rows = len(thresholds), p.value.shape[:-1]
    count, last = math.prod(rows), len(rows) + 1
    lowest = int(thresholds[0] < 0)  # where even 0 is above the first threshold
    above = maximum_(cast(ceil_(minimum_(maximum_(p, 0), 1) * (bins - 1)), "int32"), lowest)  # how many thresholds
    first = bins * np.arange(count, dtype=np.int32).reshape(*rows, 1)  # where the histogram of each row begins
    place = where(labels != 0, first, first + bins * count) + bins - above
    place = reshape(where(above > 0, place, -1), (-1,))
    found = segment_sum(reshape(weight, (-1,)), place, num_segments=2 * bins * count)
    sums = reverse(cumsum(reshape(found, (2, *rows, bins)), last), [last])
    true, false = (transpose(sums[i]) for i in range(2)) if rows else (sums[0], sums[1])
    positives, negatives = (reduce_sum(where((labels != 0) == truth, weight, 0), -1) for truth in (True, False))
    return Counts(true, false, negatives - false, positives - true)


@functools.lru_cache
def _are_even(thresholds: tuple[float, ...]) -> bool:
    """Tell whether thresholds are evenly spaced from 0 to 1, give or take an epsilon."""
    return len(thresholds) > 2 and np.allclose(thresholds, np.linspace(0, 1, len(thresholds)), atol=2e-7)


def only_top_k(y_pred: Tensor, k: int) -> Tensor:
    """Return predictions with those that are not among the k largest of their row below all thresholds."""
    rank = argsort(argsort(y_pred, -1, "DESCENDING"))
    return where(rank < k, y_pred, NOWHERE)


def of_class(y: Tensor, class_id: int | None) -> Tensor:
    """Return the column of a class.

    Raises:
        ShapeError: if there is no column for it.
    """
    if class_id is None:
        return y
    if y.ndim < 2 or not 0 <= class_id < y.value.shape[-1]:
        raise ShapeError(f"class_id={class_id} asks for a column of a tensor of shape {y.shape}.", "give fewer.")
    return y[..., class_id : class_id + 1]


def checked_thresholds(given: Any, default: float) -> list[float]:
    """Return one or several thresholds as a list.

    Raises:
        DataError: for one outside 0 to 1.
    """
    thresholds = list(given) if isinstance(given, (list, tuple, np.ndarray)) else [default if given is None else given]
    wrong = [t for t in thresholds if given is not None and (t is None or not 0 <= t <= 1)]
    if wrong:
        raise DataError(f"A threshold is {wrong[0]}.", "give numbers from 0 to 1.")
    return thresholds


def even_thresholds(count: int) -> list[float]:
    """Return evenly spaced thresholds from 0 to 1; 0.5 if one is wanted.

    Raises:
        DataError: if fewer than one is wanted.
    """
    if count < 1:
        raise DataError(f"num_thresholds is {count}.", "give 1 or more.")
    take_room(f"A metric wants {count} thresholds", count)
    return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]
