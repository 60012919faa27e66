"""What CIFAR-10 and CIFAR-100 share: small colour pictures, pickled by Python 2 and packed in one archive.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np

from klods.keras import config
from klods.keras.datasets.archives import reading, unpickled


def read_batches(file: Path, names: list[str], labels: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures of some files in the archive, and their labels, one in a row.

    Args:
        file: the archive.
        names: the files in it.
        labels: what the labels are called there.

    Raises:
        FileError: if the archive is damaged or another.
    """

    def read() -> tuple[np.ndarray, np.ndarray]:
        with tarfile.open(file) as archive:
            batches = [unpickled(archive.extractfile(name), "bytes") for name in names]  # type: ignore[arg-type]
        flat = np.concatenate([np.asarray(batch[b"data"]) for batch in batches])
        numbers = np.concatenate([batch[labels.encode()] for batch in batches])
        pictures = flat.reshape(len(numbers), 3, 32, 32)
        if config.image_data_format() == "channels_last":
            pictures = pictures.transpose(0, 2, 3, 1)
        return pictures, numbers.reshape(-1, 1)

    return reading(file, f"expected the archive with {names[0]}", read)
