"""Keras's way to make variables: an initializer and a shape."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, NameUnknownError, ShapeError


@pytest.mark.parametrize(
    ("arguments", "options", "expected", "dtype"),
    [
        ((), {"initializer": "ones", "shape": (2,)}, [1, 1], "float32"),
        ((keras.initializers.Constant(3), (2,), "int32"), {}, [3, 3], "int32"),
        ((lambda shape, dtype=None: np.full(shape, 0.5), (2,)), {}, [0.5, 0.5], "float32"),
        ((np.array([1.0, 2.0]),), {}, [1, 2], "float32"),
        (([1, 2],), {}, [1, 2], "int32"),
        ((klods.constant([1.5]), None, "int32"), {}, [1], "int32"),
        (("zeros", ()), {}, 0, "float32"),
    ],
)
def test_values(arguments, options, expected, dtype):
    variable = keras.Variable(*arguments, **options)
    assert (variable.numpy().tolist(), variable.dtype) == (expected, dtype)
    assert type(variable) is klods.Variable
    assert variable.trainable


def test_all_variables_are_instances():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    assert all(isinstance(w, keras.Variable) for w in [*layer.weights, keras.Variable(1.0), klods.Variable(1.0)])
    assert not isinstance(klods.constant(1.0), keras.Variable)


def test_in_a_layer_and_on_a_tape():
    class Scale(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.factor = keras.Variable(2.0, name="factor")
            self.calls = keras.Variable(0, trainable=False, name="calls")

        def call(self, inputs):
            self.calls.assign(self.calls + 1)
            return inputs * self.factor

    layer = Scale()
    with klods.GradientTape() as tape:
        y = layer(klods.constant([3.0]))
    assert tape.gradient(y, layer.trainable_weights)[0].numpy() == 3
    assert [w.name for w in copy.deepcopy(layer).weights] == ["factor", "calls"]
    assert layer.calls.numpy() == 1


@pytest.mark.parametrize(("call", "kind"), [
    (lambda: keras.Variable("zeros"), DataError),
    (lambda: keras.Variable(keras.initializers.Ones()), DataError),
    (lambda: keras.Variable("zeroes", (2,)), NameUnknownError),
    (lambda: keras.Variable("zeros", (None, 2)), ShapeError),
    (lambda: keras.Variable("zeros", 2.5), DataError),
    (lambda: keras.Variable(1.0, name="a/b"), DataError),
    (lambda: keras.Variable(1.0, name=3), DataError),
])  # fmt: skip
def test_errors(call, kind):
    with pytest.raises(kind):
        call()
