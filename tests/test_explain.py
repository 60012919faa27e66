"""`klods.explain`: the numbers of its table, the loops that it prints, and that what it explains stays as it is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import klods as tf
from klods import keras
from klods.backends.program import Program, numpy_steps
from klods.cli import main
from klods.compiled import Function
from klods.errors import DataError, KlodsError, PositionError, StateError, TraceWarning
from klods.explanation import explanation, text
from klods.explanation.compare import arguments_of, inputs_at, plan_of, run_naively
from klods.explanation.measure import Row
from klods.graph import Untraceable, engine

HAS_LLVM = importlib.util.find_spec("llvmlite") is not None
needs_llvm = pytest.mark.skipif(not HAS_LLVM, reason="needs llvmlite")
RANDOM = np.random.default_rng(0)
MATRIX, ROW, COLUMN = (RANDOM.normal(size=shape).astype(np.float32) for shape in ((5, 7), (7,), (5, 1)))
LABELS = np.array([0, 6, 3, 3, 1], np.uint8)
CUBE = RANDOM.normal(size=(2, 3, 4)).astype(np.float32)
STRANGE = np.array([[0.0, np.inf, -np.inf], [np.nan, -1.0, 1e30], [3.0, 200.0, -200.0]], np.float32)

FUNCTIONS: dict[str, tuple[Any, list[np.ndarray]]] = {
    "broadcasts": (lambda x, r, c: (x + r) * c - x / (1 + c * c), [MATRIX, ROW, COLUMN]),
    "parentheses": (lambda x, r: [x - (r - x), (x - r) - x, -(x + r) * x, tf.where(x > r, x, r) + 1], [MATRIX, ROW]),
    "integers": (lambda x, i: tf.cast(x, "int32") * 2 + i, [MATRIX, np.arange(7, dtype=np.int32)]),
    "narrow integers": (
        lambda i: [i * i, -i, tf.cast(tf.cast(i, "int32") * 100, "int8")],
        [np.arange(9, dtype=np.uint8) * 30],
    ),
    "choice": (lambda x, r: tf.where((x > r) & (x < 1.0), x, r), [MATRIX, ROW]),
    "softmax": (lambda x: tf.nn.softmax(3 * x), [MATRIX]),
    "reductions": (
        lambda x: [tf.reduce_sum(x), tf.reduce_sum(x, 0, True), tf.reduce_max(x, 1), tf.reduce_min(x, 1, True)],
        [MATRIX],
    ),
    "argmax": (
        lambda x, y: tf.reduce_sum(tf.cast(tf.argmax(2 * x, 1) == tf.cast(y, "int64"), "float32")),
        [MATRIX, LABELS],
    ),
    "two argmax": (
        lambda x, r: tf.reduce_sum(tf.cast(tf.argmax(2 * x, 1) == tf.argmax(r - 2 * x, 1), "float32")),
        [np.array([[1, 3, 2], [3, 2, 1], [2, 3, 1]], np.float32), np.array([0, 9, 0], np.float32)],
    ),
    "labels": (lambda x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(y, x), [MATRIX, LABELS]),
    "functions": (
        lambda x: [tf.exp(x), tf.math.log(x), tf.tanh(x), tf.math.log1p(x), tf.math.expm1(x), tf.sqrt(x), 1 / x],
        [MATRIX],
    ),
    "activations": (lambda x: [tf.nn.relu(x), tf.nn.elu(x), tf.nn.softplus(x), tf.nn.gelu(x), tf.sigmoid(x)], [MATRIX]),
    "rounding": (lambda x: [tf.sign(x), tf.round(x), tf.floor(x), tf.math.ceil(x), x**2.0], [MATRIX]),
    "infinity and NaN": (
        lambda x: [tf.exp(x), tf.sqrt(x), x / 0, tf.maximum(1.0, x), tf.maximum(x, -x), tf.reduce_max(x, 1), tf.sin(x)],
        [STRANGE],
    ),
    "three axes": (lambda x: [tf.nn.softmax(x), tf.reduce_sum(x * x, (0, 1)), tf.reduce_max(2 * x, -1)], [CUBE]),
    "products": (lambda x, y: [tf.matmul(x, x, transpose_b=True), tf.matmul(x, y, transpose_a=True)], [MATRIX, COLUMN]),
    "products of stacks": (lambda x: tf.matmul(x, x, transpose_a=True), [CUBE]),
    "broadcasts over three axes": (lambda x, y: x + y, [CUBE[:, :1], CUBE[:1]]),
    "no loop body": (lambda x: [tf.transpose(x), tf.cumsum(x, 1), x[::-1]], [MATRIX]),
    "no elements": (lambda x: [x * 2, tf.reduce_sum(x)], [np.zeros((0, 3), np.float32)]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_printed_loops_give_what_the_kernels_give(name):
    function, arrays = FUNCTIONS[name]
    plan = tf.explain(Function(function), *map(tf.constant, arrays))
    assert len(plan) > 0
    for number in range(len(plan)):
        check_loop(plan, number)


def check_loop(plan: Any, number: int) -> None:
    """Run the printed loop, on nested lists and on arrays, and the kernel in NumPy on the same numbers."""
    subject = plan._subject
    call, given = subject.plan.calls[number], inputs_at(number, subject)
    expected = Program(plan_of(call), numpy_steps).run([x.copy() for x in given])
    arrays = [
        x for value, x in zip(call.inputs, given) if value not in subject.numbers or not hasattr(call.item, "rows")
    ]
    for arguments in (arguments_of(call, subject, given), arrays):
        found, _ = run_naively(plan.naive(number), f"kernel_{number}", arguments)
        for value, array, result in zip(call.stores, expected, found, strict=True):
            shape = value.shape if value.size == 0 else np.shape(result)
            with np.errstate(over="ignore"):
                loop = np.array(result, value.dtype).reshape(shape)
            np.testing.assert_allclose(loop, array, rtol=3e-5, atol=1e-6, err_msg=plan.naive(number))


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_the_printed_loops_of_a_training_step_give_what_its_kernels_give(optimizer):
    model, x, y = trained(optimizer)
    plan = tf.explain(model, x, y)
    for row in plan.rows:
        if row.runs_in != "Python":  # the look for NaN in the loss
            check_loop(plan, row.number)


def test_a_loop_reads_like_one_written_by_hand():
    plan = tf.explain(Function(lambda x, b: tf.nn.relu(x + b)), tf.constant(MATRIX), tf.constant(ROW))
    assert plan.naive(0).splitlines()[-5:] == [
        "    relu = [[0.0] * 7 for _ in range(5)]",
        "    for row in range(5):",
        "        for column in range(7):",
        "            relu[row][column] = max(x[row][column] + b[column], 0)",
        "    return relu",
    ]


def test_a_loop_computes_a_number_once_and_where_it_is_known():
    softmax = tf.explain(Function(tf.nn.softmax), tf.constant(MATRIX)).naive(0)
    assert softmax.count("= exp(") == 1
    per_row = tf.explain(Function(lambda x: x * tf.sqrt(tf.reduce_max(x, 1, True))), tf.constant(MATRIX)).naive(0)
    assert "        root = sqrt(largest)\n        for column in range(7):\n" in per_row
    twice = tf.explain(Function(lambda x: tf.square(x + 1)), tf.constant(MATRIX)).naive(0)
    assert "added = x[row][column] + 1\n" in twice
    assert "square[row][column] = added * added\n" in twice
    bounded = tf.explain(Function(lambda x: tf.maximum(1.0, x)), tf.constant(MATRIX)).naive(0)
    assert "= max(x[row][column], 1.0)\n" in bounded


def test_a_kernel_is_compared_on_what_it_reads_in_a_step():
    total = tf.Variable(4.0)
    plan = tf.explain(Function(lambda x: total.assign_add(tf.reduce_sum(x * total))), tf.ones((3, 2)))
    number = len(plan) - 1
    values = [float(x) for x in inputs_at(number, plan._subject)]
    assert sorted(values) == [4, 24]


def test_operations_and_bytes_are_those_counted_by_hand():
    model, x, y = trained("rmsprop")  # 8 samples, 6 inputs, 5 units, 3 classes
    table = tf.explain(model, x, y).rows
    rows = {row.blocks: row for row in table}
    products = [row for row in table if row.blocks == ("matmul",)]
    assert [row.operations for row in products[:2]] == [2 * 8 * 6 * 5, 2 * 8 * 5 * 3]
    assert products[0].bytes == 4 * (8 * 6 + 6 * 5 + 8 * 5)
    assert rows["add", "relu"].operations == 2 * 8 * 5
    assert rows["add", "relu"].bytes == 4 * (8 * 5 + 5 + 8 * 5)
    assert rows["gate", "reduce_sum"].operations == 3 * 8 * 5  # a comparison, a choice and an addition
    assert rows["gate", "reduce_sum"].bytes == 4 * (8 * 5 + 8 * 5 + 8 * 5 + 5)
    update = next(row for row in table if row.shape == (6, 5) and len(row.blocks) == 12)
    assert update.operations == 12 * 6 * 5
    assert update.bytes == 4 * (5 * 6 * 5 + 2)  # weight and slot, read and written; gradient; rate, smallest normal


def test_a_transposed_product_counts_the_length_of_its_sums():
    plan = tf.explain(Function(lambda x: tf.matmul(x, x, transpose_a=True)), tf.constant(MATRIX))
    assert plan.rows[0].operations == 2 * 7 * 7 * 5


def test_operations_of_a_softmax_are_those_counted_by_hand():
    plan = tf.explain(Function(tf.nn.softmax), tf.constant(MATRIX))
    assert [row.operations for row in plan.rows] == [5 * 7 * 5]  # largest, minus, exp, sum, divided
    assert plan.rows[0].bytes == 2 * 4 * 5 * 7


def test_the_shares_of_all_kernels_make_a_whole():
    model, x, y = trained("adam")
    rows = tf.explain(model, x, y).rows
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert all(row.seconds > 0 for row in rows)
    assert rows[0].bytes_per_second == rows[0].bytes / rows[0].seconds
    assert rows[0].operations_per_second == rows[0].operations / rows[0].seconds


def test_a_block_without_a_loop_body_shows_as_such():
    plan = tf.explain(Function(tf.transpose), tf.constant(MATRIX))
    assert (plan.rows[0].runs_in, plan.rows[0].has_body, plan.rows[0].operations) == ("NumPy", False, None)
    assert "Blocks without a loop body are not compiled: transpose (0)." in str(plan)
    assert "transpose (NumPy)" in str(plan)


def test_a_block_that_calls_python_stands_for_no_loop():
    plan = tf.explain(Function(lambda x: x + tf.random.normal((2,))), tf.ones((2,)))
    assert (plan.rows[0].runs_in, plan.rows[0].blocks, plan.rows[0].bytes) == ("Python", ("call",), None)
    assert "call (Python)" in str(plan)
    for method in (plan.naive, plan.compare, plan.ir):
        with pytest.raises(StateError, match="block call"):
            method(0)


# ------------------------------------------------------------ nothing changes


def trained(optimizer: str) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return a model after two steps, and a batch."""
    keras.utils.set_random_seed(1)
    model = network(optimizer)
    x, y = np.random.default_rng(2).normal(size=(8, 6)).astype(np.float32), np.arange(8) % 3
    model.fit(x, y, batch_size=4, verbose=0)
    return model, x, y


