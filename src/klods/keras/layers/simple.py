"""The layers without weights: Input, Activation, Flatten, Dropout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods import random
from klods.errors import DataError, ShapeError
from klods.keras import activations
from klods.keras.layers.layer import Layer
from klods.keras.layers.spec import InputSpec, Shape
from klods.ops.comparison import where
from klods.ops.movement import reshape, transpose
from klods.tensor import Tensor


@dataclass(frozen=True)
class KerasTensor:
    """What goes into or comes out of a model: a shape and a dtype, without values.

    Attributes:
        shape: the shape of a batch, None standing for any size.
        dtype: the dtype's name.
        name: a name.
    """

    shape: Shape
    dtype: str
    name: str


class InputLayer(Layer):
    """The shape of one input, which lets a model build before it sees data.

    Args:
        shape: the shape of one input, without the batch.
        batch_size: the number of inputs in a batch, if it is always the same.
        dtype: of the inputs.
        batch_shape: the shape of a batch of inputs, instead of shape and batch_size.
        name: a name.

    Attributes:
        shape: the shape of a batch of inputs, None standing for any size.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        *,
        batch_shape: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if (shape is None) == (batch_shape is None):
            raise DataError("An Input takes a shape, or a batch_shape.", "write Input((784,)), say.")
        sizes = batch_shape if shape is None else (batch_size, *([shape] if isinstance(shape, int) else shape))
        if not all(n is None or (isinstance(n, (int, np.integer)) and n >= 0) for n in sizes):
            raise ShapeError(f"An Input's shape is made of whole numbers or None; got {sizes!r}.", "write (784,), say.")
        self.shape = self.batch_shape = tuple(sizes)
        self.built = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "name": self.name}


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    *,
    batch_shape: Any = None,
    name: str | None = None,
) -> InputLayer:
    """Return the input of a Sequential model; see `InputLayer`."""
    return InputLayer(shape, batch_size, dtype, batch_shape=batch_shape, name=name)


class Activation(Layer):
    """An activation function as a layer of its own."""

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Flatten(Layer):
    """One row per input: (batch, a, b, ...) to (batch, a * b * ...).

    Args:
        data_format: `channels_last`, or `channels_first` to move axis 1 to the end first.

    Example:
        >>> import klods
        >>> klods.keras.layers.Flatten()(klods.zeros((5, 28, 28))).shape
        TensorShape([5, 784])
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format not in (None, "channels_last", "channels_first"):
            raise DataError(f"There is no data_format {data_format!r}.", "use channels_last or channels_first.")
        self.data_format = data_format or "channels_last"
        self.input_spec = InputSpec(min_ndim=1)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = transpose(inputs, [0, *range(2, inputs.ndim), 1])
        return reshape(inputs, (inputs.value.shape[0], math.prod(inputs.value.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))


class Dropout(Layer):
    """In training, each input is set to 0 with probability `rate` and the others scaled by 1 / (1 - rate).

    Srivastava et al. 2014, section 10 (the scaled form). Outside training the inputs pass unchanged.

    Args:
        rate: the share of inputs dropped, at least 0 and below 1.
        noise_shape: the shape of the random mask, with 1 where it is shared along an axis.
        seed: for the same masks in every run.
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(rate, (int, float, np.number)) or not 0 <= rate <= 1:
            raise DataError(f"Dropout's rate is a share between 0 and 1; got {rate!r}.", "write Dropout(0.5).")
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed
        self.built = True
        self._generator = None if seed is None else np.random.default_rng(seed)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return inputs * 0
        shape = inputs.value.shape
        sizes = tuple(n if m is None else m for n, m in zip(shape, self.noise_shape or shape))
        kept = random.drawn(lambda: self._source().random(sizes, np.float32), sizes, np.float32) >= self.rate
        return where(kept, inputs * (1 / (1 - self.rate)), 0.0)

    def _source(self) -> np.random.Generator:
        return random.generator() if self._generator is None else self._generator

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
