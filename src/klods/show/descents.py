"""Gradient descent: the paths of optimizers on a loss of one or two numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.keras import optimizers
from klods.pictures.descent import Run, View, curve_picture, plane_picture, view_of
from klods.pictures.tables import plain_table
from klods.show.picture import Picture
from klods.tape import GradientTape
from klods.tensor import Variable, convert_to_tensor

POINTS = 241  # of a curve
SIDE = 81  # points along a side of the grid that contour lines are found in
ARROWS = (11, 8)  # of a plane, beside and above each other
TOLD = 8  # steps of each path in the text


def descent(f: Callable[..., Any], optimizer: Any = "sgd", *, start: Any, steps: int = 20, view: Any = None) -> Picture:
    """Draw the paths that optimizers take down a loss of one or two numbers.

    Each step differentiates the loss with a GradientTape and calls the optimizer's `apply_gradients`, as training
    does. Optimizers are copied, so that yours don't change.

    Of a loss of one number, the picture shows its curve, and at the first points the tangent with its slope and an
    arrow downhill. Of two, contour lines, closer where the loss is lower, and arrows downhill.

    Args:
        f: the loss: a function of one tensor, of shape () or (2,), or of two tensors of shape ().
        optimizer: an optimizer or its name, a list of such, or a dict of such by name.
        start: where the paths start: a number, or two.
        steps: updates of each path.
        view: what the axes show at least: (low, high), or one such pair for each axis; the paths by default.

    Raises:
        DataError: for a start that isn't one or two numbers, a loss that doesn't depend on them, or no optimizer.
        ShapeError: for a loss that isn't one number.
        NameUnknownError: for an unknown optimizer.

    Example:
        >>> import klods
        >>> picture = klods.show.descent(lambda x: x**2, klods.keras.optimizers.SGD(0.25), start=2.0, steps=2)
        >>> print(picture)
        Descent from 2 in 2 steps
        SGD 0.25: ends at 0.5, loss 0.25
        step    x  loss  slope
           0    2     4      4
           1    1     1      2
           2  0.5  0.25      1
    """
    loss = _loss_of(f, start)
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise DataError(f"steps is a whole number, 1 or more; got {steps!r}.", "write steps=20, say.")
    with np.errstate(all="ignore"):
        runs = [_run(loss, name, chosen, steps) for name, chosen in _chosen(optimizer).items()]
        sides = view_of(runs, _asked(view, loss.size))
        drawing = (_on_curve if loss.size == 1 else _on_plane)(loss, runs, sides, _title(loss, steps))
    return Picture(drawing, _text(loss, runs, steps))


# ------------------------------------------------------------ the loss


@dataclass(frozen=True)
class Loss:
    """A loss of one or two numbers.

    Attributes:
        function: the user's function.
        apart: whether it takes two numbers, rather than one tensor.
        start: where the paths start.
        names: what the numbers are called.
    """

    function: Callable[..., Any]
    apart: bool
    start: np.ndarray
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        return self.start.size

    def variables(self, point: np.ndarray) -> list[Variable]:
        """Return new variables that hold a point."""
        return [Variable(value, dtype="float32") for value in (point if self.apart else [point])]

    def at(self, point: Any) -> float:
        """Return the loss at a point."""
        values = point if self.apart else [np.reshape(point, self.start.shape)]
        return float(self.function(*(convert_to_tensor(value, "float32") for value in values)))

    def differentiated(self, variables: Sequence[Variable]) -> tuple[float, list[Any]]:
        """Return the loss at the variables' values, and its gradients.

        Raises:
            DataError: if it doesn't depend on them.
            ShapeError: if it isn't one number.
        """
        with GradientTape() as tape:
            loss = convert_to_tensor(self.function(*variables))
        if loss.ndim:
            raise ShapeError(
                f"A loss is one number; the function gives shape {tuple(loss.shape)}.",
                "sum it up: klods.reduce_sum(...).",
            )
        gradients = tape.gradient(loss, list(variables))
        if all(gradient is None for gradient in gradients):
            raise DataError("The loss doesn't depend on its argument.", "compute it with operations of klods.")
        return float(loss), gradients

    def slope(self, point: Any) -> np.ndarray:
        """Return the gradient at a point."""
        return _flat(self.differentiated(self.variables(np.reshape(point, self.start.shape)))[1])


def _loss_of(function: Callable[..., Any], start: Any) -> Loss:
    point = _numbers(start).astype(np.float32)
    if point.shape not in ((), (2,)) or not np.isfinite(point).all():
        raise DataError(f"start is one number or two; got {start!r}.", "write start=2.0 or start=(1.0, 2.0).")
    arguments = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind <= parameter.POSITIONAL_OR_KEYWORD
    ]
    apart = len(arguments) == 2
    if apart and not point.shape:
        raise DataError(f"The loss takes two numbers; start is one: {start!r}.", "write start=(1.0, 2.0), say.")
    names = tuple(a.name for a in arguments) if apart else ("x",) if not point.shape else ("x[0]", "x[1]")
    return Loss(function, apart, point, names)


def _numbers(given: Any) -> np.ndarray:
    """Return what is given as an array; NaN for what isn't numbers."""
    try:
        return np.asarray(given, float)
    except (TypeError, ValueError):
        return np.array(np.nan)


