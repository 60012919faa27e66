"""Layers around other things: TimeDistributed around a layer, Lambda around a function."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from klods.errors import DataError, ShapeError
from klods.keras.configuration import dtype_policy, resolve
from klods.keras.layers.batch_normalization import BatchNormalization
from klods.keras.layers.layer import Layer
from klods.keras.layers.shapes import shapes, specs
from klods.keras.symbolic import outputs_of
from klods.ops.movement import reshape, stack
from klods.tensor import Tensor, convert_to_tensor


class TimeDistributed(Layer):
    """A layer applied to each time step by itself, with the same weights.

    Each step of all samples is a batch. Through a layer that is known to look at each sample by itself, which are those
    of klods but BatchNormalization and Lambda, all steps go as one, for that takes less time.

    Args:
        layer: the layer.

    Shapes:
        (batch, steps, ...) to (batch, steps, what the layer gives).

    Raises:
        DataError: for what is no layer.

    Example:
        >>> import klods
        >>> klods.keras.layers.TimeDistributed(klods.keras.layers.Dense(2))(klods.zeros((5, 10, 3))).shape
        TensorShape([5, 10, 2])
    """

    supports_masking = True

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise DataError(f"TimeDistributed takes a layer; got {layer!r}.", "write TimeDistributed(Dense(10)), say.")
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any) -> None:
        inner = self._inner_shape(input_shape)
        if not self.layer.built:
            self.layer.build(inner)

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        shape = inputs.value.shape
        self._inner_shape(shape)
        masked = None if mask is None else self._masked(convert_to_tensor(mask), shape)
        if shape[1] and not all(map(_looks_at_samples, self.layer.flattened())):
            masks = [None if masked is None else masked[:, i] for i in range(shape[1])]
            return stack([self._step(inputs[:, i], mask) for i, mask in enumerate(masks)], 1)
        outputs = self._step(_together(inputs), None if masked is None else _together(masked))
        return reshape(outputs, (*shape[:2], *outputs.value.shape[1:]))

    def _step(self, inputs: Tensor, mask: Tensor | None) -> Tensor:
        return self.layer(inputs) if mask is None else self.layer(inputs, mask=mask)

    def _masked(self, mask: Tensor, shape: Any) -> Tensor | None:
        """Return the mask of the inputs, if the layer takes one."""
        if tuple(mask.value.shape[:2]) != tuple(shape[:2]):
            raise ShapeError(
                f"Layer '{self.name}' got a mask of shape {mask.value.shape} for inputs of shape {shape}.",
                "give a mask of shape (batch, steps).",
            )
        takes = "mask" in inspect.signature(self.layer.call).parameters
        return mask if takes else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        inner = self.layer.compute_output_shape(self._inner_shape(input_shape))
        return (input_shape[0], input_shape[1], *inner[1:])

    def _inner_shape(self, input_shape: Any) -> Any:
        if len(input_shape) < 3:
            raise ShapeError(
                f"Layer '{self.name}' takes inputs of at least 3 axes; got shape {tuple(input_shape)}.",
                "give (batch, steps, ...).",
            )
        return (None, *input_shape[2:])

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TimeDistributed:
        """Return the wrapper that a configuration describes, with new weights."""
        from klods.keras.layers import deserialize

        return cls(**{**config, "layer": deserialize(config["layer"])})


class Lambda(Layer):
    """A function of tensors as a layer.

    A file holds such a layer only if its function is registered (`keras.saving.register_keras_serializable`): klods
    never runs code from a file.

    Args:
        function: takes the inputs, and `training` and `mask` if it has such arguments.
        output_shape: the shape of one output, or a function of the inputs' shape; found by a call by default.
        mask: the mask of the outputs, or a function of inputs and their mask; none by default.
        arguments: further arguments of the function.

    Example:
        >>> import klods
        >>> klods.keras.layers.Lambda(lambda x: x ** 2)(klods.constant([3.])).numpy()
        array([9.], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise DataError(f"Lambda takes a function; got {function!r}.", "write Lambda(lambda x: x * 2), say.")
        self.function, self.arguments, self.mask = function, arguments or {}, mask
        self.given_output_shape = output_shape
        self.supports_masking = mask is not None
        self._wanted = set(inspect.signature(function).parameters) & {"mask", "training"}

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        options = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: options[name] for name in self._wanted})

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask that was given, or what the function of masks gives."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self.given_output_shape is None:
            return shapes(outputs_of(self.call, (specs(input_shape, self.dtype),), {}, []))
        if callable(self.given_output_shape):
            return self.given_output_shape(input_shape)
        batch = input_shape[0][0] if isinstance(input_shape[0], (list, tuple)) else input_shape[0]
        return (batch, *self.given_output_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, functions as they are."""
        own = {"function": self.function, "output_shape": self.given_output_shape, "mask": self.mask}
        config = {"name": self.name, "trainable": self.trainable, "dtype": dtype_policy(self.dtype)}
        return {**config, **{name: x for name, x in own.items() if x is not None}, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Lambda:
        """Return the layer that a configuration describes, whose functions are functions, or registered ones.

        Raises:
            DataError: for a function that stands as code in a file.
        """
        kind = f"function of layer '{config.get('name', 'lambda')}'"
        said = {key: config.get(key) for key in ("function", "output_shape", "mask")}
        found = {key: resolve(kind, x, {}) if isinstance(x, (Mapping, str)) else x for key, x in said.items()}
        return super().from_config({**config, **found})


def _looks_at_samples(layer: Any) -> bool:
    """Tell whether it is known of a layer that its outputs for a sample don't depend on others of the batch."""
    return type(layer).__module__.startswith(__package__) and not isinstance(layer, (BatchNormalization, Lambda))


def _together(x: Tensor) -> Tensor:
    """Return the steps of all samples as one batch."""
    batch, steps, *rest = x.value.shape
    return reshape(x, (math.prod((batch, steps)), *rest))
