"""Products of a matrix with many zeros, such as images on black, or texts as rows that say which words occur.

For each tile the turns in which not all of its rows are 0 are listed, and only these are gone through. 0 times a number
adds nothing to a sum, so each number of the result is the same. Where it isn't, because there is NaN or infinity on the
right, and where a look at some numbers finds too few zeros, every turn is gone through.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from llvmlite import ir

from klods.native.lanes import first_lanes, load
from klods.native.matrices import I64, ZERO, Matrices
from klods.native.registers import FLOAT32, Number, constant, fused, register_type

ONE = ir.Constant(I64, 1)
LOOKS = 128  # numbers that are looked at
STRIDE = 40507  # columns from one that is looked at to the next: prime, so that they lie all over


def most_nonzeros(n: int) -> int:
    """Return how many of the numbers looked at may be other than 0: few where there are few columns."""
    return LOOKS * 3 // 8 if n >= 24 else LOOKS // 16


def lists_for(tiles: int, turns: int, lanes: int) -> tuple[int, int]:
    """Return how many lists are written, some of them in vain, and the words of each: its length and the turns."""
    return tiles + lanes, 1 + turns + lanes


class Lists:
    """Emits the lists of a product's tiles, and the loops over them.

    The words about lists are: how many of the numbers looked at may be other than 0, or -1 for no look; 1 if what lies
    in memory is a's transpose; the address of a list of every turn; that of memory for lists, and the words of each.

    Args:
        matrices: those of the product.
    """

    def __init__(self, matrices: Matrices) -> None:
        self.matrices, self.builder = matrices, matrices.builder
        self.most, self.room = matrices.words["most"], matrices.words["room"]
        self.turned = matrices.holds(matrices.words["turned_a"])
        self.every, self.lists = matrices.address("every", I64), matrices.address("lists", I64)
        self.count, self.bits, self.pays = (self.builder.alloca(I64) for _ in range(3))
        self.lanes = matrices.shape.lanes
        self.total = self.builder.alloca(register_type(FLOAT32, self.lanes))

    def look(self) -> None:
        """Emit the looks: lists pay if few numbers are other than 0, and nothing on the right makes NaN of 0."""
        builder, matrices = self.builder, self.matrices
        builder.store(ZERO, self.count)
        builder.store(ZERO, self.pays)

        def one(number: ir.Value) -> None:
            row = builder.udiv(builder.mul(number, matrices.m), ir.Constant(I64, LOOKS))
            turn = builder.urem(matrices.times(number, STRIDE), matrices.k)
            self.count_up((Number(builder, builder.load(matrices.of_a(row, turn)), FLOAT32) != 0).value)

        with builder.if_then(builder.icmp_signed(">=", self.most, ZERO)):
            matrices.loop("look", 0, ir.Constant(I64, LOOKS), 1, one)
            with builder.if_then(builder.icmp_signed("<=", builder.load(self.count), self.most)):
                builder.store(builder.zext(self.right_is_finite(), I64), self.pays)

    def right_is_finite(self) -> ir.Value:
        """Emit the sum of all numbers of b times 0, which is 0 if none is NaN or infinity."""
        builder, matrices, like = self.builder, self.matrices, constant(self.builder, 0, FLOAT32, self.lanes)
        builder.store(like.value, self.total)

        def add(row: ir.Value, j: ir.Value) -> None:
            mask = first_lanes(builder, builder.sub(matrices.n, j), self.lanes)
            numbers = load(matrices.at(matrices.b, (row, matrices.b_row)), j, like, mask)
            builder.store(fused(numbers, 0, Number(builder, builder.load(self.total), FLOAT32)).value, self.total)

        rows, columns = matrices.k, matrices.n
        matrices.loop("b", 0, rows, 1, lambda row: matrices.loop("j", 0, columns, self.lanes, lambda j: add(row, j)))
        finite = Number(builder, builder.load(self.total), FLOAT32) == 0
        return builder.icmp_signed("==", self.bits_of(finite), ir.Constant(ir.IntType(self.lanes), -1))

    def make(self, first: ir.Value, end: ir.Value, p: ir.Value, count: ir.Value) -> None:
        """Emit the lists of the tiles from row `first` to `end`, of so many turns from p on, if they pay."""
        rows = self.matrices.shape.rows
        with self.if_not_zero(self.builder.load(self.pays)), self.builder.if_else(self.turned) as (turned, straight):
            with turned:
                self.make_turn_by_turn(first, end, p, count)
            with straight:
                self.matrices.loop("list", first, end, rows, lambda i: self.make_one(i, first, p, count))

    def make_one(self, i: ir.Value, first: ir.Value, p: ir.Value, count: ir.Value) -> None:
        """Emit the list of the rows from i on, in each of which the turns lie one behind the other."""
        builder, matrices, place = self.builder, self.matrices, self.list_of(i, first)
        behind = matrices.least(matrices.m, builder.add(i, ir.Constant(I64, matrices.shape.rows)))
        builder.store(ZERO, self.count)

        def some(q: ir.Value) -> None:
            builder.store(ZERO, self.bits)
            matrices.loop("row", i, behind, 1, lambda row: add_bits(row, q))
            with self.if_not_zero(builder.load(self.bits)):
                matrices.loop("note", 0, ir.Constant(I64, self.lanes), 1, lambda t: note(builder.add(q, t)))

        def add_bits(row: ir.Value, q: ir.Value) -> None:
            bits = self.nonzeros(matrices.of_a(row, builder.add(p, q)), builder.sub(count, q))
            builder.store(builder.or_(builder.load(self.bits), bits), self.bits)

        def note(turn: ir.Value) -> None:
            bits = builder.load(self.bits)  # the turn is written anyway; the next takes its place unless it counts
            builder.store(turn, self.turn_in(place, builder.load(self.count)))
            self.count_up(builder.trunc(bits, ir.IntType(1)))
            builder.store(builder.lshr(bits, ONE), self.bits)

        matrices.loop("some", 0, count, self.lanes, some)
        builder.store(builder.load(self.count), place)

    def make_turn_by_turn(self, first: ir.Value, end: ir.Value, p: ir.Value, count: ir.Value) -> None:
        """Emit the lists of rows whose numbers of one turn lie one behind the other."""
        builder, matrices, rows = self.builder, self.matrices, self.matrices.shape.rows
        width = ir.Constant(I64, self.lanes // rows * rows)
        behind = builder.add(end, width)  # also the lists that are written in vain
        matrices.loop("empty", first, behind, rows, lambda i: builder.store(ZERO, self.list_of(i, first)))

        def some(q: ir.Value, i: ir.Value) -> None:
            bits = self.nonzeros(matrices.of_a(i, builder.add(p, q)), matrices.least(width, builder.sub(end, i)))
            builder.store(bits, self.bits)
            with self.if_not_zero(bits):
                matrices.loop("note", i, builder.add(i, width), rows, lambda i: note(q, i))

        def note(q: ir.Value, i: ir.Value) -> None:
            place, bits = self.list_of(i, first), builder.load(self.bits)
            length, own = builder.load(place), builder.and_(bits, ir.Constant(I64, (1 << rows) - 1))
            builder.store(q, self.turn_in(place, length))
            builder.store(builder.add(length, builder.zext(matrices.holds(own), I64)), place)
            builder.store(builder.lshr(bits, ir.Constant(I64, rows)), self.bits)

        matrices.loop("turn", 0, count, 1, lambda q: matrices.loop("some", first, end, width, lambda i: some(q, i)))

    def each(self, i: ir.Value, first: ir.Value, count: ir.Value, body: Callable[[ir.Value], None]) -> None:
        """Emit the loop over the turns of the tile of the rows from i on: those listed, or all."""
        builder, pays = self.builder, self.matrices.holds(self.builder.load(self.pays))
        turns = builder.select(pays, self.list_of(i, first), self.every)
        count = builder.select(pays, builder.load(turns), count)
        self.matrices.loop("turn", 0, count, 1, lambda t: body(builder.load(self.turn_in(turns, t))))

    # ------------------------------------------------------------ places and numbers

    def list_of(self, i: ir.Value, first: ir.Value) -> ir.Value:
        """Return where the list of the tile of the rows from i on is: its length, and behind that the turns."""
        tile = self.builder.udiv(self.builder.sub(i, first), ir.Constant(I64, self.matrices.shape.rows))
        return self.matrices.at(self.lists, (tile, self.room))

    def turn_in(self, place: ir.Value, t: ir.Value) -> ir.Value:
        return self.builder.gep(place, [self.builder.add(t, ONE)])

    def nonzeros(self, numbers: ir.Value, count: ir.Value) -> ir.Value:
        """Return a word whose bits tell which numbers aren't 0 of the first, as many as there are lanes, or `count`."""
        like, mask = constant(self.builder, 0, FLOAT32, self.lanes), first_lanes(self.builder, count, self.lanes)
        there = load(numbers, ZERO, like, mask) != 0
        return self.builder.zext(self.bits_of(there), I64)

    def bits_of(self, holds: Number) -> ir.Value:
        return self.builder.bitcast(holds.value, ir.IntType(self.lanes))

    def count_up(self, holds: ir.Value) -> None:
        more = self.builder.zext(holds, I64)
        self.builder.store(self.builder.add(self.builder.load(self.count), more), self.count)

    def if_not_zero(self, word: ir.Value) -> AbstractContextManager[Any]:
        return self.builder.if_then(self.matrices.holds(word))
