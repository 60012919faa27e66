"""Saving models to files and loading them."""

from klods.keras.registration import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from klods.keras.saving.archive import load_model, save_model
from klods.keras.saving.serialization import deserialize_keras_object, serialize_keras_object
from klods.keras.saving.weight_files import load_weights, save_weights
from klods.missing import reporter

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
__getattr__ = reporter(__name__)
