"""Model, a layer that can be trained and saved."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from klods.errors import AbsentError, DataError
from klods.keras.layers.layer import Layer
from klods.keras.layers.shapes import shapes
from klods.keras.models import summary, wiring
from klods.keras.models.functional import Network
from klods.keras.models.outputs import at, paths
from klods.keras.models.trainer import Trainer
from klods.keras.registration import custom_object_scope
from klods.keras.room import take_room
from klods.keras.saving import archive, weight_files
from klods.keras.saving.serialization import deserialize_keras_object, serialize_keras_object
from klods.keras.symbolic import KerasTensor


class Model(Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate` and `predict`.

    Make one of what lies between an Input and what layers give for it, or subclass it and define `call`.

    Args:
        inputs: placeholders, such as `Input` gives, in any structure; none for a subclass with a `call`.
        outputs: what layers and functions of klods gave for them, in any structure.
        name: a name.
        kwargs: the other arguments of `Layer`.

    Raises:
        StateError: for outputs that depend on an Input that isn't among the inputs.

    Example:
        >>> import klods
        >>> x = klods.keras.Input((784,))
        >>> y = klods.keras.layers.Dense(10)(klods.keras.layers.Dense(64, "relu")(x))
        >>> klods.keras.Model(x, y).output_shape
        (None, 10)
        >>> import klods
        >>> class Twice(klods.keras.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = klods.keras.layers.Dense(3)
        ...     def call(self, inputs):
        ...         return 2 * self.dense(inputs)
        >>> Twice()(klods.ones((4, 2))).shape
        TensorShape([4, 3])
    """

    _network: Network | None = None
    own_calls = 0  # calls that Keras counts before those on placeholders: a model of placeholders is called once

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(Functional if cls is Model and (args or "inputs" in kwargs) else cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = {**dict(zip(("inputs", "outputs", "name"), args)), **kwargs}
        inputs, outputs = given.pop("inputs", None), given.pop("outputs", None)
        super().__init__(**given)
        if inputs is not None or outputs is not None:
            self._connect(Network(inputs, outputs, self.name))

    def _connect(self, network: Network) -> None:
        self._network, self.own_calls = network, 1
        for layer in network.layers:
            self.track(layer)
        self._mark_built(shapes(network.inputs))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the outputs for the inputs; a model of your own computes here.

        Of outputs that are a list or tuple of one it is that one, as in Keras.
        """
        if self._network is None:
            raise NotImplementedError(f"{type(self).__name__} has no `call`.")
        outputs = self._network.run(inputs)
        return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Return placeholders for the outputs."""
        if self._network is None:
            return super().compute_output_spec(inputs, *args, **kwargs)
        return self._network.specs(inputs)

    def _pass_mask(self, inputs: Any, outputs: Any, mask: Any) -> None:
        """Leave the outputs' masks as the layers inside made them."""

    @property
    def input(self) -> Any:
        """What stands for the inputs, in their structure."""
        network = self._ends()
        return super().input if network is None else network.inputs

    @property
    def output(self) -> Any:
        """What stands for the outputs, in their structure."""
        network = self._ends()
        return super().output if network is None else network.outputs

    @property
    def inputs(self) -> list[KerasTensor]:
        """What stands for the inputs, in a list."""
        return list(self.known_network("inputs").flat_inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """What stands for the outputs, in a list."""
        return list(self.known_network("outputs").flat_outputs)

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs: those of the layers that give them."""
        outputs = self.known_network("output_names").outputs
        return [at(outputs, path).node.operation.name for path in paths(outputs)]

    @property
    def input_shape(self) -> Any:
        """The shape of the input, None standing for the batch; of several, a list of theirs."""
        return _one_or_all([x.shape for x in self.known_network("input_shape").flat_inputs])

    @property
    def output_shape(self) -> Any:
        """The shape of the output, None standing for the batch; of several, a list of theirs."""
        return _one_or_all([x.shape for x in self.known_network("output_shape").flat_outputs])

    def _graph(self) -> Network | None:
        """Return the calls between inputs and outputs, if they are known."""
        return self._network

    def _ends(self) -> Network | None:
        """Return the calls that `input` and `output` end; None if these are those of a call of the model.

        As in Keras, a Sequential model that was called in another stands there for that call.
        """
        return None if self.nodes and not self.own_calls else self._graph()

    def known_network(self, role: str) -> Network:
        """Return the calls between inputs and outputs.

        Raises:
            AbsentError: if they aren't known; it says that the model has no `role`.
        """
        network = self._graph()
        if network is None:
            raise AbsentError(
                f"Model '{self.name}' has no {role}: what it computes is known at its call alone.",
                "make it of an Input and what layers give for it.",
            )
        return network

    def get_config(self) -> dict[str, Any]:
        """Return the layers and their calls as plain data; of a subclass with arguments of its own, its arguments."""
        if self._network is None or not takes_placeholders(type(self)):
            return super().get_config()
        return {"name": self.name, "trainable": self.trainable, **wiring.described(self._network)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return the model that a configuration describes, with new weights.

        Args:
            config: what `get_config` gives.
            custom_objects: classes of one's own by name, beyond those registered.
        """
        with custom_object_scope(custom_objects):
            if not {"layers", "input_layers", "output_layers"} <= config.keys():
                return super().from_config(config)
            inputs, outputs = wiring.connected(config, deserialize_keras_object)
        options = {name: x for name, x in config.items() if name not in ("layers", "input_layers", "output_layers")}
        return cls(inputs, outputs, **options)

    @property
    def layers(self) -> list[Layer]:
        """The layers that it is made of: those between inputs and outputs, or those set as attributes, in order."""
        if self._network is not None:
            return self._network.layers
        return [part for part in self.parts() if isinstance(part, Layer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer of a name, or at an index.

        Raises:
            DataError: if there is none, or both are given.
        """
        if name is not None and index is not None:
            raise DataError(f"get_layer takes a name or an index; got {name!r} and {index!r}.", "leave one out.")
        layers = self.layers
        if index is not None and -len(layers) <= index < len(layers):
            return layers[index]
        for layer in layers:
            if index is None and layer.name == name:
                return layer
        wanted = f"named {name!r}" if index is None else f"at index {index}"
        known = ", ".join(layer.name for layer in layers) or "none"
        raise DataError(f"Model '{self.name}' has no layer {wanted}.", f"its layers are {known}.")

    def build(self, input_shape: Any = None) -> None:
        """Make the weights, by a call on zeros of this shape, in which None stands for any size."""
        if self._network is not None:
            return
        self._mark_built(input_shape)  # the call need not build it
        try:
            sizes = [1 if n is None else n for n in input_shape]
            take_room(f"Model '{self.name}' wants to be built for inputs of shape {tuple(input_shape)}", *sizes)
            self(np.zeros(sizes, self._dtype))
        except BaseException:
            self.built = False
            raise

    def _build_for(self, input_shape: Any) -> None:
        if type(self).build is Model.build:
            self._mark_built(input_shape)  # the call to come builds the layers
        else:
            super()._build_for(input_shape)

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print the layers with their output shapes and numbers of weights, and where their inputs come from.

        Args:
            line_length: the characters of a line; what the terminal has by default, but at most 88, or 108.
            positions: where each column ends, as a share of the line.
            print_fn: what to call on the text instead of printing it.
            expand_nested: whether to list the layers inside layers.
            show_trainable: whether to tell which layers train.
            layer_range: two names, or patterns of names: the layers from the first to the last that they match.

        Raises:
            DataError: if layer_range names no layers.
        """
        text = summary.text(self, line_length, positions, expand_nested, show_trainable, layer_range)
        (print_fn or print)(text)

    def _repr_html_(self) -> str:
        return summary.html(self)

    def save(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the model to a `.keras` file, or an old `.h5` file: its layers, weights, and how it is trained.

        Raises:
            FileError: if the file can't be written; what stood there before stays.
        """
        archive.save_model(self, filepath, overwrite)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights, and what the optimizer keeps beside them, to a `.weights.h5` or `.safetensors` file.

        Raises:
            FileError: if the file can't be written; what stood there before stays.
        """
        weight_files.save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Set all weights from a file of a model with the same layers, or none of them.

        Args:
            filepath: a `.weights.h5`, `.safetensors`, `.keras` or old `.h5` file.
            skip_mismatch: whether layers whose weights don't fit keep theirs, with a warning.

        Raises:
            FileError: if the file is missing or damaged, or holds other weights; the model is as it was then.
        """
        weight_files.load_weights(self, filepath, skip_mismatch)

    def export(self, filepath: Any, format: str = "onnx") -> None:
        """Write what the model computes in prediction to a file that other programs run.

        Args:
            filepath: the file.
            format: `onnx`, the only one.

        Raises:
            DataError: for another format, or a model that computes what the format can't hold.
            FileError: if the file can't be written; what stood there before stays.
        """
        if format != "onnx":
            raise DataError(f"klods doesn't export {format!r}.", "use format='onnx'; save keeps it for Keras.")
        from klods.keras.export import export_onnx  # with a table of all operators

        export_onnx(self, filepath)

    def to_json(self, **options: Any) -> str:
        """Return the model's layers as JSON, for `keras.models.model_from_json`; options are those of `json.dumps`."""
        return json.dumps(serialize_keras_object(self), **options)


class Functional(Model):
    """What `Model(inputs, outputs)` gives: the layers between placeholders."""

    described_as = ("keras.src.models.functional", "Functional")


def _one_or_all(given: list[Any]) -> Any:
    return given[0] if len(given) == 1 else given


def takes_placeholders(cls: type[Model]) -> bool:
    """Tell whether a class is made of inputs and outputs, as `Model` is."""
    return cls.__init__ is Model.__init__ or [*inspect.signature(cls.__init__).parameters][1:3] == ["inputs", "outputs"]
