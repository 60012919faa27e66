"""The vocabulary of bodies on one Python number: what each primitive means, and what a learner reads.

Where Python's own function raises, these return the infinity or NaN that IEEE 754 gives. Each stands alone, so that its
source can be printed above a loop that calls it.
"""

from __future__ import annotations

import math


def divide(x: float, y: float) -> float:
    """Return x / y."""
    if y != 0:
        return x / y
    if x == 0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def floor_divide(x: float, y: float) -> float:
    """Return the largest whole number not above x / y; 0 for whole numbers over 0."""
    if isinstance(x, int) and isinstance(y, int):
        return x // y if y else 0
    if y == 0:
        return divide(x, y)
    return x // y if math.isfinite(x) else math.nan


def modulo(x: float, y: float) -> float:
    """Return what x // y leaves of x; 0 for whole numbers over 0."""
    if isinstance(x, int) and isinstance(y, int):
        return x % y if y else 0
    return x % y if y and math.isfinite(x) else math.nan


def power(x: float, y: float) -> float:
    """Return x to the power y."""
    if isinstance(x, int) and isinstance(y, int):
        return x**y
    if x == 0 and y < 0:
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf
    try:
        return math.pow(x, y)
    except ValueError:
        return math.nan
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf


def sign(x: float) -> float:
    """Return -1, 0 or 1; NaN for NaN."""
    return x if x != x else int(x > 0) - int(x < 0)


def sqrt(x: float) -> float:
    """Return the square root; NaN below 0."""
    return math.sqrt(x) if x >= 0 else math.nan


def exp(x: float) -> float:
    """Return e to the power x; infinity where that is too large."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def expm1(x: float) -> float:
    """Return exp(x) - 1; infinity where that is too large."""
    try:
        return math.expm1(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """Return the natural logarithm; minus infinity for 0, NaN below."""
    if x == 0:
        return -math.inf
    return math.log(x) if x > 0 else math.nan


def log1p(x: float) -> float:
    """Return log(1 + x); minus infinity for -1, NaN below."""
    if x == -1:
        return -math.inf
    return math.log1p(x) if x > -1 else math.nan


def sin(x: float) -> float:
    """Return the sine; NaN for an infinite angle."""
    return math.sin(x) if math.isfinite(x) else math.nan


def cos(x: float) -> float:
    """Return the cosine; NaN for an infinite angle."""
    return math.cos(x) if math.isfinite(x) else math.nan


def tan(x: float) -> float:
    """Return the tangent; NaN for an infinite angle."""
    return math.tan(x) if math.isfinite(x) else math.nan


def arcsin(x: float) -> float:
    """Return the angle whose sine is x; NaN outside -1 to 1."""
    return math.asin(x) if -1 <= x <= 1 else math.nan


def arccos(x: float) -> float:
    """Return the angle whose cosine is x; NaN outside -1 to 1."""
    return math.acos(x) if -1 <= x <= 1 else math.nan


def sinh(x: float) -> float:
    """Return the hyperbolic sine; infinity where that is too large."""
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def cosh(x: float) -> float:
    """Return the hyperbolic cosine; infinity where that is too large."""
    try:
        return math.cosh(x)
    except OverflowError:
        return math.inf


def floor(x: float) -> float:
    """Return the largest whole number not above x."""
    return math.floor(x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    """Return the smallest whole number not below x."""
    return math.ceil(x) if math.isfinite(x) else x


def rint(x: float) -> float:
    """Return the nearest whole number; of two, the even one."""
    return float(round(x)) if math.isfinite(x) else x


def maximum(x: float, y: float) -> float:
    """Return the larger; NaN if either is."""
    return x if x > y or x != x else y


def minimum(x: float, y: float) -> float:
    """Return the smaller; NaN if either is."""
    return x if x < y or x != x else y


def logical_and(x: float, y: float) -> bool:
    """Tell whether both are other than 0."""
    return bool(x) and bool(y)


def logical_or(x: float, y: float) -> bool:
    """Tell whether either is other than 0."""
    return bool(x) or bool(y)


def invert(x: int) -> int:
    """Return a whole number with all bits turned, or the other truth value."""
    return not x if isinstance(x, bool) else ~x


def where(condition: bool, x: float, y: float) -> float:
    """Return x if the condition holds, else y."""
    return x if condition else y


def flush(x: float) -> float:
    """Return x; 0 instead of a number smaller than float32's normal ones."""
    return 0.0 if abs(x) < 1.1754943508222875e-38 else x
