"""A sheet of samples that are misread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from klods.pictures.colours import COLOURS
from klods.pictures.page import FAINT, INK, MARGIN, PALE, cut, page
from klods.pictures.shapes import Drawing, Image, Rectangle, Shape, Text, text_width

WIDTH = 700.0
COLUMNS, ROWS = 8, 5
SHOWN = COLUMNS * ROWS
FEWER = 5  # columns for long names
SIDE = 56.0  # of an image
BARS = 16  # classes with a bar


@dataclass(frozen=True)
class Misread:
    """A sample that is misread.

    Attributes:
        place: its place in the data, from 0.
        true: its class.
        read: the class it is taken for.
        probability: that of the latter.
        image: uint8 pixels, or None.
    """

    place: int
    true: str
    read: str
    probability: float
    image: Any = None

    def told(self) -> tuple[str, str, str]:
        """Return its caption."""
        return f"true {self.true}", f"read {self.read}", f"{self.probability:.1%}"


def sheet_picture(title: str, found: Sequence[Misread], tally: Sequence[tuple[str, int, int]], mark: str) -> Drawing:
    """Draw samples that are misread, and how many of each class are.

    Args:
        title: the heading.
        found: the samples, in their order.
        tally: each class, how many of it are misread, and how many there are.
        mark: a sentence on samples without a reading.
    """
    body: list[Shape] = []
    height = (SIDE if any(each.image is not None for each in found) else 14) + 60.0
    long = max((text_width(line, 11, bold=True) for each in found for line in each.told()), default=0.0)
    columns = COLUMNS if long < (WIDTH - 2 * MARGIN) / COLUMNS - 6 else FEWER
    width = (WIDTH - 2 * MARGIN) / columns
    for place, each in enumerate(found[:SHOWN]):
        row, column = divmod(place, columns)
        body += _sample(each, MARGIN + width * column, 4 + row * height, width, height)
    top = 12 + height * ceil(min(len(found), SHOWN) / columns)
    bars = _bars(tally, top)
    return page(title, _described(found, tally), [*body, *bars], top + (110 if bars else 0), width=WIDTH, mark=mark)


def _sample(each: Misread, left: float, top: float, width: float, height: float) -> list[Shape]:
    shapes: list[Shape] = []
    if each.image is not None:
        tall, wide = each.image.shape[:2]
        scale = SIDE / max(tall, wide)
        shapes.append(Image(left, top, wide * scale, tall * scale, each.image))
        shapes.append(Rectangle(left, top, wide * scale, tall * scale, stroke=FAINT))
    else:
        shapes.append(Text(left, top + height - 58, f"sample {each.place}", 11, PALE))
    for i, line in enumerate(each.told()):
        shapes.append(Text(left, top + height - 44 + 14 * i, cut(line, width - 6, 11), 11, INK, bold=i == 0))
    return shapes


def _bars(tally: Sequence[tuple[str, int, int]], top: float) -> list[Shape]:
    """Draw a bar for each class: how many of it are misread."""
    shown = tally[:BARS]
    most = max((misread for _, misread, _ in shown), default=0)
    if not most:
        return []
    more = f" (the first {BARS} of {len(tally)})" if len(tally) > BARS else ""
    shapes: list[Shape] = [Text(MARGIN, top + 8, f"Misread of each class{more}", 12, INK, bold=True)]
    width = (WIDTH - 2 * MARGIN) / len(shown)
    for i, (name, misread, count) in enumerate(shown):
        middle, high = MARGIN + width * (i + 0.5), 40 * misread / most
        shapes.append(Rectangle(middle - 0.3 * width, top + 72 - high, 0.6 * width, high, fill=COLOURS[0]))
        shapes.append(Text(middle, top + 68 - high, str(misread), 11, INK, anchor="middle"))
        shapes.append(Text(middle, top + 86, cut(name, width - 4, 12), 12, INK, True, "middle"))
        shapes.append(Text(middle, top + 100, cut(f"of {count}", width - 2, 11), 11, PALE, anchor="middle"))
    return shapes


def _described(found: Sequence[Misread], tally: Sequence[tuple[str, int, int]]) -> str:
    first = [f"a {each.true} read as {each.read} at {each.probability:.1%}" for each in found[:3]]
    counts = ", ".join(f"{name}: {misread} of {count}" for name, misread, count in tally)
    return (f"The surest: {'; '.join(first)}. " if first else "") + f"Misread of each class: {counts}."
