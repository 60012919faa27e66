"""The line that shows how far an epoch has come, in the look of Keras 3."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TextIO

import numpy as np

WIDTH = 20  # characters of the bar
INTERVAL = 0.1  # seconds between redraws
BOLD, GREEN, GREY = "\x1b[1m", "\x1b[32m", "\x1b[37m"
RESET = "\x1b[0m"

Piece = tuple[str, str]  # a text and its colour


class Progress:
    """Shows the steps of one epoch: redrawn in place where somebody watches, one line at the end anywhere else.

    Args:
        steps: the number of steps to come; None if that is unknown.
        verbose: 0 for silence, 1 for a bar, 2 for one line at the end.
        stream: where to write; `sys.stdout` by default.

    Example:
        >>> progress = Progress(steps=2, verbose=1)
        >>> for done in (1, 2):
        ...     progress.step(done, lambda: {"loss": 1 / done})
        >>> progress.close({"loss": 0.5})
        2/2 ━━━━━━━━━━━━━━━━━━━━ 0s ...s/step - loss: 0.5000
    """

    def __init__(self, steps: int | None, verbose: int, stream: TextIO | None = None) -> None:
        self._steps, self._verbose = steps, verbose
        self._stream = sys.stdout if stream is None else stream
        self._live = verbose == 1 and (_terminal(self._stream) or _jupyter(self._stream))
        self._colour = self._live and not ("NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb")
        self._unicode = _encodes(self._stream, "━─")
        self._done = self._drawn = 0
        self._start = perf_counter()
        self._first: float | None = None
        self._next = 0.0

    def step(self, done: int, figures: Callable[[], Mapping[str, float]]) -> None:
        """Say that `done` steps are done; `figures` is called only if they are drawn now."""
        self._done = done
        now = perf_counter()
        if now >= self._next:
            self._step_due(now, figures)

    def close(self, figures: Mapping[str, float]) -> None:
        """Write the last line, with the figures of the whole epoch."""
        if not self._verbose or self._stream is None:
            return
        now = perf_counter()
        steps = self._done if self._steps is None else self._steps
        elapsed, rest = f"{now - self._start:.0f}s", f" {self._pace(now)}{_listed(figures)}"
        if self._verbose == 1:
            self._write([*self._bar(steps), (elapsed, BOLD), (rest, "")], "\n")
        else:
            self._write([(f"{_count(self._done, steps)} - {elapsed} -{rest}", "")], "\n")

    def _step_due(self, now: float, figures: Callable[[], Mapping[str, float]]) -> None:
        if self._first is None:
            self._first = now
            self._next = self._start + INTERVAL if self._live else float("inf")
        if now >= self._next:
            self._next = now + INTERVAL
            self._draw(now, figures())

    def _draw(self, now: float, figures: Mapping[str, float]) -> None:
        pieces = [*self._bar(self._steps), (self._time(now), BOLD), (f" {self._pace(now)}{_listed(figures)}", "")]
        self._write(_cut(pieces) if _terminal(self._stream) else pieces, "")

    def _bar(self, steps: int | None) -> list[Piece]:
        if steps is None:
            return [(f"{self._done:7d}/Unknown ", "")]
        filled = WIDTH if self._done >= steps else WIDTH * self._done // steps
        full, empty = ("━", "━" if self._colour else "─") if self._unicode else ("=", ".")
        return [
            (_count(self._done, steps), BOLD),
            (" ", ""),
            (full * filled, GREEN),
            (empty * (WIDTH - filled), GREY),
            (" ", ""),
        ]

    def _time(self, now: float) -> str:
        """Return the time that remains; the time gone by if the number of steps is unknown."""
        if self._steps is None:
            return f"{now - self._start:.0f}s"
        return _clock(int(self._seconds_per_step(now) * (self._steps - self._done)))

    def _pace(self, now: float) -> str:
        seconds = self._seconds_per_step(now)
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/step"
        return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"

    def _seconds_per_step(self, now: float) -> float:
        """Return the mean over all steps but the first, which prepares what the others use."""
        if self._done > 1 and self._first is not None:
            return (now - self._first) / (self._done - 1)
        return (now - self._start) / self._done if self._done else 0.0

    def _write(self, pieces: list[Piece], end: str) -> None:
        length = sum(len(text) for text, _ in pieces)
        line = "".join(self._painted(text, colour) for text, colour in pieces)
        start, blank = ("\r", " " * (self._drawn - length)) if self._live else ("", "")
        self._stream.write(f"{start}{line}{blank}{end}")
        self._stream.flush()
        self._drawn = length

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{RESET}" if self._colour and colour and text else text


def _terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _jupyter(stream: TextIO | None) -> bool:
    return type(stream).__module__.startswith("ipykernel")


def _encodes(stream: TextIO | None, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _count(done: int, steps: int) -> str:
    return f"{done:{len(str(steps))}d}/{steps}"


def _clock(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return f"{hours}:{minutes:02d}:{seconds % 60:02d}"
    return f"{minutes}:{seconds % 60:02d}" if minutes else f"{seconds}s"


def _listed(figures: Mapping[str, float]) -> str:
    """Return the figures as text; of one with several numbers, such as a score per class, their mean."""
    means = {name: float(np.mean(figure)) for name, figure in figures.items()}
    return "".join(f" - {name}: {mean:{'.4f' if abs(mean) > 1e-3 else '.4e'}}" for name, mean in means.items())


def _cut(pieces: list[Piece]) -> list[Piece]:
    """Shorten a line to one row of the terminal: a carriage return doesn't go back over a second one."""
    room, kept = shutil.get_terminal_size().columns - 1, []
    for text, colour in pieces:
        kept.append((text[:room], colour))
        room -= len(kept[-1][0])
    return kept
