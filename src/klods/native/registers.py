"""Number, a number in each lane of a register: Python's operators on it emit machine instructions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir

FLOAT32, FLOAT64, INT32, INT64, BOOL = map(np.dtype, ("float32", "float64", "int32", "int64", "bool"))
# What may be rearranged: x * y + z rounds once, and a long sum is added up in lanes. Nothing else: NaN, infinity and
# signed zeros show as they do in NumPy, and a division is one: an estimate of it makes NaN of 1 / sqrt(infinity).
FAST = ("contract",)
FAST_SUM = ("reassoc", *FAST)


class Number:
    """A number in each lane of a register; all operands of an instruction have as many lanes.

    Attributes:
        builder: where instructions go.
        value: the LLVM value.
        dtype: its NumPy dtype, which also tells signed from unsigned.
    """

    __slots__ = ("builder", "dtype", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, builder: ir.IRBuilder, value: ir.Value, dtype: np.dtype) -> None:
        self.builder, self.value, self.dtype = builder, value, dtype

    @property
    def floating(self) -> bool:
        return self.dtype.kind == "f"

    @property
    def lanes(self) -> int:
        return getattr(self.value.type, "count", 1)

    def like(self, x: Any) -> Number:
        """Return a Python number as a constant of this dtype and in as many lanes; a Number as it is."""
        return x if isinstance(x, Number) else constant(self.builder, x, self.dtype, self.lanes)

    def bits_as(self, dtype: np.dtype) -> Number:
        """Return the same bits read as another dtype."""
        return Number(self.builder, self.builder.bitcast(self.value, register_type(dtype, self.lanes)), dtype)

    def __add__(self, other: Any) -> Number:
        return self | other if self.dtype == BOOL else _arithmetic(self, other, "fadd", "add")

    def __radd__(self, other: Any) -> Number:
        return self.like(other) + self

    def __sub__(self, other: Any) -> Number:
        return _arithmetic(self, other, "fsub", "sub")

    def __rsub__(self, other: Any) -> Number:
        return self.like(other) - self

    def __mul__(self, other: Any) -> Number:
        return _arithmetic(self, other, "fmul", "mul")

    def __rmul__(self, other: Any) -> Number:
        return self.like(other) * self

    def __truediv__(self, other: Any) -> Number:
        return _arithmetic(self, other, "fdiv", "sdiv")

    def __rtruediv__(self, other: Any) -> Number:
        return self.like(other) / self

    def __neg__(self) -> Number:
        if self.floating:
            return Number(self.builder, self.builder.fneg(self.value), self.dtype)
        return self.like(0) - self

    def __lt__(self, other: Any) -> Number:
        return _compared("<", self, other)

    def __le__(self, other: Any) -> Number:
        return _compared("<=", self, other)

    def __gt__(self, other: Any) -> Number:
        return _compared(">", self, other)

    def __ge__(self, other: Any) -> Number:
        return _compared(">=", self, other)

    def __eq__(self, other: Any) -> Number:  # type: ignore[override]
        return _compared("==", self, other)

    def __ne__(self, other: Any) -> Number:  # type: ignore[override]
        return _compared("!=", self, other)

    def __and__(self, other: Any) -> Number:
        return Number(self.builder, self.builder.and_(self.value, self.like(other).value), self.dtype)

    def __or__(self, other: Any) -> Number:
        return Number(self.builder, self.builder.or_(self.value, self.like(other).value), self.dtype)

    def __xor__(self, other: Any) -> Number:
        return Number(self.builder, self.builder.xor(self.value, self.like(other).value), self.dtype)

    def __lshift__(self, other: Any) -> Number:
        return Number(self.builder, self.builder.shl(self.value, self.like(other).value), self.dtype)

    def __rshift__(self, other: Any) -> Number:
        return Number(self.builder, self.builder.ashr(self.value, self.like(other).value), self.dtype)


@cache
def register_type(dtype: np.dtype, lanes: int = 1) -> ir.Type:
    """Return the LLVM type of a number of this dtype in a register."""
    one = FLOATS[dtype.itemsize] if dtype.kind == "f" else ir.IntType(1 if dtype.kind == "b" else 8 * dtype.itemsize)
    return one if lanes == 1 else ir.VectorType(one, lanes)


FLOATS = {4: ir.FloatType(), 8: ir.DoubleType()}


@cache
def memory_type(dtype: np.dtype, lanes: int = 1) -> ir.Type:
    """Return the LLVM type of a number of this dtype in memory, where a boolean takes a byte."""
    return register_type(np.dtype("uint8") if dtype.kind == "b" else dtype, lanes)


def constant(builder: ir.IRBuilder, x: Any, dtype: np.dtype, lanes: int = 1) -> Number:
    """Return a Python number as a constant."""
    plain = float(np.asarray(x, dtype)) if dtype.kind == "f" else int(x)
    one = ir.Constant(register_type(dtype), plain)
    if lanes == 1:
        return Number(builder, one, dtype)
    return Number(builder, Literal(register_type(dtype, lanes), _repeated(str(one), lanes)), dtype)


class Literal(ir.Value):
    """A constant vector, given by its text as a whole, which takes a fraction of the time that its lanes would."""

    def __init__(self, kind: ir.VectorType, text: str) -> None:
        self.type, self.text = kind, text

    def get_reference(self) -> str:
        return self.text


@cache
def numbered(lanes: int, start: int = 0, step: int = 1, bits: int = 32) -> ir.Constant:
    """Return start, start + step, ... in the lanes, as whole numbers of so many bits."""
    kind = ir.IntType(bits)
    return ir.Constant(ir.VectorType(kind, lanes), [ir.Constant(kind, start + step * i) for i in range(lanes)])


@cache
def _repeated(one: str, lanes: int) -> str:
    return f"<{', '.join([one] * lanes)}>"


def declared(module: ir.Module, name: str, gives: ir.Type, takes: Sequence[ir.Type]) -> ir.Function:
    """Return a function that is defined elsewhere, such as an intrinsic of LLVM's."""
    known = module.globals.get(name)
    return ir.Function(module, ir.FunctionType(gives, takes), name) if known is None else known


