"""What the weights of a network look at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from klods.errors import DataError, StateError
from klods.keras.activations import sigmoid, softmax
from klods.keras.layers import Activation, Dense, Softmax
from klods.ops.product import matmul
from klods.ops.reduction import reduce_sum
from klods.pictures.galleries import Gallery, galleries_picture, heat_map
from klods.pictures.shades import greatest
from klods.pictures.shapes import Drawing
from klods.show.images import image_shape
from klods.show.networks import network_of
from klods.show.picture import Picture
from klods.tape import GradientTape
from klods.tensor import convert_to_tensor

UNITS, CLASSES = 40, 20  # drawn at most
BATCH = 256


def weights(model: Any, x: Any = None) -> Picture:
    """Draw what the first Dense layer looks at: each unit's weights as an image of the inputs, or all as a heat map.

    Weights are drawn as images where the model's inputs are such: of shape (height, width), with one channel or
    without, or flat squares of 8 by 8 and more. Orange inputs speak for a unit, blue ones against it. If there is no
    other layer with weights, the units are the classes.

    Otherwise, if samples `x` are given, a second part shows which pixels speak for each class: the gradient of the
    class's score (the output before softmax or sigmoid) by the pixels, averaged over the samples.

    Args:
        model: a model that is built, with a Dense layer.
        x: samples to average the gradients over.

    Raises:
        StateError: for a model that isn't built.
        DataError: for a model without a Dense layer, or with several inputs or outputs.
        AbsentError: for gradients of a model whose calls aren't known before it is called.

    Example:
        >>> import klods
        >>> from klods import keras
        >>> layer = keras.layers.Dense(2, kernel_initializer="ones", name="sums")
        >>> print(klods.show.weights(keras.Sequential([keras.Input((3,)), layer])))
        The kernel of 'sums': 3 inputs, 2 units
        Greatest weight: 1
        class 0: from 1 (input 0) to 1 (input 0)
        class 1: from 1 (input 0) to 1 (input 0)
    """
    if not model.built:
        raise StateError(f"Model '{model.name}' is not built, so it has no weights.", "call it or build it.")
    weighty = [layer for layer in model.flattened() if layer.weights and not hasattr(layer, "layers")]
    layer: Any = next((each for each in weighty if isinstance(each, Dense)), None)
    if layer is None:
        raise DataError(f"Model '{model.name}' has no Dense layer.", "give a model that has one.")
    kernel, linear = layer.kernel.numpy(), layer is weighty[-1]
    slopes = None if x is None or linear else _slopes(model, np.asarray(x))
    title = f"The kernel of '{layer.name}': {kernel.shape[0]} inputs, {kernel.shape[1]} units"
    told = [f"Greatest weight: {greatest(kernel):.3g}", *_told(kernel, "class" if linear else "unit", UNITS)]
    if slopes is not None:
        told += [_averaged(x), *_told(slopes, "class", CLASSES)]
    shape = _image_shape(model, len(kernel))
    if shape is None:
        drawing = _map(title, told, kernel, linear)
    else:
        drawing = _images(title, told, kernel, shape, linear, slopes, x)
    return Picture(drawing, "\n".join(line for line in [title, *told, _spoilt(kernel)] if line))


def _told(matrix: np.ndarray, role: str, most: int) -> list[str]:
    """Return in words where the least and the greatest number of each column stand."""
    lines = []
    for i, column in enumerate(np.where(np.isfinite(matrix), matrix, np.nan).T[:most]):
        if np.isnan(column).all():
            lines.append(f"{role} {i}: no numbers")
            continue
        low, high = int(np.nanargmin(column)), int(np.nanargmax(column))
        lines.append(f"{role} {i}: from {column[low]:.3g} (input {low}) to {column[high]:.3g} (input {high})")
    return lines if matrix.shape[1] <= most else [*lines, f"and {matrix.shape[1] - most} more"]


def _averaged(x: Any) -> str:
    return f"Which pixels speak for each class: mean gradient of its score over {len(x):,} samples"


def _spoilt(kernel: np.ndarray) -> str:
    missing = int((~np.isfinite(kernel)).sum())
    return f"NaN or infinite: {missing:,} of {kernel.size:,} weights, drawn black." if missing else ""


# ------------------------------------------------------------ drawings


def _image_shape(model: Any, inputs: int) -> tuple[int, ...] | None:
    """Return the shape of the images that a kernel's columns are, if the model's inputs are images."""
    network = model._graph()
    given = (inputs,) if network is None else tuple(network.flat_inputs[0].shape[1:])
    shape = image_shape(given)
    return shape if shape is not None and len(shape) == 2 and shape[0] * shape[1] == inputs else None


def _map(title: str, told: Sequence[str], kernel: np.ndarray, linear: bool) -> Drawing:
    role = "class" if linear else "unit"
    notes = [f"Orange inputs speak for a {role}, blue ones against it."]
    return heat_map(title, f"{'. '.join(told)}.", kernel, "input", role, notes, _spoilt(kernel))


def _images(
    title: str,
    told: Sequence[str],
    kernel: np.ndarray,
    shape: tuple[int, ...],
    linear: bool,
    slopes: np.ndarray | None,
    x: Any,
) -> Drawing:
    """Draw the columns of a kernel, and of the gradients by the inputs, as images."""
    notes = ["Orange pixels speak for a unit or class, blue ones against it."]
    if linear:
        galleries = [_gallery("Which pixels speak for each class: its weights", kernel, shape, CLASSES, 5)]
    else:
        galleries = [_gallery("Weights of each unit", kernel, shape, UNITS, 10)]
    if slopes is not None:
        galleries.append(_gallery(_averaged(x), slopes, shape, CLASSES, 5))
    return galleries_picture(title, f"{'. '.join(told)}.", galleries, notes, _spoilt(kernel))


def _gallery(heading: str, columns: np.ndarray, shape: tuple[int, ...], most: int, beside: int) -> Gallery:
    images = columns.T[:most].reshape(-1, *shape)
    more = f", the first {most} of {columns.shape[1]:,}" if columns.shape[1] > most else ""
    return Gallery(heading + more, images, [*map(str, range(len(images)))], beside)


# ------------------------------------------------------------ scores of classes


def _slopes(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the gradient of each class's score by the inputs, averaged over samples: of shape (inputs, classes)."""
    network = network_of(model)
    last = network.flat_outputs[0].node.operation
    total: Any = 0.0
    for start in range(0, len(x), BATCH):
        inputs = convert_to_tensor(x[start : start + BATCH], "float32")
        with GradientTape(persistent=True) as tape:
            tape.watch(inputs)
            scores = network.run_on([inputs], lambda called: partial(_score, called) if called is last else called)
            sums = [reduce_sum(scores[:, i]) for i in range(scores.shape[-1])]
        gradients = [tape.gradient(each, inputs).numpy() for each in sums]
        total += np.stack([gradient.astype(float).sum(0).ravel() for gradient in gradients], 1)
    return total / len(x)


def _score(layer: Any, inputs: Any) -> Any:
    """Return what the last layer gives, before softmax or sigmoid."""
    squashed = isinstance(layer, Softmax) or getattr(layer, "activation", None) in (softmax, sigmoid)
    if squashed and isinstance(layer, (Softmax, Activation)):
        return inputs
    if squashed and isinstance(layer, Dense):
        scores = matmul(inputs, layer.kernel)
        return scores if layer.bias is None else scores + layer.bias
    return layer(inputs)
