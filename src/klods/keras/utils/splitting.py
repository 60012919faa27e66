"""`split_dataset`: a small dataset cut in two."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from klods.data import INFINITE_CARDINALITY, Dataset
from klods.data.structure import tensors
from klods.data.tables import Made
from klods.errors import ArgumentError, DataError, DTypeError
from klods.tensor import TensorLike


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Return the first and the last samples of a dataset, as two datasets. All of it is held in memory.

    Args:
        dataset: a Dataset, an array, or a list or tuple of arrays of one length.
        left_size: how many samples the first one gets, or, as a float, what share; the rest by default.
        right_size: the same for the second.
        shuffle: whether to shuffle the samples first.
        seed: of their order.
        preferred_backend: accepted for Keras's sake.

    Raises:
        ArgumentError: without any size.
        DataError: for sizes that leave one part empty, or are more than there is; for a dataset without end.
        DTypeError: for something else than a dataset or arrays.

    Example:
        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), [int(x) for x in right]
        (8, [8, 9])
    """
    if left_size is None and right_size is None:
        raise ArgumentError("split_dataset needs left_size or right_size.", "write left_size=0.8, say.")
    samples = _samples(dataset)
    if shuffle:
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(samples)
    left, right = _counts(left_size, right_size, len(samples))
    return _rejoined(samples[:left], dataset), _rejoined(samples[len(samples) - right :], dataset)


def _samples(dataset: Any) -> list[Any]:
    if isinstance(dataset, Dataset):
        if dataset.cardinality() == INFINITE_CARDINALITY:
            raise DataError("split_dataset got a dataset without end.", "write dataset.take(1000), say.")
        return list(dataset if dataset.batch_size is None else dataset.unbatch())
    if isinstance(dataset, (list, tuple)) and all(isinstance(part, (np.ndarray, TensorLike)) for part in dataset):
        return list(Dataset.from_tensor_slices(tuple(dataset)))
    if isinstance(dataset, (np.ndarray, TensorLike)):
        return list(Dataset.from_tensor_slices(dataset))
    raise DTypeError(
        f"split_dataset takes a Dataset, or an array or several; got {type(dataset).__name__}.",
        "make arrays of it with numpy.asarray.",
    )


def _rejoined(samples: list[Any], original: Any) -> Dataset:
    whole = Dataset(lambda: iter(samples), Made(lambda: None), len(samples)).batch(len(samples))
    part = Dataset.from_tensor_slices(tensors(next(iter(whole))))
    size = original.batch_size if isinstance(original, Dataset) else None
    return part if size is None else part.batch(size)


def _counts(left: float | None, right: float | None, total: int) -> tuple[int, int]:
    """Return the sizes of both parts as numbers of samples."""
    first, second = _count("left_size", left, total), _count("right_size", right, total)
    first = total - (second or 0) if first is None else first
    second = total - first if second is None else second
    if first + second > total or (isinstance(left, float) and isinstance(right, float) and left + right > 1):
        raise DataError(f"left_size={left} and right_size={right} are more than {total} samples.", "give one of them.")
    if 0 in (first, second):
        raise DataError(f"left_size={left}, right_size={right} leave one part of {total} samples empty.", "give more.")
    return first, second


def _count(name: str, size: float | None, total: int) -> int | None:
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, (int, float)):
        raise DTypeError(f"{name} is a number or a share of samples; got {size!r}.", f"write {name}=0.8, say.")
    if not 0 < size < (1 if isinstance(size, float) else total):
        raise DataError(
            f"{name}={size} is neither a share between 0 and 1, nor a number of samples below {total}.",
            f"write {name}=0.8, say.",
        )
    return round(size * total) if isinstance(size, float) else size
