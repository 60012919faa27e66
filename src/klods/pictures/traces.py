"""Sequences of numbers as lines over time: a panel for each, a line for each feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.pictures.blocks import SMALL, Block, below, beside, dots, downwards, rightwards, words
from klods.pictures.boxes import GREY, LABEL
from klods.pictures.cells import number
from klods.pictures.colours import COLOURS
from klods.pictures.page import MARK
from klods.pictures.shapes import Circle, Line, Rectangle, Shape, Text, text_width

WIDTH, HEIGHT = 380.0, 96.0
PANELS, LINES, STEPS = 3, 6, 400  # shown at most
BETWEEN = 13.0  # the names of two lines


def traces(array: Any, labels: Sequence[str]) -> Block:
    """Return sequences as lines, with arrows along the axes.

    Args:
        array: an array of shape (sequences, steps, features).
        labels: what is written at the arrows along the first two axes, and as a legend of the third; empty for an
            axis that isn't there.
    """
    shown = array[:PANELS, :STEPS, :LINES].astype("float64")
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    panels = [_panel(sequence, (low, high)) for sequence in shown]
    if array.shape[1] > STEPS:
        panels = [beside([panel, dots(HEIGHT)], 4) for panel in panels]
    edges = [_edges((low, high))] * len(panels)
    more = [words("…", 16)] if len(array) > PANELS else []
    body = below([*panels, *more, rightwards(labels[1], WIDTH)], 8)
    arrow = [downwards(labels[0], len(panels) * (HEIGHT + 8))] if labels[0] else []
    legend = [words(f"{labels[2]}; each is a line, with its number at its end")] if labels[2] else []
    return below([beside([*arrow, below(edges, 8), body], 5), *legend], 4)


def _edges(bounds: tuple[float, float]) -> Block:
    """Return the least and the greatest number, beside where they are in a panel."""
    low, high = (number(np.float64(value)) for value in bounds)
    room = max(text_width(edge, SMALL) for edge in (low, high))
    places = ((high, 14.0), (low, HEIGHT - 6))
    return Block([Text(room, at, edge, SMALL, LABEL, anchor="end") for edge, at in places], room, HEIGHT)


def _panel(sequence: Any, bounds: tuple[float, float]) -> Block:
    """Return lines in a frame, and the number of each line at its end."""
    low, high = bounds
    x = np.linspace(10, WIDTH - 34, len(sequence)) if len(sequence) > 1 else np.array([WIDTH / 2])
    y = HEIGHT - 10 - (sequence / 2 - low / 2) / ((high / 2 - low / 2) or 1) * (HEIGHT - 20)
    shapes: list[Shape] = [Rectangle(0, 0, WIDTH, HEIGHT, "#ffffff", GREY)]
    for i in range(sequence.shape[1]):
        shapes += _trace(x, y[:, i], i)
    return Block([*shapes, *_names(y, WIDTH - 26)], WIDTH, HEIGHT)


def _trace(x: Any, y: Any, place: int) -> list[Shape]:
    """Return a line, broken where it isn't finite, and a cross there."""
    colour, shapes, run = COLOURS[place % len(COLOURS)], [], []
    for point in [*zip(x.tolist(), y.tolist()), (0.0, np.nan)]:
        if np.isfinite(point[1]):
            run.append(point)
            continue
        shapes += _run(run, colour, dashed=place % 2 == 1)
        run = []
    return [*shapes, *(part for at in x[~np.isfinite(y)] for part in _cross(at))]


def _run(run: list[tuple[float, float]], colour: str, dashed: bool) -> list[Shape]:
    if len(run) == 1:
        return [Circle(*run[0], 3, colour)]
    return [Line(run, colour, 1.6, dashed=dashed)] if run else []


def _cross(x: float) -> list[Shape]:
    low, high = HEIGHT - 10, HEIGHT - 3
    return [Line([(x - 3.5, a), (x + 3.5, b)], MARK, 2) for a, b in ((low, high), (high, low))]


def _names(y: Any, x: float) -> list[Shape]:
    """Return the numbers of the lines at their ends, moved apart where they would cover each other."""
    ends = [(next((v for v in line[::-1] if np.isfinite(v)), HEIGHT / 2), i) for i, line in enumerate(y.T.tolist())]
    heights, last = {}, 0.0
    for height, i in sorted(ends):
        last = max(height + 4, last + BETWEEN)
        heights[i] = last
    over = max(0.0, last - (HEIGHT - 4))
    return [Text(x, at - over, str(i), SMALL, COLOURS[i % len(COLOURS)], bold=True) for i, at in heights.items()]
