"""Input, where a model begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.keras.layers.layer import Layer
from klods.keras.symbolic import KerasTensor, Node


class InputLayer(Layer):
    """The shape of one input, which lets a model build before it sees data.

    Args:
        shape: the shape of one input, without the batch.
        batch_size: the number of inputs in a batch, if it is always the same.
        dtype: of the inputs.
        batch_shape: the shape of a batch of inputs, instead of shape and batch_size.
        input_shape: older programs' name for `shape`.
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
        input_shape: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        shape = input_shape if shape is None else shape
        if (shape is None) == (batch_shape is None):
            raise DataError("An Input takes a shape, or a batch_shape.", "write Input((784,)), say.")
        given = batch_shape if shape is None else shape
        if not isinstance(given, Iterable):
            raise ShapeError(f"An Input's shape is a tuple of sizes; got {given!r}.", f"write ({given},) instead.")
        sizes = given if shape is None else (batch_size, *shape)
        if not all(n is None or (isinstance(n, (int, np.integer)) and n >= 0) for n in sizes):
            raise ShapeError(f"An Input's shape is made of whole numbers or None; got {sizes!r}.", "write (784,), say.")
        self.shape = self.batch_shape = tuple(sizes)
        self.built = True

    @property
    def output(self) -> KerasTensor:
        """What stands for the input in a model."""
        if nodes := self.nodes:
            return nodes[0].outputs
        tensor = KerasTensor(self.shape, self.dtype, self.name)
        Node(self, (), {}, tensor)
        return tensor

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
) -> KerasTensor:
    """Return what stands for an input of a model; see `InputLayer` for the arguments.

    Layers called on it give further placeholders; see `klods.keras.Model`. A Sequential model takes it first.

    Example:
        >>> import klods
        >>> klods.keras.Input((784,)).shape
        (None, 784)
    """
    return InputLayer(shape, batch_size, dtype, batch_shape=batch_shape, name=name).output
