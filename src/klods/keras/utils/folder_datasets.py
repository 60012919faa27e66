"""Datasets of files in folders, with their classes: chosen, shuffled, split and put in batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods import random
from klods.data import Dataset
from klods.errors import DataError, FileError, unknown_name
from klods.keras import config
from klods.keras.utils.arrays import to_categorical
from klods.keras.utils.folders import Files

LABEL_MODES = ("int", "binary", "categorical", None)


def check_labels(files: Files, label_mode: str | None) -> None:
    """Check that labels can be given in a mode.

    Raises:
        DataError: for binary labels of another number of classes than 2.
        NameUnknownError: for an unknown mode.
    """
    if label_mode not in LABEL_MODES:
        raise unknown_name("label_mode", label_mode, [mode for mode in LABEL_MODES if mode])
    if label_mode == "binary" and len(files.class_names or ()) != 2:
        raise DataError(f"label_mode='binary' is for 2 classes; found {files.class_names}.", "use 'int'.")


def datasets(
    table: Any,
    files: Files,
    label_mode: str | None,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    validation_split: float | None,
    subset: str | None,
    verbose: bool,
    missing: FileError,
) -> Any:
    """Return a dataset of what a table gives for files' paths, with labels, or two in a list for the subset `both`.

    Args:
        table: the table.
        files: the files.
        label_mode: `int`, `binary` or `categorical`; None for no labels.
        batch_size: how many in a batch; None for single ones.
        shuffle: whether they come in random order.
        seed: of that order.
        validation_split: the share of the files that is for validation.
        subset: `training`, `validation` or `both`.
        verbose: whether to print how many files there are.
        missing: what is raised if there are none.
    """
    made = []
    for place, part in enumerate(_chosen(files, shuffle, seed, validation_split, subset, verbose)):
        if not part.paths:
            raise missing
        shuffled = shuffle and place == 0  # of both parts, the one for training
        made.append(_dataset(table, part, label_mode, batch_size, seed, shuffled))
    return made if subset == "both" else made[0]


def _chosen(
    files: Files, shuffle: bool, seed: int | None, share: float | None, subset: str | None, verbose: bool
) -> list[Files]:
    told = [
        f"Found {len(files.paths)} files" + (f" of {len(files.class_names)} classes." if files.class_names else ".")
    ]
    if shuffle:
        files = files.shuffled(int(random.generator().integers(10**6)) if seed is None else seed)
    if share is None or subset is None:
        parts = {"": files}
    else:
        parts = dict(zip(("training", "validation"), files.split(share)))
        parts = parts if subset == "both" else {subset: parts[subset]}
        told += [f"Using {len(part.paths)} of them for {name}." for name, part in parts.items()]
    if verbose and config.is_interactive_logging_enabled():
        print("\n".join(told))
    return list(parts.values())


def _dataset(
    table: Any, files: Files, label_mode: str | None, batch_size: int | None, seed: int | None, shuffle: bool
) -> Dataset:
    dataset = Dataset(lambda: iter(files.paths), table, len(files.paths))
    if files.labels is not None:
        dataset = Dataset.zip((dataset, _labels(files, label_mode)))
    if shuffle:
        dataset = dataset.shuffle(1024 if batch_size is None else 8 * batch_size, seed)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    vars(dataset).update(class_names=files.class_names, file_paths=files.paths)
    return dataset


def _labels(files: Files, label_mode: str | None) -> Dataset:
    labels = files.labels
    if label_mode == "binary":
        labels = np.asarray(labels, np.float32)[:, None]
    if label_mode == "categorical":
        labels = to_categorical(labels, len(files.class_names or ()))
    return Dataset.from_tensor_slices(labels)
