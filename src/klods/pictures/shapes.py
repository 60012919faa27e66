"""What a drawing is made of: rectangles, texts and curves as plain data, and the SVG text of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

FONT = "DejaVu Sans, Verdana, Segoe UI, Helvetica, Arial, sans-serif"
ARROW = 8.0  # the length of an arrow's head
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
    """A line of text whose baseline starts at a point, or has its middle there."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    centred: bool = False


@dataclass(frozen=True)
class Curve:
    """A smooth line, and the corners of an arrow's head at its end.

    Attributes:
        start: where it starts.
        pieces: cubic Bézier pieces, each by two control points and its end.
        head: the corners of the arrow's head.
    """

    start: Point
    pieces: Sequence[tuple[Point, Point, Point]]
    head: Sequence[Point]
    colour: str


Shape = Rectangle | Text | Curve


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
        look = (' font-weight="bold"' if shape.bold else "") + (' text-anchor="middle"' if shape.centred else "")
        return (
            f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" fill="{shape.colour}"{look}>'
            f"{escape(shape.text)}</text>"
        )
    pieces = " ".join(f"C{_point(a)} {_point(b)} {_point(c)}" for a, b, c in shape.pieces)
    corners = " ".join(map(_point, shape.head))
    return (
        f'<path d="M{_point(shape.start)} {pieces}" fill="none" stroke="{shape.colour}" stroke-width="1.6"/>'
        f'<polygon points="{corners}" fill="{shape.colour}"/>'
    )


def _point(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
