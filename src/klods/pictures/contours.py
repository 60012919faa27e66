"""Contour lines: where a surface given on a grid has one height."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.pictures.shapes import Point

Crossing = tuple[int, int, int]  # row and column of a corner, and 0 for the side to its right, 1 for the one above
# By which corners of a cell are higher (1, 2, 4, 8: from the lower left one, counter-clockwise), the sides that the
# line joins, counted the same way from the lower one; of 5 and 10, where the middle is higher, too.
SIDES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 2), (0, 1)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((3, 0), (1, 2)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}


def contour(xs: Sequence[float], ys: Sequence[float], heights: Any, level: float) -> list[list[Point]]:
    """Return the lines where a surface has a height, by marching squares (Lorensen and Cline 1987, in the plane).

    Between the corners of a cell the height is taken to be linear. Cells with NaN or infinity at a corner have no
    line. Where two opposite corners are higher than the others, the mean of the four decides which of them are joined.

    Args:
        xs: the grid's numbers from left to right.
        ys: the grid's numbers from bottom to top.
        heights: an array of shape (ys, xs).
        level: the height.

    Example:
        >>> import numpy as np
        >>> contour([0.0, 1.0], [0.0, 1.0], np.array([[0.0, 1.0], [0.0, 1.0]]), 0.25)
        [[(0.25, 0.0), (0.25, 1.0)]]
    """
    heights = np.asarray(heights, float)
    pieces = _pieces(heights, level)
    return [[_place(crossing, xs, ys, heights, level) for crossing in line] for line in _joined(pieces)]


def _pieces(heights: Any, level: float) -> list[tuple[Crossing, Crossing]]:
    """Return the piece of a line, or both, in each cell: the sides that they cross."""
    high = heights > level
    corners = (slice(None, -1), slice(1, None))
    low, up = corners
    around = [(low, low), (low, up), (up, up), (up, low)]
    kinds = sum(high[place].astype(int) << bit for bit, place in enumerate(around))
    centre = sum(heights[place] for place in around) / 4
    finite = np.isfinite(centre)
    saddle = ((kinds == 5) | (kinds == 10)) & finite
    kinds = np.where(saddle & (centre <= level), 15 - kinds, kinds)
    rows, columns = np.nonzero((kinds > 0) & (kinds < 15) & finite)
    return [
        (_side(r, c, a), _side(r, c, b))
        for r, c, kind in zip(rows.tolist(), columns.tolist(), kinds[rows, columns].tolist())
        for a, b in SIDES[kind]
    ]


def _side(row: int, column: int, side: int) -> Crossing:
    return ((row, column, 0), (row, column + 1, 1), (row + 1, column, 0), (row, column, 1))[side]


def _joined(pieces: list[tuple[Crossing, Crossing]]) -> list[list[Crossing]]:
    """Return the lines that pieces with common ends make."""
    beside: dict[Crossing, list[Crossing]] = defaultdict(list)
    for a, b in pieces:
        beside[a].append(b)
        beside[b].append(a)
    ends = [crossing for crossing, others in beside.items() if len(others) == 1]
    lines = []
    for start in [*ends, *beside]:  # open lines from their ends, then rings
        line = [start]
        while beside[line[-1]]:
            following = beside[line[-1]].pop()
            beside[following].remove(line[-1])
            line.append(following)
        if len(line) > 1:
            lines.append(line)
    return lines


def _place(crossing: Crossing, xs: Sequence[float], ys: Sequence[float], heights: Any, level: float) -> Point:
    row, column, up = crossing
    a, b = heights[row, column], heights[row + up, column + 1 - up]
    share = float((level - a) / (b - a))
    x, y = float(xs[column]), float(ys[row])
    if up:
        return x, y + share * (float(ys[row + 1]) - y)
    return x + share * (float(xs[column + 1]) - x), y