def network(optimizer: str = "rmsprop", loss: str = "sparse_categorical_crossentropy") -> Any:
    layers = [keras.layers.Dense(5, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile(optimizer, loss=loss, metrics=["accuracy"])
    return model


def state(model: Any) -> list[bytes]:
    variables = [*model.weights, *model.optimizer.variables, *(v for m in model.metrics for v in m.variables)]
    return [np.asarray(v.value).tobytes() for v in variables]


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_explaining_changes_nothing_of_a_model(optimizer):
    model, x, y = trained(optimizer)
    before, attributes = state(model), {**vars(model), **vars(model.optimizer)}
    plan = tf.explain(model, x, y)
    plan.compare(1)
    assert state(model) == before
    assert {**vars(model), **vars(model.optimizer)}.keys() == attributes.keys()


def test_training_goes_on_as_if_nothing_had_been_explained():
    results = []
    for explaining in (False, True):
        model, x, y = trained("adam")
        if explaining:
            tf.explain(model, x, y)
        model.fit(x, y, batch_size=4, verbose=0)
        results.append(state(model))
    assert results[0] == results[1]


def test_no_random_number_is_used_up():
    results = []
    for explaining in (False, True):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.layers.Dropout(0.5), keras.layers.Dropout(0.5, seed=3), keras.layers.Dense(2)])
        model.compile("sgd", "mse")
        x, y = np.ones((8, 6), np.float32), np.ones((8, 2), np.float32)
        model.fit(x, y, verbose=0)
        if explaining:
            plan = tf.explain(model)
            assert "call" in [row.blocks[0] for row in plan.rows]
            plan.compare([row.blocks[0] for row in plan.rows].index("matmul"))
        model.fit(x, y, verbose=0)
        results.append([*state(model), tf.random.normal((2,)).numpy().tobytes()])
    assert results[0] == results[1]


