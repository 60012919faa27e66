"""Orders and splits of samples, as Keras makes them."""

from __future__ import annotations

import numpy as np

from klods.errors import DataError

Split = tuple[np.ndarray, np.ndarray]


def shuffled(source: np.random.RandomState, *arrays: np.ndarray) -> list[np.ndarray]:
    """Return arrays of one length in one random order, which is Keras's for the seed of the source."""
    order = np.arange(len(arrays[0]))
    source.shuffle(order)
    return [array[order] for array in arrays]


def cut(x: np.ndarray, y: np.ndarray, test_split: float) -> tuple[Split, Split]:
    """Return the first samples for training, and the last, a share of `test_split`, for testing.

    Raises:
        DataError: for a share below 0 or not below 1.
    """
    if not isinstance(test_split, (int, float)) or not 0 <= test_split < 1:
        raise DataError(f"test_split is a share, 0 or more and below 1; got {test_split!r}.", "write 0.2, say.")
    border = int(len(x) * (1 - test_split))
    return (x[:border], y[:border]), (x[border:], y[border:])
