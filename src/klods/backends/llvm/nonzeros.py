"""The product of a matrix that is nearly all zeros, such as texts as rows that say which words occur.

The left side is gone through as it lies in memory, line by line in pieces: the places of a piece's nonzero numbers are
listed, and these alone are multiplied. Each number of the result is summed up in the order in which tiles do it, and
0 times a number adds nothing, so it is the same. Where it isn't, because there is NaN or infinity on the right, or
where a look at some numbers finds too few zeros, tiles do the work.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from klods.backends.llvm.lanes import first_lanes, folded, load, spread, store
from klods.backends.llvm.product import DEPTH, FLOAT, I64, Shape, Tiles
from klods.backends.llvm.registers import FLOAT32, Number, constant, fused

LOOKS, FEW = 256, 8  # numbers that are looked at, and how many of them may be other than 0
WORD = 64  # numbers that are compared with 0 at a time, a bit each
STRIDE = 40507  # columns from one that is looked at to the next: prime, so that they lie all over


def write_nonzeros(module: ir.Module, name: str, shape: Shape, turned: bool) -> None:
    """Add the product to a module as `write_product` does; `turned` if it is one with the transpose of what lies there.

    Rows of what lies there are lines of numbers one behind the other. With its transpose, sums are at most DEPTH long.
    """
    tiles = Tiles(ir.Function(module, ir.FunctionType(ir.VoidType(), [I64.as_pointer()]), name), shape)
    nonzeros = Nonzeros(tiles, turned)
    with tiles.builder.if_else(nonzeros.are_enough()) as (few, many):
        with few:
            nonzeros.emit()
        with many:
            tiles.emit()
    tiles.builder.ret_void()


class Nonzeros:
    """Emits the loops of one product.

    Args:
        tiles: those of the same product.
        turned: whether lines are a's columns.
    """

    def __init__(self, tiles: Tiles, turned: bool) -> None:
        self.tiles, self.builder, self.turned = tiles, tiles.builder, turned
        lines, within = (tiles.a_turns, tiles.a_rows) if turned else (tiles.a_rows, tiles.a_turns)
        self.lines, self.first = lines, self.builder.load(within)
        self.count, self.length = (tiles.k, tiles.m) if turned else (tiles.m, tiles.k)
        self.places, self.found, self.bits = (self.builder.alloca(I64, n) for n in (DEPTH, 1, 1))

    def are_enough(self) -> ir.Value:
        """Emit the looks; tell whether what is other than 0 is little, and nothing on the right makes NaN of 0."""
        builder = self.builder
        builder.store(ir.Constant(I64, 0), self.found)

        def look(number: ir.Value) -> None:
            line = builder.udiv(builder.mul(number, self.count), ir.Constant(I64, LOOKS))
            place = builder.urem(self.tiles.times(number, STRIDE), self.length)
            other = builder.fcmp_unordered("!=", builder.load(self.tiles.at(self.line(line), (place, 1))), ZERO)
            builder.store(builder.add(builder.load(self.found), builder.zext(other, I64)), self.found)

        self.tiles.loop("look", 0, ir.Constant(I64, LOOKS), 1, look)
        few = builder.icmp_signed("<=", builder.load(self.found), ir.Constant(I64, FEW))
        return builder.and_(few, self.right_is_finite())

    def right_is_finite(self) -> ir.Value:
        """Emit the sum of all numbers on the right times 0, which is 0 if none is NaN or infinity."""
        slots = {lanes: sums[0] for lanes, sums in self.tiles.sums.items()}
        for lanes, slot in slots.items():
            self.builder.store(constant(self.builder, 0, FLOAT32, lanes).value, slot)

        def add(row: ir.Value, j: ir.Value, like: Number, mask: Number | None) -> None:
            slot = slots[like.lanes]
            numbers = load(self.tiles.b, self.builder.add(self.builder.mul(row, self.tiles.b_row), j), like, mask)
            self.builder.store(fused(numbers, 0, self.number(slot)).value, slot)

        self.rows(self.tiles.k, add)
        one, other = (folded(self.number(slot), lambda x, y: x + y) for slot in slots.values())
        return (one + other == 0).value

    def emit(self) -> None:
        """Emit everything."""
        if self.turned:
            self.rows(self.tiles.m, lambda i, j, like, mask: store(like, self.tiles.c, self.in_c(i, j), mask))
        self.tiles.loop("line", 0, self.count, 1, self.pieces)

    def pieces(self, line: ir.Value) -> None:
        """Emit what is done with a line."""
        multiply = self.scatter if self.turned else self.gather

        def piece(p: ir.Value) -> None:
            self.list_places(line, p)
            self.tiles.columns(lambda *columns: multiply(line, p, *columns))

        self.tiles.loop("piece", 0, self.length, DEPTH, piece)

    def list_places(self, line: ir.Value, p: ir.Value) -> None:
        """Emit the search of a piece, from p on, for what is other than 0."""
        builder, tiles = self.builder, self.tiles
        builder.store(ir.Constant(I64, 0), self.found)
        like = constant(builder, 0, FLOAT32, WORD)
        end = tiles.least(self.length, builder.add(p, ir.Constant(I64, DEPTH)))
        whole = builder.and_(end, ir.Constant(I64, -WORD))
        numbers = self.line(line)

        def some(q: ir.Value, mask: Number | None) -> None:
            bits = builder.bitcast((load(numbers, q, like, mask) != 0).value, I64)
            builder.store(bits, self.bits)
            tiles.loop("nonzero", 0, builder.ctpop(bits), 1, lambda _: note(q))

        def note(q: ir.Value) -> None:
            bits, found = builder.load(self.bits), builder.load(self.found)
            place = builder.add(q, builder.cttz(bits, ir.Constant(ir.IntType(1), 1)))
            builder.store(place, tiles.at(self.places, (found, 1)))
            builder.store(builder.add(found, ir.Constant(I64, 1)), self.found)
            builder.store(builder.and_(bits, builder.sub(bits, ir.Constant(I64, 1))), self.bits)

        tiles.loop("whole", p, whole, WORD, lambda q: some(q, None))
        tiles.loop("rest", whole, end, WORD, lambda q: some(q, first_lanes(builder, builder.sub(end, q), WORD)))

    def gather(self, line: ir.Value, p: ir.Value, j: ir.Value, like: Number, mask: Number | None) -> None:
        """Emit a piece's part of the sums of a row of c, which is a line's."""
        builder, tiles, slot = self.builder, self.tiles, self.tiles.sums[like.lanes][0]
        builder.store(like.value, slot)

        def add(place: ir.Value, x: Number) -> None:
            row = load(tiles.b, builder.add(builder.mul(place, tiles.b_row), j), like, mask)
            builder.store(fused(x, row, self.number(slot)).value, slot)

        self.each(line, like, add)
        at = self.in_c(line, j)
        with builder.if_then(builder.icmp_signed(">", p, ir.Constant(I64, 0))):
            builder.store((load(tiles.c, at, like, mask) + self.number(slot)).value, slot)
        store(self.number(slot), tiles.c, at, mask)

    def scatter(self, line: ir.Value, p: ir.Value, j: ir.Value, like: Number, mask: Number | None) -> None:
        """Emit what a line's piece adds to the rows of c, which are the line's places."""
        tiles = self.tiles
        row = load(tiles.b, self.builder.add(self.builder.mul(line, tiles.b_row), j), like, mask)

        def add(place: ir.Value, x: Number) -> None:
            at = self.in_c(place, j)
            store(fused(x, row, load(tiles.c, at, like, mask)), tiles.c, at, mask)

        self.each(line, like, add)

    def each(self, line: ir.Value, like: Number, body: Callable[[ir.Value, Number], None]) -> None:
        """Emit what is done with each place listed and the number there, in all lanes."""

        def one(t: ir.Value) -> None:
            place = self.builder.load(self.tiles.at(self.places, (t, 1)))
            x = Number(self.builder, self.builder.load(self.tiles.at(self.line(line), (place, 1))), FLOAT32)
            body(place, spread(x, like.lanes))

        self.tiles.loop("each", 0, self.builder.load(self.found), 1, one)

    def rows(self, count: ir.Value, body: Callable[..., None]) -> None:
        self.tiles.loop("row", 0, count, 1, lambda i: self.tiles.columns(lambda *columns: body(i, *columns)))

    def line(self, line: ir.Value) -> ir.Value:
        address = self.builder.add(self.builder.load(self.tiles.at(self.lines, (line, 1))), self.first)
        return self.builder.inttoptr(address, FLOAT.as_pointer())

    def in_c(self, row: ir.Value, column: ir.Value) -> ir.Value:
        return self.builder.add(self.builder.mul(row, self.tiles.c_row), column)

    def number(self, slot: ir.Value) -> Number:
        return Number(self.builder, self.builder.load(slot), FLOAT32)


ZERO = ir.Constant(FLOAT, 0)
