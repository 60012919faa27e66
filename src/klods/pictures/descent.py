"""Paths down a surface: on a curve, or on a plane with contour lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import Any

import numpy as np

from klods.pictures.axes import Axis, axis, bounds, rounded, ticks
from klods.pictures.contours import contour
from klods.pictures.page import FAINT, INK, MARGIN, PALE, WHITE, WIDTH, page
from klods.pictures.plane import Plane, legend, marker, stroke
from klods.pictures.shapes import Circle, Drawing, Line, Point, Rectangle, Shape, Text, text_width

View = list[tuple[float, float]]  # for each axis, from where to where
LEFT, RIGHT = 70.0, WIDTH - MARGIN  # of the plane
CURVE_HEIGHT, PLANE_HEIGHT = 320.0, 440.0
LEVELS = 20
TANGENTS = 3
CONTOUR, LABELLED = "#9db4c6", "#5f7f99"


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

    Of a path that goes up, only what is near its start counts: three times its first step.
    """
    if asked is None:
        kept = np.concatenate([_counted(run) for run in runs])
        lows, highs = kept.min(0), kept.max(0)
        size = max(float((highs - lows).max()), 1e-3 * float(np.abs(kept).max()), 1e-6)
        asked = [(low - 0.25 * size, high + 0.25 * size) for low, high in zip(lows.tolist(), highs.tolist())]
    return asked if len(asked) == 1 else _of_one_scale(asked)


def _counted(run: Run) -> Any:
    points = run.points[np.isfinite(run.points).all(1)]
    if not run.troubles() or len(points) < 2:
        return points
    away = np.linalg.norm(points - points[0], axis=1)
    return points[away <= 3 * away[1]]


def _of_one_scale(sides: View) -> View:
    """Widen a side, so that a unit is as long on both axes: arrows downhill are at right angles to contours then."""
    wanted = (RIGHT - LEFT) / PLANE_HEIGHT
    (left, right), (low, high) = sides
    width, height = max(right - left, (high - low) * wanted), max(high - low, (right - left) / wanted)
    x, y = (left + right) / 2, (low + high) / 2
    return [(x - width / 2, x + width / 2), (y - height / 2, y + height / 2)]


def _described(runs: Sequence[Run]) -> str:
    return " ".join(f"{run.name} {run.end()}." for run in runs)


def _notes(runs: Sequence[Run], plane: Plane, coordinates: Any) -> list[str]:
    notes = [trouble for run in runs for trouble in run.troubles()]
    for run in runs:
        outside = [i for i, point in enumerate(coordinates(run)) if not plane.holds(*point)]
        if outside:
            notes.append(f"{run.name} is outside the picture at step {_listed(outside)}.")
    return notes


def _listed(steps: Sequence[int]) -> str:
    shown = ", ".join(map(str, steps[:5]))
    return shown if len(steps) <= 5 else f"{shown} and {len(steps) - 5} more"


def _paths(runs: Sequence[Run], plane: Plane, coordinates: Any) -> list[Shape]:
    shapes: list[Shape] = []
    for index, run in enumerate(runs):
        points = coordinates(run)
        shapes += [stroke(index, part) for part in plane.strokes(points)]
        shapes += [marker(index, plane.at(*point)) for point in points if plane.holds(*point)]
    start = coordinates(runs[0])[0]
    return [*shapes, Circle(*plane.at(*start), 6.5, stroke=INK)] if plane.holds(*start) else shapes


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

    low, high, step = rounded(*bounds(heights[np.isfinite(heights)].tolist()))
    y = Axis(low, high, 24 + CURVE_HEIGHT, 24.0, ticks(low, high, step))
    plane = Plane(axis(float(xs[0]), float(xs[-1]), LEFT, RIGHT, 8), y)
    curve = [Line(part, INK, 1.6) for part in plane.strokes(list(zip(xs.tolist(), heights.tolist())))]
    paths = _paths(runs, plane, coordinates)
    tangents = [shape for index, run in enumerate(runs) for shape in _tangents(index, run, plane, len(runs))]
    top = y.start + 58
    names = legend([f"{run.name}: {run.end()}" for run in runs], LEFT, top)
    notes = [
        "The ring is the start. Straight lines are tangents; arrows point downhill, against the slope.",
        *_notes(runs, plane, coordinates),
    ]
    missing = int((~np.isfinite(heights)).sum())
    if missing:
        notes.append(f"The loss is NaN or infinite at {missing} of the {len(xs)} places where the curve was computed.")
    body = [*plane.frame(name, "loss"), *curve, *tangents, *paths, *names]
    return page(title, f"A curve of the loss. {_described(runs)}", body, top + 18 * len(runs) - 8, notes)


