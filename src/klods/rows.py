"""Rows of an array, picked by their places and left where they are until somebody needs them side by side."""

from __future__ import annotations

from typing import Any

import numpy as np


class Rows:
    """A batch whose samples are still in the data: what reads row by row need not have them copied first.

    Args:
        array: an array of shape (samples, ...), its elements one behind the other.
        places: the places of the rows, integers of shape (n,), each of which the array has.

    Attributes:
        shape: that of the rows side by side.
        dtype: the array's.

    Example:
        >>> rows = Rows(np.array([[1, 2], [3, 4], [5, 6]]), np.array([2, 0]))
        >>> rows.shape, rows.taken().tolist()
        ((2, 2), [[5, 6], [1, 2]])
    """

    __slots__ = ("array", "dtype", "places", "shape")

    def __init__(self, array: np.ndarray, places: np.ndarray) -> None:
        self.array, self.places = array, places
        self.shape, self.dtype = (len(places), *array.shape[1:]), array.dtype

    def taken(self) -> np.ndarray:
        """Return the rows side by side."""
        return self.array.take(self.places, 0, mode="clip")


def taken(x: Any) -> Any:
    """Return an array for rows, and anything else as it is."""
    return x.taken() if isinstance(x, Rows) else x
