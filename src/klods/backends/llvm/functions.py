"""The vocabulary of bodies on numbers in registers: the third reading of every block.

exp, log, tanh and erf are written out in instructions that LLVM vectorises with the loop around them, for float32.
The rest, and float64, calls the C library. Every function has the name that it has in `klods.ops.vocabulary`.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from klods.backends.llvm.registers import BOOL, FLOAT32, INT32, Number, converted, declared, register_type, selected

SMALLEST_NORMAL = 1.1754943508222875e-38
ROOT_HALF_BITS = 0x3F3504F3  # of the float32 nearest to sqrt(1/2)


def pair(x: Any, y: Any) -> tuple[Number, Number]:
    """Return two operands, of which one may be a Python number, as numbers of one dtype."""
    known = x if isinstance(x, Number) else y
    return known.like(x), known.like(y)


def where(condition: Number, x: Any, y: Any) -> Number:
    """Return x where the condition holds, else y."""
    return selected(converted(condition, BOOL), *pair(x, y))


def maximum(x: Any, y: Any) -> Number:
    """Return the larger; NaN if either is."""
    x, y = pair(x, y)
    larger = selected(x > y, x, y)
    return selected(x != x, x, larger) if x.floating else larger


def minimum(x: Any, y: Any) -> Number:
    """Return the smaller; NaN if either is."""
    x, y = pair(x, y)
    smaller = selected(x < y, x, y)
    return selected(x != x, x, smaller) if x.floating else smaller


def divide(x: Any, y: Any) -> Number:
    """Return x / y."""
    x, y = pair(x, y)
    return x / y


def absolute(x: Number) -> Number:
    """Return the absolute value."""
    return intrinsic("fabs", x) if x.floating else selected(x < 0, -x, x) if x.dtype.kind == "i" else x


def sign(x: Number) -> Number:
    """Return -1, 0 or 1; NaN for NaN."""
    return selected(x > 0, x.like(1), selected(x < 0, x.like(-1), x if x.floating else x.like(0)))


def sqrt(x: Number) -> Number:
    """Return the square root."""
    return intrinsic("sqrt", x)


def floor(x: Number) -> Number:
    """Return the largest whole number not above x."""
    return intrinsic("floor", x)


def ceil(x: Number) -> Number:
    """Return the smallest whole number not below x."""
    return intrinsic("ceil", x)


def rint(x: Number) -> Number:
    """Return the nearest whole number, halves to the even one."""
    return intrinsic("rint", x)


def logical_and(x: Number, y: Number) -> Number:
    """Return whether both hold."""
    return converted(x, BOOL) & converted(y, BOOL)


def logical_or(x: Number, y: Number) -> Number:
    """Return whether at least one holds."""
    return converted(x, BOOL) | converted(y, BOOL)


def logical_not(x: Number) -> Number:
    """Return whether x doesn't hold."""
    return x == 0


def is_nan(x: Number) -> Number:
    """Return whether x is not a number."""
    return x != x


def is_inf(x: Number) -> Number:
    """Return whether x is infinite."""
    return absolute(x) == math.inf


def flush(x: Number) -> Number:
    """Return x with denormal numbers set to zero."""
    return selected(absolute(x) < SMALLEST_NORMAL, x.like(0.0), x)


def exp(x: Number) -> Number:
    """Return e^x = 2^n e^r with |r| <= log(2) / 2 (Cody & Waite 1980, chapter 6); e^r by a polynomial of degree 6."""
    if x.dtype != FLOAT32:
        return library("exp", x)
    inside = minimum(maximum(x, -104.0), 89.0)
    n = rint(inside * math.log2(math.e))
    r = fused(n, 2.12194440e-4, fused(n, -0.693359375, inside))
    p = polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 0.16666665459, 0.50000001201)
    p = fused(p, r * r, r + 1)
    whole = converted(n, INT32)
    half = whole >> 1
    # 2^n in two factors: one alone would overflow for the smallest and the largest results
    return selected(x != x, x, p * _power_of_two(half) * _power_of_two(whole - half))


