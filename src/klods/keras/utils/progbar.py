"""`Progbar`: a progress bar for loops of your own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from klods.errors import ArgumentError
from klods.keras import config
from klods.pictures.progress import Progress


class Progbar:
    """A progress bar with figures, in the look of `fit`.

    Args:
        target: the number of steps; None if that is unknown.
        width: accepted for Keras's sake, as is `interval`.
        verbose: 0 for silence, 1 for a bar, 2 for one line at the end.
        interval: see `width`.
        stateful_metrics: the names of figures to show as they are; of the others the mean is shown.
        stateless_metrics: the names of figures to show the mean of; the others are shown as they are.
        unit_name: accepted for Keras's sake.

    Raises:
        ArgumentError: for both kinds of names.

    Example:
        >>> bar = Progbar(2)
        >>> for step in (1, 2):
        ...     bar.update(step, [("loss", 1 / step)])
        2/2 ━━━━━━━━━━━━━━━━━━━━ 0s ...s/step - loss: 0.5000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError("Progbar takes stateful_metrics or stateless_metrics.", "leave one of them out.")
        self.target = target
        self._averaged = None if stateless_metrics is None else set(stateless_metrics)
        self._shown_as_is = set(stateful_metrics or ())
        self._progress = Progress(target, verbose if config.is_interactive_logging_enabled() else 0)
        self._sums: dict[str, tuple[float, int]] = {}
        self._seen = 0

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Say how many steps are done.

        Args:
            current: the steps.
            values: figures of the last step: pairs of a name and a number.
            finalize: whether these are the last; by the target if not given. The last figures are shown as they are.
        """
        last = finalize if finalize is not None else self.target is not None and current >= self.target
        steps = max(current - self._seen, 1)
        for name, value in values or ():
            number, (total, count) = float(np.mean(value)), self._sums.get(name, (0.0, 0))
            as_is = last or not self._averages(name)
            self._sums[name] = (number, 1) if as_is else (total + number * steps, count + steps)
        self._seen = current
        self._progress.step(current, self._figures)
        if last:
            self._progress.close(self._figures())

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Say that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _averages(self, name: str) -> bool:
        return name not in self._shown_as_is if self._averaged is None else name in self._averaged

    def _figures(self) -> dict[str, float]:
        return {name: total / count for name, (total, count) in self._sums.items()}
