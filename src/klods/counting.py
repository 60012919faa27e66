"""Numbers as labels: counting them, sorting rows into their segments, finding the different ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from klods.arranging import within
from klods.creation import ones
from klods.dtypes import as_dtype
from klods.errors import DataError, ShapeError
from klods.gradients import custom_gradient
from klods.ops import picking
from klods.ops.arithmetic import maximum_, minimum_, sqrt_
from klods.ops.block import recordable, static
from klods.ops.comparison import equal, logical_and, where
from klods.ops.effects import call, checks
from klods.ops.movement import cast, reshape
from klods.ops.reduction import reduce_max
from klods.tensor import Tensor, convert_to_tensor

# ---------------------------------------------------------------- counts


@recordable
def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = "int32",
    name: str | None = None,
    axis: int | None = None,
    binary_output: bool = False,
) -> Tensor:
    """Return how often each whole number from 0 on occurs.

    Args:
        arr: the numbers, 0 or more.
        weights: what each counts; 1 by default.
        minlength: the least number of counts.
        maxlength: the greatest number of counts: numbers from there on are left out.
        dtype: of counts without weights.
        name: accepted for TensorFlow's sake.
        axis: -1 to count along the last axis alone; all numbers together for 0 or None.
        binary_output: whether to return 1 for each number that occurs, however often.

    Raises:
        DataError: for a number below 0, or another axis.

    Example:
        >>> import klods
        >>> klods.math.bincount([1, 1, 3]).numpy()
        array([0, 2, 0, 1], dtype=int32)
    """
    numbers = convert_to_tensor(arr)
    if axis not in (None, 0, -1):
        raise DataError(f"bincount: axis is {axis}.", "make it 0, -1 or None.")
    count = _length(numbers, minlength, maxlength)
    shape = numbers.value.shape[:-1] if axis == -1 else ()
    rows = reshape(numbers, (math.prod(shape), -1)) if numbers.size else reshape(numbers, (math.prod(shape), 0))
    flat = rows + np.arange(rows.value.shape[0]).reshape(-1, 1) * count
    places = where(logical_and(_not_negative(rows) < count, rows >= 0), flat, -1)
    shares = ones(rows.value.shape, dtype) if weights is None else reshape(weights, rows.value.shape)
    total = math.prod(shape) * count
    counts = picking.segment_sum(reshape(shares, (-1,)), reshape(places, (-1,)), num_segments=total)
    return reshape(minimum_(counts, 1) if binary_output else counts, (*shape, count))


def _length(numbers: Tensor, minlength: Any, maxlength: Any) -> int:
    least, most = (None if n is None else int(static(n)) for n in (minlength, maxlength))
    if least is not None and least == most:
        return least
    largest = int(reduce_max(numbers)) + 1 if numbers.size else 0
    longest = max(largest, least or 0)
    return longest if most is None else min(longest, most)


def _not_negative(numbers: Tensor) -> Tensor:
    @checks
    def checked(array: np.ndarray) -> np.ndarray:
        if array.size and array.min() < 0:
            raise DataError(f"bincount: a number is {array.min()}.", "count numbers from 0 on.")
        return array

    return call(numbers, function=checked, shape=numbers.value.shape, dtype=numbers.value.dtype)


@recordable
def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: int | None = None,
    weights: Any = None,
    dtype: Any = "int32",
    name: str | None = None,
) -> Tensor:
    """Return how often each class (a row) was taken for each class (a column).

    Args:
        labels: the true classes, integers from 0 on.
        predictions: the predicted ones.
        num_classes: how many there are; by default one more than the largest.
        weights: what each prediction counts; 1 by default.
        dtype: of the matrix.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for a class outside.

    Example:
        >>> import klods
        >>> klods.math.confusion_matrix([1, 0, 1], [1, 1, 1]).numpy()
        array([[0, 1],
               [0, 2]], dtype=int32)
    """
    true, guessed = (reshape(cast(x, "int64"), (-1,)) for x in (labels, predictions))
    count = num_classes
    if count is None:
        count = max((int(reduce_max(x)) + 1 for x in (true, guessed) if x.size), default=0)
    shares = ones(true.value.shape, dtype) if weights is None else reshape(cast(weights, dtype), (-1,))
    places = within(true, count) * count + within(guessed, count)
    return reshape(picking.segment_sum(shares, places, num_segments=count * count), (count, count))


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: int = 100, dtype: Any = "int32", name: str | None = None
) -> Tensor:
    """Return how many values fall in each of `nbins` equal parts of a range; those outside in the outermost.

    Example:
        >>> import klods
        >>> klods.histogram_fixed_width([-1., 0., 1.5, 2., 5., 15.], [0., 5.], nbins=5).numpy()
        array([2, 1, 1, 0, 2], dtype=int32)
    """
    low, high = static(value_range)
    places = (convert_to_tensor(values) - low) * (nbins / (high - low))
    bins = cast(minimum_(maximum_(places, 0), nbins - 1), "int32")
    return bincount(bins, minlength=nbins, maxlength=nbins, dtype=dtype)


# ---------------------------------------------------------------- segments


@recordable
def unsorted_segment_sum(data: Any, segment_ids: Any, num_segments: int, name: str | None = None) -> Tensor:
    """Return the sums of the rows that have the same number; rows with a negative one are left out.

    Args:
        data: the rows.
        segment_ids: a number for each row, or for each element of the first axes.
        num_segments: how many sums.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for a number that is not below num_segments.

    Example:
        >>> import klods
        >>> klods.math.unsorted_segment_sum([1., 2., 4.], [0, 2, 0], 3).numpy()
        array([5., 0., 2.], dtype=float32)
    """
    rows, numbers, count = _segments(data, segment_ids, num_segments)
    return picking.segment_sum(rows, numbers, num_segments=count)


@recordable
def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: int, name: str | None = None) -> Tensor:
    """Return the means of the rows that have the same number, 0 where none has; see `unsorted_segment_sum`."""
    return _shared(data, segment_ids, num_segments, lambda counts: counts)


@recordable
def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: int, name: str | None = None) -> Tensor:
    """Return the sums of the rows that have the same number by the root of their count; see `unsorted_segment_sum`."""
    return _shared(data, segment_ids, num_segments, sqrt_)


@recordable
def unsorted_segment_max(data: Any, segment_ids: Any, num_segments: int, name: str | None = None) -> Tensor:
    """Return the largest of the rows that have the same number, element by element; the dtype's least where none has.

    Equal ones share the gradient. See `unsorted_segment_sum`.
    """
    rows, numbers, count = _segments(data, segment_ids, num_segments)
    return _extreme(rows, numbers=numbers, count=count, ufunc=np.maximum, start=rows.dtype.min)


@recordable
def unsorted_segment_min(data: Any, segment_ids: Any, num_segments: int, name: str | None = None) -> Tensor:
    """Return the smallest of the rows that have the same number, element by element; see `unsorted_segment_max`."""
    rows, numbers, count = _segments(data, segment_ids, num_segments)
    return _extreme(rows, numbers=numbers, count=count, ufunc=np.minimum, start=rows.dtype.max)


@recordable
def unsorted_segment_prod(data: Any, segment_ids: Any, num_segments: int, name: str | None = None) -> Tensor:
    """Return the products of the rows that have the same number, 1 where none has; see `unsorted_segment_sum`.

    Its gradient is right for factors of 0 too, the gradient's gradient for others alone.
    """
    rows, numbers, count = _segments(data, segment_ids, num_segments)
    return _product(rows, numbers=numbers, count=count)


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Return the sums of neighbouring rows that have the same number, for all numbers up to the last.

    Args:
        data: the rows.
        segment_ids: a number for each row, none smaller than the one before.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for numbers that fall.

    Example:
        >>> import klods
        >>> klods.math.segment_sum([1., 2., 4.], [0, 0, 2]).numpy()
        array([3., 0., 4.], dtype=float32)
    """
    return unsorted_segment_sum(data, *_rising(segment_ids))


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Return the means of neighbouring rows that have the same number, 0 where none has; see `segment_sum`."""
    return unsorted_segment_mean(data, *_rising(segment_ids))


def segment_prod(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Return the products of neighbouring rows that have the same number, 1 where none has; see `segment_sum`."""
    return unsorted_segment_prod(data, *_rising(segment_ids))


