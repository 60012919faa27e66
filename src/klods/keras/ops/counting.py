"""Keras's `keras.ops` that count: numbers into bins, rows into segments, places into axes; see `klods.counting`."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods import counting, places
from klods.arranging import unstack
from klods.errors import DataError
from klods.keras.ops.names import amax, amin, cast, maximum, minimum
from klods.keras.ops.numbers import max
from klods.keras.ops.pointwise import floating
from klods.keras.ops.shapes import argsort, linspace, ravel, where
from klods.keras.ops.statistics import searchsorted
from klods.ops import picking
from klods.tensor import Tensor, convert_to_tensor


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """Return how often each whole number from 0 on occurs; in each row of a matrix.

    Args:
        x: the numbers.
        weights: what each counts; 1 by default.
        minlength: the least number of counts.
        sparse: accepted for Keras's sake: klods has dense tensors only.
    """
    numbers = convert_to_tensor(x)
    return counting.bincount(numbers, weights, minlength, axis=-1 if numbers.ndim > 1 else None)


def histogram(x: Any, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """Return how many numbers fall in each of equal parts of a range, and the limits of the parts.

    Args:
        x: the numbers; those outside the range don't count.
        bins: how many parts.
        range: the lowest and the highest limit; those of the numbers by default.

    Raises:
        DataError: for a number of bins below 1, or a range that falls.

    Example:
        >>> counts, limits = histogram([1., 2., 4., 4.], bins=3)
        >>> counts.numpy().tolist(), limits.numpy().tolist()
        ([1.0, 1.0, 2.0], [1.0, 2.0, 3.0, 4.0])
    """
    numbers = ravel(floating(x))
    if bins < 1 or (range is not None and range[0] > range[1]):
        raise DataError(f"histogram: bins={bins}, range={range}.", "give at least one bin, and a range that rises.")
    low, high = (amin(numbers), amax(numbers)) if range is None else map(floating, range)
    level = cast(low >= high, low.dtype) / 2  # a range without width gets one of 1
    limits = linspace(low - level, high + level, bins + 1)
    inside = (numbers >= limits[0]) & (numbers <= limits[bins])
    found = minimum(searchsorted(limits, numbers, "right") - 1, bins - 1)
    counts = counting.bincount(where(inside, maximum(found, 0), bins), minlength=bins + 1, maxlength=bins + 1)
    return cast(counts[:bins], numbers.dtype), limits


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the different elements, or slices along an axis, in ascending order.

    How many there are depends on the values, so it can't be traced.

    Args:
        x: the tensor.
        sorted: accepted for Keras's sake: they always are.
        return_index: whether to return, too, where each comes first.
        return_inverse: whether to return, too, where each element stands among them.
        return_counts: whether to return, too, how often each occurs.
        axis: the axis along which slices are compared; elements are when it is None.
        size: how many to return: the first ones, or with `fill_value` behind them.
        fill_value: the first of them by default.

    Example:
        >>> values, counts = unique([3, 1, 3], return_counts=True)
        >>> values.numpy().tolist(), counts.numpy().tolist()
        ([1, 3], [1, 2])
    """
    array = np.asarray(convert_to_tensor(x).value)
    values, first, inverse, counts = np.unique(array, True, True, True, axis=axis, equal_nan=False)
    if size is not None:
        values, first, counts = _of_size(values, first, counts, axis or 0, size, fill_value)
    inverse = inverse.reshape(array.shape if axis is None else -1)
    wanted = [(True, values), (return_index, first), (return_inverse, inverse), (return_counts, counts)]
    found = [Tensor(part if i == 0 else part.astype(np.int32)) for i, (want, part) in enumerate(wanted) if want]
    return tuple(found) if len(found) > 1 else found[0]


def _of_size(
    values: np.ndarray, first: np.ndarray, counts: np.ndarray, axis: int, size: int, fill_value: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return so many values with where they come first and their counts; those behind the last one are filled up."""
    places = np.arange(size)
    there = places < len(first)
    taken = np.where(there, places, 0)[: size if len(first) else 0]
    chosen = np.moveaxis(values.take(taken, axis), axis, 0)
    if fill_value is not None:
        chosen[~there] = fill_value
    return np.moveaxis(chosen, 0, axis), first[taken], np.where(there, counts[taken], 0)


def argpartition(x: Any, kth: int, axis: int | None = -1) -> Tensor:
    """Return an order in which the kth element is where it is in sorted ones: smaller ones before it; see `argsort`."""
    return argsort(x, axis)


def unravel_index(indices: Any, shape: Any) -> tuple[Tensor, ...]:
    """Return the places along each axis of a shape of elements that are counted row by row.

    Example:
        >>> [places.numpy().tolist() for places in unravel_index([2, 5, 7], (3, 3))]
        [[0, 1, 2], [2, 2, 1]]
    """
    return tuple(unstack(places.unravel_index(indices, shape)))


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the sums of the rows that have the same number.

    Args:
        data: the rows.
        segment_ids: a number for each.
        num_segments: how many sums to return; by default one more than the largest number.
        sorted: whether numbers rise, which makes no difference here.
    """
    count = _count(segment_ids, num_segments)
    return picking.segment_sum(convert_to_tensor(data), convert_to_tensor(segment_ids), num_segments=count)


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the largest of the rows that have the same number, the dtype's least where none has; see `segment_sum`."""
    return counting.unsorted_segment_max(data, segment_ids, _count(segment_ids, num_segments))


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the smallest of the rows that have the same number; see `segment_max`."""
    return counting.unsorted_segment_min(data, segment_ids, _count(segment_ids, num_segments))


def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the products of the rows that have the same number, 1 where none has; see `segment_sum`."""
    return counting.unsorted_segment_prod(data, segment_ids, _count(segment_ids, num_segments))


def _count(segment_ids: Any, num_segments: int | None) -> int:
    return int(max(segment_ids)) + 1 if num_segments is None else num_segments
