"""Numbers in cells: one, a row, a grid, sheets one behind the other, rows of those; with an arrow along each axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.pictures.blocks import (
    DOTS,
    LINE,
    SMALL,
    Block,
    below,
    beside,
    dots,
    downwards,
    overhead,
    rightwards,
    shifted,
    words,
)
from klods.pictures.boxes import GREY, LABEL, VALUE
from klods.pictures.page import MARK
from klods.pictures.shapes import Line, Rectangle, Shape, Text, text_width

LETTERS, CELL_HEIGHT, DOTS_WIDTH = 12.0, 24.0, 26.0
SHIFT = (20.0, 25.0)  # of a sheet to the one before it: its first row stays in sight
ROOM = 580.0  # for the cells, beside the labels
ALONG = {0: (1, 1), 1: (1, 6), 2: (6, 6), 3: (4, 5), 4: (3, 3), 5: (2, 3)}  # rows and columns shown, by rank
SHEETS, ROWS, COLUMNS = 4, 3, 6  # sheets of a stack, and stacks down and across, at most
FRONT, BEHIND, SPOILT = "#ffffff", "#eef3f8", "#fbe3d2"
Texts = list[list[str]]


def cells(array: Any, labels: Sequence[str]) -> Block:
    """Return the first values of an array in cells, and an arrow along each axis.

    Args:
        array: a NumPy array of rank 0 to 5, not empty.
        labels: what is written at the arrow of each axis.
    """
    if array.ndim <= 2:
        return _flat(array, labels)
    if array.ndim == 3:
        return _stack(array, labels, ALONG[3])
    if array.ndim == 4:
        return _row(array, labels, ALONG[4], _room_for(array, labels, ALONG[4]))
    columns = _room_for(array[0], labels[1:], ALONG[5])
    rows = [_row(part, labels[1:] if i == 0 else (), ALONG[5], columns) for i, part in enumerate(array[:ROWS])]
    more = [words(DOTS, LETTERS)] if len(array) > ROWS else []
    body = below([*rows, *more], 16, "end")
    return beside([downwards(labels[0], body.height), body], 4)


def _flat(array: Any, labels: Sequence[str]) -> Block:
    """Return a scalar, a vector or a matrix."""
    texts = _texts(array.reshape(-1, array.shape[-1] if array.ndim else 1), ALONG[array.ndim])
    grid = _grid(texts, _widths([texts]))
    body = below([grid, rightwards(labels[-1], grid.width)], 2) if labels else grid
    return beside([downwards(labels[0], grid.height), body], 0) if array.ndim == 2 else body


def _room_for(array: Any, labels: Sequence[str], along: tuple[int, int]) -> int:
    """Return how many stacks there is room for in a row."""
    first = _stack(array[0], labels[1:], along)
    others = max(_stack(part, (), along).width for part in array[:COLUMNS])
    return max(1, min(COLUMNS, 1 + int((ROOM - first.width) / (others + 20))))


def _row(array: Any, labels: Sequence[str], along: tuple[int, int], columns: int) -> Block:
    """Return stacks side by side."""
    stacks = [_stack(part, labels[1:] if i == 0 else (), along) for i, part in enumerate(array[:columns])]
    more = [dots(stacks[0].height)] if len(stacks) < len(array) else []
    body = beside([*stacks, *more], 20)
    return below([overhead(labels[0], body.width), body], 4) if labels else body


def _stack(array: Any, labels: Sequence[str], along: tuple[int, int]) -> Block:
    """Return matrices one behind the other; of those behind, the first row is in sight."""
    sheets = [_texts(sheet, along) for sheet in array[:SHEETS]]
    widths = _widths(sheets)
    if len(array) > SHEETS:
        sheets.append([[DOTS] * len(row) for row in sheets[0]])
    (across, up), last = SHIFT, len(sheets) - 1
    rise = up * max(last, 1)
    shapes: list[Shape] = []
    for depth in range(last, -1, -1):
        seen = sheets[depth] if depth == 0 else [sheets[depth][0], *[[""] * len(row) for row in sheets[depth][1:]]]
        grid = _grid(seen, widths, FRONT if depth == 0 else BEHIND, dashed=depth == SHEETS)
        shapes += shifted(grid.shapes, depth * across, rise - depth * up)
    body = Block(shapes, grid.width + last * across, grid.height + rise)
    return _with_depth(body, grid, labels) if labels else body


def _with_depth(body: Block, front: Block, labels: Sequence[str]) -> Block:
    """Return a stack with arrows along depth, height and width."""
    rise, run = body.height - front.height, max(body.width - front.width, SHIFT[0] / 2)
    left, under = downwards(labels[1], front.height), rightwards(labels[2], front.width)
    lines = labels[0].split(", ", 1) if rise > 2 * LINE else [labels[0]]
    room = max(text_width(line, SMALL) for line in lines) - run / 2 + 18
    x = max(left.width, room)
    arrow = Line([(x - 8, rise), (x + run - 8, 0)], LABEL, 1.2, arrow=True)
    top = rise / 2 + 4 - LINE / 2 * (len(lines) - 1)
    texts = [Text(x - 18 + run / 2, top + LINE * i, line, SMALL, LABEL, anchor="end") for i, line in enumerate(lines)]
    parts = [*shifted(body.shapes, x, 0), *shifted(left.shapes, x - left.width, rise), arrow, *texts]
    shapes = [*parts, *shifted(under.shapes, x, body.height + 2)]
    return Block(
        shapes, x + max(body.width, under.width), body.height + 2 + max(under.height, left.height - front.height)
    )


# ------------------------------------------------------------ cells


def _texts(matrix: Any, along: tuple[int, int]) -> Texts:
    """Return the first rows and columns as texts; what is left out is told by dots."""
    rows, columns = along
    texts = [[number(value) for value in row[:columns]] for row in matrix[:rows]]
    if matrix.shape[1] > columns:
        texts = [[*row, DOTS] for row in texts]
    return [*texts, [DOTS] * len(texts[0])] if len(matrix) > rows else texts


def number(value: Any) -> str:
    """Return a NumPy number with three digits, or as a whole number if that is short.

    Example:
        >>> import numpy as np
        >>> number(np.float32(1) / 3), number(np.float32(1234.5)), number(np.float64("nan"))
        ('0.333', '1234', 'NaN')
    """
    if value.dtype.kind in "biu" and len(str(value)) < 8:
        return str(value)
    return f"{value:.0f}" if 1000 <= abs(float(value)) < 1e6 else f"{value:.3g}".replace("nan", "NaN")


def _widths(sheets: Sequence[Texts]) -> list[float]:
    """Return the widths of the columns, alike on all sheets: room for the longest text, and less for dots."""
    width = max(30.0, *(text_width(text, LETTERS) + 10 for sheet in sheets for row in sheet for text in row))
    return [DOTS_WIDTH if text == DOTS else width for text in sheets[0][0]]


def _grid(texts: Texts, widths: Sequence[float], fill: str = FRONT, dashed: bool = False) -> Block:
    """Return cells with texts, those of NaN and infinity marked, on one sheet."""
    edges = [sum(widths[:i]) for i in range(len(widths) + 1)]
    total, height = edges[-1], CELL_HEIGHT * len(texts)
    shapes: list[Shape] = [Rectangle(0, 0, total, height, fill=fill, stroke=GREY, dashed=dashed)]
    shapes += [Line([(x, 0), (x, height)], GREY, 0.6) for x in edges[1:-1]]
    shapes += [Line([(0, CELL_HEIGHT * i), (total, CELL_HEIGHT * i)], GREY, 0.6) for i in range(1, len(texts))]
    for i, row in enumerate(texts):
        for text, left, wide in zip(row, edges, widths):
            shapes += _cell(text, left, CELL_HEIGHT * i, wide)
    return Block(shapes, total, height)


def _cell(text: str, x: float, y: float, width: float) -> list[Shape]:
    spoilt = any(word in text for word in ("NaN", "inf"))
    ground: list[Shape] = [Rectangle(x, y, width, CELL_HEIGHT, fill=SPOILT, stroke=MARK)] if spoilt else []
    letters = Text(x + width / 2, y + 16, text, LETTERS, MARK if spoilt else VALUE, bold=spoilt, anchor="middle")
    return [*ground, letters] if text else []
