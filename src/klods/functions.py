"""Functions of numbers that TensorFlow's `tf.math` has beyond the blocks, which they are made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

from klods.dtypes import as_dtype
from klods.errors import DataError
from klods.gradients import custom_gradient
from klods.ops import loops
from klods.ops.arithmetic import (
    abs_,
    atan,
    divide_,
    exp_,
    floor_divide,
    log1p_,
    log_,
    maximum_,
    minimum_,
    multiply,
    negative,
    reciprocal,
    round_,
    sign,
    sqrt_,
    square,
    subtract,
)
from klods.ops.block import checked_axis, recordable, static
from klods.ops.comparison import equal, is_finite, not_equal, where
from klods.ops.effects import call
from klods.ops.movement import along, cast, identity, pad_constant, reshape, reverse as reversed_, stop_gradient
from klods.ops.picking import argsort
from klods.ops.reduction import reduce_all, reduce_max, reduce_mean, reduce_sum
from klods.tensor import Tensor, convert_to_tensor

LARGE = 1e8  # from here on 1 + x² is x² in float64 too


# ---------------------------------------------------------------- inverse functions


@recordable
def atan2(y: Any, x: Any, name: str | None = None) -> Tensor:
    """Return the angles of points (x, y) in radians, from -pi to pi.

    Example:
        >>> import klods
        >>> klods.math.atan2([1., -1.], [0., -1.]).numpy()
        array([ 1.5707964, -2.3561945], dtype=float32)
    """
    return _angle(floating(y), floating(x))


@custom_gradient
def _angle(y: Tensor, x: Tensor) -> Any:
    level = equal(x, 0)
    half_turns = cast(where(x < 0, where(y < 0, -1, 1), 0), x.dtype)
    beside = atan(y / where(level, 1, x)) + math.pi * half_turns
    squared = x * x + y * y
    angle = where(level, sign(y) * (math.pi / 2), beside)
    return angle, lambda cotangent: (cotangent * x / squared, -cotangent * y / squared)


@recordable
def asinh(x: Any, name: str | None = None) -> Tensor:
    """Return the inverse of sinh, without cancellation near 0 and without overflow."""
    return _inverse_of_sinh(floating(x))


@custom_gradient
def _inverse_of_sinh(x: Tensor) -> Any:
    size = abs_(x)
    small = minimum_(size, LARGE)
    inverse = log1p_(small + square(small) / (1 + sqrt_(1 + square(small))))
    y = sign(x) * where(size > LARGE, log_(size) + math.log(2), inverse)
    return y, lambda cotangent: cotangent / where(size > LARGE, size, sqrt_(1 + square(small)))


@recordable
def acosh(x: Any, name: str | None = None) -> Tensor:
    """Return the inverse of cosh for numbers from 1; NaN below."""
    beyond = floating(x) - 1
    return log1p_(beyond + sqrt_(beyond) * sqrt_(beyond + 2))


@recordable
def atanh(x: Any, name: str | None = None) -> Tensor:
    """Return the inverse of tanh for numbers from -1 to 1."""
    number = floating(x)
    return 0.5 * (log1p_(number) - log1p_(-number))


# ---------------------------------------------------------------- products that a 0 decides


@recordable
def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x * y, but 0 where y is 0, also if x is infinite or NaN."""
    nothing = equal(y, 0)
    return where(nothing, 0, multiply(where(nothing, 0, x), y))


@recordable
def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """Return 1 / x, but 0 where x is 0."""
    nothing = equal(x, 0)
    return where(nothing, 0, reciprocal(where(nothing, 1, x)))


@recordable
def xlogy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x log y, but 0 where x is 0.

    Example:
        >>> import klods
        >>> klods.math.xlogy([0., 2.], [0., 1.]).numpy()
        array([0., 0.], dtype=float32)
    """
    return _unless_zero(x, y, log_)


@recordable
def xlog1py(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x log(1 + y), but 0 where x is 0."""
    return _unless_zero(x, y, log1p_)


@recordable
def xdivy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x / y, but 0 where x is 0."""
    return _unless_zero(x, y, reciprocal)


def _unless_zero(x: Any, y: Any, function: Callable[[Any], Tensor]) -> Tensor:
    nothing = equal(x, 0)
    return where(nothing, 0, multiply(x, function(where(nothing, 1, y))))


# ---------------------------------------------------------------- whole numbers and dtypes


def rint(x: Any, name: str | None = None) -> Tensor:
    """Return the nearest integers as floats, halves to the even one."""
    return round_(x)


@recordable
def truncatediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x / y rounded towards 0, for integers."""
    a, b = convert_to_tensor(x), convert_to_tensor(y)
    down = floor_divide(abs_(a), abs_(b))
    return where(equal(a < 0, b < 0), down, negative(down))


