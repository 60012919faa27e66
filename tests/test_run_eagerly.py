"""`tf.config.run_functions_eagerly` and `tf.executing_eagerly`: what is told and done is TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest

import klods as tf
from klods import keras


@pytest.fixture(autouse=True)
def _as_before():
    yield
    tf.config.run_functions_eagerly(False)


def test_a_function_runs_eagerly_while_told_so():
    told = []

    @tf.function
    def add_one(x):
        told.append(tf.executing_eagerly())
        return x + 1

    for run_eagerly in (False, True, False):
        tf.config.run_functions_eagerly(run_eagerly)
        assert tf.config.functions_run_eagerly() is run_eagerly
        for _ in range(2):
            assert add_one(tf.constant([1.0])).numpy() == [2.0]
    assert told == [False, True, True]
    assert tf.executing_eagerly()


def test_the_steps_of_models_do_too():
    calls = []

    class Counting(keras.layers.Layer):
        def call(self, inputs):
            calls.append(tf.executing_eagerly())
            return inputs

    model = keras.Sequential([Counting(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model(np.ones((2, 3)))
    calls.clear()
    tf.config.run_functions_eagerly(True)
    model.fit(np.ones((8, 3)), np.ones(8), batch_size=2, verbose=0)
    assert len(calls) >= 4
    assert all(calls)
