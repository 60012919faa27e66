"""CIFAR-100: 60,000 colour pictures of 100 kinds in 20 groups. See `cifar`."""

from __future__ import annotations

import os

from klods.errors import DataError
from klods.keras.datasets.cifar import read_batches
from klods.keras.datasets.sources import TORONTO, Published
from klods.keras.datasets.splits import Split
from klods.missing import reporter

ARCHIVE = Published(
    "cifar-100-python-target_archive",
    f"{TORONTO}cifar-100-python.tar.gz",
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
)


def load_data(label_mode: str = "fine", path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Return the pictures and labels of the training and test sets.

    Args:
        label_mode: `fine` for the 100 kinds, `coarse` for the 20 groups.
        path: a local copy of `cifar-100-python.tar.gz`; without it the archive is downloaded at first use.

    Returns:
        ((x_train, y_train), (x_test, y_test)): pictures, uint8, of shape (50000, 32, 32, 3) and (10000, 32, 32, 3),
        labels of shape (50000, 1) and (10000, 1).

    Raises:
        DataError: for another `label_mode`.
        FileError: if the archive can't be had, or is another.
    """
    if label_mode not in ("fine", "coarse"):
        raise DataError(f"There is no label_mode {label_mode!r}.", "use 'fine' or 'coarse'.")
    file, labels = ARCHIVE.found(path), f"{label_mode}_labels"
    train, test = (read_batches(file, [f"cifar-100-python/{part}"], labels) for part in ("train", "test"))
    return train, test


__all__ = ["load_data"]
__getattr__ = reporter(__name__)
