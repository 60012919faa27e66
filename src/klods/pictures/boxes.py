"""Boxes tied by arrows, some inside frames: from plain data to a drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from klods.pictures.layered import Edge, Key, Layout, arrange
from klods.pictures.shapes import ARROW, Curve, Drawing, Point, Rectangle, Shape, Text, text_width

MARGIN, PADDING, FRAME = 12.0, 10.0, 16.0  # around the drawing, inside boxes, inside frames
TITLE, ROW, FRAME_TITLE = 26.0, 19.0, 20.0  # heights
LARGE, SMALL = 13.0, 12.0  # sizes of letters
PORTS = 16.0  # between the ends of arrows at one box
# Boxes bring their own ground, so that they are read on white pages and on dark ones; grey shows on both.
HEADS = {"layer": "#2f4f6b", "input": "#2d6a4f", "model": "#5b3f78"}
HEAD_TEXT, GROUND, LABEL, VALUE, GREY = "#ffffff", "#f3f5f7", "#52606b", "#16202a", "#7b858d"


@dataclass(frozen=True)
class Box:
    """A box with a title, and rows of a label and a value. Its kind, `layer`, `input` or `model`, gives its colour."""

    key: Key
    title: str
    rows: Sequence[tuple[str, str]] = ()
    kind: str = "layer"


@dataclass(frozen=True)
class Frame:
    """Boxes and frames inside a frame with a title."""

    key: Key
    title: str
    parts: Sequence[Box | Frame]


@dataclass
class Plan:
    """Where things are.

    Attributes:
        width: of all.
        height: of all.
        boxes: the boxes with their places.
        frames: the frames' titles and places.
        passes: for each arrow, where it enters and leaves the layers between its ends.
        back: the arrows that lead against the direction of the others.
    """

    width: float = 0
    height: float = 0
    boxes: dict[Key, tuple[Box, Rectangle]] = field(default_factory=dict)
    frames: list[tuple[str, Rectangle]] = field(default_factory=list)
    passes: dict[Edge, list[tuple[Point, Point]]] = field(default_factory=dict)
    back: set[Edge] = field(default_factory=set)


def draw(title: str, parts: Sequence[Box | Frame], edges: Sequence[Edge], direction: str = "TB") -> Drawing:
    """Return a drawing of boxes and the arrows between them.

    Args:
        title: what it shows.
        parts: boxes, and frames of boxes.
        edges: pairs of boxes' keys, at any depth.
        direction: where arrows go from and to: `TB`, `BT`, `LR` or `RL`, of top, bottom, left and right.

    Example:
        >>> drawing = draw("two", [Box(1, "one"), Box(2, "another")], [(1, 2)])
        >>> drawing.description
        'one to another.'
    """
    edges = list(dict.fromkeys((a, b) for a, b in edges if a != b))
    plan = placed(parts, edges, direction)
    shift(plan, MARGIN, MARGIN)
    frames = [_frame(place) for _, place in plan.frames]
    tabs = [shape for frame in plan.frames for shape in _tab(*frame)]
    boxes = [shape for box, place in plan.boxes.values() for shape in _box(box, place)]
    shapes = [*frames, *arrows(plan, edges, direction), *tabs, *boxes]
    titles = {key: box.title for key, (box, _) in plan.boxes.items()}
    description = "; ".join(f"{titles[a]} to {titles[b]}" for a, b in edges) or ", ".join(titles.values())
    return Drawing(shapes, plan.width + 2 * MARGIN, plan.height + 2 * MARGIN, title, f"{description}.")


def placed(
    parts: Sequence[Box | Frame],
    edges: Sequence[Edge],
    direction: str = "TB",
    gap: float = 24,
    space: float = 40,
    late: Collection[Key] = (),
) -> Plan:
    """Return where parts and arrows stand, from (0, 0): what is inside frames first, then the frames among the others.

    See `arrange` for gap, space and late.
    """
    frames = [part for part in parts if isinstance(part, Frame)]
    inside = {frame.key: placed(frame.parts, edges, direction, gap, space, late) for frame in frames}
    sizes = {part.key: _size(part, inside.get(part.key)) for part in parts}
    holder = {key: part.key for part in parts for key in _keys(part)}
    ties = [(holder[a], holder[b]) for a, b in edges if a in holder and b in holder and holder[a] != holder[b]]
    flat = direction in ("LR", "RL")
    turned = {k: (h, w) if flat else (w, h) for k, (w, h) in sizes.items()}
    layout = arrange(turned, list(dict.fromkeys(ties)), gap, space, late)
    at = _turned(layout, direction)
    plan = Plan(*(reversed(layout.size) if flat else layout.size))
    for part in parts:
        (x, y), (width, height) = at(*layout.centres[part.key]), sizes[part.key]
        place = Rectangle(x - width / 2, y - height / 2, width, height)
        if isinstance(part, Box):
            plan.boxes[part.key] = part, place
        else:
            plan.frames.append((part.title, place))
            _include(plan, inside[part.key], place)
    for a, b in edges:
        if a in holder and b in holder and holder[a] != holder[b]:
            source, target = holder[a], holder[b]
            if layout.centres[source][1] > layout.centres[target][1]:
                plan.back.add((a, b))
            plan.passes[a, b] = _passes(layout, (source, target), at)
    return plan


def shift(plan: Plan, x: float, y: float) -> None:
    """Move everything in a plan."""

    def moved(place: Rectangle) -> Rectangle:
        return Rectangle(place.x + x, place.y + y, place.width, place.height)

    plan.boxes = {key: (box, moved(place)) for key, (box, place) in plan.boxes.items()}
    plan.frames = [(title, moved(place)) for title, place in plan.frames]
    plan.passes = {
        edge: [((a + x, b + y), (c + x, d + y)) for (a, b), (c, d) in passes] for edge, passes in plan.passes.items()
    }


# ------------------------------------------------------------ places


def _keys(part: Box | Frame) -> list[Key]:
    return [part.key] if isinstance(part, Box) else [key for inner in part.parts for key in _keys(inner)]


def _size(part: Box | Frame, inside: Plan | None) -> tuple[float, float]:
    if isinstance(part, Frame):
        assert inside is not None
        width = max(inside.width, text_width(part.title, SMALL, bold=True) + 2 * PADDING)
        return width + 2 * FRAME, inside.height + FRAME_TITLE + 2 * FRAME
    labels, values = _columns(part)
    width = max(text_width(part.title, LARGE, bold=True), labels + PADDING + values if part.rows else 0)
    return width + 2 * PADDING, TITLE + (len(part.rows) * ROW + 6 if part.rows else 0)


def _columns(box: Box) -> tuple[float, float]:
    """Return the widths of a box's labels and values."""
    labels = max((text_width(label, SMALL) for label, _ in box.rows), default=0)
    return labels, max((text_width(value, SMALL) for _, value in box.rows), default=0)


