"""Keras's `keras.ops` on samples: order statistics, reductions that pass over NaN, places in sorted numbers."""

from __future__ import annotations

import math
from typing import Any

from klods import counting
from klods.errors import DataError, ShapeError
from klods.keras.ops.names import (
    amax,
    amin,
    any,
    cast,
    ceil,
    clip,
    equal,
    floor,
    isnan,
    logical_not,
    reshape,
    sqrt,
    square,
)
from klods.keras.ops.numbers import Axis, prod, sum
from klods.keras.ops.pointwise import floating
from klods.keras.ops.shapes import expand_dims, moveaxis, ravel, slice, sort, take, where
from klods.ops.block import static
from klods.tensor import Tensor, convert_to_tensor


def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the middle number, or the mean of the two in the middle."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


def percentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return the numbers below which q percent of all lie; see `quantile`."""
    return quantile(x, floating(q) / 100, axis, method, keepdims)


def quantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return the numbers below which a share q of all lie; several shares make a new first axis.

    Args:
        x: a tensor.
        q: the share, 0 to 1, or several.
        axis: the axis or axes to look along; all by default.
        method: what is done between two numbers: `linear`, `lower`, `higher`, `midpoint` or `nearest`.
        keepdims: whether axes that were looked along stay, with size 1.

    Raises:
        DataError: for another method.
    """
    x, shares = floating(x), floating(q)
    rows, kept = _rows(x, axis)
    last = rows.value.shape[-1] - 1
    places = shares * last
    below, above = cast(floor(places), "int32"), cast(ceil(places), "int32")
    low, high = (take(rows, clip(place, 0, last), axis=-1) for place in (below, above))
    between = _between(low, high, places - floor(places), method)
    found = moveaxis(between, -1, 0) if shares.ndim else between
    return reshape(found, (*shares.value.shape, *kept)) if keepdims else found


def _rows(x: Tensor, axis: Axis) -> tuple[Tensor, tuple[int, ...]]:
    """Return the numbers along axes, sorted, as the last axis; and the shape with those axes of size 1."""
    chosen = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else static(axis)
    axes = [a % x.ndim for a in chosen]
    moved = moveaxis(x, axes, list(range(x.ndim - len(axes), x.ndim)))
    rest = moved.value.shape[: x.ndim - len(axes)]
    size = math.prod(moved.value.shape[len(rest) :])
    shape = tuple(1 if a in axes else n for a, n in enumerate(x.value.shape))
    return sort(reshape(moved, (*rest, size)), -1), shape


def _between(low: Tensor, high: Tensor, share: Tensor, method: str) -> Tensor:
    if method == "linear":
        return low + (high - low) * cast(share, low.dtype)
    if method == "midpoint":
        return (low + high) / 2
    if method == "nearest":  # the lower one at exactly a half, as JAX does
        return where(share <= 0.5, low, high)
    if method not in ("lower", "higher"):
        raise DataError(f"quantile has no method {method!r}.", "use linear, lower, higher, midpoint or nearest.")
    return low if method == "lower" else high


def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest number less the smallest."""
    return amax(x, axis, keepdims) - amin(x, axis, keepdims)


def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Return the differences of neighbours along an axis, n times over."""
    x = convert_to_tensor(a)
    for _ in range(n):
        size, start = list(x.value.shape), [0] * x.ndim
        size[axis] -= 1
        first = slice(x, start, size)
        start[axis] = 1
        x = slice(x, start, size) - first
    return x


def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the sum of what isn't NaN."""
    return sum(_filled(x, 0), axis, keepdims)


def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the product of what isn't NaN."""
    return prod(_filled(x, 1), axis, keepdims)


def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the mean of what isn't NaN; NaN where nothing is."""
    x = floating(x)
    return nansum(x, axis, keepdims) / sum(cast(logical_not(isnan(x)), x.dtype), axis, keepdims)


def nanvar(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the variance of what isn't NaN."""
    return nanmean(square(floating(x) - nanmean(x, axis, keepdims=True)), axis, keepdims)


def nanstd(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation of what isn't NaN."""
    return sqrt(nanvar(x, axis, keepdims))


def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest number that isn't NaN; NaN where there is none."""
    largest = amax(_filled(x, -math.inf), axis, keepdims)
    return where(any(logical_not(isnan(x)), axis, keepdims), largest, math.nan)


def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the smallest number that isn't NaN; NaN where there is none."""
    smallest = amin(_filled(x, math.inf), axis, keepdims)
    return where(any(logical_not(isnan(x)), axis, keepdims), smallest, math.nan)


def _filled(x: Any, number: float) -> Tensor:
    return where(isnan(x), number, x)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Return where values would go among sorted numbers: before equal ones, or behind them for the side `right`.

    Raises:
        ShapeError: unless the sorted numbers are one row.
        DataError: for a side that is neither.
    """
    numbers = convert_to_tensor(sorted_sequence)
    if numbers.ndim != 1:
        raise ShapeError(f"searchsorted looks in one row; got the shape {numbers.value.shape}.", "give one axis.")
    return counting.searchsorted(numbers, values, side)


def digitize(x: Any, bins: Any) -> Tensor:
    """Return the number of the bin that each value falls in: how many of the rising limits aren't above it."""
    return searchsorted(bins, x, "right")


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Tell which elements of x1 are among those of x2, or aren't."""
    found = any(equal(expand_dims(x1, -1), ravel(convert_to_tensor(x2))), -1)
    return logical_not(found) if invert else found
