"""Tables of words that machine code reads: the addresses of arrays, kept up to date, and numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from klods.backends.vectors import Arrays
from klods.errors import DataError
from klods.graph import Value


class Tables:
    """The tables of a plan.

    Attributes:
        overwritten: the values whose arrays are written to in place of others.
    """

    def __init__(self, arrays: Arrays, moved: list[Value]) -> None:
        self.arrays, self.moved = arrays, moved
        self.overwritten: set[Value] = set()
        self._slots: dict[Value, list[tuple[np.ndarray, int, int]]] = {}
        self._kept: list[np.ndarray] = []

    def enter(self, places: Sequence[tuple[Value, int]], words: Sequence[int]) -> int:
        """Return the address of a new table: the addresses of values, each plus some bytes, and then words."""
        table = self.keep(np.array([*[0] * len(places), *words], np.int64))
        for i, (value, offset) in enumerate(places):
            self._slots.setdefault(value, []).append((table, i, offset))
            if value in self.arrays:
                table[i] = self.arrays[value].ctypes.data + offset
        return table.ctypes.data

    def keep(self, array: np.ndarray) -> np.ndarray:
        """Return an array that stays where it is for as long as the tables do."""
        self._kept.append(array)
        return array

    def refresh(self) -> None:
        """Enter the addresses of arrays that have moved since the last run.

        Raises:
            DataError: if one isn't what the plan was made for; nothing has run then.
        """
        for value in self.moved:
            if value in self._slots:
                array = self.arrays[value]
                check_array(array, value, value in self.overwritten)
                address = array.__array_interface__["data"][0]
                for table, i, offset in self._slots[value]:
                    table[i] = address + offset
        self.moved.clear()


def check_array(array: np.ndarray, value: Value, overwritten: bool) -> None:
    """Raise DataError unless an array is what a kernel may read, or overwrite, in place of a value."""
    flags = array.flags
    if array.shape != value.shape or array.dtype != value.dtype or not flags.c_contiguous or not flags.aligned:
        order = "" if flags.c_contiguous and flags.aligned else ", its elements not one behind the other"
        raise DataError(
            f"A plan for {value.dtype} of shape {value.shape} got {array.dtype} of shape {array.shape}{order}.",
            "call the function, which makes a plan for each shape and dtype.",
        )
    if overwritten and not flags.writeable:
        raise DataError("A plan got a read-only array to overwrite.", "hand in a copy: np.array(x).")
