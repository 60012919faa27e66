"""Lines cut at the sides of a rectangle."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

from klods.pictures.shapes import Point


def unbroken(points: Sequence[Point], low: Point, high: Point) -> list[list[Point]]:
    """Return the parts of a line that are in a rectangle; points that aren't finite break it.

    Args:
        points: the line.
        low: the corner of the rectangle with the least numbers.
        high: the opposite corner.

    Example:
        >>> unbroken([(0.0, 1.0), (1.0, 1.0), (4.0, 1.0)], (0.0, 0.0), (2.0, 2.0))
        [[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)]]
    """
    parts: list[list[Point]] = []
    for start, end in pairwise(points):
        piece = _inside(start, end, low, high)
        if piece is None:
            continue
        if parts and parts[-1][-1] == piece[0]:
            parts[-1].append(piece[1])
        else:
            parts.append([*piece])
    return parts


def _inside(start: Point, end: Point, low: Point, high: Point) -> tuple[Point, Point] | None:
    """Return the part of a stroke that is in a rectangle, after Liang and Barsky (1984)."""
    if not all(map(isfinite, (*start, *end, end[0] - start[0], end[1] - start[1]))):
        return None
    enters, leaves = 0.0, 1.0
    for a, b, least, most in zip(start, end, low, high):
        for outside, change in ((least - a, b - a), (a - most, a - b)):
            if change == 0 and outside > 0:
                return None
            if change > 0:
                enters = max(enters, outside / change)
            elif change < 0:
                leaves = min(leaves, outside / change)
    if enters > leaves:
        return None
    return _between(start, end, enters), _between(start, end, leaves)


def _between(start: Point, end: Point, share: float) -> Point:
    """Return a point of a stroke; its ends exactly, so that the pieces of a line join."""
    if share in (0.0, 1.0):
        return end if share else start
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
