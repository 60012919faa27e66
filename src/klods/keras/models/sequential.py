"""Sequential, a model that is a stack of layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from klods.errors import DataError, KlodsError, ShapeError
from klods.keras.configuration import serialize
from klods.keras.layers import deserialize
from klods.keras.layers.layer import Layer
from klods.keras.layers.simple import InputLayer
from klods.keras.models.model import Model


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
        self._input: InputLayer | None = None
        self._stack: list[Layer] = []
        for layer in layers or []:
            self._append(layer)
        self._build_if_known()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Raises:
            DataError: if it is no layer, or its name is taken.
        """
        self._append(layer)
        if rebuild:
            self._build_if_known()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the topmost layer off and return it."""
        if not self._stack:
            raise DataError(f"Model '{self.name}' has no layers to take off.")
        layer = self._stack.pop()
        self._untrack(layer)
        self.built = False
        if rebuild:
            self._build_if_known()
        return layer

    def _append(self, layer: Any) -> None:
        if isinstance(layer, InputLayer):
            if self._stack or self._input is not None:
                raise DataError(f"Model '{self.name}' already has a first layer.", "put the Input first, and only one.")
            self._input = layer
            return
        if not isinstance(layer, Layer):
            raise DataError(f"Sequential takes layers; got {layer!r}.", "wrap a function in layers.Activation.")
        if any(layer.name == other.name for other in self._stack):
            raise DataError(f"Two layers are named '{layer.name}'.", "give each layer a name of its own.")
        if not self._stack and self._input is None and layer._first_shape is not None:
            self._input = InputLayer(layer._first_shape)
        self._stack.append(layer)
        self._track(layer)
        self.built = False

    def _build_if_known(self) -> None:
        if self._input is not None and self._stack:
            self.build(self._input.batch_shape)

    def build(self, input_shape: Any = None) -> None:
        shape = tuple(input_shape) if input_shape is not None else self._known_input_shape()
        for layer in self._stack:
            try:
                if not layer.built:
                    layer.build(shape)
                _check_shape(layer, shape)
                shape = tuple(layer.compute_output_shape(shape))
            except KlodsError as error:
                raise _naming(error, layer) from None
        self._output_shape = shape

    def _known_input_shape(self) -> Any:
        if self._input is None:
            raise DataError(
                f"Model '{self.name}' can't be built without the shape of its inputs.",
                "call model.build((None, 784)), say, or put an Input first.",
            )
        return self._input.batch_shape

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        for layer in self._stack:
            inputs = layer(inputs)
        return inputs

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the Input."""
        return list(self._stack)

    @property
    def input_shape(self) -> Any:
        """The shape of the inputs, None standing for the batch; known once built."""
        return self._build_shape if self.built else self._known_input_shape()

    @property
    def output_shape(self) -> Any:
        """The shape of the outputs, None standing for the batch; known once built."""
        if not self.built:
            raise DataError(f"Model '{self.name}' has no output shape before it is built.", "call model.build first.")
        return self._output_shape

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = input_shape
        for layer in self._stack:
            shape = layer.compute_output_shape(shape)
        return shape

    def get_config(self) -> dict[str, Any]:
        """Return the name and the layers as plain data."""
        first = [] if self._input is None else [serialize(self._input)]
        return {"name": self.name, "trainable": self.trainable, "layers": first + [serialize(x) for x in self._stack]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Sequential:
        """Return the model that a configuration describes, with new weights."""
        return cls([deserialize(layer) for layer in config["layers"]], name=config.get("name"))


def _check_shape(layer: Layer, shape: Any) -> None:
    if layer.input_spec is not None and not layer.input_spec.accepts(shape):
        raise ShapeError(
            f"Layer '{layer.name}' got inputs of shape {shape}, expected {layer.input_spec}.",
            "put a layer before it that gives this shape, such as Flatten.",
        )


def _naming(error: KlodsError, layer: Layer) -> KlodsError:
    if layer.name in error.what:
        return error
    return type(error)(f"Layer '{layer.name}': {error.what}", error.mend)