def test_no_other_thread_runs_a_plan_while_kernels_are_compared(monkeypatch):
    model, x, y = trained("sgd")
    plan, free = tf.explain(model, x, y), []

    def look(*_: Any) -> list[Any]:
        with ThreadPoolExecutor(1) as other:
            free.append(other.submit(engine.acquire, blocking=False).result())
        return []

    monkeypatch.setattr(explanation, "readings", look)
    plan.compare(0)
    assert free == [False]


def test_a_run_that_diverges_while_it_is_measured_warns_of_nothing(recwarn):
    model, x, y = trained("sgd")
    tf.explain(model, x * np.float32(np.inf), y)
    assert not recwarn.list
    assert not model.warned_of_numbers


def test_a_model_without_weights_or_slots_stays_without():
    x, y = RANDOM.normal(size=(8, 6)).astype(np.float32), np.arange(8) % 3
    results = []
    for explaining in (False, True):
        keras.utils.set_random_seed(1)
        model = network()
        if explaining:
            assert len(tf.explain(model, x, y)) > 0
            assert not model.built
            assert not model.weights
            assert not model.optimizer.built
        model.fit(x, y, verbose=0)
        results.append(state(model))
    assert results[0] == results[1]


def test_explaining_changes_no_variable_of_a_function():
    count = tf.Variable(0.0, name="count")

    @tf.function
    def counted(x):
        count.assign_add(tf.reduce_sum(x))
        return x * count

    counted(tf.ones((2, 2)))
    plan = tf.explain(counted)
    plan.compare(0)
    assert float(count) == 4
    assert any("new_count" in plan.naive(i) for i in range(len(plan)))
    tf.explain(counted, tf.ones((3, 2)))
    assert float(count) == 4


