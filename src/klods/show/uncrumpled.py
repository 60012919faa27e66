"""Classes of points in the plane, uncrumpled layer by layer: pictures to step through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.pictures.blocks import Block, below, beside, on_page, words
from klods.pictures.boxes import GREY, VALUE
from klods.pictures.cells import number
from klods.pictures.marks import mark, regions
from klods.pictures.shapes import Circle, Image, Rectangle, Shape
from klods.pictures.windows import Window, window
from klods.show.picture import Picture, Slides
from klods.show.stages import Stage, stages
from klods.tensor import convert_to_tensor

SIDE = 340.0  # of a window
DRAWN, USED = 200, 2000  # points that are drawn, and that what is said comes from, at most
LINES, STEPS = 11, 24  # of the grid in each direction, and the pieces of each
BETWEEN = 3  # pictures on the way from one stage to the next
ROUNDING = 1e-5  # of float32, in what is fitted by least squares
PIXELS = 170  # of the picture of regions, along a side
GRID = "#9aa6b0"


def uncrumple(model: Any, x: Any, y: Any) -> Slides:
    """Show how dense layers uncrumple classes of points in the plane, step by step, and the regions they end up with.

    The points and a grid are drawn as they are after each x·W + b and each activation, with pictures on the way, which
    are straight lines from one to the next. Layers of more than two units are seen along the first two principal
    components of the points. The last picture shows the classes that the model gives to the whole plane.

    Args:
        model: a built model of two inputs whose layers, dense ones, follow one another.
        x: points, of shape (points, 2).
        y: their classes: whole numbers of shape (points,) or (points, 1), or one-hot of shape (points, classes).

    Raises:
        StateError: for a model that isn't built.
        ShapeError: for points that aren't of the plane, or another number of classes than of points.
        DataError: for a model whose layers don't follow one another, or classes that it doesn't have.

    Example:
        >>> import klods
        >>> model = klods.keras.Sequential([klods.keras.Input((2,)), klods.keras.layers.Dense(1, "sigmoid")])
        >>> model.set_weights([[[4.0], [0.0]], [-2.0]])
        >>> slides = klods.show.uncrumple(model, [[0.0, 0.0], [1.0, 0.0]], [0, 1])
        >>> print(slides[-1])
        The model's regions among the inputs.
        The model gives 100% of the 2 points their class (output above 0.5: class 1).
    """
    data = _checked(x, y)
    grid = _grid(data.points)
    drawn = [data.thinned(USED).points, grid.reshape(-1, 2).astype(data.points.dtype)]
    passed = stages(model, np.concatenate(drawn))
    data = _numbered(data, passed[-1].values.shape[1])
    kept = data.thinned(USED)
    views: list[View] = []
    for stage in passed:
        views.append(_view(stage, kept, views[-1] if views else None))
    pictures, captions = [_resting(views[0], kept)], [views[0].name]
    for before, after in pairwise(views):
        for step in range(1, BETWEEN + 1):
            share = step / (BETWEEN + 1)
            pictures.append(_on_the_way(before, after, share, kept))
            captions.append(f"{after.name}, {step}/{BETWEEN + 1} of the way")
        pictures.append(_resting(after, kept))
        captions.append(after.name)
    return Slides([*pictures, _regions(model, data, kept.thinned(DRAWN), grid)], [*captions, "the model's regions"])


@dataclass(frozen=True)
class Data:
    """Points and their classes.

    Attributes:
        points: an array of shape (points, 2).
        classes: for each point, the number of its label among the labels.
        labels: the classes' labels, in order.
        given: how many points were given, of which these may be some.
    """

    points: np.ndarray
    classes: np.ndarray
    labels: np.ndarray
    given: int

    def thinned(self, limit: int) -> Data:
        """Return at most so many of the points, drawn by lot, the same each time."""
        if len(self.points) <= limit:
            return self
        places = np.sort(np.random.default_rng(0).permutation(len(self.points))[:limit])
        return replace(self, points=self.points[places], classes=self.classes[places])


def _checked(x: Any, y: Any) -> Data:
    points, labels = (np.asarray(convert_to_tensor(given).value) for given in (x, y))
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ShapeError(f"Points of the plane have the shape (points, 2); got {points.shape}.", "pass two inputs.")
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(axis=1)
    labels = labels.reshape(len(labels), -1)[:, 0] if labels.ndim in (1, 2) and len(labels) else labels
    if labels.shape != points.shape[:1]:
        raise ShapeError(
            f"{len(points)} points and classes of shape {labels.shape} don't fit.", "pass one for each point."
        )
    if not np.array_equal(labels, np.round(labels)):
        raise DataError("Classes are whole numbers; these aren't.", "pass labels such as 0 and 1.")
    known, classes = np.unique(labels.astype(int), return_inverse=True)
    return Data(
        points if points.dtype.kind == "f" else points.astype("float32"), classes.reshape(-1), known, len(points)
    )


def _numbered(data: Data, outputs: int) -> Data:
    """Return data whose labels are the classes that a model of so many outputs tells apart."""
    if outputs == 1:
        if len(data.labels) != 2:
            raise DataError(f"A model of one output knows two classes; got {data.labels}.", "pass two classes.")
        return data
    if data.labels[0] < 0 or data.labels[-1] >= outputs:
        raise DataError(
            f"A model of {outputs} outputs knows the classes 0 to {outputs - 1}; got {data.labels}.",
            "number the classes from 0.",
        )
    return replace(data, classes=data.labels[data.classes], labels=np.arange(outputs))


def _grid(points: np.ndarray) -> np.ndarray:
    """Return lines around the points, of shape (lines, points of each, 2)."""
    frame = window([points], 1.0)
    ends = [np.linspace(middle - frame.reach, middle + frame.reach, LINES) for middle in frame.centre]
    fine = [np.linspace(middle - frame.reach, middle + frame.reach, STEPS + 1) for middle in frame.centre]
    upright = [np.stack([np.full(STEPS + 1, at), fine[1]], axis=1) for at in ends[0]]
    level = [np.stack([fine[0], np.full(STEPS + 1, at)], axis=1) for at in ends[1]]
    return np.array([*upright, *level])


# ------------------------------------------------------------ stages in the plane


@dataclass(frozen=True)
class View:
    """A stage as seen in the plane.

    Attributes:
        name: what was done last.
        points: where the points are, from -1 to 1.
        grid: where the grid's lines are, of shape (lines, points of each, 2).
        window: what part of the plane that is; None where the plane's axes aren't units.
        notes: what is to be said.
    """

    name: str
    points: np.ndarray
    grid: np.ndarray
    window: Window | None
    notes: list[str]


def _view(stage: Stage, data: Data, before: View | None) -> View:
    count = len(data.points)
    values = stage.values.astype("float64")
    with np.errstate(all="ignore"):
        flat, notes = _flat(values, data, before)
        frame = window([flat], SIDE)
        units = (flat - frame.centre) / frame.reach
    axes = frame if values.shape[1] == 2 else None
    lines = units[count:].reshape(-1, STEPS + 1, 2)
    return View(
        stage.name, units[:count], lines, axes, [*notes, _told_of_cuts(values[:count], data), *_lost(values[:count])]
    )


def _lost(values: np.ndarray) -> list[str]:
    spoilt = int((~np.isfinite(values).all(axis=1)).sum())
    return [f"{spoilt} of {len(values)} points are NaN or infinite here and are not drawn."] if spoilt else []


def _flat(values: np.ndarray, data: Data, before: View | None) -> tuple[np.ndarray, list[str]]:
    """Return values as points of the plane, and how they came there."""
    width, count = values.shape[1], len(data.points)
    if width == 2:
        spans = [_span(name, values[:count, i]) for i, name in enumerate(("the first across", "the second up"))]
        return values, [f"Two units: {' and '.join(spans)}."]
    if width == 1:
        finite = values[np.isfinite(values)]
        apart = 0.16 * (float(np.ptp(finite)) if finite.size else 1.0) or 1.0
        rows = np.concatenate([data.classes - (len(data.labels) - 1) / 2, np.zeros(len(values) - count)])
        span = _span("One unit: across", values[:count, 0])
        return np.stack([values[:, 0], rows * apart], axis=1), [f"{span}; a row for each class."]
    return _projected(values, count, before)


def _span(name: str, values: np.ndarray) -> str:
    finite = values[np.isfinite(values)]
    return f"{name}, from {number(finite.min())} to {number(finite.max())}" if finite.size else name


def _projected(values: np.ndarray, count: int, before: View | None) -> tuple[np.ndarray, list[str]]:
    """Return values along the first two principal components of the points, turned to lie as they lay before."""
    points = values[:count][np.isfinite(values[:count]).all(axis=1)]
    if not len(points):
        return np.full((len(values), 2), np.nan), [f"{values.shape[1]} units."]
    middle = points.mean(axis=0)
    _, strengths, directions = np.linalg.svd(points - middle, full_matrices=False)
    directions = np.concatenate([directions, np.zeros((2, values.shape[1]))])[:2]
    flat = (values - middle) @ directions.T
    if before is not None:
        both = np.isfinite(before.points).all(axis=1) & np.isfinite(flat[:count]).all(axis=1)
        left, _, right = np.linalg.svd(flat[:count][both].T @ before.points[both])
        flat = flat @ (left @ right)
    power = strengths**2
    share = float(power[:2].sum() / (power.sum() or 1))
    return flat, [f"{values.shape[1]} units, seen along two principal components ({share:.0%} of the variance)."]


def _told_of_cuts(values: np.ndarray, data: Data) -> str:
    """Return how many points straight cuts tell apart: a linear map fitted to the classes by least squares."""
    finite = np.isfinite(values).all(axis=1)
    inputs = np.column_stack([values, np.ones(len(values))])[finite]
    wanted = np.eye(len(data.labels))[data.classes[finite]]
    fitted, *_ = np.linalg.lstsq(inputs, wanted, rcond=ROUNDING)
    right = int(((inputs @ fitted).argmax(axis=1) == data.classes[finite]).sum())
    share = f"{right / len(values):.0%} of {len(values):,} points"
    return f"Straight cuts, fitted by least squares, put {share} on their side."


# ------------------------------------------------------------ pictures


def _resting(view: View, data: Data) -> Picture:
    frame = view.window or Window((0, 0), 1, SIDE)
    ground = frame.ground() if view.window else [Rectangle(0, 0, SIDE, SIDE, "#ffffff", GREY)]
    body = _body(ground, view.grid, view.points, data)
    title = f"After {view.name}" if view.name != "input" else "The points"
    notes = [*view.notes, *_thinned(data)]
    return Picture(on_page(title, f"{title}.", body, notes), "\n".join(view.notes))


def _on_the_way(before: View, after: View, share: float, data: Data) -> Picture:
    grid, points = ((1 - share) * getattr(before, x) + share * getattr(after, x) for x in ("grid", "points"))
    title = f"On the way to {after.name}"
    note = f"{share:.0%} of the straight way from one picture to the next; no state of the model."
    ground: list[Shape] = [Rectangle(0, 0, SIDE, SIDE, "#ffffff", GREY)]
    return Picture(on_page(title, f"{title}.", _body(ground, grid, points, data), [note]), "")


def _body(ground: Sequence[Shape], grid: np.ndarray, points: np.ndarray, data: Data) -> Block:
    frame = Window((0, 0), 1, SIDE)
    shapes = [*ground, *(part for line in grid for part in frame.lines(line, GRID))]
    seen = data.thinned(DRAWN)
    kept = replace(data, points=points).thinned(DRAWN).points
    shapes += _marks(frame.places(kept), seen.classes)
    return below([Block(shapes, SIDE, SIDE), _legend(data)], 6)


def _marks(places: np.ndarray, classes: np.ndarray) -> list[Shape]:
    return [mark(kind, x, y) for kind, (x, y) in zip(classes.tolist(), places.tolist()) if np.isfinite(x + y)]


def _legend(data: Data) -> Block:
    counts = np.bincount(data.classes, minlength=len(data.labels))
    entries = []
    for i, (label, count) in enumerate(zip(data.labels, counts)):
        entries.append(beside([Block([mark(i, 5, 8)], 12, 14), words(f"class {label} ({count})", colour=VALUE)], 2))
    return below([beside(entries[i : i + 3], 14) for i in range(0, len(entries), 3)], 2)


def _thinned(data: Data) -> list[str]:
    return [f"Drawn: {DRAWN} of {data.given:,} points."] if data.given > DRAWN else []


# ------------------------------------------------------------ regions


def _regions(model: Any, data: Data, seen: Data, grid: np.ndarray) -> Picture:
    corners = grid.reshape(-1, 2)
    frame = window([corners], SIDE, margin=0)
    share = (np.arange(PIXELS) + 0.5) / PIXELS * 2 - 1
    across, up = frame.centre[0] + frame.reach * share, frame.centre[1] - frame.reach * share
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype(data.points.dtype)
    classes, rule = _told_apart(model, plane, data)
    right = float((_told_apart(model, data.points, data)[0] == data.classes).mean())
    missed = _told_apart(model, seen.points, data)[0] != seen.classes
    places = frame.places(seen.points)
    rings = [Circle(x, y, 7.5, stroke=VALUE) for x, y in places[missed].tolist() if np.isfinite(x + y)]
    image = Image(0, 0, SIDE, SIDE, regions(classes.reshape(PIXELS, PIXELS)))
    shapes = [image, Rectangle(0, 0, SIDE, SIDE, stroke=GREY), *_marks(places, seen.classes), *rings]
    title = "The model's regions among the inputs"
    told = f"The model gives {right:.0%} of the {len(data.points):,} points their class ({rule})."
    ringed = [f"Ringed: {len(rings)} of the points drawn, in the region of another class."] if rings else []
    notes = [told, *ringed, *_lost(data.points), *_thinned(data)]
    body = below([Block(shapes, SIDE, SIDE), _legend(data)], 6)
    return Picture(on_page(title, f"{title}.", body, notes), "\n".join([f"{title}.", told, *ringed]))


def _told_apart(model: Any, points: np.ndarray, data: Data) -> tuple[np.ndarray, str]:
    """Return the places, among the labels, of the classes that a model gives to points, and by what rule."""
    outputs = np.asarray(convert_to_tensor(model(points)).value)
    if outputs.shape[1] > 1:
        return outputs.argmax(axis=1), "the largest output"
    low, high = data.labels.tolist()
    cut = 0 if getattr(model.loss, "from_logits", False) else (low + high) / 2
    return (outputs[:, 0] > cut).astype(int), f"output above {cut:g}: class {high}"
