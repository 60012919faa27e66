"""Reductions: sums, means, extremes and their places along axes."""

# mypy: disable-error-code=has-type
# (a block's gradient rule may name the block itself)

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from klods.dtypes import as_dtype
from klods.ops import loops
from klods.ops.block import block, checked_axis, recordable
from klods.ops.comparison import equal
from klods.ops.movement import (
    along,
    broadcast_to,
    cast,
    pad_constant,
    reshape,
    reverse as reverse_,
    transpose,
)
from klods.tensor import Tensor, convert_to_tensor

Axis = Any

# The loops along axes; `Any` because NumPy's own types know `keepdims` only as a literal.
SUM: Any = np.add.reduce
PRODUCT: Any = np.multiply.reduce
LARGEST: Any = np.maximum.reduce
SMALLEST: Any = np.minimum.reduce
ALL: Any = np.logical_and.reduce
ANY: Any = np.logical_or.reduce


def _spread(c: Tensor, x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    """Return a reduction's cotangent (or output) in the shape of its input."""
    kept = c if keepdims or c.ndim == 0 else reshape(c, loops.reduced_shape(x.value.shape, axis, True))
    return broadcast_to(kept, x.value.shape)


def _shape(shape: tuple[int, ...], axis: Axis = None, keepdims: bool = False) -> tuple[int, ...]:
    for a in () if axis is None else axis if isinstance(axis, tuple) else (axis,):
        checked_axis(a, shape)
    return loops.reduced_shape(shape, axis, keepdims)


@block(
    loops.fold(0, operator.add),
    _shape,
    lambda c, y, x, axis=None, keepdims=False: _spread(c, x, axis, keepdims),
    gives=lambda dtype, axis=None, keepdims=False: _sum_dtype(dtype),
)
def reduce_sum(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the sum along axes; of all elements when `axis` is None.

    Example:
        >>> import klods
        >>> klods.reduce_sum([[1., 2.], [3., 4.]], axis=0).numpy()
        array([4., 6.], dtype=float32)
    """
    return SUM(input_tensor, axis=axis, keepdims=keepdims, dtype=_sum_dtype(input_tensor.dtype))


@block(
    loops.mean,
    _shape,
    lambda c, y, x, axis=None, keepdims=False: _spread(c * _share(x, axis), x, axis, keepdims),
    quiet=True,
    gives=lambda dtype, axis=None, keepdims=False: _mean_dtype(dtype),
)
def reduce_mean(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the mean along axes; of all elements when `axis` is None. Integers and booleans give float32."""
    total = SUM(input_tensor, axis=axis, keepdims=keepdims, dtype=_mean_dtype(input_tensor.dtype))
    return total / total.dtype.type(input_tensor.size / total.size if total.size else 1)


@block(
    loops.fold(1, operator.mul),
    _shape,
    lambda c, y, x, axis=None, keepdims=False: _spread(c, x, axis, keepdims) * _product_of_others(x, axis),
    gives=lambda dtype, axis=None, keepdims=False: _sum_dtype(dtype),
)
def reduce_prod(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the product along axes."""
    return PRODUCT(input_tensor, axis=axis, keepdims=keepdims, dtype=_sum_dtype(input_tensor.dtype))


def _product_of_others(x: Tensor, axis: Axis) -> Tensor:
    """Return, for each element, the product of all others along the axes: no division, so that zeros are no trouble."""
    gone = loops.axes(axis, x.ndim)
    order = [i for i in range(x.ndim) if i not in gone] + list(gone)
    ordered = transpose(x, order)
    rows = reshape(ordered, [math.prod(ordered.value.shape[: x.ndim - len(gone)]), -1])
    others = cumprod(rows, 1, exclusive=True) * cumprod(rows, 1, exclusive=True, reverse=True)
    return transpose(reshape(others, ordered.value.shape), [order.index(i) for i in range(x.ndim)])


def _to_extreme(c: Tensor, y: Tensor, x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Share the cotangent equally among the elements that reach the extreme."""
    chosen = cast(equal(x, _spread(y, x, axis, keepdims)), x.dtype)
    return _spread(c / reduce_sum(chosen, axis=axis, keepdims=keepdims), x, axis, keepdims) * chosen


@block(loops.fold(-math.inf, lambda best, x: x if x > best or x != x else best), _shape, _to_extreme)
def reduce_max(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest element along axes; equal ones share the gradient."""
    return LARGEST(input_tensor, axis=axis, keepdims=keepdims)


@block(loops.fold(math.inf, lambda best, x: x if x < best or x != x else best), _shape, _to_extreme)
def reduce_min(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest element along axes; equal ones share the gradient."""
    return SMALLEST(input_tensor, axis=axis, keepdims=keepdims)


@block(loops.fold(True, lambda so_far, x: so_far and bool(x)), _shape, gives="bool")
def reduce_all(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return whether every element along axes holds."""
    return ALL(input_tensor, axis=axis, keepdims=keepdims)


@block(loops.fold(False, lambda so_far, x: so_far or bool(x)), _shape, gives="bool")
def reduce_any(input_tensor: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return whether any element along axes holds."""
    return ANY(input_tensor, axis=axis, keepdims=keepdims)


def _place_shape(shape: tuple[int, ...], axis: int | None = 0, output_type: Any = "int64") -> tuple[int, ...]:
    return _shape(shape, axis or 0)


def _place_dtype(dtype: np.dtype, axis: int | None = 0, output_type: Any = "int64") -> np.dtype:
    return as_dtype(output_type)


@block(loops.first_best(lambda x, best: x > best), _place_shape, gives=_place_dtype)
def argmax(input: Any, axis: int | None = 0, output_type: Any = "int64") -> Any:
    """Return the index of the largest element along an axis, the first of equal ones.

    Example:
        >>> import klods
        >>> klods.argmax([[1., 5., 2.]], axis=1).numpy()
        array([1])
    """
    return input.argmax(axis=axis or 0).astype(as_dtype(output_type), copy=False)


@block(loops.first_best(lambda x, best: x < best), _place_shape, gives=_place_dtype)
def argmin(input: Any, axis: int | None = 0, output_type: Any = "int64") -> Any:
    """Return the index of the smallest element along an axis, the first of equal ones."""
    return input.argmin(axis=axis or 0).astype(as_dtype(output_type), copy=False)


def _running_shape(shape: tuple[int, ...], axis: int = 0) -> tuple[int, ...]:
    checked_axis(axis, shape)
    return shape


@block(
    loops.cumulative,
    _running_shape,
    lambda c, y, x, axis=0: reverse_(running_sum(reverse_(c, [axis]), axis), [axis]),
    gives=lambda dtype, axis=0: _sum_dtype(dtype),
)
def running_sum(x: Any, axis: int = 0) -> Any:
    """Return the running sums along an axis."""
    return np.cumsum(x, axis=axis, dtype=_sum_dtype(x.dtype))


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """Return the running sums along an axis.

    Args:
        x: the numbers to add.
        axis: the axis to run along.
        exclusive: whether each sum leaves its own element out.
        reverse: whether to run from the last element to the first.
        name: accepted for TensorFlow's sake, and not used.

    Example:
        >>> import klods
        >>> klods.cumsum([1., 2., 3.], exclusive=True).numpy()
        array([0., 1., 3.], dtype=float32)
    """
    terms = _flipped(convert_to_tensor(x), axis, reverse)
    return _flipped(running_sum(_shifted(terms, axis, 1, 0) if exclusive else terms, axis), axis, reverse)


@recordable
def cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """Return the running products along an axis.

    Args:
        x: the factors.
        axis: the axis to run along.
        exclusive: whether each product leaves its own element out.
        reverse: whether to run from the last element to the first.
        name: accepted for TensorFlow's sake, and not used.
    """
    factors = _flipped(convert_to_tensor(x), axis, reverse)
    result, step = _shifted(factors, axis, 1, 1) if exclusive else factors, 1
    while step < factors.value.shape[axis]:
        result, step = result * _shifted(result, axis, step, 1), 2 * step
    return _flipped(result, axis, reverse)


def _flipped(x: Tensor, axis: int, reverse: bool) -> Tensor:
    return reverse_(x, [axis]) if reverse else x


def _shifted(x: Tensor, axis: int, step: int, fill: int) -> Tensor:
    """Return the elements moved `step` places along an axis, with `fill` in the places left free."""
    shape = x.value.shape
    paddings = [(step, 0) if i == axis % len(shape) else (0, 0) for i in range(len(shape))]
    return pad_constant(x[along(axis, slice(max(0, shape[axis] - step)), shape)], paddings, constant_values=fill)


def _share(x: Tensor, axis: Axis) -> float:
    """Return one element's share in a mean along axes."""
    return 1 / max(1, math.prod(x.value.shape[a] for a in loops.axes(axis, x.ndim)))


def _sum_dtype(dtype: np.dtype) -> np.dtype:
    return np.dtype("int32") if dtype.kind == "b" else dtype


def _mean_dtype(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind == "f" else np.dtype("float32")
