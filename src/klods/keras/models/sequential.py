"""Sequential, a model that is a stack of layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from klods.errors import AbsentError, DataError, ShapeError
from klods.keras.configuration import dtype_policy, serialize
from klods.keras.layers import deserialize
from klods.keras.layers.layer import Layer
from klods.keras.layers.simple import InputLayer
from klods.keras.layers.spec import InputSpec
from klods.keras.masks import mask_of, put_mask
from klods.keras.models.functional import Network, of_rank
from klods.keras.models.model import Model
from klods.keras.symbolic import KerasTensor
from klods.tensor import Tensor, convert_to_tensor


class Sequential(Model):
    """A stack of layers, each fed with the output of the one before.

    With an `Input` first (or `input_shape` in the first layer) the weights are made at once, otherwise at the first
    call.

    Args:
        layers: the layers, in order; more are added with `add`.
        trainable: whether training changes the weights.
        name: a name.

    Example:
        >>> import klods
        >>> model = klods.keras.Sequential([
        ...     klods.keras.Input((784,)),
        ...     klods.keras.layers.Dense(512, activation="relu"),
        ...     klods.keras.layers.Dense(10, activation="softmax"),
        ... ])
        >>> model.output_shape, model.count_params()
        ((None, 10), 407050)
    """

    def __init__(self, layers: Sequence[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(name=name, trainable=trainable)
        if not isinstance(layers, (list, tuple, type(None))):
            raise DataError(f"Sequential takes a list of layers; got {layers!r}.", "write Sequential([layer, ...]).")
        self._input: InputLayer | None = None
        self._stack: list[Layer] = []
        self._outputs: list[Any] = []  # what stands for the output of each layer, once built
        for layer in layers or []:
            self._append(layer)
        self._build_if_known()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Raises:
            DataError: if it is no layer, or its name is taken.
            ShapeError: if it doesn't accept what the layer below gives; the model is as it was then.
        """
        before, height = (self._input, self.built, self._network), len(self._stack)
        self._append(layer)
        try:
            if rebuild:
                self._build_if_known()
        except BaseException:
            del self._stack[height:]
            self._input, self.built, self._network = before
            raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the topmost layer off and return it.

        Raises:
            DataError: if there is none.
        """
        if not self._stack:
            raise DataError(f"Model '{self.name}' has no layers to take off.", "add one first.")
        layer = self._stack.pop()
        self._outputs = self._outputs[: len(self._stack)]
        self.built, self._network = False, None
        if rebuild:
            self._build_if_known()
        return layer

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor):
            layer = layer.node.operation
        if isinstance(layer, InputLayer):
            if self._stack or self._input is not None:
                raise DataError(f"Model '{self.name}' already has a first layer.", "put the Input first, and only one.")
            self._input = layer
            return
        if not isinstance(layer, Layer):
            raise DataError(f"Sequential takes layers; got {layer!r}.", "wrap a function in layers.Activation.")
        if self in layer.flattened():
            raise DataError(f"Model '{self.name}' can't be a layer of itself; '{layer.name}' holds it.", "add another.")
        if any(layer.name == other.name and layer is not other for other in self._stack):
            raise DataError(f"Two layers are named '{layer.name}'.", "give each layer a name of its own.")
        if not self._stack and self._input is None:
            self._input = _known_input(layer)
        self._stack.append(layer)
        self.built, self._network = False, None

    def _build_if_known(self) -> None:
        if self._input is not None and self._stack:
            self.build()

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape, in which None stands for any size.

        Raises:
            ShapeError: if a layer doesn't accept what the one before gives.
            DataError: if there are no layers, or no shape is known.
        """
        if not self._stack:
            raise DataError(f"Model '{self.name}' has no layers.", "add one.")
        first = self._first_input(input_shape) if self._input is None else self._input
        shape = first.shape
        if input_shape is not None and not InputSpec(shape=shape).accepts(tuple(input_shape)):
            raise ShapeError(
                f"Model '{self.name}' has inputs of shape {shape}; got {tuple(input_shape)}.", "leave the shape out."
            )
        outputs = list(self._outputs)
        for layer in self._stack[len(outputs) :]:
            outputs.append(layer(outputs[-1] if outputs else first.output))
        self._input, self._outputs, self._build_shape = first, outputs, shape

    def _first_input(self, input_shape: Any) -> InputLayer:
        if not isinstance(input_shape, Iterable):
            raise DataError(
                f"Model '{self.name}' needs the shape of its inputs; got {input_shape!r}.",
                "call model.build((None, 784)), say, or put an Input first.",
            )
        return InputLayer(batch_shape=tuple(input_shape))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._input is not None:
            inputs = self._fitted(inputs, self._input)
        for layer in self._stack:
            inputs = layer(inputs)
        return inputs

    def _fitted(self, inputs: Any, wanted: InputLayer) -> Any:
        """Return the input, which may stand in a list, in the dtype and with the number of axes that the model has."""
        if isinstance(inputs, (list, tuple)) and len(inputs) == 1:
            inputs = inputs[0]
        if not isinstance(inputs, Tensor):
            return inputs
        fitted = inputs if inputs.value.dtype.kind in "fS" else convert_to_tensor(inputs, wanted.dtype)
        fitted = of_rank(fitted, wanted.shape)
        if fitted.ndim != len(wanted.shape):
            raise ShapeError(
                f"Model '{self.name}' takes inputs of shape {wanted.shape}; got {inputs.value.shape}.",
                "reshape the inputs (layers.Flatten makes rows), or make a model for inputs of this shape.",
            )
        put_mask(fitted, mask_of(inputs))
        return fitted

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the Input."""
        return list(self._stack)

    @property
    def built_in_input(self) -> InputLayer | None:
        """The Input that the model begins with, if it is known."""
        return self._input

    def _graph(self) -> Network | None:
        if self._network is None and self.built and self._outputs:
            self._network = Network(self._input.output, self._outputs[-1], self.name)  # type: ignore[union-attr]
        return self._network

    def known_network(self, role: str) -> Network:
        if not self.built:
            raise AbsentError(f"Model '{self.name}' has no {role} before it is built.", "call it or build it first.")
        return super().known_network(role)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = input_shape
        for layer in self._stack:
            layer.check_shape(shape)
            shape = layer.compute_output_shape(shape)
        return shape

    def get_config(self) -> dict[str, Any]:
        """Return the name and the layers as plain data."""
        first = [] if self._input is None else [self._input]
        config = {"name": self.name, "trainable": self.trainable, "dtype": dtype_policy(self.dtype)}
        config["layers"] = [serialize(layer) for layer in [*first, *self._stack]]
        return {**config, "build_input_shape": self._build_shape} if self.built else config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Sequential:
        """Return the model that a configuration describes, with new weights; see `Model.from_config`."""
        layers = [deserialize(layer, custom_objects) for layer in config["layers"]]
        model = cls(layers, config.get("trainable", True), config.get("name"))
        if not model.built and config.get("build_input_shape") and model._stack:
            model.build(config["build_input_shape"])
        return model


def _known_input(layer: Layer) -> InputLayer | None:
    """Return the Input that the first layer of a model brings with it."""
    if isinstance(layer, Sequential) and layer._input is not None:
        return InputLayer(batch_shape=layer._input.shape)
    return None if layer._first_shape is None else InputLayer(layer._first_shape)
