"""The layers."""

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from klods.keras.configuration import by_name, resolve, serialize
from klods.keras.layers.dense import Dense
from klods.keras.layers.layer import Layer
from klods.keras.layers.simple import Activation, Dropout, Flatten, Input, InputLayer
from klods.keras.layers.spec import InputSpec
from klods.keras.registration import custom_object_scope
from klods.missing import reporter

KNOWN = by_name(Activation, Dense, Dropout, Flatten, InputLayer)


MODELS: dict[str, Any] = {}  # which are layers too; entered by `klods.keras.models`, which stands on this room
WITH_MODELS = ChainMap(KNOWN, MODELS)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """Return the layer or model that a configuration describes, with new weights.

    Args:
        config: the configuration.
        custom_objects: classes of one's own by name, beyond those registered.

    Raises:
        NameUnknownError: for a layer that is neither klods's nor registered.
    """
    with custom_object_scope(custom_objects):
        return resolve("layer", config, WITH_MODELS)


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
