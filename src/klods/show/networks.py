"""How one sample lights a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.errors import DataError, StateError
from klods.keras.layers import Dense
from klods.pictures.network import Link, Units, activations_picture, is_shares, winner
from klods.show.images import as_images, image_shape
from klods.show.picture import Picture
from klods.tensor import convert_to_tensor

LINKS = 8  # drawn


def activations(model: Any, x: Any) -> Picture:
    """Draw a network lit by one sample: the input, each layer's units as cells lit by what they give, and the outputs.

    Lines lead from the units of the last hidden layer that add most to the greatest output: what they give times
    their weight. Layers that leave the numbers as they are, such as Flatten, aren't drawn.

    Args:
        model: a model that is built, of one input and one output, whose calls between them are known.
        x: a sample, or a batch of one.

    Raises:
        StateError: for a model that isn't built.
        AbsentError: for a model whose calls aren't known before it is called.
        DataError: for several inputs, outputs or samples, or a sample that doesn't fit.

    Example:
        >>> import klods
        >>> from klods import keras
        >>> layers = [keras.layers.Dense(2, "relu", kernel_initializer="ones", name=name) for name in ("one", "two")]
        >>> print(klods.show.activations(keras.Sequential([keras.Input((2,)), *layers], name="net"), [1.0, 2.0]))
        'net' gives most at output 0: 6
        one (Dense, relu): 2 of 2 lit, from 3 to 3
        two (Dense, relu): 2 of 2 lit, from 6 to 6
        output 0: 6
        output 1: 6
        Orange lines raise output 0, dashed blue ones lower it; most: unit 0 by +3 (3 x 1), unit 1 by +3 (3 x 1).
    """
    network = network_of(model)
    wanted = tuple(network.flat_inputs[0].shape[1:])
    sample = _sample(x, wanted)
    inputs = convert_to_tensor(sample, network.flat_inputs[0].dtype)
    steps: list[tuple[Any, Any]] = []
    with np.errstate(all="ignore"):
        network.run_on([inputs], _recorder(steps))
    given = [np.asarray(values, float).ravel() for values in (inputs, *(values for _, values in steps))]
    changed = [i for i in range(len(steps)) if not np.array_equal(given[i], given[i + 1], equal_nan=True)]
    *hidden, output = [_units(*steps[i]) for i in changed or [-1]]
    links = _links(steps[-1][0], given[-2], hidden[-1] if hidden else None, output)
    shape = image_shape(wanted)
    title = f"'{model.name}' gives {_answer(output)}"
    told = _told(links, output)
    pixels = given[0] if shape is None else as_images(sample)[0]
    drawing = activations_picture(title, pixels, hidden, output, links, told)
    return Picture(drawing, "\n".join([title, *map(_line, hidden), _line(output), *_outputs(output), *told]))


def network_of(model: Any) -> Any:
    """Return the calls between the one input and the one output of a model.

    Raises:
        StateError: for a model that isn't built.
        AbsentError: for a model whose calls aren't known before it is called.
        DataError: for several inputs or outputs.
    """
    if not model.built:
        raise StateError(f"Model '{model.name}' is not built, so it gives nothing.", "call it or build it.")
    network = model.known_network("picture")
    counts = len(network.flat_inputs), len(network.flat_outputs)
    if counts != (1, 1):
        raise DataError(
            f"Model '{model.name}' has {counts[0]} inputs and {counts[1]} outputs; a picture takes one of each.",
            "make a model of the part to be drawn: keras.Model(input, output).",
        )
    return network


def _sample(x: Any, wanted: tuple[int | None, ...]) -> np.ndarray:
    """Return a sample as a batch of one."""
    sample = np.asarray(x)
    batch = sample[None] if sample.ndim == len(wanted) else sample
    fits = batch.ndim == len(wanted) + 1 and len(batch) == 1
    if not fits or any(size not in (None, n) for size, n in zip(wanted, batch.shape[1:])):
        raise DataError(f"The model takes one sample of shape {wanted}; got {sample.shape}.", "give one sample: x[0].")
    return batch


def _recorder(steps: list[tuple[Any, Any]]) -> Callable[[Any], Any]:
    """Return what calls a layer or function and writes down what it gives."""

    def recording(operation: Any) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            steps.append((operation, operation(*args, **kwargs)))
            return steps[-1][1]

        return called

    return recording


def _units(operation: Any, values: Any) -> Units:
    kind, activation = type(operation).__name__, getattr(operation, "activation", None)
    name = getattr(activation, "__name__", "linear").rstrip("_")
    shape = image_shape(tuple(values.shape[1:]))
    columns = None if shape is None or len(shape) > 2 else shape[1]
    flat = np.asarray(values, float).ravel()
    return Units(operation.name, kind if name == "linear" else f"{kind}, {name}", flat, columns)


def _links(layer: Any, before: np.ndarray, hidden: Units | None, output: Units) -> list[Link]:
    """Return the units of the last hidden layer that add most to the greatest output, or take most away."""
    target = winner(output.values)
    if not isinstance(layer, Dense) or hidden is None or target is None or len(before) != layer.kernel.shape[0]:
        return []
    column = layer.kernel.numpy()[:, target].astype(float)
    shares = before * column
    order = np.argsort(-np.abs(np.nan_to_num(shares)), kind="stable")[:LINKS]
    return [Link(int(i), float(before[i]), float(column[i])) for i in order if shares[i]]


def _answer(output: Units) -> str:
    place = winner(output.values)
    if place is None:
        return "no number"
    if is_shares(output.values):
        return f"{output.values[place]:.1%} to output {place}"
    return f"most at output {place}: {output.values[place]:.4g}"


def _line(units: Units) -> str:
    return f"{units.name} ({units.kind}): {units.told()}"


def _outputs(output: Units) -> list[str]:
    return [f"output {i}: {value:.4g}" for i, value in enumerate(output.values[:100])]


def _told(links: list[Link], output: Units) -> list[str]:
    if not links:
        return []
    target = winner(output.values)
    named = ", ".join(
        f"unit {each.unit} by {each.share:+.3g} ({each.value:.3g} x {each.weight:.3g})" for each in links[:4]
    )
    return [f"Orange lines raise output {target}, dashed blue ones lower it; most: {named}."]
