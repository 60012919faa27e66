"""`klods.nn`: values from formulas in NumPy's float64, also where they overflow when written carelessly."""

from __future__ import annotations

import math

import numpy as np
import pytest

import klods

X = np.linspace(-6, 6, 25)
ERF = np.vectorize(math.erf)
FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "tanh": np.tanh,
    "gelu": lambda x: x * (1 + ERF(x / math.sqrt(2))) / 2,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(),
    "log_softmax": lambda x: x - np.log(np.exp(x).sum()),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_activations(name):
    result = getattr(klods.nn, name)(klods.constant(X, "float32"))
    assert result.dtype == "float32"
    np.testing.assert_allclose(result, FORMULAS[name](X), rtol=2e-6, atol=2e-6)


def test_activations_with_options():
    np.testing.assert_allclose(klods.nn.leaky_relu([-1.0], alpha=0.5), [-0.5])
    np.testing.assert_allclose(klods.nn.silu([1.0], beta=2.0), [1 / (1 + math.exp(-2))], rtol=1e-6)
    approximation = X * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3))) / 2
    np.testing.assert_allclose(klods.nn.gelu(X, approximate=True), approximation, atol=1e-9)
    np.testing.assert_allclose(klods.reduce_sum(klods.nn.softmax(np.eye(3), axis=0), axis=0), np.ones(3))


def test_far_out_nothing_overflows():
    far = klods.constant([-1000.0, 1000.0])
    assert klods.nn.sigmoid(far).numpy().tolist() == [0.0, 1.0]
    assert klods.nn.softplus(far).numpy().tolist() == [0.0, 1000.0]
    assert klods.nn.softmax(far).numpy().tolist() == [0.0, 1.0]
    assert klods.nn.log_softmax(far).numpy().tolist() == [-2000.0, 0.0]
    assert klods.nn.relu6(klods.constant([1e8, np.inf])).numpy().tolist() == [6.0, 6.0]
    cross = klods.nn.sigmoid_cross_entropy_with_logits(labels=[1.0, 0.0], logits=far)
    assert cross.numpy().tolist() == [1000.0, 1000.0]


LOGITS = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, 3.0]])
LOG = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))


def test_cross_entropies():
    labels = np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]])
    logits = klods.constant(LOGITS, "float32")
    both = klods.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    np.testing.assert_allclose(both, -(labels * LOG).sum(1), rtol=1e-5)
    for kind in ("int32", "int64", "uint8"):
        sparse = klods.nn.sparse_softmax_cross_entropy_with_logits(np.array([0, 2], kind), logits)
        np.testing.assert_allclose(sparse, -LOG[[0, 1], [0, 2]], rtol=1e-5)
    assert float(klods.nn.sparse_softmax_cross_entropy_with_logits(2, logits[0])) == pytest.approx(-LOG[0, 2], rel=1e-5)
    single = klods.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    chance = 1 / (1 + np.exp(-LOGITS))
    np.testing.assert_allclose(single, -labels * np.log(chance) - (1 - labels) * np.log(1 - chance), rtol=1e-5)
    columns = klods.nn.softmax_cross_entropy_with_logits(labels.T, LOGITS.T, axis=0)
    np.testing.assert_allclose(columns, -(labels * LOG).sum(1))


def test_labels_of_another_shape_than_the_logits_are_refused():
    with pytest.raises(klods.errors.ShapeError, match=r"labels of shape \(3,\) don't fit logits of shape \(3, 1\)"):
        klods.nn.sigmoid_cross_entropy_with_logits(labels=[0.0, 1.0, 1.0], logits=klods.ones((3, 1)))


def test_cross_entropy_gradient_is_softmax_less_labels():
    logits = klods.Variable(LOGITS, dtype="float32")
    with klods.GradientTape() as tape:
        loss = klods.reduce_sum(klods.nn.sparse_softmax_cross_entropy_with_logits([1, 2], logits))
    np.testing.assert_allclose(tape.gradient(loss, logits), np.exp(LOG) - [[0, 1, 0], [0, 0, 1]], atol=1e-6)


def test_nan_goes_through():
    for name in FORMULAS:
        assert np.isnan(getattr(klods.nn, name)(klods.constant([np.nan])).numpy()[0]), name
