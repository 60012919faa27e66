"""The `.keras` file: a zip archive of the configuration (JSON) and the weights (HDF5), in Keras 3's layout."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from klods.errors import DataError, FileError
from klods.files import as_path, damage_told, path_to_write, read_whole, write_whole
from klods.keras.room import making_room_for
from klods.keras.saving import hdf5, legacy
from klods.keras.saving.arrays import DEFLATED, DEFLATED_TEXT, check_size
from klods.keras.saving.assets import assets, set_assets
from klods.keras.saving.serialization import deserialize_keras_object, serialize_keras_object
from klods.keras.saving.weights import FORMAT, check_built, check_format, set_state, state

KERAS_VERSION = "3.15.0"  # the version whose layout is written
WEIGHTS, CONFIG, METADATA = "model.weights.h5", "config.json", "metadata.json"
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def save_model(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write a model to a `.keras` file, or an old `.h5` file: its layers, weights, and how it is trained.

    It is written whole or not at all.

    Raises:
        DataError: for a name with another ending, a model that isn't built, or one that can't be described.
        FileError: if the file can't be written.
    """
    path = path_to_write(filepath, (".keras", *legacy.ENDINGS), overwrite)
    check_built(model)
    if path.name.endswith(legacy.ENDINGS):
        old = legacy.to_bytes(model, KERAS_VERSION)
        write_whole(path, lambda file: file.write(old))
        return
    config = json.dumps(serialize_keras_object(model))
    write_whole(path, lambda file: _write(file, config, weights_bytes(model), assets(model)))


def _write(file: Any, config: str, weights: bytes, others: Mapping[str, bytes]) -> None:
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": KERAS_VERSION, "date_saved": saved, "format_version": FORMAT}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(METADATA, json.dumps(metadata))
        archive.writestr(CONFIG, config)
        archive.writestr(WEIGHTS, weights)
        for name, content in others.items():
            archive.writestr(name, content)


def weights_bytes(model: Any) -> bytes:
    """Return the HDF5 file of the weights and the optimizer's slots."""
    return hdf5.to_bytes(state(model), {"format_version": FORMAT})


# ------------------------------------------------------------ reading


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Return the model saved in a `.keras` file, or an old `.h5` file, with its weights and its optimizer's state.

    Only klods's own and registered classes are made; nothing in the file is run.

    Args:
        filepath: the file.
        custom_objects: classes and functions of one's own by name, beyond those registered.
        compile: whether to compile the model as it was.
        safe_mode: accepted for Keras's sake; a lambda in a file is refused in any case.

    Raises:
        FileError: if the file is missing, damaged, newer than this klods, or no file of a model.
        DataError: if the model has something that klods doesn't have.
        NameUnknownError: for a class or function that is neither klods's nor registered.
    """
    path = as_path(filepath)
    data = read_whole(path)
    with damage_told(path):
        if data.startswith(hdf5.SIGNATURE):
            return legacy.model_in(data, path, custom_objects, compile)
        return _model_in(data, path, custom_objects, compile)


def _model_in(data: bytes, path: Path, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        _check_version(archive, path)
        config, weights = json.loads(_part(archive, CONFIG)), _part(archive, WEIGHTS)
        with hdf5.opened(weights) as file:
            room = min(hdf5.count(file), len(data) * DEFLATED)  # numbers packed twice stand for more than there may be
        model = _described(config, room, path, custom_objects, compile)
        set_state_from_hdf5(model, weights, path)
        set_assets(model, archive.namelist(), lambda name: _part(archive, name))
    return model


def _described(
    config: dict[str, Any], room: int, path: Path, custom_objects: Mapping[str, Any] | None, compile: bool
) -> Any:
    """Return the model that a configuration describes, whose weights have room in the file."""
    if not compile:
        config.pop("compile_config", None)
    with making_room_for(room):
        model = deserialize_keras_object(config, custom_objects)
    if not hasattr(model, "fit"):
        raise DataError(f"'{path}' holds a {config['class_name']}, which is no model.", "save a model.")
    return model


def _check_version(archive: zipfile.ZipFile, path: Path) -> None:
    """Raise FileError for a file of a newer layout than this klods reads."""
    metadata = json.loads(_part(archive, METADATA)) if METADATA in archive.namelist() else {}
    check_format(metadata.get("format_version", FORMAT), path)
    written_by = str(metadata.get("keras_version", KERAS_VERSION))
    if int(written_by.split(".")[0]) > int(KERAS_VERSION.split(".")[0]):
        raise FileError(
            f"'{path}' was written by Keras {written_by}; this klods reads what Keras 3 writes.",
            "load it with a newer klods: pip install --upgrade klods.",
        )


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a file in the archive, its size checked against the bytes that are there."""
    part = archive.getinfo(name)
    if part.compress_type not in PACKED:
        raise FileError(f"{name} in the archive is packed in a way that Keras doesn't use.", "get the file anew.")
    expansion = DEFLATED_TEXT if name.endswith(".json") else DEFLATED
    packed = part.compress_type == zipfile.ZIP_DEFLATED
    check_size(f"{name} in the archive", part.file_size, part.compress_size, expansion if packed else 1)
    return archive.read(name)


def weights_in(data: bytes) -> bytes:
    """Return the HDF5 file of weights in the bytes of a `.keras` file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _part(archive, WEIGHTS)


def set_state_from_hdf5(model: Any, data: bytes, source: Any, skip_mismatch: bool = False) -> None:
    """Assign the weights that an HDF5 file holds, in Keras 3's layout or the old one, all or none.

    Raises:
        FileError: for a damaged file, or one that holds other weights.
    """
    with hdf5.opened(data) as file:
        check_format(file.attrs.get("format_version", FORMAT), source)
        if legacy.is_legacy(file):
            legacy.set_weights(model, file, source, skip_mismatch)
        else:
            set_state(model, lambda place: hdf5.arrays_of(file, f"{place}/vars"), source, skip_mismatch)
