"""Batches: what `fit`, `evaluate` and `predict` were given, checked and cut into pieces."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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

    def cut(self, batch_size: int | None, steps: int | None = None) -> Data:
        """Return the data in batches of a size: of 32 without one, or of what makes that many steps.

        Raises:
            DataError: for a batch size below 1.
        """
        size = batch_size
        if size is None:
            size = math.ceil(self.samples / steps) if steps else 32
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise DataError(f"batch_size is a whole number, 1 or more; got {size!r}.", "write batch_size=32, say.")
        return replace(self, batch_size=int(size))

    def weighed(self, class_weight: Mapping[int, float] | None) -> Data:
        """Return the data with sample weights by class, times those it has."""
        if class_weight is None:
            return self
        return replace(self, sample_weight=_weights_of_classes(self.y, class_weight, self.sample_weight))

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
        return Data(x, y, weight, shuffle=self.shuffle), Data(last_x, last_y, last_weight)


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
    shuffle: bool = False,
) -> Data:
    """Return what the user passed as Data, or raise an error that says what is wrong with it.

    Raises:
        DataError: for empty data, or lengths that differ.
        DTypeError: for strings and objects.
    """
    data = Data(arrays(x, "x"), arrays(y, "y"), arrays(sample_weight, "sample_weight"), shuffle=shuffle)
    _check_lengths(data)
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
