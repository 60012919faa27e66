"""Layers that move, repeat or pass inputs without computing on them."""

from __future__ import annotations

import math
from typing import Any

from klods.errors import DataError, ShapeError
from klods.keras.layers.layer import Layer
from klods.keras.layers.spec import InputSpec
from klods.keras.layers.weightless import Weightless
from klods.ops.comparison import not_equal, where
from klods.ops.movement import broadcast_to, reshape, reshaped, transpose
from klods.ops.reduction import reduce_any
from klods.tensor import Tensor


class Identity(Weightless):
    """The inputs as they are."""

    def call(self, inputs: Any) -> Any:
        return inputs


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


class Reshape(Layer):
    """Each input in another shape.

    Args:
        target_shape: the new shape of one input, without the batch; one size may be -1.

    Raises:
        DataError: for a shape that is none.
        ShapeError: at the call, for inputs of another number of elements.

    Example:
        >>> import klods
        >>> klods.keras.layers.Reshape((2, -1))(klods.zeros((5, 6))).shape
        TensorShape([5, 2, 3])
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = tuple(target_shape) if isinstance(target_shape, (list, tuple)) else (None,)
        if not all(isinstance(n, int) and n >= -1 for n in sizes) or sizes.count(-1) > 1:
            raise DataError(
                f"Reshape's target_shape is made of sizes, of which one may be -1; got {target_shape!r}.",
                "write Reshape((28, 28)), say.",
            )
        self.target_shape = sizes
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        return reshape(inputs, self.compute_output_shape(inputs.value.shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *rest = input_shape
        if None in rest:
            return (batch, *(None if n == -1 else n for n in self.target_shape))
        try:
            return (batch, *reshaped(tuple(rest), self.target_shape))
        except ShapeError as error:
            raise ShapeError(f"Layer '{self.name}': {error.what}", error.mend) from None


class Permute(Layer):
    """Each input with its axes in another order.

    Args:
        dims: the axes in their new order, counted from 1.

    Raises:
        DataError: if an axis is missing or stands twice.

    Example:
        >>> import klods
        >>> klods.keras.layers.Permute((2, 1))(klods.zeros((5, 3, 4))).shape
        TensorShape([5, 4, 3])
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise DataError(f"Permute names each axis once, counted from 1; got {self.dims}.", "write Permute((2, 1)).")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        return transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


class RepeatVector(Layer):
    """Each input, a row, n times: (batch, width) to (batch, n, width).

    Args:
        n: how often.

    Raises:
        DataError: if n is no whole number above 0.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise DataError(f"RepeatVector takes a whole number, 1 or more; got {n!r}.", "write RepeatVector(3).")
        self.n = n
        self.input_spec = InputSpec(ndim=2)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        batch, width = inputs.value.shape
        return broadcast_to(reshape(inputs, (batch, 1, width)), (batch, self.n, width))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.n, input_shape[1])


class Masking(Weightless):
    """Leaves out the time steps whose features all equal a value: their outputs are 0, their mask False.

    Args:
        mask_value: the value.

    Shapes:
        (batch, steps, features) to the same; the mask is (batch, steps).
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def call(self, inputs: Tensor) -> Tensor:
        return where(reduce_any(not_equal(inputs, self.mask_value), -1, True), inputs, 0)

    def compute_mask(self, inputs: Tensor, previous_mask: Any = None) -> Tensor:
        """Return which time steps are there."""
        return reduce_any(not_equal(inputs, self.mask_value), -1)
