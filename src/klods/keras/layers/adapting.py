"""What a layer adapts to: an array, or batches of arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.tensor import TensorLike, convert_to_tensor


def is_whole(data: Any) -> bool:
    """Tell whether data is one array rather than something that yields batches."""
    return isinstance(data, (np.ndarray, TensorLike)) or hasattr(data, "to_numpy")


def batches(data: Any, checked: Callable[[Any], np.ndarray], steps: int | None = None) -> Iterator[np.ndarray]:
    """Yield data as arrays: one whole, or batch by batch, without targets.

    Args:
        data: an array, or what yields batches, such as a dataset, a generator or a list of arrays.
        checked: returns a batch as an array of what the layer takes.
        steps: how many batches; all by default.

    Raises:
        DataError: for what is neither.
    """
    if is_whole(data):
        return iter([checked(data)] if np.size(data) else [])
    if not isinstance(data, Iterable) and not hasattr(data, "__getitem__"):
        raise DataError(f"adapt got {data!r}.", "give an array, or batches.")
    given = itertools.islice(data, steps)
    return (checked(batch[0] if isinstance(batch, tuple) else batch) for batch in given)


def numbers(batch: Any) -> np.ndarray:
    """Return a batch of numbers as an array.

    Raises:
        DataError: for text, objects, or a single number.
    """
    array = np.asarray(batch)
    if array.dtype.kind not in "fiub" or not array.ndim:
        raise DataError(f"adapt got a batch of {array.dtype} and shape {array.shape}.", "give batches of numbers.")
    return array


def tokens(batch: Any, dtype: str) -> np.ndarray:
    """Return a batch of text, or of whole numbers, as an array."""
    return np.asarray(convert_to_tensor(batch, dtype).value)
