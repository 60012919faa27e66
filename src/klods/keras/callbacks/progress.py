"""ProgbarLogger: the progress bar as a callback."""

from __future__ import annotations

from typing import Any

from klods.keras.callbacks.callback import Callback, Logs
from klods.pictures.progress import Progress


class ProgbarLogger(Callback):
    """Shows a progress bar with the figures, as `fit` does by itself; where this one is given, `fit` shows no other.

    It is for training loops of your own: `verbose`, `epochs` and `steps` come from its `params`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._training = False
        self._bar: Progress | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._start()
        if self._verbose() and self.params.get("epochs", 1) > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}", flush=True)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._show(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._close(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._training:
            self._start()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._training:
            self._show(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._training:
            self._close(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._start()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._show(batch, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._close(None)

    def _verbose(self) -> int:
        verbose: Any = self.params.get("verbose", 1)
        return 1 if verbose == "auto" else int(verbose)

    def _start(self) -> None:
        self._bar = Progress(self.params.get("steps"), self._verbose())

    def _show(self, batch: int, logs: Logs | None) -> None:
        if self._bar is not None:
            self._bar.step(batch + 1, lambda: logs or {})

    def _close(self, logs: Logs | None) -> None:
        if self._bar is not None:
            self._bar.close(logs or {})
        self._bar = None
