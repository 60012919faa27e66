"""A picture's page: its white ground, its heading and the notes below."""

from __future__ import annotations

from collections.abc import Sequence

from klods.pictures.boxes import GREY, LABEL, VALUE
from klods.pictures.shapes import Drawing, Rectangle, Shape, Text, moved, text_width

WIDTH, MARGIN = 640.0, 16.0
HEADING, LETTERS = 15.0, 12.0  # sizes of letters
ROW = 18.0  # from one line of letters to the next
MARK = "#a84300"  # of NaN and infinity: orange, dark enough to be read on white
WHITE, INK, PALE, FAINT, GRID = "#ffffff", VALUE, LABEL, GREY, "#dde2e6"


def page(
    title: str,
    description: str,
    body: Sequence[Shape],
    height: float,
    notes: Sequence[str] = (),
    width: float = WIDTH,
    mark: str = "",
) -> Drawing:
    """Return a drawing on a white ground: its title, what stands below, and notes.

    Args:
        title: the heading.
        description: what it shows, for those who hear it; the notes are added.
        body: shapes, whose heights are counted from below the title.
        height: that of the body.
        notes: sentences, each in as many lines as it needs.
        width: that of the drawing.
        mark: a sentence that has to be seen, before the notes, such as one on NaN.
    """
    heading = written(title, MARGIN, 24.0, width - 2 * MARGIN, HEADING, INK, bold=True)
    top = heading[-1].y + 12
    lines: list[Text] = []
    for note in [mark, *notes] if mark else notes:
        place, colour = ROW * len(lines) + top + height + 14, MARK if note is mark else PALE
        lines += written(note, MARGIN, place, width - 2 * MARGIN, LETTERS, colour, bold=note is mark)
    whole = top + height + ROW * len(lines) + (14.0 if lines else 4.0)
    ground = Rectangle(0, 0, width, whole, fill=WHITE)
    seen = [f"{mark.rstrip('.')}."] if mark else []
    told = " ".join(part for part in (description, *seen, *notes) if part)
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
