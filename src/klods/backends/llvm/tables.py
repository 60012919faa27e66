"""Tables of words that machine code reads: the addresses of arrays, kept up to date, and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from klods.backends.vectors import Arrays
from klods.errors import DataError
from klods.graph import Value
from klods.rows import Rows


class Tables:
    """The tables of a plan.

    Attributes:
        overwritten: the values whose arrays are written to in place of others.
    """

    def __init__(self, arrays: Arrays, moved: list[Value]) -> None:
        self.arrays, self.moved = arrays, moved
        self.overwritten: set[Value] = set()
        self._slots: dict[Value, list[tuple[np.ndarray, int, int]]] = {}
        self._rows: dict[Value, np.ndarray] = {}
        self._kept: list[np.ndarray] = []

    def enter(self, first: Sequence[int], places: Sequence[tuple[Value, int]], words: Sequence[int]) -> int:
        """Return the address of a new table: words, the addresses of values plus some bytes, and further words."""
        table = self.keep(np.array([*first, *[0] * len(places), *words], np.int64))
        for i, (value, offset) in enumerate(places, len(first)):
            self._slots.setdefault(value, []).append((table, i, offset))
            if value in self.arrays:
                table[i] = self.arrays[value].ctypes.data + offset
        return table.ctypes.data

    def rows(self, value: Value) -> int:
        """Return the address of a list of where the rows of a matrix begin."""
        if value not in self._rows:
            self._rows[value] = np.zeros(value.shape[0], np.int64)
            if value in self.arrays:
                enter_rows(self.arrays[value], self._rows[value])
        return self._rows[value].ctypes.data

    def ramp(self, count: int) -> int:
        """Return the address of a list of the places of so many float32 numbers, in bytes from the first."""
        return self.keep(_steps(count, 4)).ctypes.data

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
            slots, rows, array = self._slots.get(value, ()), self._rows.get(value), self.arrays[value]
            if slots or rows is not None:
                check_array(array, value, value in self.overwritten)
            if rows is not None:
                enter_rows(array, rows)
            if slots:
                address = address_of(array)
                for table, i, offset in slots:
                    table[i] = address + offset
        self.moved.clear()


def enter_rows(array: np.ndarray | Rows, table: np.ndarray) -> None:
    """Write where the rows of a matrix begin into a table."""
    if isinstance(array, Rows):
        np.multiply(array.places, array.array.strides[0], out=table)
        table += address_of(array.array)
    else:
        np.add(_steps(len(array), array.strides[0]), address_of(array), out=table)


@lru_cache(256)
def _steps(count: int, length: int) -> np.ndarray:
    return np.arange(0, count * length, length)


def address_of(array: np.ndarray) -> int:
    """Return where in memory an array begins."""
    return array.__array_interface__["data"][0]


def check_array(array: np.ndarray | Rows, value: Value, overwritten: bool) -> None:
    """Raise DataError unless an array is what a kernel may read, or overwrite, in place of a value."""
    flags = array.array.flags if isinstance(array, Rows) else array.flags
    if array.shape != value.shape or array.dtype != value.dtype or not flags.c_contiguous or not flags.aligned:
        order = "" if flags.c_contiguous and flags.aligned else ", its elements not one behind the other"
        raise DataError(
            f"A plan for {value.dtype} of shape {value.shape} got {array.dtype} of shape {array.shape}{order}.",
            "call the function, which makes a plan for each shape and dtype.",
        )
    if overwritten and not flags.writeable:
        raise DataError("A plan got a read-only array to overwrite.", "hand in a copy: np.array(x).")
