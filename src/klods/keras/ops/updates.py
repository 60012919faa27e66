"""Keras's `keras.ops` that write: tensors don't change, so each returns another with something written into it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from klods import arranging, places
from klods.counting import unsorted_segment_prod
from klods.errors import DataError, ShapeError
from klods.keras.ops.names import cast, convert_to_tensor, ones, reshape
from klods.keras.ops.shapes import where
from klods.ops.block import static
from klods.tensor import Tensor


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """Return a tensor with another one written over the part that begins at start_indices.

    Raises:
        ShapeError: for a part that lies partly outside.

    Example:
        >>> slice_update([[1., 1.], [1., 1.]], [0, 1], [[5.], [6.]]).numpy()
        array([[1., 5.],
               [1., 6.]], dtype=float32)
    """
    x, new, starts = convert_to_tensor(inputs), convert_to_tensor(updates), static(start_indices)
    edges = [(start, whole - start - part) for start, whole, part in zip(starts, x.value.shape, new.value.shape)]
    if len(edges) != x.ndim or new.ndim != x.ndim or any(side < 0 for pair in edges for side in pair):
        raise ShapeError(
            f"slice_update can't write {new.value.shape} at {starts} into {x.value.shape}.",
            "give a part that lies inside, with one start for each axis.",
        )
    inside = np.pad(np.ones(new.value.shape, bool), edges)
    return where(inside, arranging.pad(cast(new, x.dtype), edges), x)


def scatter(indices: Any, values: Any, shape: Any) -> Tensor:
    """Return zeros of a shape with values added at indices, of which the last axis names a place.

    Example:
        >>> scatter([[0, 1], [1, 0]], [5., 6.], (2, 2)).numpy()
        array([[0., 5.],
               [6., 0.]], dtype=float32)
    """
    return places.scatter_nd(indices, values, shape)


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """Return a tensor with updates written at indices, of which the last axis names a place.

    Args:
        inputs: the tensor.
        indices: the places, each given once.
        updates: what is written there.
        reduction: what is done with what is there: `add`, `max`, `min` or `mul`; by default it is replaced.

    Raises:
        DataError: for another reduction.
    """
    x = convert_to_tensor(inputs)
    new = cast(updates, x.dtype)
    if reduction not in REDUCTIONS:
        raise DataError(
            f"scatter_update can't {reduction!r}.",
            f"use one of {', '.join(filter(None, REDUCTIONS))}, or leave it out.",
        )
    return REDUCTIONS[reduction](x, convert_to_tensor(indices), new)


def _replaced(x: Tensor, indices: Tensor, new: Tensor) -> Tensor:
    shape = x.value.shape
    return where(scatter(indices, ones(new.value.shape), shape) > 0, scatter(indices, new, shape), x)


def _multiplied(x: Tensor, indices: Tensor, new: Tensor) -> Tensor:
    shape, depth = x.value.shape, indices.value.shape[-1]
    rows = unsorted_segment_prod(new, places.flat_places(indices, shape), math.prod(shape[:depth]))
    return x * reshape(rows, shape)


REDUCTIONS: dict[str | None, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    None: _replaced,
    "add": places.tensor_scatter_nd_add,
    "max": places.tensor_scatter_nd_max,
    "min": places.tensor_scatter_nd_min,
    "mul": _multiplied,
}
