"""Tables with bars in them, and texts in columns, from plain data to a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from klods.pictures.shapes import CODE_WIDTH, Drawing, Rectangle, Shape, Text, cut, text_width, wrapped

INK, GREY, WHITE, LINE_COLOUR, GROUND = "#16202a", "#52606b", "#ffffff", "#c9d0d6", "#f3f5f7"
MARGIN, WIDTH = 12.0, 700.0
HEADING, LARGE, SMALL = 15.0, 13.0, 11.0  # sizes of letters
LINE, BAR = 15.0, 12.0  # heights
APART = 14.0  # between columns
INDENT = 3  # of what goes on from the line before


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
    page = Page(title, description)
    for section in sections:
        page.section(section)
    return page.closed(notes)


def columns(title: str, description: str, parts: Sequence[Column], notes: Sequence[str] = ()) -> Drawing:
    """Return a drawing of texts side by side."""
    page = Page(title, description)
    page.columns(parts)
    return page.closed(notes)


class Page:
    """A drawing that grows downwards."""

    def __init__(self, title: str, description: str) -> None:
        self.title, self.description = title, description
        self.shapes: list[Shape] = []
        self.y = MARGIN
        for line in wrapped(title, HEADING, WIDTH - 2 * MARGIN, bold=True):
            self.y += HEADING + 4
            self.shapes.append(Text(MARGIN, self.y - 4, line, HEADING, INK, bold=True))

    def closed(self, notes: Sequence[str]) -> Drawing:
        """Return the drawing, with lines at its end."""
        self.y += 10
        for note in notes:
            self.texts(note, MARGIN, WIDTH - 2 * MARGIN)
        height = self.y + MARGIN
        ground = Rectangle(0, 0, WIDTH, height, fill=WHITE)
        return Drawing([ground, *self.shapes], WIDTH, height, self.title, self.description)

    def texts(self, text: str, x: float, width: float) -> None:
        """Write a text in as many lines as it takes."""
        for line in wrapped(text, SMALL, width):
            self.y += LINE
            self.shapes.append(Text(x, self.y - 4, line, SMALL, GREY))

    def section(self, section: Section) -> None:
        """Write a heading, and rows below it."""
        self.y += 22
        self.shapes.append(Text(MARGIN, self.y, section.heading, LARGE, INK, bold=True))
        wide = (WIDTH - 2 * MARGIN - section.left) / max(1, len(section.columns))
        starts = [MARGIN + section.left + wide * i for i in range(len(section.columns))]
        self.y += 6
        if any(section.columns):
            self.y += LINE
            self.shapes += [Text(x, self.y - 2, name, SMALL, GREY) for x, name in zip(starts, section.columns)]
        for line in section.lines:
            self.line(line, section.left, starts, wide)

    def line(self, line: Line, left: float, starts: Sequence[float], wide: float) -> None:
        """Write a row."""
        self.y += 4
        self.shapes.append(Rectangle(MARGIN, self.y, WIDTH - 2 * MARGIN, 1, fill=LINE_COLOUR))
        self.y += LINE + 4
        self.shapes.append(Text(MARGIN, self.y - 4, cut(line.title, SMALL, left - 8), SMALL, INK))
        labels = max((text_width(bar.label, SMALL) for bar in line.bars if bar), default=0)
        for x, bar in zip(starts, line.bars):
            if bar is not None:
                length = bar.part * (wide - max(labels, 96) - 14)
                self.shapes += [
                    Rectangle(x, self.y - BAR - 1, max(length, 1), BAR, fill=bar.colour),
                    Text(x + max(length, 1) + 6, self.y - 4, bar.label, SMALL, INK),
                ]
        for text in line.texts:
            self.texts(text, MARGIN + 14, WIDTH - 2 * MARGIN - 14)
        for text in line.code:
            self.y += LINE
            self.shapes.append(Text(MARGIN + 14, self.y - 4, _shortened(text), SMALL, GREY, code=True))

    def columns(self, parts: Sequence[Column]) -> None:
        """Write texts side by side."""
        wide = (WIDTH - 2 * MARGIN - APART * (len(parts) - 1)) / len(parts)
        top = bottom = self.y + 10
        starts = [MARGIN + (wide + APART) * i for i in range(len(parts))]
        for x, part in zip(starts, parts):
            self.y = top + 16
            self.shapes.append(Text(x + 6, self.y, cut(part.heading, LARGE * 1.12, wide - 12), LARGE, INK, bold=True))
            self.y += 4
            for text in part.texts:
                self.texts(text, x + 6, wide - 12)
            self.y += 4
            for text in broken(part.code, int((wide - 12) / (CODE_WIDTH * SMALL))):
                self.y += LINE
                self.shapes.append(Text(x + 6, self.y - 4, text, SMALL, INK, code=True))
            bottom = max(bottom, self.y + 8)
        grounds = [Rectangle(x, top, wide, bottom - top, fill=GROUND, stroke=LINE_COLOUR, radius=5) for x in starts]
        self.shapes[:0] = grounds
        self.y = bottom


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
    room = int((WIDTH - 2 * MARGIN - 14) / (CODE_WIDTH * SMALL))
    return text if len(text) <= room else f"{text[: room - 1]}…"
