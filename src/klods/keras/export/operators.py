"""Blocks as ONNX operators: the table of how each is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.graph import Operand, Value
from klods.keras.export.writer import Size, Writer


@dataclass(frozen=True)
class Step:
    """A node to be written.

    Attributes:
        inputs: the names of its operands, aligned to the dtype that it computes in.
        attributes: its attributes, in which sizes that grow with the batch are `Batch`.
        operands: its operands.
        output: its output.
        dtype: what it computes in.
    """

    inputs: Sequence[str]
    attributes: dict[str, Any]
    operands: Sequence[Operand]
    output: Value
    dtype: np.dtype

    def shape(self, place: int = 0) -> tuple[int, ...]:
        """Return the shape of an operand."""
        x = self.operands[place]
        return x.shape if isinstance(x, Value) else ()

    def number(self, writer: Writer, number: float) -> str:
        """Return the name of a number in the dtype of the step."""
        return writer.constant(np.asarray(number, self.dtype))


Written = Callable[[Writer, Step], str]


def same(operator: str) -> Written:
    """Return how a block is written that ONNX has as it is, with the same attributes."""
    return lambda writer, step: writer.add(operator, *step.inputs, **step.attributes)


def _square(writer: Writer, step: Step) -> str:
    return writer.add("Mul", *step.inputs, *step.inputs)


def _rsqrt(writer: Writer, step: Step) -> str:
    return writer.add("Reciprocal", writer.add("Sqrt", *step.inputs))


def _expm1(writer: Writer, step: Step) -> str:
    return writer.add("Sub", writer.add("Exp", *step.inputs), step.number(writer, 1))


def _log1p(writer: Writer, step: Step) -> str:
    return writer.add("Log", writer.add("Add", *step.inputs, step.number(writer, 1)))


def _not_equal(writer: Writer, step: Step) -> str:
    return writer.add("Not", writer.add("Equal", *step.inputs))


def _bitwise(logical: str, bitwise: str) -> Written:
    """Return how an operation on bits is written, which ONNX calls otherwise on truth values."""
    return lambda writer, step: writer.add(logical if step.dtype.kind == "b" else bitwise, *step.inputs)


def _is_finite(writer: Writer, step: Step) -> str:
    return writer.add("Not", writer.add("Or", writer.add("IsNaN", *step.inputs), writer.add("IsInf", *step.inputs)))


def _relu6(writer: Writer, step: Step) -> str:
    return writer.add("Clip", *step.inputs, step.number(writer, 0), step.number(writer, 6))


def _gate(writer: Writer, step: Step) -> str:
    zero = step.number(writer, 0)
    return writer.add("Where", writer.add("Greater", step.inputs[1], zero), step.inputs[0], zero)


def _floored(writer: Writer, step: Step) -> str:
    return writer.add("Floor", writer.add("Div", *step.inputs))


def _remainder(writer: Writer, step: Step) -> str:
    whole = writer.add("Mul", _floored(writer, step), step.inputs[1])
    return writer.add("Sub", step.inputs[0], whole)


def _cast(writer: Writer, step: Step) -> str:
    return writer.add("Cast", *step.inputs, to=step.output.dtype)


def _reshape(writer: Writer, step: Step) -> str:
    return writer.add("Reshape", *step.inputs, writer.shape(step.attributes["shape"]))


def _broadcast_to(writer: Writer, step: Step) -> str:
    return writer.add("Expand", *step.inputs, writer.shape(step.attributes["shape"]))


def _transpose(writer: Writer, step: Step) -> str:
    order = step.attributes.get("perm")
    return writer.add("Transpose", *step.inputs, perm=range(len(step.shape()))[::-1] if order is None else order)


def _concatenate(writer: Writer, step: Step) -> str:
    return writer.add("Concat", *step.inputs, axis=step.attributes["axis"])


def _matmul(writer: Writer, step: Step) -> str:
    inputs = [
        _turned(writer, name, len(step.shape(place))) if step.attributes.get(side) else name
        for place, (name, side) in enumerate(zip(step.inputs, ("transpose_a", "transpose_b")))
    ]
    return writer.add("MatMul", *inputs)


def _turned(writer: Writer, name: str, ndim: int) -> str:
    return writer.add("Transpose", name, perm=[*range(ndim - 2), ndim - 1, ndim - 2])


def _reduced(operator: str) -> Written:
    """Return how a reduction is written; the dtypes that it takes are floating ones."""

    def write(writer: Writer, step: Step) -> str:
        axes = _axes(writer, step.attributes.get("axis"))
        kept = int(step.attributes.get("keepdims", False))
        inputs = [_as(writer, step, step.output.dtype), *axes]
        return writer.add(operator, *inputs, keepdims=kept)

    return write


def _counted(operator: str) -> Written:
    """Return how a reduction of truth values is written: as that of 0 and 1."""

    def write(writer: Writer, step: Step) -> str:
        numbers = writer.add("Cast", *step.inputs, to=np.dtype("int32"))
        kept = int(step.attributes.get("keepdims", False))
        reduced = writer.add(operator, numbers, *_axes(writer, step.attributes.get("axis")), keepdims=kept)
        return writer.add("Cast", reduced, to=np.dtype(bool))

    return write


def _axes(writer: Writer, axis: Any) -> list[str]:
    if axis is None:
        return []
    return [writer.integers(*(axis if isinstance(axis, tuple) else (axis,)))]


def _as(writer: Writer, step: Step, dtype: np.dtype) -> str:
    operand = step.operands[0]
    is_same = isinstance(operand, Value) and operand.dtype == dtype
    return step.inputs[0] if is_same else writer.add("Cast", step.inputs[0], to=dtype)


def _placed(operator: str) -> Written:
    """Return how the place of the largest or smallest number is written."""

    def write(writer: Writer, step: Step) -> str:
        axis, name = step.attributes.get("axis", 0), step.inputs[0]
        if axis is None:
            axis, name = 0, writer.add("Reshape", name, writer.integers(-1))
        return writer.add("Cast", writer.add(operator, name, axis=axis, keepdims=0), to=step.output.dtype)

    return write


def _gather(writer: Writer, step: Step) -> str:
    return writer.add("Gather", *step.inputs, axis=step.attributes.get("axis", 0))


def _item(writer: Writer, step: Step) -> str:
    """Write a key of slices and whole numbers; the axes of the numbers go."""
    given = step.attributes["key"]
    key = given if isinstance(given, tuple) else (given,)
    if ... in key:
        at, missing = key.index(...), len(step.shape()) - len(key) + 1
        key = (*key[:at], *[slice(None)] * missing, *key[at + 1 :])
    if not all(isinstance(k, slice) or type(k) is int for k in key):
        raise DataError("ONNX has no operator for this kind of index.", "pick with slices and whole numbers.")
    ranges = [_range(k) for k in key]
    axes = [axis for axis, k in enumerate(key) if k != slice(None)]
    starts, ends, steps = (writer.shape(tuple(ranges[axis][n] for axis in axes)) for n in range(3))
    sliced = writer.add("Slice", *step.inputs, starts, ends, writer.integers(*axes), steps) if axes else step.inputs[0]
    gone = [axis for axis, k in enumerate(key) if not isinstance(k, slice)]
    return writer.add("Squeeze", sliced, writer.integers(*gone)) if gone else sliced


def _range(key: Any) -> tuple[Size, Size, int]:
    """Return start, end and step of a slice as ONNX wants them, without None."""
    if not isinstance(key, slice):
        return key, key + 1 if key != -1 else FAR, 1
    by = 1 if key.step is None else key.step
    first, last = (0, FAR) if by > 0 else (FAR, -FAR)
    return first if key.start is None else key.start, last if key.stop is None else key.stop, by


FAR = 2**63 - 1  # beyond the end of any axis


def _einsum(writer: Writer, step: Step) -> str:
    return writer.add("Einsum", *step.inputs, equation=step.attributes["equation"])


def _running_sum(writer: Writer, step: Step) -> str:
    axis = writer.constant(np.asarray(step.attributes.get("axis", 0), np.int64))
    return writer.add("CumSum", _as(writer, step, step.output.dtype), axis)


def _pad(writer: Writer, step: Step) -> str:
    before, after = zip(*step.attributes["paddings"])
    number = step.number(writer, step.attributes.get("constant_values", 0))
    return writer.add("Pad", *step.inputs, writer.integers(*before, *after), number)


OPERATORS: dict[str, Written] = {
    **{
        block: same(operator)
        for block, operator in {
            "abs": "Abs",
            "acos": "Acos",
            "add": "Add",
            "asin": "Asin",
            "atan": "Atan",
            "ceil": "Ceil",
            "cos": "Cos",
            "cosh": "Cosh",
            "divide": "Div",
            "elu": "Elu",
            "equal": "Equal",
            "erf": "Erf",
            "exp": "Exp",
            "floor": "Floor",
            "greater": "Greater",
            "greater_equal": "GreaterOrEqual",
            "identity": "Identity",
            "is_inf": "IsInf",
            "is_nan": "IsNaN",
            "leaky_relu": "LeakyRelu",
            "less": "Less",
            "less_equal": "LessOrEqual",
            "log": "Log",
            "log_softmax": "LogSoftmax",
            "logical_and": "And",
            "logical_not": "Not",
            "logical_or": "Or",
            "logical_xor": "Xor",
            "maximum": "Max",
            "minimum": "Min",
            "multiply": "Mul",
            "negative": "Neg",
            "power": "Pow",
            "reciprocal": "Reciprocal",
            "relu": "Relu",
            "round": "Round",
            "sigmoid": "Sigmoid",
            "sign": "Sign",
            "sin": "Sin",
            "sinh": "Sinh",
            "softmax": "Softmax",
            "softplus": "Softplus",
            "softsign": "Softsign",
            "sqrt": "Sqrt",
            "stop_gradient": "Identity",
            "subtract": "Sub",
            "tan": "Tan",
            "tanh": "Tanh",
            "where": "Where",
        }.items()
    },
    "argmax": _placed("ArgMax"),
    "argmin": _placed("ArgMin"),
    "bitwise_and": _bitwise("And", "BitwiseAnd"),
    "bitwise_or": _bitwise("Or", "BitwiseOr"),
    "bitwise_xor": _bitwise("Xor", "BitwiseXor"),
    "broadcast_to": _broadcast_to,
    "cast": _cast,
    "concatenate": _concatenate,
    "einsum": _einsum,
    "expm1": _expm1,
    "floor_divide": _floored,
    "floormod": _remainder,
    "gate": _gate,
    "gather": _gather,
    "invert": _bitwise("Not", "BitwiseNot"),
    "is_finite": _is_finite,
    "item": _item,
    "log1p": _log1p,
    "matmul": _matmul,
    "not_equal": _not_equal,
    "pad_constant": _pad,
    "reduce_all": _counted("ReduceMin"),
    "reduce_any": _counted("ReduceMax"),
    "reduce_max": _reduced("ReduceMax"),
    "reduce_mean": _reduced("ReduceMean"),
    "reduce_min": _reduced("ReduceMin"),
    "reduce_prod": _reduced("ReduceProd"),
    "reduce_sum": _reduced("ReduceSum"),
    "relu6": _relu6,
    "reshape": _reshape,
    "rsqrt": _rsqrt,
    "running_sum": _running_sum,
    "square": _square,
    "transpose": _transpose,
}
