"""Machine code for a plan's kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from klods.backends.llvm.arguments import Arguments, arguments_of, in_order
from klods.backends.llvm.emit import emit
from klods.backends.llvm.library import NAME, Entry, entries, new_module
from klods.backends.program import Arrays, Program, Step, node_step
from klods.graph import Value
from klods.passes.kernel import Kernel
from klods.passes.plan import Call, Plan


def llvm_steps(plan: Plan, program: Program) -> list[Step]:
    """Return the steps of a plan with its kernels as machine code."""
    written = {call: write(call) for call in plan.calls if isinstance(call.item, Kernel)}
    compiled = dict(zip(written, entries([kernel.text for kernel in written.values()])))
    tables = Tables(program.arrays, program.moved)
    steps: list[Step] = [tables.refresh] if written else []
    for call in plan.calls:
        if call in compiled:
            steps.append(tables.step(written[call], compiled[call]))
        else:
            steps.append(node_step(call, program.arrays))
    return steps


@dataclass(frozen=True)
class Written:
    """A kernel in LLVM's language.

    Attributes:
        kernel: the kernel.
        text: it in LLVM's language: the same for kernels that differ in nothing but what their tables hold.
        arguments: what its table holds.
        kept: the number of scratch rows that it needs.
    """

    kernel: Kernel
    text: str
    arguments: Arguments
    kept: int


def write(call: Call) -> Written:
    """Return a kernel in LLVM's language."""
    assert isinstance(call.item, Kernel)
    kernel, module = in_order(call.item, call.stores), new_module()
    arguments = arguments_of(kernel, call.stores, call.shared)
    stages = emit(module, NAME, kernel, arguments, call.stores, call.shared)
    return Written(kernel, str(module), arguments, len(stages.kept))


class Tables:
    """The tables of words that kernels read, kept up to date when an array moves."""

    def __init__(self, arrays: Arrays, moved: list[Value]) -> None:
        self.arrays, self.moved = arrays, moved
        self.slots: dict[Value, list[tuple[np.ndarray, int]]] = {}
        self.scratch: list[np.ndarray] = []

    def step(self, written: Written, entry: Entry) -> Step:
        """Return what runs a kernel."""
        kernel, values = written.kernel, written.arguments.values
        rows, columns = (1, kernel.rows * kernel.columns) if kernel.flat else (kernel.rows, kernel.columns)
        scratch = np.empty(written.kept * kernel.columns, np.float32)
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
        """Enter the addresses of arrays that have moved since the last run."""
        for value in self.moved:
            if value in self.slots:
                address = self.arrays[value].__array_interface__["data"][0]
                for table, i in self.slots[value]:
                    table[i] = address
        self.moved.clear()
