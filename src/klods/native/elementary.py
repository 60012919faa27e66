"""exp, log and their kin for float32, written out in instructions that work on all lanes at once.

Each states its largest error in ulp, the distance between neighbouring float32 numbers; `tests/test_llvm_accuracy.py`
measures them. The polynomials are minimax fits in the sense of the relative error of the result, made for klods by
iteratively reweighted least squares (Lawson 1961). NaN and infinity, signed zeros and denormal numbers give what
IEEE 754 asks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from llvmlite import ir

from klods.native.lanes import folded
from klods.native.registers import FLOAT32, INT32, Number, absolute, converted, fused, intrinsic, selected

SMALLEST_NORMAL = 1.1754943508222875e-38
ROOT_HALF_BITS = 0x3F3504F3  # of the float32 nearest to sqrt(1/2)
# log(2) and pi / 2 in pieces, of which the first times a whole number of the range in question is exact
LOG_2 = 0.693359375, math.log(2) - 0.693359375
HALF_PI = 1.57079637050628662109375, -4.37113882867379e-8, -1.7151245100058e-15
FAR = 2.0**17  # where sin and cos go to the C library


def exp(x: Number) -> Number:
    """Return e^x = 2^n e^r with |r| <= log(2) / 2 (Cody & Waite 1980, chapter 6); within 1 ulp."""
    n, r = _reduced(clipped(x, -104.0, 89.0))
    p = polynomial(r, *POWERS, 0.5, 1.0, 1.0)
    whole = converted(n, INT32)
    half = whole >> 1
    # 2^n in two factors: one alone would overflow for the smallest and the largest results
    return selected(x != x, x, p * _power_of_two(half) * _power_of_two(whole - half))


def expm1(x: Number) -> Number:
    """Return e^x - 1 = 2^n (e^r - 1) + 2^n - 1, with n and r as in exp; within 1.5 ulp."""
    n, r = _reduced(clipped(x, -30.0, 89.0))
    p = fused(r * r, polynomial(r, *POWERS, 0.5), r)
    half = _power_of_two(converted(n, INT32) - 1)  # of 2^n, which may overflow
    result = 2 * fused(half, p, half - 0.5)
    return selected((x != x) | (x == 0), x, result)


def log(x: Number) -> Number:
    """Return log of x = 2^e (1 + m) as e log 2 and a polynomial, 1 + m from sqrt(1/2) to sqrt(2); within 1 ulp."""
    tiny = x < SMALLEST_NORMAL
    shifted = selected(tiny, x * 2.0**23, x).bits_as(INT32) - ROOT_HALF_BITS
    exponent = converted(shifted >> 23, FLOAT32) - selected(tiny, x.like(23.0), x.like(0.0))
    m = ((shifted & 0x007FFFFF) + ROOT_HALF_BITS).bits_as(FLOAT32) - 1
    square = m * m
    y = fused(exponent, LOG_2[1], polynomial(m, *LOGARITHM) * m * square)
    result = fused(exponent, LOG_2[0], m + fused(square, -0.5, y))
    below = selected(x < 0, x.like(math.nan), x.like(-math.inf))
    return selected(x <= 0, below, selected(x < math.inf, result, x))


def log1p(x: Number) -> Number:
    """Return log(1 + x) as log u + (x - (u - 1)) / u with u = 1 + x rounded; within 2 ulp."""
    u = x + 1
    close = log(u) + (x - (u - 1)) / u
    return selected(u == 1, x, selected((u == 0) | (u == math.inf), log(u), close))


def tanh(x: Number) -> Number:
    """Return tanh x = 1 - 2 / (e^2|x| + 1) with the sign of x, near 0 a polynomial; within 1.5 ulp."""
    size = absolute(x)
    square = size * size
    near = fused(polynomial(square, *TANH) * square, size, size)
    far = 1 - 2 / (exp(size + size) + 1)
    return intrinsic("copysign", selected(size < 0.625, near, far), x)


def erf(x: Number) -> Number:
    """Return the error function: near 0 x p(x^2), else 1 - e^q(|x|) with the sign of x; within 1.5 ulp."""
    size = absolute(x)
    square = size * size
    near = fused(polynomial(square, *ERF), size, size)
    far = 1 - exp(polynomial(clipped(size, 0.0, 4.0), *LOG_ERFC))
    return selected(x != x, x, intrinsic("copysign", selected(size < 0.875, near, far), x))


def sin(x: Number, library: Callable[[Number], Number]) -> Number:
    """Return the sine, within 2 ulp up to 2^17; beyond, all lanes are handed to the C library."""
    return _near_or_far(x, lambda: selected(x == 0, x, _turned(x, 0)), library)


def cos(x: Number, library: Callable[[Number], Number]) -> Number:
    """Return the cosine, within 2 ulp up to 2^17; beyond, all lanes are handed to the C library."""
    return _near_or_far(x, lambda: _turned(x, 1), library)


def polynomial(x: Number, *coefficients: float) -> Number:
    """Return the polynomial with these coefficients, the highest power's first, by Horner's rule."""
    result = x.like(coefficients[0])
    for c in coefficients[1:]:
        result = fused(result, x, c)
    return result


def clipped(x: Number, low: float, high: float) -> Number:
    """Return x limited to low ... high, high for NaN."""
    x = selected(x < high, x, x.like(high))
    return selected(x > low, x, x.like(low))


# Coefficients, the highest power's first.
POWERS = 1.38636678e-3, 8.36760923e-3, 4.16672416e-2, 1.66665331e-1  # of (e^r - 1 - r - r^2 / 2) / r^3
LOGARITHM = (  # of (log(1 + m) - m + m^2 / 2) / m^3
    6.74663857e-2,
    -1.16756514e-1,
    1.18881628e-1,
    -1.24055892e-1,
    1.42195523e-1,
    -1.66679963e-1,
    2.00021192e-1,
    -2.50000089e-1,
    3.33333135e-1,
)
TANH = -5.7049864e-3, 2.06390861e-2, -5.37397154e-2, 1.33314416e-1, -3.33332807e-1  # of (tanh(x) / x - 1) / x^2
ERF = (  # of erf(x) / x - 1, in x^2
    8.61902372e-5,
    -8.19901354e-4,
    5.2057812e-3,
    -2.68612318e-2,
    1.1283727e-1,
    -3.76126349e-1,
    1.28379166e-1,
)
LOG_ERFC = (  # of log(erfc(x)) from 0.87 to 4
    -2.03064101e-5,
    4.25437582e-4,
    -4.12783492e-3,
    2.50070393e-2,
    -1.08108707e-1,
    -6.33500278e-1,
    -1.12944031,
    1.5942895e-4,
)
SINE = 2.71681006e-6, -1.98391761e-4, 8.33332911e-3, -1.66666672e-1  # of (sin(r) / r - 1) / r^2, in r^2
COSINE = 2.44181283e-5, -1.38871849e-3, 4.16666418e-2  # of (cos(r) - 1 + r^2 / 2) / r^4, in r^2


def _reduced(x: Number) -> tuple[Number, Number]:
    """Return n and r with x = n log 2 + r, n whole and |r| <= log(2) / 2."""
    n = intrinsic("rint", x * math.log2(math.e))
    return n, fused(n, -LOG_2[1], fused(n, -LOG_2[0], x))


def _power_of_two(n: Number) -> Number:
    return ((n + 127) << 23).bits_as(FLOAT32)


def _turned(x: Number, quarters: int) -> Number:
    """Return the sine of x and so many quarter turns, for |x| up to 2^17."""
    n = intrinsic("rint", x * (2 / math.pi))
    r = x
    for piece in HALF_PI:
        r = fused(n, -piece, r)
    square = r * r
    sine = fused(polynomial(square, *SINE) * square, r, r)
    cosine = fused(square * square, polynomial(square, *COSINE), fused(square, -0.5, square.like(1.0)))
    quarter = converted(n, INT32) + quarters
    result = selected((quarter & 1) == 0, sine, cosine)
    return (result.bits_as(INT32) ^ ((quarter & 2) << 30)).bits_as(FLOAT32)


def _near_or_far(x: Number, near: Callable[[], Number], far: Callable[[Number], Number]) -> Number:
    """Return `near()`, or `far(x)` where a lane of x is beyond the range of the first."""
    builder, beyond = x.builder, folded(absolute(x) > FAR, lambda a, b: a | b)
    result = near()
    before = builder.block
    with builder.if_then(beyond.value, likely=False):
        instead = far(x)
        then = builder.block
    joined: ir.PhiInstr = builder.phi(x.value.type)
    joined.add_incoming(result.value, before)
    joined.add_incoming(instead.value, then)
    return Number(builder, joined, FLOAT32)