def _turned(layout: Layout, direction: str) -> Callable[[float, float], Point]:
    """Return the function from places across and along to points of the drawing."""
    length = layout.size[1]
    turns: dict[str, Callable[[float, float], Point]] = {
        "TB": lambda across, along: (across, along),
        "BT": lambda across, along: (across, length - along),
        "LR": lambda across, along: (along, across),
        "RL": lambda across, along: (length - along, across),
    }
    return turns[direction]


def _passes(layout: Layout, edge: Edge, at: Callable[[float, float], Point]) -> list[tuple[Point, Point]]:
    """Return where an arrow enters and leaves each layer between its ends."""
    source, target = edge
    step = 1 if layout.centres[source][1] < layout.centres[target][1] else -1
    return [
        (at(across, first), at(across, last))
        for across, layer in layout.bends[edge]
        for first, last in [layout.bands[layer][::step]]
    ]


def _include(plan: Plan, inner: Plan, place: Rectangle) -> None:
    shift(inner, place.x + (place.width - inner.width) / 2, place.y + FRAME + FRAME_TITLE)
    plan.boxes.update(inner.boxes)
    plan.frames += inner.frames
    plan.passes.update(inner.passes)
    plan.back |= inner.back


# ------------------------------------------------------------ shapes


def _box(box: Box, place: Rectangle) -> list[Shape]:
    x, y, colour = place.x, place.y, HEADS[box.kind]
    labels, _ = _columns(box)
    shapes: list[Shape] = [
        Rectangle(x, y, place.width, place.height, fill=colour, stroke=GREY, radius=5),
        Text(x + place.width / 2, y + 17.5, box.title, LARGE, HEAD_TEXT, bold=True, anchor="middle"),
    ]
    if box.rows:
        shapes.append(Rectangle(x + 1, y + TITLE, place.width - 2, place.height - TITLE - 1, fill=GROUND, radius=4))
    for number, (label, value) in enumerate(box.rows):
        line = y + TITLE + 3 + ROW * number + 13.5
        shapes += [
            Text(x + PADDING, line, label, SMALL, LABEL),
            Text(x + PADDING + labels + PADDING, line, value, SMALL, VALUE),
        ]
    return shapes


