"""Numbers as images, and a matrix as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from klods.pictures.page import FAINT, GRID, INK, MARGIN, PALE, cut, page
from klods.pictures.shades import diverging, greatest, scale
from klods.pictures.shapes import Drawing, Image, Rectangle, Shape, Text, moved

WIDTH = 700.0
CELL = 36.0  # the greatest side of a cell


@dataclass(frozen=True)
class Gallery:
    """Numbers as images of one scale.

    Attributes:
        title: what they are.
        images: an array of shape (images, height, width).
        names: what stands below each.
        columns: how many stand beside each other.
    """

    title: str
    images: Any
    names: Sequence[str]
    columns: int


def galleries_picture(
    title: str, description: str, galleries: Sequence[Gallery], notes: Sequence[str], mark: str
) -> Drawing:
    """Draw numbers as images, blue below zero and orange above, each gallery with its scale."""
    body: list[Shape] = []
    top = 0.0
    for gallery in galleries:
        shapes, height = _gallery(gallery)
        body += [moved(shape, 0, top) for shape in shapes]
        top += height
    return page(title, description, body, top, notes, WIDTH, mark)


def _gallery(gallery: Gallery) -> tuple[list[Shape], float]:
    limit = greatest(gallery.images)
    colours = diverging(gallery.images, limit)
    room = (WIDTH - 2 * MARGIN) / gallery.columns
    tall, wide = gallery.images.shape[1:]
    size = (room - 8) / max(tall, wide)
    height = tall * size + 22
    shapes: list[Shape] = [Text(MARGIN, 14, gallery.title, 12, INK, bold=True)]
    for i, (pixels, name) in enumerate(zip(colours, gallery.names)):
        row, column = divmod(i, gallery.columns)
        x, y = MARGIN + column * room, 24 + row * height
        across, down = wide * size, tall * size
        shapes.append(Image(x, y, across, down, pixels))
        shapes.append(Rectangle(x, y, across, down, stroke=GRID))
        shapes.append(Text(x + across / 2, y + down + 14, cut(name, room - 4, 11), 11, PALE, anchor="middle"))
    below = 24 + height * ceil(len(gallery.names) / gallery.columns) + 6
    return [*shapes, *scale(limit, MARGIN + 20, below, 240)], below + 44


def heat_map(
    title: str, description: str, matrix: Any, rows: str, columns: str, notes: Sequence[str], mark: str
) -> Drawing:
    """Draw a matrix as an image, blue below zero and orange above, with its scale.

    Args:
        title: the heading.
        description: what it shows, in words.
        matrix: an array of rank 2.
        rows: what its rows are, such as "input".
        columns: what its columns are.
        notes: sentences to stand below.
        mark: a sentence on what is no number.
    """
    limit = greatest(matrix)
    tall, wide = matrix.shape
    width, height = min(CELL * wide, WIDTH - 2 * MARGIN - 60), min(CELL * tall, 440.0)
    left, top = MARGIN + 60, 40.0
    body: list[Shape] = [
        Image(left, top, width, height, diverging(matrix, limit)),
        Rectangle(left, top, width, height, stroke=FAINT),
        Text(left, 14, columns, 12, INK, bold=True),
        Text(MARGIN, top - 6, rows, 12, INK, bold=True),
    ]
    for places, across in ((_marked(wide), True), (_marked(tall), False)):
        for place in places:
            at = (place + 0.5) / (wide if across else tall)
            x, y = (left + at * width, top - 6) if across else (left - 8, top + at * height + 4)
            body.append(Text(x, y, str(place), 11, PALE, anchor="middle" if across else "end"))
    body += scale(limit, left + 20, top + height + 14, 240)
    return page(title, description, body, top + height + 52, notes, WIDTH, mark)


def _marked(size: int) -> list[int]:
    """Return the places along an axis that have their number beside them: at most some 13."""
    return list(range(0, size, ceil(size / 13)))
