"""Drawings as pixels or pages, by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle as Disc, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Line

from klods.files import write_whole
from klods.pictures.shapes import Circle, Curve, Drawing, Image, Line as Stroke, Rectangle, Shape, Text, headed

PIXELS, POINTS = 96, 72  # of a drawing and of letters, to an inch
ALIGNED = {"start": "left", "middle": "center", "end": "right"}


def save(drawing: Drawing, path: Path, dpi: float) -> None:
    """Write a drawing to a file on a white ground; its suffix chooses the format.

    Args:
        drawing: the drawing.
        path: the file.
        dpi: dots per inch, of which a drawing has 96 units.

    Raises:
        FileError: if the file can't be written; what stood there before stays.
    """
    figure = Figure(figsize=(drawing.width / PIXELS, drawing.height / PIXELS), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, drawing.width), ylim=(drawing.height, 0))
    axes.set_axis_off()
    for level, shape in enumerate(drawing.shapes):
        _draw(axes, shape, level)
    write_whole(path, lambda file: figure.savefig(file, format=path.suffix[1:].lower(), dpi=dpi))


def _draw(axes: Axes, shape: Shape, level: int) -> None:
    if isinstance(shape, Rectangle):
        style = f"round,pad=0,rounding_size={shape.radius}" if shape.radius else "square,pad=0"
        line = (0, (6, 4)) if shape.dashed else "-"
        look: dict[str, Any] = {
            "facecolor": shape.fill,
            "edgecolor": shape.stroke,
            "linestyle": line,
            "linewidth": POINTS / PIXELS,
        }
        corner = (shape.x, shape.y)
        axes.add_patch(FancyBboxPatch(corner, shape.width, shape.height, boxstyle=style, zorder=level, **look))
    elif isinstance(shape, Text):
        look = {"fontsize": shape.size * POINTS / PIXELS, "color": shape.colour, "zorder": level}
        look |= {"fontweight": "bold" if shape.bold else "normal", "ha": ALIGNED[shape.anchor]}
        family = "DejaVu Sans Mono" if shape.code else "DejaVu Sans"
        axes.text(shape.x, shape.y, shape.text, family=family, parse_math=False, **look)
    elif isinstance(shape, Stroke):
        _draw_line(axes, shape, level)
    elif isinstance(shape, Circle):
        look = {"facecolor": shape.fill, "edgecolor": shape.stroke, "linewidth": POINTS / PIXELS, "zorder": level}
        axes.add_patch(Disc((shape.x, shape.y), shape.radius, **look))
    elif isinstance(shape, Image):
        extent = (shape.x, shape.x + shape.width, shape.y + shape.height, shape.y)
        look = {"cmap": "gray", "vmin": 0, "vmax": 255, "interpolation": "nearest", "aspect": "auto", "zorder": level}
        axes.imshow(shape.pixels, extent=extent, **look)
    else:
        _draw_curve(axes, shape, level)


def _draw_line(axes: Axes, line: Stroke, level: int) -> None:
    points, head = headed(line.points) if line.arrow else (line.points, [])
    look: dict[str, Any] = {"facecolor": line.fill, "edgecolor": line.colour, "linewidth": line.width * POINTS / PIXELS}
    look |= {"linestyle": (0, (6, 4)) if line.dashed else "-", "alpha": line.opacity, "zorder": level}
    stroke = [*points, points[0]] if line.fill != "none" else list(points)
    axes.add_patch(PathPatch(Line(stroke), **look))
    if head:
        axes.add_patch(Polygon(head, closed=True, facecolor=line.colour, edgecolor="none", zorder=level))


def _draw_curve(axes: Axes, curve: Curve, level: int) -> None:
    points: Sequence[tuple[float, float]] = [curve.start, *(point for piece in curve.pieces for point in piece)]
    codes = [Line.MOVETO, *[Line.CURVE4] * (len(points) - 1)]
    width = 1.6 * POINTS / PIXELS
    axes.add_patch(PathPatch(Line(points, codes), fill=False, edgecolor=curve.colour, linewidth=width, zorder=level))
    if curve.head:
        axes.add_patch(Polygon(list(curve.head), closed=True, facecolor=curve.colour, edgecolor="none", zorder=level))
