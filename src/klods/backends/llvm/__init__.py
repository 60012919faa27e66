"""Machine code for a plan's kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from klods.backends.llvm.emit import emit, pointers
from klods.backends.llvm.library import NAME, Entry, entries, new_module
from klods.backends.program import Arrays, Program, Step, node_step
from klods.graph import Value
from klods.passes.kernel import Kernel
from klods.passes.plan import Call, Plan


def llvm_steps(plan: Plan, program: Program) -> list[Step]:
    """Return the steps of a plan with its kernels as machine code."""
    kernels = [call for call in plan.calls if isinstance(call.item, Kernel)]
    written = {call: write(call) for call in kernels}
    compiled = dict(zip(kernels, entries([text for text, _ in written.values()])))
    tables = Tables(program.arrays, program.moved)
    steps: list[Step] = [tables.refresh] if kernels else []
    for call in plan.calls:
        if call in compiled:
            steps.append(tables.step(call, compiled[call], written[call][1]))
        else:
            steps.append(node_step(call, program.arrays))
    return steps


def write(call: Call) -> tuple[str, int]:
    """Return a kernel in LLVM's language and the number of scratch rows that it needs."""
    assert isinstance(call.item, Kernel)
    module = new_module()
    stages = emit(module, NAME, call.item, call.stores, call.shared)
    return str(module), len(stages.kept)


class Tables:
    """The tables of addresses that kernels read, kept up to date when an array moves."""

    def __init__(self, arrays: Arrays, moved: list[Value]) -> None:
        self.arrays, self.moved = arrays, moved
        self.slots: dict[Value, list[tuple[np.ndarray, int]]] = {}
        self.scratch: list[np.ndarray] = []

    def step(self, call: Call, entry: Entry, kept: int) -> Step:
        """Return what runs a kernel."""
        kernel = call.item
        assert isinstance(kernel, Kernel)
        values = pointers(kernel, call.stores, call.shared)
        rows, columns = (1, kernel.rows * kernel.columns) if kernel.flat else (kernel.rows, kernel.columns)
        scratch = np.empty(kept * kernel.columns, np.float32)
        self.scratch.append(scratch)
        table = np.array([0] * len(values) + [scratch.ctypes.data, rows, columns], np.int64)
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
