"""What each pass promises: what it drops and keeps, what shares a loop, what lies in memory how long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from checkers import check_graph, check_kernels, check_plan

import klods as tf
from klods import keras
from klods.compiled import planned
from klods.graph import Graph, Node, Value
from klods.ops.effects import call
from klods.passes import simplify as passes
from klods.passes.fuse import Item, fuse
from klods.passes.kernel import Kernel
from klods.passes.plan import Plan, plan
from klods.passes.trace import Trace, result_of, trace

LONG = np.arange(3000) % 4
MATRIX, SQUARE = np.ones((5, 7), np.float32), np.ones((6, 6), np.float32)


def traced(function: Callable[..., Any], *arrays: np.ndarray) -> Trace:
    return trace(function, list(arrays), lambda x: isinstance(x, np.ndarray))


def simplified(function: Callable[..., Any], *arrays: np.ndarray) -> Graph:
    return passes.simplify(traced(function, *arrays).graph)


def blocks(graph: Graph) -> list[str]:
    return [node.block for node in graph.nodes]


def loops(function: Callable[..., Any], *arrays: np.ndarray) -> list[set[str]]:
    """Return the blocks that share a loop, loop by loop; a node on its own counts as one."""
    graph = simplified(function, *arrays)
    items = fuse(graph)
    check_kernels(graph, items)
    return [{node.block for node in item.nodes} if isinstance(item, Kernel) else {item.block} for item in items]


class Written:
    """A graph written by hand."""

    def __init__(self) -> None:
        self.graph = Graph()

    def node(self, block: str, *operands: Any, **attributes: Any) -> Value:
        value = self.graph.value(*result_of(block, operands, attributes))
        self.graph.nodes.append(Node(block, operands, attributes, value))
        return value

    def after(self, simpler: Callable[[Graph], Graph], *outputs: Value) -> Graph:
        self.graph.outputs = list(outputs)
        result = simpler(self.graph)
        check_graph(result, lambda node: result_of(node.block, node.operands, node.attributes))
        return result


# ---------------------------------------------------------------- simplification


@pytest.mark.parametrize(
    ("block", "constants", "expected"),
    [
        ("less", (np.float32(0.25), 0.5), np.bool_(True)),
        ("multiply", (np.float64(2), 3), np.float64(6)),
        ("add", (np.uint8([200, 1]), 5), np.uint8([205, 6])),
        ("add", (np.int32([1, 2]), 0.5), np.float32([1.5, 2.5])),
        ("where", (np.array([True, False]), 0.5, np.float64([1, 2])), np.float64([0.5, 2])),
        ("divide", (np.int32(1), 0), np.float32(np.inf)),
    ],
)
def test_what_depends_on_constants_alone_is_computed_beforehand(block, constants, expected):
    """With the dtype that the block gives, which numbers among the operands don't change."""
    written = Written()
    operands = [
        written.graph.constant(np.asarray(x)) if isinstance(x, (np.ndarray, np.generic)) else x for x in constants
    ]
    graph = written.after(passes.fold, written.node(block, *operands))
    assert graph.nodes == []
    result = graph.constants[graph.outputs[0]]
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


def test_big_constants_are_not_computed_beforehand():
    written = Written()
    big = written.graph.constant(np.ones((passes.FOLDED + 1,), np.float32))
    assert blocks(written.after(passes.fold, written.node("negative", big))) == ["negative"]


