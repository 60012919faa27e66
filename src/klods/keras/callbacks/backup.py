"""BackupAndRestore: training that goes on where an interruption ended it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from klods.errors import DataError, FileError, StateError
from klods.files import write_whole
from klods.keras.callbacks.callback import Callback, Logs
from klods.keras.callbacks.checkpoints import Every
from klods.random import generator

WEIGHTS, METADATA = "latest.weights.h5", "training_metadata.json"


class BackupAndRestore(Callback):
    """Backs training up, and lets the next `fit` of the same model and data go on from there.

    The weights, the optimizer's state, the epoch, the step and the state of the random numbers are kept. So samples in
    arrays come in the order in which they would have come, and the result is that of an uninterrupted run. Not kept are
    streams with a seed of their own (shuffled datasets and generators come in a new order), and the figures of an epoch
    cover the steps since the restart alone.

    Args:
        backup_dir: a folder for this purpose alone; it is made, and removed when training is complete.
        save_freq: `"epoch"`, or the number of batches between backups.
        double_checkpoint: whether to keep the backup before the last one, too, for the case that the last is damaged.
        delete_checkpoint: whether the folder is removed when training is complete.

    Raises:
        DataError: for no folder, or an impossible `save_freq`.
        FileError: at the start of training, for a backup that is damaged or of another model.
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise DataError("BackupAndRestore needs a folder.", "write BackupAndRestore('backup').")
        self.backup_dir, self.save_freq = os.fspath(backup_dir), save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._folder, self._due = Path(backup_dir), Every(save_freq)
        self._epoch = 0
        if save_freq != "epoch":  # hooks of every batch cost time
            self.on_train_batch_begin = self._before_batch  # type: ignore[method-assign]
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]
        self._order: Any = None  # the state of the random numbers at the start of the epoch
        self._restored: Any = None  # their state at the step that training goes on from

    def on_train_begin(self, logs: Logs | None = None) -> None:
        try:
            self._restore()
        except (FileError, ValueError):
            if not _previous(self._folder / WEIGHTS).exists():
                raise
            for name in (WEIGHTS, METADATA):
                shutil.copy(_previous(self._folder / name), self._folder / name)
            self._restore()

    def _restore(self) -> None:
        if not (self._folder / WEIGHTS).exists():
            return
        if not self.model.built:
            raise StateError(
                f"Model '{self.model.name}' has no weights yet to restore.", "build it or call it before fit."
            )
        metadata = json.loads((self._folder / METADATA).read_text())
        if self.model.optimizer is not None:
            self.model.optimizer.build_new(self.model.trainable_variables)
        self.model.load_weights(self._folder / WEIGHTS)
        self.model.start_from = metadata["epoch"], metadata["batch"]
        generator().bit_generator.state = metadata["order"]
        for state, value in zip(_seeds(self.model), metadata.get("seeds", [])):
            state.assign(value)
        self._restored = metadata["random"] if metadata["batch"] else None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch, self._order = epoch, generator().bit_generator.state

    def _before_batch(self, batch: int, logs: Logs | None = None) -> None:
        if self._restored is not None:
            generator().bit_generator.state, self._restored = self._restored, None

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        if not self._due.after_batch():
            return
        if batch + 1 == self.params.get("steps"):
            self._save(self._epoch + 1, 0, generator().bit_generator.state)
        else:
            self._save(self._epoch, batch + 1, self._order)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0, generator().bit_generator.state)

    def _save(self, epoch: int, batch: int, order: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self.double_checkpoint and (self._folder / WEIGHTS).exists():
            for name in (WEIGHTS, METADATA):
                shutil.copy(self._folder / name, _previous(self._folder / name))
        seeds = [state.numpy().tolist() for state in _seeds(self.model)]
        state = {"epoch": epoch, "batch": batch, "order": order, "seeds": seeds}
        state["random"] = generator().bit_generator.state
        self.model.save_weights(self._folder / WEIGHTS, overwrite=True)
        write_whole(self._folder / METADATA, lambda file: file.write(json.dumps(state).encode()))

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint:
            shutil.rmtree(self._folder, ignore_errors=True)


def _seeds(model: Any) -> list[Any]:
    """Return the states that dropout and noise draw by, which no file of weights holds."""
    weights = {*map(id, model.weights)}
    return [variable for variable in model.variables if id(variable) not in weights]


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.name}.bkp")
