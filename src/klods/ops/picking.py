"""Blocks that pick elements by position, and put them back: indexing, gathering, sorting."""

# mypy: disable-error-code=has-type
# (a block's gradient rule may name the block itself)

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from klods.dtypes import INT32
from klods.errors import DataError, PositionError, ShapeError
from klods.ops import loops
from klods.ops.block import block, checked_axis
from klods.ops.comparison import where as choose
from klods.ops.movement import reshape, transpose
from klods.tensor import Tensor, TensorLike, convert_to_tensor

Shape = tuple[int, ...]


def getitem(x: TensorLike, key: Any) -> Tensor:
    """Return `x[key]` for integers, slices, `None`, `...`, and arrays or tensors of integers or booleans."""
    return item(x, plain_key(key))


def plain_key(key: Any) -> tuple[Any, ...]:
    """Return a key as NumPy takes it: a tuple of integers, slices, None, ... and arrays."""
    return tuple(_plain(k) for k in (key if isinstance(key, tuple) else (key,)))


def _plain(k: Any) -> Any:
    if isinstance(k, slice):
        return slice(*(None if n is None else _whole(n) for n in (k.start, k.stop, k.step)))
    if isinstance(k, TensorLike):
        k = k.value
    if isinstance(k, list):
        k = np.asarray(k)
    return int(k) if np.ndim(k) == 0 and isinstance(k, (np.ndarray, np.integer)) and k.dtype.kind in "iu" else k


def _whole(bound: Any) -> int:
    try:
        return operator.index(bound)
    except TypeError:
        raise PositionError(f"A slice's bound is {bound!r}, not a whole number.", "use integers.") from None


def _item_shape(shape: Shape, key: Any) -> Shape:
    return np.broadcast_to(np.int8(0), shape)[key].shape


def _naive_item(x: np.ndarray, key: Any) -> np.ndarray:
    places = np.arange(x.size).reshape(x.shape)[key]
    return np.array([x[loops.unflat_index(p, x.shape)] for p in np.ravel(places)], x.dtype).reshape(places.shape)


@block(_naive_item, _item_shape, lambda c, y, x, key: put(c, shape=x.value.shape, key=key), kind="view")
def item(x: Any, key: Any) -> Any:
    """Return the elements at a NumPy-style key."""
    try:
        return x[key]
    except IndexError as error:
        raise PositionError(f"in a tensor of shape {x.shape}, {error}.") from None


def _naive_put(c: np.ndarray, shape: Shape, key: Any) -> np.ndarray:
    places = np.ravel(np.arange(math.prod(shape)).reshape(shape)[key])
    result = np.zeros(math.prod(shape))
    for value, place in zip(np.ravel(c), places):
        result[place] += value
    return result.reshape(shape)


@block(_naive_put, lambda c, shape, key: shape, lambda c, y, x, shape, key: item(c, key=key))
def put(x: Any, shape: Shape, key: Any) -> Any:
    """Return zeros of a shape with x added at a NumPy-style key: the gradient of picking."""
    result = np.zeros(shape, x.dtype)
    if any(isinstance(k, np.ndarray) for k in key):
        np.add.at(result, key, x)
    else:
        result[key] = x
    return result


def _gathered(shape: Shape, indices: Shape, axis: int = 0) -> Shape:
    axis = checked_axis(axis, shape)
    return shape[:axis] + indices + shape[axis + 1 :]


def _naive_gather(params: np.ndarray, indices: np.ndarray, axis: int = 0) -> np.ndarray:
    axis %= params.ndim
    result = np.empty(_gathered(params.shape, indices.shape, axis), params.dtype)
    for index in loops.indices(result.shape):
        before, at, after = index[:axis], index[axis : axis + indices.ndim], index[axis + indices.ndim :]
        place = (*before, indices[at], *after)
        result[index] = params[place]
    return result


def _check_indices(indices: np.ndarray, size: int) -> None:
    if indices.dtype.kind not in "iu":
        raise DataError(f"gather: indices must be integers, got {indices.dtype}.", "cast them: klods.cast(i, 'int32').")
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        wrong = indices.max() if indices.max() >= size else indices.min()
        raise DataError(f"gather: index {wrong} is outside an axis of {size}.", f"use 0 to {size - 1}.")


@block(
    _naive_gather,
    _gathered,
    lambda c, y, x, i, axis=0: _from_slices(c, x, convert_to_tensor(i), checked_axis(axis, x.value.shape)),
    None,
    inputs=2,
)
def gather(params: Any, indices: Any, axis: int = 0) -> Any:
    """Return the slices of `params` along an axis at integer indices.

    Example:
        >>> import klods
        >>> klods.gather([10., 20., 30.], [2, 0]).numpy()
        array([30., 10.], dtype=float32)
    """
    indices = np.asarray(indices)
    _check_indices(indices, params.shape[checked_axis(axis, params.shape)])
    return np.take(params, indices, axis=axis)


