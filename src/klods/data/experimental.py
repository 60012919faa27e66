"""TensorFlow's `tf.data.experimental`: older names of what is in `tf.data`, and what is known of a dataset's length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from klods.data import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from klods.data.checks import whole
from klods.data.dataset import Dataset
from klods.errors import DataError
from klods.missing import reporter
from klods.tensor import Tensor


def cardinality(dataset: Dataset) -> Tensor:
    """Return the number of elements, int64; INFINITE_CARDINALITY or UNKNOWN_CARDINALITY."""
    return dataset.cardinality()


def assert_cardinality(expected_cardinality: Any) -> Callable[[Dataset], Dataset]:
    """Return a step for `Dataset.apply` that says how many elements there are, where that can't be told beforehand.

    Raises:
        DataError: while iterating, for more or fewer elements.

    Example:
        >>> import klods
        >>> small = klods.data.Dataset.range(9).filter(lambda x: x < 3)
        >>> len(small.apply(klods.data.experimental.assert_cardinality(3)))
        3
    """
    expected = whole("expected_cardinality", expected_cardinality, 0)

    def step(dataset: Dataset) -> Dataset:
        return Dataset(lambda: _counted(dataset._keys(), expected), dataset._table, expected, dataset.batch_size)

    return step


def _counted(keys: Iterator[Any], expected: int) -> Iterator[Any]:
    count = 0
    for key in keys:
        count += 1
        if count > expected:
            break
        yield key
    if count != expected:
        found = f"{count}" if count < expected else "more"
        raise DataError(f"The dataset has {found} elements, not {expected}.", "assert the number that it has.")


__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "assert_cardinality", "cardinality"]
__getattr__ = reporter(__name__)
