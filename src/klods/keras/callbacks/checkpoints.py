"""ModelCheckpoint: the model saved while it trains."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from klods.errors import DataError, warn
from klods.keras.callbacks.callback import Logs
from klods.keras.callbacks.monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after epochs or after numbers of batches.

    Args:
        filepath: where; it may hold the epoch's number and figures, as in `"{epoch:02d}-{val_loss:.2f}.keras"`, and the
            batch's, both counted from 1. It ends in `.keras` or `.h5`, or in `.weights.h5` for weights alone. Folders
            are made.
        monitor: the figure that `save_best_only` goes by.
        verbose: 1 to say what is saved and what isn't.
        save_best_only: whether to save only when the figure is the best so far.
        save_weights_only: whether to save weights and optimizer alone, which `load_weights` reads.
        mode: `min`, `max`, or `auto`, which knows the direction by the metric.
        save_freq: `"epoch"`, or the number of batches between savings, counted through the epochs.
        initial_value_threshold: the value to beat at first.

    Raises:
        DataError: for another ending, `save_freq` or mode; in training, if the path holds a figure that isn't there.
        FileError: in training, if the file can't be written.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath, self.verbose = os.fspath(filepath), verbose
        self.save_best_only, self.save_weights_only, self.save_freq = save_best_only, save_weights_only, save_freq
        self._due = Every(save_freq)
        self._epoch = 0
        if save_freq != "epoch":  # a hook of every batch costs time
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]
        _check_ending(self.filepath, (".weights.h5",) if save_weights_only else (".keras", ".h5"))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        if self._due.after_batch():
            self._save({"batch": batch + 1}, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save({}, logs or {})

    def _save(self, place: dict[str, int], logs: Logs) -> None:
        path = _formatted(self.filepath, {"epoch": self._epoch + 1, **place, **logs})
        if self.save_best_only and not self._is_best(logs):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path, overwrite=True)
        self._say(f"the {'weights are' if self.save_weights_only else 'model is'} saved to {path}.")

    def _is_best(self, logs: Logs) -> bool:
        """Tell whether the figure is the best so far; a figure that can't be compared doesn't keep from saving."""
        current = self.monitored(logs)
        if current is None:
            return True
        if np.ndim(current):
            warn(UserWarning, f"ModelCheckpoint can't compare arrays such as '{self.monitor}'; it saves every time.")
            return True
        before = "nothing" if self.best is None else f"{self.best:.5f}"
        if not self.improves(current, self.best):
            self._say(f"{self.monitor} is {current:.5f}, no better than {before}; nothing is saved.")
            return False
        self.best = current
        self._say(f"{self.monitor} got better, from {before} to {current:.5f}.")
        return True

    def _say(self, text: str) -> None:
        if self.verbose:
            start = "" if self.save_freq == "epoch" else "\n"  # a progress bar is being drawn
            print(f"{start}Epoch {self._epoch + 1}: {text}", flush=True)


class Every:
    """Tells when the next saving is due.

    Args:
        frequency: `"epoch"`, for which no batch is due, or a number of batches.

    Raises:
        DataError: for anything else.

    Example:
        >>> due = Every(3)
        >>> [due.after_batch() for _ in range(6)]
        [False, False, True, False, False, True]
    """

    def __init__(self, frequency: str | int) -> None:
        whole = isinstance(frequency, int) and not isinstance(frequency, bool) and frequency > 0
        if frequency != "epoch" and not whole:
            raise DataError(f"save_freq is 'epoch' or a number of batches; got {frequency!r}.", "write 'epoch' or 100.")
        self._batches = frequency if isinstance(frequency, int) else 0
        self._seen = 0

    def after_batch(self) -> bool:
        """Count a batch, and tell whether saving is due after it."""
        self._seen += 1
        return self._batches > 0 and self._seen % self._batches == 0


def _check_ending(path: str, endings: tuple[str, ...]) -> None:
    if not path.endswith(endings):
        raise DataError(
            f"ModelCheckpoint writes files that end in {' or '.join(endings)}; got '{path}'.",
            f"end the path in {endings[0]}; for weights alone, say save_weights_only=True and end it in .weights.h5.",
        )


def _formatted(path: str, values: dict[str, Any]) -> Path:
    try:
        return Path(path.format(**values))
    except KeyError as error:
        raise DataError(
            f"The path '{path}' of ModelCheckpoint holds {error}, which isn't there.", f"there are {', '.join(values)}."
        ) from None
