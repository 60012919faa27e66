"""The vocabulary of bodies on numbers in registers: the third reading of every block.

What `elementary` doesn't write out, and float64, calls the C library lane by lane. Every function has the name
that it has in `klods.ops.vocabulary`.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from klods.native import elementary
from klods.native.elementary import SMALLEST_NORMAL
from klods.native.registers import (
    BOOL,
    FLOAT32,
    Number,
    absolute,
    converted,
    declared,
    intrinsic,
    register_type,
    selected,
)


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


def sign(x: Number) -> Number:
    """Return -1, 0 or 1; NaN for NaN."""
    return selected(x > 0, x.like(1), selected(x < 0, x.like(-1), x + 0))  # -0 + 0 is 0


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


def sin(x: Number) -> Number:
    """Return the sine of x radians."""
    return elementary.sin(x, lambda y: library("sin", y)) if x.dtype == FLOAT32 else library("sin", x)


def cos(x: Number) -> Number:
    """Return the cosine of x radians."""
    return elementary.cos(x, lambda y: library("cos", y)) if x.dtype == FLOAT32 else library("cos", x)


def power(x: Any, y: Any) -> Number:
    """Return x to the power y.

    Exponents from -2 to 4 are products (within 2 ulp), 1/2 is a square root; the others go to the C library. Powers of
    whole numbers are products too, and keep the lowest bits where they grow too large, as in NumPy.
    """
    if not isinstance(y, Number) and y == 0.5 and x.floating:
        return sqrt(x)
    if not isinstance(y, Number) and y in (range(-2, 5) if x.floating else range(64)):
        return product(x, int(y)) if y >= 0 else product(1 / x, -int(y))
    x, y = pair(x, y)
    return library("pow", x, y) if x.floating else _whole_power(x, y)


def product(x: Number, times: int) -> Number:
    """Return x multiplied with itself by repeated squaring; 1 for no times."""
    if times <= 1:
        return x if times else x.like(1)
    half = product(x, times // 2)
    return half * half * x if times % 2 else half * half


def floor_divide(x: Any, y: Any) -> Number:
    """Return x / y rounded down; for whole numbers 0 where y is 0, as in NumPy."""
    x, y = pair(x, y)
    if not x.floating:
        quotient, rest = _whole_division(x, y)
        return selected(y == 0, x.like(0), selected(_lacks(rest, y), quotient - 1, quotient))
    rest = library("fmod", x, y)
    quotient = (x - rest) / y
    nearest = rint(selected(_lacks(rest, y), quotient - 1, quotient))
    return selected(y == 0, x / y, selected(nearest == 0, intrinsic("copysign", nearest, x / y), nearest))


def modulo(x: Any, y: Any) -> Number:
    """Return the remainder of x / y, with the sign of y; for whole numbers 0 where y is 0, as in NumPy."""
    x, y = pair(x, y)
    if not x.floating:
        _, rest = _whole_division(x, y)
        return selected(y == 0, x.like(0), selected(_lacks(rest, y), rest + y, rest))
    rest = library("fmod", x, y)
    return selected(rest == 0, intrinsic("copysign", rest, y), selected(_lacks(rest, y), rest + y, rest))


def invert(x: Number) -> Number:
    """Return the opposite of a boolean, or all bits of a whole number flipped."""
    return x ^ (1 if x.dtype == BOOL else -1)


def _whole_division(x: Number, y: Number) -> tuple[Number, Number]:
    """Return x / y rounded towards 0, and the rest, without the processor's trap for division by 0."""
    signed = x.dtype.kind == "i"
    trap = y == 0
    trap = trap | (y == -1) if signed else trap
    safe = selected(trap, y.like(1), y)
    divide = x.builder.sdiv if signed else x.builder.udiv
    quotient = Number(x.builder, divide(x.value, safe.value), x.dtype)
    rest = x - quotient * safe
    return (selected(y == -1, -quotient, quotient) if signed else quotient), rest


def _whole_power(x: Number, y: Number) -> Number:
    """Return the product of those of x, x^2, x^4, ... that the bits of y ask for; negative powers round to 0."""
    signed = x.dtype.kind == "i"
    power, result = x, x.like(1)
    for bit in range(register_type(x.dtype).width - signed):
        result, power = selected((y & (1 << bit)) != 0, result * power, result), power * power
    return selected((y < 0) & (absolute(x) != 1), x.like(0), result) if signed else result


def _lacks(rest: Number, y: Number) -> Number:
    """Tell whether a rest has the wrong sign."""
    return ((rest < 0) ^ (y < 0)) & (rest != 0)


def _from_library(name: str) -> Any:
    return lambda *numbers: library(name, *(numbers if len(numbers) == 1 else pair(*numbers)))


def _written_out(name: str) -> Any:
    """Return a function that is written out for float32, and the C library's for float64."""
    for_float32 = getattr(elementary, name)
    return lambda x: for_float32(x) if x.dtype == FLOAT32 else library(name, x)


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
            sin,
            cos,
            power,
            floor_divide,
            modulo,
            invert,
        )
    },
    **{name: _written_out(name) for name in ("exp", "expm1", "log", "log1p", "tanh", "erf")},
    **{name: _from_library(name) for name in ("tan", "sinh", "cosh")},
    "arcsin": _from_library("asin"),
    "arccos": _from_library("acos"),
    "arctan": _from_library("atan"),
}
