"""Activation functions: element-wise ones, and softmax along an axis."""

# mypy: disable-error-code=has-type
# (a block's gradient rule may name the block itself)

from __future__ import annotations

from typing import Any

import numpy as np

from klods.ops import loops, vocabulary as v
from klods.ops.arithmetic import exp_, zero
from klods.ops.block import block, checked_axis, pointwise
from klods.ops.comparison import where
from klods.ops.reduction import reduce_sum
from klods.ops.vocabulary import absolute, divide, exp, expm1, log1p, maximum, minimum


@pointwise(lambda c, y, g, x: gate(c, x), zero)
def gate(c: Any, x: Any) -> Any:
    """Return c where x is positive, else 0: the gradient of relu."""
    return v.where(x > 0, c, 0)


@pointwise(lambda c, y, x: gate(c, x), kind="number")
def relu(features: Any) -> Any:
    """Return max(x, 0); its gradient at 0 is 0.

    Example:
        >>> import klods
        >>> klods.nn.relu([-1., 2.]).numpy()
        array([0., 2.], dtype=float32)
    """
    return maximum(features, 0)


@pointwise(lambda c, y, x, alpha=0.2: alpha * c + (1 - alpha) * gate(c, x), kind="float")
def leaky_relu(features: Any, alpha: float = 0.2) -> Any:
    """Return x above 0 and alpha x below."""
    return v.where(features > 0, features, alpha * features)


@pointwise(lambda c, y, x: gate(gate(c, x), 6 - x), kind="number")
def relu6(features: Any) -> Any:
    """Return x limited to 0 ... 6."""
    return minimum(maximum(features, 0), 6)


@pointwise(lambda c, y, x: c * y * (1 - y), kind="float", quiet=True)
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^-x), between 0 and 1; within 2.5 ulp, and 0 where e^-x is infinite: below -87 in float32."""
    return divide(1, 1 + exp(-x))


@pointwise(lambda c, y, x: c * sigmoid(x), kind="float")
def softplus(features: Any) -> Any:
    """Return log(1 + e^x), a smooth relu."""
    return maximum(features, 0) + log1p(exp(-absolute(features)))


@pointwise(lambda c, y, x, alpha=1.0: where(x > 0, c, c * (y + alpha)), kind="float", quiet=True)
def elu(features: Any, alpha: float = 1.0) -> Any:
    """Return x above 0 and alpha (e^x - 1) below (Clevert et al. 2015, equation 15)."""
    return v.where(features > 0, features, alpha * expm1(features))


@pointwise(lambda c, y, x: c / ((1 + abs(x)) * (1 + abs(x))), kind="float")
def softsign(features: Any) -> Any:
    """Return x / (1 + |x|), between -1 and 1."""
    return divide(features, 1 + absolute(features))


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


def _row_shape(shape: tuple[int, ...], axis: int = -1) -> tuple[int, ...]:
    checked_axis(axis, shape)
    return shape


@block(
    loops.softmax,
    _row_shape,
    lambda c, y, x, axis=-1: y * (c - reduce_sum(c * y, axis, True)),
    kind="float",
    quiet=True,
)
def softmax(logits: Any, axis: int = -1) -> Any:
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
    _row_shape,
    lambda c, y, x, axis=-1: c - exp_(y) * reduce_sum(c, axis, True),
    kind="float",
    quiet=True,
)
def log_softmax(logits: Any, axis: int = -1) -> Any:
    """Return the logarithm of softmax, without computing softmax first."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
