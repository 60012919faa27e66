"""Random tensors: their distributions, their seeds, their dtypes."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

import klods


@pytest.fixture(autouse=True)
def _seed():
    klods.random.set_seed(7)


def test_uniform():
    x = klods.random.uniform((200, 100), minval=-2, maxval=3).numpy()
    assert (x.dtype, x.shape) == (np.float32, (200, 100))
    assert -2 <= x.min() < -1.99
    assert 2.99 < x.max() < 3
    assert x.mean() == pytest.approx(0.5, abs=0.05)
    assert x.var() == pytest.approx(25 / 12, rel=0.05)
    assert klods.random.uniform([1000]).numpy().min() >= 0


def test_uniform_integers():
    x = klods.random.uniform((1000,), 2, 5, dtype="int32").numpy()
    assert x.dtype == np.int32
    assert set(x) == {2, 3, 4}
    with pytest.raises(klods.errors.DataError, match="maxval"):
        klods.random.uniform((2,), dtype=klods.int64)


def test_normal():
    x = klods.random.normal((200, 100), mean=1.0, stddev=2.0).numpy()
    assert x.dtype == np.float32
    assert x.mean() == pytest.approx(1, abs=0.05)
    assert x.std() == pytest.approx(2, rel=0.05)
    assert np.abs(x - 1).max() > 6
    with pytest.raises(klods.errors.DTypeError, match="int32"):
        klods.random.normal((2,), dtype="int32")


def test_truncated_normal_has_nothing_beyond_two_deviations():
    x = klods.random.truncated_normal(shape=(200, 100), mean=1.0, stddev=0.5).numpy()
    assert np.abs(x - 1).max() <= 1
    # the standard deviation of a normal cut at 2, as integrated numerically
    grid = np.linspace(-2, 2, 100_001)
    density = np.exp(-(grid**2) / 2)
    assert x.std() == pytest.approx(0.5 * np.sqrt((grid**2 * density).sum() / density.sum()), rel=0.03)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes(dtype):
    for draw in (klods.random.uniform, klods.random.normal, klods.random.truncated_normal):
        assert draw((3,), dtype=dtype).dtype == dtype
    assert len(set(klods.random.normal((1000,), dtype="float64").numpy().astype(np.float32))) == 1000


def test_parameters_broadcast():
    x = klods.random.normal((1000, 2), mean=[0.0, 100.0], stddev=klods.constant([1.0, 2.0])).numpy()
    np.testing.assert_allclose(x.mean(0), [0, 100], atol=0.3)
    y = klods.random.uniform((1000, 2), minval=[0.0, 10.0], maxval=[1.0, 20.0]).numpy()
    assert y[:, 1].min() >= 10


def test_the_same_seed_gives_the_same_numbers():
    def draw():
        klods.random.set_seed(3)
        parts = [klods.random.normal((4,)), klods.random.uniform((4,), seed=1), klods.random.uniform((4,), seed=1),
                 klods.random.shuffle(klods.range(10)), klods.random.truncated_normal((4,))]  # fmt: skip
        return np.concatenate([np.asarray(part, float) for part in parts])

    first = draw()
    np.testing.assert_array_equal(first, draw())
    assert (first[4:8] != first[8:12]).any()  # an operation's own seed doesn't make its calls alike
    klods.random.set_seed(4)
    assert (klods.random.normal((4,)).numpy() != first[:4]).all()
    assert (klods.random.uniform((4,), seed=1).numpy() != first[4:8]).all()


def test_shuffle_keeps_the_slices():
    x = np.arange(20).reshape(10, 2)
    mixed = klods.random.shuffle(x).numpy()
    assert (mixed != x).any()
    np.testing.assert_array_equal(mixed[np.argsort(mixed[:, 0])], x)


def test_a_generator_of_ones_own():
    a, b = klods.random.Generator.from_seed(1), klods.random.Generator.from_seed(1)
    first = a.normal((3,)).numpy()
    klods.random.set_seed(9)
    np.testing.assert_array_equal(first, b.normal((3,)))
    assert (a.normal((3,)).numpy() != first).all()
    assert a.uniform((2,), maxval=5, dtype="int32").dtype == "int32"
    assert a.truncated_normal((2,)).shape == (2,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: klods.random.normal("a"), "A shape is made of whole numbers"),
        (lambda: klods.random.uniform((-1, 2)), "A shape is made of whole numbers"),
        (lambda: klods.random.set_seed("a"), "A seed is a whole number"),
        (lambda: klods.random.set_seed(-1), "A seed is a whole number"),
        (lambda: klods.random.uniform((2,), 3, 3, "int32"), "from 3 up to 3: nothing"),
    ],
)
def test_impossible_draws(call, words):
    with pytest.raises(klods.errors.KlodsError, match=words):
        call()


def test_categorical():
    chances = np.array([[0.1, 0.2, 0.7], [0.5, 0.0, 0.5]])
    with np.errstate(divide="ignore"):
        logits = np.log(chances).astype(np.float32)
    drawn = klods.random.categorical(logits, 20_000)
    assert (drawn.dtype, drawn.shape) == ("int64", (2, 20_000))
    for row, own in zip(drawn.numpy(), chances):
        np.testing.assert_allclose(np.bincount(row, minlength=3) / 20_000, own, atol=0.02)
    assert klods.random.categorical(logits, 1, dtype="int32").dtype == "int32"
    with pytest.raises(klods.errors.ShapeError, match=r"rows of logits; got the shape \(3,\)"):
        klods.random.categorical(logits[0], 1)


def test_gamma_and_poisson():
    x = klods.random.gamma((20_000,), [1.0, 9.0], beta=[2.0, 3.0]).numpy()
    assert (x.dtype, x.shape) == (np.float32, (20_000, 2))
    np.testing.assert_allclose(x.mean(0), [1 / 2, 9 / 3], rtol=0.05)  # alpha / beta
    np.testing.assert_allclose(x.var(0), [1 / 4, 9 / 9], rtol=0.1)  # alpha / beta²
    counts = klods.random.poisson((20_000,), [1.0, 12.0], dtype="int64").numpy()
    assert counts.dtype == np.int64
    np.testing.assert_allclose(counts.mean(0), [1, 12], rtol=0.05)
    np.testing.assert_allclose(counts.var(0), [1, 12], rtol=0.1)


STATELESS = {
    "uniform": lambda seed: klods.random.stateless_uniform((50,), seed, 2, 5, "int32"),
    "normal": lambda seed: klods.random.stateless_normal((50,), seed, mean=3.0),
    "truncated": lambda seed: klods.random.stateless_truncated_normal((50,), seed),
    "categorical": lambda seed: klods.random.stateless_categorical(klods.zeros((2, 9)), 50, seed),
    "binomial": lambda seed: klods.random.stateless_binomial((50,), seed, 10, 0.5),
    "gamma": lambda seed: klods.random.stateless_gamma((50,), seed, 2.0, 3.0),
    "poisson": lambda seed: klods.random.stateless_poisson((50,), seed, 30.0),
}


@pytest.mark.parametrize("name", STATELESS)
def test_stateless_numbers_follow_from_the_seed_alone(name):
    draw = STATELESS[name]
    first = draw((1, 2)).numpy()
    klods.random.set_seed(3)
    compiled = klods.function(lambda: draw([1, 2]))
    for again in (draw(klods.constant([1, 2])), compiled(), compiled()):
        np.testing.assert_array_equal(again, first)
    for other in ((1, 3), (2, 2), (-1, 2)):
        assert not np.array_equal(draw(other), first)


def test_seeds_of_seeds():
    seeds = klods.random.split((1, 2), 5)
    assert (seeds.dtype, seeds.shape, len({tuple(seed) for seed in seeds.numpy()})) == ("int32", (5, 2), 5)
    folded = [tuple(klods.random.fold_in(seeds[0], step).numpy()) for step in (0, 1, 1)]
    assert folded[0] != folded[1] == folded[2]
    with pytest.raises(klods.errors.DataError, match="two whole numbers here; got 3"):
        klods.random.stateless_normal((2,), 3)


def test_the_global_generator_is_that_of_set_seed():
    first = klods.random.normal((3,))
    klods.random.set_seed(7)
    np.testing.assert_array_equal(klods.random.get_global_generator().normal((3,)), first)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_forked_while_another_thread_draws_can_draw():
    drawing, lock = threading.Event(), klods.random.generator().bit_generator.lock

    def draw():
        with lock:
            drawing.set()
            threading.Event().wait(0.1)

    thread = threading.Thread(target=draw)
    thread.start()
    drawing.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        klods.random.normal((3,))
        os._exit(0)
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
    klods.random.normal((3,))
