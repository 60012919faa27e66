"""Tables with bars in them, and texts in columns, from plain data to a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from klods.pictures.boxes import GROUND
from klods.pictures.page import GRID, INK, MARGIN, PALE, WIDTH, cut, page, written
from klods.pictures.shapes import CODE_WIDTH, Drawing, Rectangle, Shape, Text, text_width

WIDER = 700.0  # a page of texts side by side
LARGE, SMALL = 13.0, 11.0  # sizes of letters
LINE, BAR = 17.0, 12.0  # heights
APART, PADDING, INSET = 14.0, 6.0, 14.0  # between columns, inside them, before what stands below a title
INDENT = 3  # characters of what goes on from the line before


@dataclass(frozen=True)
class Bar:
    """A bar and what stands behind it.

    Attributes:
        part: its length, from 0 to 1 of the longest.
        label: what it stands for, as text.
        colour: its fill.
    """

    part: float
    label: str
    colour: str


@dataclass(frozen=True)
class Line:
    """A row of a table: a title, bars, and texts below.

    Attributes:
        title: what stands before the bars.
        bars: one for each column; None where there is nothing to show.
        texts: lines below, broken where they are too long.
        code: further lines, of a fixed width, cut where they are too long.
    """

    title: str
    bars: Sequence[Bar | None]
    texts: Sequence[str] = ()
    code: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A part of a table.

    Attributes:
        heading: the line above.
        columns: what the bars stand for.
        left: the width of the titles.
        lines: its rows.
    """

    heading: str
    columns: Sequence[str]
    left: float
    lines: Sequence[Line]


@dataclass(frozen=True)
class Column:
    """A text beside others.

    Attributes:
        heading: its first line.
        texts: lines below, broken where they are too long.
        code: its lines, of a fixed width, broken where they are too long.
    """

    heading: str
    texts: Sequence[str]
    code: Sequence[str]


def table(title: str, description: str, sections: Sequence[Section], notes: Sequence[str] = ()) -> Drawing:
    """Return a drawing of a table with bars."""
    body = Body()
    for section in sections:
        body.section(section)
    return page(title, description, body.shapes, body.y + 6, notes)


def columns(title: str, description: str, parts: Sequence[Column], notes: Sequence[str] = ()) -> Drawing:
    """Return a drawing of texts side by side."""
    wide = (WIDER - 2 * MARGIN - APART * (len(parts) - 1)) / len(parts)
    starts = [MARGIN + (wide + APART) * i for i in range(len(parts))]
    bodies = [_column(part, x + PADDING, wide - 2 * PADDING) for x, part in zip(starts, parts)]
    height = max(body.y for body in bodies) + PADDING
    grounds = [Rectangle(x, 0, wide, height, fill=GROUND, stroke=GRID, radius=5) for x in starts]
    shapes = [*grounds, *(shape for body in bodies for shape in body.shapes)]
    return page(title, description, shapes, height + 6, notes, WIDER)


class Body:
    """Shapes that grow downwards; `y` is where they end."""

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.y = 0.0

    def texts(self, text: str, x: float, width: float) -> None:
        """Write a text in as many lines as it takes."""
        lines = written(text, x, self.y + LINE - 4, width, SMALL, PALE)
        self.shapes += lines
        self.y = lines[-1].y + 6

    def code(self, line: str, x: float, colour: str) -> None:
        """Write a line of a fixed width."""
        self.y += LINE
        self.shapes.append(Text(x, self.y - 4, line, SMALL, colour, code=True))

    def section(self, section: Section) -> None:
        """Write a heading, and rows below it."""
        self.y += 24
        self.shapes.append(Text(MARGIN, self.y - 4, section.heading, LARGE, INK, bold=True))
        wide = (WIDTH - 2 * MARGIN - section.left) / max(1, len(section.columns))
        starts = [MARGIN + section.left + wide * i for i in range(len(section.columns))]
        if any(section.columns):
            self.y += LINE
            self.shapes += [Text(x, self.y - 2, name, SMALL, PALE) for x, name in zip(starts, section.columns)]
        for line in section.lines:
            self.line(line, section.left, starts, wide)

    def line(self, line: Line, left: float, starts: Sequence[float], wide: float) -> None:
        """Write a row."""
        self.y += 4
        self.shapes.append(Rectangle(MARGIN, self.y, WIDTH - 2 * MARGIN, 1, fill=GRID))
        self.y += LINE + 4
        self.shapes.append(Text(MARGIN, self.y - 4, cut(line.title, left - 8, SMALL), SMALL, INK))
        labels = max((text_width(bar.label, SMALL) for bar in line.bars if bar), default=0)
        for x, bar in zip(starts, line.bars):
            if bar is not None:
                length = max(1, bar.part * (wide - max(labels, 96) - 14))
                self.shapes.append(Rectangle(x, self.y - BAR - 1, length, BAR, fill=bar.colour))
                self.shapes.append(Text(x + length + 6, self.y - 4, bar.label, SMALL, INK))
        for text in line.texts:
            self.texts(text, MARGIN + INSET, WIDTH - 2 * MARGIN - INSET)
        for text in line.code:
            self.code(_shortened(text), MARGIN + INSET, PALE)


def _column(part: Column, x: float, width: float) -> Body:
    body = Body()
    body.shapes.append(Text(x, 18, cut(part.heading, width / 1.12, LARGE), LARGE, INK, bold=True))
    body.y = 22
    for text in part.texts:
        body.texts(text, x, width)
    body.y += 4
    for text in broken(part.code, int(width / (CODE_WIDTH * SMALL))):
        body.code(text, x, INK)
    return body


def broken(lines: Sequence[str], width: int) -> list[str]:
    """Return lines of at most so many characters; what goes on from the line before is indented further.

    Example:
        >>> broken(["    y = max(x + b, 0)"], 14)
        ['    y = max(x', '       + b, 0)']
    """
    found: list[str] = []
    for line in lines:
        indent = len(line) - len(line.lstrip())
        further = " " * min(indent + INDENT, width // 2)
        rest = line
        while len(rest) > width:
            ends = [rest.rfind(sign, len(further) + 1, width) + 1 for sign in "([,."]
            space = rest.rfind(" ", len(further) + 1, width + 1)
            at = space if space > 0 else max(ends) or width
            found.append(rest[:at].rstrip())
            rest = further + rest[at:].lstrip()
        found.append(rest)
    return found


def _shortened(text: str) -> str:
    room = int((WIDTH - 2 * MARGIN - INSET) / (CODE_WIDTH * SMALL))
    return text if len(text) <= room else f"{text[: room - 1]}…"
