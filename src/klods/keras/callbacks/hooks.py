"""Several callbacks called as one: Hooks inside `fit`, CallbackList in loops of your own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klods.errors import DataError
from klods.keras.callbacks.callback import HOOKS, Callback, Logs
from klods.keras.callbacks.history import History
from klods.keras.callbacks.progress import ProgbarLogger


class Hooks:
    """The callbacks of one call of `fit`, `evaluate` or `predict`; only hooks that somebody defines are called.

    Args:
        callbacks: a callback or several, in order; None for none.
        model: the model they watch.
        params: what they are told of the call.
        own: klods's callbacks, called after the others.

    Attributes:
        draw_progress: whether a callback shows a progress bar, so that nobody else need.

    Raises:
        DataError: for what is no callback.
    """

    def __init__(self, callbacks: Any, model: Any, params: dict[str, Any], *own: Callback) -> None:
        self.model = model
        called = [*_listed(callbacks), *own]
        for callback in called:
            callback.set_model(model)
            callback.set_params(params)
        self.draw_progress = any(isinstance(callback, ProgbarLogger) for callback in called)
        self._listeners = {name: [getattr(c, name) for c in called if _defines(c, name)] for name in HOOKS}

    def call(self, name: str, *args: Any) -> None:
        """Call a hook of all callbacks that define it."""
        for listener in self._listeners[name]:
            listener(*args)

    def wanted(self, name: str) -> bool:
        """Tell whether anybody listens to a hook."""
        return bool(self._listeners[name])


def _listed(given: Any) -> list[Callback]:
    """Return the callbacks in what `fit` was given."""
    if given is None:
        return []
    if isinstance(given, CallbackList):
        return list(given.callbacks)
    if isinstance(given, (list, tuple)):
        return [callback for part in given for callback in _listed(part)]
    if not isinstance(given, Callback):
        raise DataError(f"{given!r} is no callback.", "give objects of classes that extend Callback.")
    return [given]


def _defines(callback: Callback, name: str) -> bool:
    aliases = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
    return any(_redefined(callback, n) for n in (name, aliases.get(name, name)))


def _redefined(callback: Callback, name: str) -> bool:
    return name in vars(callback) or getattr(type(callback), name, None) is not getattr(Callback, name)


class CallbackList(Callback):
    """Callbacks called as one, for training loops of your own; `fit` takes it as it takes a list.

    Args:
        callbacks: the callbacks, in order.
        add_history: whether a History comes last, if there is none.
        add_progbar: whether a ProgbarLogger comes last, if there is none.
        model: the model they watch.
        params: `epochs`, `steps` and `verbose`, which the callbacks are told.

    Raises:
        DataError: for what is no callback.

    Example:
        >>> from klods.keras.callbacks import LambdaCallback
        >>> said = []
        >>> callbacks = CallbackList([LambdaCallback(on_epoch_end=lambda epoch, logs: said.append(logs))])
        >>> callbacks.on_epoch_end(0, {"loss": 0.5})
        >>> said
        [{'loss': 0.5}]
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks = _listed(callbacks)
        for kind, wanted in ((History, add_history), (ProgbarLogger, add_progbar)):
            if wanted and not any(isinstance(callback, kind) for callback in self.callbacks):
                self.callbacks.append(kind())
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)
            if isinstance(callback, History):
                model.history = callback

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)


def _of_all(name: str) -> Callable[..., None]:
    """Return the hook of a CallbackList that calls those of its callbacks."""
    count = 2 if "epoch" in name or "batch" in name else 1

    def hook(self: CallbackList, *args: Any, logs: Logs | None = None) -> None:
        *number, figures = (*args, logs)[:count]
        figures = {} if figures is None else figures
        for callback in self.callbacks:
            getattr(callback, name)(*number, figures)

    hook.__name__, hook.__doc__ = name, getattr(Callback, name).__doc__
    return hook


for _name in HOOKS:
    setattr(CallbackList, _name, _of_all(_name))
