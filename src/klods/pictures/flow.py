"""Values and how they flow: boxes with rows of figures, and a label on each arrow, from plain data to a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from klods.pictures.boxes import (
    GREY,
    GROUND,
    HEAD_TEXT,
    LABEL,
    LARGE,
    PADDING,
    ROW,
    SMALL,
    TITLE,
    VALUE,
    Box,
    Plan,
    arrows,
    placed,
    shift,
)
from klods.pictures.layered import Edge, Key
from klods.pictures.page import LETTERS, MARGIN, WHITE, page, written
from klods.pictures.shapes import Curve, Drawing, Rectangle, Shape, Text, text_width

HEADS = {
    "operation": "#2f4f6b",
    "given": "#2d6a4f",
    "weight": "#5b3f78",
    "constant": "#5f6b75",
    "folded": "#2f4f6b",
    "failed": "#b3261e",
}
PALE, MARK = "#c9d0d6", "#d55e00"
BACKWARD = "#a34700"  # what belongs to gradients: labels of arrows, and rows of boxes
PILL = "#fff4e8"
GAP, SPACE = 18.0, 18.0  # between boxes side by side, and from a box to the label below
NARROWEST = 340.0


class Row(NamedTuple):
    """A line in a box."""

    label: str
    value: str
    colour: str = VALUE


@dataclass(frozen=True)
class Station:
    """A box.

    Attributes:
        key: its own.
        title: its first line.
        rows: its further lines.
        kind: one of `HEADS`, which gives its colour.
        pale: whether it is only hinted at.
        marked: whether it has a frame that catches the eye.
        late: whether it stands as far down as what follows it allows.
    """

    key: Key
    title: str
    rows: Sequence[Row] = ()
    kind: str = "operation"
    pale: bool = False
    marked: bool = False
    late: bool = False


@dataclass(frozen=True)
class Tie:
    """An arrow from one box to another.

    Attributes:
        source: the key of the one.
        target: the key of the other.
        label: what stands on it; nothing for no label.
        shown: whether the label can be read.
        marked: whether it catches the eye.
    """

    source: Key
    target: Key
    label: str = ""
    shown: bool = True
    marked: bool = False


@dataclass(frozen=True)
class Flow:
    """Boxes and arrows.

    Attributes:
        title: the line above.
        description: what is to be seen, for those who hear it.
        stations: the boxes.
        ties: the arrows.
        notes: lines below.
        warning: a line below them, in red.
    """

    title: str
    description: str
    stations: Sequence[Station]
    ties: Sequence[Tie]
    notes: Sequence[str] = ()
    warning: str = ""


def arranged(flow: Flow) -> Plan:
    """Return where boxes, labels and arrows stand, from (0, 0)."""
    boxes = [Box(x.key, x.title, [(row.label, row.value) for row in x.rows]) for x in flow.stations]
    labels = [Box(_label_key(number), tie.label) for number, tie in enumerate(flow.ties) if tie.label]
    late = {*(box.key for box in labels), *(x.key for x in flow.stations if x.late)}
    return placed([*boxes, *labels], _edges(flow), gap=GAP, space=SPACE, late=late)


def draw(flow: Flow, plan: Plan | None = None) -> Drawing:
    """Return a drawing of boxes, arrows and labels.

    Args:
        flow: what to draw.
        plan: where things stand, `arranged` before for a flow of the same boxes and arrows.
    """
    plan = replace(arranged(flow) if plan is None else plan)
    width = max(plan.width, NARROWEST) + 2 * MARGIN
    shift(plan, (width - plan.width) / 2, 4)
    body: list[Shape] = [
        *_arrows(flow, plan),
        *(shape for number, tie in enumerate(flow.ties) for shape in _pill(number, tie, plan)),
        *(shape for station in flow.stations for shape in _station(station, plan.boxes[station.key][1])),
    ]
    height = plan.height + 14
    if flow.warning:
        lines = written(flow.warning, MARGIN, height + 14, width - 2 * MARGIN, LETTERS, HEADS["failed"])
        body, height = [*body, *lines], lines[-1].y + 4
    return page(flow.title, flow.description, body, height, flow.notes, width)


def _label_key(number: int) -> Key:
    return "label", number


def _edges(flow: Flow) -> list[Edge]:
    return list(dict.fromkeys(edge for number, tie in enumerate(flow.ties) for edge in _edges_of(number, tie)))


def _edges_of(number: int, tie: Tie) -> list[Edge]:
    """Return an arrow's edges: to its label and from it on."""
    label = _label_key(number)
    return [(tie.source, label), (label, tie.target)] if tie.label else [(tie.source, tie.target)]


def _arrows(flow: Flow, plan: Plan) -> list[Curve]:
    """Return the arrows: one line into each label, and an arrow out of it."""
    edges = _edges(flow)
    labels = {_label_key(number) for number, tie in enumerate(flow.ties) if tie.label}
    marked = {edge for number, tie in enumerate(flow.ties) if tie.marked for edge in _edges_of(number, tie)}
    curves = [_headless(x) if edge[1] in labels else x for edge, x in zip(edges, arrows(plan, edges))]
    return [replace(x, colour=MARK) if edge in marked else x for edge, x in zip(edges, curves)]


def _headless(curve: Curve) -> Curve:
    *pieces, (first, second, _) = curve.pieces
    return replace(curve, pieces=[*pieces, (first, second, curve.head[0])], head=())


def _pill(number: int, tie: Tie, plan: Plan) -> list[Shape]:
    """Return a label on its arrow."""
    if not tie.label:
        return []
    place = plan.boxes[_label_key(number)][1]
    x, width = place.x + place.width / 2, text_width(tie.label, SMALL) + 14
    text = [Text(x, place.y + 17.5, tie.label, SMALL, BACKWARD, anchor="middle")] if tie.shown else []
    fill = PILL if tie.shown else WHITE
    return [Rectangle(x - width / 2, place.y + 3, width, 20, fill=fill, stroke=PALE, radius=10), *text]


def _station(station: Station, place: Rectangle) -> list[Shape]:
    x, y, width = place.x, place.y, place.width
    colour = PALE if station.pale else HEADS[station.kind]
    shapes: list[Shape] = []
    if station.marked:
        shapes.append(Rectangle(x - 4, y - 4, width + 8, place.height + 8, fill=MARK, radius=8))
    shapes += [
        Rectangle(x, y, width, place.height, fill=colour, stroke=GREY, radius=5),
        Text(x + width / 2, y + 17.5, station.title, LARGE, VALUE if station.pale else HEAD_TEXT, True, "middle"),
    ]
    if station.rows:
        shapes.append(Rectangle(x + 1, y + TITLE, width - 2, place.height - TITLE - 1, fill=GROUND, radius=4))
    labels = max((text_width(row.label, SMALL) for row in station.rows), default=0)
    for number, row in enumerate(station.rows):
        line = y + TITLE + 3 + ROW * number + 13.5
        shapes += [
            Text(x + PADDING, line, row.label, SMALL, LABEL),
            Text(x + PADDING + labels + PADDING, line, row.value, SMALL, row.colour),
        ]
    return shapes
