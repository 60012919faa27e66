"""Kernels as lists of NumPy calls: they give what the blocks give one by one, in buffers used again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import klods
from klods.backends.program import Program, numpy_steps
from klods.backends.vectors import CHUNK, Place, Pool, Recorder, compute_block, listed, numpy_kernel
from klods.compiled import Function
from klods.graph import Graph, Node
from klods.ops.block import BLOCKS, pointwise
from klods.passes.fuse import fuse
from klods.passes.kernel import Kernel
from klods.passes.plan import plan

FLOAT32 = np.dtype("float32")
SPECIAL = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-40, -1e-40, 1.5], np.float32)
SIZES = [8, 2000, CHUNK + 8]


def recorded(body: Any, *dtypes: str, size: int = 8) -> list[Any]:
    code: list[Any] = []
    body(*(Recorder(Place((size,), np.dtype(d)), code) for d in dtypes))
    return code


def program_of(graph: Graph, updates: Any = None) -> Program:
    return Program(plan(graph, fuse(graph), updates or {}), numpy_steps)


def graph_of(body: Any, *shapes: tuple[int, ...], dtype: Any = FLOAT32) -> Graph:
    """Return a graph of what a body adds to it: body(node, *inputs) gives its outputs."""
    graph = Graph()
    inputs = [graph.given(shape, dtype) for shape in shapes]

    def node(block: str, *operands: Any, shape: Any = None, dtype: Any = dtype) -> Any:
        made = graph.value(shapes[0] if shape is None else shape, dtype)
        graph.nodes.append(Node(block, operands, {}, made))
        return made

    graph.outputs[:] = body(node, *inputs)
    return graph


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rest", [0, -0.0, 7, "y"])
def test_where_chooses_bit_by_bit_what_numpy_chooses(size, rest):
    x, y = np.resize(SPECIAL, size), np.resize(SPECIAL[::-1], size)
    condition = np.arange(size) % 3 == 0
    graph = Graph()
    c, a, b = graph.given((size,), "bool"), graph.given((size,), "float32"), graph.given((size,), "float32")
    graph.nodes = [Node("where", (c, a, b if rest == "y" else rest), {}, graph.value((size,), "float32"))]
    graph.outputs = [graph.nodes[0].output]
    (got,) = program_of(graph).run([condition, x, y])
    expected = np.where(condition, x, y if rest == "y" else np.float32(rest))
    np.testing.assert_array_equal(got.view(np.int32), expected.view(np.int32))


@pytest.mark.parametrize("size", [8, 2000])
def test_numbers_in_a_body_widen_no_array(size):
    code = recorded(lambda x: np.where(x > 0, x, 0) * 2 + 0.5, "float32", size=size)
    assert {i.output.dtype.name for i in code} <= {"float32", "bool", "int32"}
    assert [i.output.dtype.name for i in recorded(lambda x: x + 1, "float16")] == ["float16"]
    assert recorded(lambda x, y: x * y, "float32", "int32")[-1].output.dtype == "float64"


@pytest.mark.parametrize("body", [lambda x: x**2, lambda x: x if x > 0 else -x, lambda x: np.sort(x), np.asarray])
def test_what_cannot_be_recorded_is_refused(body):
    with pytest.raises(NotImplementedError):
        recorded(body, "float32")


@pytest.mark.parametrize("size", SIZES)
def test_a_body_that_cannot_be_recorded_runs_each_time_beside_others(size):
    def rest_of_a_power(x):
        return (x + 1) ** 2

    pointwise(None)(rest_of_a_power)
    try:
        graph = graph_of(lambda node, x: [node("add", node("rest_of_a_power", node("add", x, x)), 1)], (size,))
        (kernel,) = fuse(graph)
        assert isinstance(kernel, Kernel)
        assert len(listed(kernel)[0]) == 3
        x = np.arange(size, dtype=np.float32) % 100
        np.testing.assert_array_equal(program_of(graph).run([x])[0], (2 * x + 1) ** 2 + 1)
    finally:
        del BLOCKS["rest_of_a_power"]


@pytest.mark.parametrize("size", SIZES)
def test_results_of_an_earlier_run_stay(size):
    graph = graph_of(lambda node, x: [node("multiply", node("add", x, 1), node("add", x, 2))], (size,))
    program, x = program_of(graph), np.arange(size, dtype=np.float32) % 50
    first, second = program.run([x])[0], program.run([x + 5])[0]
    np.testing.assert_array_equal(first, (x + 1) * (x + 2))
    np.testing.assert_array_equal(second, (x + 6) * (x + 7))


@pytest.mark.parametrize("size", SIZES)
def test_other_elements_in_the_same_array_are_read(size):
    program = program_of(graph_of(lambda node, x: [node("add", x, 1)], (size,)))
    x = np.zeros(size, np.float32)
    program.run([x])
    x[:] = 3
    np.testing.assert_array_equal(program.run([x])[0], x + 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("still_read", [False, True])
def test_a_weight_is_overwritten_once_nothing_reads_the_old_one(size, still_read):
    def body(node, weight):
        new = node("subtract", weight, 1)
        return [new, node("multiply", weight if still_read else new, 10)]

    graph = graph_of(body, (size,))
    program = program_of(graph, {graph.outputs[0]: graph.inputs[0]})
    weight = np.arange(size, dtype=np.float32)
    old = weight.copy()
    other = program.run([weight])[1]
    np.testing.assert_array_equal(weight, old - 1)
    np.testing.assert_array_equal(other, 10 * (old if still_read else old - 1))
    program.run([weight])
    np.testing.assert_array_equal(weight, old - 2)


def test_buffers_serve_again_in_a_kernel_and_in_the_next():
    def body(node, x, y):
        for _ in range(10):
            x, y = node("add", x, 1), node("multiply", y, 2, shape=(4, 300))
        return [x, y]

    graph = graph_of(body, (300,), (4, 300))
    items = fuse(graph)
    pool: Pool = {}
    made = plan(graph, items, {})
    arrays = {v: np.empty(v.shape, v.dtype) for call in made.calls for v in (*call.inputs, *call.stores)}
    for call in made.calls:
        numpy_kernel(call, arrays, pool)
        numpy_kernel(call, arrays, pool)
    assert sorted((size, len(buffers)) for size, buffers in pool.items()) == [(1200, 1), (4800, 1)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8", "int64", "bool"])
@pytest.mark.parametrize("size", SIZES)
def test_each_dtype_gives_what_eager_blocks_give(dtype, size):
    def mixed(x, y):
        both = klods.where(x > y, x, y)
        return klods.cast(both, "float32") * 0.5 + klods.cast(x, "float32"), both, klods.where(x > y, 0, x)

    x, y = ((np.arange(size) * k % 7).astype(dtype) for k in (3, 5))
    for got, expected in zip(Function(mixed, "numpy")(x, y), mixed(klods.constant(x), klods.constant(y))):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got.numpy(), expected.numpy())


@pytest.fixture
def odd_blocks():
    def itself(x):
        return x

    def sign_bit(x):
        return x < 0

    pointwise(None)(itself)
    pointwise(None, gives="int32")(sign_bit)
    yield
    del BLOCKS["itself"], BLOCKS["sign_bit"]


@pytest.mark.parametrize("size", SIZES)
def test_a_body_may_return_its_operand_or_another_dtype(size, odd_blocks):
    def body(node, x):
        kept, inner = (node("sign_bit", x, dtype=np.dtype("int32")) for _ in "12")
        return [node("itself", x), kept, node("add", inner, inner, dtype=np.dtype("int32"))]

    graph, x = graph_of(body, (size,)), np.resize(SPECIAL, size)
    same, negative, twice = program_of(graph).run([x])
    np.testing.assert_array_equal(same, x)
    assert same is not x
    assert negative.dtype == "int32"
    np.testing.assert_array_equal(negative, x < 0)
    np.testing.assert_array_equal(twice, 2 * (x < 0))


@pytest.mark.parametrize("size", SIZES)
def test_one_number_beside_many_counts_for_every_piece(size):
    program = program_of(graph_of(lambda node, x, rate: [node("multiply", rate, x)], (size,), ()))
    x = np.arange(size, dtype=np.float32)
    for rate in (2, 3):
        np.testing.assert_array_equal(program.run([x, np.array(rate, np.float32)])[0], rate * x)


def test_choosing_by_a_condition_of_either_dtype_is_recorded():
    for dtype in ("bool", "float32"):
        graph = Graph()
        c, x = graph.given((2000,), dtype), graph.given((2000,), "float32")
        graph.nodes = [Node("where", (c, x, 0), {}, graph.value((2000,), "float32"))]
        code, _ = listed(Kernel(4, 500, graph.nodes))
        assert not any(getattr(i.function, "func", None) is compute_block for i in code)


@pytest.mark.filterwarnings("error")
def test_infinity_raises_no_warning():
    program = program_of(graph_of(lambda node, x: [node("exp", node("divide", x, 0))], (8,)))
    np.testing.assert_array_equal(program.run([np.ones(8, np.float32)])[0], np.full(8, np.inf))


def test_a_count_beside_a_large_update_counts_once():
    """Each piece of the loop computes the number anew."""
    v, count = klods.Variable(np.ones((2, CHUNK), np.float32)), klods.Variable(0.0)

    def step() -> None:
        count.assign_add(1.0)
        v.assign_add(v * count)

    compiled = Function(step, "numpy")
    for _ in range(3):
        compiled()
    assert float(count) == 3
    assert (v.numpy() == 24).all()  # 1 * 2 * 3 * 4


def test_a_number_beside_an_empty_loop_is_computed():
    def function(x: Any, none: Any) -> Any:
        negated = -x
        return negated, none + negated

    compiled = Function(function, "numpy")
    for number in (3.0, 4.0):
        negated, empty = compiled(klods.constant(number), klods.zeros((3, 0)))
        assert float(negated) == -number
    assert empty.shape == (3, 0)