def _frame(place: Rectangle) -> Rectangle:
    return Rectangle(place.x, place.y, place.width, place.height, stroke=GREY, radius=5, dashed=True)


def _tab(title: str, place: Rectangle) -> list[Shape]:
    """Return the title of a frame on a ground of its own, in the frame's corner."""
    width = text_width(title, SMALL, bold=True) + 2 * PADDING
    ground = Rectangle(place.x, place.y, width, FRAME_TITLE, fill=HEADS["model"], radius=5)
    return [ground, Text(place.x + width / 2, place.y + 14, title, SMALL, HEAD_TEXT, bold=True, anchor="middle")]


def arrows(plan: Plan, edges: Sequence[Edge], direction: str = "TB") -> list[Curve]:
    """Return the arrows; those that meet at a box end a little apart, in the order in which they come."""
    ways = {edge: [point for pair in plan.passes.get(edge, []) for point in pair] for edge in edges}
    forwards = {edge: (direction in ("TB", "LR")) != (edge in plan.back) for edge in edges}
    flat = direction in ("LR", "RL")
    ports = _ports(plan, ways, forwards, flat)
    return [_arrow([ports[edge, 0], *ways[edge], ports[edge, 1]], forwards[edge], flat) for edge in edges]


def _ports(
    plan: Plan, ways: dict[Edge, list[Point]], forwards: dict[Edge, bool], flat: bool
) -> dict[tuple[Edge, int], Point]:
    """Return where arrows leave their first boxes (end 0) and meet their last ones (end 1).

    Args:
        plan: where the boxes are.
        ways: the points that each arrow passes.
        forwards: whether an arrow points down or to the right.
        flat: whether arrows run from side to side.
    """
    sides: dict[tuple[Key, bool], list[tuple[Edge, int]]] = defaultdict(list)
    for edge, end in ((edge, end) for edge in ways for end in (0, 1)):
        sides[edge[end], forwards[edge] == (end == 0)].append((edge, end))
    ports: dict[tuple[Edge, int], Point] = {}
    for (key, far), ends in sides.items():
        place = plan.boxes[key][1]
        ends.sort(key=lambda x: _next(plan, x[0], ways[x[0]], x[1])[1 if flat else 0])
        length, along = (place.height, place.width * far) if flat else (place.width, place.height * far)
        apart = min(PORTS, 0.7 * length / len(ends))
        for number, port in enumerate(ends):
            across = length / 2 + apart * (number - (len(ends) - 1) / 2)
            ports[port] = (place.x + along, place.y + across) if flat else (place.x + across, place.y + along)
    return ports


def _next(plan: Plan, edge: Edge, way: Sequence[Point], end: int) -> Point:
    """Return the point that an arrow comes from or goes to, seen from the box at one end."""
    if way:
        return way[0] if end == 0 else way[-1]
    other = plan.boxes[edge[1 - end]][1]
    return other.x + other.width / 2, other.y + other.height / 2


def _arrow(points: Sequence[Point], forwards: bool, flat: bool) -> Curve:
    """Return an arrow through points, which points down or to the right, or else up or to the left."""
    (x, y), back = points[-1], -ARROW if forwards else ARROW
    base = (x + back, y) if flat else (x, y + back)
    head = [(x, y), *([(x + back, y - 4), (x + back, y + 4)] if flat else [(x - 4, y + back), (x + 4, y + back)])]
    stops = [*points[:-1], base]
    return Curve(stops[0], [_piece(a, b, flat) for a, b in pairwise(stops)], head, GREY)


def _piece(a: Point, b: Point, flat: bool) -> tuple[Point, Point, Point]:
    """Return a curve from one point to another that leaves and arrives in the direction of the arrows."""
    if flat:
        half = (b[0] - a[0]) / 2
        return (a[0] + half, a[1]), (b[0] - half, b[1]), b
    half = (b[1] - a[1]) / 2
    return (a[0], a[1] + half), (b[0], b[1] - half), b
