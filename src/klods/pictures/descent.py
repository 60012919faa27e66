"""Paths down a surface: on a curve, or on a plane with contour lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np

from klods.pictures.marks import mark as mark_of
from klods.pictures.page import INK, page
from klods.pictures.plane import SMALL, Plane, legend, stroke
from klods.pictures.shades import ABOVE, hexed
from klods.pictures.shapes import Circle, Drawing, Line, Point, Shape, Text, text_width
from klods.pictures.surfaces import (
    BELOW,
    LEFT,
    PLANE_HEIGHT,
    RIGHT,
    contours,
    curve_plane,
    downhill,
    not_finite,
    surface_plane,
)

View = list[tuple[float, float]]  # for each axis, from where to where
TANGENTS = 3
FEW = 40  # steps up to which the marks are large
LANE = 36.0


@dataclass(frozen=True)
class Run:
    """A path.

    Attributes:
        name: what takes it.
        points: an array of shape (steps + 1, numbers).
        heights: the loss at each point.
        slopes: its gradient at each point.
    """

    name: str
    points: Any
    heights: Any
    slopes: Any

    def end(self) -> str:
        """Return in words where it ends."""
        numbers = ", ".join(f"{x:.4g}" for x in self.points[-1])
        return f"ends at {numbers if len(self.points[-1]) == 1 else f'({numbers})'}, loss {self.heights[-1]:.4g}"

    def troubles(self) -> list[str]:
        """Return sentences on what went wrong, if anything."""
        last = len(self.heights) - 1
        if not self.is_finite():
            return [f"{self.name} diverges: NaN or infinity at step {last}. A smaller learning rate may help."]
        if self.heights[-1] > self.heights[0]:
            grown = f"from {self.heights[0]:.4g} to {self.heights[-1]:.4g}"
            return [f"{self.name} goes up: the loss grows {grown}. A smaller learning rate may help."]
        return []

    def is_finite(self) -> bool:
        return bool(np.isfinite([self.heights[-1], *self.points[-1]]).all())


def view_of(runs: Sequence[Run], asked: View | None) -> View:
    """Return what the axes show: what is asked for, or the paths with a quarter of their size around them.

    Of a path that goes up, only what is near its start counts: twice its first step.
    """
    if asked is None:
        kept = np.concatenate([_counted(run) for run in runs])
        lows, highs = kept.min(0), kept.max(0)
        size = float((highs - lows).max()) or max(float(np.abs(kept).max()), 1.0)
        asked = [(low - 0.25 * size, high + 0.25 * size) for low, high in zip(lows.tolist(), highs.tolist())]
    return asked if len(asked) == 1 else _of_one_scale(asked)


def _counted(run: Run) -> Any:
    points = run.points[np.isfinite(run.points).all(1)]
    if not run.troubles() or len(points) < 2:
        return points
    away = np.linalg.norm(points - points[0], axis=1)
    return points[away <= 2 * away[1]]


def _of_one_scale(sides: View) -> View:
    """Widen a side, so that a unit is as long on both axes: arrows downhill are at right angles to contours then."""
    wanted = (RIGHT - LEFT) / PLANE_HEIGHT
    (left, right), (low, high) = sides
    width, height = max(right - left, (high - low) * wanted), max(high - low, (right - left) / wanted)
    x, y = (left + right) / 2, (low + high) / 2
    return [(x - width / 2, x + width / 2), (y - height / 2, y + height / 2)]


def _described(runs: Sequence[Run]) -> str:
    return " ".join(f"{run.name} {run.end()}." for run in runs)


def _troubles(runs: Sequence[Run], heights: Any) -> str:
    return " ".join([*(trouble for run in runs for trouble in run.troubles()), *not_finite(heights)])


def _outside(runs: Sequence[Run], plane: Plane, coordinates: Any) -> list[str]:
    notes = []
    for run in runs:
        outside = [i for i, point in enumerate(coordinates(run)) if not plane.holds(*point)]
        if outside:
            notes.append(f"{run.name} is outside the picture {_when(outside, len(run.heights))}.")
    return notes


def _when(steps: Sequence[int], count: int) -> str:
    """Return in words which steps of a path these are."""
    if list(steps) == list(range(steps[0], count)) and len(steps) > 1:
        return f"from step {steps[0]} on"
    shown = ", ".join(map(str, steps[:5]))
    return f"at step {shown}" + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")


def _path(index: int, run: Run, points: Sequence[Point], plane: Plane, width: float = 2.0) -> list[Shape]:
    size = 4.0 if len(run.heights) <= FEW else 2.5
    marks = [mark_of(index, *plane.at(*point), size) for point in points if plane.holds(*point)]
    return [*(stroke(index, part, width) for part in plane.strokes(points)), *marks]


def _start(plane: Plane, point: Point) -> list[Shape]:
    return [Circle(*plane.at(*point), 7.5, stroke=INK)] if plane.holds(*point) else []


# ------------------------------------------------------------ one number


def curve_picture(title: str, name: str, xs: Any, heights: Any, runs: Sequence[Run]) -> Drawing:
    """Draw paths on a curve: its points, the first tangents and their slopes, and arrows downhill.

    Args:
        title: the heading.
        name: what the number is called.
        xs: where the curve is known.
        heights: its heights there.
        runs: the paths.
    """

    def coordinates(run: Run) -> list[Point]:
        return list(zip(run.points[:, 0].tolist(), run.heights.tolist()))

    plane = curve_plane(xs, heights)
    start = coordinates(runs[0])[0]
    body = plane.frame(name, "loss")
    body += [Line(part, INK, 1.6) for part in plane.strokes(list(zip(xs.tolist(), heights.tolist())))]
    top = plane.y.start + BELOW + 14
    if len(runs) == 1:
        body += _path(0, runs[0], coordinates(runs[0]), plane, 1.2)
        body += legend([f"{runs[0].name}: {runs[0].end()}"], LEFT, top)
        height = top + 22
    else:
        body += [shape for i, run in enumerate(runs) for shape in _lane(i, run, plane, top + LANE * i)]
        ends = [coordinates(run)[-1] for run in runs]
        body += [mark_of(i, *plane.at(*end), 5.5) for i, end in enumerate(ends) if plane.holds(*end)]
        height = top + LANE * len(runs)
    body += [*_tangents(runs[0], plane, TANGENTS if len(runs) == 1 else 1), *_start(plane, start)]
    below = "Below, the steps of each path; on the curve, their ends. " if len(runs) > 1 else ""
    look = f"{below}The ring is the start, an orange line a tangent, an arrow points downhill, against the slope."
    notes, mark = [look, *_outside(runs, plane, coordinates)], _troubles(runs, heights)
    return page(title, f"A curve of the loss. {_described(runs)}", body, height, notes, mark=mark)


def _lane(index: int, run: Run, plane: Plane, top: float) -> list[Shape]:
    """Draw the steps of a path on a line of their own, below the axis of the curve."""
    left, right = plane.x.start, plane.x.end
    held = [x for x in run.points[:, 0].tolist() if plane.x.low <= x <= plane.x.high]
    marks = [mark_of(index, plane.x.at(x), top + 16, 4.0 if len(run.heights) <= FEW else 2.5) for x in held]
    line = stroke(index, [(left, top + 16), (right, top + 16)], 0.8)
    return [Text(left, top + 3, f"{run.name}: {run.end()}", 12, INK), line, *marks]


def _tangents(run: Run, plane: Plane, most: int) -> list[Shape]:
    """Draw the tangents at the first points that stand apart."""
    shapes: list[Shape] = []
    taken: list[Point] = []
    for (x,), height, (slope,) in zip(run.points.tolist(), run.heights.tolist(), run.slopes.tolist()):
        place = plane.at(x, height)
        apart = all(hypot(place[0] - a, place[1] - b) > 60 for a, b in taken)
        if apart and len(taken) < most and plane.holds(x, height) and np.isfinite(slope):
            taken.append(place)
            shapes += _tangent(place, slope, plane)
    return shapes


def _tangent(place: Point, slope: float, plane: Plane) -> list[Shape]:
    (x, y), (left, right) = place, (plane.x.start, plane.x.end)
    up = slope * (plane.y.at(1) - plane.y.at(0)) / (plane.x.at(1) - plane.x.at(0))
    ux, uy = 56 / hypot(1, up), 56 * up / hypot(1, up)
    shapes: list[Shape] = [Line([(x - ux, y - uy), (x + ux, y + uy)], hexed(ABOVE), 1.6)]
    side = -1 if slope > 0 else 1  # downhill
    if slope:
        shapes.append(Line([(x, y), (x + side * 46, y)], INK, 1.8, arrow=True))
    text = f"slope {slope:.3g}"
    width = text_width(text, SMALL)
    start = min(max(x - side * (14 + width / 2) - width / 2, left), right - width)
    return [*shapes, Text(start, y + 4, text, SMALL, INK)]


# ------------------------------------------------------------ two numbers


def plane_picture(
    title: str,
    names: Sequence[str],
    xs: Any,
    ys: Any,
    heights: Any,
    slopes: Sequence[tuple[Point, Any]],
    runs: Sequence[Run],
) -> Drawing:
    """Draw paths on a plane with contour lines and arrows downhill.

    Args:
        title: the heading.
        names: what the two numbers are called.
        xs: the grid's numbers from left to right.
        ys: the grid's numbers from bottom to top.
        heights: the loss on the grid, of shape (ys, xs).
        slopes: places, and the gradient there.
        runs: the paths.
    """

    def coordinates(run: Run) -> list[Point]:
        return [(x, y) for x, y in run.points.tolist()]

    plane = surface_plane(xs, ys)
    lines, texts = contours(plane, xs, ys, heights)
    body = [*plane.frame(names[0], names[1], grid=False), *lines]
    body += [shape for place, slope in slopes for shape in downhill(plane, place, slope)]
    body += texts
    for index, run in enumerate(runs):
        body += _path(index, run, coordinates(run), plane)
    body += _start(plane, coordinates(runs[0])[0])
    top = plane.y.start + BELOW + 14
    body += legend([f"{run.name}: {run.end()}" for run in runs], LEFT, top)
    look = "The ring is the start. Contour lines join places of one loss, arrows point downhill."
    height, notes, mark = (
        top + 18 * len(runs) + 4,
        [look, *_outside(runs, plane, coordinates)],
        _troubles(runs, heights),
    )
    return page(title, f"Contour lines of the loss. {_described(runs)}", body, height, notes, mark=mark)
