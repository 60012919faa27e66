"""Objects from plain data: klods's own by Keras's names for them, and those registered. Nothing else is ever made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from klods.errors import DataError, KlodsError, NameUnknownError
from klods.keras import activations, constraints, initializers, layers, losses, metrics, optimizers, regularizers
from klods.keras.configuration import build_as_described, resolve, serialize
from klods.keras.registration import custom_object_scope
from klods.keras.saving.arrays import NUMBERS
from klods.tensor import convert_to_tensor

# The families of objects by Keras's modules: what one is called in errors, and the table of names.
FAMILIES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "keras.layers": ("layer", layers.WITH_MODELS),
    "keras.initializers": ("initializer", initializers.KNOWN),
    "keras.regularizers": ("regularizer", regularizers.KNOWN),
    "keras.constraints": ("constraint", constraints.KNOWN),
    "keras.activations": ("activation", activations.KNOWN),
    "keras.losses": ("loss", losses.KNOWN),
    "keras.metrics": ("metric", metrics.KNOWN),
    "keras.optimizers": ("optimizer", optimizers.KNOWN),
}
FUNCTIONS = {**metrics.KNOWN, **losses.KNOWN, **activations.KNOWN}  # which Keras names without their module


def serialize_keras_object(obj: Any) -> Any:
    """Return an object, or a structure of objects, as plain data in Keras 3's format.

    Raises:
        DataError: for what can't be described, such as a lambda.

    Example:
        >>> from klods import keras
        >>> keras.saving.serialize_keras_object(keras.initializers.Zeros())["class_name"]
        'Zeros'
    """
    described = serialize(obj, by_name=False)
    if getattr(obj, "compiled", False):
        return {**described, "compile_config": obj.get_compile_config()}
    return described


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Return what plain data describe, as `serialize_keras_object` gives it: objects, or structures of them.

    Only klods's own and registered classes are made. A lambda is refused, whatever `safe_mode` says.

    Args:
        config: the description.
        custom_objects: classes and functions of one's own by name, beyond those registered.
        safe_mode: accepted for Keras's sake.

    Raises:
        NameUnknownError: for a class or function that is neither klods's nor registered.
        DataError: for what describes nothing.

    Example:
        >>> from klods import keras
        >>> described = keras.saving.serialize_keras_object(keras.layers.Dense(3))
        >>> keras.saving.deserialize_keras_object(described).units
        3
    """
    with custom_object_scope(custom_objects):
        return _made(config)


def _made(config: Any) -> Any:
    """Return what plain data describe, inside a scope."""
    if isinstance(config, (list, tuple)):
        return [_made(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    if "class_name" not in config or "config" not in config:
        return {name: _made(item) for name, item in config.items()}
    made = _object(config)
    build_as_described(made, config)
    if config.get("compile_config") and config["class_name"] not in SPECIAL:
        compile_as(made, config["compile_config"])
    return made


def compile_as(model: Any, config: Mapping[str, Any], made: Callable[[Any], Any] = _made) -> None:
    """Compile a model as `get_compile_config` told.

    Args:
        model: the model.
        config: what was told.
        made: turns a part of it into what `compile` takes.

    Raises:
        DataError: for a loss, metric or optimizer that is neither klods's nor registered.
    """
    wanted = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
    try:
        model.compile(**{name: made(config.get(name)) for name in wanted})
    except NameUnknownError as error:
        raise DataError(
            f"The model can't be compiled as it was: {error.what}", f"{error.mend} Or load it with compile=False."
        ) from None
    if model.optimizer is not None and model.built:
        model.optimizer.build_new(model.trainable_weights)


def _object(config: Mapping[str, Any]) -> Any:
    try:
        if config["class_name"] in SPECIAL:
            return SPECIAL[config["class_name"]](config["config"])
        kind, known = _family(config)
        return resolve(kind, config, known)
    except KlodsError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise DataError(
            f"{config['class_name']} can't be made from its configuration: {reason}.",
            "check the file; a class of your own takes in __init__ or from_config what its get_config returns.",
        ) from None


def _family(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return what an object is called and the table of its family, by the module that the configuration names."""
    module = str(config.get("module"))
    if config["class_name"] == "function":
        return "function", FUNCTIONS
    for name, family in FAMILIES.items():
        if module == name or module.startswith(f"{name}."):
            return family
    return "model", layers.WITH_MODELS


def _array(config: Mapping[str, Any]) -> np.ndarray:
    dtype = np.dtype(config["dtype"])
    if dtype.kind not in NUMBERS:  # of others, one number may be as large as the file says
        raise DataError(f"An array holds {dtype}, which is no kind of numbers.", "check the file.")
    return np.array(config["value"], dtype)


SPECIAL: dict[str, Callable[[Any], Any]] = {
    "__numpy__": lambda config: _array(config),
    "__tensor__": lambda config: convert_to_tensor(_array(config)),
    "__slice__": lambda config: slice(config["start"], config["stop"], config["step"]),
    "__ellipsis__": lambda config: ...,
    "__bytes__": lambda config: config["value"].encode(),
    "DTypePolicy": lambda config: config["name"],
}


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model that `model.to_json()` described, with new weights.

    Raises:
        DataError: for what describes no model.
    """
    try:
        config = json.loads(json_string)
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(f"This is no JSON: {error}.", "pass what model.to_json() returned.") from None
    return deserialize_keras_object(config, custom_objects)


__all__ = ["deserialize_keras_object", "model_from_json", "serialize_keras_object"]
