"""Reading and writing by places: TensorFlow's functions on indices beyond the blocks, which they are made of."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from klods import arranging
from klods.arranging import take_along_axis, within
from klods.counting import unsorted_segment_max, unsorted_segment_min
from klods.creation import range_, sizes
from klods.errors import DataError, ShapeError
from klods.ops import picking
from klods.ops.arithmetic import maximum_, minimum_
from klods.ops.block import checked_axis, recordable, static
from klods.ops.comparison import less, where
from klods.ops.effects import call
from klods.ops.movement import broadcast_to, cast, concat, expand_dims, reshape, transpose
from klods.ops.picking import segment_sum
from klods.ops.reduction import reduce_max, reduce_sum
from klods.structures import leaves
from klods.tensor import Tensor, convert_to_tensor

Shape = tuple[int, ...]


# ---------------------------------------------------------------- reading


@recordable
def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: int | None = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Tensor:
    """Return the slices of `params` along an axis at integer indices.

    Args:
        params: what to take slices of.
        indices: integers of any shape, which takes the place of the axis.
        validate_indices: accepted for TensorFlow's sake; indices are always checked.
        axis: the axis; `batch_dims` by default.
        batch_dims: how many first axes both have: each entry of a batch has its own indices.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for an index outside the axis.
        ShapeError: for different batches.

    Example:
        >>> import klods
        >>> klods.gather([10., 20., 30.], [2, 0]).numpy()
        array([30., 10.], dtype=float32)
        >>> klods.gather([[1, 2], [3, 4]], [[1, 1], [0, 1]], batch_dims=1).numpy()
        array([[2, 2],
               [3, 4]], dtype=int32)
    """
    x, places = convert_to_tensor(params), convert_to_tensor(indices)
    count = batch_dims + places.ndim if batch_dims < 0 else batch_dims
    place = checked_axis(batch_dims if axis is None else static(axis), x.value.shape)
    if not count:
        return picking.gather(x, places, axis=place)
    batch = x.value.shape[:count]
    if batch != places.value.shape[:count] or place < count:
        raise ShapeError(
            f"gather: shape {x.value.shape} and indices of shape {places.value.shape} don't have {count} batch axes.",
            "make the first axes equal, and let `axis` come after them.",
        )
    size, between = x.value.shape[place], [*range(count, place)]
    rows = transpose(x, [*range(count), place, *between, *range(place + 1, x.ndim)])
    starts = np.arange(math.prod(batch)).reshape(*batch, *[1] * (places.ndim - count)) * size
    flat = cast(within(places, size), "int64") + starts
    taken = picking.gather(reshape(rows, (-1, *rows.value.shape[count + 1 :])), flat)
    width, rank = places.ndim, taken.ndim
    return transpose(
        taken,
        [*range(count), *range(width, width + len(between)), *range(count, width), *range(width + len(between), rank)],
    )


@recordable
def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Tensor:
    """Return the elements or slices of `params` at places, of which the last axis of the indices names one each.

    Args:
        params: what to take from.
        indices: integers; their last axis is a place along the first axes of params, after those of batches.
        batch_dims: how many first axes both have: each entry of a batch has its own indices.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for a place outside.

    Example:
        >>> import klods
        >>> klods.gather_nd([[1., 2.], [3., 4.]], [[0, 0], [1, 1]]).numpy()
        array([1., 4.], dtype=float32)
    """
    x, places = convert_to_tensor(params), cast(indices, "int64")
    if batch_dims:
        shape = places.value.shape[:-1]
        own = [
            broadcast_to(np.arange(n).reshape(-1, *[1] * (len(shape) - axis)), (*shape, 1))
            for axis, n in enumerate(x.value.shape[:batch_dims])
        ]
        places = concat([*own, places], -1)
    depth = places.value.shape[-1]
    return picking.gather(reshape(x, (-1, *x.value.shape[depth:])), flat_places(places, x.value.shape))


@recordable
def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """Return the part of a tensor that begins at `begin`, of a size; -1 means all up to the end of an axis.

    Raises:
        ShapeError: for a part that lies partly outside.

    Example:
        >>> import klods
        >>> klods.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2]).numpy()
        array([[2, 3],
               [5, 6]], dtype=int32)
    """
    x, starts, counts = convert_to_tensor(input_), static(begin), static(size)
    shape = x.value.shape
    ends = tuple(n if count == -1 else start + count for n, start, count in zip(shape, starts, counts))
    if not len(starts) == len(counts) == x.ndim or any(not 0 <= a <= b <= n for a, b, n in zip(starts, ends, shape)):
        raise ShapeError(f"slice: size {counts} from {starts} is not inside {shape}.", "give a part that lies inside.")
    return x[tuple(map(builtins.slice, starts, ends))]


@recordable
def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """Return the elements moved along axes, those past the end at the start.

    Args:
        input: the tensor.
        shift: how far, or how far along each axis.
        axis: the axis or axes.
        name: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> klods.roll([1, 2, 3, 4], 1, 0).numpy()
        array([4, 1, 2, 3], dtype=int32)
    """
    x = convert_to_tensor(input)
    for step, place in zip(leaves(static(shift)), leaves(static(axis))):
        count = x.value.shape[checked_axis(place, x.value.shape)]
        x = picking.gather(x, np.roll(np.arange(count), step), place)
    return x


@recordable
def reverse_sequence(
    input: Any, seq_lengths: Any, seq_axis: int | None = None, batch_axis: int | None = None, name: str | None = None
) -> Tensor:
    """Return a batch of sequences, the first elements of each in the opposite order.

    Args:
        input: the sequences.
        seq_lengths: how many elements of each.
        seq_axis: the axis along which a sequence runs.
        batch_axis: the axis of the batch; 0 by default.
        name: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> klods.reverse_sequence([[1, 2, 3, 0], [4, 5, 0, 0]], [3, 2], seq_axis=1).numpy().tolist()
        [[3, 2, 1, 0], [5, 4, 0, 0]]
    """
    x = convert_to_tensor(input)
    along_axis, batch = checked_axis(seq_axis or 0, x.value.shape), checked_axis(batch_axis or 0, x.value.shape)
    shape = [1] * x.ndim
    steps = reshape(range_(x.value.shape[along_axis]), [-1 if i == along_axis else 1 for i in range(x.ndim)])
    shape[batch] = -1
    lengths = reshape(cast(seq_lengths, "int32"), shape)
    order = where(less(steps, lengths), lengths - 1 - steps, steps)
    return take_along_axis(x, broadcast_to(order, x.value.shape), along_axis)


# ---------------------------------------------------------------- writing


@recordable
def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Return zeros of a shape with updates added at places, of which the last axis of the indices names one each.

    Raises:
        DataError: for a place outside.

    Example:
        >>> import klods
        >>> klods.scatter_nd([[4], [1], [4]], [9, 10, 11], [6]).numpy()
        array([ 0, 10,  0,  0, 20,  0], dtype=int32)
    """
    places, size = convert_to_tensor(indices), sizes(shape)
    rows, flat, count = _rows(places, updates, size)
    return reshape(segment_sum(rows, flat, num_segments=count), size)


