"""Machine code for a plan's kernels and matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from klods.backends.llvm.codes import code_of
from klods.backends.llvm.crew import Part, job_of, native, present_crew, sequence_of
from klods.backends.llvm.library import addresses, callable_at
from klods.backends.llvm.parts import Region, chain_regions
from klods.backends.llvm.tables import Tables
from klods.backends.program import Program, Step, node_step
from klods.backends.vectors import numpy_kernel
from klods.passes.kernel import Kernel
from klods.passes.plan import Call, Plan


def llvm_steps(plan: Plan, program: Program, apart: bool) -> list[Step]:
    """Return the steps of a plan with its kernels and products as machine code.

    Calls in machine code that follow each other are one step, and a kernel goes on with the parts of the product before
    it while they are in the processor's cache; unless the calls are wanted apart.
    """
    codes = {call: code for call in plan.calls if (code := code_of(call))}
    places = dict(zip(codes, addresses([(code.pattern, code.text) for code in codes.values()])))
    chains = {call: (call.product, chain_regions(call)) for call in codes if call.product in codes and not apart}
    chains = {call: chain for call, chain in chains.items() if chain[1]}
    begun = {product for product, _ in chains.values()}
    tables = Tables(program.arrays, program.moved)

    def part(call: Call, region: Region) -> Part:
        return places[call], codes[call].table(region, tables)

    def task(call: Call) -> Part:
        if call not in chains:
            return shared([part(call, region) for region in codes[call].regions()], tables)
        product, regions = chains[call]
        return shared([in_turn([part(product, region), part(call, region)], tables) for region in regions], tables)

    steps: list[Step] = [tables.refresh]
    for compiled, calls in groupby(plan.calls, lambda call: call in codes):
        if not compiled:
            steps += [numpy_step(call, program) for call in calls]
            continue
        tasks = [task(call) for call in calls if call not in begun]
        steps += [native_step([x], tables) for x in tasks] if apart else [native_step(tasks, tables)]
    return steps


def numpy_step(call: Call, program: Program) -> Step:
    """Return what runs a call in NumPy."""
    if isinstance(call.item, Kernel):
        return numpy_kernel(call, program.arrays, {})
    return node_step(call, program.arrays)


def native_step(parts: Sequence[Part], tables: Tables) -> Step:
    """Return what runs parts in order, and has the crew awake if there is work to share."""
    function, table = in_turn(parts, tables)
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


def in_turn(parts: Sequence[Part], tables: Tables) -> Part:
    """Return what runs parts one after the other."""
    return parts[0] if len(parts) == 1 else (native().sequence, tables.keep(sequence_of(parts)).ctypes.data)