DIFFERENT = {
    "0.0 and -0.0": lambda w, x: [w.node("divide", x, 0.0), w.node("divide", x, -0.0)],
    "1 and 1.0": lambda w, x: [w.node("floor_divide", x, 1), w.node("floor_divide", x, 1.0)],
    "other attributes": lambda w, x: [w.node("reduce_sum", x, axis=0), w.node("reduce_sum", x, axis=1)],
    "long keys": lambda w, x: [w.node("item", x, key=(k,)) for k in (LONG, np.where(np.arange(3000) == 1500, 4, LONG))],
    "swapped operands": lambda w, x: [w.node("subtract", x, 1.0), w.node("subtract", 1.0, x)],
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_only_looks_alike_is_computed_apart(name):
    written = Written()
    outputs = DIFFERENT[name](written, written.graph.given((5, 7), "float32"))
    assert len(written.after(passes.merge, *outputs).nodes) == 2


def test_what_is_computed_twice_is_computed_once_even_through_others():
    graph = simplified(lambda x: [tf.exp(tf.reduce_sum(x, 0)), tf.exp(tf.reduce_sum(x, 0))], MATRIX)
    assert blocks(graph) == ["reduce_sum", "exp"]
    assert graph.outputs[0] is graph.outputs[1]


def test_calls_are_neither_computed_once_for_two_nor_dropped():
    def function(x: Any) -> Any:
        look = {"function": np.sum, "shape": (), "dtype": "float32"}
        return [call(x, **look), call(x, **look), call(x + 1, **look)][:2]

    assert blocks(simplified(function, MATRIX)).count("call") == 3


def test_dead_code_goes_with_all_that_only_it_used():
    assert blocks(simplified(lambda x: [tf.tanh(tf.exp(x)), x][1:], MATRIX)) == []


NOTHING = {
    "product with 1": lambda x: 1 * x * 1.0 / 1,
    "cast": lambda x: tf.cast(x, "float32"),
    "reshape": lambda x: tf.reshape(x, (5, 7)),
    "broadcast": lambda x: tf.broadcast_to(x, (5, 7)),
    "identity": lambda x: tf.stop_gradient(tf.identity(x)),
    "sum along no axis": lambda x: tf.reduce_sum(x, axis=()),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_changes_nothing_is_dropped(name):
    graph = simplified(NOTHING[name], MATRIX)
    assert graph.nodes == []
    assert graph.outputs == graph.inputs


SOMETHING = {
    "dtype of a product": (lambda i: i * 1.0, np.ones((3,), np.int32)),
    "dtype of a quotient": (lambda i: i / 1, np.ones((3,), np.int32)),
    "shape of a sum": (lambda x: tf.zeros((5, 7)) + x[0], MATRIX),
    "0 less x": (lambda x: 0 - x, MATRIX),
    "sum of 0, which makes 0 of -0": (lambda x: 0 + x, MATRIX),
    "difference of -0": (lambda x: x - -0.0, MATRIX),
    "quotient of 1": (lambda x: 1 / x, MATRIX),
}


@pytest.mark.parametrize("name", SOMETHING)
def test_what_changes_dtype_shape_or_sign_stays(name):
    function, array = SOMETHING[name]
    assert len(simplified(function, array).nodes) > 0


def test_the_gradient_of_relu_asks_its_output_so_that_its_input_need_not_be_kept():
    def function(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            result = tf.nn.relu(x + 1)
        return [result, tape.gradient(result, x, output_gradients=y)]

    relu, gate = [node for node in simplified(function, MATRIX, MATRIX).nodes if node.block in ("relu", "gate")]
    assert gate.operands[1] is relu.output


# ---------------------------------------------------------------- fusion


def test_bias_and_relu_share_a_loop():
    w, b = np.ones((7, 4), np.float32), np.ones((4,), np.float32)
    assert loops(lambda x, w, b: tf.nn.relu(tf.matmul(x, w) + b), MATRIX, w, b) == [{"matmul"}, {"add", "relu"}]


def step_loops(optimizer: Any, layers: list[Any]) -> list[set[str]]:
    model = keras.Sequential([keras.Input((20,)), *layers])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_weights)
    return loops(lambda *b: model.train_step(b), np.ones((8, 20), np.float32), np.zeros(8, np.int64))


def hidden_and_softmax() -> list[Any]:
    return [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(5, activation="softmax")]


def test_the_gradient_of_relu_and_that_of_the_bias_share_a_loop():
    assert {"gate", "reduce_sum"} in step_loops("sgd", hidden_and_softmax())


def test_the_loss_its_gradient_and_the_sums_of_metrics_share_a_loop():
    whole = {"exp", "reduce_max", "log", "pick", "put_labels", "argmax", "equal", "reduce_sum", "divide"}
    assert sum(whole <= loop for loop in step_loops("sgd", hidden_and_softmax())) == 1


@pytest.mark.parametrize(
    ("optimizer", "marks", "slots"),
    [
        ("sgd", {"subtract"}, 0),
        (keras.optimizers.SGD(momentum=0.9, nesterov=True), {"add"}, 1),
        (keras.optimizers.RMSprop(momentum=0.5, centered=True), {"sqrt", "subtract"}, 3),
        (keras.optimizers.Adam(amsgrad=True), {"sqrt", "maximum"}, 3),
    ],
)
def test_an_optimizer_updates_weight_and_slots_in_one_loop_and_in_place(optimizer, marks, slots):
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(16)])
    model.compile(optimizer, "mse")
    model.optimizer.build(model.trainable_weights)
    found = traced(lambda *b: model.train_step(b), np.ones((8, 20), np.float32), np.ones((8, 16), np.float32))
    calls = [
        c for c in planned(found).calls if any(v.shape == (20, 16) for v in c.stores) and isinstance(c.item, Kernel)
    ]
    assert len(calls) == 1
    assert marks <= {node.block for node in calls[0].nodes}
    weight_and_slots = [v for v in calls[0].stores if v.shape == (20, 16)]
    assert len(weight_and_slots) == len(calls[0].shared) == 1 + slots


