"""History: what `fit` returns."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from klods.keras.callbacks.callback import Callback, Logs
from klods.pictures.curves import curves
from klods.pictures.shapes import svg


class History(Callback):
    """What `fit` returns: the figures of each epoch.

    Attributes:
        history: for each figure, the list of its values, one per epoch.
        epoch: the numbers of the epochs, from 0.
        model: the model, as long as somebody else keeps it: the model has its history, so the two would otherwise
            keep each other, and the weights, in memory.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self.params: dict[str, Any] = {}
        self._model: Callable[[], Any] = _no_model

    @property
    def model(self) -> Any:
        return self._model()

    def set_model(self, model: Any) -> None:
        self._model = weakref.ref(model)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, figure in (logs or {}).items():
            self.history.setdefault(name, []).append(figure)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle holds: everything but the model."""
        return {**vars(self), "_model": _no_model}

    def _repr_html_(self) -> str:
        return svg(curves(self.history, first=self.epoch[0] + 1 if self.epoch else 1))


def _no_model() -> None:
    """Stand for the model of a history that has none."""
