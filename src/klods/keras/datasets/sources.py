"""Where the data sets come from: files that are published, downloaded at first use, and kept in Keras's folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from klods.downloads import Checksum
from klods.errors import FileError
from klods.keras.utils.files import get_file

KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
TORONTO = "https://www.cs.toronto.edu/~kriz/"


@dataclass(frozen=True)
class Published:
    """A published file.

    Args:
        name: what it is called where it is kept.
        url: where it is published.
        checksum: its sha256 or md5 as Keras gives it; None where Keras gives none.
        folder: where it is kept, inside Keras's folder.
    """

    name: str
    url: str
    checksum: str | None = None
    folder: str = "datasets"

    def found(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Return where the file is, downloaded if need be.

        Args:
            path: a local file to use instead, whatever its checksum. A bare name, without a folder, is a name in
                Keras's folder; `./name` is a file in the current one.

        Raises:
            FileError: if there is no such local file, or it can't be downloaded.
        """
        name = os.fspath(path or self.name)
        if os.path.basename(name) == name:
            return Path(get_file(name, self.url, file_hash=self.checksum, cache_subdir=self.folder))
        return local(Path(name))

    def is_at(self, path: Path) -> bool:
        """Tell whether a file is the published one, by its checksum."""
        return self.checksum is not None and Checksum(self.checksum).fits(path)


def local(path: Path) -> Path:
    """Return the path of a file that has to be there.

    Raises:
        FileError: if it isn't.
    """
    if path.is_file():
        return path
    problem = "is a folder" if path.is_dir() else "does not exist"
    raise FileError(f"The file '{path}' {problem}.", "check the path, or call load_data() without it.")
