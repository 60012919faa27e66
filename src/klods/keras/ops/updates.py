"""Keras's `keras.ops` that write: tensors don't change, so each returns another with something written into it."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods import arranging, places
from klods.errors import DataError, ShapeError
from klods.keras.ops.names import cast, convert_to_tensor, ones
from klods.keras.ops.numbers import max
from klods.keras.ops.shapes import where
from klods.ops import picking
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
        reduction: `add` to add it to what is there.

    Raises:
        DataError: for another reduction.
    """
    x, new = convert_to_tensor(inputs), convert_to_tensor(updates)
    if reduction not in (None, "add"):
        raise DataError(f"scatter_update of klods can't {reduction!r}.", "leave reduction out, or make it 'add'.")
    written = scatter(indices, cast(new, x.dtype), x.value.shape)
    if reduction == "add":
        return x + written
    return where(scatter(indices, ones(new.value.shape), x.value.shape) > 0, written, x)


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the sums of the rows that have the same number.

    Args:
        data: the rows.
        segment_ids: a number for each.
        num_segments: how many sums to return; by default one more than the largest number.
        sorted: whether numbers rise, which makes no difference here.
    """
    count = int(max(segment_ids)) + 1 if num_segments is None else num_segments
    return picking.segment_sum(convert_to_tensor(data), convert_to_tensor(segment_ids), num_segments=count)
