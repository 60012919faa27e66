"""Explanation: a plan, what each of its kernels takes, and each kernel in every language it is written in."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.errors import PositionError
from klods.explanation import machine, text
from klods.explanation.compare import Reading, readings
from klods.explanation.measure import Row, measured
from klods.explanation.naive import kernel_function
from klods.explanation.names import Names
from klods.explanation.passage import Stage, stages
from klods.explanation.single import node_function
from klods.explanation.subject import Subject, apart
from klods.explanation.vectorised import numpy_function
from klods.graph.text import node_text
from klods.passes.kernel import Kernel
from klods.passes.plan import Call, Plan


class Listing(str):
    """Text that a prompt and a notebook show as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Comparison:
    """One kernel run in several ways: a table at a prompt and in a notebook.

    Attributes:
        number: the kernel's.
        readings: how each way does.
    """

    def __init__(self, number: int, blocks: tuple[str, ...], readings: list[Reading]) -> None:
        self.number, self.readings = number, readings
        self._title = f"Kernel {number}: {text.shortened(blocks, 60)}"

    def __str__(self) -> str:
        return text.comparison(self._title, self.readings)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text.comparison_html(self._title, self.readings)


class Explanation:
    """What a compiled step or function does: a table with one line a kernel, at a prompt and in a notebook.

    Attributes:
        rows: the lines of the table, as data.
    """

    def __init__(self, explained: Any, subject: Subject) -> None:
        self._explained, self._subject = explained, subject
        self.rows: list[Row] = measured(subject)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return text.plan(self._subject.title, self.rows)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text.plan_html(self._subject.title, self.rows)

    def passes(self) -> list[Stage]:
        """Return the graph as it is traced and as each pass that simplifies it leaves it."""
        return stages(self._subject.traced)

    @property
    def plan(self) -> Plan:
        """The kernels and single blocks as they are run, and the buffer between them."""
        return self._subject.plan

    @property
    def title(self) -> str:
        """A line about what is explained."""
        return self._subject.title

    def blocks(self, kernel: int) -> Listing:
        """Return the blocks of a kernel as the graph has them, one a line, with shapes and dtypes.

        Raises:
            PositionError: for a number that no kernel has, as in all methods.
        """
        return Listing("\n".join(node_text(node) for node in self._call(kernel).nodes))

    def naive(self, kernel: int) -> Listing:
        """Return the loop that a kernel stands for as plain Python, which runs as it is printed.

        It defines a function `kernel_<number>` of nested lists or NumPy arrays that returns nested lists, computed in
        Python's own float64 and unbounded integers. Where NumPy runs a block that has no loop body, the function
        calls the block's plain loops.
        """
        call = self._call(kernel)
        write = kernel_function if isinstance(call.item, Kernel) else node_function
        return Listing(write(f"kernel_{kernel}", call, self._names(), self._subject.numbers))

    def numpy(self, kernel: int) -> Listing:
        """Return what runs a kernel where there is no machine code: NumPy's calls, one a line.

        It defines a function `kernel_<number>` of arrays, which runs as it is printed. In a plan the same calls write
        into buffers that are made once, long arrays a piece at a time.

        Raises:
            StateError: for a block that calls a function in Python.
        """
        return Listing(numpy_function(f"kernel_{kernel}", self._call(kernel), self._names(), self._subject.numbers))

    def ir(self, kernel: int, optimised: bool = False) -> Listing:
        """Return a kernel in LLVM's language, as klods emits it or as LLVM has optimised it for this processor.

        Raises:
            StateError: for a kernel that isn't compiled, such as a matrix product, or without llvmlite.
        """
        return Listing(machine.ir(kernel, self._call(kernel), optimised))

    def assembly(self, kernel: int) -> Listing:
        """Return a kernel as assembly for this processor; see `ir` for errors."""
        return Listing(machine.assembly(kernel, self._call(kernel)))

    def compare(self, kernel: int) -> Comparison:
        """Run a kernel as naive loop, in NumPy and as machine code on the same numbers, and return the times.

        A naive loop takes about a second for ten million operations; a slow one runs once.
        """
        call = self._call(kernel)
        blocks = tuple(node.block for node in call.nodes)
        loop = self.naive(kernel)
        with apart(self._explained):
            return Comparison(kernel, blocks, readings(kernel, self._subject, loop))

    def _names(self) -> Names:
        return Names(self._subject.names, {node.output: node for node in self.plan.graph.nodes})

    def _call(self, kernel: Any) -> Call:
        calls = self._subject.plan.calls
        if not isinstance(kernel, (int, np.integer)) or not 0 <= kernel < len(calls):
            known = f"they are numbered from 0 to {len(calls) - 1}" if calls else "the plan has none"
            raise PositionError(f"There is no kernel {kernel!r}.", f"{known}: choose from the table's first column.")
        return calls[kernel]