SQUARES = {
    "row sums added to each row": lambda x, v, one: x + tf.reduce_sum(x, 1),
    "row sums added to each column": lambda x, v, one: x + tf.reduce_sum(x, 1, keepdims=True),
    "row sums with themselves": lambda x, v, one: tf.reduce_sum(x, 1) + tf.reduce_sum(x, 1, keepdims=True),
    "a vector along rows and columns": lambda x, v, one: [x + x[0], tf.reduce_sum(x, 1) + x[0]],
    "labels along rows and columns": lambda x, v, one: x * tf.cast(tf.argmax(x, 1), "float32"),
    "sums spread over rows": lambda x, v, one: x * tf.broadcast_to(tf.reduce_sum(x, 1), (6, 6)),
    "columns by rows": lambda x, v, one: outer(x, v[:, None, None], v[:, None]),
    "a number spread along a vector": lambda x, v, one: x * (v + one),
}


def outer(x: Any, a: Any, b: Any) -> list[Any]:
    return [x + 1, tf.exp(a) * tf.exp(b)]


@pytest.mark.parametrize("name", SQUARES)
def test_in_a_square_rows_are_told_from_columns(name):
    graph = simplified(SQUARES[name], SQUARE, SQUARE[0], SQUARE[0, :1])
    check_kernels(graph, fuse(graph))


def test_a_number_that_a_loop_computes_on_the_way_and_others_want_is_computed_there():
    count = np.array(1, np.float32)
    assert loops(lambda x, n: [tf.reduce_sum(x) * (n + 1), n + 1], MATRIX, count) == [
        {"reduce_sum"},
        {"multiply", "add"},
    ]


def test_one_number_updates_share_a_loop():
    counts = [tf.Variable(0) for _ in range(4)]

    def step() -> None:
        for count in counts:
            count.assign_add(1)

    assert len(planned(traced(step)).calls) == 1


# ---------------------------------------------------------------- plan


@pytest.mark.parametrize("shape", [(), (3,)])
def test_chains_of_small_values_are_gone_through_once(shape):
    """However long they are, and however often one value is used."""

    def squares(x: Any) -> Any:
        for _ in range(2000):
            x = x * x
        return x

    made = planned(traced(squares, np.ones(shape, np.float32)))
    assert [len(call.nodes) for call in made.calls] == [2000]


def test_a_chain_of_products_needs_two_buffers():
    def chain(x: Any) -> Any:
        for _ in range(100):
            x = tf.matmul(x, x)
        return x

    made = planned(traced(chain, np.ones((16, 16), np.float32)))
    check_plan(made)
    assert made.size == 2 * 16 * 16 * 4


def test_buffers_are_used_again_by_what_fits():
    def function(x: Any) -> Any:
        y = tf.matmul(x, x)
        return tf.reduce_sum(tf.matmul(tf.matmul(y, y[:, :8]), y[::2]))

    made = planned(traced(function, np.ones((16, 16), np.float32)))
    check_plan(made)
    lifetimes = made.size / 4 - 16 * 16 - 16 * 8  # y and one more are there at a time
    assert lifetimes <= 16 * 16


def overwritten(function: Callable[..., Any], *arrays: np.ndarray) -> int:
    made = planned(traced(function, *arrays))
    check_plan(made)
    return sum(len(call.shared) for call in made.calls)


