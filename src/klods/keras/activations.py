"""Activation functions by Keras's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from klods import networks
from klods.arranging import split
from klods.errors import ShapeError
from klods.keras.configuration import build_as_described, by_name, resolve, serialize
from klods.missing import reporter
from klods.ops import activation as block
from klods.ops.activation import sigmoid
from klods.ops.arithmetic import abs_, exp_, expm1_, maximum_, minimum_, sqrt_, square, tanh
from klods.ops.comparison import where
from klods.ops.movement import cast, expand_dims
from klods.ops.reduction import reduce_sum
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
        below = negative_slope * (x - threshold) if negative_slope else 0
        rectified = where(x <= threshold, below, x)
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
    return networks.selu(x)


def softplus(x: Any) -> Tensor:
    """Return log(1 + e^x), a smooth relu."""
    return block.softplus(x)


def softsign(x: Any) -> Tensor:
    """Return x / (1 + |x|), between -1 and 1."""
    return block.softsign(x)


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """Return x times the normal distribution function of x, or the tanh formula near it (Hendrycks & Gimpel 2016)."""
    return networks.gelu(x, approximate)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """Return x above 0 and alpha (e^x - 1) below."""
    return block.elu(x, alpha)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """Return x above 0 and negative_slope x below."""
    return block.leaky_relu(x, negative_slope)


def silu(x: Any) -> Tensor:
    """Return x sigmoid(x)."""
    return networks.swish(x)


swish = silu


def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """Return x above 0 and alpha (e^(x / alpha) - 1) below, whose slope has no jump (Barron 2017)."""
    x = convert_to_tensor(x)
    return maximum_(x, 0) + alpha * expm1_(minimum_(x, 0) / alpha)


def squareplus(x: Any, b: float = 4) -> Tensor:
    """Return (x + sqrt(x^2 + b)) / 2, a smooth relu (Barron 2021)."""
    x = convert_to_tensor(x)
    return (x + sqrt_(x * x + b)) / 2


def sparse_plus(x: Any) -> Tensor:
    """Return 0 below -1, x above 1, and (x + 1)^2 / 4 between."""
    x = convert_to_tensor(x)
    return where(x < 1, square(maximum_(x + 1, 0)) / 4, x)


def glu(x: Any, axis: int = -1) -> Tensor:
    """Return the first half along an axis times the sigmoid of the second (Dauphin et al. 2016).

    Raises:
        ShapeError: if the axis has an odd size.
    """
    x = convert_to_tensor(x)
    if x.value.shape[axis] % 2:
        raise ShapeError(
            f"glu halves axis {axis} of a tensor of shape {x.shape}, whose size is odd.", "make it an even number."
        )
    first, second = split(x, 2, axis)
    return first * sigmoid(second)


def exponential(x: Any) -> Tensor:
    """Return e^x."""
    return exp_(x)


def hard_sigmoid(x: Any) -> Tensor:
    """Return x / 6 + 1/2 limited to 0 ... 1."""
    return maximum_(0, minimum_(1, convert_to_tensor(x) / 6 + 0.5))


def sparse_sigmoid(x: Any) -> Tensor:
    """Return (x + 1) / 2 limited to 0 ... 1."""
    return maximum_(0, minimum_(1, (convert_to_tensor(x) + 1) / 2))


def log_sigmoid(x: Any) -> Tensor:
    """Return log(sigmoid(x)) without overflow."""
    return -softplus(-convert_to_tensor(x))


def hard_silu(x: Any) -> Tensor:
    """Return x hard_sigmoid(x) (Howard et al. 2019)."""
    return convert_to_tensor(x) * hard_sigmoid(x)


hard_swish = hard_silu


def hard_tanh(x: Any) -> Tensor:
    """Return x limited to -1 ... 1."""
    return maximum_(-1, minimum_(1, x))


def tanh_shrink(x: Any) -> Tensor:
    """Return x - tanh(x)."""
    x = convert_to_tensor(x)
    return x - tanh(x)


def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Return x where it is further than a threshold from 0, else 0."""
    x = convert_to_tensor(x)
    return where(abs_(x) > threshold, x, 0)


def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Return x moved towards 0 by a threshold, and 0 where it is nearer than that."""
    x = convert_to_tensor(x)
    return maximum_(x - threshold, 0) + minimum_(x + threshold, 0)


def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """Return x above a threshold, and another value up to there."""
    x = convert_to_tensor(x)
    return where(x > threshold, x, default_value)


def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """Return the nearest numbers of at least 0 that sum to 1 along an axis: like softmax, but many are 0.

    Source: Martins & Astudillo 2016, equations 3 and 4. An element is left where the others exceed it by less than 1 in
    all: each is compared with all others in place of sorting them, so memory grows with the square of the axis's size.

    Example:
        >>> sparsemax([[1., 0.5, -1.]]).numpy()
        array([[0.75, 0.25, 0.  ]], dtype=float32)
    """
    x = convert_to_tensor(x)
    axis %= x.ndim
    own, others = expand_dims(x, axis + 1), expand_dims(x, axis)
    support = cast(reduce_sum(maximum_(others - own, 0), axis + 1) < 1, x.dtype)  # by how much others are larger
    level = (reduce_sum(support * x, axis, True) - 1) / reduce_sum(support, axis, True)
    return maximum_(x - level, 0)


def mish(x: Any) -> Tensor:
    """Return x tanh(softplus(x)) (Misra 2019)."""
    x = convert_to_tensor(x)
    return x * tanh(softplus(x))


def linear(x: Any) -> Tensor:
    """Return x."""
    return x


KNOWN = by_name(
    celu,
    elu,
    exponential,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
    hard_swish=hard_silu,
    swish=silu,
)


LAYERS: dict[str, Any] = {}  # which are activations where they are given or described; entered by `keras.layers`


def get(identifier: Any) -> Activation:
    """Return the activation function of a name, a function or a configuration; `linear` for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    if isinstance(identifier, Mapping):
        made = resolve("activation", identifier, {**KNOWN, **LAYERS})
        build_as_described(made, identifier)
        return made
    return linear if identifier is None else resolve("activation", identifier, KNOWN)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Activation:
    """Return the activation function of a name or configuration, which may be one of your own, given by its name."""
    return resolve("activation", config, {**KNOWN, **(custom_objects or {})})


__all__ = [*KNOWN, "deserialize", "get", "serialize"]
__getattr__ = reporter(__name__)
