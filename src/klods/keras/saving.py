"""Saving models to files and loading them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from klods.errors import DataError, FileError, NameUnknownError
from klods.keras.models.archive import damage_told, read_weights, write_model as save_model
from klods.keras.models.model import Model
from klods.keras.models.sequential import Sequential
from klods.missing import reporter


def load_model(filepath: Any, *, compile: bool = True) -> Model:
    """Return the model saved in a `.keras` file, with its weights and its optimizer's state.

    Only klods's own classes are made; nothing in the file is run.

    Args:
        filepath: the file.
        compile: whether to compile the model as it was.

    Raises:
        FileError: if the file is missing, damaged, or no `.keras` file.
        DataError: if the model is of a kind that klods doesn't have.
    """
    path = Path(filepath)
    with damage_told(path):
        config, weights = _read(path)
        if config["class_name"] != "Sequential":
            raise DataError(
                f"'{path}' holds a {config['class_name']} model; klods loads Sequential ones.",
                "build the model in code and load its weights.",
            )
        model = Sequential.from_config(config["config"])
        shape = config.get("build_config", {}).get("input_shape")
        if not model.built and shape:
            model.build(tuple(shape))
        if compile and config.get("compile_config"):
            _compile(model, config["compile_config"])
        read_weights(model, weights, str(path))
    return model


def _read(path: Path) -> tuple[dict[str, Any], bytes]:
    if not path.exists():
        raise FileError(f"There is no file '{path}'.", "check the path.")
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json")), archive.read("model.weights.h5")


def _compile(model: Model, config: dict[str, Any]) -> None:
    wanted = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
    settings: dict[str, Any] = {name: config.get(name) for name in wanted}
    try:
        model.compile(**settings)
    except NameUnknownError as error:
        raise DataError(f"The model can't be compiled as it was: {error.what}", "load it with compile=False.") from None
    if model.optimizer is not None:
        model.optimizer.build(model.trainable_weights)


__all__ = ["load_model", "save_model"]
__getattr__ = reporter(__name__)
