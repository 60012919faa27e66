"""Boston: 506 districts and the prices of their houses.

Harrison and Rubinfeld, "Hedonic prices and the demand for clean air", 1978. One of its columns, B, presumes that
segregation sets prices: prefer `california_housing`, unless that is what you teach.
"""

from __future__ import annotations

import os

import numpy as np

from klods.keras.datasets.archives import read_arrays
from klods.keras.datasets.sources import KERAS, Published
from klods.keras.datasets.splits import Split, cut, shuffled
from klods.missing import reporter

DISTRICTS = Published(
    "boston_housing.npz",
    f"{KERAS}boston_housing.npz",
    "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
)


def load_data(
    path: str | os.PathLike[str] = "boston_housing.npz", test_split: float = 0.2, seed: int | None = 113
) -> tuple[Split, Split]:
    """Return 13 figures of each district and the median price of its houses, in thousands of dollars.

    Args:
        path: a name in Keras's folder, where the file is downloaded to at first use; with a folder, as in
            `./boston_housing.npz`, a local file.
        test_split: the share of districts in the test set.
        seed: of the order in which they come.

    Returns:
        ((x_train, y_train), (x_test, y_test)), float64.

    Raises:
        DataError: for a share below 0 or not below 1.
        FileError: if the file can't be had, or is another.
    """
    x, y = shuffled(np.random.RandomState(seed), *read_arrays(DISTRICTS.found(path), "x", "y"))
    return cut(x, y, test_split)


__all__ = ["load_data"]
__getattr__ = reporter(__name__)