def selected(condition: Number, x: Number, y: Number) -> Number:
    """Return x if the condition holds, else y."""
    return Number(x.builder, x.builder.select(condition.value, x.value, y.value), x.dtype)


def converted(x: Number, dtype: np.dtype) -> Number:
    """Return a number as another dtype, as NumPy's astype converts it."""
    if x.dtype == dtype:
        return x
    if dtype.kind == "b":
        return x != 0
    if x.floating and (dtype.itemsize < 4 or dtype == "uint32"):  # -1 becomes 255, as wherever a processor converts
        return converted(converted(x, np.dtype("int64" if dtype.itemsize == 4 else "int32")), dtype)
    instruction = _conversion(x.dtype, dtype)
    if instruction is None:
        return Number(x.builder, x.value, dtype)
    return Number(x.builder, getattr(x.builder, instruction)(x.value, register_type(dtype, x.lanes)), dtype)


def absolute(x: Number) -> Number:
    """Return the absolute value."""
    return intrinsic("fabs", x) if x.floating else selected(x < 0, -x, x) if x.dtype.kind == "i" else x


def fused(x: Number, y: Any, z: Any) -> Number:
    """Return x y + z, rounded once."""
    return intrinsic("fma", x, x.like(y), x.like(z))


def intrinsic(name: str, *numbers: Number) -> Number:
    """Return an LLVM intrinsic of numbers of one dtype."""
    x = numbers[0]
    suffix = f"{'' if x.lanes == 1 else f'v{x.lanes}'}f{8 * x.dtype.itemsize}"
    kind = register_type(x.dtype, x.lanes)
    function = declared(x.builder.module, f"llvm.{name}.{suffix}", kind, [kind] * len(numbers))
    return Number(x.builder, x.builder.call(function, [n.value for n in numbers]), x.dtype)


def _conversion(old: np.dtype, new: np.dtype) -> str | None:
    """Return the instruction that converts between two dtypes; None if the bits stay."""
    if new.kind == "f":
        if old.kind == "f":
            return "fpext" if new.itemsize > old.itemsize else "fptrunc"
        return "sitofp" if old.kind == "i" else "uitofp"
    if old.kind == "f":
        return "fptosi" if new.kind == "i" else "fptoui"
    widths = [register_type(d).width for d in (old, new)]
    if widths[0] == widths[1]:
        return None
    grows = "sext" if old.kind == "i" else "zext"
    return grows if widths[1] > widths[0] else "trunc"


def _arithmetic(x: Number, other: Any, floating: str, whole: str) -> Number:
    y, builder = x.like(other), x.builder
    if x.floating:
        return Number(builder, getattr(builder, floating)(x.value, y.value, flags=FAST), x.dtype)
    return Number(builder, getattr(builder, whole)(x.value, y.value), x.dtype)


def _compared(sign: str, x: Number, other: Any) -> Number:
    y, builder = x.like(other), x.builder
    if x.floating:
        compare = builder.fcmp_unordered if sign == "!=" else builder.fcmp_ordered
    else:
        compare = builder.icmp_signed if x.dtype.kind == "i" else builder.icmp_unsigned
    return Number(builder, compare(sign, x.value, y.value), BOOL)
