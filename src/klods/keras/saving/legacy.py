"""The `.h5` files that Keras wrote before `.keras`: the configuration as an attribute, weights by layers' names."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from klods.errors import FileError
from klods.keras import losses
from klods.keras.config import backend
from klods.keras.registration import custom_object_scope
from klods.keras.room import making_room_for
from klods.keras.saving import hdf5
from klods.keras.saving.arrays import Stored
from klods.keras.saving.serialization import compile_as, deserialize_keras_object, serialize_keras_object
from klods.keras.saving.weights import all_or_none, assign, passing_over
from klods.structures import mapped
from klods.tensor import Variable


def is_legacy(file: Any) -> bool:
    """Tell whether an HDF5 file has the old layout, of a whole model or of weights alone."""
    return "model_config" in file.attrs or "layer_names" in file.attrs or "layer_names0" in file.attrs


def model_in(data: bytes, path: Path, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    """Return the model in the bytes of a `.h5` file, with its weights and, if it was compiled, its optimizer's state.

    Raises:
        FileError: if it holds weights alone, or is damaged.
        DataError: if the model has something that klods doesn't have.
    """
    with hdf5.opened(data) as file:
        if "model_config" not in file.attrs:
            raise FileError(f"'{path}' holds weights alone.", "build the model in code and use model.load_weights.")
        config = modern(json.loads(hdf5.text(file.attrs["model_config"])))
        with making_room_for(hdf5.count(file)):
            model = deserialize_keras_object(config, custom_objects)
        set_weights(model, file, path)
        if compile and "training_config" in file.attrs:
            training = modern(json.loads(hdf5.text(file.attrs["training_config"])))
            with custom_object_scope(custom_objects):  # `compile` knows what is what: the file names no modules
                compile_as(model, {**training, "optimizer": training.get("optimizer_config")}, made=lambda given: given)
            _set_optimizer(model, file, path)
    return model


def modern(config: Any) -> Any:
    """Return a configuration with Keras 3's words for what older versions called otherwise."""
    if isinstance(config, list):
        return [modern(item) for item in config]
    if not isinstance(config, dict):
        return config
    one_only = _ends_of_one(config)
    config = {name: modern(item) for name, item in config.items()} | one_only
    if "inbound_nodes" in config:
        config["inbound_nodes"] = [_modern_node(node) for node in config["inbound_nodes"]]
    inner = config.get("config")
    if config.get("class_name") == "Sequential" and isinstance(inner, list):
        inner = {"layers": inner}
    return {**config, "config": _modern_arguments(inner, config["class_name"])} if isinstance(inner, dict) else config


