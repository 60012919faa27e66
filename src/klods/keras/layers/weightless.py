"""Weightless, the base of the layers that keep the shape and have no weights."""

from __future__ import annotations

from typing import Any

from klods.keras.layers.layer import Layer


class Weightless(Layer):
    """Base of layers without weights, whose outputs have the shape and the mask of their inputs.

    They are built from the start, unless a subclass has a `build` of its own.
    """

    supports_masking = True
    built = True

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if "build" in vars(cls):
            cls.built = False

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
