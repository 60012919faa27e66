"""Rows left where they are: the same numbers as rows side by side, and the data are the caller's to keep."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

import klods as tf
from klods import keras
from klods.errors import NumericsWarning
from klods.keras.models import batches
from klods.rows import Rows

RANDOM = np.random.default_rng(0)
DATA = RANDOM.normal(size=(50, 300)).astype(np.float32)
PLACES = np.array([7, 49, 0, 7, 12])
WEIGHTS = RANDOM.normal(size=(300, 40)).astype(np.float32)
BACK = RANDOM.normal(size=(5, 40)).astype(np.float32)

FUNCTIONS = {
    "product": lambda x: tf.matmul(x, WEIGHTS),
    "product of its transpose": lambda x: tf.matmul(x, BACK, transpose_a=True),
    "one column": lambda x: tf.matmul(x, WEIGHTS[:, :1]),
    "one column of its transpose": lambda x: tf.matmul(x, BACK[:, :1], transpose_a=True),
    "both sides": lambda x: tf.matmul(x, x, transpose_b=True),
    "right side": lambda x: tf.matmul(BACK, x, transpose_a=True),
    "product and sum": lambda x: (tf.matmul(x, WEIGHTS), tf.reduce_sum(x, 0)),
    "returned": lambda x: (tf.matmul(x, WEIGHTS), x),
    "in another shape": lambda x: (tf.matmul(x, WEIGHTS), tf.matmul(tf.reshape(x, (300, 5)), BACK)),
    "some of the rows": lambda x: tf.matmul(x[1:3], WEIGHTS),
}


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_rows_gives_what_it_gives_of_their_copy(name, backend, monkeypatch):
    monkeypatch.setattr("klods.backends._chosen", [backend])
    function = tf.function(FUNCTIONS[name])
    expected = [np.array(x) for x in flat(function(DATA[PLACES]))]
    for _ in range(2):
        for x, y in zip(flat(function(Rows(DATA, PLACES))), expected, strict=True):
            np.testing.assert_array_equal(x, y)
    other = PLACES[::-1].copy()
    for x, y in zip(flat(function(Rows(DATA, other))), flat(function(DATA[other])), strict=True):
        np.testing.assert_array_equal(x, y)


def flat(x):
    return x if isinstance(x, tuple) else (x,)


def test_a_function_keeps_no_data_of_which_it_was_given_rows():
    data = DATA.copy()
    kept, function = weakref.ref(data), tf.function(FUNCTIONS["product"])
    function(Rows(data, PLACES))
    del data
    assert kept() is None


def test_what_can_not_be_traced_gets_the_rows_side_by_side():
    function = tf.function(lambda x: tf.constant(float(tf.reduce_sum(x))))
    with pytest.warns(UserWarning, match="runs as it is"):
        assert float(function(Rows(DATA, PLACES))) == pytest.approx(DATA[PLACES].sum(), rel=1e-4)


# ------------------------------------------------------------ in models

LABELS = (DATA[:, 0] > 0).astype(np.float32)


def trained(x, **options):
    keras.utils.set_random_seed(3)
    width = sum(part.shape[1] for part in x) if isinstance(x, list) else x.shape[1]
    if isinstance(x, list):
        inputs = [keras.Input((part.shape[1],)) for part in x]
        joined = keras.layers.Concatenate()(inputs)
        hidden = keras.layers.Dense(8, activation="relu")(joined)
        model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    else:
        layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
        model = keras.Sequential([keras.Input((width,)), *layers])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], **options)
    history = model.fit(x, LABELS, batch_size=16, epochs=3, verbose=0).history
    return [*model.get_weights(), *(np.array(v) for v in history.values())]


def test_training_on_wide_samples_gives_the_bits_of_training_on_copies(monkeypatch):
    given = []
    monkeypatch.setattr(batches, "Rows", lambda *x: given.append(Rows(*x)) or given[-1])
    left = trained(DATA)
    assert len(given) == 3 * 4
    monkeypatch.setattr(batches, "WIDE", 10**9)
    for a, b in zip(left, trained(DATA), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(given) == 3 * 4


@pytest.mark.parametrize("options", [{"run_eagerly": True}, {"jit_compile": False}])
def test_training_on_wide_samples_agrees_however_it_runs(options):
    for a, b in zip(trained(DATA), trained(DATA, **options), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_training_on_inputs_side_by_side_agrees_with_eager(monkeypatch):
    monkeypatch.setattr("klods.passes.simplify.LARGE", 100)
    parts = [DATA, DATA[:, :260].copy(), DATA[:, :3].copy()]
    for a, b in zip(trained(parts), trained(parts, run_eagerly=True), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_nan_among_wide_samples_is_named():
    spoiled = DATA.copy()
    spoiled[3, 4] = np.nan
    with pytest.warns(NumericsWarning, match="NaN in the input x"):
        trained(spoiled)


def test_explain_after_training_on_wide_samples():
    model = keras.Sequential([keras.Input((300,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(DATA, LABELS, batch_size=16, verbose=0)
    assert "batch of 16" in str(tf.explain(model))
