"""Layers that normalize each sample by itself: to mean 0 and variance 1, or to length 1."""

from __future__ import annotations

from typing import Any

from klods.dtypes import FLOAT32, FLOAT64
from klods.errors import DataError, ShapeError
from klods.keras import constraints, initializers, regularizers
from klods.keras.layers.layer import Layer
from klods.keras.layers.sizes import check_axes, known_size
from klods.keras.layers.spec import InputSpec
from klods.keras.layers.weightless import Weightless
from klods.keras.ops.numbers import moments, normalize
from klods.ops.arithmetic import rsqrt, square
from klods.ops.movement import cast, reshape
from klods.ops.reduction import reduce_mean
from klods.tensor import Tensor, Variable


class Affine(Layer):
    """Base of layers that normalize and then scale by gamma and shift by beta, which are trained.

    Args:
        axis: the axis or axes; what it means is the layer's.
        epsilon: added to the variance.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer: how beta starts.
        gamma_initializer: how gamma starts.
        beta_regularizer: what beta adds to the loss.
        gamma_regularizer: what gamma adds to the loss.
        beta_constraint: what is done to beta after each update.
        gamma_constraint: what is done to gamma after each update.
    """

    supports_masking = True
    gamma: Variable | None = None
    beta: Variable | None = None

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis, self.epsilon, self.center, self.scale = _checked(axis), epsilon, center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def add_affine(self, shape: Any) -> None:
        """Make gamma and beta, of this shape."""
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        check_axes(self, input_shape, axes_of(self.axis))
        return input_shape


class LayerNormalization(Affine):
    """(x - mean) / sqrt(variance + epsilon) over the features of each sample, times gamma, plus beta.

    Ba et al. 2016, equation 4.

    Args:
        axis: the axis or axes over which mean and variance are taken; gamma and beta have their sizes.
        epsilon: added to the variance.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer: how beta starts.
        gamma_initializer: how gamma starts.
        beta_regularizer: what beta adds to the loss.
        gamma_regularizer: what gamma adds to the loss.
        beta_constraint: what is done to beta after each update.
        gamma_constraint: what is done to gamma after each update.

    Raises:
        DataError: for an axis that is none.

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.LayerNormalization(epsilon=0)
        >>> layer(klods.constant([[1., 3.], [10., 30.]])).numpy()
        array([[-1.,  1.],
               [-1.,  1.]], dtype=float32)
    """

    def build(self, input_shape: Any) -> None:
        self.add_affine(_sizes(self, input_shape))

    def call(self, inputs: Tensor) -> Tensor:
        x = precise(inputs)
        axes = tuple(sorted(axis % x.ndim for axis in axes_of(self.axis)))
        gamma, beta = along(axes, self.gamma, x), along(axes, self.beta, x)
        mean, variance = moments(x, axes, True)
        return cast(affine(x - mean, variance, self.epsilon, gamma, beta), self.dtype)


