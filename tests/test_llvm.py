"""Machine code: what its kernels are handed and when they are compiled."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

import klods as tf
from klods import keras
from klods.compiled import Function

if importlib.util.find_spec("llvmlite") is None:
    pytest.skip("llvmlite is not installed", allow_module_level=True)

from klods.backends.llvm import library

RANDOM = np.random.default_rng(0)


@pytest.fixture
def compiled(monkeypatch):
    """The texts compiled during a test, with nothing compiled before it."""
    texts: list[str] = []
    really = library._compile

    def note(new: Any) -> None:
        texts.extend(new)
        really(new)

    monkeypatch.setattr(library, "_entries", {})
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
