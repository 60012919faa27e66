"""The files that hold weights alone, and the weights of those that hold a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klods.files import as_path, damage_told, path_to_write, read_whole, write_whole
from klods.keras.saving import hdf5, safetensors
from klods.keras.saving.archive import set_state_from_hdf5, weights_in
from klods.keras.saving.weights import FORMAT, check_built, check_format, set_state, state

ENDINGS: dict[str, Callable[..., bytes]] = {".weights.h5": hdf5.to_bytes, ".safetensors": safetensors.to_bytes}


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights and the optimizer's slots to a `.weights.h5` or `.safetensors` file, whole or not at all.

    Raises:
        DataError: for a name with another ending, or a model that isn't built.
        FileError: if the file can't be written.
    """
    path = path_to_write(filepath, tuple(ENDINGS), overwrite)
    check_built(model)
    content = next(to_bytes for ending, to_bytes in ENDINGS.items() if path.name.endswith(ending))
    write_whole(path, lambda file: file.write(content(state(model), {"format_version": FORMAT})))


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False) -> None:
    """Assign the weights that a `.weights.h5`, `.safetensors`, `.keras` or old `.h5` file holds, all or none.

    Args:
        model: a model that is built.
        filepath: the file.
        skip_mismatch: whether layers whose weights don't fit keep theirs, with a warning.

    Raises:
        DataError: if the model isn't built.
        FileError: if the file is missing or damaged, or holds other weights.
    """
    path = as_path(filepath)
    check_built(model)
    data = read_whole(path)
    with damage_told(path):
        if path.name.endswith(".safetensors"):
            notes, stored_at = safetensors.opened(data)
            check_format(notes.get("format_version", FORMAT), path)
            set_state(model, stored_at, path, skip_mismatch)
            return
        if not data.startswith(hdf5.SIGNATURE):
            data = weights_in(data)
        set_state_from_hdf5(model, data, path, skip_mismatch)
