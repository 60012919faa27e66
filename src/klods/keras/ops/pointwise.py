"""Keras's `keras.ops` on single numbers that TensorFlow's top level doesn't have, in terms of those that it has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods import functions
from klods.errors import DTypeError
from klods.keras import config
from klods.keras.ops.names import (
    abs,
    cast,
    equal,
    exp,
    isnan,
    log1p,
    maximum,
    minimum,
    mod,
    power,
    reciprocal,
    sign,
    sin,
    sqrt,
    square,
)
from klods.keras.ops.shapes import where
from klods.ops.block import broadcast_shape
from klods.ops.effects import call
from klods.tensor import Tensor, convert_to_tensor


def floating(x: Any) -> Tensor:
    """Return a tensor of floats: integers and truths in the default dtype."""
    x = convert_to_tensor(x)
    return x if np.dtype(x.dtype.name).kind == "f" else cast(x, config.floatx())


def fabs(x: Any) -> Tensor:
    """Return the absolute value, as a float."""
    return abs(floating(x))


def exp2(x: Any) -> Tensor:
    """Return 2 to the power x."""
    return exp(floating(x) * math.log(2))


def cbrt(x: Any) -> Tensor:
    """Return the cube root, which negative numbers have too."""
    x = floating(x)
    return sign(x) * power(abs(x), 1 / 3)


def hypot(x1: Any, x2: Any) -> Tensor:
    """Return the length of the hypotenuse, sqrt(x1² + x2²), scaled so that squares don't overflow."""
    a, b = fabs(x1), fabs(x2)
    longest, other = maximum(a, b), minimum(a, b)
    return longest * sqrt(1 + square(other / where(longest > 0, longest, 1)))


def deg2rad(x: Any) -> Tensor:
    """Return an angle in radians."""
    return floating(x) * (math.pi / 180)


def rad2deg(x: Any) -> Tensor:
    """Return an angle in degrees."""
    return floating(x) * (180 / math.pi)


def arctan2(x1: Any, x2: Any) -> Tensor:
    """Return the angle of the point (x2, x1), from -pi to pi."""
    return functions.atan2(floating(x1), floating(x2))


def arcsinh(x: Any) -> Tensor:
    """Return the inverse of sinh, without cancellation near 0 and without overflow."""
    return functions.asinh(floating(x))


def arccosh(x: Any) -> Tensor:
    """Return the inverse of cosh for numbers from 1."""
    return functions.acosh(floating(x))


def arctanh(x: Any) -> Tensor:
    """Return the inverse of tanh for numbers from -1 to 1."""
    return functions.atanh(floating(x))


def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """Return the logarithm to base 2 of 2^x1 + 2^x2, without overflow."""
    a, b = floating(x1), floating(x2)
    return maximum(a, b) + log1p(exp2(-abs(a - b))) / math.log(2)


def sinc(x: Any) -> Tensor:
    """Return sin(pi x) / (pi x), 1 at 0."""
    x = floating(x) * math.pi
    level = equal(x, 0)
    return where(level, 1, sin(x) / where(level, 1, x))


def heaviside(x1: Any, x2: Any) -> Tensor:
    """Return 0 for negative x1, 1 for positive x1, and x2 where x1 is 0."""
    x = floating(x1)
    return where(equal(x, 0), cast(x2, x.dtype), cast(x > 0, x.dtype))


def signbit(x: Any) -> Tensor:
    """Tell where the sign is a minus, also that of -0."""
    x = floating(x)
    return (x < 0) | (equal(x, 0) & (reciprocal(x) < 0))


def isposinf(x: Any) -> Tensor:
    """Tell where a number is infinity."""
    return equal(floating(x), math.inf)


def isneginf(x: Any) -> Tensor:
    """Tell where a number is minus infinity."""
    return equal(floating(x), -math.inf)


def fmax(x1: Any, x2: Any) -> Tensor:
    """Return the larger of two numbers, the other where one is NaN."""
    return where(isnan(x1), x2, where(isnan(x2), x1, maximum(x1, x2)))


def fmin(x1: Any, x2: Any) -> Tensor:
    """Return the smaller of two numbers, the other where one is NaN."""
    return where(isnan(x1), x2, where(isnan(x2), x1, minimum(x1, x2)))


def saturate_cast(x: Any, dtype: Any) -> Tensor:
    """Return the tensor in another dtype; numbers that it can't hold as the nearest that it can."""
    return functions.saturate_cast(x, dtype)


def erfc(x: Any) -> Tensor:
    """Return 1 - erf(x), exact for large x."""
    return functions.erfc(x)


def erfinv(x: Any) -> Tensor:
    """Return the inverse of the error function, for numbers from -1 to 1."""
    return functions.erfinv(x)


def fmod(x1: Any, x2: Any) -> Tensor:
    """Return what remains of x1 when multiples of x2 are taken away; it has the sign of x1."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    return sign(a) * mod(abs(a), abs(b))


def ldexp(x1: Any, x2: Any) -> Tensor:
    """Return x1 times 2 to the power x2.

    Raises:
        DTypeError: for an x2 that isn't whole.
    """
    a, exponent = floating(x1), convert_to_tensor(x2)
    if exponent.value.dtype.kind not in "iu":
        raise DTypeError(f"ldexp: the exponent is {exponent.dtype.name}.", "give integers, or write x1 * 2.0**x2.")
    return a * power(2.0, cast(exponent, a.dtype))


def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """Return integers with their bits moved y places to the left."""
    return _by_numpy(np.left_shift, _whole(x), _whole(y))


def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """Return integers with their bits moved y places to the right, the sign kept."""
    return _by_numpy(np.right_shift, _whole(x), _whole(y))


left_shift, right_shift = bitwise_left_shift, bitwise_right_shift


def _whole(x: Any) -> Tensor:
    """Return integers.

    Raises:
        DTypeError: for others.
    """
    tensor = convert_to_tensor(x)
    if tensor.value.dtype.kind not in "iu":
        raise DTypeError(f"Expected integers; got {tensor.dtype.name}.", "cast them first.")
    return tensor


def gcd(x1: Any, x2: Any) -> Tensor:
    """Return the greatest common divisors of integers."""
    return _by_numpy(np.gcd, _whole(x1), _whole(x2))


def lcm(x1: Any, x2: Any) -> Tensor:
    """Return the least common multiples of integers."""
    return _by_numpy(np.lcm, _whole(x1), _whole(x2))


def nextafter(x1: Any, x2: Any) -> Tensor:
    """Return the float next to x1 on the way to x2; it has no gradient."""
    return _by_numpy(np.nextafter, floating(x1), floating(x2))


def _by_numpy(function: np.ufunc, a: Tensor, b: Tensor) -> Tensor:
    shape = broadcast_shape(a.value.shape, b.value.shape)
    return call(a, b, function=function, shape=shape, dtype=np.result_type(a.value.dtype, b.value.dtype))
