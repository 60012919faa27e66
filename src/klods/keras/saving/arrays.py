"""Arrays that stand in a file: their shapes are known, their numbers are read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods.errors import FileError

NUMBERS = "biuf"  # the kinds of dtypes that weights have

# A byte of deflated data stands for 1,032 at most, so a file that declares more lies.
DEFLATED = 1032
DEFLATED_TEXT = 100  # of a configuration of thousands of layers all alike, for 33


@dataclass(frozen=True)
class Stored:
    """One array in a file.

    Attributes:
        shape: its shape.
        size: its size in bytes, once read.
        read: returns it.
    """

    shape: tuple[int, ...]
    size: int
    read: Callable[[], np.ndarray]


class Store(Mapping[str, np.ndarray]):
    """What a layer finds in a file: its arrays by name, each read when it is looked up.

    Args:
        stored: the arrays.
    """

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self.stored = stored

    def __getitem__(self, name: str) -> np.ndarray:
        return self.stored[name].read()

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)


Stores = Mapping[str, Mapping[str, Any]]  # arrays by name, by the place of the layer that they belong to


def check_size(what: str, declared: int, there: int, expansion: int = 1) -> None:
    """Compare the size that a file declares for a part of it with the bytes that are there, before memory is taken.

    Raises:
        FileError: if it declares more than these bytes can stand for.
    """
    if declared > there * expansion:
        raise FileError(
            f"{what} declares {declared:,} bytes; only {there:,} bytes are there.",
            "get the file anew: it is damaged, or was made to exhaust the memory.",
        )
