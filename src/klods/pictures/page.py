"""A picture's page: its white ground, its heading and the notes below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from klods.pictures.boxes import GREY, LABEL, VALUE
from klods.pictures.shapes import Circle, Curve, Drawing, Image, Line, Point, Rectangle, Shape, Text, text_width

WIDTH, MARGIN = 640.0, 16.0
HEADING, LETTERS = 15.0, 12.0  # sizes of letters
ROW = 18.0  # from one line of letters to the next
WHITE, INK, PALE, FAINT, GRID = "#ffffff", VALUE, LABEL, GREY, "#dde2e6"


def page(
    title: str, description: str, body: Sequence[Shape], height: float, notes: Sequence[str] = (), width: float = WIDTH
) -> Drawing:
    """Return a drawing on a white ground: its title, what stands below, and notes.

    Args:
        title: the heading.
        description: what it shows, for those who hear it; the notes are added.
        body: shapes, whose heights are counted from below the title.
        height: that of the body.
        notes: sentences, each in as many lines as it needs.
        width: that of the drawing.
    """
    heading = written(title, MARGIN, 24.0, width - 2 * MARGIN, HEADING, INK, bold=True)
    top = heading[-1].y + 12
    lines: list[Text] = []
    for note in notes:
        lines += written(note, MARGIN, ROW * len(lines) + top + height + 14, width - 2 * MARGIN, LETTERS, PALE)
    whole = top + height + ROW * len(lines) + (14.0 if lines else 4.0)
    ground = Rectangle(0, 0, width, whole, fill=WHITE)
    told = " ".join([description, *notes])
    return Drawing([ground, *heading, *(moved(shape, 0, top) for shape in body), *lines], width, whole, title, told)


def written(
    text: str, left: float, baseline: float, width: float, size: float, colour: str, bold: bool = False
) -> list[Text]:
    """Return a text in as many lines as a width takes."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size, bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [Text(left, baseline + (size + 6) * i, line, size, colour, bold) for i, line in enumerate(lines)]


def cut(text: str, width: float, size: float) -> str:
    """Return as much of a text as a width takes, with an ellipsis where it is cut."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text}…"


def stacked(title: str, drawings: Sequence[Drawing]) -> Drawing:
    """Return drawings of one width, one below the other."""
    shapes: list[Shape] = []
    height = 0.0
    for drawing in drawings:
        shapes += [moved(shape, 0, height) for shape in drawing.shapes]
        height += drawing.height
    told = " ".join(f"{drawing.title}. {drawing.description}" for drawing in drawings)
    return Drawing(shapes, max(drawing.width for drawing in drawings), height, title, told)


def moved(shape: Shape, right: float, down: float) -> Shape:
    """Return a shape in another place."""

    def shifted(points: Sequence[Point]) -> list[Point]:
        return [(x + right, y + down) for x, y in points]

    if isinstance(shape, Line):
        return replace(shape, points=shifted(shape.points))
    if isinstance(shape, Curve):
        (start,) = shifted([shape.start])
        pieces = [(a, b, c) for a, b, c in map(shifted, shape.pieces)]
        return replace(shape, start=start, pieces=pieces, head=shifted(shape.head))
    assert isinstance(shape, (Rectangle, Text, Circle, Image))
    return replace(shape, x=shape.x + right, y=shape.y + down)
