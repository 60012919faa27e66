"""Activation functions: values and gradients, on both sides of every kink and at it."""

from __future__ import annotations

import numpy as np
import pytest
from beside import both, close, gradients, own, real

EDGES = [-0.5, 0.1, -30.0, 30.0, 1e-3, 100.0, -100.0]
X = np.concatenate([np.linspace(-7, 7, 29), EDGES]).reshape(4, 9).astype("float32")
ARGUMENTS = [
    ("celu", {}),
    ("celu", {"alpha": 0.3}),
    ("hard_shrink", {}),
    ("hard_shrink", {"threshold": 1.2}),
    ("hard_silu", {}),
    ("hard_swish", {}),
    ("hard_tanh", {}),
    ("log_sigmoid", {}),
    ("soft_shrink", {}),
    ("soft_shrink", {"threshold": 1.2}),
    ("sparse_plus", {}),
    ("sparse_sigmoid", {}),
    ("squareplus", {}),
    ("squareplus", {"b": 0.1}),
    ("tanh_shrink", {}),
    ("threshold", {"threshold": 0.5, "default_value": -2.0}),
    ("glu", {"axis": 0}),
    ("glu", {"axis": -2}),
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
    assert {name for name, _ in ARGUMENTS} | {"sparsemax"} == set(own.activations.KNOWN)


def test_sparsemax_where_one_element_is_left():
    """With more of them Keras 3.15 adds up running sums, and its results don't sum to 1: see tests/keras."""
    both(lambda keras: keras.activations.sparsemax(10 * X))
    assert np.asarray(real.activations.sparsemax([[0.5, 0.5]])).sum() == 0.5


@pytest.mark.parametrize(("name", "arguments"), ARGUMENTS)
def test_values(name, arguments):
    both(lambda keras: keras.activations.get(name)(X, **arguments))


@pytest.mark.parametrize(("name", "arguments"), ARGUMENTS)
def test_gradients(name, arguments):
    away = X + np.float32(0.03)  # at a kink there is no gradient, and each library chooses its own
    direction = np.cos(np.arange(X.size)).reshape(X.shape).astype("float32")
    if name == "glu":
        direction = direction[: len(X) // 2]
    close(*gradients(lambda keras, x: keras.activations.get(name)(x, **arguments) * direction, away), atol=5e-6)


@pytest.mark.parametrize("name", sorted(own.activations.KNOWN))
def test_serialized_by_keras_s_name(name):
    ours, theirs = (keras.activations.serialize(keras.activations.get(name)) for keras in (own, real))
    assert ours == theirs
