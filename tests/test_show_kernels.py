"""The kernels of a step as pictures: counts, bars and listings are those of the plan, and the NumPy listings run."""

from __future__ import annotations

import re

import numpy as np
import pytest

import klods
from klods import keras
from klods.backends import backend
from klods.errors import PositionError, StateError
from klods.explanation.compare import arguments_of, inputs_at, run_naively
from klods.passes.kernel import Kernel
from klods.pictures.bars import broken
from klods.show import kernels

needs_llvm = pytest.mark.skipif(backend() != "llvm", reason="needs llvmlite")


def affine(x, w, b):
    return klods.nn.relu(klods.matmul(x, w) + b)


ARGUMENTS = klods.ones((3, 4)), klods.ones((4, 2)), klods.zeros((2,))
UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}


def texts(picture):
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture.svg())


def bars(picture, colour):
    """Return the lengths of the bars of a colour, and the texts behind them."""
    pattern = rf'<rect [^>]*width="([\d.]+)" height="12.0" [^>]*fill="{colour}"[^>]*/>\n<text[^>]*>([^<]*)<'
    return [(float(length), text) for length, text in re.findall(pattern, picture.svg())]


def test_each_pass_is_counted():
    picture = kernels(lambda x: klods.nn.softmax(x), klods.ones((2, 3)))
    counts = [text for _, text in bars(picture, "#2b83c6")][:6]
    # softmax is exp(x - max) over its sum: five blocks
    assert counts == ["1 node", *["5 nodes"] * 5]
    assert [text for _, text in bars(picture, "#009e73")] == ["1 kernel", "1 call"]
    assert "Gone: 1 softmax. New: 1 reduce_max, 1 subtract, 1 exp, 1 reduce_sum, 1 divide." in texts(picture)
    assert "Loops: 1, of 5 blocks. Blocks on their own: 0." in texts(picture)
    assert "%1 float32[2, 3] = softmax(%0)" in texts(picture)


def test_bars_are_as_long_as_the_bytes_and_times_that_stand_behind_them():
    picture = kernels(affine, *ARGUMENTS)
    (first, one), (second, two) = bars(picture, "#d55e00")
    # a product reads 3x4 and 4x2 numbers of 4 bytes and writes 3x2; the loop reads 3x2 and 2, and writes 3x2
    assert (one, two) == ("104 B", "56 B")
    assert second / first == pytest.approx(56 / 104, rel=1e-2)
    times = [(length, text.split()) for length, text in bars(picture, "#2b83c6")[-2:]]
    lengths, seconds = zip(*((length, float(words[0]) * UNITS[words[1]]) for length, words in times))
    assert lengths[0] / max(lengths) == pytest.approx(seconds[0] / max(seconds), rel=2e-2, abs=0.02)
    assert sum(text.startswith(("0: matmul", "1: add, relu")) for text in texts(picture)) == 2


@needs_llvm
def test_a_kernel_is_shown_in_three_readings_with_their_times():
    picture = kernels(affine, *ARGUMENTS, kernel=1)
    shown = texts(picture)
    assert {"naive loop", "NumPy", "machine code"} <= set(shown)
    assert "  relu = np.maximum(added, np." in shown or "np.maximum(added, np.float32(0.0))" in str(picture)
    assert "max(matmul[row][column] + b[column], 0)" in str(picture)
    assert "  retq" in shown or "  ret" in shown
    assert sum(bool(re.match(r"[\d.]+ (ns|µs|ms|s)", text)) for text in shown) == 3


@needs_llvm
def test_long_readings_are_cut_and_say_so():
    def long(x):
        for i in range(70):
            x = klods.sin(x) * (i + 1.5)
        return x

    picture = kernels(long, klods.ones((4, 300)), kernel=0)
    assert "more lines: see klods.explain(...) .numpy(0)" in str(picture)
    assert "lines before the loop that does most" in str(picture)


def test_a_kernel_that_is_not_there_is_refused():
    with pytest.raises(PositionError, match="no kernel 7"):
        kernels(affine, *ARGUMENTS, kernel=7)


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(StateError, match="compile"):
        kernels(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))


def step():
    keras.utils.set_random_seed(2)
    layers = [keras.layers.Dense(5, activation="elu"), keras.layers.BatchNormalization(), keras.layers.Dropout(0.3)]
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    return klods.explain(model, x, np.arange(40) % 3)


def test_the_printed_numpy_calls_give_what_the_printed_loops_give():
    plan, tried = step(), 0
    for number, row in enumerate(plan.rows):
        if "call" in row.blocks:
            with pytest.raises(StateError, match="calls a function in Python"):
                plan.numpy(number)
            continue
        call, arrays = plan.plan.calls[number], inputs_at(number, plan._subject)
        numbers = plan._subject.numbers if isinstance(call.item, Kernel) else {}
        names = {}
        exec(plan.numpy(number), names)
        got = names[f"kernel_{number}"](*(x for v, x in zip(call.inputs, arrays) if v not in numbers))
        expected, _ = run_naively(plan.naive(number), f"kernel_{number}", arguments_of(call, plan._subject, arrays))
        for a, b in zip(got if isinstance(got, tuple) else [got], expected, strict=True):
            np.testing.assert_allclose(a, np.asarray(b), rtol=2e-4, atol=1e-6)
        tried += 1
    assert tried > 10


@pytest.mark.parametrize("width", [9, 20, 33])
def test_broken_lines_keep_their_words_and_fit(width):
    lines = ["def kernel(a, b):", "    total[row][column] = maximum(a[row][column], b[column]) + 1", ""]
    found = broken(lines, width)
    assert max(map(len, found)) <= width
    assert "".join("".join(found).split()) == "".join("".join(lines).split())
