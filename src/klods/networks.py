"""What TensorFlow's `tf.nn` has beyond the blocks: activations, statistics, penalties, layers' arithmetic."""

from __future__ import annotations

import math
from typing import Any

from klods import random
from klods.errors import DataError, DTypeError, ShapeError
from klods.functions import reduce_variance
from klods.lengths import clip_by_norm
from klods.math import add_n
from klods.ops.activation import elu, relu, sigmoid, softplus
from klods.ops.arithmetic import erf_, exp_, log_, multiply, power, rsqrt, square, tanh
from klods.ops.block import checked_axis, recordable, static
from klods.ops.comparison import where
from klods.ops.movement import broadcast_to, cast, concat, expand_dims, pad_constant, reshape, transpose
from klods.ops.picking import gather
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor, convert_to_tensor

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
ROOT_HALF, ROOT_TWO_OVER_PI = 0.7071067811865476, 0.7978845608028654


# ---------------------------------------------------------------- activations


def selu(features: Any, name: str | None = None) -> Any:
    """Return the scaled elu whose outputs keep mean 0 and variance 1 (Klambauer et al. 2017, equation 2)."""
    return SELU_SCALE * elu(features, alpha=SELU_ALPHA)


def swish(features: Any, beta: float = 1.0, name: str | None = None) -> Any:
    """Return x sigmoid(beta x), also called silu (Elfwing et al. 2017; Ramachandran et al. 2017)."""
    x = convert_to_tensor(features)
    return x * sigmoid(x if beta == 1 else beta * x)


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Any:
    """Return x times the normal distribution function of x (Hendrycks & Gimpel 2016).

    Args:
        features: the input, of any shape.
        approximate: use the paper's tanh formula rather than erf.
        name: accepted for TensorFlow's sake, and not used.
    """
    x = convert_to_tensor(features)
    if approximate:
        return 0.5 * x * (1 + tanh(ROOT_TWO_OVER_PI * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + erf_(ROOT_HALF * x))


# ---------------------------------------------------------------- statistics


@recordable
def moments(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Return the mean and the variance along axes.

    Args:
        x: the numbers.
        axes: the axes.
        shift: accepted for TensorFlow's sake.
        keepdims: whether the axes stay, with size 1.
        name: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> mean, variance = klods.nn.moments([[1., 2.], [3., 6.]], axes=[0])
        >>> mean.numpy(), variance.numpy()
        (array([2., 4.], dtype=float32), array([1., 4.], dtype=float32))
    """
    numbers, along = convert_to_tensor(x), _axes(axes)
    return reduce_mean(numbers, along, keepdims), reduce_variance(numbers, along, keepdims)


@recordable
def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, keepdims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Return the mean and the variance along axes of numbers that count as often as their weights say."""
    numbers, along = convert_to_tensor(x), _axes(axes)
    weights = broadcast_to(cast(frequency_weights, numbers.dtype), numbers.value.shape)
    count = reduce_sum(weights, along, True)
    mean = reduce_sum(weights * numbers, along, True) / count
    variance = reduce_sum(weights * square(numbers - mean), along, True) / count
    return _kept(mean, along, keepdims), _kept(variance, along, keepdims)


@recordable
def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor, Tensor, Any]:
    """Return the count, the sum, the sum of squares and the shift of numbers along axes; see `normalize_moments`.

    Args:
        x: the numbers.
        axes: the axes.
        shift: what is subtracted from the numbers first.
        keepdims: whether the axes stay, with size 1.
        name: accepted for TensorFlow's sake.
    """
    numbers, along = convert_to_tensor(x), _axes(axes)
    count = math.prod(numbers.value.shape[a] for a in along)
    moved = numbers if shift is None else numbers - shift
    sums = reduce_sum(moved, along, keepdims), reduce_sum(square(moved), along, keepdims)
    return cast(count, numbers.dtype), *sums, shift


@recordable
def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Return the mean and the variance from what `sufficient_statistics` gives."""
    moved = convert_to_tensor(mean_ss) / counts
    variance = convert_to_tensor(variance_ss) / counts - square(moved)
    return (moved if shift is None else moved + shift), variance


def _axes(axes: Any) -> tuple[int, ...]:
    given = static(axes)
    return given if isinstance(given, tuple) else (given,)


def _kept(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    gone = {checked_axis(a, x.value.shape) for a in axes}
    return x if keepdims else reshape(x, [n for a, n in enumerate(x.value.shape) if a not in gone])


@recordable
def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: str | None = None
) -> Tensor:
    """Return (x - mean) / sqrt(variance + epsilon) * scale + offset (Ioffe and Szegedy 2015, algorithm 1).

    Args:
        x: the numbers.
        mean: their mean, of a shape that broadcasts; so are the others.
        variance: their variance.
        offset: what is added, or None.
        scale: what is multiplied by, or None.
        variance_epsilon: keeps from dividing by 0.
        name: accepted for TensorFlow's sake.
    """
    factor = rsqrt(convert_to_tensor(variance) + variance_epsilon)
    normal = (convert_to_tensor(x) - mean) * (factor if scale is None else factor * scale)
    return normal if offset is None else normal + offset


# ---------------------------------------------------------------- layers' arithmetic


@recordable
def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """Return a tensor with a bias added along its last axis, or the second for a data format such as `NCHW`.

    Raises:
        ShapeError: for a bias of another length.
    """
    x, b = convert_to_tensor(value), convert_to_tensor(bias)
    axis = 1 if data_format is not None and data_format.upper().startswith("NC") else x.ndim - 1
    if b.value.shape != x.value.shape[axis : axis + 1]:
        raise ShapeError(
            f"bias_add: a bias of shape {b.value.shape} for {x.value.shape}, along axis {axis}.",
            "give one number for each place along that axis.",
        )
    return x + reshape(b, [-1 if a == axis else 1 for a in range(x.ndim)])


@recordable
def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Tensor:
    """Return a tensor with a share of its elements set to 0, and the others by 1 / (1 - rate) (Srivastava et al. 2014).

    Args:
        x: the tensor.
        rate: the share, 0 up to 1.
        noise_shape: the shape of the random choice, 1 for axes along which it is the same.
        seed: without one, choices follow from `klods.random.set_seed`.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for a rate that is none.
        DTypeError: for integers, which can't be scaled.

    Example:
        >>> import klods
        >>> klods.nn.dropout([1., 2.], rate=0).numpy()
        array([1., 2.], dtype=float32)
    """
    tensor, share = convert_to_tensor(x), static(rate)
    if not 0 <= share < 1:
        raise DataError(f"dropout: the rate is {share}.", "make it 0 or more, and below 1.")
    if tensor.value.dtype.kind != "f":
        raise DTypeError(f"dropout: got {tensor.dtype}, which can't be scaled.", "cast it to float32.")
    shape = None if noise_shape is None else [None if n == -1 else n for n in static(noise_shape)]
    source = random.Generator(lambda: random.generator(seed))
    return tensor if share == 0 else source.dropped(tensor, share, shape)


@recordable
def embedding_lookup(params: Any, ids: Any, max_norm: float | None = None, name: str | None = None) -> Tensor:
    """Return the rows of `params` at ids, no longer than max_norm.

    Example:
        >>> import klods
        >>> klods.nn.embedding_lookup([[1., 2.], [3., 4.]], [1, 1]).numpy()
        array([[3., 4.],
               [3., 4.]], dtype=float32)
    """
    rows, places = gather(params, ids), convert_to_tensor(ids)
    return rows if max_norm is None else clip_by_norm(rows, max_norm, axes=tuple(range(places.ndim, rows.ndim)))


@recordable
def crelu(features: Any, axis: int = -1, name: str | None = None) -> Tensor:
    """Return relu(x) and relu(-x) side by side along an axis (Shang et al. 2016)."""
    x = convert_to_tensor(features)
    return concat([relu(x), relu(-x)], axis)


@recordable
def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """Return x / (bias + alpha s)^beta, where s sums the squares of neighbours along the last axis.

    From Krizhevsky et al. 2012, section 3.3.

    Args:
        input: the numbers.
        depth_radius: how many neighbours on each side.
        bias: see above.
        alpha: see above.
        beta: see above.
        name: accepted for TensorFlow's sake.
    """
    x = convert_to_tensor(input)
    count, sides = x.value.shape[-1], [(0, 0)] * (x.ndim - 1) + [(depth_radius, depth_radius)]
    squares = pad_constant(square(x), sides)
    near = add_n([squares[..., first : first + count] for first in range(2 * depth_radius + 1)])
    return x * power(bias + alpha * near, -beta)


@recordable
def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Tensor:
    """Return images in which each block of pixels became one pixel with as many times the channels.

    Raises:
        DataError: for another data format than NHWC.
        ShapeError: for sides that blocks don't divide.
    """
    x = _image("space_to_depth", input, data_format)
    batch, height, width, channels = x.value.shape
    n = block_size
    if height % n or width % n:
        raise ShapeError(f"space_to_depth: blocks of {n} don't divide {height} by {width}.", "pad the images.")
    parts = transpose(reshape(x, (batch, height // n, n, width // n, n, channels)), [0, 1, 3, 2, 4, 5])
    return reshape(parts, (batch, height // n, width // n, n * n * channels))


@recordable
def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Tensor:
    """Return images in which each pixel became a block of pixels with fewer channels: `space_to_depth` undone.

    Raises:
        DataError: for another data format than NHWC.
        ShapeError: for channels that blocks don't divide.
    """
    x = _image("depth_to_space", input, data_format)
    batch, height, width, channels = x.value.shape
    n = block_size
    if channels % (n * n):
        raise ShapeError(f"depth_to_space: {channels} channels for blocks of {n * n}.", "give a multiple.")
    parts = transpose(reshape(x, (batch, height, width, n, n, channels // (n * n))), [0, 1, 3, 2, 4, 5])
    return reshape(parts, (batch, height * n, width * n, channels // (n * n)))


def _image(name: str, input: Any, data_format: str) -> Tensor:
    x = convert_to_tensor(input)
    if data_format != "NHWC":
        raise DataError(f"{name}: the data format is {data_format!r}.", "use NHWC.")
    if x.ndim != 4:
        raise ShapeError(
            f"{name} takes images; got the shape {x.value.shape}.", "give (batch, height, width, channels)."
        )
    return x


# ---------------------------------------------------------------- penalties and losses


@recordable
def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Return half the sum of squares.

    Example:
        >>> import klods
        >>> float(klods.nn.l2_loss([3., 4.]))
        12.5
    """
    return reduce_sum(square(t)) / 2


@recordable
def weighted_cross_entropy_with_logits(labels: Any, logits: Any, pos_weight: Any, name: str | None = None) -> Tensor:
    """Return -w y log p - (1 - y) log(1 - p), element by element, where p is sigmoid(logits); never log 0.

    Args:
        labels: y, in [0, 1].
        logits: any real numbers, of the labels' shape.
        pos_weight: w, what a positive counts beside a negative.
        name: accepted for TensorFlow's sake.

    Raises:
        ShapeError: if the shapes differ.
    """
    y, x = convert_to_tensor(labels), convert_to_tensor(logits)
    if y.value.shape != x.value.shape:
        raise ShapeError(f"labels of shape {y.value.shape}, logits of {x.value.shape}.", "reshape one like the other.")
    return pos_weight * y * softplus(-x) + (1 - y) * softplus(x)


@recordable
def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None) -> Tensor:
    """Return e^c - z c, element by element: -log of the Poisson probability of z for the mean e^c, but for log z!.

    Args:
        targets: z.
        log_input: c.
        compute_full_loss: whether to add Stirling's approximation of log z!, for z above 1.
        name: accepted for TensorFlow's sake.
    """
    z, c = convert_to_tensor(targets), convert_to_tensor(log_input)
    loss = exp_(c) - multiply(z, c)
    if not compute_full_loss:
        return loss
    large = where(z > 1, z, 1)
    stirling = large * log_(large) - large + 0.5 * log_(2 * math.pi * large)
    return loss + where(z > 1, stirling, 0)


@recordable
def compute_average_loss(per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None) -> Tensor:
    """Return the weighted sum of losses, divided by the size of the batch.

    Args:
        per_example_loss: a loss for each sample.
        sample_weight: what each counts; 1 by default.
        global_batch_size: by default the number of losses.
    """
    losses = convert_to_tensor(per_example_loss)
    size = losses.value.shape[0] if global_batch_size is None else global_batch_size
    if sample_weight is not None:
        weights = cast(sample_weight, losses.dtype)
        losses = losses * (expand_dims(weights, -1) if weights.ndim < losses.ndim else weights)
    return reduce_sum(losses) / size


@recordable
def scale_regularization_loss(regularization_loss: Any) -> Tensor:
    """Return the sum of penalties: there is one replica, by whose number it is divided."""
    return reduce_sum(regularization_loss)