def _flat(values: Sequence[Any]) -> np.ndarray:
    """Return numbers or tensors as one row; what is None is 0."""
    return np.concatenate([np.ravel(0.0 if value is None else np.asarray(value, float)) for value in values])


# ------------------------------------------------------------ the paths


def _chosen(given: Any) -> dict[str, Any]:
    """Return copies of the optimizers, by their names."""
    if isinstance(given, Mapping) and "class_name" not in given:
        chosen = {str(name): _copied(each) for name, each in given.items()}
    else:
        several = [_copied(each) for each in (given if isinstance(given, (list, tuple)) else [given])]
        chosen = {}
        for each in several:
            label = _label(each)
            same = sum(name.split(" #")[0] == label for name in chosen)
            chosen[f"{label} #{same + 1}" if same else label] = each
    if not chosen:
        raise DataError("There is no optimizer to draw the path of.", "write optimizer='sgd', say.")
    return chosen


def _copied(given: Any) -> Any:
    found = optimizers.get(given)
    if found is None:
        raise DataError("None is no optimizer.", "give a name, such as 'adam', or an Optimizer.")
    return type(found).from_config(found.get_config())


def _label(optimizer: Any) -> str:
    """Return an optimizer's class, learning rate and momentum."""
    config = optimizer.get_config()
    rate, momentum = config["learning_rate"], config.get("momentum")
    told = f"{rate:.3g}" if isinstance(rate, (int, float)) else rate["class_name"] if isinstance(rate, dict) else "f()"
    return f"{type(optimizer).__name__} {told}" + (f", momentum {momentum:g}" if momentum else "")


def _run(loss: Loss, name: str, optimizer: Any, steps: int) -> Run:
    """Return the path of an optimizer, up to where it is no number any more."""
    points, heights, slopes = [], [], []
    for point, height, slope in _steps(loss, optimizer, steps):
        points.append(point)
        heights.append(height)
        slopes.append(slope)
    return Run(name, np.array(points), np.array(heights), np.array(slopes))


def _steps(loss: Loss, optimizer: Any, steps: int) -> Iterator[tuple[np.ndarray, float, np.ndarray]]:
    variables = loss.variables(loss.start)
    for step in range(steps + 1):
        height, gradients = loss.differentiated(variables)
        point = _flat([variable.numpy() for variable in variables])
        yield point, height, _flat(gradients)
        if step == steps or not np.isfinite([height, *point]).all():
            return
        optimizer.apply_gradients(zip(gradients, variables))


# ------------------------------------------------------------ the picture


def _asked(view: Any, size: int) -> list[tuple[float, float]] | None:
    if view is None:
        return None
    pairs = _numbers(view)
    if pairs.shape not in ((2,), (size, 2)) or not np.isfinite(pairs).all() or (pairs[..., 0] >= pairs[..., 1]).any():
        raise DataError(f"view is (low, high), or such a pair for each axis; got {view!r}.", "write view=(-2, 2), say.")
    return [(float(low), float(high)) for low, high in np.broadcast_to(pairs, (size, 2))]


def _on_curve(loss: Loss, runs: Sequence[Run], sides: View, title: str) -> Any:
    xs = np.linspace(*sides[0], POINTS)
    return curve_picture(title, loss.names[0], xs, np.array([loss.at(x) for x in xs]), runs)


def _on_plane(loss: Loss, runs: Sequence[Run], sides: View, title: str) -> Any:
    xs, ys = (np.linspace(*side, SIDE) for side in sides)
    heights = np.array([[loss.at((x, y)) for x in xs] for y in ys])
    across, up = (np.linspace(*side, 2 * count + 1)[1::2] for side, count in zip(sides, ARROWS))
    arrows = [((float(x), float(y)), loss.slope((x, y))) for x in across for y in up]
    return plane_picture(title, loss.names, xs, ys, heights, arrows, runs)


def _title(loss: Loss, steps: int) -> str:
    start = ", ".join(f"{x:.4g}" for x in loss.start.ravel())
    where = start if loss.size == 1 else f"({start})"
    return f"Descent from {where} in {steps} step{'s' * (steps > 1)}"


def _text(loss: Loss, runs: Sequence[Run], steps: int) -> str:
    parts = [_title(loss, steps)]
    for run in runs:
        parts += [f"{run.name}: {run.end()}", *run.troubles()]
        names = ["slope"] if loss.size == 1 else [f"slope of {name}" for name in loss.names]
        parts.append(plain_table(["step", *loss.names, "loss", *names], _rows(run), "r" * (2 + 2 * loss.size), 88, 0))
    return "\n".join(parts)


def _rows(run: Run) -> list[list[str]]:
    last = len(run.heights) - 1
    places = range(last + 1) if last < TOLD else [*range(TOLD - 1), last]
    rows = []
    for place in places:
        numbers = [*run.points[place], run.heights[place], *run.slopes[place]]
        rows.append([str(place), *(f"{number:.4g}" for number in numbers)])
    return rows
