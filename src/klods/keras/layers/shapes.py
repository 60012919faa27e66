"""The shapes of what a layer is called on: alone, in a structure, or by the names of a call's arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from klods.keras.symbolic import KerasTensor
from klods.structures import sequence_like
from klods.tensor import TensorLike


class ByName(dict[str, Any]):
    """The shapes of several arguments of a call, by the names that `build` has for them."""


def shapes(inputs: Any) -> Any:
    """Return the shapes of inputs in their structure, None standing for the size of the batch."""
    if isinstance(inputs, KerasTensor):
        return inputs.shape
    if isinstance(inputs, (list, tuple)):
        return [shapes(x) for x in inputs]
    if isinstance(inputs, dict):
        return {key: shapes(x) for key, x in inputs.items()}
    return (None, *inputs.value.shape[1:]) if isinstance(inputs, TensorLike) else None


def shapes_for(method: Any, arguments: Mapping[str, Any]) -> Any:
    """Return the shape of a call's first argument; for a method of several shapes, those of the ones that it names.

    Args:
        method: `build` or `compute_output_shape` of a layer.
        arguments: the arguments of the call, by name and in order.
    """
    wanted = parameters(method.__func__)[1:]
    if len(wanted) < 2:
        return shapes(next(iter(arguments.values())))
    return ByName({f"{name}_shape": shapes(x) for name, x in arguments.items() if f"{name}_shape" in wanted})


def with_shapes(method: Any, given: Any) -> Any:
    """Return what a method gives for a shape, or for shapes by name."""
    return method(**given) if isinstance(given, ByName) else method(given)


def specs(shape: Any, dtype: str) -> Any:
    """Return placeholders for a shape, or for the shapes in a structure."""
    if isinstance(shape, dict):
        return {key: specs(x, dtype) for key, x in shape.items()}
    if is_shape(shape):
        return KerasTensor(shape, dtype)
    return sequence_like(shape, [specs(x, dtype) for x in shape])


def as_shape(given: Any) -> Any:
    """Return a shape, or a structure of them, with tuples for lists of sizes."""
    if isinstance(given, Mapping):
        return {name: as_shape(shape) for name, shape in given.items()}
    return tuple(given) if is_shape(given) else [as_shape(shape) for shape in given]


def is_shape(given: Any) -> bool:
    """Tell whether this is one shape rather than several."""
    return isinstance(given, (list, tuple)) and all(n is None or isinstance(n, (int, np.integer)) for n in given)


@functools.cache
def parameters(function: Any) -> tuple[str, ...]:
    """Return the names of a function's parameters."""
    return tuple(inspect.signature(function).parameters)