class GroupNormalization(Affine):
    """Mean 0 and variance 1 over each group of channels of each sample, times gamma, plus beta.

    Wu & He 2018, equations 1 to 7.

    Args:
        groups: the number of groups, a divisor of the number of channels; -1 for one per channel.
        args: as `LayerNormalization` takes them; the axis is that of the channels, whose size gamma and beta have.
        kwargs: the same.

    Raises:
        DataError: for a number of groups that is none.
        ShapeError: at the first call, for channels that don't part into the groups.
    """

    def __init__(self, groups: int = 32, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise DataError(f"GroupNormalization takes a number of groups, or -1; got {groups!r}.", "write 32, say.")
        self.groups = groups

    def build(self, input_shape: Any) -> None:
        channels = known_size(self, input_shape, self.axis)
        self.groups = channels if self.groups == -1 else self.groups
        if channels % self.groups:
            raise ShapeError(
                f"Layer '{self.name}' has {self.groups} groups; got {channels} channels.", "give a divisor of them."
            )
        self.add_affine((channels,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Tensor) -> Tensor:
        shape, axis = inputs.value.shape, self.axis % inputs.ndim
        size = shape[axis] // self.groups
        x = precise(reshape(inputs, (*shape[:axis], self.groups, size, *shape[axis + 1 :])))
        mean, variance = moments(x, tuple(i for i in range(1, x.ndim) if i != axis), True)
        own = [None if w is None else reshape(w, (self.groups, size)) for w in (self.gamma, self.beta)]
        gamma, beta = (along((axis, axis + 1), w, x) for w in own)
        outputs = affine(x - mean, variance, self.epsilon, gamma, beta)
        return cast(reshape(outputs, shape), self.dtype)


class RMSNormalization(Layer):
    """x / sqrt(mean of x^2 + epsilon) over the features of each sample, times a trained scale.

    Zhang & Sennrich 2019, equation 4.

    Args:
        axis: the axis or axes over which the mean is taken; the scale has their sizes.
        epsilon: added to the mean.
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(_sizes(self, input_shape), "ones", name="scale")

    def call(self, inputs: Tensor) -> Tensor:
        x = precise(inputs)
        axes = tuple(sorted(axis % x.ndim for axis in axes_of(self.axis)))
        scale = along(axes, self.scale, x)
        return cast(x * rsqrt(reduce_mean(square(x), axes, True) + self.epsilon) * scale, self.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        check_axes(self, input_shape, axes_of(self.axis))
        return input_shape


class UnitNormalization(Weightless):
    """Each sample divided by its length.

    Args:
        axis: the axis or axes along which a vector runs.

    Example:
        >>> import klods
        >>> klods.keras.layers.UnitNormalization()(klods.constant([[3., 4.]])).numpy()
        array([[0.6, 0.8]], dtype=float32)
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _checked(axis)

    def call(self, inputs: Tensor) -> Tensor:
        self.compute_output_shape(inputs.value.shape)
        return normalize(inputs, axes_of(self.axis), epsilon=1e-12)

    def compute_output_shape(self, input_shape: Any) -> Any:
        check_axes(self, input_shape, axes_of(self.axis))
        return input_shape


def affine(centred: Tensor, variance: Any, epsilon: float, gamma: Any, beta: Any) -> Tensor:
    """Return centred / sqrt(variance + epsilon) * gamma + beta; gamma and beta may be None."""
    outputs = centred * rsqrt(variance + epsilon)
    outputs = outputs if gamma is None else outputs * gamma
    return outputs if beta is None else outputs + beta


def along(axes: tuple[int, ...], weight: Any, x: Tensor) -> Any:
    """Return a weight that has the sizes of these axes in a shape that broadcasts to x; None is None."""
    if weight is None or axes == tuple(range(x.ndim - len(axes), x.ndim)):
        return weight
    return reshape(weight, [n if i in axes else 1 for i, n in enumerate(x.value.shape)])


def axes_of(axis: Any) -> tuple[int, ...]:
    """Return one axis, or a list of them, as a tuple."""
    return tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)


def precise(x: Tensor) -> Tensor:
    """Return numbers in float32 at least: means of float16 overflow."""
    return x if x.value.dtype in (FLOAT32, FLOAT64) else cast(x, FLOAT32)


def _sizes(layer: Any, shape: Any) -> list[int]:
    """Return the sizes of a layer's axes, in their order in the inputs."""
    axes = axes_of(layer.axis)
    check_axes(layer, shape, axes)
    return [known_size(layer, shape, axis) for axis in sorted(axes, key=lambda axis: axis % len(shape))]


def _checked(axis: Any) -> Any:
    if not all(isinstance(a, int) for a in axes_of(axis)):
        raise DataError(f"An axis is a whole number, or a list of them; got {axis!r}.", "write axis=-1, say.")
    return list(axis) if isinstance(axis, tuple) else axis
