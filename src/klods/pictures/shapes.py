"""What a drawing is made of: rectangles, texts, lines, images ... as plain data, and the SVG text of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from math import hypot
from typing import Any, Literal

from klods.pictures.png import data_url

FONT = "DejaVu Sans, Verdana, Segoe UI, Helvetica, Arial, sans-serif"
ARROW = 8.0  # the length of an arrow's head
CODE_FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"
CODE_WIDTH = 0.603  # of each character of a fixed width at size 1
# Widths of characters at size 1, in a wide font: in others texts are shorter and still fit.
NARROW, WIDE = set("iljtf.,:;'|!()[] "), set("mwMW@%")

Point = tuple[float, float]


@dataclass(frozen=True)
class Rectangle:
    """A rectangle; a frame if it has no fill."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "none"
    stroke: str = "none"
    radius: float = 0
    dashed: bool = False


@dataclass(frozen=True)
class Text:
    """A line of text whose baseline has its start, its middle or its end at a point; `code` keeps all its spaces."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"
    code: bool = False


@dataclass(frozen=True)
class Curve:
    """A smooth line, and the corners of an arrow's head at its end.

    Attributes:
        start: where it starts.
        pieces: cubic Bézier pieces, each by two control points and its end.
        head: the corners of the arrow's head; none for a line without.
    """

    start: Point
    pieces: Sequence[tuple[Point, Point, Point]]
    head: Sequence[Point]
    colour: str


@dataclass(frozen=True)
class Line:
    """A line through points.

    Attributes:
        width: of the stroke.
        fill: of what it encloses; it is closed then.
        opacity: of stroke and fill, from 0 to 1.
        arrow: whether it ends in an arrow's head.
    """

    points: Sequence[Point]
    colour: str
    width: float = 1.6
    fill: str = "none"
    opacity: float = 1
    dashed: bool = False
    arrow: bool = False


@dataclass(frozen=True)
class Circle:
    """A disc, or a ring if it has no fill."""

    x: float
    y: float
    radius: float
    fill: str = "none"
    stroke: str = "none"


@dataclass(frozen=True)
class Image:
    """Pixels in a rectangle.

    Attributes:
        pixels: a uint8 array of shape (height, width), grey, or (height, width, 3), red, green and blue.
    """

    x: float
    y: float
    width: float
    height: float
    pixels: Any


Shape = Rectangle | Text | Curve | Line | Circle | Image


@dataclass(frozen=True)
class Drawing:
    """Shapes, those that cover others last.

    Attributes:
        title: a line that says what it is.
        description: what it shows, for those who hear it.
    """

    shapes: Sequence[Shape]
    width: float
    height: float
    title: str
    description: str


def moved(shape: Shape, right: float, down: float) -> Shape:
    """Return a shape in another place."""

    def shifted(points: Sequence[Point]) -> list[Point]:
        return [(x + right, y + down) for x, y in points]

    if isinstance(shape, Line):
        return replace(shape, points=shifted(shape.points))
    if isinstance(shape, Curve):
        pieces = [(a, b, c) for a, b, c in map(shifted, shape.pieces)]
        return replace(shape, start=shifted([shape.start])[0], pieces=pieces, head=shifted(shape.head))
    return replace(shape, x=shape.x + right, y=shape.y + down)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return about the width of a text, rather too much than too little."""
    return size * (1.12 if bold else 1) * sum(map(_character, text))


def _character(character: str) -> float:
    if character in NARROW:
        return 0.4
    if character in WIDE:
        return 0.98
    if ord(character) > 0x2E7F:  # East Asian scripts and symbols
        return 1.05
    return 0.75 if character.isupper() else 0.64


def svg(drawing: Drawing) -> str:
    """Return a drawing as an SVG element."""
    body = "\n".join(map(_element, drawing.shapes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {drawing.width:g} {drawing.height:g}" '
        f'width="{drawing.width:g}" height="{drawing.height:g}" style="max-width:100%;height:auto" '
        f'font-family="{FONT}">\n<title>{escape(drawing.title)}</title>\n<desc>{escape(drawing.description)}</desc>\n'
        f"{body}\n</svg>"
    )


def _element(shape: Shape) -> str:
    if isinstance(shape, Rectangle):
        dashes = ' stroke-dasharray="6 4"' if shape.dashed else ""
        return (
            f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" '
            f'rx="{shape.radius:g}" fill="{shape.fill}" stroke="{shape.stroke}"{dashes}/>'
        )
    if isinstance(shape, Text):
        anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
        font = f' font-family="{CODE_FONT}" style="white-space:pre"' if shape.code else ""
        look = (' font-weight="bold"' if shape.bold else "") + anchor + font
        return (
            f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" fill="{shape.colour}"{look}>'
            f"{escape(shape.text)}</text>"
        )
    if isinstance(shape, Line):
        return _line(shape)
    if isinstance(shape, Circle):
        return (
            f'<circle cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.radius:g}" fill="{shape.fill}" '
            f'stroke="{shape.stroke}"/>'
        )
    if isinstance(shape, Image):
        return (
            f'<image x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" '
            f'preserveAspectRatio="none" style="image-rendering:pixelated" href="{data_url(shape.pixels)}"/>'
        )
    pieces = " ".join(f"C{_point(a)} {_point(b)} {_point(c)}" for a, b, c in shape.pieces)
    return (
        f'<path d="M{_point(shape.start)} {pieces}" fill="none" stroke="{shape.colour}" stroke-width="1.6"/>'
        + _head(shape.head, shape.colour)
    )


def _line(line: Line) -> str:
    """Return a line, and its arrow's head."""
    points, head = (line.points, []) if not line.arrow else headed(line.points)
    tag = "polyline" if line.fill == "none" else "polygon"
    look = f'stroke="{line.colour}" stroke-width="{line.width:g}" stroke-linejoin="round"'
    look += ' stroke-dasharray="6 4"' if line.dashed else ""
    look += "" if line.opacity == 1 else f' opacity="{line.opacity:g}"'
    stroke = f'<{tag} points="{" ".join(map(_point, points))}" fill="{line.fill}" {look}/>'
    return stroke + _head(head, line.colour)


def _head(corners: Sequence[Point], colour: str) -> str:
    return f'<polygon points="{" ".join(map(_point, corners))}" fill="{colour}"/>' if corners else ""


def headed(points: Sequence[Point]) -> tuple[list[Point], list[Point]]:
    """Return a line that ends where its arrow's head begins, and the corners of the head.

    Example:
        >>> headed([(0, 0), (20, 0)])
        ([(0, 0), (12.0, 0.0)], [(20, 0), (12.0, 4.0), (12.0, -4.0)])
    """
    (x0, y0), (x, y) = points[-2:]
    length = hypot(x - x0, y - y0) or 1.0
    size = min(ARROW, length)
    ux, uy = (x - x0) / length * size, (y - y0) / length * size
    base = (x - ux, y - uy)
    return [*points[:-1], base], [(x, y), (base[0] - uy / 2, base[1] + ux / 2), (base[0] + uy / 2, base[1] - ux / 2)]


def _point(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
