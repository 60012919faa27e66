"""Keras's `keras.ops` on numbers, where it differs from TensorFlow.

Sums of small integers are int32 or uint32, indices are int32.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

from klods import arranging, contractions, functions, lengths
from klods.keras import config
from klods.keras.ops.names import (
    abs,
    all,
    broadcast_to,
    cast,
    divide,
    equal,
    exp,
    floor,
    isfinite,
    isinf,
    isnan,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_or,
    maximum,
    mean,
    minimum,
    multiply,
    reshape,
    sign,
    subtract,
    var,
)
from klods.keras.ops.pointwise import floating
from klods.keras.ops.shapes import moveaxis, ravel
from klods.matrices import diag_part
from klods.ops import arithmetic, movement, reduction
from klods.tensor import Tensor, convert_to_tensor

Axis = Any


def log2(x: Any) -> Tensor:
    """Return the logarithm to base 2."""
    return log(x) / math.log(2)


def log10(x: Any) -> Tensor:
    """Return the logarithm to base 10."""
    return log(x) / math.log(10)


def logaddexp(x1: Any, x2: Any) -> Tensor:
    """Return log(e^x1 + e^x2) without overflow."""
    a, b = floating(x1), floating(x2)
    return maximum(a, b) + log1p(exp(-abs(a - b)))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the logarithm of the sum of e^x along axes, without overflow."""
    return functions.reduce_logsumexp(floating(x), axis, keepdims)


def round(x: Any, decimals: int = 0) -> Tensor:
    """Return the nearest numbers of so many decimals, halves to the even one; integers have none to lose."""
    x = convert_to_tensor(x)
    if x.value.dtype.kind != "f":
        return x if decimals >= 0 else cast(round(cast(x, "float64"), decimals), x.dtype)
    return arithmetic.round_(x * 10.0**decimals) / 10.0**decimals if decimals else arithmetic.round_(x)


def trunc(x: Any) -> Tensor:
    """Return numbers without their fraction; integers stay."""
    x = convert_to_tensor(x)
    return sign(x) * floor(abs(x)) if x.value.dtype.kind == "f" else x


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return whether elements differ by at most atol + rtol |x2|."""
    x1, x2 = _counted(x1), _counted(x2)
    near = less_equal(abs(subtract(x1, x2)), atol + rtol * abs(x2))
    same = logical_or(equal(x1, x2), logical_and(near, isfinite(x2)))
    return logical_or(same, logical_and(isnan(x1), isnan(x2))) if equal_nan else same


def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return whether all elements differ by at most atol + rtol |x2|."""
    return all(isclose(x1, x2, rtol, atol, equal_nan))


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Return numbers with NaN and infinities replaced; infinities by the dtype's extremes. Integers stay."""
    x = convert_to_tensor(x)
    if x.value.dtype.kind != "f":
        return x
    highest = x.dtype.max if posinf is None else posinf
    lowest = x.dtype.min if neginf is None else neginf
    finite = arranging.where(isinf(x), cast(arranging.where(x > 0, highest, lowest), x.dtype), x)
    return arranging.where(isnan(x), nan, finite)


def dot(x1: Any, x2: Any) -> Tensor:
    """Return the sum of products over the last axis of x1 and the last but one of x2."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    if not a.ndim or not b.ndim:
        return multiply(x1, x2)
    return contractions.tensordot(x1, x2, [[-1], [builtins.max(b.ndim - 2, 0)]])


def inner(x1: Any, x2: Any) -> Tensor:
    """Return the sum of products over the last axes."""
    if not convert_to_tensor(x1).ndim or not convert_to_tensor(x2).ndim:
        return multiply(x1, x2)
    return contractions.tensordot(x1, x2, [[-1], [-1]])


def outer(x1: Any, x2: Any) -> Tensor:
    """Return the products of each element of x1 with each of x2."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