def test_a_variable_is_overwritten_only_where_nothing_else_wants_its_old_or_new_value():
    v, w = tf.Variable(MATRIX), tf.Variable(MATRIX)

    def alone() -> None:
        v.assign_add(MATRIX)

    def returned() -> Any:
        return v.assign_add(MATRIX)

    def old_returned() -> Any:
        before = v.read_value()
        v.assign(before * 2)
        return before

    def assigned_twice() -> None:
        v.assign(v * 2)
        w.assign(v)

    def moved() -> None:
        before = w.read_value()
        w.assign(v + w)
        v.assign(before)

    def read_later() -> Any:
        before = v.read_value()
        v.assign(before * 2)
        return tf.matmul(tf.reshape(before, (7, 5)), v)

    def through_again() -> Any:
        before = v.read_value()
        v.assign(before * 2)
        return before - tf.reduce_max(before, 1, keepdims=True)

    assert overwritten(alone) == 1
    assert [overwritten(f) for f in (returned, old_returned, assigned_twice, moved, read_later, through_again)] == [
        0
    ] * 6


# ---------------------------------------------------------------- the checkers themselves


def test_what_has_no_elements_shares_no_loop():
    assert loops(lambda x: tf.reduce_sum(x + 1, -1) + 2, np.ones((2, 3, 0), np.float32))[0] == {"add"}


WIDE = [np.ones((4, n), np.float32) * n for n in (3, 5)]


def test_a_product_of_matrices_side_by_side_is_that_of_each(monkeypatch):
    monkeypatch.setattr(passes, "LARGE", 8)

    def function(x: Any, y: Any, w: Any, c: Any) -> Any:
        joined = tf.concat([x, y], 1)
        return tf.matmul(joined, w), tf.matmul(joined, w, transpose_b=True), tf.matmul(joined, c, transpose_a=True)

    arrays = *WIDE, np.arange(64, dtype=np.float32).reshape(8, 8), np.arange(8, dtype=np.float32).reshape(4, 2)
    found = blocks(simplified(function, *arrays))
    assert (found.count("matmul"), found.count("concatenate")) == (6, 1)
    for x, y in zip(tf.function(function)(*arrays), function(*arrays)):
        np.testing.assert_allclose(x, y)


READS_IT = {
    "the loop of its relu": lambda z, w: (tf.matmul(z, w), tf.nn.relu(z)),
    "the caller": lambda z, w: (tf.matmul(z, w), z),
    "the right side of a product": lambda z, w: (tf.matmul(z, w), tf.matmul(w[:, :4], z)),
}


@pytest.mark.parametrize("name", READS_IT)
def test_matrices_that_something_else_reads_side_by_side_are_put_together(name, monkeypatch):
    monkeypatch.setattr(passes, "LARGE", 8)
    graph = simplified(lambda x, y, w: READS_IT[name](tf.concat([x, y], 1), w), *WIDE, np.ones((8, 8), np.float32))
    assert blocks(graph).count("matmul") == 2 - (name != "the right side of a product")


def test_other_shapes_rows_and_what_is_joined_by_rows_need_no_memory_and_no_call():
    def function(x: Any, y: Any) -> Any:
        product = tf.matmul(tf.reshape(x, (6, 4))[2:], y)
        joined = tf.concat([product, tf.matmul(product, y[:, :4])], 0)
        return tf.matmul(tf.reshape(joined, (4, 8)), tf.ones((8, 2)))

    arrays = np.arange(24, dtype=np.float32).reshape(4, 6), np.arange(16, dtype=np.float32).reshape(4, 4)
    made = planned(traced(function, *arrays))
    check_plan(made)
    assert [call.item.block for call in made.calls] == ["matmul", "item", "matmul", "concatenate", "matmul"]
    np.testing.assert_allclose(tf.function(function)(*arrays), function(*arrays))

    def parted(x: Any, y: Any) -> Any:
        return tf.matmul(tf.concat([tf.matmul(x, y), tf.matmul(y, y)], 0), y)

    square = np.arange(9, dtype=np.float32).reshape(3, 3)
    made = planned(traced(parted, square, square + 1))
    check_plan(made)
    assert [call.item.block for call in made.calls] == ["matmul"] * 3
    np.testing.assert_allclose(tf.function(parted)(square, square + 1), parted(square, square + 1))


