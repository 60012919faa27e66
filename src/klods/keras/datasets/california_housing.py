"""California: 20,640 districts and the prices of their houses, of the census of 1990.

Pace and Barry, "Sparse Spatial Autoregressions", 1997.
"""

from __future__ import annotations

import os

import numpy as np

from klods.errors import DataError
from klods.keras.datasets.archives import read_arrays
from klods.keras.datasets.sources import KERAS, Published
from klods.keras.datasets.splits import Split, cut, shuffled
from klods.missing import reporter

DISTRICTS = Published(
    "california_housing.npz",
    f"{KERAS}california_housing.npz",
    "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
)
SIZES = {"small": 600, "large": None}


def load_data(
    version: str = "large",
    path: str | os.PathLike[str] = "california_housing.npz",
    test_split: float = 0.2,
    seed: int | None = 113,
) -> tuple[Split, Split]:
    """Return 8 figures of each district and the median price of its houses, in dollars.

    The figures are longitude, latitude, median age of the houses, rooms, bedrooms, population, households and median
    income.

    Args:
        version: `large`, or `small` for the first 600 districts.
        path: a name in Keras's folder, where the file is downloaded to at first use; with a folder, as in
            `./california_housing.npz`, a local file.
        test_split: the share of districts in the test set.
        seed: of the order in which they come.

    Returns:
        ((x_train, y_train), (x_test, y_test)), float32.

    Raises:
        DataError: for another version, or a share below 0 or not below 1.
        FileError: if the file can't be had, or is another.
    """
    if version not in SIZES:
        raise DataError(f"There is no version {version!r}.", "use 'small' or 'large'.")
    x, y = (array[: SIZES[version]] for array in read_arrays(DISTRICTS.found(path), "x", "y"))
    x, y = shuffled(np.random.RandomState(seed), x, y)
    return cut(x, y, test_split)


__all__ = ["load_data"]
__getattr__ = reporter(__name__)
