"""What points become on their way through a model's layers: after each x·W + b, and after each activation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError, StateError
from klods.keras import activations
from klods.keras.layers import Dense
from klods.keras.layers.layer import Layer
from klods.keras.layers.lora import adapted
from klods.keras.layers.regularization import Noise
from klods.keras.models import Model
from klods.ops.product import matmul
from klods.tensor import Tensor, convert_to_tensor


@dataclass(frozen=True)
class Stage:
    """What points have become at one place in a model.

    Attributes:
        name: what was done last.
        values: an array of shape (points, units).
    """

    name: str
    values: np.ndarray


def stages(model: Any, points: np.ndarray) -> list[Stage]:
    """Return what points become after each step of each layer, the points themselves first.

    A dense layer with an activation is two steps; Dropout and other noise, which is off, is none.

    Args:
        model: a model whose layers follow one another.
        points: an array of shape (points, inputs).

    Raises:
        StateError: for a model that isn't built.
        DataError: for a model whose layers don't follow one another.
        ShapeError: for another number of inputs, or a layer whose outputs aren't of shape (points, units).
    """
    layers, width = in_a_row(model), model.input_shape[-1]
    if width != points.shape[1]:
        raise ShapeError(f"Model '{model.name}' has {width} inputs; got points of {points.shape[1]}.", "make them fit.")
    x = convert_to_tensor(points)
    found = [Stage("input", points)]
    for layer in (layer for layer in layers if not isinstance(layer, Noise)):
        for name, outcome in _steps(layer, x):
            x = outcome
            if x.ndim != 2:
                raise ShapeError(f"Layer '{layer.name}' gives {x.shape}, not (points, units).", "use Dense layers.")
            found.append(Stage(name, np.asarray(x.value)))
    return found


def in_a_row(model: Any) -> list[Layer]:
    """Return a model's layers, those of models among them too, if each is called on what the one before gives.

    Raises:
        StateError: for a model that isn't built.
        DataError: for other models, and what is no model.
    """
    if not isinstance(model, Model):
        raise DataError(f"A model is needed; got {model!r}.", "put its layers into a Sequential.")
    if not model.built:
        raise StateError(
            f"Model '{model.name}' is not built, so it has no weights.", "build it: model.build((None, 2))."
        )
    network = model.known_network("order of layers")
    calls = [node for node in network.nodes if node.inputs]
    single = all(len(node.inputs) == 1 and isinstance(node.operation, Layer) for node in calls)
    ends = len(network.flat_inputs), len(network.flat_outputs)
    if not single or ends != (1, 1):
        raise DataError(f"The layers of model '{model.name}' don't follow one another.", "pass a Sequential model.")
    parts = (node.operation for node in calls)
    return [layer for part in parts for layer in (in_a_row(part) if isinstance(part, Model) else [part])]


def _steps(layer: Layer, x: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield the name and the outcome of each step of a layer."""
    if not isinstance(layer, Dense):
        yield f"{layer.name} ({type(layer).__name__})", layer(x)
        return
    if layer.activation is not activations.linear:
        affine = matmul(x, adapted(layer, layer.kernel))
        yield f"{layer.name}: x·W + b", affine if layer.bias is None else affine + layer.bias
        yield f"{layer.name}: {activations.serialize(layer.activation)}", layer(x)
    else:
        yield f"{layer.name}: x·W + b", layer(x)
