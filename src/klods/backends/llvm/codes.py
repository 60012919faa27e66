"""What runs one call of a plan in machine code: its text, and the table for each part of the work."""

from __future__ import annotations

import numpy as np

from klods.backends.llvm.arguments import arguments_of, fits, holds, in_order, pattern_of
from klods.backends.llvm.emit import emit
from klods.backends.llvm.parts import Region, kernel_regions, product_regions
from klods.backends.llvm.tables import Tables
from klods.errors import StateError
from klods.graph import Node
from klods.native.library import NAME, fuses, lanes, new_module
from klods.native.nonzeros import lists_for, most_nonzeros
from klods.native.product import DEPTH, ROWS, copies, height_of, shape_of, write_product
from klods.native.registers import FLOAT32, FLOATS
from klods.passes.kernel import COLUMN, FULL, ONE, ROW, Kernel
from klods.passes.plan import Call
from klods.passes.stages import Stages

EVERY_TURN = np.arange(-1, DEPTH, dtype=np.int64)  # as a list, whose first word is its length, or nothing


def code_of(call: Call) -> KernelCode | ProductCode | None:
    """Return what runs a call in machine code; None for one that NumPy runs."""
    if not isinstance(call.item, Kernel):
        return ProductCode(call) if is_product(call.item) else None
    code = KernelCode(call)
    return code if has_registers(code) else None


def has_registers(code: KernelCode) -> bool:
    """Tell whether the processor computes on a kernel's dtypes and numbers; on float16 not every one does."""
    numbers = [(node.operands[i], dtype) for (node, i), dtype in code.arguments.numbers.items()]
    floating = [x.dtype.itemsize for x in code.kernel.domains if x.dtype.kind == "f"]
    return all(size in FLOATS for size in floating) and all(holds(dtype, x) for x, dtype in numbers)


def is_product(node: Node) -> bool:
    """Tell whether a node is a product of two float32 matrices, on a processor whose registers suit it."""
    values = [*node.values, node.output]
    fit = all(len(x.shape) == 2 and x.dtype == FLOAT32 and x.size for x in values)
    return node.block == "matmul" and fit and lanes() in ROWS and fuses()


class KernelCode:
    """A kernel in machine code.

    Args:
        call: the kernel's call.

    Attributes:
        kernel: the kernel, its nodes in the order in which they are written.
        arguments: what its table holds.
        pattern: what its text depends on: the same for kernels that differ in nothing but what their tables hold.
        kept: the number of scratch rows that it needs.
    """

    def __init__(self, call: Call) -> None:
        assert isinstance(call.item, Kernel)
        check_sizes(call.item)
        self.call = call
        self.kernel = in_order(call.item, call.stores)
        self.arguments = arguments_of(self.kernel, call.stores, call.shared)
        self.pattern = pattern_of(self.kernel, self.arguments, call.stores, call.shared, lanes())
        self.kept = 0 if fits(self.kernel, lanes()) else len(Stages(self.kernel).kept)

    def text(self) -> str:
        """Return it in LLVM's language."""
        module = new_module()
        emit(module, NAME, self.kernel, self.arguments, self.call.stores, self.call.shared, lanes())
        return str(module)

    def regions(self) -> list[Region]:
        """Return the parts that it is cut into."""
        return kernel_regions(self.call)

    def table(self, region: Region, tables: Tables) -> int:
        """Return the address of the table for a part."""
        kernel, ((top, bottom), (left, right)) = self.kernel, region
        stride = kernel.columns
        rows, columns = (1, (bottom - top - 1) * stride + right - left) if kernel.flat else (bottom - top, right - left)
        scratch = tables.keep(np.empty(self.kept * columns, np.int64)).ctypes.data
        before = {FULL: top * stride + left, ROW: top, COLUMN: left, ONE: 0}
        places = [(v, before[kernel.domains[v]] * v.dtype.itemsize) for v in self.arguments.values]
        tables.overwritten.update(self.call.shared.values())
        return tables.enter([], places, [*self.arguments.words(), scratch, rows, columns, stride])


class ProductCode:
    """A matrix product in machine code.

    Args:
        call: the call of a node for which `is_product` holds.

    Attributes:
        pattern: what its text depends on.
        skips: whether zeros of a may be left out.
    """

    def __init__(self, call: Call) -> None:
        node = call.item
        assert isinstance(node, Node)
        self.a, self.b = node.values if len(node.values) == 2 else node.values * 2
        self.c = node.output
        self.turned_a, self.turned_b = (bool(node.attributes.get(f"transpose_{side}")) for side in "ab")
        self.m, self.n = self.c.shape
        self.k = self.a.size // self.m
        if (self.n == 1 and self.turned_a) or (self.m == 1 and self.turned_b):
            self._mirror()
        self.pattern, self.skips = shape_of(self.m, lanes()), False

    def skip_zeros(self) -> None:
        """Leave out zeros of a where there are many, if b lies as it is used."""
        self.skips = not self.turned_b

    def _mirror(self) -> None:
        """Compute c's transpose from those of b and a: with one row or column it lies in memory as c does."""
        self.a, self.b, self.m, self.n = self.b, self.a, self.n, self.m
        self.turned_a, self.turned_b = not self.turned_b, not self.turned_a

    def text(self) -> str:
        """Return it in LLVM's language."""
        module = new_module()
        write_product(module, NAME, self.pattern)
        return str(module)

    def regions(self) -> list[Region]:
        """Return the parts that it is cut into."""
        return product_regions(self.m, self.n, self.k)

    def table(self, region: Region, tables: Tables) -> int:
        """Return the address of the table for a part."""
        (top, bottom), (left, right) = region
        a_rows, a_turns = tables.rows(self.a), tables.ramp(self.m if self.turned_a else self.k)
        a_rows, a_turns = (a_turns, a_rows) if self.turned_a else (a_rows, a_turns)
        b_row, b_column = (self.k, self.k) if self.turned_b else (self.n, 1)
        sizes = bottom - top, right - left, self.k
        panel = tables.keep(np.empty((DEPTH, lanes()), np.float32)).ctypes.data if copies(*sizes, self.turned_b) else 0
        places = [(self.b, 4 * left * b_column), (self.c, 4 * (top * self.n + left))]
        height = height_of(self.k, self.pattern)
        lists = self._lists(min(height, sizes[0]), sizes[1], tables)
        rest = [panel, self.turned_b, *sizes, b_row, self.n, height, *lists]
        return tables.enter([a_rows + 8 * top, a_turns], places, rest)

    def _lists(self, rows: int, columns: int, tables: Tables) -> list[int]:
        """Return the words of the table that are about lists, with memory for those of so many rows."""
        every = EVERY_TURN.ctypes.data
        if not self.skips:
            return [-1, 0, every, 0, 0]
        count, room = lists_for(-(-rows // self.pattern.rows), min(self.k, DEPTH), lanes())
        lists = tables.keep(np.empty((count, room), np.int64)).ctypes.data
        return [most_nonzeros(columns), self.turned_a, every, lists, room]


def check_sizes(kernel: Kernel) -> None:
    """Raise StateError unless the loops of a kernel end where its arrays do."""
    sizes = {FULL: kernel.rows * kernel.columns, ROW: kernel.rows, COLUMN: kernel.columns, ONE: 1}
    for value, domain in kernel.domains.items():
        if value.size != sizes[domain]:
            raise StateError(
                f"A loop of {kernel.rows} rows and {kernel.columns} columns was planned over shape {value.shape}.",
                "report this; until it is mended, set KLODS_BACKEND=numpy.",
            )
