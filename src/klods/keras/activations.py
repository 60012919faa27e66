"""Activation functions by Keras's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klods.keras.configuration import by_name, resolve, serialize
from klods.missing import reporter
from klods.ops import activation as block
from klods.ops.activation import sigmoid
from klods.ops.arithmetic import exp_, maximum_, minimum_, tanh
from klods.ops.comparison import where
from klods.tensor import Tensor, convert_to_tensor

Activation = Callable[..., Tensor]


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """Return x above the threshold, negative_slope * (x - threshold) below, and at most max_value.

    Example:
        >>> import klods
        >>> klods.keras.activations.relu([-1., 2.]).numpy()
        array([0., 2.], dtype=float32)
    """
    if negative_slope == 0 and threshold == 0:
        rectified = block.relu(x)
    else:
        x = convert_to_tensor(x)
        rectified = where(x > threshold, x, negative_slope * (x - threshold))
    return rectified if max_value is None else minimum_(rectified, max_value)


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Return e^x divided by its sum along an axis."""
    return block.softmax(x, axis)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """Return the logarithm of softmax, which stays finite where softmax is 0."""
    return block.log_softmax(x, axis)


def relu6(x: Any) -> Tensor:
    """Return x limited to 0 ... 6."""
    return block.relu6(x)


def selu(x: Any) -> Tensor:
    """Return the scaled elu whose outputs keep mean 0 and variance 1 (Klambauer et al. 2017)."""
    return block.selu(x)


def softplus(x: Any) -> Tensor:
    """Return log(1 + e^x), a smooth relu."""
    return block.softplus(x)


def softsign(x: Any) -> Tensor:
    """Return x / (1 + |x|), between -1 and 1."""
    return block.softsign(x)


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """Return x times the normal distribution function of x, or the tanh formula near it (Hendrycks & Gimpel 2016)."""
    return block.gelu(x, approximate)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """Return x above 0 and alpha (e^x - 1) below."""
    return block.elu(x, alpha)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """Return x above 0 and negative_slope x below."""
    return block.leaky_relu(x, negative_slope)


def silu(x: Any) -> Tensor:
    """Return x sigmoid(x)."""
    return block.swish(x)


swish = silu


def exponential(x: Any) -> Tensor:
    """Return e^x."""
    return exp_(x)


def hard_sigmoid(x: Any) -> Tensor:
    """Return x / 6 + 1/2 limited to 0 ... 1."""
    return maximum_(0, minimum_(1, convert_to_tensor(x) / 6 + 0.5))


def mish(x: Any) -> Tensor:
    """Return x tanh(softplus(x)) (Misra 2019)."""
    x = convert_to_tensor(x)
    return x * tanh(softplus(x))


def linear(x: Any) -> Tensor:
    """Return x."""
    return x


KNOWN = by_name(
    elu,
    exponential,
    gelu,
    hard_sigmoid,
    leaky_relu,
    linear,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
    swish=silu,
)


def get(identifier: Any) -> Activation:
    """Return the activation function of a name or function; `linear` for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    return linear if identifier is None else resolve("activation", identifier, KNOWN)


__all__ = [*KNOWN, "get", "serialize"]
__getattr__ = reporter(__name__)
