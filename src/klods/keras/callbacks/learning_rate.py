"""LearningRateScheduler and ReduceLROnPlateau: callbacks that change the learning rate between epochs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.keras.callbacks.callback import Callback, Logs
from klods.keras.callbacks.monitor import MonitorCallback
from klods.tensor import TensorLike


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch, and notes it among the figures.

    Args:
        schedule: returns the learning rate, given the epoch's number, from 0, and the learning rate so far; or given
            the number alone.
        verbose: 1 to say what is set.

    Raises:
        DataError: in training, if the schedule returns no number.

    Example:
        >>> import numpy as np
        >>> from klods import keras
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.5), "mse")
        >>> halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        >>> history = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=3, callbacks=[halve], verbose=0)
        >>> history.history["learning_rate"]
        [0.25, 0.125, 0.0625]
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        given = (epoch, rate_of(self.model)) if _takes_two(self.schedule) else (epoch,)
        rate = _as_rate(self.schedule(*given))
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: the learning rate is set to {rate:.6g}.", flush=True)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = rate_of(self.model)


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a figure has stopped getting better, and notes it among the figures.

    Args:
        monitor: the figure's name, as the history has it.
        factor: what the learning rate is multiplied by.
        patience: epochs without a gain before that.
        verbose: 1 to say what is set.
        mode: `min`, `max`, or `auto`, which knows the direction by the metric.
        min_delta: what must be gained to count.
        cooldown: epochs after each change in which the figure isn't watched.
        min_lr: the lowest learning rate.

    Raises:
        DataError: for a factor of 1 or more, or an impossible mode.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1:
            raise DataError(f"A factor that lowers the learning rate is below 1; got {factor}.", "write factor=0.1.")
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.wait = self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        """Tell whether the figure isn't watched yet after a change."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        logs["learning_rate"] = rate_of(self.model)
        current = self.monitored(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter, self.wait = self.cooldown_counter - 1, 0
        if self.improves(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        before = rate_of(self.model)
        if before <= np.float32(self.min_lr):
            return
        rate = max(before * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = rate
        self.cooldown_counter, self.wait = self.cooldown, 0
        if self.verbose:
            print(f"Epoch {epoch + 1}: {self.monitor} no longer gets better; the learning rate is set to {rate:.6g}.")


def rate_of(model: Any) -> float:
    """Return the learning rate that a model's optimizer has now."""
    return float(np.asarray(model.optimizer.learning_rate))


def _takes_two(schedule: Callable[..., float]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.1)
    except TypeError:
        return False
    return True


def _as_rate(value: Any) -> float:
    array = np.asarray(value.value if isinstance(value, TensorLike) else value)
    if array.ndim or array.dtype.kind not in "fiu":
        raise DataError(f"The schedule of a LearningRateScheduler returns a number; got {value!r}.", "return a float.")
    return float(array)
