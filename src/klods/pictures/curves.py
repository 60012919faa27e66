"""The figures of a training run, sorted into charts, and drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klods.pictures.axes import LARGEST, Axis, bounds, round_step, rounded, ticks
from klods.pictures.marks import mark as mark_of
from klods.pictures.page import INK, MARGIN, PALE, page
from klods.pictures.plane import Plane, stroke
from klods.pictures.shapes import Drawing, Line, Point, Shape, Text, moved, text_width

WIDTH = 700.0
HEIGHT, BELOW, ABOVE = 200.0, 62.0, 62.0  # of a plane, and what is below and above it
FEW = 30  # points that are marked one by one

Series = Mapping[str, Sequence[float]]


def panels(history: Series) -> dict[str, dict[str, Sequence[float]]]:
    """Return the series of one chart per figure: the training's, and the validation's if there is one; the loss first.

    Example:
        >>> panels({"accuracy": [0.9], "loss": [0.3], "val_loss": [0.4]})
        {'loss': {'training': [0.3], 'validation': [0.4]}, 'accuracy': {'training': [0.9]}}
    """
    sorted_figures: dict[str, dict[str, Sequence[float]]] = {}
    for name in sorted(history, key=lambda name: name.removeprefix("val_") != "loss"):
        figure, run = name.removeprefix("val_"), "validation" if name.startswith("val_") else "training"
        sorted_figures.setdefault(figure, {})[run] = history[name]
    return sorted_figures


@dataclass(frozen=True)
class Best:
    """The epoch whose loss is the lowest.

    Attributes:
        epoch: its number.
        loss: that loss.
        run: whose loss it is, `validation` or `training`.
    """

    epoch: int
    loss: float
    run: str

    def told(self) -> str:
        """Return a sentence on it."""
        return f"Best epoch: {self.epoch}, with the lowest {self.run} loss, {self.loss:.4g}."


def best(history: Series, first: int = 1) -> Best | None:
    """Return the epoch with the lowest loss on the validation data, or on the training data where there are none.

    Validation at some epochs only doesn't count: the history doesn't tell at which.

    Args:
        history: the values of each figure.
        first: the number of the first epoch.

    Example:
        >>> best({"loss": [0.3, 0.2, 0.1], "val_loss": [0.4, 0.3, 0.35]})
        Best(epoch=2, loss=0.3, run='validation')
    """
    length = max(map(len, history.values()), default=0)
    for name, run in (("val_loss", "validation"), ("loss", "training")):
        points = drawable(history.get(name, ()), first)
        if points and len(history[name]) == length:
            epoch, loss = min(points, key=lambda point: point[1])
            return Best(epoch, loss, run)
    return None


def curves(history: Series, first: int = 1) -> Drawing:
    """Draw the figures of a training run over its epochs, the best epoch marked.

    Args:
        history: the values of each figure.
        first: the number of the first epoch.
    """
    found, charts = best(history, first), panels(history)
    columns = 2 if len(charts) > 1 else 1
    width = (WIDTH - (columns + 1) * MARGIN) / columns
    body: list[Shape] = []
    for place, (name, series) in enumerate(charts.items()):
        row, column = divmod(place, columns)
        left, top = MARGIN + column * (width + MARGIN), row * (ABOVE + HEIGHT + BELOW)
        body += [moved(shape, left, top) for shape in _chart(name, series, width, found, first)]
    rows = -(-len(charts) // columns)
    named = {f"{name}, {run}": values for name, series in charts.items() for run, values in series.items()}
    described = " ".join(_described(name, drawable(values, first)) for name, values in named.items())
    mark = " ".join(filter(None, (_missing(name, values, first) for name, values in named.items())))
    return page("Training", described, body, rows * (ABOVE + HEIGHT + BELOW) - 16, _notes(charts, found), WIDTH, mark)


def drawable(values: Sequence[float], first: int) -> list[tuple[int, float]]:
    """Return the epochs, counted from the first, and the values that are finite numbers."""
    return [(i, value) for i, value in enumerate(values, first) if abs(value) <= LARGEST]


def _chart(name: str, series: Series, width: float, found: Best | None, first: int) -> list[Shape]:
    plane = _plane(series, first, width)
    shapes = plane.frame("epoch", "")
    shapes.append(Text(0, 16, name, 13, INK, bold=True))
    if found is not None and plane.x.low <= found.epoch <= plane.x.high:
        x = plane.x.at(found.epoch)
        shapes.append(Line([(x, plane.y.start), (x, plane.y.end)], PALE, 1.4, dashed=True))
        shapes.append(_above(x, plane, f"best: epoch {found.epoch}"))
    left = 0.0
    for index, (run, values) in enumerate(series.items()):
        shapes += _series(index, values, plane, first)
        text = f"{run}, last {values[-1]:.4g}" if len(values) else run
        shapes += [stroke(index, [(left, 32), (left + 26, 32)]), mark_of(index, left + 13, 32)]
        shapes.append(Text(left + 32, 36, text, 11, INK))
        left += 32 + text_width(text, 11) + 8
    return shapes


def _plane(series: Series, first: int, width: float) -> Plane:
    low, high, step = rounded(*bounds([v for values in series.values() for _, v in drawable(values, first)]))
    marks = ticks(low, high, step)
    y = Axis(low, high, ABOVE + HEIGHT, ABOVE, marks)
    left = 12 + max(text_width(label, 11) for _, label in marks)
    last = float(first - 1 + max(map(len, series.values())))
    start, end = (float(first), last) if last > first else (first - 0.5, first + 0.5)
    x = Axis(start, end, left, width - 6, ticks(start, end, max(1, round_step((end - start) / 8))))
    return Plane(x, y)


def _above(x: float, plane: Plane, text: str) -> Text:
    """Return a text above an upright line, or to its left where there is no room."""
    wide = text_width(text, 11) / 2
    return Text(min(max(x, plane.x.start + wide), plane.x.end - wide), plane.y.end - 5, text, 11, PALE, anchor="middle")


def _series(index: int, values: Sequence[float], plane: Plane, first: int) -> list[Shape]:
    numbers = [value if abs(value) <= LARGEST else float("nan") for value in values]
    places: list[Point] = [(float(i), value) for i, value in enumerate(numbers, first)]
    parts = plane.strokes(places)
    drawn = {point for part in parts for point in part}
    known = [point for point in places if point[1] == point[1]]
    marked = known if len(known) <= FEW else [point for point in known if plane.at(*point) not in drawn]
    return [*(stroke(index, part) for part in parts), *(mark_of(index, *plane.at(*point), 3.5) for point in marked)]


def _described(name: str, points: Sequence[tuple[int, float]]) -> str:
    if not points:
        return f"{name}: nothing to draw."
    (first, start), (last, end) = points[0], points[-1]
    return f"{name}: from {start:.4g} at epoch {first} to {end:.4g} at epoch {last}."


def _notes(charts: Mapping[str, Series], found: Best | None) -> list[str]:
    notes = [] if charts else ["Nothing to draw yet."]
    if found is not None:
        notes.append(found.told())
    for name, series in charts.items():
        counts = {run: len(values) for run, values in series.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{count} of {run}" for run, count in counts.items())
            notes.append(f"{name}: {told}; drawn one after the other, since the history doesn't tell their epochs.")
    return notes


def _missing(name: str, values: Sequence[float], first: int) -> str:
    """Return a sentence on the epochs without a number, if there are such."""
    places = [i for i, value in enumerate(values, first) if not abs(value) <= LARGEST]
    return f"{name}: NaN or infinite at epoch {_listed(places)}." if places else ""


def _listed(places: Sequence[int]) -> str:
    listed = ", ".join(map(str, places[:6]))
    return listed if len(places) <= 6 else f"{listed} and {len(places) - 6} more"
