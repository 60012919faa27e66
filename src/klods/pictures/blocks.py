"""Shapes in rectangles of their own, put side by side, one below the other, and on a page with a title and notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from klods.pictures.boxes import LABEL
from klods.pictures.page import HEADING, MARGIN, page
from klods.pictures.shapes import ARROW, Drawing, Line, Shape, Text, moved, text_width

SMALL = 11.5  # size of letters
LINE = 15.0  # from one line of small letters to the next
NARROWEST, WIDEST = 340.0, 600.0  # the least that a page takes for notes, and the most for a title in one line
DOTS = "…"
Side = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Block:
    """Shapes in a rectangle whose corner is (0, 0)."""

    shapes: Sequence[Shape]
    width: float
    height: float


def shifted(shapes: Iterable[Shape], x: float, y: float) -> list[Shape]:
    """Return shapes moved to the right by x and down by y."""
    return [moved(shape, x, y) for shape in shapes]


def beside(blocks: Sequence[Block], gap: float, align: Side = "start") -> Block:
    """Return blocks side by side; `align` says whether their tops, middles or bottoms are level."""
    height, x, shapes = max(block.height for block in blocks), 0.0, []
    for block in blocks:
        shapes += shifted(block.shapes, x, _offset(height - block.height, align))
        x += block.width + gap
    return Block(shapes, x - gap, height)


def below(blocks: Sequence[Block], gap: float, align: Side = "start") -> Block:
    """Return blocks one below the other; `align` says whether their left sides, middles or right sides are level."""
    width, y, shapes = max(block.width for block in blocks), 0.0, []
    for block in blocks:
        shapes += shifted(block.shapes, _offset(width - block.width, align), y)
        y += block.height + gap
    return Block(shapes, width, y - gap)


def _offset(room: float, align: Side) -> float:
    return {"start": 0.0, "middle": room / 2, "end": room}[align]


def words(text: str, size: float = SMALL, colour: str = LABEL, bold: bool = False) -> Block:
    """Return a line of letters."""
    return Block([Text(0, size, text, size, colour, bold)], text_width(text, size, bold), size + 4)


def rightwards(label: str, length: float) -> Block:
    """Return an arrow to the right, of a length, and a label below it."""
    arrow = Block([Line([(0, 6), (max(length, 2 * ARROW), 6)], LABEL, 1.2, arrow=True)], length, 8)
    return below([arrow, words(label)], 2)


def overhead(label: str, length: float) -> Block:
    """Return an arrow to the right, of a length, and a label above it."""
    return below([words(label), Block([Line([(0, 4), (length, 4)], LABEL, 1.2, arrow=True)], length, 8)], 2)


def downwards(label: str, length: float) -> Block:
    """Return an arrow down, of a length, and a label to the left of it, broken after its first comma."""
    lines = label.split(", ", 1)
    width = max(text_width(line, SMALL) for line in lines) + 8
    height = max(length, LINE * len(lines))
    top = (height - LINE * len(lines)) / 2 + SMALL
    texts = [Text(width - 8, top + LINE * i, line, SMALL, LABEL, anchor="end") for i, line in enumerate(lines)]
    return Block(
        [*texts, Line([(width, 0), (width, max(length, 2 * ARROW))], LABEL, 1.2, arrow=True)], width + 8, height
    )


def dots(height: float) -> Block:
    """Return dots, which say that more comes, half-way up a height."""
    return Block([Text(0, height / 2 + 4, DOTS, 16, LABEL)], 18, height)


def on_page(title: str, description: str, body: Block, notes: Sequence[str] = (), mark: str = "") -> Drawing:
    """Return a drawing on a white ground: a title, a body and notes.

    Args:
        title: the line above the body.
        description: what is to be seen, for those who hear it; the mark and the notes are added.
        body: what is shown.
        notes: sentences below the body.
        mark: a sentence that has to be seen, such as one on NaN.
    """
    width = max(body.width, NARROWEST, min(text_width(title, HEADING, bold=True) + 1, WIDEST))
    return page(title, description, shifted(body.shapes, MARGIN, 0), body.height + 6, notes, width + 2 * MARGIN, mark)
