"""Machine code: what its kernels are handed and when they are compiled."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from processors import processor as processor

import klods as tf
from klods import keras
from klods.compiled import Function

if importlib.util.find_spec("llvmlite") is None:
    pytest.skip("llvmlite is not installed", allow_module_level=True)

from klods.backends import steps_of
from klods.backends.llvm import codes
from klods.backends.program import Program
from klods.errors import DataError, StateError
from klods.graph import Graph, Node
from klods.native import crew, library, product
from klods.passes.kernel import FULL, Kernel
from klods.passes.plan import plan

RANDOM = np.random.default_rng(0)

ROWS = {
    "softmax": lambda x, y: tf.nn.softmax(x),
    "extremes": lambda x, y: [tf.reduce_max(x, 1), tf.reduce_min(x * 2, 1), tf.argmax(x, 1), tf.argmax(-x, 1, "int32")],
    "sums": lambda x, y: [tf.reduce_sum(x + 1, 1), tf.reduce_sum(x * x, 0), tf.reduce_sum(x - 1)],
    "loss": lambda x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(y, x),
    "float64": lambda x, y: tf.nn.softmax(tf.cast(x, "float64")),
    "whole numbers": lambda x, y: [
        tf.reduce_max(tf.cast(9 * x, "int32"), 1),
        tf.reduce_sum(tf.cast(x > 0, "int64"), 1),
        tf.reduce_sum(tf.reduce_max(x, 1) > 1),
    ],
}


@pytest.mark.filterwarnings("ignore:invalid value encountered in reduce")
@pytest.mark.parametrize("columns", [1, 2, 10, 16, 31, 32, 33, 64, 100])
@pytest.mark.parametrize("name", ROWS)
def test_rows_of_any_length(name, columns, processor):
    """Shorter than the lanes, as long, a multiple of them, and with some left over; in one stage and in several."""
    x = RANDOM.normal(size=(7, columns)).astype(np.float32)
    x[1:4, columns // 2] = np.nan, np.inf, -np.inf
    y = RANDOM.integers(0, columns, 7)
    expected, got = (
        ROWS[name](tf.constant(x), tf.constant(y)),
        Function(ROWS[name], "llvm")(tf.constant(x), tf.constant(y)),
    )
    for a, b in zip(*(r if isinstance(r, list) else [r] for r in (got, expected))):
        assert a.dtype == b.dtype
        rtol = 1e-13 if a.dtype == "float64" else 1e-5
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=rtol, atol=rtol)


def test_what_lies_beside_an_array_is_neither_read_nor_written(processor):
    """Masked turns stop at the last column."""
    for size in (1, 15, 33, 70):
        memory, v = np.full(size + 200, np.float32(7)), tf.Variable(np.zeros(size, np.float32))
        step = Function(lambda v=v: [v.assign_add(v * 2 + 1)][1:], "llvm")  # returns nothing: it works in place
        step()
        next(iter(step.runners.values())).program.run([memory[100 : 100 + size]])
        assert (memory[:100] == 7).all()
        assert (memory[100 + size :] == 7).all()
        assert (memory[100 : 100 + size] == 22).all()


SIZES = [
    (1, 1, 1),
    (3, 40, 30),
    (11, 40, 30),
    (1, 40, 30),
    (100, 1, 30),
    (1, 300, 2100),
    (7, 33, 50),
    (8, 32, 16),
    (9, 31, 3),
    (10, 16, 1100),
    (65, 100, 2100),
    (128, 70, 90),
]


@pytest.mark.parametrize(("turn_a", "turn_b"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize(("m", "n", "k"), SIZES)
def test_products(m, n, k, turn_a, turn_b, processor):
    """Tiles that are whole, cut short below and to the right, sums of several lengths of a copy, and one row."""
    a, b = RANDOM.random((k, m) if turn_a else (m, k)), RANDOM.random((n, k) if turn_b else (k, n))
    multiply = Function(lambda a, b: tf.matmul(a, b, transpose_a=turn_a, transpose_b=turn_b), "llvm")
    found = multiply(tf.constant(a, "float32"), tf.constant(b, "float32")).numpy()
    np.testing.assert_allclose(found, (a.T if turn_a else a) @ (b.T if turn_b else b), rtol=1e-4)


def test_long_sums_lose_little_in_rounding():
    """They are summed up in parts: one after the other, numbers of one sign would lose a thousand times as much."""
    a, b = RANDOM.random((9, 200_000), np.float32), RANDOM.random((200_000, 3), np.float32)
    multiply, expected = Function(lambda a, b: tf.matmul(a, b), "llvm"), np.matmul(a, b, dtype=np.float64)
    np.testing.assert_allclose(multiply(a, b).numpy(), expected, rtol=3e-6)
    np.testing.assert_allclose(multiply(a[:1], b).numpy(), expected[:1], rtol=3e-6)


def test_a_copied_product_is_the_same(monkeypatch):
    a, b = RANDOM.random((100, 1500), np.float32), RANDOM.random((1500, 70), np.float32)
    found = []
    for little in (1, 1 << 30):
        monkeypatch.setattr(product, "LITTLE", little)
        found.append(Function(lambda a, b: tf.matmul(a, b), "llvm")(a, b).numpy().tobytes())
    assert found[0] == found[1]


def test_a_row_has_the_same_bits_in_every_batch():
    a, b = RANDOM.random((200, 300), np.float32), tf.constant(RANDOM.random((300, 77), np.float32))
    multiply = Function(lambda a: tf.matmul(a, b), "llvm")
    whole = multiply(tf.constant(a)).numpy()
    for rows in (1, 2, 7, 8, 13, 150):
        assert multiply(tf.constant(a[:rows])).numpy().tobytes() == whole[:rows].tobytes()


@pytest.mark.skipif(library.lanes() not in product.ROWS, reason="products go to BLAS here")
def test_a_prediction_has_the_same_bits_in_every_batch():
    layers = keras.layers
    hidden = [layers.Dense(300, activation="tanh"), layers.BatchNormalization(), layers.LayerNormalization()]
    model = keras.Sequential([keras.Input((200,)), *hidden, layers.Dense(10, activation="softmax")])
    x = RANDOM.random((70, 200), np.float32)
    whole = model.predict(x, batch_size=70, verbose=0)
    for size in (1, 3, 8, 10, 33):
        assert model.predict(x, batch_size=size, verbose=0).tobytes() == whole.tobytes()


@pytest.fixture
def compiled(monkeypatch):
    """The texts compiled during a test, with nothing compiled before it but the crew's."""
    texts: list[str] = []
    really = library._compile

    def note(new: Any) -> None:
        texts.extend(new.values())
        really(new)

    addresses = library.addresses(crew.CODES)
    monkeypatch.setattr(library, "_addresses", dict(zip((name for name, _ in crew.CODES), addresses)))
    monkeypatch.setattr(library, "_compile", note)
    return texts


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "mean_squared_error"])
def test_another_batch_size_compiles_nothing(optimizer, loss, compiled):
    """Its rows, its share in a mean and its number of values differ; the machine code doesn't."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((20,)), layers.Dense(16, activation="relu"), layers.Dense(5, "softmax")])
    model.compile(optimizer, loss, metrics=["accuracy"] if loss.startswith("sparse") else ["mae"])
    model.optimizer.build(model.trainable_weights)
    step = Function(lambda *batch: model.train_step(batch), "llvm")
    for rows in (32, 17, 8):
        y = RANDOM.integers(0, 5, rows) if loss.startswith("sparse") else RANDOM.random((rows, 5), np.float32)
        step(tf.constant(RANDOM.random((rows, 20), np.float32)), tf.constant(y))
        if rows == 32:
            first = len(compiled)
    assert len(step.runners) == 3
    assert first > 3
    assert len(compiled) == first


def test_weights_of_all_shapes_share_an_update(compiled):
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(3)])
    model.compile("rmsprop", "mean_squared_error")
    model.optimizer.build(model.trainable_weights)
    Function(lambda *batch: model.train_step(batch), "llvm")(tf.ones((8, 6)), tf.ones((8, 3)))
    assert len([text for text in compiled if "sqrt" in text]) == 1


def test_numbers_are_handed_in_not_written_out(compiled):
    x = tf.constant([-1.5, 0.0, 2.5])
    for number in (0.25, -3, 7.5):
        scaled = Function(lambda x, number=number: tf.where(x > 0, x * number, number) + 1, "llvm")
        np.testing.assert_array_equal(scaled(x).numpy(), np.where(x.numpy() > 0, x.numpy() * number, number) + 1)
    assert len(compiled) == 1


def test_whole_numbers_keep_all_their_digits():
    big, x = 2**62 + 1, tf.constant([1, -1], dtype="int64")
    assert Function(lambda x: x * big, "llvm")(x).numpy().tolist() == [big, -big]
    assert Function(lambda x: x + 300, "llvm")(tf.constant([7], dtype="int16")).numpy().tolist() == [307]


def test_numbers_that_a_dtype_lacks():
    """They are compared as they are; to compute on them is refused, as it is eagerly."""
    x = tf.constant([0, 1, 255], dtype="uint8")
    for number in (-1, 255, 256, 2**40, 2**70):
        compare = Function(lambda x, number=number: [x == number, x < number, number <= x], "llvm")
        expected = [x.numpy() == number, x.numpy() < number, number <= x.numpy()]
        assert [y.numpy().tolist() for y in compare(x)] == [y.tolist() for y in expected]
    for number in (-1, 256, 2**70):
        with pytest.raises(DataError, match="can't work on"):
            Function(lambda x, number=number: x + number, "llvm")(x)
    big = tf.constant([2**63], dtype="uint64")
    assert Function(lambda x: x + (2**63 - 1), "llvm")(big).numpy().tolist() == [2**64 - 1]
    assert Function(lambda x: x - 2**63, "llvm")(big).numpy().tolist() == [0]


def test_without_fused_instructions_products_are_for_blas(monkeypatch):
    a, b = RANDOM.random((9, 40), np.float32), RANDOM.random((40, 33), np.float32)
    multiply = Function(lambda a, b: tf.matmul(a, b), "llvm")
    monkeypatch.setattr(codes, "fuses", lambda: False)
    np.testing.assert_allclose(multiply(a, b).numpy(), a @ b, rtol=1e-6)
    assert codes.code_of(multiply.last.plan.calls[0]) is None


def test_float16_runs_in_numpy():
    x = tf.constant(RANDOM.normal(size=(5, 12)).astype(np.float16))

    def function(x: Any) -> Any:
        return [tf.nn.softmax(x), tf.cast(tf.exp(x) * 2, "float32") + 1, tf.cast(tf.cast(x, "float32"), "float16")]

    for got, expected in zip(Function(function, "llvm")(x), function(x)):
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=2e-3)


WRONG = {
    "other shape": np.zeros((3, 5), np.float32),
    "as many elements": np.zeros((3, 4), np.float32),
    "other dtype": np.zeros((4, 3), np.float64),
    "other order": np.zeros((3, 4), np.float32).T,
    "read-only": np.broadcast_to(np.float32(0), (4, 3)).copy(),
}
WRONG["read-only"].flags.writeable = False


@pytest.mark.parametrize("name", WRONG)
def test_a_program_refuses_arrays_it_was_not_planned_for(name):
    v = tf.Variable(np.zeros((4, 3), np.float32))
    step = Function(lambda: [v.assign_add(v + 1)][1:], "llvm")  # returns nothing: it works in place
    step()
    program = next(iter(step.runners.values())).program
    with pytest.raises(DataError, match="A plan"):
        program.run([WRONG[name]])
    assert not WRONG[name].any()
    array = np.zeros((4, 3), np.float32)
    program.run([array])
    assert (array == 1).all()


def test_loops_longer_than_their_arrays_are_never_run():
    graph = Graph()
    x, y = graph.given((4, 3), "float32"), graph.value((4, 3), "float32")
    kernel = Kernel(4, 5, [Node("negative", (x,), {}, y)], {x: FULL, y: FULL})
    graph.nodes, graph.outputs = kernel.nodes, [y]
    with pytest.raises(StateError, match="4 rows and 5 columns"):
        Program(plan(graph, [kernel], {}), steps_of("llvm"))
