"""Layers that make training harder so that it generalises: dropout, noise, penalties on outputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.keras import regularizers
from klods.keras.layers.spec import InputSpec
from klods.keras.layers.weightless import Weightless
from klods.keras.random import SeedGenerator, Stream
from klods.networks import SELU_ALPHA, SELU_SCALE
from klods.ops.comparison import where
from klods.ops.movement import cast
from klods.tensor import Tensor


class Noise(Weightless):
    """Base of layers that draw random numbers in training; outside it, their inputs pass unchanged.

    Args:
        seed: for the same numbers in every run.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed

    def strength(self, argument: str, value: Any) -> Any:
        """Return an argument that tells how strong the noise is: a share. At 0 nothing is ever drawn."""
        layer = type(self).__name__
        if not isinstance(value, (int, float, np.number)) or not 0 <= value <= 1:
            raise DataError(f"{layer}'s {argument} is a share between 0 and 1; got {value!r}.", f"write {layer}(0.5).")
        if value > 0:
            self.seed_generator = SeedGenerator(self.seed)
        return value

    def drawn(self, law: str, shape: Any) -> Tensor:
        """Return float32 numbers by one of NumPy's laws: `random` or `standard_normal`."""
        stream = Stream(self.seed_generator)
        return stream.law(lambda source, size: getattr(source, law)(size, np.float32), shape, np.float32)

    def kept(self, inputs: Tensor, rate: float, noise_shape: Any) -> Tensor:
        """Return which inputs are kept, each with probability 1 - rate; None in `noise_shape` is a size of theirs."""
        shape = inputs.value.shape
        sizes = tuple(n if m is None else m for n, m in zip(shape, noise_shape or shape))
        return self.drawn("random", sizes) >= rate


class Dropout(Noise):
    """In training, each input is set to 0 with probability `rate` and the others scaled by 1 / (1 - rate).

    Srivastava et al. 2014, section 10 (the scaled form). Outside training the inputs pass unchanged.

    Args:
        rate: the share of inputs dropped, 0 to 1.
        noise_shape: the shape of the random mask, with 1 where it is shared along an axis.
        seed: for the same masks in every run.

    Raises:
        DataError: for a rate that is no share, or a shape that is none.
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = self.strength("rate", rate)
        self.noise_shape = None if noise_shape is None else _noise_shape(noise_shape)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        return self.dropped(inputs, self.noise_shape) if training and self.rate > 0 else inputs

    def dropped(self, inputs: Tensor, noise_shape: Any) -> Tensor:
        """Return the inputs with some set to 0 and the others scaled."""
        if self.rate == 1:
            return inputs * 0
        return where(self.kept(inputs, self.rate, noise_shape), inputs * (1 / (1 - self.rate)), 0.0)


class SpatialDropout1D(Dropout):
    """Dropout of whole features: one mask for all time steps (Tompson et al. 2015, section 3.2).

    Args:
        rate: the share of features dropped, 0 to 1.
        seed: for the same masks in every run.
        name: a name.
        dtype: of inputs and outputs.

    Shapes:
        (batch, steps, features) to the same.
    """

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        return self.dropped(inputs, (None, 1, None)) if training and self.rate > 0 else inputs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "dtype": self.dtype}


class AlphaDropout(Noise):
    """Dropout that keeps mean and variance of what selu gives (Klambauer et al. 2017, section 3).

    In training, each input is set to selu's lower limit with probability `rate`; then all are scaled and shifted.

    Args:
        rate: the share of inputs dropped, 0 to 1.
        noise_shape: the shape of the random mask, with 1 where it is shared along an axis.
        seed: for the same masks in every run.
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = self.strength("rate", rate)
        self.noise_shape = noise_shape

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return inputs * 0
        lowest = -SELU_ALPHA * SELU_SCALE
        scale = ((1 - self.rate) * (1 + self.rate * lowest**2)) ** -0.5
        return (
            scale * where(self.kept(inputs, self.rate, self.noise_shape), inputs, lowest) - scale * lowest * self.rate
        )


class GaussianDropout(Noise):
    """In training, inputs times normal numbers of mean 1 and variance rate / (1 - rate).

    Srivastava et al. 2014, section 10.

    Args:
        rate: the rate of the dropout whose variance the noise has, at least 0 and below 1.
        seed: for the same noise in every run.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = self.strength("rate", rate)
        if rate == 1:
            raise DataError("GaussianDropout's noise has no limit at rate 1.", "make the rate smaller.")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        noise = self.drawn("standard_normal", inputs.value.shape) * math.sqrt(self.rate / (1 - self.rate))
        return inputs * cast(1 + noise, self.dtype)


class GaussianNoise(Noise):
    """In training, inputs plus normal numbers of mean 0.

    Args:
        stddev: the standard deviation of the noise, 0 to 1.
        seed: for the same noise in every run.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev = self.strength("stddev", stddev)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.stddev == 0:
            return inputs
        return inputs + cast(self.drawn("standard_normal", inputs.value.shape) * self.stddev, self.dtype)


class ActivityRegularization(Weightless):
    """The inputs, which add l1 * sum |x| + l2 * sum x^2, divided by the batch size, to the loss.

    Args:
        l1: the factor of the sum of absolute values.
        l2: the factor of the sum of squares.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def call(self, inputs: Tensor) -> Tensor:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        config = super().get_config()
        del config["activity_regularizer"]
        return config


def _noise_shape(shape: Any) -> tuple[int | None, ...]:
    sizes = tuple(shape) if isinstance(shape, (list, tuple)) else ()
    if not sizes or not all(n is None or (isinstance(n, int) and n > 0) for n in sizes):
        raise DataError(f"noise_shape is made of sizes or None; got {shape!r}.", "write (None, 1, 4), say.")
    return sizes
