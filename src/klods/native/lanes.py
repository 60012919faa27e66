"""Vectors in registers: the same number in all lanes, lanes in memory, lanes folded into one number."""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from klods.native.registers import (
    BOOL,
    INT32,
    INT64,
    Literal,
    Number,
    converted,
    declared,
    memory_type,
    numbered,
    register_type,
)

I32 = ir.IntType(32)


def spread(x: Number, lanes: int) -> Number:
    """Return a number in all of so many lanes."""
    if x.lanes == lanes:
        return x
    undefined = Literal(register_type(x.dtype, lanes), "undef")
    first = x.builder.insert_element(undefined, x.value, ir.Constant(I32, 0))
    return Number(x.builder, x.builder.shuffle_vector(first, undefined, numbered(lanes, step=0)), x.dtype)


def counted(builder: ir.IRBuilder, start: ir.Value, lanes: int) -> Number:
    """Return start, start + 1, ... in the lanes."""
    first = spread(Number(builder, start, INT64), lanes)
    if lanes == 1:
        return first
    return first + Number(builder, numbered(lanes, bits=64), INT64)


def first_lanes(builder: ir.IRBuilder, count: ir.Value, lanes: int) -> Number:
    """Return a mask of the first `count` lanes."""
    short = converted(Number(builder, count, INT64), INT32)
    return Number(builder, numbered(lanes), INT32) < spread(short, lanes)


def folded(x: Number, join: Callable[[Number, Number], Number]) -> Number:
    """Return the lanes joined into one number, halves with halves."""
    while x.lanes > 1:
        half = x.lanes // 2
        x = join(_lanes(x, 0, half), _lanes(x, half, half))
    return x


def load(x: ir.Value, index: ir.Value, like: Number, mask: Number | None = None) -> Number:
    """Return as many numbers as `like` has lanes from an array at an index; 0 where the mask doesn't hold.

    `like` also gives the dtype; its value doesn't matter.
    """
    builder, dtype, lanes = like.builder, like.dtype, like.lanes
    place = _place(builder, x, index, memory_type(dtype, lanes))
    if mask is None:
        word = builder.load(place, align=_bytes(like))
    else:
        kind = memory_type(dtype, lanes)
        parts = [kind.as_pointer(), I32, mask.value.type, kind]
        function = declared(builder.module, f"llvm.masked.load.{_suffix(kind)}", kind, parts)
        word = builder.call(
            function, [place, ir.Constant(I32, _bytes(like)), mask.value, Literal(kind, "zeroinitializer")]
        )
    return Number(builder, builder.trunc(word, register_type(BOOL, lanes)) if dtype == BOOL else word, dtype)


def store(x: Number, array: ir.Value, index: ir.Value, mask: Number | None = None) -> None:
    """Write a number's lanes to an array at an index, where the mask holds."""
    builder, kind = x.builder, memory_type(x.dtype, x.lanes)
    word = builder.zext(x.value, kind) if x.dtype == BOOL else x.value
    place = _place(builder, array, index, kind)
    if mask is None:
        builder.store(word, place, align=_bytes(x))
        return
    parts = [kind, kind.as_pointer(), I32, mask.value.type]
    function = declared(builder.module, f"llvm.masked.store.{_suffix(kind)}", ir.VoidType(), parts)
    builder.call(function, [word, place, ir.Constant(I32, _bytes(x)), mask.value])


def loop(
    builder: ir.IRBuilder,
    name: str,
    first: ir.Value | int,
    end: ir.Value,
    step: ir.Value | int,
    body: Callable[[ir.Value], None],
) -> None:
    """Emit `for i in range(first, end, step): body(i)`."""
    first, step = (ir.Constant(end.type, x) if isinstance(x, int) else x for x in (first, step))
    before, head, done = builder.block, builder.append_basic_block(name), builder.append_basic_block(f"{name}.done")
    builder.cbranch(builder.icmp_signed("<", first, end), head, done)
    builder.position_at_end(head)
    i = builder.phi(end.type)
    i.add_incoming(first, before)
    body(i)
    following = builder.add(i, step)
    i.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, end), head, done)
    builder.position_at_end(done)


def _lanes(x: Number, start: int, count: int) -> Number:
    if count == 1:
        return Number(x.builder, x.builder.extract_element(x.value, ir.Constant(I32, start)), x.dtype)
    return Number(x.builder, x.builder.shuffle_vector(x.value, x.value, numbered(count, start)), x.dtype)


def _place(builder: ir.IRBuilder, array: ir.Value, index: ir.Value, kind: ir.Type) -> ir.Value:
    place = builder.gep(array, [index])
    return place if place.type == kind.as_pointer() else builder.bitcast(place, kind.as_pointer())


def _bytes(x: Number) -> int:
    return x.dtype.itemsize


def _suffix(kind: ir.VectorType) -> str:
    element = {"half": "f16", "float": "f32", "double": "f64"}.get(str(kind.element), str(kind.element))
    return f"v{kind.count}{element}.p0"
