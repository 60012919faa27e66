"""The loss of a model around its weights."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.errors import DataError, NumericsWarning, StateError
from klods.pictures.landscape import landscape_picture
from klods.show.picture import Picture

POINTS = {1: 41, 2: 21}  # along each direction


def landscape(
    model: Any,
    x: Any,
    y: Any,
    directions: int = 2,
    span: float = 1.0,
    points: int | None = None,
    seed: int = 0,
    batch_size: int = 1024,
) -> Picture:
    """Draw a model's loss along random directions from its weights: a curve along one, contour lines along two.

    Directions are normalised by filters (Li et al. 2018, "Visualizing the loss landscape of neural nets"): what leads
    to one unit, a column of a kernel, is drawn at random, and then as long as that column of the weights. A vector,
    such as a bias, is taken as a whole. So a distance of 1 is as far as the weights are from zero, whatever their
    size. Weights that training doesn't change stay.

    The loss is what `evaluate` gives, once for each place; the weights are put back, whatever happens.

    Args:
        model: a model that is built and compiled.
        x: inputs.
        y: targets.
        directions: 1 or 2.
        span: how far to go in both ways.
        points: places along each direction, an odd number; 41 by default, or 21 along each of two.
        seed: for the random directions.
        batch_size: samples per step.

    Raises:
        StateError: for a model that isn't built or compiled.
        DataError: for data that can't be evaluated, or a number of directions, points or a span that can't be.

    Example:
        >>> import klods
        >>> from klods import keras
        >>> layers = [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")]
        >>> model = keras.Sequential(layers, name="double")
        >>> model.compile("sgd", loss="mse")
        >>> x = klods.constant([[1.0], [2.0]])
        >>> print(klods.show.landscape(model, x, x, directions=1, points=3))
        The loss of 'double' along 1 random direction
        Loss 0 at the weights; lowest seen 0 at 0; highest seen 2.5 at -1
        distance from the weights: -1 0 1
        loss: 2.5 0 2.5
    """
    _check(model, directions, span, points)
    places = np.linspace(-span, span, points or POINTS[directions])
    ways = [_direction(model, np.random.default_rng([seed, i])) for i in range(directions)]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", NumericsWarning)  # the picture tells what is no number
        losses = _losses(model, x, y, places, ways, batch_size)
    title = f"The loss of '{model.name}' along {directions} random direction{'s' * (directions > 1)}"
    drawing, told = landscape_picture(title, places, losses)
    return Picture(drawing, "\n".join([title, told, *_rows(places, losses)]))


def _check(model: Any, directions: int, span: float, points: int | None) -> None:
    if not model.built:
        raise StateError(f"Model '{model.name}' is not built, so it has no weights.", "call it or build it.")
    if not getattr(model, "compiled", False):
        raise StateError(f"Model '{model.name}' is not compiled, so it has no loss.", "call model.compile(loss=...).")
    if directions not in POINTS:
        raise DataError(f"directions is 1 or 2; got {directions!r}.", "write directions=2.")
    if not 0 < span < float("inf"):
        raise DataError(f"span is a number above 0; got {span!r}.", "write span=1.0.")
    if points is not None and (not isinstance(points, int) or points < 3 or points % 2 == 0):
        raise DataError(f"points is an odd number, 3 or more; got {points!r}.", "write points=21.")


def _direction(model: Any, generator: np.random.Generator) -> list[np.ndarray]:
    return [_normalised(generator.standard_normal(w.shape), w.numpy()) for w in model.trainable_weights]


def _normalised(direction: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return a direction whose columns, or the whole if it is a vector, are as long as those of the weight."""
    axes = tuple(range(max(1, weight.ndim - 1))) if weight.ndim else None
    lengths = np.sqrt((weight.astype(float) ** 2).sum(axes, keepdims=True))
    return direction * lengths / np.sqrt((direction**2).sum(axes, keepdims=True))


def _losses(
    model: Any, x: Any, y: Any, places: np.ndarray, ways: Sequence[list[np.ndarray]], batch_size: int
) -> np.ndarray:
    """Return the loss at each place, of shape (places,) * directions, the last axis along the first direction."""
    weights = model.trainable_weights
    before = [weight.numpy() for weight in weights]
    losses = np.empty((len(places),) * len(ways))
    try:
        for index in np.ndindex(losses.shape):
            steps = places[list(reversed(index))]
            for i, (weight, value) in enumerate(zip(weights, before)):
                weight.assign(value + sum(step * way[i] for step, way in zip(steps, ways)))
            losses[index] = model.evaluate(x, y, batch_size, verbose=0, return_dict=True)["loss"]
    finally:
        for weight, value in zip(weights, before):
            weight.assign(value)
    return losses


def _rows(places: np.ndarray, losses: np.ndarray) -> list[str]:
    """Return the losses in lines, of at most some ten places along each direction."""
    some = slice(None, None, max(1, (len(places) - 1) // 10))
    numbers = [" ".join(f"{loss:.4g}" for loss in row[some]) for row in np.atleast_2d(losses)]
    heads = " ".join(f"{place:.3g}" for place in places[some])
    if losses.ndim == 1:
        return [f"distance from the weights: {heads}", f"loss: {numbers[0]}"]
    rows = [f"second {place:.3g}: {row}" for place, row in list(zip(places, numbers))[some]]
    return [f"distance from the weights along the first direction: {heads}", *rows]
