"""Marks of classes, told apart by shape and by colour; and regions, by colour and by stripes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.pictures.colours import COLOURS
from klods.pictures.shapes import Circle, Line, Point, Shape

SIZE = 4.0  # half the width of a mark
PALE = 0.72  # the share of white in the colour of a region
PERIOD = 8  # of stripes, in pixels
OUTLINES: list[list[Point]] = [
    [],  # a disc
    [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    [(0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
    [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
    [(0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
    [(-1.3, -0.5), (1.3, -0.5), (1.3, 0.5), (-1.3, 0.5)],
]
STRIPES: list[Callable[[Any, Any], Any]] = [
    lambda y, x: y < 0,
    lambda y, x: (x + y) % PERIOD < 2,
    lambda y, x: (x - y) % PERIOD < 2,
    lambda y, x: x % PERIOD < 2,
    lambda y, x: y % PERIOD < 2,
    lambda y, x: (x % PERIOD < 2) & (y % PERIOD < 2),
]


def mark(place: int, x: float, y: float, size: float = SIZE) -> Shape:
    """Return the mark of a class or a series, by its number, at a point."""
    colour = COLOURS[place % len(COLOURS)]
    outline = OUTLINES[_kind(place, len(OUTLINES))]
    if not outline:
        return Circle(x, y, size, colour, "#ffffff")
    return Line([(x + size * a, y + size * b) for a, b in outline], "#ffffff", 0.8, fill=colour)


def _kind(place: Any, count: int) -> Any:
    """Return which of some kinds a class has: another one, where its colour comes again."""
    return (place + place // len(COLOURS)) % count


def regions(classes: Any) -> Any:
    """Return pixels of shape (height, width, 3) for the numbers of classes, of shape (height, width)."""
    colours = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in COLOURS], "float64")
    shades = colours[classes % len(COLOURS)]
    y, x = np.indices(classes.shape)
    striped = np.choose(_kind(classes, len(STRIPES)), [stripe(y, x) for stripe in STRIPES])
    white = np.where(striped, PALE - 0.25, PALE)[..., None]
    return (white * 255 + (1 - white) * shades).round().astype("uint8")
