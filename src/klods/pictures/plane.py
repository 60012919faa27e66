"""The plane of a chart: two axes, and what is drawn between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from klods.pictures.axes import Axis
from klods.pictures.colours import COLOURS
from klods.pictures.cuts import unbroken
from klods.pictures.marks import mark
from klods.pictures.page import FAINT, GRID, INK, LETTERS, PALE
from klods.pictures.shapes import Line, Point, Rectangle, Shape, Text

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
        low, high = (self.x.low, self.y.low), (self.x.high, self.y.high)
        return [[self.at(*point) for point in part] for part in unbroken(points, low, high)]


# ------------------------------------------------------------ what tells series apart


def stroke(index: int, points: Sequence[Point], width: float = 2.0) -> Line:
    """Return a line in the look of a series: every second one is dashed."""
    return Line(points, COLOURS[index % len(COLOURS)], width, dashed=index % 2 == 1)


def legend(names: Sequence[str], left: float, top: float) -> list[Shape]:
    """Return the series' looks beside their names, a row for each."""
    shapes: list[Shape] = []
    for index, name in enumerate(names):
        y = top + 18 * index
        shapes += [stroke(index, [(left, y), (left + 34, y)]), mark(index, left + 17, y)]
        shapes += [Text(left + 42, y + 4, name, LETTERS, INK)]
    return shapes
