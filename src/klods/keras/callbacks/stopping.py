"""EarlyStopping and TerminateOnNaN: callbacks that end training."""

from __future__ import annotations

import math
from typing import Any

from klods.errors import StateError
from klods.keras.callbacks.callback import Callback, Logs
from klods.keras.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Ends training when a figure has stopped getting better.

    Args:
        monitor: the figure's name, as the history has it.
        min_delta: what must be gained to count.
        patience: epochs without a gain before training ends.
        verbose: 1 to say when it ends, and what is restored.
        mode: `min`, `max`, or `auto`, which knows the direction by the metric.
        baseline: a value that must be beaten, too.
        restore_best_weights: whether the model ends with the weights of its best epoch, even if that didn't beat the
            baseline.
        start_from_epoch: epochs before the figure is watched.

    Attributes:
        stopped_epoch: the number of the epoch that training ended after, from 0; 0 if it wasn't ended.
        best_epoch: the number of the best epoch.
        wait: epochs since the last gain.

    Raises:
        DataError: for an impossible mode.

    Example:
        >>> import numpy as np
        >>> from klods import keras
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.0), "mse")
        >>> stopping = keras.callbacks.EarlyStopping(monitor="loss", patience=3)
        >>> history = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=10, callbacks=[stopping], verbose=0)
        >>> len(history.epoch)
        4
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self._forget()

    def _forget(self) -> None:
        self.best: float | None = None
        self.best_weights: list[Any] | None = None
        self.wait = self.stopped_epoch = self.best_epoch = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        current = self.monitored(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        improved = self.improves(current, self.best)
        if improved:
            self.best, self.best_epoch = current, epoch
            self.best_weights = self.model.get_weights() if self.restore_best_weights else None
        if improved and (self.baseline is None or self.improves(current, self.baseline)):
            self.wait = 0
        if not improved and self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: stopping early, {self.monitor} no longer gets better.", flush=True)
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring the weights of the best epoch, {self.best_epoch + 1}.", flush=True)
            self.model.set_weights(self.best_weights)


class TerminateOnNaN(Callback):
    """Ends training when the loss is NaN or infinite.

    Args:
        raise_error: whether to raise an error rather than end training in the ordinary way. Other callbacks' hooks for
            the end of training aren't called then, so a backup of BackupAndRestore stays.

    Raises:
        StateError: on such a loss, with `raise_error`.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise StateError(f"The loss is {loss} after batch {batch}.", "lower the learning rate, or check the data.")
        print(f"\nBatch {batch}: the loss is {loss}; training ends.", flush=True)
        self.model.stop_training = True
