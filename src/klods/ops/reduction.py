"""Reductions: sums, means, extremes and their places along axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods.errors import ShapeError
from klods.ops import loops
from klods.ops.arithmetic import exp_, log_, sqrt_, square
from klods.ops.block import block
from klods.ops.comparison import equal, is_finite, where
from klods.ops.movement import broadcast_to, cast, reshape, reverse
from klods.tensor import Tensor, convert_to_tensor

Axis = Any


def _spread(c: Tensor, x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    """Return a reduction's cotangent (or output) in the shape of its input."""
    kept = c if keepdims or c.ndim == 0 else reshape(c, loops.reduced_shape(x.value.shape, axis, True))
    return broadcast_to(kept, x.value.shape)


def _shape(shape: tuple[int, ...], axis: Axis = None, keepdims: bool = False) -> tuple[int, ...]:
    _check_axis(shape, axis)
    return loops.reduced_shape(shape, axis, keepdims)


def _check_axis(shape: tuple[int, ...], axis: Axis) -> None:
    for a in () if axis is None else axis if isinstance(axis, tuple) else (axis,):
        if not -len(shape) <= a < len(shape):
            raise ShapeError(f"a tensor of shape {shape} has no axis {a}.", f"use an axis below {len(shape)}.")


@block(
    loops.fold(0, lambda total, x: total + x),
    _shape,
    lambda c, y, x, axis=None, keepdims=False: _spread(c, x, axis, keepdims),
)
def reduce_sum(input_tensor: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the sum along axes; of all elements when `axis` is None.

    Example:
        >>> import klods
        >>> klods.reduce_sum([[1., 2.], [3., 4.]], axis=0).numpy()
        array([4., 6.], dtype=float32)
    """
    return np.add.reduce(input_tensor, axis=axis, keepdims=keepdims, dtype=_sum_dtype(input_tensor.dtype))


@block(
    lambda x, axis=None, keepdims=False: loops.fold(0, lambda t, v: t + v)(x.astype(float), axis, keepdims)
    / max(1, math.prod(x.shape[a] for a in loops.axes(axis, x.ndim))),
    _shape,
    lambda c, y, x, axis=None, keepdims=False: _spread(c * _share(x, axis), x, axis, keepdims),
    quiet=True,
)
def reduce_mean(input_tensor: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the mean along axes; of all elements when `axis` is None. Integers and booleans give float32."""
    total = np.add.reduce(input_tensor, axis=axis, keepdims=keepdims, dtype=_mean_dtype(input_tensor.dtype))
    return total / total.dtype.type(input_tensor.size / total.size if total.size else 1)


@block(
    loops.fold(1, lambda total, x: total * x),
    _shape,
    lambda c, y, x, axis=None, keepdims=False: _spread(c * y, x, axis, keepdims) / x,
    quiet=True,
)
def reduce_prod(input_tensor: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the product along axes."""
    return np.multiply.reduce(input_tensor, axis=axis, keepdims=keepdims, dtype=_sum_dtype(input_tensor.dtype))


def _to_extreme(c: Tensor, y: Tensor, x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Share the cotangent equally among the elements that reach the extreme."""
    chosen = cast(equal(x, _spread(y, x, axis, keepdims)), x.dtype)
    return _spread(c / reduce_sum(chosen, axis=axis, keepdims=keepdims), x, axis, keepdims) * chosen


@block(loops.fold(-math.inf, lambda best, x: x if x > best or x != x else best), _shape, _to_extreme)
def reduce_max(input_tensor: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest element along axes; equal ones share the gradient."""
    return np.maximum.reduce(input_tensor, axis=axis, keepdims=keepdims)


@block(loops.fold(math.inf, lambda best, x: x if x < best or x != x else best), _shape, _to_extreme)
def reduce_min(input_tensor: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest element along axes; equal ones share the gradient."""
    return np.minimum.reduce(input_tensor, axis=axis, keepdims=keepdims)


@block(loops.fold(True, lambda so_far, x: so_far and bool(x)), _shape)
def reduce_all(input_tensor: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return whether every element along axes holds."""
    return np.logical_and.reduce(input_tensor, axis=axis, keepdims=keepdims)


@block(loops.fold(False, lambda so_far, x: so_far or bool(x)), _shape)
def reduce_any(input_tensor: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return whether any element along axes holds."""
    return np.logical_or.reduce(input_tensor, axis=axis, keepdims=keepdims)


def _place_shape(shape: tuple[int, ...], axis: int = 0, output_type: str = "int64") -> tuple[int, ...]:
    return _shape(shape, axis)


@block(loops.first_best(lambda x, best: x > best), _place_shape)
def argmax(input: Any, *, axis: int = 0, output_type: str = "int64") -> Any:
    """Return the index of the largest element along an axis, the first of equal ones.

    Example:
        >>> import klods
        >>> klods.argmax([[1., 5., 2.]], axis=1).numpy()
        array([1])
    """
    return input.argmax(axis=axis).astype(str(output_type))


@block(loops.first_best(lambda x, best: x < best), _place_shape)
def argmin(input: Any, *, axis: int = 0, output_type: str = "int64") -> Any:
    """Return the index of the smallest element along an axis, the first of equal ones."""
    return input.argmin(axis=axis).astype(str(output_type))


@block(
    loops.cumulative,
    lambda x, axis=0: x,
    lambda c, y, x, axis=0: reverse(cumsum(reverse(c, [axis]), axis), [axis]),
)
def cumsum(x: Any, *, axis: int = 0) -> Any:
    """Return the running sums along an axis."""
    return np.cumsum(x, axis=axis, dtype=_sum_dtype(x.dtype))


def reduce_variance(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the mean squared distance from the mean along axes."""
    x = convert_to_tensor(input_tensor)
    return reduce_mean(square(x - reduce_mean(x, axis, True)), axis, keepdims)


def reduce_std(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the square root of the variance along axes."""
    return sqrt_(reduce_variance(input_tensor, axis, keepdims))


def reduce_logsumexp(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return log(sum(e^x)) along axes without overflow."""
    x = convert_to_tensor(input_tensor)
    peak = reduce_max(x, axis, True)
    peak = where(is_finite(peak), peak, 0)
    total = log_(reduce_sum(exp_(x - peak), axis, True)) + peak
    return total if keepdims else reshape(total, loops.reduced_shape(x.value.shape, _static_axis(axis), False))


def norm(tensor: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the Euclidean length along axes; of the whole when `axis` is None."""
    return sqrt_(reduce_sum(square(tensor), axis, keepdims))


def _static_axis(axis: Axis) -> Axis:
    return tuple(axis) if isinstance(axis, list) else axis


def _share(x: Tensor, axis: Axis) -> float:
    """Return one element's share in a mean along axes."""
    return 1 / max(1, math.prod(x.value.shape[a] for a in loops.axes(axis, x.ndim)))


def _sum_dtype(dtype: np.dtype) -> np.dtype:
    return np.dtype("int32") if dtype.kind == "b" else dtype


def _mean_dtype(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind == "f" else np.dtype("float32")
