"""Counts of right and wrong predictions at thresholds: what precision, recall, AUC and their kin are made of."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from klods.errors import DataError, ShapeError
from klods.keras.losses.alignment import full_weight, same_rank
from klods.keras.metrics.metric import Metric
from klods.ops.arithmetic import ceil_, maximum_, minimum_
from klods.ops.comparison import where
from klods.ops.movement import cast, reshape, transpose
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
    labels, predictions, weight = (_columns(x, multi_label) for x in (y_true, y_pred, weight))
    positives, negatives = where(labels != 0, weight, 0), where(labels != 0, 0, weight)
    count = _by_histogram if _are_even(tuple(thresholds)) else _by_comparison
    found = count(predictions, positives, negatives, thresholds)
    return Counts(*(x if multi_label else reshape(x, (-1,)) for x in found))


def _columns(x: Tensor, multi_label: bool) -> Tensor:
    """Return a row per label where these are counted apart, otherwise one row of all."""
    return transpose(x) if multi_label else reshape(x, (1, -1))


def _by_comparison(p: Tensor, positives: Tensor, negatives: Tensor, thresholds: Sequence[float]) -> list[Tensor]:
    above = p > np.asarray(thresholds, p.value.dtype).reshape(-1, 1, 1)
    found = (
        where(above, positives, 0),
        where(above, negatives, 0),
        where(above, 0, negatives),
        where(above, 0, positives),
    )
    return [reduce_sum(x, -1) for x in found]


def _by_histogram(p: Tensor, positives: Tensor, negatives: Tensor, thresholds: Sequence[float]) -> list[Tensor]:
    """Count each prediction once, in the bin between two of the evenly spaced thresholds, and add up the bins.

    Source: Fawcett 2006, algorithm 2, with bins in place of sorting.
    """
    bins, (labels, _) = len(thresholds), p.value.shape
    lowest = int(thresholds[0] < 0)  # where even 0 is above the first threshold
    place = cast(ceil_(minimum_(maximum_(p, 0), 1) * (bins - 1)), "int32")
    place = minimum_(maximum_(place, lowest), bins - 1) + bins * np.arange(labels, dtype=np.int32)[:, None]
    true, false = (_in_bins_above(x, place, bins) for x in (positives, negatives))
    return [true, false, reduce_sum(negatives, -1) - false, reduce_sum(positives, -1) - true]


def _in_bins_above(x: Tensor, place: Tensor, bins: int) -> Tensor:
    """Return for each bin, and each row of x, the sum of the elements whose place is in a bin above."""
    rows = x.value.shape[0]
    found = segment_sum(reshape(x, (-1,)), reshape(place, (-1,)), num_segments=rows * bins)
    return transpose(cumsum(reshape(found, (rows, bins)), 1, exclusive=True, reverse=True))


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
    return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]
