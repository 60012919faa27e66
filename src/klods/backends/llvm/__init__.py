"""Machine code for a plan's kernels and matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from klods.backends.llvm.codes import code_of
from klods.backends.llvm.crew import Part, job_of, native, present_crew, sequence_of
from klods.backends.llvm.library import addresses, callable_at
from klods.backends.llvm.tables import Tables
from klods.backends.program import Program, Step, numpy_step
from klods.passes.plan import Call, Plan


def llvm_steps(plan: Plan, program: Program, apart: bool) -> list[Step]:
    """Return the steps of a plan with its kernels and products as machine code.

    Calls in machine code that follow each other are one step, unless they are wanted apart.
    """
    codes = {call: code for call in plan.calls if (code := code_of(call))}
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
