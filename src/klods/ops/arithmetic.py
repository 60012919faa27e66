"""Arithmetic: element-wise functions of one or two numbers."""

# mypy: disable-error-code=has-type
# (a block's gradient rule may name the block itself)

from __future__ import annotations

from typing import Any

from klods.ops import vocabulary as v
from klods.ops.block import pointwise
from klods.ops.comparison import equal, where
from klods.ops.movement import broadcast_to
from klods.ops.vocabulary import absolute, ceil, divide, erf, exp, expm1, floor, log, log1p, maximum, minimum, sqrt
from klods.tensor import Tensor

TWO_OVER_ROOT_PI = 1.1283791670955126


def zero(c: Tensor, y: Tensor, *inputs: Any) -> Tensor:
    """Return the gradient of a block that is constant around almost every point."""
    return broadcast_to(0.0, y.value.shape)


@pointwise(lambda c, y, a, b: c, lambda c, y, a, b: c)
def add(x: Any, y: Any) -> Any:
    """Return x + y.

    Example:
        >>> import klods
        >>> klods.add(klods.constant([1., 2.]), 10).numpy()
        array([11., 12.], dtype=float32)
    """
    return x + y


@pointwise(lambda c, y, a, b: c, lambda c, y, a, b: -c)
def subtract(x: Any, y: Any) -> Any:
    """Return x - y."""
    return x - y


@pointwise(lambda c, y, a, b: c * b, lambda c, y, a, b: c * a)
def multiply(x: Any, y: Any) -> Any:
    """Return x * y."""
    return x * y


@pointwise(lambda c, y, a, b: c / b, lambda c, y, a, b: -c * y / b, kind="float", quiet=True)
def divide_(x: Any, y: Any) -> Any:
    """Return x / y, floating for integers too; x / 0 is infinite, 0 / 0 NaN."""
    return divide(x, y)


@pointwise(None, None, kind="number", quiet=True)
def floor_divide(x: Any, y: Any) -> Any:
    """Return x / y rounded down."""
    return v.floor_divide(x, y)


@pointwise(lambda c, y, a, b: c, lambda c, y, a, b: -c * floor_divide(a, b), kind="number", quiet=True)
def floormod(x: Any, y: Any) -> Any:
    """Return the remainder of x / y, with the sign of y."""
    return v.modulo(x, y)


@pointwise(
    lambda c, y, a, b: c * b * power(a, _below(b)),
    lambda c, y, a, b: c * y * log_(where(a > 0, a, 1)),
    kind="number",
    quiet=True,
)
def power(x: Any, y: Any) -> Any:
    """Return x to the power y. The gradient with respect to y is 0 where x is not positive."""
    return v.power(x, y)


def _below(exponent: Any) -> Any:
    """Return the exponent less 1, but 1 where it is 0, so that the gradient of x^0 is 0 also at 0."""
    if isinstance(exponent, (int, float)):
        return exponent - 1 if exponent else 1
    return where(equal(exponent, 0), 1, subtract(exponent, 1))


@pointwise(lambda c, y, x: -c)
def negative(x: Any) -> Any:
    """Return -x."""
    return -x


@pointwise(lambda c, y, x: c * sign(x))
def abs_(x: Any) -> Any:
    """Return the absolute value."""
    return absolute(x)


@pointwise(zero)
def sign(x: Any) -> Any:
    """Return -1, 0 or 1; NaN for NaN."""
    return v.sign(x)


@pointwise(lambda c, y, x: 2 * c * x)
def square(x: Any) -> Any:
    """Return x * x."""
    return x * x


@pointwise(lambda c, y, x: 0.5 * c / y, kind="float", quiet=True)
def sqrt_(x: Any) -> Any:
    """Return the square root; NaN below zero."""
    return sqrt(x)


@pointwise(lambda c, y, x: -0.5 * c * y / x, kind="float", quiet=True)
def rsqrt(x: Any) -> Any:
    """Return 1 / sqrt(x)."""
    return divide(1, sqrt(x))


