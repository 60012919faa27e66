"""MNIST: 70,000 handwritten digits. Copyright Yann LeCun and Corinna Cortes, CC BY-SA 3.0; see LICENSE-mnist.txt."""

from __future__ import annotations

import os
from pathlib import Path

from klods.keras.datasets.archives import read_arrays, unfit
from klods.keras.datasets.sources import local
from klods.keras.datasets.splits import Split
from klods.missing import reporter

PACKAGED = Path(__file__).with_name("mnist.npz")
NAMES = ("x_train", "y_train", "x_test", "y_test")
WANTED = f"expected as many labels as images in {', '.join(NAMES)}"


def load_data(path: str | os.PathLike[str] = "mnist.npz") -> tuple[Split, Split]:
    """Return the images and labels of MNIST's training and test sets.

    Args:
        path: an `.npz` file with the arrays x_train, y_train, x_test and y_test. The bare name `mnist.npz`, Keras's
            default, means the file that comes with klods; `./mnist.npz` is one in the current folder.

    Returns:
        ((x_train, y_train), (x_test, y_test)), all uint8: images of shape (60000, 28, 28) and (10000, 28, 28), 0 where
        the paper is blank and 255 where the ink is full, and their digits of shape (60000,) and (10000,).

    Raises:
        FileError: if the file is missing, damaged, or holds something else.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_train.dtype, y_train[:3]
        ((60000, 28, 28), dtype('uint8'), array([5, 0, 4], dtype=uint8))
    """
    file = PACKAGED if os.fspath(path) == PACKAGED.name else local(Path(path))
    x_train, y_train, x_test, y_test = read_arrays(file, *NAMES)
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        if images.shape[:1] != labels.shape:
            raise unfit(file, f"has images of shape {images.shape} and labels of {labels.shape}", WANTED)
    return (x_train, y_train), (x_test, y_test)


__all__ = ["load_data"]
__getattr__ = reporter(__name__)
