"""Machine code for a plan's kernels."""

from __future__ import annotations

import numpy as np

from klods.backends.llvm.arguments import arguments_of, fits, in_order, pattern_of
from klods.backends.llvm.emit import emit
from klods.backends.llvm.library import NAME, Entry, entries, lanes, new_module
from klods.backends.llvm.registers import FLOATS
from klods.backends.program import Arrays, Program, Step, node_step, numpy_kernel
from klods.errors import DataError, StateError
from klods.graph import Value
from klods.passes.kernel import COLUMN, FULL, ONE, ROW, Kernel
from klods.passes.plan import Call, Plan
from klods.passes.stages import Stages


def llvm_steps(plan: Plan, program: Program) -> list[Step]:
    """Return the steps of a plan with its kernels as machine code."""
    written = {call: Written(call) for call in plan.calls if isinstance(call.item, Kernel) and has_registers(call.item)}
    compiled = dict(zip(written, entries([(w.pattern, w.text) for w in written.values()])))
    tables = Tables(program.arrays, program.moved)
    steps: list[Step] = [tables.refresh] if written else []
    for call in plan.calls:
        if call in compiled:
            steps.append(tables.step(written[call], compiled[call]))
        else:
            run_in_numpy = numpy_kernel if isinstance(call.item, Kernel) else node_step
            steps.append(run_in_numpy(call, program.arrays))
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
    """The tables of words that kernels read, kept up to date when an array moves."""

    def __init__(self, arrays: Arrays, moved: list[Value]) -> None:
        self.arrays, self.moved = arrays, moved
        self.slots: dict[Value, list[tuple[np.ndarray, int]]] = {}
        self.overwritten: set[Value] = set()
        self.scratch: list[np.ndarray] = []

    def step(self, written: Written, entry: Entry) -> Step:
        """Return what runs a kernel."""
        kernel, values = written.kernel, written.arguments.values
        check_sizes(kernel)
        self.overwritten.update(written.call.shared.values())
        rows, columns = (1, kernel.rows * kernel.columns) if kernel.flat else (kernel.rows, kernel.columns)
        scratch = np.empty(written.kept * kernel.columns, np.int64)
        self.scratch.append(scratch)
        words = [*[0] * len(values), *written.arguments.words(), scratch.ctypes.data, rows, columns]
        table = np.array(words, np.int64)
        for i, value in enumerate(values):
            self.slots.setdefault(value, []).append((table, i))
            if value in self.arrays:
                table[i] = self.arrays[value].ctypes.data
        self.scratch.append(table)
        address = table.ctypes.data
        return lambda: entry(address)

    def refresh(self) -> None:
        """Enter the addresses of arrays that have moved since the last run.

        Raises:
            DataError: if one isn't what the plan was made for; nothing has run then.
        """
        for value in self.moved:
            if value in self.slots:
                array = self.arrays[value]
                check_array(array, value, value in self.overwritten)
                address = array.__array_interface__["data"][0]
                for table, i in self.slots[value]:
                    table[i] = address
        self.moved.clear()


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
