"""Model, a layer that can be trained and saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klods.errors import DataError
from klods.keras.layers.layer import Layer
from klods.keras.models import archive, summary
from klods.keras.models.trainer import Trainer


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
        """The layers that are set as attributes, in order."""
        return [item for item in self._tracked if isinstance(item, Layer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer of a name, or at an index.

        Raises:
            DataError: if there is none.
        """
        if index is not None:
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise DataError(
            f"Model '{self.name}' has no layer '{name}'.",
            f"its layers are {', '.join(layer.name for layer in self.layers)}.",
        )

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
        archive.write_model(self, filepath, overwrite)
