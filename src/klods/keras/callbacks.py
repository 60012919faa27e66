"""Callbacks: what is called at the start and end of training, epochs and batches."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from klods.errors import DataError
from klods.missing import reporter
from klods.pictures.curves import curves_html

Logs = dict[str, float]
HOOKS = (
    "on_train_begin on_train_end on_epoch_begin on_epoch_end on_test_begin on_test_end on_predict_begin on_predict_end "
    "on_train_batch_begin on_train_batch_end on_test_batch_begin on_test_batch_end on_predict_batch_begin "
    "on_predict_batch_end"
).split()


class Callback:
    """Base of all; a callback of your own defines the hooks it wants.

    Attributes:
        model: the model in training; `model.stop_training = True` ends it after the epoch.
        params: `epochs`, `steps` and `verbose` of the call.
    """

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called once before training."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called once after training."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before each epoch, numbered from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after each epoch with its figures."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of on_train_batch_begin."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of on_train_batch_end."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each batch of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each batch of training with the figures of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called before evaluation, also that of each epoch."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called after evaluation with its figures."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each batch of evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each batch of evaluation with the figures so far."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called before prediction."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called after prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each batch of prediction."""


class LambdaCallback(Callback):
    """A callback made of functions, one for each hook named.

    Example:
        >>> seen = []
        >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    """

    def __init__(self, **hooks: Callable[..., None]) -> None:
        super().__init__()
        for name, function in hooks.items():
            if function is not None:
                setattr(self, name, function)


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
        return curves_html(self.history)


def _no_model() -> None:
    """Stand for the model of a history that has none."""


class Hooks:
    """The callbacks of one call of `fit`, `evaluate` or `predict`; only hooks that somebody defines are called.

    Args:
        callbacks: a callback or several, in order; None for none.
        model: the model they watch.
        params: what they are told of the call.
        own: klods's callbacks, called after the others.

    Raises:
        DataError: for what is no callback.
    """

    def __init__(self, callbacks: Any, model: Any, params: dict[str, Any], *own: Callback) -> None:
        self.model = model
        called = [*_listed(callbacks), *own]
        for callback in called:
            callback.set_model(model)
            callback.set_params(params)
        self._listeners = {name: [getattr(c, name) for c in called if _defines(c, name)] for name in HOOKS}

    def call(self, name: str, *args: Any) -> None:
        """Call a hook of all callbacks that define it."""
        for listener in self._listeners[name]:
            listener(*args)

    def wanted(self, name: str) -> bool:
        """Tell whether anybody listens to a hook."""
        return bool(self._listeners[name])


def _listed(callbacks: Any) -> list[Callback]:
    given = list(callbacks) if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
    for callback in given:
        if not isinstance(callback, Callback):
            raise DataError(f"{callback!r} is no callback.", "give objects of classes that extend Callback.")
    return given


def _defines(callback: Callback, name: str) -> bool:
    aliases = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
    return any(_redefined(callback, n) for n in (name, aliases.get(name, name)))


def _redefined(callback: Callback, name: str) -> bool:
    return name in vars(callback) or getattr(type(callback), name, None) is not getattr(Callback, name)


__all__ = ["Callback", "History", "LambdaCallback"]
__getattr__ = reporter(__name__)
