"""Activation functions: values and gradients, on both sides of every kink and at it."""

from __future__ import annotations

import numpy as np
import pytest
from beside import both, close, gradients, own, real

EDGES = [-0.5, 0.1, -30.0, 30.0, 1e-3, 100.0, -100.0]
X = np.concatenate([np.linspace(-7, 7, 29), EDGES]).reshape(4, 9).astype("float32")
ARGUMENTS = [
    ("elu", {}),
    ("elu", {"alpha": 0.3}),
    ("exponential", {}),
    ("gelu", {}),
    ("gelu", {"approximate": True}),
    ("hard_sigmoid", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.01}),
    ("linear", {}),
    ("log_softmax", {}),
    ("log_softmax", {"axis": 0}),
    ("mish", {}),
    ("relu", {}),
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 3.0}),
    ("relu", {"threshold": 1.0}),
    ("relu", {"negative_slope": 0.1, "max_value": 3.0, "threshold": 1.0}),
    ("relu6", {}),
    ("selu", {}),
    ("sigmoid", {}),
    ("silu", {}),
    ("softmax", {}),
    ("softmax", {"axis": 0}),
    ("softplus", {}),
    ("softsign", {}),
    ("swish", {}),
    ("tanh", {}),
]


def test_every_activation_has_a_row():
    assert {name for name, _ in ARGUMENTS} == set(own.activations.KNOWN)


@pytest.mark.parametrize(("name", "arguments"), ARGUMENTS)
def test_values(name, arguments):
    both(lambda keras: keras.activations.get(name)(X, **arguments))


@pytest.mark.parametrize(("name", "arguments"), ARGUMENTS)
def test_gradients(name, arguments):
    away = X + np.float32(0.03)  # at a kink there is no gradient, and each library chooses its own
    direction = np.cos(np.arange(X.size)).reshape(X.shape).astype("float32")
    close(*gradients(lambda keras, x: keras.activations.get(name)(x, **arguments) * direction, away), atol=5e-6)


@pytest.mark.parametrize("name", sorted(own.activations.KNOWN))
def test_serialized_by_keras_s_name(name):
    ours, theirs = (keras.activations.serialize(keras.activations.get(name)) for keras in (own, real))
    assert ours == theirs
