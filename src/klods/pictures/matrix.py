"""A confusion matrix: how often each class is read as each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.pictures.page import GRID, INK, LETTERS, MARGIN, PALE, WHITE, cut, page
from klods.pictures.shades import diverging, hexed
from klods.pictures.shapes import Drawing, Rectangle, Shape, Text, text_width

WIDTH = 700.0
CELL, ROW, LABELS = 52.0, 30.0, 130.0  # the greatest widths of cells and labels, and a cell's height


def matrix_picture(
    title: str, counts: Any, names: Sequence[str], folded: bool, notes: Sequence[str], mark: str
) -> Drawing:
    """Draw a confusion matrix: a row for each true class, a column for each that is read, and totals.

    Args:
        title: the heading.
        counts: an array of shape (classes, classes).
        names: the classes.
        folded: whether the last one stands for several, so that what is read as itself may be misread.
        notes: sentences to stand below.
        mark: a sentence on what is no number.
    """
    labels = min(LABELS, max(text_width(name, LETTERS, bold=True) for name in [*names, "all"]) + 8)
    left, count = MARGIN + 20 + labels, len(names)
    cell = min(CELL, (WIDTH - left - MARGIN - 6) / (count + 1))
    columns = [left + cell * i + (6 if i == count else 0) for i in range(count + 1)]
    rows = [44 + ROW * i + (6 if i == count else 0) for i in range(count + 1)]
    body: list[Shape] = [Text(left, 12, "read as", LETTERS, PALE), Text(MARGIN, 34, "true", LETTERS, PALE)]
    for name, x, y in zip([*names, "all"], columns, rows):
        body.append(Text(x + cell / 2, 34, cut(name, cell - 2, LETTERS), LETTERS, INK, True, "middle"))
        body.append(Text(left - 8, y + 20, cut(name, labels, LETTERS), LETTERS, INK, True, "end"))
    shades = _shades(counts, folded)
    for i, y in enumerate(rows):
        for j, x in enumerate(columns):
            shade = shades[i, j] if i < count and j < count else None
            number = counts[i if i < count else slice(None), j if j < count else slice(None)].sum()
            body += _cell(x, y, cell, int(number), shade, shade is None)
    told = "; ".join(_row(names, counts, i) for i in range(count - folded))
    look = "Blue, read right; orange, misread: the deeper, the greater its share of the row."
    return page(title, f"A row for each true class. {told}.", body, rows[-1] + ROW + 8, [look, *notes], WIDTH, mark)


def _shades(counts: Any, folded: bool) -> Any:
    """Return the share of the row, below zero where it is read right, and its root where it is misread."""
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    shades = np.where(np.eye(len(counts), dtype=bool), -shares, np.sqrt(shares))
    shades[-1, -1] *= not folded
    return shades


def _cell(x: float, y: float, width: float, number: int, shade: float | None, total: bool) -> list[Shape]:
    """Draw a count on its shade, blue below zero and orange above; a total has none."""
    fill = WHITE if shade is None else hexed(diverging(shade, 1.0))
    colour = PALE if not number else WHITE if shade is not None and abs(shade) > 0.7 else INK
    frame = Rectangle(x + 0.5, y + 0.5, width - 1, ROW - 1, fill=fill, stroke=GRID)
    size = LETTERS if text_width(str(number), LETTERS) < width - 2 else 11
    return [frame, Text(x + width / 2, y + 20, str(number), size, colour, total, "middle")]


def _row(names: Sequence[str], counts: Any, i: int) -> str:
    others = [f"{counts[i, j]} as {names[j]}" for j in np.argsort(-counts[i], kind="stable") if counts[i, j] and j != i]
    return f"{names[i]}: {counts[i, i]} of {counts[i].sum()} right" + (f", {', '.join(others[:3])}" if others else "")