def log(x: Number) -> Number:
    """Return log x = e log 2 + log m with m in [sqrt(1/2), sqrt(2)), the latter by a polynomial of degree 9."""
    if x.dtype != FLOAT32:
        return library("log", x)
    shifted = x.bits_as(INT32) - ROOT_HALF_BITS
    exponent = converted(shifted >> 23, FLOAT32)
    m = ((shifted & 0x007FFFFF) + ROOT_HALF_BITS).bits_as(FLOAT32) - 1
    p = polynomial(
        m,
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
    square = m * m
    y = fused(exponent, -2.12194440e-4, p * m * square)
    y = fused(square, -0.5, y)
    result = fused(exponent, 0.693359375, m + y)
    result = selected(x < SMALLEST_NORMAL, selected(x < 0, x.like(math.nan), x.like(-math.inf)), result)
    return selected(x != x, x, selected(x == math.inf, x, result))


def log1p(x: Number) -> Number:
    """Return log(1 + x) as log(u) x / (u - 1) with u = 1 + x rounded (Kahan; Goldberg 1991, theorem 4)."""
    u = x + 1
    close = log(u) * (x / (u - 1))
    return selected(u == 1, x, selected(u == math.inf, u, close))


def expm1(x: Number) -> Number:
    """Return e^x - 1 as (u - 1) x / log u with u = e^x rounded (Kahan; Higham 2002, section 1.14.1)."""
    u = exp(x)
    close = (u - 1) * (x / log(u))
    return selected(u == 1, x, selected(u == 0, x.like(-1.0), selected(u == math.inf, u, close)))


def tanh(x: Number) -> Number:
    """Return tanh x = 1 - 2 / (e^2|x| + 1) with the sign of x; a polynomial near 0, where that would lose digits."""
    if x.dtype != FLOAT32:
        return library("tanh", x)
    size, square = absolute(x), x * x
    near = polynomial(
        square, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1
    )
    near = fused(near * square, x, x)
    far = intrinsic("copysign", 1 - 2 / (exp(size + size) + 1), x)
    return selected(size < 0.625, near, far)


def fused(x: Number, y: Any, z: Any) -> Number:
    """Return x y + z, rounded once."""
    return intrinsic("fma", x, x.like(y), x.like(z))


def polynomial(x: Number, *coefficients: float) -> Number:
    """Return the polynomial with these coefficients, the highest power's first, by Horner's rule."""
    result = x.like(coefficients[0])
    for c in coefficients[1:]:
        result = fused(result, x, c)
    return result


def intrinsic(name: str, *numbers: Number) -> Number:
    """Return an LLVM intrinsic of numbers of one dtype."""
    x = numbers[0]
    suffix = f"{'' if x.lanes == 1 else f'v{x.lanes}'}f{8 * x.dtype.itemsize}"
    kind = register_type(x.dtype, x.lanes)
    function = declared(x.builder.module, f"llvm.{name}.{suffix}", kind, [kind] * len(numbers))
    return Number(x.builder, x.builder.call(function, [n.value for n in numbers]), x.dtype)


def library(name: str, *numbers: Number) -> Number:
    """Return a function of the C library of numbers of one dtype."""
    x, kind = numbers[0], register_type(numbers[0].dtype)
    name = f"{name}f" if x.dtype == FLOAT32 else name
    function = declared(x.builder.module, name, kind, [kind] * len(numbers))
    if x.lanes > 1:
        function = _lane_by_lane(function, x.lanes)
    return Number(x.builder, x.builder.call(function, [n.value for n in numbers]), x.dtype)


def _lane_by_lane(function: ir.Function, lanes: int) -> ir.Function:
    """Return a function that calls another on each lane in turn."""
    module, name = function.module, f"{function.name}.{lanes}"
    if name in module.globals:
        return module.globals[name]
    kind, takes = ir.VectorType(function.function_type.return_type, lanes), function.function_type.args
    many = ir.Function(module, ir.FunctionType(kind, [kind] * len(takes)), name)
    many.linkage = "internal"
    builder = ir.IRBuilder(many.append_basic_block("entry"))
    before, head, done = builder.block, many.append_basic_block("lane"), many.append_basic_block("done")
    builder.branch(head)
    builder.position_at_end(head)
    i, so_far = builder.phi(ir.IntType(32)), builder.phi(kind)
    i.add_incoming(ir.Constant(i.type, 0), before)
    so_far.add_incoming(ir.Constant(kind, ir.Undefined), before)
    result = builder.call(function, [builder.extract_element(x, i) for x in many.args])
    grown, following = builder.insert_element(so_far, result, i), builder.add(i, ir.Constant(i.type, 1))
    i.add_incoming(following, head)
    so_far.add_incoming(grown, head)
    builder.cbranch(builder.icmp_unsigned("<", following, ir.Constant(i.type, lanes)), head, done)
    builder.position_at_end(done)
    builder.ret(grown)
    return many


def _power_of_two(n: Number) -> Number:
    return ((n + 127) << 23).bits_as(FLOAT32)


def _from_library(name: str) -> Any:
    return lambda *numbers: library(name, *(numbers if len(numbers) == 1 else pair(*numbers)))


VOCABULARY: dict[str, Any] = {
    **{
        f.__name__: f
        for f in (
            where,
            maximum,
            minimum,
            divide,
            absolute,
            sign,
            sqrt,
            floor,
            ceil,
            rint,
            logical_and,
            logical_or,
            logical_not,
            is_nan,
            is_inf,
            flush,
            exp,
            expm1,
            log,
            log1p,
            tanh,
        )
    },
    **{name: _from_library(name) for name in ("sin", "cos", "tan", "sinh", "cosh", "erf")},
    "arcsin": _from_library("asin"),
    "arccos": _from_library("acos"),
    "arctan": _from_library("atan"),
    "power": _from_library("pow"),
}