def _from_slices(c: Tensor, x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Return the sums of the slices of a cotangent that came from the same place along an axis."""
    shape, last = c.value.shape, axis + indices.ndim
    order = [*range(axis, last), *range(axis), *range(last, len(shape))]  # the axes of the indices come first
    slices = reshape(transpose(c, order), (indices.size, *shape[:axis], *shape[last:]))
    sums = segment_sum(slices, reshape(indices, (-1,)), num_segments=x.value.shape[axis])
    return transpose(sums, [*range(1, axis + 1), 0, *range(axis + 1, x.ndim)])


def _naive_pick(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.array([x[i][labels[i]] for i in loops.indices(labels.shape)], x.dtype).reshape(labels.shape)


def _pick_shape(shape: Shape, labels: Shape) -> Shape:
    if labels != shape[:-1]:
        raise ShapeError(
            f"labels of shape {labels} don't fit predictions of shape {shape}.",
            f"give one label per row: shape {shape[:-1]}.",
        )
    return labels


@block(
    _naive_pick,
    _pick_shape,
    lambda c, y, x, i: put_labels(c, i, classes=x.value.shape[-1]),
    None,
    inputs=2,
)
def pick(x: Any, labels: Any) -> Any:
    """Return one element of each row along the last axis: that at the row's label.

    Example:
        >>> import klods
        >>> pick(klods.constant([[.1, .9], [.8, .2]]), klods.constant([1, 0])).numpy()
        array([0.9, 0.8], dtype=float32)
    """
    labels = np.asarray(labels)
    _pick_shape(x.shape, labels.shape)
    _check_labels(labels, x.shape)
    return np.take_along_axis(x, labels[..., None].astype(np.intp), -1)[..., 0]


def _check_labels(labels: np.ndarray, shape: Shape) -> None:
    if labels.size and (labels.min() < 0 or labels.max() >= shape[-1]):
        wrong = labels.max() if labels.max() >= shape[-1] else labels.min()
        raise DataError(
            f"label {wrong} is outside the {shape[-1]} classes 0 to {shape[-1] - 1}.",
            "number the classes from 0, or give the last layer more units.",
        )


def _naive_put_labels(c: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    result = np.zeros((*labels.shape, classes), c.dtype)
    for i in loops.indices(labels.shape):
        result[i][labels[i]] = c[i]
    return result


@block(
    _naive_put_labels,
    lambda c, labels, classes: (*c, classes),
    lambda c, y, x, i, classes: pick(c, i),
    None,
    inputs=2,
)
def put_labels(x: Any, labels: Any, classes: int) -> Any:
    """Return zeros with one more axis of `classes`, and x at each row's label: the gradient of `pick`."""
    result = np.zeros((*labels.shape, classes), x.dtype)
    np.put_along_axis(result, labels[..., None].astype(np.intp), x[..., None], -1)
    return result


def _segments_shape(data: Shape, segment_ids: Shape, num_segments: int) -> Shape:
    if data[:1] != segment_ids:
        raise ShapeError(
            f"segment_ids of shape {segment_ids} don't fit data of shape {data}.",
            "give one number per row of the data.",
        )
    return (num_segments, *data[1:])


def _naive_segment_sum(data: np.ndarray, segment_ids: np.ndarray, num_segments: int) -> np.ndarray:
    result = np.zeros((num_segments, *data.shape[1:]), data.dtype)
    for row, segment in zip(data, segment_ids):
        if 0 <= segment < num_segments:
            result[segment] += row
    return result


def _from_segments(c: Tensor, y: Tensor, data: Any, segment_ids: Any, num_segments: int) -> Tensor:
    """Return to each row the cotangent of its segment, and 0 to rows that are in none."""
    segments, rank = convert_to_tensor(segment_ids), data.ndim
    none = (segments < 0) | (segments >= num_segments)
    rows = gather(c, choose(none, 0, segments))
    return choose(reshape(none, (*none.value.shape, *[1] * (rank - 1))), 0, rows)


@block(_naive_segment_sum, _segments_shape, _from_segments, None, inputs=2)
def segment_sum(data: Any, segment_ids: Any, num_segments: int) -> Any:
    """Return the sums of the rows of `data` that have the same number; rows numbered otherwise are left out.

    Example:
        >>> import klods
        >>> segment_sum(klods.constant([1., 2., 4.]), klods.constant([0, 2, 0]), num_segments=3).numpy()
        array([5., 0., 2.], dtype=float32)
    """
    _segments_shape(data.shape, segment_ids.shape, num_segments)
    kept = (segment_ids >= 0) & (segment_ids < num_segments)
    if not kept.all():
        data, segment_ids = data[kept], segment_ids[kept]
    width = math.prod(data.shape[1:])
    result = np.zeros((num_segments, width), data.dtype)
    for column, total in zip(data.reshape(len(data), width).T, result.T):  # four times as fast as np.add.at
        total[:] = np.bincount(segment_ids, column, num_segments)
    return result.reshape(num_segments, *data.shape[1:])


# ---------------------------------------------------------------- order


def _order_shape(shape: Shape, axis: int = -1, direction: str = "ASCENDING", stable: bool = False) -> Shape:
    checked_axis(axis, shape)
    if direction not in ("ASCENDING", "DESCENDING"):
        raise DataError(f"direction is {direction!r}.", "make it 'ASCENDING' or 'DESCENDING'.")
    return shape


def _naive_argsort(
    values: np.ndarray, axis: int = -1, direction: str = "ASCENDING", stable: bool = False
) -> np.ndarray:
    sign = 1 if direction == "ASCENDING" else -1

    def order(row: list[Any]) -> list[int]:
        return sorted(
            range(len(row)), key=lambda i: (sign * (row[i] != row[i]), sign * row[i])
        )  # NaN counts as largest

    return loops.by_row(values, axis, order)


@block(_naive_argsort, _order_shape, gives="int32")
def argsort(values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False) -> Any:
    """Return the indices that sort a tensor along an axis; equal elements keep their order.

    Example:
        >>> import klods
        >>> klods.argsort([3., 1., 2.]).numpy()
        array([1, 2, 0], dtype=int32)
    """
    _order_shape(values.shape, axis, direction)
    if direction == "ASCENDING":
        return np.argsort(values, axis, kind="stable").astype(INT32)
    backwards = np.argsort(np.flip(values, axis), axis, kind="stable")
    return (values.shape[axis] - 1 - np.flip(backwards, axis)).astype(INT32)
