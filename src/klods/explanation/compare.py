"""One kernel timed as a naive loop, in NumPy and as machine code, on the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from klods.backends import steps_of
from klods.backends.program import Program
from klods.explanation.machine import is_compiled
from klods.explanation.measure import steps_by_call, time_alone, timed
from klods.explanation.subject import Subject
from klods.graph import Graph
from klods.passes.kernel import Kernel
from klods.passes.plan import Call, Plan

QUICK = 0.1  # seconds of a naive loop that is worth running again


@dataclass(frozen=True)
class Reading:
    """One way of running a kernel.

    Attributes:
        name: `naive loop`, `NumPy`, `BLAS, called by NumPy` or `machine code`.
        seconds: the median time of a run; of a slow naive loop, the time of the only one.
        faster: how many times as fast as the naive loop it is.
        difference: the largest difference from what the naive loop gives, as a part of its largest number.
    """

    name: str
    seconds: float
    faster: float
    difference: float


def readings(number: int, subject: Subject, text: str) -> list[Reading]:
    """Return how a kernel runs in each way that there is.

    Args:
        number: the kernel's.
        subject: what it is part of.
        text: the kernel as a naive loop, a function named `kernel_<number>`.
    """
    call = subject.plan.calls[number]
    arrays = inputs_at(number, subject)
    name, arguments = f"kernel_{number}", arguments_of(call, subject, arrays)
    expected, seconds = run_naively(text, name, arguments)
    if seconds < QUICK:
        seconds = median(run_naively(text, name, arguments)[1] for _ in range(5))
    found = [Reading("naive loop", seconds, 1.0, 0.0)]
    kernel = isinstance(call.item, Kernel)
    ways = [("numpy", "NumPy" if kernel or call.item.block != "matmul" else "BLAS, called by NumPy")]  # type: ignore[union-attr]
    if is_compiled(call):
        ways.append(("llvm", "machine code"))
    for backend, way in ways:
        program = Program(plan_of(call), steps_of(backend))
        difference = _difference(expected, program.run([x.copy() for x in arrays]))
        taken = time_alone(steps_by_call(program)[0])
        found.append(Reading(way, taken, seconds / taken, difference))
    return found


def inputs_at(number: int, subject: Subject) -> list[np.ndarray]:
    """Return what a call reads when the plan comes to it."""
    program, plan = Program(subject.plan, steps_of(subject.backend, apart=True)), subject.plan
    program.run([array.copy() for array in subject.given])
    for value, array in zip(plan.graph.inputs, subject.given):
        np.copyto(program.arrays[value], array)
    for step in program.steps[: len(program.steps) - len(plan.calls) + number]:
        step()
    return [program.arrays[x].copy() for x in plan.calls[number].inputs]


def plan_of(call: Call) -> Plan:
    """Return the plan of a call alone, whose inputs are given and whose stores are returned."""
    graph = Graph(inputs=call.inputs, nodes=call.nodes, outputs=[*call.stores])
    return Plan(graph, [call], {}, {}, 0, [v for v in call.stores if v not in call.shared])


def arguments_of(call: Call, subject: Subject, arrays: Sequence[np.ndarray]) -> list[Any]:
    """Return what the printed loop of a call takes: its inputs as nested lists, but for those written as numbers."""
    numbers = subject.numbers if isinstance(call.item, Kernel) else {}
    return [array.tolist() for x, array in zip(call.inputs, arrays) if x not in numbers]


def run_naively(text: str, name: str, arguments: Sequence[Any]) -> tuple[list[Any], float]:
    """Return what a printed function gives, a list of nested lists, and the seconds that it takes."""
    names: dict[str, Any] = {}
    exec(text, names)
    results: list[Any] = []
    seconds = timed(lambda: results.append(names[name](*arguments)))
    return list(results[0]) if isinstance(results[0], tuple) else results, seconds


def _difference(expected: Sequence[Any], found: Sequence[Any]) -> float:
    """Return the largest difference of all arrays, each as a part of its largest number."""
    with np.errstate(all="ignore"):
        return max((_apart(np.asarray(x, float), np.asarray(y, float)) for x, y in zip(expected, found)), default=0.0)


def _apart(x: np.ndarray, y: np.ndarray) -> float:
    apart = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
    largest = np.max(np.abs(x), where=np.isfinite(x), initial=0.0)
    return float(apart.max(initial=0.0) / (largest or 1.0))
