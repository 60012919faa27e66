"""Line charts as SVG, for notebooks and pages: plain text made of plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from klods.pictures.axes import LARGEST, Axis, bounds, round_step, rounded, ticks

WIDTH, PLOT_HEIGHT, MARGIN = 560, 220, 16  # in pixels
CHARACTER = 6.8  # about the width of one at 12 pixels
FEW = 30  # points that are marked one by one
# Told apart by the colour-blind, at a contrast of 3 or more on white and on near-black; the dashes tell them apart too.
COLOURS = ("#2b83c6", "#d55e00", "#009e73", "#cc79a7", "#a87b00", "#7f7f7f")
DASHES = ("none", "7 4", "2 3", "9 3 2 3")

Series = Mapping[str, Sequence[float]]
Point = tuple[int, float]  # place in the series, from 1, and value


def lines(series: Series, title: str, x_label: str) -> str:
    """Return a chart of one line per series, as an SVG element in the colours of the page around it.

    NaN and infinite values are left out, and said to be.

    Args:
        series: by name, the values at 1, 2, 3 ...
        title: the line above the chart.
        x_label: what is counted, such as "epoch".
    """
    points = {name: drawable(values) for name, values in series.items()}
    legend, top = _legend(list(series), 46)
    x, y = _axes(points, series, top)
    heading = _text(MARGIN, 20, title, 'font-size="14" font-weight="600"')
    curves = [_curve(i, name, pts, x, y) for i, (name, pts) in enumerate(points.items())]
    notes = _notes(series, x_label)
    texts = [_text(MARGIN, y.start + 60 + 18 * i, note) for i, note in enumerate(notes)]
    parts = [heading, legend, _frame(x, y, x_label), *curves, *texts]
    height = y.start + 48 + 18 * len(notes)
    return _document(height, title, " ".join([_description(points, x_label), *notes]), parts)


def drawable(values: Sequence[float]) -> list[Point]:
    """Return the places, from 1, and the values that are finite numbers."""
    return [(i, value) for i, value in enumerate(values, 1) if abs(value) <= LARGEST]


def _document(height: float, title: str, description: str, parts: Sequence[str]) -> str:
    body = "\n".join(part for part in parts if part)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" style="max-width:100%;height:auto" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="currentColor">\n<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n{body}\n</svg>'
    )


def _description(points: Mapping[str, Sequence[Point]], x_label: str) -> str:
    def told(name: str, pts: Sequence[Point]) -> str:
        if not pts:
            return f"{name}: nothing to draw."
        return f"{name}: from {pts[0][1]:.4g} at {x_label} {pts[0][0]} to {pts[-1][1]:.4g} at {x_label} {pts[-1][0]}."

    return " ".join(["Line chart.", *(told(name, pts) for name, pts in points.items())])


def _notes(series: Series, x_label: str) -> list[str]:
    """Return a sentence on each series with values that are not drawn."""
    missing = {name: [i for i, v in enumerate(values, 1) if not abs(v) <= LARGEST] for name, values in series.items()}
    notes = [f"{name}: NaN or infinite at {x_label} {_places(places)}." for name, places in missing.items() if places]
    return notes if any(map(len, series.values())) else ["Nothing to draw yet."]


def _places(places: Sequence[int]) -> str:
    listed = ", ".join(map(str, places[:6]))
    return listed if len(places) <= 6 else f"{listed} and {len(places) - 6} more"


# ------------------------------------------------------------ axes


def _axes(points: Mapping[str, Sequence[Point]], series: Series, top: float) -> tuple[Axis, Axis]:
    low, high, step = rounded(*bounds([value for pts in points.values() for _, value in pts]))
    y_marks = ticks(low, high, step)
    left = MARGIN + 12 + CHARACTER * max(len(label) for _, label in y_marks)
    count = max([len(values) for values in series.values()], default=0)
    start, end = (1.0, float(count)) if count > 1 else (0.5, 1.5)
    x_marks = ticks(start, end, max(1, round_step((end - start) / 8)))
    return Axis(start, end, left + 10, WIDTH - MARGIN - 10, x_marks), Axis(low, high, top + PLOT_HEIGHT, top, y_marks)


def _frame(x: Axis, y: Axis, x_label: str) -> str:
    left, right, bottom = x.start - 10, x.end + 10, y.start
    rows = [
        f'<path d="M{left:.1f} {y.at(v):.2f}H{right:.1f}" stroke="currentColor" stroke-opacity="0.18"/>'
        + _text(left - 8, y.at(v) + 4, label, 'text-anchor="end" class="y"')
        for v, label in y.ticks
    ]
    columns = [
        f'<path d="M{x.at(v):.2f} {bottom:.1f}v5" stroke="currentColor" stroke-opacity="0.6"/>'
        + _text(x.at(v), bottom + 19, label, 'text-anchor="middle" class="x"')
        for v, label in x.ticks
    ]
    base = f'<path d="M{left:.1f} {bottom:.1f}H{right:.1f}" stroke="currentColor" stroke-opacity="0.6"/>'
    return "\n".join([*rows, base, *columns, _text((left + right) / 2, bottom + 38, x_label, 'text-anchor="middle"')])


# ------------------------------------------------------------ curves


def _curve(index: int, name: str, points: Sequence[Point], x: Axis, y: Axis) -> str:
    look = f'fill="none" stroke-width="2" stroke-linejoin="round" {_look(index)}'
    parts = _unbroken(points)
    strokes = [f'<polyline points="{_places_of(part, x, y)}" {look}/>' for part in parts if len(part) > 1]
    alone = [part[0] for part in parts if len(part) == 1]
    marked = points if len(points) <= FEW else alone
    dots = [_dot(index, name, point, x, y) for point in marked]
    return "\n".join([f"<g><title>{escape(name)}</title>", *strokes, *dots, "</g>"])


def _look(index: int) -> str:
    return f'stroke="{COLOURS[index % len(COLOURS)]}" stroke-dasharray="{DASHES[index % len(DASHES)]}"'


def _unbroken(points: Sequence[Point]) -> list[list[Point]]:
    """Split points where a place is missing."""
    parts: list[list[Point]] = []
    for point in points:
        if parts and parts[-1][-1][0] == point[0] - 1:
            parts[-1].append(point)
        else:
            parts.append([point])
    return parts


def _places_of(points: Sequence[Point], x: Axis, y: Axis) -> str:
    return " ".join(f"{x.at(i):.2f},{y.at(value):.2f}" for i, value in points)


def _dot(index: int, name: str, point: Point, x: Axis, y: Axis) -> str:
    place, value = point
    return (
        f'<circle cx="{x.at(place):.2f}" cy="{y.at(value):.2f}" r="3.5" fill="{COLOURS[index % len(COLOURS)]}">'
        f"<title>{escape(name)} {place}: {value:.6g}</title></circle>"
    )


def _legend(names: Sequence[str], top: float) -> tuple[str, float]:
    """Return the names with their looks, in as many rows as they need, and where the chart below them starts."""
    entries, left = [], float(MARGIN)
    for index, name in enumerate(names):
        width = 30 + CHARACTER * len(name) + 18
        if left > MARGIN and left + width > WIDTH - MARGIN:
            left, top = float(MARGIN), top + 18
        entries.append(
            f'<path d="M{left:.1f} {top - 4:g}h24" fill="none" stroke-width="2.5" {_look(index)}/>'
            + _text(left + 30, top, name)
        )
        left += width
    return "\n".join(entries), top + 22


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'.replace(" >", ">", 1)