def vdot(x1: Any, x2: Any) -> Tensor:
    """Return the sum of products of all elements."""
    return inner(ravel(x1), ravel(x2))


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the length along axes; see `klods.norm` for `ord`."""
    return lengths.norm(x, "euclidean" if ord is None else ord, axis, keepdims)


def normalize(x: Any, axis: Axis = -1, order: int = 2, epsilon: float | None = None) -> Tensor:
    """Return x divided by its length along axes, which counts as at least epsilon, 1e-7 by default."""
    least = config.epsilon() if epsilon is None else epsilon
    if order == 2:  # without the root of 0, which has no gradient
        return multiply(x, arithmetic.rsqrt(maximum(sum(arithmetic.square(x), axis, True), least**2)))
    return divide(x, maximum(norm(x, order, axis, True), least))


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the sum of a diagonal."""
    return sum(diagonal(x, offset, axis1, axis2), -1)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return a diagonal of two axes, along one new last axis."""
    return diag_part(moveaxis(x, (axis1, axis2), (-2, -1)), k=offset)


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the sum along axes; of all elements when `axis` is None."""
    return reduction.reduce_sum(_widened(x), axis, keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Return the product along axes."""
    return reduction.reduce_prod(_widened(x) if dtype is None else cast(x, dtype), axis, keepdims)


def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the largest element along axes, and at least `initial`."""
    result = reduction.reduce_max(x, axis, keepdims)
    return result if initial is None else maximum(result, cast(initial, result.dtype))


def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the smallest element along axes, and at most `initial`."""
    result = reduction.reduce_min(x, axis, keepdims)
    return result if initial is None else minimum(result, cast(initial, result.dtype))


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the largest element along an axis; of the flattened tensor when `axis` is None.

    Example:
        >>> argmax([[1, 5], [7, 2]]).numpy()
        np.int32(2)
    """
    return _place(reduction.argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return the index of the smallest element along an axis; of the flattened tensor when `axis` is None."""
    return _place(reduction.argmin, x, axis, keepdims)


def average(x: Any, axis: Axis = None, weights: Any = None) -> Tensor:
    """Return the mean along axes, weighted."""
    if weights is None:
        return mean(x, axis)
    x, weights = convert_to_tensor(x), convert_to_tensor(weights)
    if axis is not None and weights.ndim == 1:
        weights = reshape(weights, [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
    return divide(sum(x * weights, axis), sum(broadcast_to(weights, x.value.shape), axis))


def moments(x: Any, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """Return the mean and the variance along axes."""
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def count_nonzero(x: Any, axis: Axis = None) -> Tensor:
    """Return how many elements along axes are not 0."""
    return functions.count_nonzero(x, axis, dtype="int32")


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sums along an axis; of the flattened tensor when `axis` is None."""
    x = x if dtype is None else cast(x, dtype)
    return reduction.cumsum(ravel(x)) if axis is None else reduction.cumsum(x, axis)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running products along an axis; of the flattened tensor when `axis` is None."""
    x = _counted(x) if dtype is None else cast(x, dtype)
    return reduction.cumprod(ravel(x)) if axis is None else reduction.cumprod(x, axis)


def _counted(x: Any) -> Tensor:
    """Return truths as numbers, 0 and 1; others as they are."""
    x = convert_to_tensor(x)
    return cast(x, "int32") if x.value.dtype.kind == "b" else x


def _widened(x: Any) -> Tensor:
    """Return small integers and truths as the 32-bit integers that Keras adds and multiplies them in."""
    x = convert_to_tensor(x)
    kind = x.value.dtype.kind
    if kind == "f" or x.value.dtype.itemsize >= 4:
        return x
    return cast(x, "uint32" if kind == "u" else "int32")


def _place(find: Callable[..., Tensor], x: Any, axis: int | None, keepdims: bool) -> Tensor:
    x = convert_to_tensor(x)
    found = find(ravel(x), 0, "int32") if axis is None else find(x, axis, "int32")
    if not keepdims:
        return found
    return reshape(found, [1] * x.ndim) if axis is None else movement.expand_dims(found, axis % x.ndim)
