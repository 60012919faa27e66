"""HDF5 files: arrays in groups, written plainly, and read with nothing believed that isn't there."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from klods.errors import FileError
from klods.keras.saving.arrays import DEFLATED, NUMBERS, Stored, Stores, check_size

SIGNATURE = b"\x89HDF\r\n\x1a\n"
FILTERS = (1, 2, 3, 32000)  # deflate, shuffle, checksum, LZF: of others, HDF5 would load the code from elsewhere


def to_bytes(stores: Stores, notes: dict[str, Any]) -> bytes:
    """Return an HDF5 file with the arrays of each place in its group `vars`, and these attributes of the whole."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs.update(notes)
        for place, arrays in stores.items():
            group = file.create_group(f"{place}/vars")
            for name, array in arrays.items():
                group.create_dataset(name, data=array)
    return buffer.getvalue()


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """Open an HDF5 file for reading inside the `with` block."""
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        yield file


def found(group: Any, path: str) -> Any:
    """Return the group or dataset at a path inside a group, None if there is none.

    Raises:
        FileError: for a link to another file or another place.
    """
    import h5py

    for name in filter(None, path.split("/")):
        if not isinstance(group, h5py.Group) or not group.id.links.exists(name.encode()):
            return None
        if group.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
            raise FileError(f"'{path}' in the file is a link elsewhere.", "klods follows none; get the file anew.")
        group = group[name]
    return group


def arrays_of(file: Any, path: str) -> dict[str, Stored]:
    """Return the arrays in a group by name; none if there is no such group."""
    import h5py

    group = found(file, path)
    return {name: stored(group, name) for name in group} if isinstance(group, h5py.Group) else {}


def stored(group: Any, path: str) -> Stored:
    """Return an array in a file, its size checked against the bytes that are there.

    Raises:
        FileError: if there is none, or if it isn't plain numbers that stand in the file itself.
    """
    import h5py

    dataset = found(group, path)
    where = f"{group.name}/{path}".strip("/")
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        raise FileError(f"The file has no array {where}.", "load it into the model it was saved from.")
    if dataset.external or dataset.is_virtual:
        raise FileError(f"The array {where} stands in another file.", "klods reads none; get the file anew.")
    recipe = dataset.id.get_create_plist()
    filters = [recipe.get_filter(number)[0] for number in range(recipe.get_nfilters())]
    if not set(filters) <= set(FILTERS):
        raise FileError(f"The array {where} is packed in a way that Keras doesn't use.", "get the file anew.")
    if dataset.dtype.kind not in NUMBERS:
        raise FileError(f"The array {where} holds {dataset.dtype}, which is no kind of numbers.", "get the file anew.")
    size = math.prod(dataset.shape) * dataset.dtype.itemsize
    there = min(dataset.id.get_storage_size(), dataset.file.id.get_filesize())  # the first is declared, too
    check_size(f"The array {where}", size, there, DEFLATED if filters else 1)
    return Stored(tuple(dataset.shape), size, lambda: np.asarray(dataset[()]))


def count(file: Any) -> int:
    """Return how many numbers all arrays in a file hold together.

    The search needs no recursion, which groups inside each other without end would exhaust, and meets each once.
    """
    import h5py

    total, waiting, met = 0, [file], set()
    while waiting:
        group = waiting.pop()
        for name in group:
            if group.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
                continue
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address not in met and isinstance(item, h5py.Dataset):
                total += math.prod(stored(group, name).shape)
            elif address not in met and isinstance(item, h5py.Group):
                waiting.append(item)
            met.add(address)
    return total


def texts(group: Any, name: str) -> list[str]:
    """Return a list of texts that is an attribute, cut into `name0`, `name1` ... where it was too long for one."""
    import h5py

    if not isinstance(group, h5py.Group):
        return []
    parts = [name] if name in group.attrs else _parts(group, name)
    return [text(item) for part in parts for item in np.atleast_1d(group.attrs[part])]


def _parts(group: Any, name: str) -> list[str]:
    count = 0
    while f"{name}{count}" in group.attrs:
        count += 1
    return [f"{name}{number}" for number in range(count)]


def text(value: Any) -> str:
    """Return a text that is an attribute, which older files hold as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)
