"""Windows on a plane: lines, points, arrows and shapes at their coordinates, cut at the window's edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from klods.pictures.blocks import SMALL
from klods.pictures.boxes import GREY
from klods.pictures.cuts import unbroken
from klods.pictures.shapes import Line, Point, Rectangle, Shape, Text

AXIS = "#aab4bd"


@dataclass(frozen=True)
class Window:
    """A square window on a plane, whose two axes have one scale.

    Attributes:
        centre: the point of the plane in its middle.
        reach: how far it reaches to each side.
        size: of its sides in the drawing.
    """

    centre: Point
    reach: float
    size: float

    def places(self, points: Any) -> Any:
        """Return where points, of shape (n, 2), are in the drawing; up is up.

        Example:
            >>> import numpy as np
            >>> Window((0, 0), 2, 100).places(np.array([[0, 0], [1, 2]])).tolist()
            [[50.0, 50.0], [75.0, 0.0]]
        """
        return (np.asarray(points, "float64") - self.centre) * [1, -1] * (self.size / 2 / self.reach) + self.size / 2

    def ground(self) -> list[Shape]:
        """Return the window's frame, and the axes through 0 where they are in sight."""
        x, y = self.places([(0, 0)])[0].tolist()
        axes: list[Shape] = []
        if 0 < x < self.size:
            axes.append(Line([(x, 0), (x, self.size)], AXIS, 1.2))
        if 0 < y < self.size:
            axes.append(Line([(0, y), (self.size, y)], AXIS, 1.2))
        return [Rectangle(0, 0, self.size, self.size, "#ffffff", GREY), *axes]

    def lines(self, points: Any, colour: str, width: float = 0.8) -> list[Shape]:
        """Return the parts of a line through points that are in the window; points that aren't finite break it."""
        runs = unbroken([(x, y) for x, y in self.places(points).tolist()], (0, 0), (self.size, self.size))
        return [Line(_straightened(run), colour, width) for run in runs]

    def arrow(self, start: Point, end: Point, colour: str, name: str, dashed: bool = False) -> list[Shape]:
        """Return an arrow with a name at its head, if both ends are in the window."""
        (x0, y0), (x, y) = self.places([start, end]).tolist()
        if not all(0 <= value <= self.size for value in (x0, y0, x, y)):
            return []
        length = float(np.hypot(x - x0, y - y0)) or 1.0
        at = (x + 12 * (x - x0) / length, y + 12 * (y - y0) / length + 4)
        at = tuple(min(max(value, low), self.size - 5) for value, low in zip(at, (8, 12)))
        return [
            Line([(x0, y0), (x, y)], colour, 2.4, dashed=dashed, arrow=True),
            Text(*at, name, SMALL, colour, bold=True, anchor="middle"),
        ]


def window(points: Sequence[Any], size: float, margin: float = 0.08) -> Window:
    """Return a window on all points, arrays of shape (n, 2), that are finite."""
    together = np.concatenate([np.asarray(p, "float64").reshape(-1, 2) for p in points])
    finite = together[np.isfinite(together).all(axis=1)]
    low, high = (finite.min(axis=0), finite.max(axis=0)) if len(finite) else (np.zeros(2), np.zeros(2))
    x, y = (low / 2 + high / 2).tolist()
    reach = float((high / 2 - low / 2).max()) * (1 + 2 * margin)
    return Window((x, y), reach or 1.0, size)


def _straightened(run: list[Point]) -> list[Point]:
    """Return a line without the points that lie between their neighbours."""
    kept = run[:1]
    for point, after in pairwise(run[1:]):
        (ax, ay), (bx, by), (cx, cy) = kept[-1], point, after
        across = abs((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
        ahead = (bx - ax) * (cx - bx) + (by - ay) * (cy - by)
        if across > 0.02 or ahead < 0:
            kept.append(point)
    return [*kept, run[-1]]