UPDATES = {
    "some of its rows": lambda v, x: (v * 2 + 1, tf.matmul(x, v[1:4])),
    "its flip in another shape": lambda v, x: (v + tf.reshape(tf.reshape(v, (3, 6)), (6, 3))[::-1], x),
    "its turn in another shape": lambda v, x: (v + tf.transpose(tf.reshape(v, (3, 6))), x),
    "sums in another shape": lambda v, x: (v + tf.reduce_sum(tf.reshape(v, (6, 3)), 0), x),
}


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("name", UPDATES)
def test_a_variable_is_not_overwritten_while_parts_of_it_are_read(name, backend, monkeypatch):
    monkeypatch.setattr("klods.backends._chosen", [backend])
    v, x = tf.Variable(np.arange(18, dtype=np.float32).reshape(6, 3)), np.ones((2, 3), np.float32)

    @tf.function
    def step(x: Any) -> Any:
        new, result = UPDATES[name](v, x)
        v.assign(new)
        return result, tf.matmul(tf.reshape(v, (3, 6)), tf.ones((6, 2)))

    for _ in range(3):
        new, result = (np.array(y) for y in UPDATES[name](tf.constant(v.numpy()), x))
        found, after = step(x)
        np.testing.assert_allclose(found, result)
        np.testing.assert_allclose(v, new)
        np.testing.assert_allclose(after, new.reshape(3, 6) @ np.ones((6, 2)))


def test_the_checker_finds_a_whole_that_is_read_before_its_parts_are_made():
    def function(x: Any) -> Any:
        return tf.matmul(tf.concat([tf.matmul(x, x), tf.matmul(x, x + 1)], 0), x)

    made = planned(traced(function, SQUARE))
    check_plan(made)
    early = [made.calls[0], *made.calls[2:], made.calls[1]]
    with pytest.raises(AssertionError, match="is read, and not in memory"):
        check_plan(Plan(made.graph, early, made.views, made.places, made.size, made.results))


def test_the_checker_finds_what_is_wrong_with_kernels():
    graph = simplified(lambda x: tf.exp(x + 1) * tf.reduce_sum(x, 1, keepdims=True), MATRIX)
    items: list[Item] = fuse(graph)
    kernel = items[0]
    assert isinstance(kernel, Kernel)
    kernel.nodes.reverse()
    with pytest.raises(AssertionError, match="used before it is made"):
        check_kernels(graph, items)
    kernel.nodes.reverse()
    kernel.domains[kernel.nodes[0].output] = kernel.domains[kernel.nodes[2].output]
    kernel.rows, kernel.columns = kernel.columns, kernel.rows
    with pytest.raises(AssertionError):
        check_kernels(graph, items)


def test_the_checker_finds_values_that_overlap():
    graph = simplified(lambda x: tf.matmul(tf.matmul(x, x) + 1, tf.matmul(x, x)), SQUARE)
    made = plan(graph, fuse(graph), {})
    check_plan(made)
    together = Plan(made.graph, made.calls, {}, dict.fromkeys(made.places, 0), made.size, made.results)
    with pytest.raises(AssertionError, match="in use"):
        check_plan(together)


def test_updates_of_many_weights_of_one_shape_share_no_endless_loop():
    weights = [tf.Variable(np.ones((8, 8), np.float32)) for _ in range(30)]

    def step(x: Any) -> None:
        for weight in weights:
            weight.assign_sub(0.1 * weight * x)

    graph = passes.simplify(trace(step, [tf.ones((8, 8))], tf.is_tensor).graph)
    kernels = [item for item in fuse(graph) if isinstance(item, Kernel)]
    assert sum(len(kernel.nodes) for kernel in kernels) == len(graph.nodes)
    assert max(len(kernel.nodes) for kernel in kernels) < 30


@pytest.mark.parametrize("part", [lambda z: tf.reshape(z, (-1,)), lambda z: z[:1]], ids=["another shape", "a row"])
def test_a_result_that_is_part_of_a_product_has_memory_of_its_own(part):
    function = tf.function(lambda x: part(tf.matmul(x, x)[None]))
    ones = np.ones((20, 20), np.float32)
    first = function(ones)
    function(2 * ones)
    np.testing.assert_array_equal(first, np.full(first.shape, 20))
    [runner] = function.runners.values()
    check_plan(runner.plan)
