"""The plane of a chart: two axes, and what is drawn between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from klods.pictures.axes import Axis
from klods.pictures.page import FAINT, GRID, INK, LETTERS, PALE
from klods.pictures.shapes import Circle, Line, Point, Rectangle, Shape, Text
from klods.pictures.svg import COLOURS

SMALL = 11.0  # size of the letters at the ticks


@dataclass(frozen=True)
class Plane:
    """Two axes: `x` from left to right, `y` from the bottom to the top."""

    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> Point:
        """Return where a pair of numbers stands, in pixels."""
        return self.x.at(x), self.y.at(y)

    def holds(self, x: float, y: float) -> bool:
        """Tell whether a pair of numbers is on the plane; NaN isn't."""
        return self.x.low <= x <= self.x.high and self.y.low <= y <= self.y.high

    def frame(self, x_label: str, y_label: str, grid: bool = True) -> list[Shape]:
        """Return the lines and the numbers of both axes; without a grid, a frame around the plane."""
        (left, right), (bottom, top) = (self.x.start, self.x.end), (self.y.start, self.y.end)
        shapes: list[Shape] = []
        for value, label in self.y.ticks:
            y = self.y.at(value)
            rule = Line([(left, y), (right, y)], GRID, 1) if grid else Line([(left - 4, y), (left, y)], FAINT, 1)
            shapes += [rule, Text(left - 6, y + 4, label, SMALL, PALE, anchor="end")]
        for value, label in self.x.ticks:
            x = self.x.at(value)
            shapes += [Line([(x, bottom), (x, bottom + 4)], FAINT, 1)]
            shapes += [Text(x, bottom + 17, label, SMALL, PALE, anchor="middle")]
        if grid:
            shapes.append(Line([(left, bottom), (right, bottom)], FAINT, 1))
        else:
            shapes.append(Rectangle(left, top, right - left, bottom - top, stroke=FAINT))
        shapes += [Text((left + right) / 2, bottom + 35, x_label, LETTERS, INK, anchor="middle")]
        return [*shapes, Text(left, top - 8, y_label, LETTERS, INK)] if y_label else shapes

    def strokes(self, points: Sequence[tuple[float, float]]) -> list[list[Point]]:
        """Return a line through points in pixels, cut at the edges of the plane and broken at what is no number."""
        parts: list[list[Point]] = []
        for start, end in pairwise(points):
            inside = self._cut(start, end)
            if inside is None:
                continue
            first, last = self.at(*inside[0]), self.at(*inside[1])
            if parts and parts[-1][-1] == first:
                parts[-1].append(last)
            else:
                parts.append([first, last])
        return parts

    def _cut(self, start: Point, end: Point) -> tuple[Point, Point] | None:
        """Return the part of a line that is on the plane (Liang and Barsky 1984)."""
        if not all(map(math.isfinite, (*start, *end))):
            return None
        enters, leaves = 0.0, 1.0
        for axis, a, b in ((self.x, start[0], end[0]), (self.y, start[1], end[1])):
            for outside, change in ((axis.low - a, b - a), (a - axis.high, a - b)):
                if change == 0 and outside > 0:
                    return None
                if change > 0:
                    enters = max(enters, outside / change)
                elif change < 0:
                    leaves = min(leaves, outside / change)
        if enters >= leaves:
            return None
        return _between(start, end, enters), _between(start, end, leaves)


def _between(start: Point, end: Point, share: float) -> Point:
    if share in (0.0, 1.0):  # exact, so that the pieces of a line join
        return end if share else start
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


# ------------------------------------------------------------ what tells series apart


def marker(index: int, at: Point, size: float = 4.0) -> Shape:
    """Return the mark of a series by its number: a disc, a square, a triangle or a diamond in its colour."""
    (x, y), colour = at, COLOURS[index % len(COLOURS)]
    kind = index % 4
    if kind == 0:
        return Circle(x, y, size, fill=colour)
    if kind == 1:
        return Rectangle(x - size * 0.9, y - size * 0.9, 1.8 * size, 1.8 * size, fill=colour)
    wide, high = (1.1 * size, 1.1 * size) if kind == 2 else (1.1 * size, 1.4 * size)
    below = [(x + wide, y + high), (x - wide, y + high)] if kind == 2 else [(x + wide, y), (x, y + high), (x - wide, y)]
    return Line([(x, y - high), *below], colour, 1, fill=colour)


def stroke(index: int, points: Sequence[Point], width: float = 2.0) -> Line:
    """Return a line in the look of a series: every second one is dashed."""
    return Line(points, COLOURS[index % len(COLOURS)], width, dashed=index % 2 == 1)


def legend(names: Sequence[str], left: float, top: float) -> list[Shape]:
    """Return the series' looks beside their names, a row for each."""
    shapes: list[Shape] = []
    for index, name in enumerate(names):
        y = top + 18 * index
        shapes += [stroke(index, [(left, y), (left + 34, y)]), marker(index, (left + 17, y))]
        shapes += [Text(left + 42, y + 4, name, LETTERS, INK)]
    return shapes
