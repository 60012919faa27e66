"""CIFAR-10: 60,000 colour pictures of 10 kinds. See `cifar`."""

from __future__ import annotations

import os

import numpy as np

from klods.keras.datasets.cifar import read_batches
from klods.keras.datasets.sources import TORONTO, Published
from klods.keras.datasets.splits import Split
from klods.missing import reporter

ARCHIVE = Published(
    "cifar-10-batches-py-target_archive",
    f"{TORONTO}cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)
TRAINING = [f"cifar-10-batches-py/data_batch_{i}" for i in range(1, 6)]


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Return the pictures and labels of the training and test sets.

    The labels are 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.

    Args:
        path: a local copy of `cifar-10-python.tar.gz`; without it the archive is downloaded at first use.

    Returns:
        ((x_train, y_train), (x_test, y_test)), uint8: pictures of shape (50000, 32, 32, 3) and (10000, 32, 32, 3),
        labels of shape (50000, 1) and (10000, 1).

    Raises:
        FileError: if the archive can't be had, or is another.
    """
    file = ARCHIVE.found(path)
    x_train, y_train = read_batches(file, TRAINING, "labels")
    x_test, y_test = read_batches(file, ["cifar-10-batches-py/test_batch"], "labels")
    return (x_train, y_train.astype(np.uint8)), (x_test, y_test.astype(np.uint8))


__all__ = ["load_data"]
__getattr__ = reporter(__name__)