@recordable
def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Return a tensor with updates written at places; of several for one place the last counts.

    Args:
        tensor: what is there.
        indices: integers, of which the last axis names a place along the first axes of the tensor.
        updates: what is written, a number or slice for each place.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for a place outside.

    Example:
        >>> import klods
        >>> klods.tensor_scatter_nd_update([1, 2, 3, 4], [[0], [2]], [9, 8]).numpy()
        array([9, 2, 8, 4], dtype=int32)
    """
    x = convert_to_tensor(tensor)
    rows, flat, count = _rows(convert_to_tensor(indices), cast(updates, x.dtype), x.value.shape)
    writer = call(flat, function=lambda places: _last_at(places, count), shape=(count,), dtype="int64")
    old = reshape(x, (count, *rows.value.shape[1:]))
    written = reshape(writer >= 0, (count, *[1] * (rows.ndim - 1)))
    return reshape(where(written, picking.gather(rows, maximum_(writer, 0)), old), x.value.shape)


def _last_at(places: np.ndarray, count: int) -> np.ndarray:
    """Return for each of `count` places which update is the last one there, -1 for none."""
    writer = np.full(count, -1)
    writer[places] = np.arange(len(places))
    return writer


@recordable
def tensor_scatter_nd_add(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Return a tensor with updates added at places; see `tensor_scatter_nd_update`."""
    x = convert_to_tensor(tensor)
    return x + scatter_nd(indices, cast(updates, x.dtype), x.value.shape)