def _tangents(index: int, run: Run, plane: Plane, count: int) -> list[Shape]:
    """Draw the tangents at the first points that stand apart; of several paths, at their common start."""
    shapes: list[Shape] = []
    taken: list[Point] = []
    for (x,), height, (slope,) in zip(run.points.tolist(), run.heights.tolist(), run.slopes.tolist()):
        place = plane.at(x, height)
        apart = all(hypot(place[0] - a, place[1] - b) > 60 for a, b in taken)
        if not plane.holds(x, height) or not np.isfinite(slope) or not apart:
            continue
        taken.append(place)
        if len(taken) > (TANGENTS if count == 1 else index == 0):
            break
        shapes += _tangent(place, slope, plane)
    return shapes


def _tangent(place: Point, slope: float, plane: Plane) -> list[Shape]:
    x, y = place
    right = 1.0
    up = slope * (plane.y.at(1) - plane.y.at(0)) / (plane.x.at(1) - plane.x.at(0))
    length = hypot(right, up)
    ux, uy = 42 * right / length, 42 * up / length
    side = -1 if slope > 0 else 1  # downhill
    tangent = Line([(x - ux, y - uy), (x + ux, y + uy)], PALE, 1.4)
    shapes: list[Shape] = [tangent]
    if slope:
        shapes.append(Line([(x, y), (x + side * 46, y)], INK, 1.8, arrow=True))
    text = f"slope {slope:.3g}"
    width = text_width(text, 11)
    left = min(max(x - side * (12 + width / 2) - width / 2, plane.x.start), plane.x.end - width)
    return [*shapes, Text(left, y + 4, text, 11, INK)]


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

    plane = plane_of(xs, ys)
    arrows = [shape for place, slope in slopes for shape in _arrow(plane, place, slope)]
    top = plane.y.start + 58
    entries = legend([f"{run.name}: {run.end()}" for run in runs], LEFT, top)
    notes = [
        "The ring is the start. Contour lines join places of one loss, arrows point downhill.",
        *_notes(runs, plane, coordinates),
        *not_finite(heights),
    ]
    lines = contours(plane, xs, ys, heights)
    body = [*plane.frame(*names), *lines, *arrows, *_paths(runs, plane, coordinates), *entries]
    return page(title, f"Contour lines of the loss. {_described(runs)}", body, top + 18 * len(runs) - 8, notes)


def plane_of(xs: Any, ys: Any) -> Plane:
    """Return the plane of a grid."""
    across = axis(float(xs[0]), float(xs[-1]), LEFT, RIGHT, 8)
    return Plane(across, axis(float(ys[0]), float(ys[-1]), 24 + PLANE_HEIGHT, 24.0, 6))


def not_finite(heights: Any) -> list[str]:
    """Return a sentence on the places of a grid where the loss is no number, if there are such."""
    missing = int((~np.isfinite(heights)).sum())
    return [f"The loss is NaN or infinite at {missing} of the {heights.size} places computed."] if missing else []


def contours(plane: Plane, xs: Any, ys: Any, heights: Any) -> list[Shape]:
    """Draw contour lines, every fourth with its height. They are closer where the surface is low."""
    finite = heights[np.isfinite(heights)]
    if not finite.size or finite.min() == finite.max():
        return []
    low, size = float(finite.min()), float(finite.max() - finite.min())
    shapes: list[Shape] = []
    texts: list[Shape] = []
    for number in range(LEVELS):
        level = low + size * ((number + 0.5) / LEVELS) ** 2
        told = number % 4 == 1
        for line in contour(xs, ys, heights, level):
            pixels = [plane.at(*point) for point in line]
            shapes.append(Line(pixels, LABELLED if told else CONTOUR, 1))
            if told and _length(pixels) > 90:
                texts += _height(pixels[len(pixels) // 3], level, plane)
    return [*shapes, *texts]


def _length(points: Sequence[Point]) -> float:
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))


def _height(place: Point, level: float, plane: Plane) -> list[Shape]:
    text = f"{level:.3g}"
    width = text_width(text, 11)
    x = min(max(place[0], plane.x.start + width / 2 + 2), plane.x.end - width / 2 - 2)
    y = min(max(place[1], plane.y.end + 8), plane.y.start - 8)
    return [
        Rectangle(x - width / 2 - 1, y - 7, width + 2, 14, fill=WHITE),
        Text(x, y + 4, text, 11, LABELLED, anchor="middle"),
    ]


def _arrow(plane: Plane, place: Point, slope: Any) -> list[Shape]:
    """Draw an arrow downhill, of one length for all, its middle at a place."""
    x, y = plane.at(*place)
    right = -slope[0] * (plane.x.at(1) - plane.x.at(0))
    down = -slope[1] * (plane.y.at(1) - plane.y.at(0))
    length = hypot(right, down)
    if not np.isfinite(length) or length == 0:
        return []
    dx, dy = 10 * right / length, 10 * down / length
    return [Line([(x - dx, y - dy), (x + dx, y + dy)], FAINT, 1.2, arrow=True)]
