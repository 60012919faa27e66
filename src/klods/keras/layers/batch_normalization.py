"""BatchNormalization, which normalizes by the statistics of the batch."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError, ShapeError
from klods.functions import clip_by_value
from klods.keras import config, initializers
from klods.keras.layers.normalization import Affine, affine, along, precise
from klods.keras.layers.sizes import known_size
from klods.keras.layers.spec import InputSpec
from klods.ops.activation import relu
from klods.ops.arithmetic import maximum_, minimum_, sqrt_, square
from klods.ops.comparison import where
from klods.ops.movement import cast, expand_dims, stop_gradient
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor, Variable, convert_to_tensor

CLIPPING = ("rmax", "rmin", "dmax")


class BatchNormalization(Affine):
    """(x - mean) / sqrt(variance + epsilon) over the batch, for each feature, times gamma, plus beta.

    In training, mean and variance are those of the batch, and moving averages of them are kept; otherwise, and if the
    layer isn't trainable, the moving averages stand in their place. Ioffe & Szegedy 2015, algorithms 1 and 2.

    Args:
        axis: the axis of the features.
        momentum: the share of the moving averages that stays at each step.
        epsilon: added to the variance.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer: how beta starts.
        gamma_initializer: how gamma starts.
        moving_mean_initializer: how the moving mean starts.
        moving_variance_initializer: how the moving variance starts.
        beta_regularizer: what beta adds to the loss.
        gamma_regularizer: what gamma adds to the loss.
        beta_constraint: what is done to beta after each update.
        gamma_constraint: what is done to gamma after each update.
        renorm: whether training corrects the batch's statistics towards moving ones (Ioffe 2017, algorithm 1).
        renorm_clipping: limits of the correction: a dict of `rmax`, `rmin` and `dmax`, each of which may be missing.
        renorm_momentum: the momentum of the statistics to which `renorm` corrects.
        synchronized: for several devices, which klods doesn't have: False.

    A call takes a `mask` with one axis less than the inputs: what it leaves out is not part of the statistics.

    Raises:
        DataError: for options that don't fit.

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.BatchNormalization(epsilon=0, momentum=0.5)
        >>> layer(klods.constant([[1.], [3.]]), training=True).numpy()
        array([[-1.],
               [ 1.]], dtype=float32)
        >>> layer.moving_mean.numpy()
        array([1.], dtype=float32)
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            int(axis),
            float(epsilon),
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        if synchronized:
            raise DataError("BatchNormalization has one device to run on.", "leave synchronized out.")
        self.momentum, self.synchronized = float(momentum), synchronized
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm, self.renorm_momentum = renorm, renorm_momentum
        self.renorm_clipping = _checked(renorm_clipping or {}) if renorm else renorm_clipping

    def build(self, input_shape: Any) -> None:
        size = known_size(self, input_shape, self.axis)
        self.add_affine((size,))
        start, spread = self.moving_mean_initializer, self.moving_variance_initializer
        self.moving_mean = self.add_weight((size,), start, trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight((size,), spread, trainable=False, name="moving_variance")
        if self.renorm:
            self.moving_stddev = self.add_weight((size,), self._root, trainable=False, name="moving_stddev")
            self.renorm_mean = self.add_weight((size,), start, trainable=False, name="renorm_mean")
            self.renorm_stddev = self.add_weight((size,), self._root, trainable=False, name="renorm_stddev")
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def _root(self, shape: Any, dtype: Any = None) -> Tensor:
        return sqrt_(self.moving_variance_initializer(shape, dtype))

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        x = precise(inputs)
        if not training or not self.trainable:
            centred, variance = x - self._wide(self.moving_mean, x), self.moving_variance
            return cast(self._affine(centred, variance), self.dtype)
        mean, centred, variance = self._moments(x, mask)
        if self.renorm:
            return cast(self._renormed(centred, mean, variance), self.dtype)
        _move(self.moving_mean, mean, self.momentum)
        _move(self.moving_variance, variance, self.momentum)
        return cast(self._affine(centred, variance), self.dtype)

    def _affine(self, centred: Tensor, variance: Any) -> Tensor:
        weights = (self._wide(weight, centred) for weight in (self.gamma, self.beta))
        return affine(centred, self._wide(variance, centred), self.epsilon, *weights)

    def _wide(self, weight: Any, x: Tensor) -> Any:
        """Return what there is for each feature in a shape that broadcasts to x."""
        return along((self.axis % x.ndim,), weight, x)

    def _moments(self, x: Tensor, mask: Any) -> tuple[Any, Tensor, Any]:
        """Return the mean of each feature, the inputs without it, and the variance of each feature."""
        axes = tuple(i for i in range(x.ndim) if i != self.axis % x.ndim)
        if mask is None:
            mean = reduce_mean(x, axes)
            centred = x - self._wide(mean, x)
            return mean, centred, reduce_mean(square(centred), axes)
        kept = self._kept(convert_to_tensor(mask), x)
        count = reduce_sum(where(kept, x * 0 + 1, 0), axes) + config.epsilon()
        mean = reduce_sum(where(kept, x, 0), axes) / count
        centred = x - self._wide(mean, x)
        return mean, centred, reduce_sum(where(kept, square(centred), 0), axes) / count

    def _kept(self, mask: Tensor, x: Tensor) -> Tensor:
        if mask.ndim != x.ndim - 1:
            raise ShapeError(
                f"Layer '{self.name}' got a mask of shape {mask.value.shape} for inputs of shape {x.value.shape}.",
                "give a mask with one axis less.",
            )
        return expand_dims(cast(mask, "bool"), -1)

    def _renormed(self, centred: Tensor, mean: Any, variance: Any) -> Tensor:
        """Return the outputs with the correction of batch renormalization, and move its statistics."""
        stddev, limits = sqrt_(variance + self.epsilon), self.renorm_clipping or {}
        usual = maximum_(self.renorm_stddev, self.epsilon**0.5)
        r, d = stddev / usual, (mean - self.renorm_mean) / usual
        r = maximum_(r, limits["rmin"]) if limits.get("rmin") is not None else r
        r = minimum_(r, limits["rmax"]) if limits.get("rmax") is not None else r
        d = clip_by_value(d, -limits["dmax"], limits["dmax"]) if limits.get("dmax") is not None else d
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, stddev, self.renorm_momentum)
        _move(self.moving_mean, mean, self.momentum)
        _move(self.moving_stddev, stddev, self.momentum)
        self.moving_variance.assign(relu(square(self.moving_stddev) - self.epsilon))
        r, d, width = (self._wide(x, centred) for x in (stop_gradient(r), stop_gradient(d), stddev))
        corrected = centred / width * r + d
        gamma, beta = (self._wide(weight, centred) for weight in (self.gamma, self.beta))
        corrected = corrected if gamma is None else corrected * gamma
        return corrected if beta is None else corrected + beta


def _move(average: Variable, new: Any, momentum: float) -> None:
    """Move an average towards a new value."""
    average.assign(average * momentum + cast(new, average.dtype) * (1 - momentum))


def _checked(limits: dict[str, float]) -> dict[str, float]:
    unknown = set(limits) - set(CLIPPING)
    if unknown:
        raise DataError(f"renorm_clipping has no {', '.join(sorted(unknown))}.", f"its keys are {', '.join(CLIPPING)}.")
    largest, smallest, shift = (limits.get(key) for key in CLIPPING)
    if (largest is not None and smallest is not None and largest < smallest) or (shift is not None and shift < 0):
        raise DataError(f"renorm_clipping is {limits}.", "make rmax at least rmin, and dmax at least 0.")
    return limits