def segment_max(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Return the largest of neighbouring rows that have the same number, 0 where none has; see `segment_sum`."""
    return _or_zero(unsorted_segment_max, data, segment_ids)


def segment_min(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Return the smallest of neighbouring rows that have the same number, 0 where none has; see `segment_sum`."""
    return _or_zero(unsorted_segment_min, data, segment_ids)


def _segments(data: Any, segment_ids: Any, num_segments: Any) -> tuple[Tensor, Tensor, int]:
    x, numbers, count = convert_to_tensor(data), convert_to_tensor(segment_ids), int(static(num_segments))
    if x.value.shape[: numbers.ndim] != numbers.value.shape:
        raise ShapeError(
            f"segment_ids of shape {numbers.value.shape} don't fit data of shape {x.value.shape}.",
            "give one number for each row of the data.",
        )
    rows = reshape(x, (numbers.size, *x.value.shape[numbers.ndim :]))
    return rows, reshape(within(numbers, count, lowest=None), (-1,)), count


def _rising(segment_ids: Any) -> tuple[np.ndarray, int]:
    numbers = np.asarray(convert_to_tensor(segment_ids).value)
    if (np.diff(numbers) < 0).any():
        raise DataError("segment_ids fall.", "sort the rows by them, or use unsorted_segment_sum and its like.")
    return numbers, int(numbers[-1]) + 1 if numbers.size else 0


def _shared(data: Any, segment_ids: Any, num_segments: Any, share: Callable[[Tensor], Tensor]) -> Tensor:
    rows, numbers, count = _segments(data, segment_ids, num_segments)
    counts = picking.segment_sum(ones(numbers.value.shape, rows.dtype), numbers, num_segments=count)
    divisors = share(maximum_(counts, 1))
    return picking.segment_sum(rows, numbers, num_segments=count) / _beside(divisors, rows)


def _beside(of_segments: Tensor, rows: Tensor) -> Tensor:
    """Return one number for each segment or row in a shape that stands beside rows."""
    return reshape(of_segments, (-1, *[1] * (rows.ndim - 1)))


def _or_zero(extreme: Callable[..., Tensor], data: Any, segment_ids: Any) -> Tensor:
    numbers, count = _rising(segment_ids)
    result = extreme(data, numbers, count)
    return where(_beside(convert_to_tensor(np.bincount(numbers, minlength=count) > 0), result), result, 0)


@custom_gradient
def _extreme(rows: Tensor, *, numbers: Tensor, count: int, ufunc: Any, start: Any) -> Any:
    best = _accumulated(rows, numbers, count, ufunc, start)

    def gradient(cotangent: Tensor) -> Tensor:
        known = _beside(numbers >= 0, rows)
        at = maximum_(numbers, 0)
        chosen = cast(logical_and(known, equal(rows, picking.gather(best, at))), rows.dtype)
        rivals = picking.segment_sum(chosen, numbers, num_segments=count)
        return chosen * picking.gather(cotangent / maximum_(rivals, 1), at)

    return best, gradient


@custom_gradient
def _product(rows: Tensor, *, numbers: Tensor, count: int) -> Any:
    result = _accumulated(rows, numbers, count, np.multiply, 1)

    def gradient(cotangent: Tensor) -> Tensor:
        """Return the cotangents times the product of the others: of all that aren't 0 if this alone is."""
        none, at = equal(rows, 0), maximum_(numbers, 0)
        filled = where(none, 1, rows)
        zeros = picking.gather(picking.segment_sum(cast(none, rows.dtype), numbers, num_segments=count), at)
        others = picking.gather(unsorted_segment_prod(filled, numbers, count), at) / filled
        alone = equal(zeros, cast(none, rows.dtype))
        return where(logical_and(_beside(numbers >= 0, rows), alone), others * picking.gather(cotangent, at), 0)

    return result, gradient


def _accumulated(rows: Tensor, numbers: Tensor, count: int, ufunc: Any, start: Any) -> Tensor:
    shape, dtype = (count, *rows.value.shape[1:]), rows.value.dtype
    return call(rows, numbers, function=partial(_accumulate, ufunc, start, shape), shape=shape, dtype=dtype)


def _accumulate(ufunc: Any, start: Any, shape: tuple[int, ...], rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    result = np.full(shape, start, rows.dtype)
    ufunc.at(result, numbers[numbers >= 0], rows[numbers >= 0])
    return result


# ---------------------------------------------------------------- different ones, and order


class Unique(NamedTuple):
    """The different numbers, and where each element stands among them."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """The different numbers, where each element stands among them, and how often each occurs."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment]


def unique(x: Any, out_idx: Any = "int32", name: str | None = None) -> Unique:
    """Return the different numbers of a row, in the order in which they come first, and the place of each element.

    Raises:
        ShapeError: unless there is one axis.

    Example:
        >>> import klods
        >>> values, places = klods.unique([9, 1, 9, 2])
        >>> values.numpy().tolist(), places.numpy().tolist()
        ([9, 1, 2], [0, 1, 0, 2])
    """
    return Unique(*unique_with_counts(x, out_idx)[:2])


def unique_with_counts(x: Any, out_idx: Any = "int32", name: str | None = None) -> UniqueWithCounts:
    """Return the different numbers of a row, the place of each element among them, and their counts; see `unique`."""
    row, kind = convert_to_tensor(x), as_dtype(out_idx)
    if row.ndim != 1:
        raise ShapeError(f"unique takes one row; got the shape {row.value.shape}.", "reshape it to (-1,).")
    values, first, places, counts = np.unique(row.value, True, True, True)
    order = np.argsort(first)
    rank = np.argsort(order)
    return UniqueWithCounts(
        Tensor(values[order]), Tensor(rank[places].astype(kind)), Tensor(counts[order].astype(kind))
    )


@recordable
def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = "int32", name: str | None = None
) -> Tensor:
    """Return where values would go among sorted numbers: before equal ones, or behind them for the side `right`.

    Args:
        sorted_sequence: a row of rising numbers, or several, along the last axis.
        values: what to look for: in one row any tensor, in several a row for each.
        side: `left` or `right`.
        out_type: int32 or int64.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for a side that is neither.
        ShapeError: for several rows and another number of rows of values.

    Example:
        >>> import klods
        >>> klods.searchsorted([1, 3, 5], [0, 3, 9]).numpy()
        array([0, 1, 3], dtype=int32)
    """
    numbers, x = convert_to_tensor(sorted_sequence), convert_to_tensor(values)
    if side not in ("left", "right"):
        raise DataError(f"searchsorted has the sides left and right; got {side!r}.", "use one of them.")
    if numbers.ndim > 1 and numbers.value.shape[:-1] != x.value.shape[:-1]:
        raise ShapeError(
            f"searchsorted: sorted rows of {numbers.value.shape}, values of {x.value.shape}.", "give as many rows."
        )

    def found(numbers: np.ndarray, x: np.ndarray) -> np.ndarray:
        if numbers.ndim == 1:
            return np.searchsorted(numbers, x, side)  # type: ignore[call-overload]
        rows = zip(numbers.reshape(-1, numbers.shape[-1]), x.reshape(-1, x.shape[-1]))
        return np.array([np.searchsorted(row, own, side) for row, own in rows]).reshape(x.shape)  # type: ignore[call-overload]

    return call(numbers, x, function=found, shape=x.value.shape, dtype=as_dtype(out_type))
