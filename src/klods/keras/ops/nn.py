"""Keras's `keras.ops` for networks, where it differs from TensorFlow."""

from __future__ import annotations

from typing import Any

from klods.keras import activations, losses
from klods.keras.ops.names import reshape
from klods.keras.ops.shapes import ravel, shape
from klods.ops import activation, movement
from klods.tensor import Tensor


def gelu(x: Any, approximate: bool = True) -> Tensor:
    """Return x times the normal distribution function of x, by the tanh formula unless not `approximate`."""
    return activation.gelu(x, approximate)


celu = activations.celu
glu = activations.glu
hard_shrink = activations.hard_shrink
hard_sigmoid = activations.hard_sigmoid
hard_silu = hard_swish = activations.hard_silu
hard_tanh = activations.hard_tanh
log_sigmoid = activations.log_sigmoid
silu = swish = activations.silu
soft_shrink = activations.soft_shrink
sparse_plus = activations.sparse_plus
sparse_sigmoid = activations.sparse_sigmoid
sparsemax = activations.sparsemax
squareplus = activations.squareplus
tanh_shrink = activations.tanh_shrink
threshold = activations.threshold


def softmax(x: Any, axis: int | None = -1) -> Tensor:
    """Return e^x divided by its sum along an axis; over all elements when `axis` is None."""
    if axis is None:
        return reshape(activation.softmax(ravel(x)), shape(x))
    return activation.softmax(x, axis)


def log_softmax(x: Any, axis: int | None = -1) -> Tensor:
    """Return the logarithm of softmax."""
    if axis is None:
        return reshape(activation.log_softmax(ravel(x)), shape(x))
    return activation.log_softmax(x, axis)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """Return -y log p - (1 - y) log(1 - p), element by element."""
    y_true, y_pred = (movement.expand_dims(x, -1) for x in (target, output))
    return losses.binary_crossentropy(y_true, y_pred, from_logits)


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """Return -sum of y log p over the classes."""
    return losses.categorical_crossentropy(target, output, from_logits, axis=axis)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """Return -log p of each row's label."""
    return losses.sparse_categorical_crossentropy(target, output, from_logits, axis=axis)