# ------------------------------------------------------------ what is explained


def test_a_function_is_explained_for_its_last_call():
    double = Function(lambda x: x * 2)
    for size in (3, 5, 3):
        double(tf.ones((size, 2)))
    assert tf.explain(double).rows[0].shape == (3, 2)
    assert tf.explain(double, tf.ones((7, 2))).rows[0].shape == (7, 2)


def test_a_trained_model_is_explained_for_the_largest_batch_of_its_last_training():
    model, _, _ = trained("sgd")
    model.fit(np.ones((7, 6), np.float32), np.zeros(7, int), batch_size=5, verbose=0)
    assert "batch of 5" in str(tf.explain(model))
    model.compile("sgd", "mse")
    assert "batch of 32" in str(tf.explain(model))


def test_jit_compile_false_is_explained_as_it_runs():
    model, _, _ = trained("sgd")
    model.compile("sgd", "mse", jit_compile=False)
    assert "LLVM" not in [row.runs_in for row in tf.explain(model).rows]


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy", "mse"])
def test_a_batch_is_made_up_for_a_model_that_knows_its_inputs(loss):
    model = network(loss=loss)
    model.build((None, 6))
    plan = tf.explain(model)
    assert plan.rows[1].shape == (32, 5)
    assert str(plan).startswith(f"Training step of model '{model.name}', batch of 32")
    assert plan._subject.given[0].all()  # products leave zeros out: on zeros they would seem ten times as fast
    assert tf.explain(model, np.ones((4, 6), np.float32)).rows[1].shape == (4, 5)


def several() -> Any:
    """Return a model of two inputs and two outputs, one input of whole numbers."""
    size, words = keras.Input((4,), name="size"), keras.Input((3,), dtype="int32", name="words")
    rows = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(words))
    joined = keras.layers.Concatenate()([size, rows])
    outputs = {name: keras.layers.Dense(units, name=name)(joined) for name, units in (("price", 1), ("kind", 3))}
    model = keras.Model({"size": size, "words": words}, outputs)
    model.compile("sgd", {"price": "mse", "kind": "sparse_categorical_crossentropy"})
    return model


