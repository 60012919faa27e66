"""Keras's `keras.ops` on samples: order statistics, reductions that pass over NaN, places in sorted numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods import counting
from klods.errors import DataError, ShapeError
from klods.keras.ops.names import (
    all,
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
    matmul,
    maximum,
    mean,
    reshape,
    sqrt,
    square,
    transpose,
)
from klods.keras.ops.numbers import Axis, argmax, argmin, cumprod, cumsum, prod, sum
from klods.keras.ops.pointwise import floating
from klods.keras.ops.shapes import (
    expand_dims,
    flip,
    moveaxis,
    pad,
    ravel,
    slice,
    sort,
    take,
    take_along_axis,
    where,
)
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
    known = all(logical_not(isnan(floating(x))), axis, keepdims)
    return where(known, nanquantile(x, q, axis, method, keepdims), math.nan)


def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the `median` of what isn't NaN."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


def nanpercentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return the `percentile` of what isn't NaN."""
    return nanquantile(x, floating(q) / 100, axis, method, keepdims)


def nanquantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return the `quantile` of what isn't NaN; NaN where nothing is."""
    x, shares = floating(x), floating(q)
    rows, kept = _rows(_filled(x, math.inf), axis)
    last = reshape(sum(cast(logical_not(isnan(x)), x.dtype), axis), (*rows.value.shape[:-1], 1)) - 1
    places = ravel(shares) * maximum(last, 0)
    low, high = (take_along_axis(rows, cast(place(places), "int32"), -1) for place in (floor, ceil))
    between = _between(low, high, places - floor(places), method)
    found = moveaxis(where(last < 0, math.nan, between), -1, 0)
    shape = kept if keepdims else rows.value.shape[:-1]
    return reshape(found, (*shares.value.shape, *shape))


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
    return _or_nan(amax(_filled(x, -math.inf), axis, keepdims), x, axis, keepdims)


def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the smallest number that isn't NaN; NaN where there is none."""
    return _or_nan(amin(_filled(x, math.inf), axis, keepdims), x, axis, keepdims)


def _or_nan(found: Tensor, x: Any, axis: Axis, keepdims: bool) -> Tensor:
    """Return what was found among numbers, NaN where all of them are NaN."""
    if found.value.dtype.kind != "f":
        return found
    return where(any(logical_not(isnan(x)), axis, keepdims), found, math.nan)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sums of what isn't NaN."""
    return cumsum(_filled(x, 0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running products of what isn't NaN."""
    return cumprod(_filled(x, 1), axis, dtype)


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the largest number that isn't NaN; -1 where there is none."""
    known = any(logical_not(isnan(x)), axis, keepdims)
    return where(known, argmax(_filled(x, -math.inf), axis, keepdims), -1)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the smallest number that isn't NaN; -1 where there is none."""
    known = any(logical_not(isnan(x)), axis, keepdims)
    return where(known, argmin(_filled(x, math.inf), axis, keepdims), -1)


def _filled(x: Any, number: float) -> Tensor:
    x = convert_to_tensor(x)
    return where(isnan(x), number, x) if x.value.dtype.kind == "f" else x


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


def corrcoef(x: Any) -> Tensor:
    """Return how each two rows are correlated: the cosine of the angle between them, less their means."""
    rows = floating(x)
    rows = rows[0] if rows.value.shape[:-1] == (1,) else rows
    less = rows - mean(rows, -1, keepdims=True)
    products = matmul(less, transpose(less)) if rows.ndim > 1 else sum(square(less))
    lengths = sqrt(sum(square(less), -1))
    return clip(products / (expand_dims(lengths, -1) * lengths if rows.ndim > 1 else square(lengths)), -1, 1)


def cdist(x: Any, y: Any) -> Tensor:
    """Return the distances of each row of x from each row of y.

    Raises:
        ShapeError: for fewer than two axes, or rows of different lengths.

    Example:
        >>> cdist([[0., 0.]], [[3., 4.], [0., 1.]]).numpy()
        array([[5., 1.]], dtype=float32)
    """
    a, b = floating(x), floating(y)
    if a.ndim < 2 or b.ndim < 2 or a.value.shape[-1] != b.value.shape[-1]:
        raise ShapeError(f"cdist: shapes {a.value.shape} and {b.value.shape}.", "give rows of one length, in matrices.")
    return sqrt(sum(square(expand_dims(a, -2) - expand_dims(b, -3)), -1))


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Tensor:
    """Return the sums of products of a row and another one moved along it.

    Args:
        x1: a row.
        x2: the row that is moved along it.
        mode: `valid` for the places where the shorter row lies inside the longer one, `full` for those where they meet,
            `same` for the middle of these, as many as the longer row has.

    Raises:
        ShapeError: unless both are rows.
        DataError: for another mode.

    Example:
        >>> correlate([1., 2., 3.], [0., 1., 0.5]).numpy()
        array([3.5], dtype=float32)
    """
    a, b = floating(x1), floating(x2)
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(f"correlate takes rows; got the shapes {a.value.shape} and {b.value.shape}.", "give one axis.")
    if mode not in ("valid", "same", "full"):
        raise DataError(f"correlate has no mode {mode!r}.", "use valid, same or full.")
    if a.size < b.size:
        return flip(correlate(b, a, mode))
    width = b.size
    before = {"valid": 0, "same": width // 2, "full": width - 1}[mode]
    after = width - 1 - before if mode == "same" else before
    padded = pad(a, (before, after))
    windows = take(padded, np.arange(a.size + before + after - width + 1)[:, None] + np.arange(width))
    return sum(windows * b, -1)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """Return the area under straight lines between samples along an axis.

    Args:
        y: the samples.
        x: where they were taken; evenly spaced by default.
        dx: the space between them, without `x`.
        axis: the axis.

    Example:
        >>> float(trapezoid([1., 2., 4.]))
        4.5
    """
    heights = moveaxis(floating(y), axis, -1)
    widths = dx
    if x is not None:
        places = floating(x)
        widths = diff(places if places.ndim == 1 else moveaxis(places, axis, -1))
    return sum((heights[..., 1:] + heights[..., :-1]) * widths, -1) / 2
