"""Utilities: seeds and one-hot labels."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from klods import random
from klods.errors import DataError, DTypeError
from klods.keras.configuration import forget_names
from klods.missing import reporter
from klods.tensor import TensorLike


def clear_session(free_memory: bool = True) -> None:
    """Start the numbering of names anew: the next Dense layer is `dense` again.

    Args:
        free_memory: accepted for Keras's sake; klods holds no model that you have let go.
    """
    forget_names()


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and klods's random numbers.

    Raises:
        DataError: if the seed is no whole number.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise DataError(f"A seed is a whole number, 0 or more; got {seed!r}.", "write set_random_seed(1).")
    python_random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)
    random.set_seed(seed)


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Return whole-number labels as rows of 0 with a 1 at the label, in float32.

    Raises:
        DataError: for a label outside the classes.
        DTypeError: for labels that are no numbers.

    Example:
        >>> to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x.value if isinstance(x, TensorLike) else x)
    if labels.dtype.kind not in "biuf":
        raise DTypeError(f"Labels are whole numbers; got {labels.dtype} values.", "number the classes from 0.")
    labels = labels.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    classes = num_classes or (int(labels.max()) + 1 if labels.size else 0)
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels.max() if labels.max() >= classes else labels.min()
        raise DataError(f"Label {wrong} is outside the {classes} classes 0 to {classes - 1}.", "give more classes.")
    return np.eye(classes, dtype=np.float32)[labels]


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """Return an array divided by its length along an axis."""
    array = np.asarray(x)
    length = np.atleast_1d(np.linalg.norm(array, order, axis))
    length[length == 0] = 1
    return array / np.expand_dims(length, axis)


__all__ = ["clear_session", "normalize", "set_random_seed", "to_categorical"]
__getattr__ = reporter(__name__)
