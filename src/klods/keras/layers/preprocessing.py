"""Layers that bring numbers to a common scale: Rescaling, Normalization."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.keras import config
from klods.keras.layers.adapting import batches, numbers
from klods.keras.layers.layer import Layer
from klods.keras.layers.sizes import check_axes, known_size
from klods.keras.layers.weightless import Weightless
from klods.ops.arithmetic import maximum_, sqrt_
from klods.ops.movement import cast, reshape
from klods.tensor import Tensor


class Rescaling(Weightless):
    """inputs * scale + offset.

    Args:
        scale: a number, or one per feature.
        offset: the same.

    Example:
        >>> import klods
        >>> klods.keras.layers.Rescaling(1 / 255)(klods.constant([0, 255])).numpy()
        array([0., 1.], dtype=float32)
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = _plain(scale), _plain(offset)

    def call(self, inputs: Tensor) -> Tensor:
        scale, offset = (np.asarray(x, self._dtype) for x in (self.scale, self.offset))
        return cast(inputs, self.dtype) * scale + offset


class Normalization(Layer):
    """(inputs - mean) / standard deviation, with a mean and variance that are given or found in data by `adapt`.

    Args:
        axis: the axis or axes whose every place has a mean of its own; None for one mean of all.
        mean: the mean, together with variance, where they are known.
        variance: the variance.
        invert: whether to undo the normalization: inputs * standard deviation + mean.

    Raises:
        DataError: for a mean without variance, or of another shape.

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.Normalization()
        >>> layer.adapt(np.array([[0., 7.], [2., 9.]]))
        >>> layer(klods.constant([[2., 7.]])).numpy()
        array([[ 1., -1.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance, self.invert = _plain(mean), _plain(variance), invert
        if (mean is None) != (variance is None) or np.shape(mean) != np.shape(variance):
            raise DataError(
                f"Normalization takes mean and variance of one shape; got {mean!r} and {variance!r}.",
                "give both, or neither and call adapt.",
            )
        if np.ndim(mean) > len(self.axis):
            raise DataError(f"Normalization's mean has {np.ndim(mean)} axes, axis is {axis!r}.", "name as many axes.")

    def build(self, input_shape: Any) -> None:
        check_axes(self, input_shape, self.axis)
        kept = self._kept(len(input_shape))
        sizes = tuple(known_size(self, input_shape, axis) for axis in kept)
        self._adapted_shape = tuple(n if i in kept else 1 for i, n in enumerate(input_shape))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
            return
        given = [np.asarray(x, self._dtype) for x in (self.input_mean, self.input_variance)]
        try:
            self._given = [np.broadcast_to(x, sizes) for x in given]
        except ValueError:
            raise ShapeError(
                f"Layer '{self.name}' has means of shape {given[0].shape}; got inputs of shape {tuple(input_shape)}.",
                "give one mean for each place along the axis.",
            ) from None

    def adapt(self, data: Any) -> None:
        """Set mean and variance to those of data: an array, or batches, such as a dataset or generator gives.

        Raises:
            DataError: if there is no data, or none of numbers; for a layer that was given a mean.
            ShapeError: for data of another shape than the layer was built for.
        """
        if self.input_mean is not None:
            raise DataError(f"Layer '{self.name}' was given its mean and variance.", "leave them out to adapt it.")
        found = batches(data, numbers)
        first = next(found, None)
        if first is None:
            raise DataError(f"Layer '{self.name}' can't adapt to no data.", "give an array, or batches.")
        if not self.built:
            self.build(first.shape)
        total = _Moments()
        for batch in itertools.chain([first], found):
            total.add(self._fitting(batch))
        self.adapt_mean.assign(total.mean)
        self.adapt_variance.assign(total.variance)

    def _fitting(self, batch: np.ndarray) -> np.ndarray:
        """Return a batch as rows of what has a mean of its own."""
        kept = self._kept(len(self._adapted_shape))
        fits = batch.ndim == len(self._adapted_shape) and all(batch.shape[i] == self._adapted_shape[i] for i in kept)
        if not fits:
            raise ShapeError(
                f"Layer '{self.name}' was built for means of shape {self._adapted_shape}; got data of {batch.shape}.",
                "make a new layer for data of this shape.",
            )
        sizes = [batch.shape[i] for i in kept]
        return np.moveaxis(batch, kept, range(-len(kept), 0)).reshape(-1, *sizes)

    def _kept(self, rank: int) -> list[int]:
        return sorted(axis % rank for axis in self.axis)

    @property
    def mean(self) -> Any:
        """The mean, in a shape that broadcasts to inputs; None before the layer is built."""
        return self._statistic(0)

    @property
    def variance(self) -> Any:
        """The variance, in a shape that broadcasts to inputs; None before the layer is built."""
        return self._statistic(1)

    def _statistic(self, which: int) -> Any:
        if not self.built:
            return None
        known = self._given if self.input_mean is not None else (self.adapt_mean, self.adapt_variance)
        return reshape(known[which], self._adapted_shape)

    def call(self, inputs: Tensor) -> Tensor:
        x = cast(inputs, self.dtype)
        deviation = maximum_(sqrt_(self.variance), config.epsilon())
        return x * deviation + self.mean if self.invert else (x - self.mean) / deviation

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "mean": self.input_mean, "variance": self.input_variance}


class _Moments:
    """Mean and variance of rows that come in batches (Chan et al. 1979, equations 2.1)."""

    def __init__(self) -> None:
        self.count, self.mean, self.variance = 0, np.float64(0), np.float64(0)

    def add(self, rows: np.ndarray) -> None:
        """Take a batch of rows into account."""
        count = self.count + len(rows)
        share = len(rows) / max(1, count)
        mean, variance = rows.mean(0, dtype=np.float64), rows.var(0, dtype=np.float64)
        step = mean - self.mean
        self.variance = self.variance * (1 - share) + variance * share + share * (1 - share) * step**2
        self.mean, self.count = self.mean + share * step, count


def _plain(x: Any) -> Any:
    """Return a number, or a list of them, as Python's."""
    return x if x is None or isinstance(x, (int, float)) else np.asarray(x).tolist()
