"""`.safetensors` files: arrays by name, `layers/dense/vars/0`, through the library of that name."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from klods.extras import require
from klods.keras.saving.arrays import Stored, Stores


def to_bytes(stores: Stores, notes: dict[str, Any]) -> bytes:
    """Return a file with the arrays of each place, and these notes in its header."""
    _check_installed()
    from safetensors.numpy import save

    named = {
        f"{place}/vars/{name}".lstrip("/"): np.array(array, order="C")
        for place, arrays in stores.items()
        for name, array in arrays.items()
    }
    return save(named, {"format": "klods", **{name: str(value) for name, value in notes.items()}})


def opened(data: bytes) -> tuple[Mapping[str, str], Callable[[str], dict[str, Stored]]]:
    """Return the notes in a file's header, and the function that returns the arrays at a place.

    The library compares the sizes that the header declares with the bytes that are there.
    """
    _check_installed()
    from safetensors.numpy import load

    arrays = load(data)
    length = int.from_bytes(data[:8], "little")
    notes = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    places: dict[str, dict[str, Stored]] = {}
    for name, array in arrays.items():
        place, _, number = name.rpartition("/")
        places.setdefault(place, {})[number] = Stored(array.shape, array.nbytes, functools.partial(np.asarray, array))
    return notes, lambda place: places.get(f"{place}/vars".lstrip("/"), {})


def _check_installed() -> None:
    require("safetensors", "A .safetensors file", "safetensors")
