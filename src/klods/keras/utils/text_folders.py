"""`text_dataset_from_directory`: a dataset of the texts in folders, one folder per class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from klods.compiled import TensorSpec
from klods.dtypes import TEXT, string
from klods.errors import FileError
from klods.files import read_whole
from klods.keras.utils.folder_datasets import check_labels, datasets
from klods.keras.utils.folders import check_split, find
from klods.tensor import Tensor

ENDINGS = (".txt",)


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Return a dataset of the `.txt` files in a folder, in batches with their labels. They are read when asked for.

    Args:
        directory: the folder, with one folder for each class in it.
        labels: `inferred` for the folders' names; the class of each file in the order of their names; None for none.
        label_mode: `int` for the number of the class; `binary` for 0. or 1.; `categorical` for a row with a 1; None
            for texts alone.
        class_names: the folders, in the order of their numbers; alphabetical by default.
        batch_size: texts in a batch; None for single ones.
        max_length: how many bytes of each text to keep; all by default.
        shuffle: whether they come in random order; in that of their names otherwise.
        seed: of that order.
        validation_split: the share of the files that is for validation.
        subset: `training`, `validation`, or `both` for a list of two datasets.
        follow_links: whether to look into folders that are linked.
        verbose: whether to print how many files there are.

    Returns:
        A dataset of texts, UTF-8, alone or in pairs with labels. It has the attributes `class_names` and `file_paths`.

    Raises:
        DataError: for arguments that don't fit each other or the folder.
        FileError: if the folder is missing or has no texts.
        NameUnknownError: for an unknown mode.
    """
    check_split(validation_split, subset, shuffle, seed)
    files = find(os.fspath(directory), labels if label_mode else None, ENDINGS, class_names, follow_links)
    check_labels(files, label_mode)
    missing = FileError(f"'{directory}' has no texts for this.", "use files that end in .txt.")
    table = Texts(max_length)
    return datasets(table, files, label_mode, batch_size, shuffle, seed, validation_split, subset, verbose, missing)


class Texts:
    """A table of texts by their files' paths.

    Args:
        max_length: how many bytes of each to keep; all for None.
    """

    def __init__(self, max_length: int | None) -> None:
        self._max_length = max_length

    def row(self, key: str) -> Tensor:
        return Tensor(np.array(self._read(key), TEXT)[()])

    def rows(self, keys: list[str]) -> Tensor:
        return Tensor(np.array([self._read(key) for key in keys], TEXT))

    def spec(self) -> TensorSpec:
        return TensorSpec((), string)

    def _read(self, path: str) -> bytes:
        return read_whole(Path(path))[: self._max_length]
