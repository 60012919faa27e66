"""A network lit by one sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any

import numpy as np

from klods.pictures.page import FAINT, GRID, INK, MARGIN, PALE, WHITE, cut, page
from klods.pictures.shades import ABOVE, BELOW, diverging, greatest, hexed
from klods.pictures.shapes import Drawing, Image, Line, Point, Rectangle, Shape, Text

WIDTH = 700.0


@dataclass(frozen=True)
class Units:
    """What the units of a layer give for a sample.

    Attributes:
        name: the layer's name.
        kind: what it is.
        values: an array of rank 1.
        columns: how many cells stand beside each other, if that means something, as in an image.
    """

    name: str
    kind: str
    values: Any
    columns: int | None = None

    def told(self) -> str:
        """Return in words how many units are lit."""
        known = self.values[np.isfinite(self.values)]
        spoilt = len(self.values) - len(known)
        most = f", from {known.min():.3g} to {known.max():.3g}" if len(known) else ""
        bad = f", {spoilt} NaN or infinite" if spoilt else ""
        return f"{int((known != 0).sum())} of {len(self.values)} lit{most}{bad}"


@dataclass(frozen=True)
class Link:
    """What a unit of the last hidden layer gives, and its weight for an output."""

    unit: int
    value: float
    weight: float

    @property
    def share(self) -> float:
        """What it adds to the output."""
        return self.value * self.weight


BARS, HIDDEN = 16, 3  # outputs and hidden layers drawn, at most
TOP, COLUMN_GAP, CELLS_HEIGHT = 58.0, 26.0, 330.0
LEAST_CELL, MOST_CELL = 5.0, 22.0
INPUT_WIDTH, OUTPUT_WIDTH = 120.0, 190.0


def activations_picture(
    title: str, sample: Any, hidden: Sequence[Units], output: Units, links: Sequence[Link], notes: Sequence[str]
) -> Drawing:
    """Draw a network from left to right, lit by one sample.

    Args:
        title: the heading.
        sample: the input: uint8 pixels of an image, or numbers in an array of rank 1.
        hidden: the layers between the input and the output.
        output: the last layer; its units are drawn as bars with their numbers.
        links: the units of the last hidden layer that add most to the greatest output.
        notes: sentences to stand below.
    """
    folded = len(hidden) - HIDDEN
    shown = [*hidden[: HIDDEN - 1], hidden[-1]] if folded > 0 else list(hidden)
    body, bottom = _input(sample)
    places: list[Point] = []
    left, right = MARGIN + INPUT_WIDTH + COLUMN_GAP, WIDTH - MARGIN - OUTPUT_WIDTH
    room = (right - left) / max(len(shown), 1)
    told, marked = list(notes), []
    for i, units in enumerate(shown):
        shapes, places, below = _cells(units, left + i * room, room - COLUMN_GAP)
        body, bottom = [*body, *shapes], max(bottom, below)
        spoilt = int((~np.isfinite(units.values)).sum())
        if spoilt:
            marked.append(f"NaN or infinite in '{units.name}': {spoilt} of {len(units.values)} units, drawn black.")
        if len(places) < len(units.values):
            told.append(f"Of '{units.name}' the first {len(places)} of {len(units.values)} units are drawn.")
    if folded > 0:
        names = ", ".join(units.name for units in hidden[HIDDEN - 1 : -1])
        told.append(f"Not drawn, {folded} of {len(hidden)} hidden layers: {names}.")
    bars, ends, below = _bars(output, right + 10)
    if len(ends) < len(output.values):
        told.append(f"Of {len(output.values)} outputs the {len(ends)} greatest are drawn.")
    described = " ".join(f"{units.name}: {units.told()}." for units in [*shown, output])
    body = [*body, *bars, *_links(links, places, ends, output)]
    return page(title, described, body, max(bottom, below) + 6, told, WIDTH, " ".join(marked))


def _input(sample: Any) -> tuple[list[Shape], float]:
    if sample.ndim == 1:
        shapes, _, bottom = _cells(Units("input", f"{len(sample)} numbers", sample), MARGIN, INPUT_WIDTH)
        return shapes, bottom
    tall, wide = sample.shape[:2]
    size = INPUT_WIDTH / max(tall, wide)
    return [
        Text(MARGIN, 16, "input", 12, INK, bold=True),
        Text(MARGIN, 32, f"{tall} x {wide} pixels", 11, PALE),
        Image(MARGIN, TOP, wide * size, tall * size, sample),
        Rectangle(MARGIN, TOP, wide * size, tall * size, stroke=FAINT),
    ], TOP + tall * size


def _cells(units: Units, left: float, width: float) -> tuple[list[Shape], list[Point], float]:
    """Draw units as cells, and return where the middles of those drawn are, and how far down they go."""
    columns, rows, size = _grid(units, width)
    drawn, limit = min(len(units.values), rows * columns), greatest(units.values)
    values = np.zeros(rows * columns)
    values[:drawn] = units.values[:drawn]
    wide, tall = columns * size, rows * size
    shapes: list[Shape] = [
        Text(left, 16, cut(units.name, width + 16, 12), 12, INK, bold=True),
        Text(left, 32, cut(units.kind, width + 16, 11), 11, PALE),
        Text(left, 47, cut(f"greatest {limit:.3g}", width + 16, 11), 11, PALE),
        Image(left, TOP, wide, tall, diverging(values.reshape(rows, columns), limit)),
        *(Line([(left + size * i, TOP), (left + size * i, TOP + tall)], GRID, 1) for i in range(columns + 1)),
        *(Line([(left, TOP + size * i), (left + wide, TOP + size * i)], GRID, 1) for i in range(rows + 1)),
    ]
    spare = rows * columns - drawn
    if spare:
        x, y = left + (columns - spare) * size, TOP + (rows - 1) * size
        shapes.append(Rectangle(x + 1, y + 1, spare * size + 1, size + 1, fill=WHITE))
    places = [(left + (i % columns + 0.5) * size, TOP + (i // columns + 0.5) * size) for i in range(drawn)]
    for i in np.flatnonzero(~np.isfinite(values)):
        (x, y), half = places[i], size / 2 - 1
        shapes.append(Line([(x - half, y - half), (x + half, y + half)], WHITE, 1))
    return shapes, places, TOP + tall


def _grid(units: Units, width: float) -> tuple[int, int, float]:
    """Return how many cells stand beside and above each other, and their size: about a square, if there is room."""
    count, size = len(units.values), MOST_CELL
    wanted = units.columns or ceil(sqrt(count))

    def columns_of(size: float) -> int:
        return max(1, min(floor(width / size), wanted))

    while size > LEAST_CELL and (
        ceil(count / columns_of(size)) * size > CELLS_HEIGHT or (units.columns and columns_of(size) < wanted)
    ):
        size -= 1
    columns = columns_of(size)
    return columns, min(ceil(count / columns), floor(CELLS_HEIGHT / size)), size


def _bars(output: Units, left: float) -> tuple[list[Shape], dict[int, Point], float]:
    """Draw outputs as bars, and return where each begins, and how far down they go."""
    values, shares = np.where(np.isfinite(output.values), output.values, 0.0), is_shares(output.values)
    order = np.sort(np.argsort(-values, kind="stable")[:BARS])
    limit, height = greatest(values) or 1.0, min(30.0, CELLS_HEIGHT / len(order))
    shapes: list[Shape] = [
        Text(left, 16, cut(output.name, OUTPUT_WIDTH - 10, 12), 12, INK, bold=True),
        Text(left, 32, cut(output.kind, OUTPUT_WIDTH - 10, 11), 11, PALE),
    ]
    ends = {}
    for row, place in enumerate(order.tolist()):
        y, most = TOP + row * height, place == winner(output.values)
        long, colour = max(84 * abs(values[place]) / limit, 0.5), hexed(ABOVE if values[place] >= 0 else BELOW)
        told = f"{output.values[place]:.1%}" if shares else f"{output.values[place]:.3g}".replace("nan", "NaN")
        shapes.append(Text(left + 24, y + height / 2 + 4, str(place), 12, INK, most, "end"))
        shapes.append(Rectangle(left + 30, y + 3, long, height - 6, fill=colour))
        shapes.append(Text(left + 35 + long, y + height / 2 + 4, told, 12, INK, most))
        ends[place] = (left + 4.0, y + height / 2)
    return shapes, ends, TOP + height * len(order)


def is_shares(values: Any) -> bool:
    """Tell whether numbers are probabilities that sum to 1."""
    return bool((values >= 0).all() and abs(float(values.sum()) - 1) < 1e-3 and len(values) > 1)


def winner(values: Any) -> int | None:
    """Return where the greatest number stands that is finite, if any is."""
    known = np.where(np.isfinite(values), values, -np.inf)
    return int(known.argmax()) if np.isfinite(known).any() else None


def _links(links: Sequence[Link], places: Sequence[Point], ends: dict[int, Point], output: Units) -> list[Shape]:
    """Draw lines from units to the greatest output: orange if they add to it, blue and dashed if they take away."""
    target = winner(output.values)
    most = max((abs(link.share) for link in links), default=1.0)
    shapes: list[Shape] = []
    for link in links:
        if link.unit < len(places) and target is not None and target in ends:
            colour = hexed(ABOVE if link.share > 0 else BELOW)
            width = 1 + 2 * abs(link.share) / most
            x, y = places[link.unit]
            shapes.append(Line([(x, y), ends[target]], colour, width, opacity=0.7, dashed=link.share < 0))
    return shapes
