"""Axes: where numbers stand along a side of a chart, and the round ones among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST = 1e300  # beyond it, differences of numbers overflow


@dataclass(frozen=True)
class Axis:
    """Where the numbers from `low` to `high` stand, in pixels from `start` to `end`, and the round ones among them."""

    low: float
    high: float
    start: float
    end: float
    ticks: Sequence[tuple[float, str]]

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def axis(low: float, high: float, start: float, end: float, steps: int = 5) -> Axis:
    """Return an axis from `low` to `high`, with at most `steps` steps between round numbers.

    Example:
        >>> axis(0.0, 1.9, 0.0, 190.0).ticks
        [(0.0, '0.0'), (0.5, '0.5'), (1.0, '1.0'), (1.5, '1.5')]
    """
    return Axis(low, high, start, end, ticks(low, high, round_step((high - low) / steps)))


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """Return the least and the greatest value, drawn apart if they are (nearly) one."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    size = max(abs(low), abs(high))
    if high - low > max(1e-9 * size, 1e-300):
        return low, high
    margin = 0.1 * size if size > 1e-300 else 1.0
    return low - margin, high + margin


def rounded(low: float, high: float) -> tuple[float, float, float]:
    """Return bounds on multiples of a round step, about five steps apart, and the step."""
    step = round_step((high - low) / 5)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, 50 ... and 0.5, 0.2, 0.1 ... that isn't below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def ticks(low: float, high: float, step: float) -> list[tuple[float, str]]:
    """Return the multiples of a step between two numbers, each with its text."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    values = [i * step for i in range(first, last + 1)]
    return [(value, _label(value, step, max(abs(low), abs(high)))) for value in values]


def _label(value: float, step: float, largest: float) -> str:
    """Write a number with the digits that tell it from its neighbours a step away."""
    place = math.floor(math.log10(step) + 1e-9)
    if place >= -5 and largest < 1e7:
        return f"{value:.{max(0, -place)}f}"
    return f"{value:.{min(17, math.floor(math.log10(largest)) - place + 1)}g}"
