"""The `.keras` file: a zip archive of the configuration (JSON) and the weights (HDF5), in Keras 3's layout.

A `.weights.h5` file holds the weights alone, in the same layout.
"""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from klods.errors import DataError, FileError, KlodsError
from klods.files import write_whole
from klods.keras.configuration import serialize, snake_case
from klods.tensor import Variable

KERAS_VERSION = "3.15.0"  # the version whose layout is written


def write_model(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write a model to a `.keras` file, whole or not at all.

    Raises:
        DataError: for a name that doesn't end in `.keras`, or a model that isn't built.
        FileError: if the file can't be written.
    """
    path = _checked_path(model, filepath, ".keras", overwrite)
    write_whole(path, lambda file: _write_archive(model, file))


def write_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights and the optimizer's slots to a `.weights.h5` file, whole or not at all.

    Raises:
        DataError: for a name that doesn't end in `.weights.h5`, or a model that isn't built.
        FileError: if the file can't be written.
    """
    path = _checked_path(model, filepath, ".weights.h5", overwrite)
    write_whole(path, lambda file: file.write(weights_bytes(model)))


def _checked_path(model: Any, filepath: Any, ending: str, overwrite: bool) -> Path:
    path = Path(filepath)
    if not path.name.endswith(ending):
        raise DataError(f"This writes {ending} files; got '{path}'.", f"name it '{path.stem}{ending}'.")
    if not model.built:
        raise DataError(f"Model '{model.name}' has no weights yet.", "fit it, call it or build it first.")
    if path.exists() and not overwrite:
        raise FileError(f"'{path}' exists.", "pass overwrite=True to replace it.")
    return path


def _write_archive(model: Any, file: Any) -> None:
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": KERAS_VERSION, "date_saved": saved}))
        archive.writestr("config.json", json.dumps(model_config(model)))
        archive.writestr("model.weights.h5", weights_bytes(model))


def model_config(model: Any) -> dict[str, Any]:
    """Return the model, how it was built and how it is compiled, as plain data."""
    config = serialize(model)
    config["build_config"] = {"input_shape": _plain(model._build_shape)}
    if model.compiled:
        config["compile_config"] = model.get_compile_config()
    return _plain(config)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def weights_bytes(model: Any) -> bytes:
    """Return the HDF5 file of the weights and the optimizer's slots."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for path, variables in stores(model).items():
            group = file.create_group(f"{path}/vars")
            for number, variable in enumerate(variables):
                group.create_dataset(str(number), data=variable.value)
    return buffer.getvalue()


def load_weights(model: Any, filepath: Any) -> None:
    """Assign the weights that a `.weights.h5` file holds, all or none.

    Raises:
        DataError: if the model isn't built.
        FileError: if the file is missing or damaged, or holds other weights.
    """
    path = Path(filepath)
    if not model.built:
        raise DataError(f"Model '{model.name}' has no weights yet.", "call it or build it first.")
    if not path.exists():
        raise FileError(f"There is no file '{path}'.", "check the path.")
    with damage_told(path):
        read_weights(model, path.read_bytes(), str(path))


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Say that a file is damaged, whatever the libraries that read it inside the `with` block raise.

    Raises:
        FileError: for any error but klods's own.
    """
    try:
        yield
    except KlodsError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:100]
        raise FileError(f"'{path}' is damaged, or not what it should be: {reason}.", "save the model again.") from None


def read_weights(model: Any, data: bytes, source: str) -> None:
    """Assign the weights and slots that an HDF5 file holds, all or none.

    Raises:
        FileError: for a file without a weight, or with one of another shape.
    """
    import h5py

    found: list[tuple[Variable, np.ndarray]] = []
    with h5py.File(io.BytesIO(data), "r") as file:
        for path, variables in stores(model).items():
            if path == "optimizer" and _count(file, path) != len(variables):
                continue  # saved before training, or of another kind: it starts anew, as in Keras
            for number, variable in enumerate(variables):
                found.append((variable, _checked(file, f"{path}/vars/{number}", variable, source)))
    for variable, array in found:
        variable.assign(array)


def _count(file: Any, path: str) -> int:
    """Return how many variables a file has at a place."""
    return len(file[f"{path}/vars"]) if f"{path}/vars" in file else 0


def _checked(file: Any, path: str, variable: Variable, source: str) -> np.ndarray:
    if path not in file:
        raise FileError(f"'{source}' has no weight {path}.", "load it into the model it was saved from.")
    if file[path].shape != variable.value.shape:
        raise FileError(
            f"'{source}' holds {path} of shape {file[path].shape}; the model has {variable.value.shape}.",
            "load it into the model it was saved from.",
        )
    return np.asarray(file[path][()], variable.value.dtype)


def stores(model: Any) -> dict[str, list[Variable]]:
    """Return the weights by their place in the file: `layers/dense_1` for the second Dense, and `optimizer`."""
    optimizer = getattr(model, "optimizer", None)
    places = {} if optimizer is None else {"optimizer": optimizer.variables}
    return {**_stores_of_layers(model), **places}


def _stores_of_layers(model: Any, root: str = "") -> dict[str, list[Variable]]:
    """Return the weights by place: a model's own, those of its layers, and those of a model inside under its place."""
    own = [part for part in model.parts() if isinstance(part, Variable)]
    places = {root.rstrip("/"): own} if own else {}
    counts: Counter[str] = Counter()
    for layer in model.layers:
        kind = snake_case(type(layer).__name__)
        place = f"{root}layers/{kind}_{counts[kind]}" if counts[kind] else f"{root}layers/{kind}"
        counts[kind] += 1
        inner = hasattr(layer, "layers")
        places.update(_stores_of_layers(layer, f"{place}/") if inner else {place: layer.weights})
    return places
