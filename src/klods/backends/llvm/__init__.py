"""Machine code for a plan's kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from klods.backends.llvm.arguments import arguments_of, fits, in_order, pattern_of
from klods.backends.llvm.blas import numpy_blas
from klods.backends.llvm.crew import PLAIN, TURNED, Part, job_of, native, present_crew
from klods.backends.llvm.emit import emit
from klods.backends.llvm.library import NAME, Entry, address_of, entries, lanes, new_module
from klods.backends.llvm.parts import kernel_bounds, product_bounds
from klods.backends.llvm.registers import FLOAT32, FLOATS
from klods.backends.program import Program, Step, node_step
from klods.backends.vectors import Arrays, numpy_kernel
from klods.errors import DataError, StateError
from klods.graph import Node, Value
from klods.passes.kernel import COLUMN, FULL, ONE, ROW, Kernel
from klods.passes.plan import Call, Plan
from klods.passes.stages import Stages


def llvm_steps(plan: Plan, program: Program) -> list[Step]:
    """Return the steps of a plan with its kernels as machine code."""
    written = {call: Written(call) for call in plan.calls if isinstance(call.item, Kernel) and has_registers(call.item)}
    compiled = dict(zip(written, entries([(w.pattern, w.text) for w in written.values()])))
    tables = Tables(program.arrays, program.moved)
    steps: list[Step] = [tables.refresh]
    for call in plan.calls:
        if call in compiled:
            steps.append(kernel_step(written[call], compiled[call], tables))
        elif isinstance(call.item, Kernel):
            steps.append(numpy_kernel(call, program.arrays, {}))
        else:
            product = product_step(call, tables) if call.item.block == "matmul" else None
            steps.append(product or node_step(call, program.arrays))
    return steps


def has_registers(kernel: Kernel) -> bool:
    """Tell whether the processor computes on all of a kernel's dtypes; on float16 not every one does."""
    return all(x.dtype.kind != "f" or x.dtype.itemsize in FLOATS for x in kernel.domains)


class Written:
    """A kernel in LLVM's language.

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


class Tables:
    """The tables of words that machine code reads, kept up to date when an array moves.

    Attributes:
        overwritten: the values whose arrays are written to in place of others.
    """

    def __init__(self, arrays: Arrays, moved: list[Value]) -> None:
        self.arrays, self.moved = arrays, moved
        self.overwritten: set[Value] = set()
        self._slots: dict[Value, list[tuple[np.ndarray, int, int]]] = {}
        self._kept: list[np.ndarray] = []

    def enter(self, places: Sequence[tuple[Value, int]], words: Sequence[int]) -> int:
        """Return the address of a new table: the addresses of values, each plus some bytes, and then words."""
        table = self.keep(np.array([*[0] * len(places), *words], np.int64))
        for i, (value, offset) in enumerate(places):
            self._slots.setdefault(value, []).append((table, i, offset))
            if value in self.arrays:
                table[i] = self.arrays[value].ctypes.data + offset
        return table.ctypes.data

    def keep(self, array: np.ndarray) -> np.ndarray:
        """Return an array that stays where it is for as long as the tables do."""
        self._kept.append(array)
        return array

    def refresh(self) -> None:
        """Enter the addresses of arrays that have moved since the last run.

        Raises:
            DataError: if one isn't what the plan was made for; nothing has run then.
        """
        for value in self.moved:
            if value in self._slots:
                array = self.arrays[value]
                check_array(array, value, value in self.overwritten)
                address = array.__array_interface__["data"][0]
                for table, i, offset in self._slots[value]:
                    table[i] = address + offset
        self.moved.clear()


def kernel_step(written: Written, entry: Entry, tables: Tables) -> Step:
    """Return what runs a kernel, a large one in parts."""
    kernel = written.kernel
    check_sizes(kernel)
    tables.overwritten.update(written.call.shared.values())
    pieces = [kernel_table(written, tables, *bounds) for bounds in kernel_bounds(written.call)]
    if len(pieces) > 1:
        return job_step([(address_of(entry), table) for table in pieces], tables)
    (table,) = pieces
    return lambda: entry(table)


def kernel_table(written: Written, tables: Tables, first: int, last: int) -> int:
    """Return the address of a kernel's table for some of its rows; of its elements, if it is flat."""
    kernel = written.kernel
    scratch = tables.keep(np.empty(written.kept * kernel.columns, np.int64)).ctypes.data
    rows, columns = (1, last - first) if kernel.flat else (last - first, kernel.columns)
    before = {FULL: first if kernel.flat else first * kernel.columns, ROW: first}
    places = [(v, before.get(kernel.domains[v], 0) * v.dtype.itemsize) for v in written.arguments.values]
    return tables.enter(places, [*written.arguments.words(), scratch, rows, columns])


def product_step(call: Call, tables: Tables) -> Step | None:
    """Return what runs a product of two float32 matrices in BLAS, a large one in parts; None for another product."""
    node, found = call.item, numpy_blas()
    assert isinstance(node, Node)
    a, b = node.values if len(node.values) == 2 else node.values * 2
    if found is None or any(len(x.shape) != 2 or x.dtype != FLOAT32 or not x.size for x in (a, b, node.output)):
        return None
    (m, n), turns = node.output.shape, [bool(node.attributes.get(f"transpose_{side}")) for side in "ab"]
    words = [found.product, *(TURNED if turn else PLAIN for turn in turns)]
    parts = []
    for rows, columns in product_bounds(m, n, a.size // m):
        starts = [
            rows[0] * (1 if turns[0] else a.shape[1]),
            columns[0] * (b.shape[1] if turns[1] else 1),
            rows[0] * n + columns[0],
        ]
        places = [(x, 4 * start) for x, start in zip((a, b, node.output), starts)]
        sizes = [rows[1] - rows[0], columns[1] - columns[0], a.size // m, a.shape[1], b.shape[1], n]
        parts.append((native().multiply, tables.enter(places, [*words, *sizes])))
    return job_step(parts, tables)


def job_step(parts: Sequence[Part], tables: Tables) -> Step:
    """Return what has the crew run parts."""
    address = tables.keep(job_of(parts)).ctypes.data
    return lambda: present_crew().run(address)


def check_array(array: np.ndarray, value: Value, overwritten: bool) -> None:
    """Raise DataError unless an array is what a kernel may read, or overwrite, in place of a value."""
    flags = array.flags
    if array.shape != value.shape or array.dtype != value.dtype or not flags.c_contiguous or not flags.aligned:
        order = "" if flags.c_contiguous and flags.aligned else ", its elements not one behind the other"
        raise DataError(
            f"A plan for {value.dtype} of shape {value.shape} got {array.dtype} of shape {array.shape}{order}.",
            "call the function, which makes a plan for each shape and dtype.",
        )
    if overwritten and not flags.writeable:
        raise DataError("A plan got a read-only array to overwrite.", "hand in a copy: np.array(x).")


def check_sizes(kernel: Kernel) -> None:
    """Raise StateError unless the loops of a kernel end where its arrays do."""
    sizes = {FULL: kernel.rows * kernel.columns, ROW: kernel.rows, COLUMN: kernel.columns, ONE: 1}
    for value, domain in kernel.domains.items():
        if value.size != sizes[domain]:
            raise StateError(
                f"A loop of {kernel.rows} rows and {kernel.columns} columns was planned over shape {value.shape}.",
                "report this; until it is mended, set KLODS_BACKEND=numpy.",
            )
