"""The layers."""

from typing import Any

from klods.keras.configuration import by_name, resolve, serialize
from klods.keras.layers.dense import Dense
from klods.keras.layers.layer import Layer
from klods.keras.layers.simple import Activation, Dropout, Flatten, Input, InputLayer
from klods.keras.layers.spec import InputSpec
from klods.missing import reporter

KNOWN = by_name(Activation, Dense, Dropout, Flatten, InputLayer)


def deserialize(config: Any) -> Layer:
    """Return the layer that a configuration describes, with new weights.

    Raises:
        NameUnknownError: for a layer that klods doesn't have.
    """
    return resolve("layer", config, KNOWN)


__all__ = [
    "Activation",
    "Dense",
    "Dropout",
    "Flatten",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "deserialize",
    "serialize",
]
__getattr__ = reporter(__name__)
