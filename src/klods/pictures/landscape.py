"""A loss around a place: as a curve, or as contour lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.pictures.axes import Axis, axis, bounds, rounded, ticks
from klods.pictures.descent import CURVE_HEIGHT, LEFT, RIGHT, contours, not_finite, plane_of
from klods.pictures.page import INK, page
from klods.pictures.plane import Plane, marker, stroke
from klods.pictures.shapes import Circle, Drawing, Shape, Text

DIRECTION = "distance along a random direction (1: as far as the weights are from zero)"


def line_picture(title: str, places: Any, losses: Any) -> tuple[Drawing, str]:
    """Draw a loss along a line, and return the picture and what it shows in words.

    Args:
        title: the heading.
        places: distances from the weights, the middle one 0.
        losses: the loss at each.
    """
    low, high, step = rounded(*bounds(losses[np.isfinite(losses)].tolist()))
    y = Axis(low, high, 24 + CURVE_HEIGHT, 24.0, ticks(low, high, step))
    plane = Plane(axis(float(places[0]), float(places[-1]), LEFT, RIGHT, 8), y)
    points = list(zip(places.tolist(), losses.tolist()))
    shapes: list[Shape] = [stroke(0, part) for part in plane.strokes(points)]
    shapes += [marker(0, plane.at(*point), 3) for point in points if plane.holds(*point)]
    here = points[len(points) // 2]
    shapes += _weights(plane, here, here[1])
    told = _told(losses, {"at": [places[np.unravel_index(i, losses.shape)[0]] for i in _extremes(losses)]})
    notes = [f"{told}.", *not_finite(losses)]
    body = [*plane.frame(DIRECTION, "loss"), *shapes]
    return page(title, "A curve of the loss.", body, y.start + 44, notes), told


def surface_picture(title: str, places: Any, losses: Any) -> tuple[Drawing, str]:
    """Draw a loss on a plane, and return the picture and what it shows in words.

    Args:
        title: the heading.
        places: distances from the weights, the middle one 0, the same along both directions.
        losses: the loss at each pair of them, of shape (second, first).
    """
    plane = plane_of(places, places)
    middle = losses[len(places) // 2, len(places) // 2]
    lines = contours(plane, places, places, losses)
    extremes = [np.unravel_index(i, losses.shape) for i in _extremes(losses)]
    told = _told(losses, {"at": [f"({places[x]:.3g}, {places[y]:.3g})" for y, x in extremes]})
    notes = [f"{told}. Contour lines are closer where the loss is low.", *not_finite(losses)]
    body = [*plane.frame(DIRECTION, "along another"), *lines, *_weights(plane, (0.0, 0.0), middle)]
    return page(title, "Contour lines of the loss.", body, plane.y.start + 44, notes), told


def _weights(plane: Plane, place: tuple[float, float], loss: float) -> list[Shape]:
    """Mark where the model's weights are."""
    if not plane.holds(*place):
        return []
    x, y = plane.at(*place)
    return [Circle(x, y, 6, fill=INK), Text(x + 10, y - 8, f"the weights: loss {loss:.4g}", 12, INK, bold=True)]


def _extremes(losses: Any) -> list[int]:
    """Return where the lowest and the highest loss is that is a number, if any is."""
    known = np.where(np.isfinite(losses), losses, np.nan)
    return [] if np.isnan(known).all() else [int(np.nanargmin(known)), int(np.nanargmax(known))]


def _told(losses: Any, found: dict[str, list[Any]]) -> str:
    middle = losses[tuple(n // 2 for n in losses.shape)]
    words = [f"loss {middle:.4g} at the weights"]
    for name, index, place in zip(("lowest", "highest"), _extremes(losses), found["at"]):
        where = place if isinstance(place, str) else f"{place:.3g}"
        words.append(f"{name} seen {losses.flat[index]:.4g} at {where}")
    return "; ".join(words)
