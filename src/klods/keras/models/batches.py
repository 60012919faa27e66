"""Batches: what `fit`, `evaluate` and `predict` were given, checked and cut into pieces."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods import random
from klods.errors import DataError, DTypeError, warn
from klods.tape import leaves
from klods.tensor import TensorLike

Batch = tuple[Any, Any, Any]


@dataclass
class Data:
    """Inputs, targets and sample weights of equal length, and how they are cut into batches.

    Attributes:
        x: the inputs, an array or a structure of arrays.
        y: the targets, or None.
        sample_weight: one weight per sample, or None.
        batch_size: samples per batch; the last batch may be smaller.
        shuffle: whether each epoch has an order of its own.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None
    batch_size: int = 32
    shuffle: bool = False

    @property
    def samples(self) -> int:
        return len(leaves(self.x)[0])

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return math.ceil(self.samples / self.batch_size)

    def epoch(self) -> Iterator[Any]:
        """Yield the batches of one epoch, as `packed` puts them."""
        parts = (self.x, self.y, self.sample_weight)
        order = random.generator().permutation(self.samples) if self.shuffle else None
        for start in range(0, self.samples, self.batch_size):
            piece: Any = slice(start, start + self.batch_size)
            if order is not None:
                piece = order[piece]
            x, y, weight = (picked(part, piece) for part in parts)
            yield packed(x, y, weight)

    def epochs(self, steps: int | None = None) -> Iterator[Iterator[Any]]:
        """Yield the batches of each epoch: all, or the next `steps` of them, up to the end of the data."""
        while True:
            batches, left = self.epoch(), self.steps
            while left:
                count = min(steps or left, left)
                if steps and count < steps:
                    warn(UserWarning, f"Only {count} batches are left for {steps} steps; the next epoch starts anew.")
                yield itertools.islice(batches, count)
                left -= count

    def split(self, fraction: float) -> tuple[Data, Data]:
        """Return the first part and the last `fraction` of the samples, for training and validation.

        Raises:
            DataError: if a part would be empty.
        """
        if not 0 < fraction < 1:
            raise DataError(f"validation_split is a share between 0 and 1; got {fraction!r}.", "write 0.2, say.")
        border = math.floor(self.samples * (1 - fraction))
        if border in (0, self.samples):
            raise DataError(
                f"validation_split={fraction} leaves one part of {self.samples} samples empty.", "give more."
            )
        parts = (self.x, self.y, self.sample_weight)
        (x, y, weight), (last_x, last_y, last_weight) = (
            [picked(part, piece) for part in parts] for piece in (slice(0, border), slice(border, None))
        )
        first = Data(x, y, weight, self.batch_size, self.shuffle)
        return first, Data(last_x, last_y, last_weight, self.batch_size)


def picked(part: Any, piece: Any) -> Any:
    """Return the samples at a slice or at indices, from each array of a structure."""
    if part is None:
        return None
    if isinstance(part, dict):
        return {key: picked(array, piece) for key, array in part.items()}
    if isinstance(part, (list, tuple)):
        return type(part)(picked(array, piece) for array in part)
    return part[piece] if isinstance(piece, slice) else np.take(part, piece, axis=0, mode="clip")


def make_data(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: bool = False,
    class_weight: Mapping[int, float] | None = None,
    steps: int | None = None,
) -> Data:
    """Return what the user passed as Data, or raise an error that says what is wrong with it.

    A batch has `batch_size` samples; without that, as many as fill the steps, or 32.

    Raises:
        DataError: for empty data, lengths that differ, or a batch size below 1.
        DTypeError: for strings and objects.
    """
    x, y = arrays(x, "x"), arrays(y, "y")
    weight = arrays(sample_weight, "sample_weight")
    size = 32 if batch_size is None else batch_size
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise DataError(
            f"batch_size must be a whole number, 1 or more; got {batch_size!r}.", "write batch_size=32, say."
        )
    if class_weight is not None:
        weight = _weights_of_classes(y, class_weight, weight)
    data = Data(x, y, weight, int(size), shuffle)
    _check_lengths(data)
    if batch_size is None and steps:
        data.batch_size = math.ceil(data.samples / steps)
    return data


def arrays(part: Any, role: str) -> Any:
    """Return data as NumPy arrays: a structure of arrays as the same structure, lists of numbers as one array."""
    if part is None:
        return None
    if isinstance(part, dict):
        return {key: arrays(item, f"{role}[{key!r}]") for key, item in part.items()}
    if (
        isinstance(part, (list, tuple))
        and part
        and all(isinstance(p, (np.ndarray, TensorLike)) and p.ndim for p in part)
    ):
        return type(part)(arrays(item, f"{role}[{i}]") for i, item in enumerate(part))
    return _array(part, role)


def _array(part: Any, role: str) -> np.ndarray:
    try:
        array = part.value if isinstance(part, TensorLike) else np.asarray(part)
    except ValueError:
        raise DataError(f"{role} has rows of different lengths.", "give every row the same length.") from None
    if array.dtype.kind not in "biuf":
        what = "text" if array.dtype.kind in "US" else f"{array.dtype} values"
        raise DTypeError(
            f"{role} holds {what}; a model takes numbers.",
            "turn it into numbers first, for instance with astype('float32').",
        )
    if array.ndim == 0:
        raise DataError(f"{role} is a single number; a model takes an array of samples.", "give one row per sample.")
    return array


def _check_lengths(data: Data) -> None:
    roles = [("x", data.x), ("y", data.y), ("sample_weight", data.sample_weight)]
    lengths = [(role, len(array)) for role, part in roles if part is not None for array in leaves(part)]
    if any(n == 0 for _, n in lengths):
        raise DataError(f"{next(role for role, n in lengths if n == 0)} is empty.", "give at least one sample.")
    if len({n for _, n in lengths}) > 1:
        told = ", ".join(f"{role} has {n}" for role, n in lengths)
        raise DataError(f"The numbers of samples differ: {told}.", "give every input its own target, and no more.")


def _weights_of_classes(y: Any, class_weight: Mapping[int, float], sample_weight: Any) -> np.ndarray:
    """Return one weight per sample by its class, times its sample weight if there is one."""
    if not isinstance(y, np.ndarray):
        raise DataError("class_weight needs one array of labels as y.", "give y, or sample_weight instead.")
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    weights = np.ones(len(labels), np.float32)
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights if sample_weight is None else weights * np.asarray(sample_weight, np.float32)


def packed(x: Any, y: Any, sample_weight: Any) -> Any:
    """Return a batch as `train_step` gets it: (x, y, sample_weight), (x, y) without weights, x alone without y."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x


def unpack(batch: Any) -> Batch:
    """Return x, y and sample weights of what a batch holds, None for what it lacks."""
    if not isinstance(batch, (tuple, list)):
        return batch, None, None
    x, y, weight = (*batch, None, None)[:3]
    return x, y, weight
