"""The threads that share large products and loops: parts cover the whole, and who does them makes no difference."""

from __future__ import annotations

import os
import queue
import threading

import numpy as np
import pytest

import klods as tf
from klods import keras
from klods.compiled import Function

pytest.importorskip("llvmlite")
llvm = pytest.importorskip("klods.backends.llvm")
from klods.backends.llvm import parts  # noqa: E402
from klods.native import crew as crew_room  # noqa: E402

RANDOM = np.random.default_rng(0)


@pytest.fixture(params=[1, 2, 3])
def threads(request, monkeypatch):
    """Run with a crew of some threads, whatever the machine has."""
    for room in (crew_room, parts):
        monkeypatch.setattr(room, "size", lambda: request.param)
    crew_room.present_crew.cache_clear()
    yield request.param
    crew_room.present_crew.cache_clear()


def test_threads_are_as_few_as_told_and_no_more_than_processors(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    count = crew_room.size.__wrapped__
    processors = count()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # the second goes before the first
        for told, expected in (("1", 1), ("100000", processors), ("0", processors), ("many", processors)):
            monkeypatch.setenv(name, told)
            assert count() == expected


def test_parts_cover_the_whole_once(threads):
    for m, n, k in [(1, 1, 1), (128, 512, 784), (784, 512, 128), (1000, 3, 1000), (65, 8192, 64), (100_000, 1, 9)]:
        cells = np.zeros((m, n), int)
        bounds = parts.product_regions(m, n, k)
        for rows, columns in bounds:
            cells[slice(*rows), slice(*columns)] += 1
        assert (cells == 1).all()
        assert len(bounds) <= threads
    assert len(parts.product_regions(128, 512, 784)) == threads


@pytest.mark.parametrize(("turn_a", "turn_b"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize(("m", "n", "k"), [(128, 512, 784), (300, 7, 500), (7, 300, 500), (97, 101, 103), (2, 3, 4)])
def test_products(threads, m, n, k, turn_a, turn_b):
    a, b = (
        RANDOM.random((k, m) if turn_a else (m, k), np.float32),
        RANDOM.random((n, k) if turn_b else (k, n), np.float32),
    )
    compiled = Function(lambda a, b: tf.matmul(a, b, transpose_a=turn_a, transpose_b=turn_b), "llvm")
    got = compiled(a, b).numpy()
    np.testing.assert_allclose(got, (a.T if turn_a else a) @ (b.T if turn_b else b), rtol=1e-5)
    assert all(compiled(a, b).numpy().tobytes() == got.tobytes() for _ in range(20))


def test_products_that_are_not_for_blas(threads):
    compiled = Function(lambda a, b: tf.matmul(a, b), "llvm")
    shapes = [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 2, 3), (3, 4)), ((3,), (3, 2)), ((2, 3), (3,))]
    for a, b in [(RANDOM.random(s, np.float32), RANDOM.random(t, np.float32)) for s, t in shapes]:
        np.testing.assert_allclose(compiled(a, b).numpy(), a @ b, rtol=1e-6)
    a, b = RANDOM.random((4, 3)), RANDOM.random((3, 5))
    np.testing.assert_allclose(compiled(a, b).numpy(), a @ b, rtol=1e-12)


def test_large_loops(threads):
    """Loops of elements, of rows with sums of their own, in place, and sums over rows, which stay whole."""
    x, row = RANDOM.random((515, 300), np.float32), RANDOM.random(300, np.float32)
    v = tf.Variable(x)

    def function(x, row):
        v.assign_sub(0.5 * v * x)
        return [x * 2 + 1, tf.nn.relu(x - row), tf.nn.softmax(x), tf.reduce_max(x, 1), tf.reduce_sum(x, 0)]

    compiled = Function(function, "llvm")
    first = [y.numpy() for y in compiled(x, row)]
    power = np.exp(x - x.max(1, keepdims=True))
    expected = [x * 2 + 1, np.maximum(x - row, 0), power / power.sum(1, keepdims=True), x.max(1), x.sum(0)]
    for a, b in zip(first, expected):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    np.testing.assert_allclose(v.numpy(), x - 0.5 * x * x, rtol=1e-6)
    assert [y.numpy().tobytes() for y in compiled(x, row)] == [y.tobytes() for y in first]


def test_a_count_beside_a_large_update_counts_once(threads):
    v, count = tf.Variable(np.ones((400, 400), np.float32)), tf.Variable(0.0)

    def step():
        count.assign_add(1.0)
        v.assign_add(v * count)

    compiled = Function(step, "llvm")
    for _ in range(3):
        compiled()
    assert float(count) == 3
    assert (v.numpy() == 24).all()  # 1 * 2 * 3 * 4


def test_training_gives_the_same_bits_while_others_work(threads):
    x, y = RANDOM.random((256, 300), np.float32), RANDOM.integers(0, 10, 256)
    stop = threading.Event()

    def trained():
        keras.utils.set_random_seed(1)
        layers = [keras.layers.Dense(256, activation="relu"), keras.layers.Dense(10, activation="softmax")]
        model = keras.Sequential(layers)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=3, batch_size=128, verbose=0)
        return [w.numpy().tobytes() for w in model.weights]

    alone = trained()
    others = [threading.Thread(target=lambda: [np.sort(x, axis=None) for _ in iter(stop.is_set, True)]) for _ in "123"]
    for thread in others:
        thread.start()
    try:
        assert trained() == alone
    finally:
        stop.set()
        for thread in others:
            thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own(threads):
    x = RANDOM.random((300, 300), np.float32)
    compiled = Function(lambda x: tf.matmul(x, x), "llvm")
    expected = compiled(x).numpy().tobytes()
    child = os.fork()
    if child == 0:
        os._exit(0 if all(compiled(x).numpy().tobytes() == expected for _ in range(20)) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_call_that_comes_while_a_thread_falls_asleep_is_heard(monkeypatch):
    looks, heard = queue.Queue(), queue.Queue()

    class Code:
        words = np.zeros(1, np.int64)

        def work(self, address):
            there.wait()
            looks.put(len(crew.asleep))
            heard.get()

    monkeypatch.setattr("klods.native.crew.native", Code)
    monkeypatch.setattr("klods.native.crew.size", lambda: 2)
    there = threading.Event()
    crew = crew_room.Crew()
    there.set()
    assert looks.get(timeout=10) == 1  # it has said that it falls asleep, and looks once more
    crew.wake()
    heard.put(None)
    assert looks.get(timeout=10) == 0  # and was woken by the call that came meanwhile
    heard.put(None)
    assert looks.get(timeout=10) == 1
