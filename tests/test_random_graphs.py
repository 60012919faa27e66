"""Random graphs of blocks: the compiler's passes keep them well-formed, and all readings give the same.

KLODS_EXAMPLES=20 tries twenty times as many graphs, and other ones at each run.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from typing import Any

import numpy as np
import pytest
from checkers import check_graph, check_kernels, check_plan
from hypothesis import HealthCheck, Phase, given, settings
from random_graphs import NaiveWitness, Program, magnitudes, programs, tame

from klods.compiled import Function, planned
from klods.errors import TraceWarning
from klods.passes import simplify as passes
from klods.passes.fuse import fuse
from klods.passes.trace import Trace, result_of

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]
TIMES = int(os.environ.get("KLODS_EXAMPLES", "1"))
CALLS = 3


def examples(count: int) -> Any:
    return settings(
        max_examples=count * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@examples(150)
@given(programs())
def test_graphs_that_compute_exactly(program: Program):
    assert_ways_agree(program, exact=True)


@examples(60)
@given(programs(special=True))
def test_graphs_with_infinity_and_nan(program: Program):
    assert_ways_agree(program, exact=True)


@examples(60)
@given(programs(smooth=True))
def test_graphs_of_smooth_functions(program: Program):
    assert_ways_agree(program)


@examples(60)
@given(programs(differentiated=True))
def test_gradients_of_graphs(program: Program):
    assert_ways_agree(program)


@examples(40)
@given(programs(smooth=True, differentiated=True))
def test_gradients_of_graphs_of_smooth_functions(program: Program):
    assert_ways_agree(program)


@examples(60)
@given(programs())
def test_each_block_of_a_graph_in_its_naive_reading(program: Program):
    with NaiveWitness():
        program.run([*program.arguments(0), *program.new_variables()])


def assert_ways_agree(program: Program, exact: bool = False) -> None:
    """Call a program eagerly and compiled, several times, with other values each time."""
    eager = program.new_variables()
    ways = {backend: program.new_variables() for backend in BACKENDS}
    functions = {backend: Function(program.function(v), backend) for backend, v in ways.items()}
    kept: list[tuple[Any, np.ndarray]] = []
    for call in range(CALLS):
        arguments = program.arguments(call)
        expected = program.run([*arguments, *eager]) + eager
        for backend, function in functions.items():
            with warnings.catch_warnings():
                warnings.simplefilter("error", TraceWarning)
                returned = function(*arguments)
            tensors = [*returned, *(v.read_value() for v in ways[backend])]
            assert_same(tensors, expected, exact, f"{backend}, call {call}")
            kept += [(x, x.numpy().copy()) for x in tensors]
    for tensor, before in kept:
        np.testing.assert_array_equal(tensor.numpy(), before, "a tensor has changed after it was returned")
    for function in functions.values():
        for runner in function.runners.values():
            check_passes(runner.trace)
            check_plan(runner.plan)


def assert_same(got: list[Any], expected: list[Any], exact: bool, message: str) -> None:
    slack = 2e-5 * magnitudes(x.numpy() for x in expected)
    for a, b in zip(got, expected, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), message
        if exact and tame(b.numpy()):
            np.testing.assert_array_equal(a.numpy(), b.numpy(), message)
        else:
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-5, atol=slack, err_msg=message)


def check_passes(trace: Trace) -> None:
    """Run the checkers after each pass."""
    graph = trace.graph
    for simpler in (lambda g: g, *passes.PASSES):
        graph = simpler(graph)
        check_graph(graph, lambda node: result_of(node.block, node.operands, node.attributes))
    check_kernels(graph, fuse(graph))
    check_plan(planned(trace))