@recordable
def truncatemod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return the remainder of x / y, with the sign of x, for integers."""
    a, b = convert_to_tensor(x), convert_to_tensor(y)
    return a - truncatediv(a, b) * b


@recordable
def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Return a tensor in another dtype; numbers that it can't hold as the nearest that it can.

    Example:
        >>> import klods
        >>> klods.saturate_cast([-5., 300.], klods.uint8).numpy()
        array([  0, 255], dtype=uint8)
    """
    x, kind = convert_to_tensor(value), as_dtype(dtype)
    if kind.kind not in "iu":
        return cast(x, kind)
    least, most = np.iinfo(kind).min, np.iinfo(kind).max
    if x.value.dtype.kind in "iu":
        own = np.iinfo(x.value.dtype)
        least, most = max(least, own.min), min(most, own.max)
    inside = cast(minimum_(maximum_(x, least), most), kind)
    return where(x >= most, cast(most, kind), inside)  # a float may round the greatest integer up


# ---------------------------------------------------------------- rows


@recordable
def cumulative_logsumexp(
    x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Return the logarithms of running sums of e^x along an axis, without overflow.

    Args:
        x: the numbers.
        axis: the axis to run along.
        exclusive: whether each sum leaves its own element out.
        reverse: whether to run from the last element to the first.
        name: accepted for TensorFlow's sake.
    """
    terms = floating(x)
    count, step = terms.value.shape[checked_axis(axis, terms.value.shape)], 1
    result = reversed_(terms, [axis]) if reverse else terms
    if exclusive:
        result = _shifted(result, axis, 1)
    while step < count:
        result, step = _log_of_sum(result, _shifted(result, axis, step)), 2 * step
    return reversed_(result, [axis]) if reverse else result


def _log_of_sum(a: Tensor, b: Tensor) -> Tensor:
    """Return log(e^a + e^b): the larger, and what the smaller adds."""
    larger, smaller = maximum_(a, b), minimum_(a, b)
    nothing = equal(smaller, -math.inf)
    return where(nothing, larger, larger + log1p_(exp_(where(nothing, 0, smaller - where(nothing, 0, larger)))))


def _shifted(x: Tensor, axis: int, step: int) -> Tensor:
    """Return the elements moved `step` places along an axis, with -infinity in the places left free."""
    shape = x.value.shape
    place = checked_axis(axis, shape)
    paddings = [(step, 0) if i == place else (0, 0) for i in range(len(shape))]
    return pad_constant(x[along(axis, slice(max(0, shape[place] - step)), shape)], paddings, constant_values=-math.inf)


@recordable
def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """Return the values of a polynomial, from its coefficients, that of the highest power first.

    Example:
        >>> import klods
        >>> float(klods.math.polyval([1., 2., 3.], 2.))
        11.0
    """
    if not len(coeffs):
        raise DataError("polyval: there are no coefficients.", "give one or more.")
    result = convert_to_tensor(coeffs[0])
    for coefficient in coeffs[1:]:
        result = result * x + coefficient
    return result


@recordable
def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """Return the root of the sum of squares along axes."""
    return sqrt_(reduce_sum(square(input_tensor), axis, keepdims))


@recordable
def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """Return which share of the elements is 0, float32."""
    return reduce_mean(cast(equal(value, 0), "float32"))


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Tell whether no element is smaller than the one before."""
    row = reshape(x, (-1,))
    return reduce_all(row[1:] >= row[:-1])


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Tell whether each element is larger than the one before."""
    row = reshape(x, (-1,))
    return reduce_all(row[1:] > row[:-1])


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Tensor:
    """Return a number times a tensor."""
    return multiply(scalar, x)


@recordable
def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """Return the same tensors as new ones."""
    return [identity(x) for x in input]


# ---------------------------------------------------------------- error, normal and gamma functions


@recordable
def erfc(x: Any, name: str | None = None) -> Tensor:
    """Return 1 - erf(x), exact for large x."""
    return _complement(floating(x))


@custom_gradient
def _complement(x: Tensor) -> Any:
    y = _each(math.erfc, x)
    return y, lambda cotangent: -2 / math.sqrt(math.pi) * cotangent * exp_(-x * x)


@recordable
def lgamma(x: Any, name: str | None = None) -> Tensor:
    """Return the logarithm of the absolute value of the gamma function; it has a first derivative, `digamma`."""
    return _log_gamma(floating(x))


@custom_gradient
def _log_gamma(x: Tensor) -> Any:
    y = _each(_log_gamma_of, x)
    return y, lambda cotangent: cotangent * digamma(x)


def _log_gamma_of(x: float) -> float:
    return math.inf if x == -math.inf or (x <= 0 and x == math.floor(x)) else math.lgamma(x)


@recordable
def digamma(x: Any, name: str | None = None) -> Tensor:
    """Return the derivative of the logarithm of the gamma function; NaN for 0, -1, -2 ... It has no gradient."""
    number = floating(x)
    return call(number, function=_digamma, shape=number.value.shape, dtype=number.value.dtype)


def _digamma(x: np.ndarray) -> np.ndarray:
    """Return digamma by Abramowitz and Stegun's 6.3.5 and 6.3.7 up to 10, and their series 6.3.18 from there."""
    with np.errstate(all="ignore"):
        far = np.asarray(x, np.float64)
        mirrored = far < 0.5
        beyond = np.where(mirrored, 1 - far, far)
        before = np.zeros_like(beyond)
        for _ in range(10):
            before -= 1 / beyond
            beyond = beyond + 1
        inverse = 1 / (beyond * beyond)
        series = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse * (1 / 240 - inverse / 132))))
        result = np.log(beyond) - 0.5 / beyond - series + before
        return np.where(mirrored, result - np.pi / np.tan(np.pi * far), result)


