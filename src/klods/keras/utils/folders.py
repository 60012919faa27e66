"""Files in folders, one folder per class: found, shuffled and split."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from klods.errors import DataError, FileError, unknown_name

SUBSETS = ("training", "validation", "both")


@dataclass(frozen=True)
class Files:
    """Files and their classes.

    Attributes:
        paths: where they are.
        labels: the number of each one's class; None without classes.
        class_names: the names of the classes.
    """

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None

    def shuffled(self, seed: int) -> Files:
        """Return the files in a random order, which is Keras's for the seed."""
        order = np.arange(len(self.paths))
        np.random.RandomState(seed).shuffle(order)
        return self._part(order.tolist())

    def split(self, share: float) -> tuple[Files, Files]:
        """Return the first files, and the last `share` of them."""
        border = len(self.paths) - int(share * len(self.paths))
        return self._part(list(range(border))), self._part(list(range(border, len(self.paths))))

    def _part(self, places: list[int]) -> Files:
        labels = None if self.labels is None else self.labels[places]
        return replace(self, paths=[self.paths[place] for place in places], labels=labels)


def find(
    directory: str, labels: Any, endings: tuple[str, ...], class_names: Sequence[str] | None, follow_links: bool
) -> Files:
    """Return the files of a folder, in the order of their names.

    Args:
        directory: the folder.
        labels: `inferred` for the names of the folders in it; the numbers of the files' classes; None for no classes.
        endings: of the names of the files that are meant.
        class_names: the names of the folders, in the order of their numbers; alphabetical by default.
        follow_links: whether to look into folders that are linked.

    Raises:
        DataError: for class names that aren't the folders', or another number of labels than of files.
        FileError: if there is no such folder.
    """
    if not os.path.isdir(directory):
        raise FileError(f"The folder '{directory}' does not exist.", "check the path.")
    if labels == "inferred":
        names = _class_names(directory, class_names)
        found = [list(_walk(os.path.join(directory, name), endings, follow_links)) for name in names]
        numbers = np.repeat(np.arange(len(names), dtype=np.int32), [len(files) for files in found])
        return Files([path for files in found for path in files], numbers, names)
    if class_names is not None:
        raise DataError("class_names go with labels='inferred'.", "leave one of them out.")
    paths = list(_walk(directory, endings, follow_links))
    if labels is None:
        return Files(paths, None, None)
    if len(labels) != len(paths):
        raise DataError(f"There are {len(labels)} labels for {len(paths)} files in '{directory}'.", "give one each.")
    return Files(paths, np.asarray(labels, np.int32), [str(label) for label in sorted(set(labels))])


def check_split(validation_split: float | None, subset: str | None, shuffle: bool, seed: int | None) -> None:
    """Check the arguments that say what share of the files is meant.

    Raises:
        DataError: for a share that is none, or one argument without the other it needs.
        NameUnknownError: for an unknown subset.
    """
    if subset is not None and subset not in SUBSETS:
        raise unknown_name("subset", subset, SUBSETS)
    if (validation_split is None) != (subset is None):
        raise DataError("validation_split and subset go together.", "give both, such as 0.2 and 'training', or none.")
    if validation_split is not None and not 0 < validation_split < 1:
        raise DataError(f"validation_split is a share between 0 and 1; got {validation_split}.", "write 0.2, say.")
    if validation_split is not None and shuffle and seed is None:
        raise DataError(
            "Without a seed, the training and validation files would overlap.", "give seed, or shuffle=False."
        )


def _class_names(directory: str, wanted: Sequence[str] | None) -> list[str]:
    there = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir() and not entry.name.startswith("."))
    if wanted is None:
        return there
    if lacking := sorted(set(wanted) - set(there)):
        raise DataError(f"'{directory}' has no folder {', '.join(lacking)}.", f"name some of {', '.join(there)}.")
    return list(wanted)


def _walk(directory: str, endings: tuple[str, ...], follow_links: bool) -> Iterator[str]:
    for folder, _, names in sorted(os.walk(directory, followlinks=follow_links)):
        for name in sorted(names):
            if name.lower().endswith(endings):
                yield os.path.join(folder, name)
