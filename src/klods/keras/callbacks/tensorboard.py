"""TensorBoard: figures and weights written for TensorBoard's pages."""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.extras import require
from klods.keras.callbacks.callback import Callback, Logs
from klods.keras.callbacks.learning_rate import rate_of


class TensorBoard(Callback):
    """Writes the figures of training to `log_dir/train`, those of validation to `log_dir/validation`.

    They are under Keras's names: `epoch_loss` after each epoch, `epoch_learning_rate`, `batch_loss` after steps, and
    `evaluation_loss_vs_iterations` after each evaluation. `tensorboard --logdir logs` shows them.

    Args:
        log_dir: the folder.
        histogram_freq: epochs between histograms of the weights; 0 for none.
        write_graph: accepted for Keras's sake; `keras.utils.plot_model` draws models.
        write_images: accepted for Keras's sake.
        write_steps_per_second: whether to write how fast the steps of each epoch were.
        update_freq: `"epoch"`, `"batch"`, or the number of steps after which figures are written, each time.
        profile_batch: accepted for Keras's sake; `klods.explain` measures what a step does.

    Raises:
        DataError: for an impossible `update_freq`.
        StateError: if tensorboardX is not installed.
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
    ) -> None:
        super().__init__()
        if update_freq not in ("epoch", "batch") and not (isinstance(update_freq, int) and update_freq > 0):
            raise DataError(
                f"update_freq is 'epoch', 'batch' or a number of steps; got {update_freq!r}.", "write 'epoch'."
            )
        require("tensorboard", "The TensorBoard callback", "tensorboardX")
        self.log_dir, self.histogram_freq = os.fspath(log_dir), histogram_freq
        self.write_steps_per_second, self.update_freq = write_steps_per_second, update_freq
        self._writers: dict[str, Any] = {}
        self._steps, self._steps_before, self._start = 0, 0, 0.0
        if update_freq != "epoch":  # a hook of every batch costs time
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._steps = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._steps_before, self._start = self._iterations(), perf_counter()

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        self._steps += 1
        if self._steps % (1 if self.update_freq == "batch" else int(self.update_freq)) == 0:
            self._write("train", {f"batch_{name}": figure for name, figure in (logs or {}).items()}, self._steps)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        trained = {f"epoch_{name}": figure for name, figure in logs.items() if not name.startswith("val_")}
        trained["epoch_learning_rate"] = rate_of(self.model)
        if self.write_steps_per_second:
            steps = self._iterations() - self._steps_before
            trained["epoch_steps_per_second"] = steps / (perf_counter() - self._start)
        validated = {f"epoch_{name[4:]}": figure for name, figure in logs.items() if name.startswith("val_")}
        self._write("train", trained, epoch)
        self._write("validation", validated, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for weight in self.model.weights:
                self._writer("train").add_histogram(f"{weight.path}/histogram", np.asarray(weight), epoch)

    def on_test_end(self, logs: Logs | None = None) -> None:
        figures = {f"evaluation_{name}_vs_iterations": figure for name, figure in (logs or {}).items()}
        self._write("validation", figures, self._iterations())

    def on_train_end(self, logs: Logs | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _iterations(self) -> int:
        return int(np.asarray(self.model.optimizer.iterations))

    def _write(self, run: str, figures: dict[str, float], step: int) -> None:
        for name, figure in figures.items():
            if np.ndim(figure) == 0:
                self._writer(run).add_scalar(name, figure, step)
        if figures:
            self._writer(run).flush()

    def _writer(self, run: str) -> Any:
        if run not in self._writers:
            from tensorboardX import SummaryWriter

            self._writers[run] = SummaryWriter(str(Path(self.log_dir) / run))
        return self._writers[run]