@recordable
def ndtri(x: Any, name: str | None = None) -> Tensor:
    """Return the numbers below which a share x of the standard normal distribution lies.

    Example:
        >>> import klods
        >>> klods.math.ndtri([0.5, 0.975]).numpy().round(4)
        array([0.  , 1.96], dtype=float32)
    """
    return _quantile(floating(x))


@custom_gradient
def _quantile(x: Tensor) -> Any:
    y = _each(_quantile_of, x)
    return y, lambda cotangent: math.sqrt(2 * math.pi) * cotangent * exp_(y * y / 2)


def _quantile_of(share: float) -> float:
    if 0 < share < 1:
        return NormalDist().inv_cdf(share)
    return -math.inf if share == 0 else math.inf if share == 1 else math.nan


@recordable
def erfinv(x: Any, name: str | None = None) -> Tensor:
    """Return the inverse of the error function, for numbers from -1 to 1."""
    return _inverse_of_erf(floating(x))


@custom_gradient
def _inverse_of_erf(x: Tensor) -> Any:
    y = _each(lambda number: _quantile_of((number + 1) / 2) / math.sqrt(2), x)
    return y, lambda cotangent: math.sqrt(math.pi) / 2 * cotangent * exp_(y * y)


@recordable
def lbeta(x: Any, name: str | None = None) -> Tensor:
    """Return the logarithms of the beta function of the numbers along the last axis."""
    numbers = floating(x)
    return reduce_sum(lgamma(numbers), -1) - lgamma(reduce_sum(numbers, -1))


@recordable
def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """Return the places at which 0, 1, 2 ... stand in a row that has each of them once."""
    return argsort(x)


def _each(function: Callable[[float], float], x: Tensor) -> Tensor:
    """Return what a function of a Python float makes of each number."""
    numbers = np.vectorize(function, otypes=[float])
    return call(x, function=numbers, shape=x.value.shape, dtype=x.value.dtype)


def floating(x: Any) -> Tensor:
    """Return a tensor of floats: integers and truths as float32."""
    tensor = convert_to_tensor(x)
    return tensor if tensor.value.dtype.kind == "f" else cast(tensor, "float32")


def count_nonzero(
    input: Any, axis: Any = None, keepdims: bool = False, dtype: Any = "int64", name: str | None = None
) -> Tensor:
    """Return how many elements along axes are not 0."""
    return reduce_sum(cast(not_equal(input, 0), dtype), axis, keepdims)


def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Return the mean squared distance from the mean along axes."""
    x = convert_to_tensor(input_tensor)
    return reduce_mean(square(x - reduce_mean(x, axis, True)), axis, keepdims)


def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Return the square root of the variance along axes."""
    return sqrt_(reduce_variance(input_tensor, axis, keepdims))


@recordable
def reduce_logsumexp(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Return log(sum(e^x)) along axes without overflow."""
    x = convert_to_tensor(input_tensor)
    peak = stop_gradient(reduce_max(x, axis, True))
    peak = where(is_finite(peak), peak, 0)
    total = log_(reduce_sum(exp_(x - peak), axis, True)) + peak
    return total if keepdims else reshape(total, loops.reduced_shape(x.value.shape, static(axis), False))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    """Return the elements limited to clip_value_min ... clip_value_max; at the limits the gradient passes."""
    return minimum_(maximum_(t, clip_value_min), clip_value_max)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return (x - y)^2."""
    return square(subtract(x, y))


def divide_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x / y, but 0 where y is 0."""
    nothing = equal(y, 0)
    return where(nothing, 0, divide_(x, where(nothing, 1, y)))
