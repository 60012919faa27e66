"""Measuring: what each kernel of a plan computes, moves and takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

from klods.backends import steps_of
from klods.backends.program import Program, Step
from klods.explanation.machine import is_compiled
from klods.explanation.subject import Subject
from klods.explanation.terms import operations
from klods.graph import Node
from klods.passes.kernel import COLUMN, FULL, ROW, Domain, Kernel, pointwise
from klods.passes.plan import Call

BUDGET = 0.4  # seconds that measuring may take
ROUNDS = (3, 200)  # runs of the whole plan, at least and at most


@dataclass(frozen=True)
class Row:
    """One kernel of a plan.

    Attributes:
        number: its place in the plan.
        blocks: the names of the blocks that are fused into it, in order.
        shape: rows and columns of its loops; of a single block, the shape of what it makes.
        runs_in: `LLVM` (machine code), `BLAS`, `NumPy`, or `Python` for a call of a function.
        has_body: whether each block has a loop body; one that has none is never compiled.
        operations: the primitives it applies to numbers: each +, max, exp ... counts as one, and so do
            those that a product saves by leaving zeros out; None if not known.
        bytes: the bytes of all arrays that it reads and writes, each once; None if not known.
        seconds: the median time of a run.
        share: its part of the time of all kernels, from 0 to 1.
    """

    number: int
    blocks: tuple[str, ...]
    shape: tuple[int, ...]
    runs_in: str
    has_body: bool
    operations: int | None
    bytes: int | None
    seconds: float
    share: float

    @property
    def operations_per_second(self) -> float | None:
        """Operations a second, None if they aren't known."""
        return None if self.operations is None else self.operations / self.seconds

    @property
    def bytes_per_second(self) -> float | None:
        """Bytes a second, None if they aren't known."""
        return None if self.bytes is None else self.bytes / self.seconds


def measured(subject: Subject) -> list[Row]:
    """Return a row for each kernel of a subject, after running its plan a number of times on its arrays."""
    calls = subject.plan.calls
    times = step_times(subject)
    whole = sum(times)
    return [
        Row(
            number,
            tuple(node.block for node in call.nodes),
            (call.item.rows, call.item.columns) if isinstance(call.item, Kernel) else call.item.output.shape,
            runs_in(call, subject.backend),
            not isinstance(call.item, Node) or is_product(call.item) or pointwise(call.item),
            operations_of(call),
            bytes_of(call),
            seconds,
            seconds / whole,
        )
        for number, (call, seconds) in enumerate(zip(calls, times))
    ]


def runs_in(call: Call, backend: str) -> str:
    """Return what runs a call."""
    if backend == "llvm" and is_compiled(call):
        return "LLVM"
    if isinstance(call.item, Kernel):
        return "NumPy"
    return "BLAS" if is_product(call.item) else "Python" if call.item.block == "call" else "NumPy"


def is_product(node: Node) -> bool:
    """Tell whether a node is a product of matrices, which goes to BLAS where klods has no machine code for it."""
    return node.block == "matmul" and all(len(x.shape) > 1 for x in node.values)


# ------------------------------------------------------------ counting


def bytes_of(call: Call) -> int | None:
    """Return the bytes of the arrays that a call reads and of those that it writes, each once.

    None for a call of a function in Python, which may look at as little as it likes.
    """
    if isinstance(call.item, Node) and call.item.block == "call":
        return None
    return sum(x.size * x.dtype.itemsize for x in [*call.inputs, *call.stores])


def operations_of(call: Call) -> int | None:
    """Return how many primitives a call applies to numbers; None if its block doesn't tell."""
    item = call.item
    if isinstance(item, Kernel):
        return sum(_per_turn(node) * _turns(node, item) for node in item.nodes)
    if is_product(item):
        return 2 * item.output.size * item.values[0].shape[-2 if item.attributes.get("transpose_a") else -1]
    return operations(item) * item.output.size if pointwise(item) else None


def _per_turn(node: Node) -> int:
    """Return the primitives of one turn of a loop. Choosing by label, and copying, compute nothing."""
    if node.block in ("pick", "put_labels"):
        return 0
    return 1 if node.block in ("reduce_sum", "reduce_max", "reduce_min", "argmax") else operations(node)


def _turns(node: Node, kernel: Kernel) -> int:
    """Return how often a kernel's loops come to a node: a sum goes through what it sums up."""
    folds = node.block in ("reduce_sum", "reduce_max", "reduce_min", "argmax")
    domain: Domain = kernel.domains[node.values[0] if folds else node.output]
    return {FULL: kernel.rows * kernel.columns, COLUMN: kernel.rows * kernel.columns, ROW: kernel.rows}.get(domain, 1)


# ------------------------------------------------------------ timing


def step_times(subject: Subject) -> list[float]:
    """Return the median seconds of each of a plan's steps, run in order again and again."""
    program = Program(subject.plan, steps_of(subject.backend, apart=True))
    start = perf_counter()
    program.run([array.copy() for array in subject.given])
    steps = steps_by_call(program)
    rounds = _rounds(perf_counter() - start)
    with np.errstate(all="ignore"):
        taken = [[timed(step) for step in steps] for _ in range(rounds)]
    return [median(times) for times in zip(*taken)]


def steps_by_call(program: Program) -> list[Step]:
    """Return a program's steps, one for each call of its plan, without what it does before the first."""
    return program.steps[len(program.steps) - len(program.plan.calls) :]


def time_alone(step: Callable[[], object]) -> float:
    """Return the median seconds of a step, run alone again and again."""
    return median(timed(step) for _ in range(_rounds(timed(step))))


def timed(step: Callable[[], object]) -> float:
    """Return the seconds that a step takes."""
    start = perf_counter()
    step()
    return perf_counter() - start


def _rounds(seconds: float) -> int:
    least, most = ROUNDS
    return max(least, min(most, int(BUDGET / max(seconds, 1e-9))))