@recordable
def tensor_scatter_nd_sub(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Return a tensor with updates subtracted at places; see `tensor_scatter_nd_update`."""
    x = convert_to_tensor(tensor)
    return x - scatter_nd(indices, cast(updates, x.dtype), x.value.shape)


@recordable
def tensor_scatter_nd_max(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Return a tensor with the larger of old and update at places; see `tensor_scatter_nd_update`."""
    x = convert_to_tensor(tensor)
    rows, flat, count = _rows(convert_to_tensor(indices), cast(updates, x.dtype), x.value.shape)
    return maximum_(x, reshape(unsorted_segment_max(rows, flat, count), x.value.shape))


@recordable
def tensor_scatter_nd_min(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Return a tensor with the smaller of old and update at places; see `tensor_scatter_nd_update`."""
    x = convert_to_tensor(tensor)
    rows, flat, count = _rows(convert_to_tensor(indices), cast(updates, x.dtype), x.value.shape)
    return minimum_(x, reshape(unsorted_segment_min(rows, flat, count), x.value.shape))


def _rows(places: Tensor, updates: Any, shape: Shape) -> tuple[Tensor, Tensor, int]:
    """Return updates as rows, the number of the place of each, and how many places a shape has."""
    x, depth = convert_to_tensor(updates), places.value.shape[-1]
    expected = (*places.value.shape[:-1], *shape[depth:])
    if x.value.shape != expected:
        raise ShapeError(
            f"updates of shape {x.value.shape} don't fit indices of shape {places.value.shape} into {shape}.",
            f"give updates of shape {expected}.",
        )
    flat = reshape(flat_places(places, shape), (-1,))
    return reshape(x, (flat.value.shape[0], *shape[depth:])), flat, math.prod(shape[:depth])


def flat_places(indices: Any, shape: Shape) -> Tensor:
    """Return the number, in row-major order, of each place that the last axis of indices names in a shape.

    Raises:
        DataError: for a place outside.
        ShapeError: for places of more axes than the shape has.
    """
    places = cast(indices, "int64")
    depth = places.value.shape[-1]
    if depth > len(shape):
        raise ShapeError(f"indices name places along {depth} axes, the shape {tuple(shape)} has fewer.", "give fewer.")
    strides = [math.prod(shape[axis + 1 : depth]) for axis in range(depth)]
    return reduce_sum(within(places, shape[:depth]) * np.array(strides, np.int64), -1)


@recordable
def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """Return rows of several tensors in one, each at its index; of several for one index the last counts.

    Example:
        >>> import klods
        >>> klods.dynamic_stitch([[0, 3], [1, 2]], [[10, 40], [20, 30]]).numpy()
        array([10, 20, 30, 40], dtype=int32)
    """
    places = [convert_to_tensor(x) for x in indices]
    rows = [reshape(x, (p.size, *np.shape(x)[p.ndim :])) for x, p in zip(map(convert_to_tensor, data), places)]
    joined, flat = concat(rows, 0), concat([reshape(p, (-1,)) for p in places], 0)
    count = int(reduce_max(flat)) + 1
    like = broadcast_to(cast(0, joined.dtype), (count, *joined.value.shape[1:]))
    return tensor_scatter_nd_update(like, expand_dims(flat, -1), joined)


def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: str | None = None) -> list[Tensor]:
    """Return the rows that have the number 0, those that have 1, and so on.

    Example:
        >>> import klods
        >>> [part.numpy().tolist() for part in klods.dynamic_partition([10, 20, 30], [0, 1, 0], 2)]
        [[10, 30], [20]]
    """
    numbers = convert_to_tensor(partitions)
    return [arranging.boolean_mask(data, numbers == i) for i in range(num_partitions)]


# ---------------------------------------------------------------- places themselves


@recordable
def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> list[Tensor]:
    """Return the coordinates of the grid that rows of numbers span.

    Args:
        args: the rows.
        indexing: `ij` for the first row along the first axis, `xy` for the first two exchanged.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for another indexing.

    Example:
        >>> import klods
        >>> [grid.numpy().tolist() for grid in klods.meshgrid([1, 2], [3, 4])]
        [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    if indexing not in ("xy", "ij"):
        raise DataError(f"meshgrid's indexing is xy or ij; got {indexing!r}.", "use one of them.")
    rows = [reshape(row, (-1,)) for row in args]
    shape, count = tuple(row.value.shape[0] for row in rows), len(rows)
    grids = [
        broadcast_to(reshape(row, [-1 if i == j else 1 for j in range(count)]), shape) for i, row in enumerate(rows)
    ]
    return [transpose(grid, [1, 0, *range(2, count)]) for grid in grids] if indexing == "xy" and count > 1 else grids


@recordable
def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool", name: str | None = None) -> Tensor:
    """Return for each length a row of so many True, then False.

    Args:
        lengths: integers of any shape.
        maxlen: how long rows are; by default as the greatest length.
        dtype: another one, for 1 and 0.
        name: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> klods.sequence_mask([1, 3], 4, dtype="int32").numpy().tolist()
        [[1, 0, 0, 0], [1, 1, 1, 0]]
    """
    counts = convert_to_tensor(lengths)
    size = int(reduce_max(counts)) if maxlen is None else static(maxlen)
    return cast(less(range_(size), cast(expand_dims(counts, -1), "int32")), dtype)


@recordable
def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """Return the places along each axis of a shape, one row an axis, of elements that are counted row by row.

    Example:
        >>> import klods
        >>> klods.unravel_index([2, 5, 7], (3, 3)).numpy().tolist()
        [[0, 1, 2], [2, 2, 1]]
    """
    shape = sizes(dims)
    flat = within(convert_to_tensor(indices), math.prod(shape))
    parts = [flat // math.prod(shape[axis + 1 :]) % n for axis, n in enumerate(shape)]
    return concat([expand_dims(part, 0) for part in parts], 0)


@recordable
def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """Return a tensor of which the shape is as asked for; None stands for any size.

    Raises:
        ShapeError: for another shape.
    """
    tensor, wanted = convert_to_tensor(x), tuple(shape)
    given = tensor.value.shape
    if len(given) != len(wanted) or any(want not in (None, n) for n, want in zip(given, wanted)):
        raise ShapeError(f"The shape is {given}; expected {wanted}.", "reshape it, or expect another shape.")
    return tensor
