"""MonitorCallback, the base of the callbacks that watch whether a figure gets better."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError, warn
from klods.keras.callbacks.callback import Callback, Logs

MODES = ("auto", "min", "max")


class MonitorCallback(Callback):
    """Watches a figure and its best value so far.

    Args:
        monitor: the figure's name, as the history has it.
        mode: `min` if less is better, `max` if more is; `auto` asks the metric of that name.
        best: the value to beat at first; None for any.
        min_delta: what must be gained to count.

    Attributes:
        best: the best value so far.

    Raises:
        DataError: for another mode; once training, where `auto` finds no answer.
    """

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", best: float | None = None, min_delta: float = 0
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise DataError(f"{type(self).__name__}: mode is one of {MODES}; got {mode!r}.", "write mode='auto'.")
        self.monitor, self.mode, self.best, self.min_delta = monitor, mode, best, abs(min_delta)
        self._sign: int | None = None

    def monitored(self, logs: Logs | None) -> Any:
        """Return the figure's value; warn and return None where it isn't among the logs."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            there_are = ", ".join(logs or {}) or "none"
            warn(UserWarning, f"{type(self).__name__} finds no figure '{self.monitor}'; there are: {there_are}.")
        return value

    def improves(self, value: float, reference: float | None) -> bool:
        """Tell whether a value is better than another by more than `min_delta`; anything is better than None."""
        if self._sign is None:
            self._sign = self._direction()
        if reference is None:
            return True
        short = value - self._sign * self.min_delta
        return bool(short > reference if self._sign > 0 else short < reference)

    def _direction(self) -> int:
        """Return 1 if more is better, -1 if less is."""
        if self.mode != "auto":
            return 1 if self.mode == "max" else -1
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return -1
        direction = getattr(self.model.single_metrics().get(name), "_direction", None)
        if direction is not None:
            return 1 if direction == "up" else -1
        raise DataError(
            f"{type(self).__name__} can't tell whether more or less of '{self.monitor}' is better.",
            "say mode='max' or mode='min'.",
        )