def _modern_arguments(config: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the arguments of a layer, optimizer or loss under Keras 3's names."""
    modern = {name: value for name, value in config.items() if name not in GONE}
    shape, axis = config.get("batch_input_shape"), config.get("axis")
    if shape is not None:
        modern.update({"batch_shape": shape} if kind == "InputLayer" else {"input_shape": shape[1:]})
    if isinstance(axis, list) and len(axis) == 1:
        modern["axis"] = axis[0]
    if "lr" in config:
        modern.setdefault("learning_rate", config["lr"])
    if config.get("reduction") == "auto":
        modern["reduction"] = "sum_over_batch_size"
    return modern


# Arguments of Keras 2 that say nothing any more, or go by other names.
GONE = ("batch_input_shape", "lr", "is_legacy_optimizer", "jit_compile")


def _ends_of_one(config: dict[str, Any]) -> dict[str, Any]:
    """Return the only input and output of a functional model of Keras 2, which put them in lists as it did several."""
    calls = [call for layer in config.get("layers", ()) for call in layer.get("inbound_nodes", ())]
    if not any(isinstance(call, list) for call in calls):
        return {}
    return {end: config[end][0] for end in ("input_layers", "output_layers") if len(config[end]) == 1}


def _modern_node(node: Any) -> Any:
    """Return a call of a layer in a functional model: Keras 2 wrote [[layer, call, output, arguments], ...]."""
    if not isinstance(node, list) or not all(isinstance(part, list) and len(part) >= 3 for part in node):
        return node
    tensors = [{"class_name": "__keras_tensor__", "config": _history(part)} for part in node]
    arguments = node[0][3] if node and len(node[0]) > 3 else {}
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": arguments}


def _history(part: list[Any]) -> dict[str, Any]:
    return {"shape": None, "dtype": "float32", "keras_history": part[:3]}


# ------------------------------------------------------------ writing

ENDINGS = (".h5", ".hdf5")
LONGEST = 64_000  # bytes of names in one attribute: HDF5 keeps 64 KiB with a group


def to_bytes(model: Any, keras_version: str) -> bytes:
    """Return a `.h5` file of a model, its weights, how it is trained, and its optimizer's state.

    Raises:
        DataError: if the model can't be described.
    """
    import h5py

    described = serialize_keras_object(model)
    training, buffer = described.pop("compile_config", None), io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs.update(keras_version=keras_version, backend=backend(), model_config=json.dumps(described))
        if training:
            told = {**training, "loss": mapped(_in_full, training["loss"], str)}
            told["optimizer_config"] = told.pop("optimizer")
            file.attrs["training_config"] = json.dumps(told)
        weights = file.create_group("model_weights")
        weights.attrs.update(keras_version=keras_version, backend=backend())
        _name(weights, "layer_names", [layer.name for layer in model.layers])
        for layer in model.layers:
            _put(weights, layer.name, [(w.path, w) for w in _in_old_order(layer)])  # type: ignore[attr-defined]
        own = model.own_weights()
        _put(weights, "top_level_model_weights", [(w.path, w) for w in own])
        if training and model.optimizer is not None:
            kept = model.optimizer
            _put(file, "optimizer_weights", [(f"{kept.name}/{v.name}", v) for v in kept.variables])
    return buffer.getvalue()


def _in_full(loss: str) -> str:
    """Return the name of a loss that isn't short for it: Keras finds no others in these files."""
    return getattr(losses.KNOWN.get(loss), "__name__", loss)


def _put(parent: Any, name: str, variables: list[tuple[str, Variable]]) -> None:
    """Write variables under their names to a new group."""
    group = parent.create_group(name)
    counts: Counter[str] = Counter()
    names = []
    for path, variable in variables:
        names.append(f"{path}_{counts[path]}" if counts[path] else path)
        counts[path] += 1
        group.create_dataset(names[-1], data=np.asarray(variable.value))
    _name(group, "weight_names", names)


def _name(group: Any, attribute: str, names: list[str]) -> None:
    """Write names to an attribute of a group, or to several, numbered, where they are too long for one."""
    array = np.array([name.encode() for name in names], "S")
    if array.nbytes <= LONGEST:
        group.attrs[attribute] = array
        return
    for number, part in enumerate(np.array_split(array, -(-array.nbytes // LONGEST) + 1)):
        group.attrs[f"{attribute}{number}"] = part


# ------------------------------------------------------------ weights


def set_weights(model: Any, file: Any, source: Any, skip_mismatch: bool = False) -> None:
    """Assign the weights in a file of the old layout to a model's layers, in their order, all or none.

    Raises:
        FileError: for another number of layers with weights, or a layer whose weights don't fit.
    """
    group = hdf5.found(file, "model_weights") or file
    layers = [layer for layer in model.layers if layer.weights]
    names = [name for name in hdf5.texts(group, "layer_names") if hdf5.texts(hdf5.found(group, name), "weight_names")]
    if len(names) != len(layers):
        raise FileError(
            f"'{source}' holds weights of {len(names)} layers; the model has {len(layers)} layers with weights.",
            "load it into the model it was saved from, built for the same inputs.",
        )
    with all_or_none(model):
        for layer, name in zip(layers, names):
            stored = _stored(hdf5.found(group, name))
            passing_over(skip_mismatch, assign, name, _in_old_order(layer), stored, source, layer)
        own = _stored(hdf5.found(group, "top_level_model_weights"))
        if own:
            assign("top_level_model_weights", model.own_weights(), own, source, model)


def _stored(group: Any) -> dict[str, Stored]:
    """Return the arrays of a layer, numbered in the order in which the file names them."""
    return {str(n): hdf5.stored(group, name) for n, name in enumerate(hdf5.texts(group, "weight_names"))}


def _in_old_order(layer: Any) -> list[Variable]:
    """Return a layer's weights, those that train before the others, also those of the layers inside it."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _set_optimizer(model: Any, file: Any, source: Any) -> None:
    """Assign what the optimizer keeps, where the file holds as much as it has; or else it starts anew, as in Keras."""
    stored = _stored(hdf5.found(file, "optimizer_weights"))
    if model.optimizer is not None and len(stored) == len(model.optimizer.variables):
        assign("optimizer_weights", model.optimizer.variables, stored, source)
