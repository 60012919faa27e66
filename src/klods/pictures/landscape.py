"""A loss around a place: as a curve, or as contour lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.pictures.marks import mark
from klods.pictures.page import INK, WHITE, page
from klods.pictures.plane import Plane, stroke
from klods.pictures.shapes import Circle, Drawing, Rectangle, Shape, Text, text_width
from klods.pictures.surfaces import BELOW, contours, curve_plane, not_finite, surface_plane

DIRECTION = "distance along a random direction (1: as far as the weights are from zero)"


def landscape_picture(title: str, places: Any, losses: Any) -> tuple[Drawing, str]:
    """Draw a loss around a place, and return the picture and what it shows in words.

    Args:
        title: the heading.
        places: distances from the weights, the middle one 0, the same along each direction.
        losses: the loss at each: of shape (places,), or of shape (second, first) along two directions.
    """
    told, middle = _told(places, losses), float(losses[tuple(n // 2 for n in losses.shape)])
    notes, spoilt = [f"{told}."], " ".join(not_finite(losses))
    if losses.ndim == 1:
        plane = curve_plane(places, losses)
        points = list(zip(places.tolist(), losses.tolist()))
        shapes: list[Shape] = [stroke(0, part) for part in plane.strokes(points)]
        shapes += [mark(0, *plane.at(*point), 3) for point in points if plane.holds(*point)]
        body = [*plane.frame(DIRECTION, "loss"), *shapes, *_weights(plane, (0.0, middle))]
        return page(title, "A curve of the loss.", body, plane.y.start + BELOW, notes, mark=spoilt), told
    plane = surface_plane(places, places)
    lines, texts = contours(plane, places, places, losses)
    frame = plane.frame(DIRECTION, "distance along another", grid=False)
    body = [*frame, *lines, *texts, *_weights(plane, (0.0, 0.0))]
    return page(title, "Contour lines of the loss.", body, plane.y.start + BELOW, notes, mark=spoilt), told


def _weights(plane: Plane, place: tuple[float, float]) -> list[Shape]:
    """Mark where the model's weights are."""
    if not plane.holds(*place):
        return []
    (x, y), text = plane.at(*place), "the weights"
    y = y - 22 if y > plane.y.end + 60 else y + 26
    width = text_width(text, 12, bold=True)
    ground = Rectangle(x - width / 2 - 2, y - 12, width + 4, 17, fill=WHITE)
    return [Circle(*plane.at(*place), 6, fill=INK), ground, Text(x, y, text, 12, INK, True, "middle")]


def _told(places: Any, losses: Any) -> str:
    """Return in words the loss at the weights, and the lowest and the highest loss that is a number."""
    middle = losses[tuple(n // 2 for n in losses.shape)]
    words, known = [f"Loss {middle:.4g} at the weights"], np.where(np.isfinite(losses), losses, np.nan)
    if not np.isnan(known).all():
        for name, index in (("lowest", np.nanargmin(known)), ("highest", np.nanargmax(known))):
            where = [f"{places[i]:.3g}" for i in reversed(np.unravel_index(index, losses.shape))]
            place = where[0] if len(where) == 1 else f"({', '.join(where)})"
            words.append(f"{name} seen {losses.flat[index]:.4g} at {place}")
    return "; ".join(words)
