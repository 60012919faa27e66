"""Files that layers keep beside their weights, such as vocabularies: in Keras's layout, each layer's in its folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from klods.errors import FileError
from klods.keras.saving.weights import places

FOLDER = "assets"


def assets(model: Any) -> dict[str, bytes]:
    """Return the files of all layers that have a method `save_assets`, by their names in the archive."""
    found: dict[str, bytes] = {}
    for place, layer in places(model).items():
        if hasattr(layer, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                layer.save_assets(folder)
                paths = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
                found.update(
                    {f"{_prefix(place)}{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}
                )
    return found


def set_assets(model: Any, names: Iterable[str], read: Callable[[str], bytes]) -> None:
    """Let layers that have a method `load_assets` read their files.

    Args:
        model: the model.
        names: of the files in the archive.
        read: returns the bytes of one.

    Raises:
        FileError: for a name that leads out of its folder.
    """
    known = [name for name in names if name.startswith(f"{FOLDER}/") and not name.endswith("/")]
    for place, layer in places(model).items():
        own = [name for name in known if name.startswith(_prefix(place))]
        if own and hasattr(layer, "load_assets"):
            with tempfile.TemporaryDirectory() as folder:
                for name in own:
                    _put(Path(folder), name.removeprefix(_prefix(place)), read(name))
                layer.load_assets(folder)


def _prefix(place: str) -> str:
    return f"{FOLDER}/{place}/" if place else f"{FOLDER}/"


def _put(folder: Path, name: str, content: bytes) -> None:
    parts = PurePosixPath(name).parts
    if ".." in parts or "\\" in name or ":" in name or PurePosixPath(name).is_absolute():
        raise FileError(f"The file '{name}' in the archive leads out of its folder.", "get the archive anew.")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