def test_a_batch_is_made_up_for_several_inputs_each_of_its_dtype():
    model = several()
    x = {"size": np.zeros((32, 4), np.float32), "words": np.zeros((32, 3), np.int32)}
    given, made_up = (tf.explain(model, *examples) for examples in ([x], []))
    assert "batch of 32" in made_up.title
    assert [(row.blocks, row.shape, row.bytes) for row in made_up.rows] == [
        (row.blocks, row.shape, row.bytes) for row in given.rows
    ]


class Own(keras.Model):
    """A model with a step of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x) - y) ** 2)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        return {"loss": loss}


@pytest.mark.parametrize(
    ("prepare", "batch"),
    [
        (lambda model: model.build((None, 3)), 32),
        (lambda model: model(np.ones((2, 3))), 32),
        (lambda model: model.fit(np.ones((9, 3)), np.ones((9, 2)), verbose=0), 9),
    ],
    ids=["build", "call", "fit"],
)
def test_a_batch_is_made_up_for_a_model_with_a_step_of_its_own_unless_it_ran(prepare, batch):
    model = Own()
    model.compile("sgd", "mse")
    prepare(model)
    plan = tf.explain(model)
    assert f"batch of {batch}" in plan.title
    assert (plan.rows[0].blocks, plan.rows[0].shape) == (("matmul",), (batch, 2))


def test_a_model_that_reads_text_is_explained():
    words = keras.layers.TextVectorization(output_sequence_length=4)
    words.adapt(["a b c", "b c d"])
    layers = [keras.Input((1,), dtype="string"), words, keras.layers.Embedding(9, 2), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    for examples, shape in (((), (32, 4)), ((np.array([["a b"], ["c"]]), np.ones((2, 1))), (2, 4))):
        plan = tf.explain(model, *examples)
        assert (plan.rows[0].runs_in, plan.rows[0].shape) == ("Python", shape)


def test_kernels_have_the_names_of_what_they_update():
    model, x, y = trained("rmsprop")
    plan = tf.explain(model, x, y)
    number = next(row.number for row in plan.rows if row.shape == (6, 5) and len(row.blocks) == 12)
    assert "return new_kernel_velocity, new_kernel" in plan.naive(number)


# ------------------------------------------------------------ machine code


@needs_llvm
def test_the_machine_code_of_a_kernel_is_shown():
    plan = tf.explain(Function(lambda x: tf.nn.relu(2 * x)), tf.constant(MATRIX))
    assert plan.ir(0).startswith("; Kernel 0 as klods emits it, before optimisation.")
    assert "fmul contract" in plan.ir(0)
    assert plan.ir(0, optimised=True).startswith("; Kernel 0 after optimisation")
    assert "load <" in plan.ir(0, optimised=True)  # vectors
    assert "ret" in plan.assembly(0)
    assert plan.assembly(0).startswith("# Kernel 0 as assembly for this processor")


@needs_llvm
def test_a_kernel_is_timed_in_three_ways_that_agree():
    found = tf.explain(Function(lambda x: tf.nn.softmax(2 * x)), tf.constant(MATRIX)).compare(0)
    assert [x.name for x in found.readings] == ["naive loop", "NumPy", "machine code"]
    assert all(0 <= x.difference < 1e-6 and x.seconds > 0 for x in found.readings)
    assert found.readings[2].faster == found.readings[0].seconds / found.readings[2].seconds
    assert "machine code" in str(found)
    assert "<table" in found._repr_html_()


def test_a_difference_shows():
    """A loop that computes something else must not pass for the same."""
    from klods.explanation.compare import readings

    plan = tf.explain(Function(lambda x: 2 * x), tf.constant(MATRIX))
    wrong = plan.naive(0).replace("2 *", "3 *")
    assert wrong != plan.naive(0)
    assert readings(0, plan._subject, wrong)[1].difference == pytest.approx(1 / 3)


@needs_llvm
def test_a_product_is_timed_as_loop_in_blas_and_in_machine_code():
    found = tf.explain(Function(lambda x: tf.matmul(x, x, transpose_b=True)), tf.constant(MATRIX)).compare(0)
    assert [x.name for x in found.readings] == ["naive loop", "BLAS, called by NumPy", "machine code"]
    assert max(x.difference for x in found.readings) < 1e-5


# ------------------------------------------------------------ tables


@pytest.mark.parametrize("width", [80, 120])
def test_a_kernel_takes_one_line_within_the_terminal(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    model, x, y = trained("adam")
    plan = tf.explain(model, x, y)
    lines = str(plan).splitlines()
    assert max(map(len, lines)) <= width
    assert [line.split()[0] for line in lines[3 : 3 + len(plan)]] == [str(i) for i in range(len(plan))]
    assert repr(plan) == str(plan)


def test_what_runs_a_kernel_is_named_however_many_blocks_are_in_it(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    model, x, y = trained("adam")
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    lines = str(tf.explain(model, x, y)).splitlines()
    rows = [line for line in lines if line.lstrip()[:1].isdigit() and " %" in line]
    assert all("(NumPy)" in row or "(BLAS)" in row or "(Python)" in row for row in rows), rows
    assert any("… (NumPy)" in row for row in rows)
    assert max(map(len, lines)) <= 80


def test_one_kernel_is_not_several():
    assert "\n1 kernel in " in str(tf.explain(lambda x: x * 2, tf.constant(MATRIX)))


def test_the_title_names_the_layer_or_function():
    assert tf.explain(keras.layers.Dense(2, name="rows"), tf.constant(MATRIX)).title == "Function rows"
    assert tf.explain(tf.nn.softmax, tf.constant(MATRIX)).title == "Function softmax"


def test_a_kernel_may_be_numbered_by_numpy():
    plan = tf.explain(lambda x: x * 2, tf.constant(MATRIX))
    assert plan.naive(np.argmax([row.seconds for row in plan.rows])) == plan.naive(0)


def test_what_stands_below_the_table_stays_within_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def sorted_again_and_again(x):
        for _ in range(9):
            x = tf.sort(x) * 2
        return x

    plan = tf.explain(Function(sorted_again_and_again), tf.constant(MATRIX))
    lines = str(plan).splitlines()
    below = " ".join(lines[4 + len(plan) :])
    assert max(map(len, lines)) <= 80
    assert all(f"({row.number})" in below for row in plan.rows if not row.has_body)


def test_a_slow_kernel_has_a_speed():
    taken = (9.89e-6, 32 / 206e9)
    slow, fast = (Row(0, ("add",), (1, 1), "NumPy", True, 3, 32, seconds, 1.0) for seconds in taken)
    assert text.achieved(slow) == "0.0032 GB/s"
    assert text.achieved(fast) == "206 GB/s"


def test_a_notebook_shows_a_table_with_a_row_for_each_kernel():
    plan = tf.explain(Function(lambda x: [tf.matmul(x, x, transpose_b=True), x * 2], "numpy"), tf.constant(MATRIX))
    html = plan._repr_html_()
    assert html.count("<tr>") == 1 + len(plan)
    assert "matmul (BLAS)" in html


def test_figures_have_three_digits():
    assert [text.seconds(x) for x in (2.0, 0.01234, 9.999e-5, 1e-9)] == ["2.00 s", "12.3 ms", "100 µs", "1.00 ns"]
    assert [text.amount(x) for x in (999, 1000, 526336, 103e6, 2e9)] == ["999 ", "1.00 k", "526 k", "103 M", "2.00 G"]


# ------------------------------------------------------------ bad input


def test_a_function_that_was_not_traced_says_why():
    function = Function(lambda x: x if float(x) > 0 else -x)
    with pytest.warns(TraceWarning):
        function(tf.constant(1.0))
    with pytest.raises(Untraceable, match="value of a float32 tensor"):
        tf.explain(function)


@pytest.mark.parametrize(
    ("explained", "examples", "error", "says"),
    [
        (keras.Sequential([keras.layers.Dense(2)]), (), StateError, "explain comes before compile"),
        (network(), (), StateError, "Nothing tells the shape of the inputs"),
        (Function(tf.exp), (), StateError, "has not been called yet"),
        (tf.exp, (), StateError, "has not been called yet"),
        (3, (), DataError, "takes a model or a function; got a int"),
        (network(), (MATRIX, LABELS, MATRIX, MATRIX), DataError, "got 4 arrays"),
        (network(), (MATRIX, LABELS[:2]), DataError, "5"),
    ],
)
def test_what_cannot_be_explained_is_told_how_to_mend_it(explained, examples, error, says):
    with pytest.raises(error, match=says) as caught:
        tf.explain(explained, *examples)
    assert caught.value.mend
    assert len(str(caught.value).splitlines()) <= 10


@pytest.mark.parametrize("method", ["blocks", "naive", "ir", "assembly", "compare"])
@pytest.mark.parametrize("number", [2, -1, "1", None])
def test_a_kernel_that_is_not_there_is_told_so(method, number):
    plan = tf.explain(Function(lambda x: tf.matmul(x, x, transpose_b=True) * 2), tf.constant(MATRIX))
    with pytest.raises(PositionError, match="There is no kernel") as caught:
        getattr(plan, method)(number)
    assert "from 0 to 1" in caught.value.mend


@needs_llvm
def test_a_product_shows_its_machine_code():
    plan = tf.explain(Function(lambda x: tf.matmul(x, x, transpose_b=True)), tf.constant(MATRIX))
    assert "llvm.fma" in plan.ir(0)
    assert "fmadd" in plan.assembly(0)


def test_what_numpy_runs_has_no_machine_code():
    plan = tf.explain(Function(lambda x: tf.linalg.matmul(x, x, transpose_b=True)), tf.constant(MATRIX, "float64"))
    for method in (plan.ir, plan.assembly):
        with pytest.raises(StateError, match="a library runs it"):
            method(0)


def test_machine_code_without_llvmlite_is_told_what_to_install(monkeypatch):
    plan = tf.explain(Function(lambda x: x * 2, "numpy"), tf.constant(MATRIX))
    monkeypatch.setattr("klods.explanation.machine.find_spec", lambda name: None)
    with pytest.raises(StateError, match="llvmlite"):
        plan.ir(0)
    assert plan.rows[0].runs_in == "NumPy"


def test_a_plan_without_kernels_is_explained():
    plan = tf.explain(Function(lambda x: x), tf.constant(MATRIX))
    assert len(plan) == 0
    assert "0 kernels" in str(plan)


def test_klods_loads_the_explanation_when_it_is_used():
    code = (
        "import sys, klods; assert not [m for m in sys.modules if m.startswith(('klods.explanation', 'klods.keras'))];"
        "assert callable(klods.explain) and callable(klods.explain)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ------------------------------------------------------------ the command


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["explain", *arguments])


def test_the_command_explains_the_first_network_of_the_chapter():
    result = run("--batch-size", "4")
    assert result.exit_code == 0, result.output
    assert "batch of 4" in result.output
    assert "784x512" in result.output


def test_the_command_shows_what_is_asked_of_a_kernel_of_a_saved_model(tmp_path):
    model, _, _ = trained("adam")
    model.save(tmp_path / "small.keras")
    result = run(
        str(tmp_path / "small.keras"), "--batch-size", "7", "--kernel", "1", "--show", "blocks", "--show", "compare"
    )
    assert result.exit_code == 0, result.output
    assert "float32[7, 5] = relu(" in result.output
    assert "naive loop" in result.output
    assert "def kernel_1(" in run(str(tmp_path / "small.keras"), "--kernel", "1").output


def test_the_command_makes_up_a_batch_for_several_inputs(tmp_path):
    several().save(tmp_path / "several.keras")
    result = run(str(tmp_path / "several.keras"), "--batch-size", "7")
    assert result.exit_code == 0, result.output
    assert "batch of 7" in result.output


def test_the_command_tells_what_is_wrong(tmp_path):
    bare = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    bare.save(tmp_path / "bare.keras")
    layers = [keras.Input((None,)), keras.layers.Embedding(5, 2), keras.layers.GlobalAveragePooling1D()]
    long = keras.Sequential(layers)
    long.compile("sgd", "mse")
    long.save(tmp_path / "open.keras")
    for arguments, says in (
        ((str(tmp_path / "bare.keras"),), "saved without compile"),
        ((str(tmp_path / "open.keras"),), "takes inputs of many shapes"),
        (("--show", "ir"), "--show needs --kernel"),
        (("--batch-size", "2", "--kernel", "99"), "There is no kernel 99"),
        (("--kernel", "-1"), "-1"),
    ):
        result = run(*arguments)
        assert result.exit_code != 0
        assert says in result.output
        assert not isinstance(result.exception, KlodsError)
