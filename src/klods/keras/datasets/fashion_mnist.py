"""Fashion-MNIST: 70,000 pictures of clothes, shoes and bags. Copyright Zalando SE, MIT licence.

Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", 2017.
"""

from __future__ import annotations

import gzip
import math
import os
from pathlib import Path

import numpy as np

from klods.keras.datasets.archives import reading, unfit
from klods.keras.datasets.sources import KERAS, Published, local
from klods.keras.datasets.splits import Split
from klods.missing import reporter

NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
FILES = [Published(name, f"{KERAS}{name}", folder=os.path.join("datasets", "fashion-mnist")) for name in NAMES]
WANTED = "expected a compressed IDX file of bytes"


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Return the pictures and labels of the training and test sets.

    The labels are 0 T-shirt or top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9
    ankle boot.

    Args:
        path: a folder with the four files; without it they are downloaded at first use.

    Returns:
        ((x_train, y_train), (x_test, y_test)), uint8: pictures of shape (60000, 28, 28) and (10000, 28, 28).

    Raises:
        FileError: if a file can't be had, or is another.
    """
    files = [file.found() if path is None else local(Path(path, file.name)) for file in FILES]
    x_train, y_train, x_test, y_test = map(_pictures_or_labels, files)
    return (x_train, y_train), (x_test, y_test)


def _pictures_or_labels(file: Path) -> np.ndarray:
    """Read the IDX format: 0, 0, 8 for bytes, the number of axes, their sizes in four bytes each, the bytes."""

    def read() -> np.ndarray:
        content = gzip.decompress(file.read_bytes())
        axes = content[3]
        sizes = np.frombuffer(content, ">u4", axes, 4).tolist()
        if content[:3] != b"\0\0\x08" or len(content) != 4 + 4 * axes + math.prod(sizes):
            raise unfit(file, "is not as large as it says", WANTED)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(sizes)

    return reading(file, WANTED, read)


__all__ = ["load_data"]
__getattr__ = reporter(__name__)