@pointwise(lambda c, y, x: -c * y * y, kind="float", quiet=True)
def reciprocal(x: Any) -> Any:
    """Return 1 / x."""
    return divide(1, x)


@pointwise(lambda c, y, x: c * y, kind="float", quiet=True)
def exp_(x: Any) -> Any:
    """Return e to the power x."""
    return exp(x)


@pointwise(lambda c, y, x: c * (y + 1), kind="float", quiet=True)
def expm1_(x: Any) -> Any:
    """Return e^x - 1, exact for small x."""
    return expm1(x)


@pointwise(lambda c, y, x: c / x, kind="float", quiet=True)
def log_(x: Any) -> Any:
    """Return the natural logarithm; -infinity for 0, NaN below."""
    return log(x)


@pointwise(lambda c, y, x: c / (1 + x), kind="float", quiet=True)
def log1p_(x: Any) -> Any:
    """Return log(1 + x), exact for small x."""
    return log1p(x)


@pointwise(lambda c, y, x: c * cos(x), kind="float", quiet=True)
def sin(x: Any) -> Any:
    """Return the sine of x radians."""
    return v.sin(x)


@pointwise(lambda c, y, x: -c * sin(x), kind="float", quiet=True)
def cos(x: Any) -> Any:
    """Return the cosine of x radians."""
    return v.cos(x)


@pointwise(lambda c, y, x: c * (1 + y * y), kind="float", quiet=True)
def tan(x: Any) -> Any:
    """Return the tangent of x radians."""
    return v.tan(x)


@pointwise(lambda c, y, x: c * rsqrt(1 - x * x), kind="float", quiet=True)
def asin(x: Any) -> Any:
    """Return the angle in radians, -pi/2 to pi/2, whose sine is x."""
    return v.arcsin(x)


@pointwise(lambda c, y, x: -c * rsqrt(1 - x * x), kind="float", quiet=True)
def acos(x: Any) -> Any:
    """Return the angle in radians, 0 to pi, whose cosine is x."""
    return v.arccos(x)


@pointwise(lambda c, y, x: c / (1 + x * x), kind="float", quiet=True)
def atan(x: Any) -> Any:
    """Return the angle in radians, -pi/2 to pi/2, whose tangent is x."""
    return v.arctan(x)


@pointwise(lambda c, y, x: c * cosh(x), kind="float", quiet=True)
def sinh(x: Any) -> Any:
    """Return the hyperbolic sine."""
    return v.sinh(x)


@pointwise(lambda c, y, x: c * sinh(x), kind="float", quiet=True)
def cosh(x: Any) -> Any:
    """Return the hyperbolic cosine."""
    return v.cosh(x)


@pointwise(lambda c, y, x: c * (1 - y * y), kind="float")
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent, between -1 and 1."""
    return v.tanh(x)


@pointwise(lambda c, y, x: TWO_OVER_ROOT_PI * c * exp_(-x * x), kind="float", quiet=True)
def erf_(x: Any) -> Any:
    """Return the error function, between -1 and 1."""
    return erf(x)


@pointwise(None, kind="float", quiet=True)
def floor_(x: Any) -> Any:
    """Return the largest integer not above x, as a floating number."""
    return floor(x)


@pointwise(None, kind="float", quiet=True)
def ceil_(x: Any) -> Any:
    """Return the smallest integer not below x, as a floating number."""
    return ceil(x)


@pointwise(None, kind="float", quiet=True)
def round_(x: Any) -> Any:
    """Return the nearest integer, halves to the even one."""
    return v.rint(x)


@pointwise(lambda c, y, a, b: where(a >= b, c, 0), lambda c, y, a, b: where(a >= b, 0, c))
def maximum_(x: Any, y: Any) -> Any:
    """Return the larger of x and y, NaN if either is; where they are equal the gradient goes to x."""
    return maximum(x, y)


@pointwise(lambda c, y, a, b: where(a <= b, c, 0), lambda c, y, a, b: where(a <= b, 0, c))
def minimum_(x: Any, y: Any) -> Any:
    """Return the smaller of x and y, NaN if either is; where they are equal the gradient goes to x."""
    return minimum(x, y)
