"""Model, a layer that can be trained and saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.keras.export import export_onnx
from klods.keras.layers.layer import Layer
from klods.keras.models import summary
from klods.keras.models.trainer import Trainer
from klods.keras.saving import archive, weights
from klods.keras.saving.serialization import serialize_keras_object


class Model(Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate` and `predict`. Subclass it and define `call`.

    Example:
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

    @property
    def layers(self) -> list[Layer]:
        """The layers that are set as attributes, also in lists and dicts, in order."""
        return [part for part in self.parts() if isinstance(part, Layer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer of a name, or at an index.

        Raises:
            DataError: if there is none.
        """
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
        self._mark_built(input_shape)  # the call need not build it
        try:
            self(np.zeros([1 if n is None else n for n in input_shape], self._dtype))
        except BaseException:
            self.built = False
            raise

    def _build_for(self, input_shape: Any) -> None:
        if type(self).build is Model.build:
            self._mark_built(input_shape)  # the call to come builds the layers
        else:
            super()._build_for(input_shape)

    def summary(self, line_length: int | None = None, print_fn: Callable[[str], Any] | None = None) -> None:
        """Print the layers with their output shapes and numbers of weights."""
        (print_fn or print)(summary.text(self, line_length))

    def _repr_html_(self) -> str:
        return summary.html(self)

    def save(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the model to a `.keras` file: its layers, weights, and how it is trained.

        Raises:
            FileError: if the file can't be written; what stood there before stays.
        """
        archive.save_model(self, filepath, overwrite)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights, and what the optimizer keeps beside them, to a `.weights.h5` or `.safetensors` file.

        Raises:
            FileError: if the file can't be written; what stood there before stays.
        """
        weights.save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Set all weights from a file of a model with the same layers, or none of them.

        Args:
            filepath: a `.weights.h5`, `.safetensors`, `.keras` or old `.h5` file.
            skip_mismatch: whether layers whose weights don't fit keep theirs, with a warning.

        Raises:
            FileError: if the file is missing or damaged, or holds other weights; the model is as it was then.
        """
        weights.load_weights(self, filepath, skip_mismatch)

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
        export_onnx(self, filepath)

    def to_json(self, **options: Any) -> str:
        """Return the model's layers as JSON, for `keras.models.model_from_json`; options are those of `json.dumps`."""
        return json.dumps(serialize_keras_object(self), **options)
