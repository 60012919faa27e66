"""The product of two float32 matrices, c = a b, in LLVM's language.

Some rows and two registers of columns of c are a *tile*, which stays in registers while the length of the sum is gone
through: at each turn a row of b is multiplied by one number from each row of a. Columns of b are copied beside each
other first where enough tiles use them. Where the numbers of a are is said by two lists, one by row and one by turn,
whose sum is the address: rows are read wherever they lie, and a's transpose is a with the lists swapped. Each number of
c is summed up in the order of a's columns, whatever the sizes, so a row of c has the same bits whichever rows are
computed beside it. (Goto & van de Geijn 2008; Van Zee & van de Geijn 2015, figure 1.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from llvmlite import ir

from klods.native.lanes import first_lanes, load, spread, store
from klods.native.matrices import FLOAT, I64, Matrices, Shape
from klods.native.nonzeros import Lists
from klods.native.registers import BOOL, FLOAT32, Number, constant, fused, register_type

ROWS = {32: 8, 16: 6}  # of a tile, by lanes: as many as leave registers for a row of b and a number of a
DEPTH = 1024  # the longest part of the sums that is gone through at once, so that a tile's columns of b stay in cache,
# and that what is lost in rounding grows with the number of parts rather than that of turns
TALL = 1 << 17  # elements of a that stay in cache while all columns of b go by
FEW, MANY, LITTLE = 64, 256, 1 << 19  # rows of c, and elements of b, that decide whether copying it pays


def shape_of(m: int, lanes: int) -> Shape:
    """Return what the machine code of a product with m rows depends on."""
    return Shape(lanes, rows_of(m, ROWS[lanes]))


def rows_of(m: int, most: int) -> int:
    """Return the rows of a tile: as many as there may be, but for so few rows of c that the last tile would be empty.

    Example:
        >>> [rows_of(m, 8) for m in (1, 8, 10, 100)]
        [1, 8, 5, 8]
    """
    tiles = -(-m // most)
    return most if tiles > 2 else -(-m // tiles)


def copies(m: int, n: int, k: int, turned: bool) -> bool:
    """Tell whether an m by n product of sums of length k copies columns of b beside each other."""
    return turned or m >= MANY or (m >= FEW and n * k >= LITTLE)


def height_of(k: int, shape: Shape) -> int:
    """Return after how many rows of c the next rows of a come in."""
    return max(FEW, TALL // min(k, DEPTH)) // shape.rows * shape.rows


def write_product(module: ir.Module, name: str, shape: Shape) -> None:
    """Add the product to a module as a function of one argument, the table of `matrices.WORDS`.

    They are the addresses of the two lists that say where a is, of b, c and of memory for DEPTH rows of a tile of b, 0
    for b to be read where it is; 1 if b is given as its transpose; the sizes of c and the length of the sums; the
    elements from a row of b and c to the next; how many rows are gone through before the next columns; and what
    `nonzeros.Lists` says.
    """
    Tiles(ir.Function(module, ir.FunctionType(ir.VoidType(), [I64.as_pointer()]), name), shape).emit()


class Block(NamedTuple):
    """Some columns of c, and the part of their sums that is gone through at once.

    Attributes:
        first: the first row of those that are gone through before other columns.
        j: the first column.
        p: the first turn.
        count: turns.
        like: a number in as many lanes as there are columns.
        mask: which of them there are; None for all.
    """

    first: ir.Value
    j: ir.Value
    p: ir.Value
    count: ir.Value
    like: Number
    mask: Number | None


class Tiles(Matrices):
    """Emits the loops of one product.

    Args:
        function: where to.
        shape: what it looks like.
    """

    def __init__(self, function: ir.Function, shape: Shape) -> None:
        super().__init__(function, shape)
        self.panel, self.height = self.address("panel", FLOAT), self.words["height"]
        self.copies, self.turned_b = self.holds(self.words["panel"]), self.holds(self.words["turned_b"])
        self.sums = {
            lanes: [self.builder.alloca(register_type(FLOAT32, lanes)) for _ in range(shape.rows)]
            for lanes in (shape.lanes, shape.lanes // 2)
        }
        self.lists = Lists(self)

    def emit(self) -> None:
        """Emit everything."""
        self.lists.look()
        self.loop("height", 0, self.m, self.height, self.rows)
        self.builder.ret_void()

    def rows(self, i: ir.Value) -> None:
        """Emit the rows of c from i on that are gone through before others."""
        end = self.least(self.m, self.builder.add(i, self.height))
        self.loop("depth", 0, self.k, DEPTH, lambda p: self.turns(i, end, p))

    def turns(self, first: ir.Value, end: ir.Value, p: ir.Value) -> None:
        """Emit, in some rows, the part of the sums from p on."""
        count = self.least(ir.Constant(I64, DEPTH), self.builder.sub(self.k, p))
        self.lists.make(first, end, p, count)

        def tiles(j: ir.Value, like: Number, mask: Number | None) -> None:
            block = Block(first, j, p, count, like, mask)
            rows_of_b = self.copied(block)
            self.loop("rows", first, end, self.shape.rows, lambda i: self.tile(i, block, *rows_of_b))

        self.columns(tiles)

    def columns(self, body: Callable[[ir.Value, Number, Number | None], None]) -> None:
        """Emit what is done from a column of c on, for as many as a number has lanes; a mask says which are there."""
        builder, lanes = self.builder, self.shape.lanes
        half, whole = lanes // 2, builder.and_(self.n, ir.Constant(I64, -lanes))
        one, other = (constant(builder, 0, FLOAT32, n) for n in (lanes, half))
        self.loop("whole", 0, whole, lanes, lambda j: body(j, one, None))
        self.loop(
            "rest", whole, self.n, half, lambda j: body(j, other, first_lanes(builder, builder.sub(self.n, j), half))
        )

    def copied(self, block: Block) -> tuple[ir.Value, ir.Value]:
        """Emit the copy of a block of b, if there is to be one; return where its rows are, and from one to the next.

        The last columns are copied only to turn them: few tiles have any.
        """
        builder, lanes, last = self.builder, ir.Constant(I64, block.like.lanes), block.mask is not None
        there = self.at(self.b, (block.p, self.b_row), (block.j, 1))
        copies = self.turned_b if last else self.copies
        with builder.if_then(copies):
            with builder.if_then(self.turned_b):
                self.copy_turned(block)
            if not last:
                with builder.if_then(builder.not_(self.turned_b)):
                    self.loop("copy", 0, block.count, 1, lambda q: self.copy_row(there, block, q))
        return builder.select(copies, self.panel, there), builder.select(copies, lanes, self.b_row)

    def copy_row(self, there: ir.Value, block: Block, q: ir.Value) -> None:
        """Emit the copy of one row of a block of b."""
        row = load(there, self.builder.mul(q, self.b_row), block.like)
        store(row, self.panel, self.times(q, block.like.lanes))

    def copy_turned(self, block: Block) -> None:
        """Emit the copy of a block of b, which is given as its transpose."""
        builder, lanes = self.builder, block.like.lanes

        def column(i: ir.Value) -> None:
            there = self.at(self.b, (builder.add(block.j, i), self.b_row), (block.p, 1))

            def number(q: ir.Value) -> None:
                builder.store(builder.load(self.at(there, (q, 1))), self.at(self.panel, (q, lanes), (i, 1)))

            self.loop("number", 0, block.count, 1, number)

        self.loop("column", 0, self.least(ir.Constant(I64, lanes), builder.sub(self.n, block.j)), 1, column)

    def tile(self, i: ir.Value, block: Block, rows_of_b: ir.Value, step: ir.Value) -> None:
        """Emit the sums of one tile, added to what c holds after the first part."""
        builder, like, mask, rows = self.builder, block.like, block.mask, self.rows_from(i)
        rows_of_a = [builder.load(self.at(self.a_rows, (r, 1))) for r in rows]
        places = [builder.add(builder.mul(r, self.c_row), block.j) for r in rows]
        sums = self.sums[like.lanes]
        for slot in sums:
            builder.store(like.value, slot)

        def turn(q: ir.Value) -> None:
            row = load(rows_of_b, builder.mul(q, step), like, mask)
            column_of_a = builder.load(self.at(self.a_turns, (builder.add(block.p, q), 1)))
            for row_of_a, slot in zip(rows_of_a, sums):
                place = builder.inttoptr(builder.add(row_of_a, column_of_a), FLOAT.as_pointer())
                x = spread(Number(builder, builder.load(place), FLOAT32), like.lanes)
                builder.store(fused(x, row, Number(builder, builder.load(slot), FLOAT32)).value, slot)

        self.lists.each(i, block.first, block.count, turn)
        begun = spread(Number(builder, builder.icmp_signed(">", block.p, ir.Constant(I64, 0)), BOOL), like.lanes)
        there = begun if mask is None else begun & mask
        so_far = [load(self.c, place, like, there) for place in places]  # before any row that stands twice is stored
        # 0.0 is added to the first part of a sum, so that -0.0 is 0.0, with zeros left out or not.
        for place, slot, before in zip(places, sums, so_far):
            store(Number(builder, builder.load(slot), FLOAT32) + before, self.c, place, mask)

    def rows_from(self, i: ir.Value) -> list[ir.Value]:
        """Return the rows of the tile from row i on; one that lacks is c's last."""
        last = self.builder.sub(self.m, ir.Constant(I64, 1))
        return [self.least(self.builder.add(i, ir.Constant(I64, r)), last) for r in range(self.shape.rows)]
