"""Keras's `keras.ops` for networks, where it differs from TensorFlow."""

from __future__ import annotations

from typing import Any

from klods import networks
from klods.errors import ShapeError
from klods.keras import activations, config, losses
from klods.keras.ops import names
from klods.keras.ops.names import cast, reshape, rsqrt, square
from klods.keras.ops.numbers import log10
from klods.keras.ops.shapes import one_hot, ravel, shape
from klods.ops import activation, movement
from klods.tensor import Tensor, convert_to_tensor


def gelu(x: Any, approximate: bool = True) -> Tensor:
    """Return x times the normal distribution function of x, by the tanh formula unless not `approximate`."""
    return networks.gelu(x, approximate)


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


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Tensor:
    """Return (x - mean) / sqrt(variance + epsilon) * scale + offset, with statistics along one axis."""
    x = convert_to_tensor(x)
    middle, spread, offset, scale = (_along(v, x, axis) for v in (mean, variance, offset, scale))
    normal = (x - middle) * rsqrt(spread + epsilon)
    return _scaled(normal, scale, offset)


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Tensor:
    """Return each sample less its mean, by its standard deviation, times gamma, plus beta (Ba et al. 2016)."""
    x = convert_to_tensor(x)
    less = x - names.mean(x, axis, keepdims=True)
    normal = less * rsqrt(names.mean(square(less), axis, keepdims=True) + _small(epsilon))
    return _scaled(normal, _along(gamma, x, axis), _along(beta, x, axis))


def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Tensor:
    """Return each sample by the root of its mean square, times a scale (Zhang and Sennrich 2019)."""
    x = convert_to_tensor(x)
    normal = x * rsqrt(names.mean(square(x), axis, keepdims=True) + _small(epsilon))
    return _scaled(normal, _along(scale, x, axis), None)


def _small(epsilon: float | None) -> float:
    return config.epsilon() if epsilon is None else epsilon


def _along(values: Any, x: Tensor, axis: Any) -> Any:
    """Return values shaped to stand along axes of x; those of any other rank as they are."""
    axes = [a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)]
    if values is None or len(axes) != convert_to_tensor(values).ndim:
        return values
    return reshape(values, [n if a in axes else 1 for a, n in enumerate(x.value.shape)])


def _scaled(x: Tensor, scale: Any, offset: Any) -> Tensor:
    scaled = x if scale is None else x * scale
    return scaled if offset is None else scaled + offset


def multi_hot(inputs: Any, num_classes: Any = None, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """Return for each row of labels a row that is 1 at each of them, else 0."""
    labels = convert_to_tensor(inputs)
    return names.amax(one_hot(labels, num_classes, axis, dtype), 1 if labels.ndim > 1 else 0)


def psnr(x1: Any, x2: Any, max_val: float) -> Tensor:
    """Return the ratio of a signal's peak to the noise by which two tensors differ, in decibels.

    Args:
        x1: a tensor.
        x2: another of the same shape.
        max_val: the largest value that the signal may have.

    Raises:
        ShapeError: for different shapes.

    Example:
        >>> float(psnr([0., 0.], [1., 1.], 10.))
        20.0
    """
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    if a.value.shape != b.value.shape:
        raise ShapeError(f"psnr: shapes {a.value.shape} and {b.value.shape}.", "compare tensors of one shape.")
    return 20 * log10(cast(max_val, b.dtype)) - 10 * log10(names.mean(square(a - b)))
