"""Surfaces on a plane: contour lines with their heights, and arrows downhill."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from typing import Any

import numpy as np

from klods.pictures.axes import Axis, axis, bounds, rounded, ticks
from klods.pictures.contours import contour
from klods.pictures.page import FAINT, MARGIN, WHITE, WIDTH
from klods.pictures.plane import Plane
from klods.pictures.shapes import Line, Point, Rectangle, Shape, Text, text_width

LEFT, RIGHT, TOP = 70.0, WIDTH - MARGIN, 24.0  # of the plane
CURVE_HEIGHT, PLANE_HEIGHT = 320.0, 440.0
BELOW = 44.0  # room for the numbers and the name of the axis below
LEVELS = 20
CONTOUR, LABELLED = "#9db4c6", "#4a6b85"


def curve_plane(xs: Any, heights: Any) -> Plane:
    """Return the plane of a curve."""
    low, high, step = rounded(*bounds(heights[np.isfinite(heights)].tolist()))
    y = Axis(low, high, TOP + CURVE_HEIGHT, TOP, ticks(low, high, step))
    return Plane(axis(float(xs[0]), float(xs[-1]), LEFT, RIGHT, 8), y)


def surface_plane(xs: Any, ys: Any) -> Plane:
    """Return the plane of a grid."""
    across = axis(float(xs[0]), float(xs[-1]), LEFT, RIGHT, 8)
    return Plane(across, axis(float(ys[0]), float(ys[-1]), TOP + PLANE_HEIGHT, TOP, 6))


def not_finite(heights: Any) -> list[str]:
    """Return a sentence on the places where the loss is no number, if there are such."""
    missing = int((~np.isfinite(heights)).sum())
    return [f"The loss is NaN or infinite at {missing} of the {heights.size} places computed."] if missing else []


def contours(plane: Plane, xs: Any, ys: Any, heights: Any) -> tuple[list[Shape], list[Shape]]:
    """Return contour lines, closer where the surface is low, and the heights of every fourth."""
    finite = heights[np.isfinite(heights)]
    if not finite.size or finite.min() == finite.max():
        return [], []
    low, size = float(finite.min()), float(finite.max() - finite.min())
    lines: list[Shape] = []
    texts: list[Shape] = []
    for number in range(LEVELS):
        level, told = low + size * ((number + 0.5) / LEVELS) ** 2, number % 4 == 1
        found = [[plane.at(*point) for point in line] for line in contour(xs, ys, heights, level)]
        lines += [Line(points, LABELLED if told else CONTOUR, 1) for points in found]
        longest = max(found, key=_length, default=[])
        if told and _length(longest) > 60:
            texts += _height(longest[len(longest) // 3], level, plane)
    return lines, texts


def _length(points: Sequence[Point]) -> float:
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))


def _height(place: Point, level: float, plane: Plane) -> list[Shape]:
    text = f"{level:,.0f}" if abs(level) >= 1000 else f"{level:.3g}"
    width = text_width(text, 11)
    x = min(max(place[0], plane.x.start + width / 2 + 2), plane.x.end - width / 2 - 2)
    y = min(max(place[1], plane.y.end + 8), plane.y.start - 8)
    ground = Rectangle(x - width / 2 - 1, y - 7, width + 2, 14, fill=WHITE)
    return [ground, Text(x, y + 4, text, 11, LABELLED, anchor="middle")]


def downhill(plane: Plane, place: Point, slope: Any) -> list[Shape]:
    """Return an arrow against the slope, of one length for all, its middle at a place; nothing where it is level."""
    x, y = plane.at(*place)
    right = -slope[0] * (plane.x.at(1) - plane.x.at(0))
    down = -slope[1] * (plane.y.at(1) - plane.y.at(0))
    length = hypot(right, down)
    if not np.isfinite(length) or length == 0:
        return []
    dx, dy = 10 * right / length, 10 * down / length
    return [Line([(x - dx, y - dy), (x + dx, y + dy)], FAINT, 1.2, arrow=True)]
