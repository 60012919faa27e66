"""A picture of what a layer of two inputs and two outputs does to the plane: x·W, then + b, then its activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.errors import ShapeError
from klods.keras import activations
from klods.pictures.blocks import Block, below, beside, on_page, words
from klods.pictures.boxes import VALUE
from klods.pictures.cells import number
from klods.pictures.colours import COLOURS
from klods.pictures.shapes import Circle, Line, Shape
from klods.pictures.windows import Window
from klods.show.picture import Picture
from klods.tensor import convert_to_tensor

SIDE, REACH = 250.0, 1.6  # of a window; how far it reaches to each side, at least
SPREAD = 4.0  # between reaches up to which all windows have the largest
HALF, STEPS = 2.0, 8  # of the grid; squares of it in each direction
FINE = 32  # pieces of a line, so that activations can bend it
ROUNDING = 1e-6  # of float32: smaller differences are none
OUTER, INNER = [(0.2, 0.2), (0.2, 1.4), (1.1, 1.4), (1.1, 1.15), (0.5, 1.15)], [(0.5, 0.95), (0.95, 0.95)]
LETTER = [*OUTER, *INNER, (0.95, 0.7), (0.5, 0.7), (0.5, 0.2)]  # the corners of an F
GRID, FIRST, SECOND, INK = "#c3ccd4", COLOURS[0], COLOURS[1], COLOURS[2]
Map = Callable[[np.ndarray], np.ndarray]


def transform(W: Any, b: Any = None, activation: Any = None) -> Picture:
    """Draw what x·W, + b and an activation do to the plane: to a grid, the letter F and the unit vectors.

    A point is a row x, as in a batch, and goes to activation(x·W + b), as in `Dense`: the rows of W are the images of
    the unit vectors (1, 0) and (0, 1).

    Args:
        W: a matrix of shape (2, 2), such as a rotation `[[cos, sin], [-sin, cos]]` or a scaling `[[2, 0], [0, 1]]`.
        b: a vector of shape (2,), which moves the plane; none by default.
        activation: a name such as `"relu"` or a function; none by default.

    Raises:
        ShapeError: for other shapes, or an activation that changes the shape.
        DTypeError: for strings, objects and ragged lists.
        NameUnknownError: for an activation that klods doesn't know.

    Example:
        >>> import klods
        >>> print(klods.show.transform([[0., 1.], [-1., 0.]]))
        x·W, W = [[0, 1], [-1, 0]]
        A point x is a row; the rows of W are where (1, 0) and (0, 1) go: to (0, 1) and (-1, 0).
        det W = 1: areas keep their size, and letters aren't mirrored.
    """
    weights = _numbers("W", W, (2, 2))
    offset = None if b is None else _numbers("b", b, (2,))
    steps, formula = _affine(weights, offset), _formula(offset, activation)
    steps += [] if activation is None else [(formula, _activated(activation, weights.dtype))]
    title = f"{formula}, W = {_written(weights)}"
    title += "" if offset is None else f", b = {_written(offset)}"
    scenes = _scenes(steps)
    notes = [*_told(weights, offset), *_told_of_activation(activation, scenes)]
    body = _panels(["before", *(name for name, _ in steps)], scenes)
    drawing = on_page(title, f"{title}.", body, [*notes, *_scales(scenes)])
    return Picture(drawing, "\n".join([title, *notes]))


def _numbers(name: str, given: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(convert_to_tensor(given).value)
    if array.shape != shape:
        raise ShapeError(
            f"{name} has the shape {array.shape}; a map of the plane has {shape}.", f"pass {name} of that shape."
        )
    return array if array.dtype.kind == "f" else array.astype("float32")


def _affine(weights: np.ndarray, offset: np.ndarray | None) -> list[tuple[str, Map]]:
    steps: list[tuple[str, Map]] = [("x·W", lambda x: x @ weights)]
    return steps if offset is None else [*steps, ("x·W + b", lambda x: x + offset)]


def _activated(activation: Any, dtype: np.dtype) -> Map:
    function = activations.get(activation)

    def run(points: np.ndarray) -> np.ndarray:
        result = np.asarray(convert_to_tensor(function(convert_to_tensor(points.astype(dtype)))).value)
        if result.shape != points.shape:
            raise ShapeError(
                f"The activation makes {result.shape} of {points.shape}; points of the plane stay points of it.",
                "pass an activation that keeps the shape.",
            )
        return result

    return run


def _name(activation: Any) -> str:
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", type(activation).__name__)
    return "activation" if name == "<lambda>" else name


def _formula(offset: np.ndarray | None, activation: Any) -> str:
    inner = "x·W" if offset is None else "x·W + b"
    return inner if activation is None else f"{_name(activation)}({inner})"


# ------------------------------------------------------------ scenes


class Scene:
    """What is drawn, at one stage: a grid, a letter, the origin and the unit vectors, moved.

    Args:
        move: what is done to points, of shape (n, 2).
    """

    def __init__(self, move: Map) -> None:
        marks = np.linspace(-HALF, HALF, STEPS + 1)
        along = np.linspace(-HALF, HALF, FINE * 2 + 1)
        upright = [np.stack([np.full_like(along, mark), along], axis=1) for mark in marks]
        self.grid = [move(line) for line in [*upright, *(line[:, ::-1] for line in upright)]]
        self.crossings = move(np.stack(np.meshgrid(marks, marks), axis=-1).reshape(-1, 2))
        self.letter = move(_fine(LETTER))
        self.units = move(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))

    @property
    def reach(self) -> float:
        """How far the letter and the unit vectors reach from the origin, along an axis."""
        points = np.abs(np.concatenate([self.letter, self.units]))
        reach = max(REACH, 1.15 * float(points[np.isfinite(points)].max(initial=0)))
        return float(np.ceil(2 * reach) / 2)


def _fine(corners: list[tuple[float, float]]) -> np.ndarray:
    """Return a closed outline with many points on each side."""
    share = np.arange(FINE // 2)[:, None] / (FINE // 2)
    sides = zip(np.array(corners), np.array([*corners[1:], corners[0]]))
    return np.concatenate([a + share * (b - a) for a, b in sides])


def _scenes(steps: list[tuple[str, Map]]) -> list[Scene]:
    """Return the plane before, and after each step."""
    moves: list[Map] = [lambda x: x]
    for _, step in steps:
        moves.append(_then(moves[-1], step))
    with np.errstate(all="ignore"):
        return [Scene(move) for move in moves]


def _then(first: Map, second: Map) -> Map:
    return lambda x: second(first(x))


def _reaches(scenes: list[Scene]) -> list[float]:
    """Return how far each window reaches: all alike, unless some would be tiny."""
    reaches = [scene.reach for scene in scenes]
    return reaches if max(reaches) > SPREAD * min(reaches) else [max(reaches)] * len(reaches)


def _panels(names: list[str], scenes: list[Scene]) -> Block:
    panels = [
        below([words(f"{i}  {name}", 12, VALUE, bold=True), _panel(scene, Window((0, 0), reach, SIDE))], 2)
        for i, (name, scene, reach) in enumerate(zip(names, scenes, _reaches(scenes)), 1)
    ]
    return below([beside(panels[i : i + 2], 24) for i in range(0, len(panels), 2)], 12)


def _panel(scene: Scene, window: Window) -> Block:
    shapes: list[Shape] = window.ground()
    for line in scene.grid:
        shapes += window.lines(line, GRID)
    shapes += [Circle(x, y, 1.8, "#7b858d") for x, y in _seen(scene.crossings, window)]
    letter = _seen(scene.letter, window)
    if len(letter) == len(scene.letter):
        shapes += [Line(letter, INK, 1.8, fill=INK, opacity=0.45), Line([*letter, letter[0]], INK, 1.8)]
    origin, first, second = scene.units.tolist()
    shapes += window.arrow(origin, first, FIRST, "e1")
    shapes += window.arrow(origin, second, SECOND, "e2", dashed=True)
    return Block(shapes, window.size, window.size)


def _seen(points: np.ndarray, window: Window) -> list[tuple[float, float]]:
    places = window.places(points).tolist()
    return [(x, y) for x, y in places if 0 <= x <= window.size and 0 <= y <= window.size]


# ------------------------------------------------------------ words


def _told(weights: np.ndarray, offset: np.ndarray | None) -> list[str]:
    first, second = map(_pair, weights)
    rows = f"A point x is a row; the rows of W are where (1, 0) and (0, 1) go: to {first} and {second}."
    shift = [] if offset is None else [f"b moves all points by {_pair(offset)}."]
    return [rows, _told_of_areas(weights), *shift]


def _told_of_areas(weights: np.ndarray) -> str:
    if not np.isfinite(weights).all():
        return "W holds NaN or infinity: what becomes that is not drawn."
    (a, b), (c, d) = weights.tolist()
    det = a * d - b * c
    if abs(det) <= ROUNDING * (abs(a * d) + abs(b * c)):
        return f"det W = 0: the plane is pressed onto a {'line' if weights.any() else 'point'}, and areas vanish."
    area = (
        "keep their size" if abs(abs(det) - 1) < ROUNDING else f"become {number(np.float64(abs(det)))} times as large"
    )
    mirrored = "letters are mirrored" if det < 0 else "letters aren't mirrored"
    return f"det W = {number(np.float64(det))}: areas {area}, and {mirrored}."


def _told_of_activation(activation: Any, scenes: list[Scene]) -> list[str]:
    if activation is None:
        return []
    before, after = (scene.crossings for scene in scenes[-2:])
    moved = int((~np.isclose(before, after, atol=ROUNDING).all(axis=1)).sum())
    different = [len(np.unique(points.round(5), axis=0)) for points in (before, after)]
    fold = f" and lays {different[0]} different ones on {different[1]}" if different[1] < different[0] else ""
    spoilt = int((~np.isfinite(after).all(axis=1)).sum())
    lost = f" {spoilt} become NaN or infinite and are not drawn." if spoilt else ""
    return [f"{_name(activation)} moves {moved} of the grid's {len(before)} points{fold}.{lost}"]


def _scales(scenes: list[Scene]) -> list[str]:
    reaches = _reaches(scenes)
    told = [number(np.float64(reach)) for reach in reaches]
    if len(set(reaches)) == 1:
        return [f"Each window reaches from -{told[0]} to {told[0]}, both ways."]
    return [f"The windows have scales of their own: they reach to {', '.join(told)}."]


def _pair(row: np.ndarray) -> str:
    return f"({', '.join(map(number, row))})"


def _written(array: np.ndarray) -> str:
    return f"[{', '.join(map(_written, array))}]" if array.ndim else number(array[()])
