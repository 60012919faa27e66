"""Activation functions: element-wise ones, and softmax along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.ops import loops
from klods.ops import vocabulary as v
from klods.ops.arithmetic import erf_, exp_, minimum_, tanh
from klods.ops.block import block, pointwise
from klods.ops.comparison import where
from klods.ops.reduction import reduce_sum
from klods.ops.vocabulary import absolute, divide, exp, expm1, log1p, maximum
from klods.tensor import convert_to_tensor

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
ROOT_HALF, ROOT_TWO_OVER_PI = 0.7071067811865476, 0.7978845608028654


@pointwise(lambda c, y, x: where(x > 0, c, 0))
def relu(x: Any) -> Any:
    """Return max(x, 0); its gradient at 0 is 0.

    Example:
        >>> import klods
        >>> klods.nn.relu([-1., 2.]).numpy()
        array([0., 2.], dtype=float32)
    """
    return maximum(x, 0)


@pointwise(lambda c, y, x: c * y * (1 - y), kind="float", quiet=True)
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^-x), between 0 and 1."""
    return divide(1, 1 + exp(-x))


@pointwise(lambda c, y, x: c * sigmoid(x), kind="float")
def softplus(x: Any) -> Any:
    """Return log(1 + e^x), a smooth relu."""
    return maximum(x, 0) + log1p(exp(-absolute(x)))


@pointwise(lambda c, y, x, alpha=1.0: where(x > 0, c, c * (y + alpha)), kind="float", quiet=True)
def elu(x: Any, *, alpha: float = 1.0) -> Any:
    """Return x above 0 and alpha (e^x - 1) below (Clevert et al. 2015, equation 15)."""
    return v.where(x > 0, x, alpha * expm1(x))


@pointwise(lambda c, y, x: c / ((1 + abs(x)) * (1 + abs(x))), kind="float")
def softsign(x: Any) -> Any:
    """Return x / (1 + |x|), between -1 and 1."""
    return divide(x, 1 + absolute(x))


@pointwise(
    lambda c, y, x, z: c * (sigmoid(x) - z),
    lambda c, y, x, z: -c * x,
    kind="float",
)
def sigmoid_cross_entropy(logits: Any, labels: Any) -> Any:
    """Return the cross-entropy of labels in [0, 1] and sigmoid(logits), from logits: never log 0.

    The form max(x, 0) - x z + log(1 + e^-|x|) is the one that TensorFlow's documentation derives.
    """
    return maximum(logits, 0) - logits * labels + log1p(exp(-absolute(logits)))


@block(loops.softmax, lambda x, axis=-1: x, lambda c, y, x, axis=-1: y * (c - reduce_sum(c * y, axis, True)), kind="float", quiet=True)
def softmax(logits: Any, *, axis: int = -1) -> Any:
    """Return e^x divided by its sum along an axis: positive numbers that sum to 1.

    Example:
        >>> import klods
        >>> klods.nn.softmax([[0., 0.]]).numpy()
        array([[0.5, 0.5]], dtype=float32)
    """
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    powers /= powers.sum(axis=axis, keepdims=True)
    return powers


@block(
    loops.log_softmax,
    lambda x, axis=-1: x,
    lambda c, y, x, axis=-1: c - exp_(y) * reduce_sum(c, axis, True),
    kind="float",
    quiet=True,
)
def log_softmax(logits: Any, *, axis: int = -1) -> Any:
    """Return the logarithm of softmax, without computing softmax first."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def leaky_relu(x: Any, alpha: float = 0.2) -> Any:
    """Return x above 0 and alpha x below."""
    x = convert_to_tensor(x)
    return where(x > 0, x, alpha * x)


def relu6(x: Any) -> Any:
    """Return x limited to 0 ... 6."""
    return minimum_(relu(x), 6)


def selu(x: Any) -> Any:
    """Return the scaled elu whose outputs keep mean 0 and variance 1 (Klambauer et al. 2017, equation 2)."""
    return SELU_SCALE * elu(x, alpha=SELU_ALPHA)


def swish(x: Any) -> Any:
    """Return x sigmoid(x), also called silu (Elfwing et al. 2017)."""
    x = convert_to_tensor(x)
    return x * sigmoid(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """Return x times the normal distribution function of x (Hendrycks & Gimpel 2016).

    Args:
        x: the input, of any shape.
        approximate: use the paper's tanh formula rather than erf.
    """
    x = convert_to_tensor(x)
    if approximate:
        return 0.5 * x * (1 + tanh(ROOT_TWO_OVER_PI * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + erf_(ROOT_HALF * x))
