"""CSVLogger: the figures of each epoch in a table on disk."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from klods.errors import FileError
from klods.keras.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Writes the figures of each epoch to a line of a CSV file, as soon as they are known.

    The columns are `epoch`, counted from 0, and the figures of the first epoch in the order of their names. Without
    validation in the first epoch there are columns for its figures, too; what is missing is `NA`.

    Args:
        filename: the file.
        separator: what stands between two values.
        append: whether to go on with a file that exists, rather than replace it.

    Raises:
        FileError: at the start of training, if the file can't be written.
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.csv_file: TextIO | None = None
        self.keys: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._close()
        self.keys = None
        try:
            self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise FileError(f"'{self.filename}' can't be written: {error.strerror}.", "choose another path.") from None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.csv_file is None:
            return
        logs = logs or {}
        writer = csv.writer(self.csv_file, delimiter=self.sep)
        if self.keys is None:
            self.keys = _columns(logs)
            if not Path(self.filename).stat().st_size:
                writer.writerow(["epoch", *self.keys])
        writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self.csv_file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = None


def _columns(logs: Logs) -> list[str]:
    names = sorted(logs)
    validated = any(name.startswith("val_") for name in names)
    return names if validated else [*names, *(f"val_{name}" for name in names)]


def _cell(value: Any) -> Any:
    """Return what stands in the table for a value: an array's numbers are listed."""
    if isinstance(value, str) or np.ndim(value) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
