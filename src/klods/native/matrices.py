"""The three matrices of a product c = a b, as its machine code is handed them: where their numbers are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir

from klods.native.lanes import loop

I64, FLOAT = ir.IntType(64), ir.FloatType()
ZERO = ir.Constant(I64, 0)
WORDS = "a_rows a_turns b c panel turned_b m n k b_row c_row height most turned_a every lists room".split()


class Shape(NamedTuple):
    """What the machine code of a product depends on.

    Attributes:
        lanes: columns of a tile.
        rows: rows of a tile.
    """

    lanes: int
    rows: int


class Matrices:
    """Emits where numbers of a, b and c are.

    Args:
        function: where to; its argument is the table of WORDS.
        shape: what the machine code depends on.

    Attributes:
        words: those of the table, by name.
    """

    def __init__(self, function: ir.Function, shape: Shape) -> None:
        self.shape, self.builder = shape, ir.IRBuilder(function.append_basic_block("entry"))
        places = [self.builder.gep(function.args[0], [ir.Constant(I64, i)]) for i in range(len(WORDS))]
        self.words = {name: self.builder.load(place) for name, place in zip(WORDS, places)}
        self.a_rows, self.a_turns = self.address("a_rows", I64), self.address("a_turns", I64)
        self.b, self.c = self.address("b", FLOAT), self.address("c", FLOAT)
        self.m, self.n, self.k, self.b_row, self.c_row = (self.words[x] for x in ("m", "n", "k", "b_row", "c_row"))

    def address(self, name: str, kind: ir.Type) -> ir.Value:
        return self.builder.inttoptr(self.words[name], kind.as_pointer())

    def holds(self, word: ir.Value) -> ir.Value:
        return self.builder.icmp_unsigned("!=", word, ZERO)

    def of_a(self, row: ir.Value, turn: ir.Value) -> ir.Value:
        """Return where a number of a is."""
        places = [self.builder.load(self.at(x, (y, 1))) for x, y in ((self.a_rows, row), (self.a_turns, turn))]
        return self.builder.inttoptr(self.builder.add(*places), FLOAT.as_pointer())

    def loop(self, name: str, first: Any, end: ir.Value, step: Any, body: Callable[[ir.Value], None]) -> None:
        loop(self.builder, name, first, end, step, body)

    def at(self, array: ir.Value, *steps: tuple[ir.Value, Any]) -> ir.Value:
        """Return the place after so many steps, each so many elements long."""
        for count, length in steps:
            array = self.builder.gep(array, [self.times(count, length)])
        return array

    def times(self, x: ir.Value, n: Any) -> ir.Value:
        return x if n == 1 else self.builder.mul(x, ir.Constant(I64, n) if isinstance(n, int) else n)

    def least(self, x: ir.Value, y: ir.Value) -> ir.Value:
        return self.builder.select(self.builder.icmp_signed("<", x, y), x, y)
