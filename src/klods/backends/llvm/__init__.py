"""Machine code for a plan's kernels and matrix products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from klods.backends.llvm.codes import KernelCode, ProductCode, code_of
from klods.backends.llvm.tables import Tables
from klods.backends.program import Program, Step, numpy_step
from klods.graph import Node, Value
from klods.native.crew import Part, job_of, native, present_crew, sequence_of
from klods.native.library import addresses, callable_at
from klods.ops.effects import reads_rows
from klods.passes.plan import Call, Plan

SOME = 1 << 13  # numbers of an input among which it pays to look for zeros


def llvm_steps(plan: Plan, program: Program, apart: bool) -> list[Step]:
    """Return the steps of a plan with its kernels and products as machine code.

    Calls in machine code that follow each other are one step, unless they are wanted apart.
    """
    codes = {call: code for call in plan.calls if (code := code_of(call))}
    program.by_rows = readable_by_rows(plan, codes)
    for code in codes.values():
        if isinstance(code, ProductCode) and code.a in plan.graph.inputs and code.a.size >= SOME:
            code.skip_zeros()
    places = dict(zip(codes, addresses([(code.pattern, code.text) for code in codes.values()])))
    tables = Tables(program.arrays, program.moved)

    def task(call: Call) -> Part:
        code = codes[call]
        return shared([(places[call], code.table(region, tables)) for region in code.regions()], tables)

    steps: list[Step] = [tables.refresh]
    for compiled, calls in groupby(plan.calls, lambda call: call in codes):
        if not compiled:
            steps += [numpy_step(call, program.arrays, {}) for call in calls]
            continue
        tasks = [task(call) for call in calls]
        steps += [native_step([x], tables) for x in tasks] if apart else [native_step(tasks, tables)]
    return steps


def readable_by_rows(plan: Plan, codes: Mapping[Call, KernelCode | ProductCode]) -> set[Value]:
    """Return the inputs that nothing reads but products, row by row, and calls that look at rows where they lie."""

    def all_others(call: Call) -> set[Value]:
        code = codes.get(call)
        if isinstance(code, ProductCode):
            return {code.b}
        if isinstance(call.item, Node):
            return set() if reads_rows(call.item) else set(call.item.values)
        return set(call.item.inputs)

    others = {x for call in plan.calls for x in all_others(call)} | {view.of for view in plan.views.values()}
    return {x for x in plan.graph.inputs if x not in others and x not in plan.graph.outputs and len(x.shape) == 2}


def native_step(parts: Sequence[Part], tables: Tables) -> Step:
    """Return what runs parts one after the other, and has the crew awake if there is work to share."""
    function, table = parts[0]
    if len(parts) > 1:
        function, table = native().sequence, tables.keep(sequence_of(parts)).ctypes.data
    run = callable_at(function)
    if all(place != native().share for place, _ in parts):
        return lambda: run(table)

    def run_with_crew() -> None:
        present_crew().wake()
        run(table)

    return run_with_crew


def shared(parts: Sequence[Part], tables: Tables) -> Part:
    """Return what has the crew run parts."""
    return parts[0] if len(parts) == 1 else (native().share, tables.keep(job_of(parts)).ctypes.data)
