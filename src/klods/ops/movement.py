"""Blocks that move, repeat, join or pick elements without computing on them, and `cast`."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from klods.dtypes import as_dtype
from klods.errors import DataError, ShapeError
from klods.ops import loops
from klods.ops.block import block, broadcast_shape, static
from klods.tensor import Tensor, TensorLike, convert_to_tensor

Shape = tuple[int, ...]


# ---------------------------------------------------------------- shape

def reshaped(old: Shape, shape: Shape) -> Shape:
    """Return the shape asked for, with -1 filled in."""
    count, known = math.prod(old), math.prod(n for n in shape if n != -1)
    fits = count == known if -1 not in shape else known and count % known == 0 and shape.count(-1) == 1
    if not fits:
        raise ShapeError(f"{count} elements of shape {old} don't fit the shape {shape}.",
                         "give sizes whose product is the number of elements; one may be -1.")
    return tuple(count // known if n == -1 else n for n in shape)


@block(
    loops.moved(reshaped, lambda i, old, shape: loops.unflat_index(loops.flat_index(i, reshaped(old, shape)), old)),
    reshaped,
    lambda c, y, x, shape: reshape(c, x.value.shape),
)
def reshape(tensor: Any, *, shape: Shape) -> Any:
    """Return the same elements in row-major order under another shape; one size may be -1.

    Example:
        >>> import klods
        >>> klods.reshape([[0., 1.], [2., 3.]], (4, 1)).shape
        TensorShape([4, 1])
    """
    return tensor.reshape(reshaped(tensor.shape, shape if isinstance(shape, tuple) else (shape,)))


def _permutation(shape: Shape, perm: Shape | None) -> Shape:
    perm = perm or tuple(reversed(range(len(shape))))
    if sorted(p % max(1, len(shape)) for p in perm) != list(range(len(shape))):
        raise ShapeError(f"perm {perm} doesn't order the axes of shape {shape}.", "name each axis once.")
    return tuple(p % len(shape) for p in perm)


def _transposed(shape: Shape, perm: Shape | None = None) -> Shape:
    return tuple(shape[p] for p in _permutation(shape, perm))


def _inverse(perm: Shape) -> Shape:
    return tuple(perm.index(i) for i in range(len(perm)))


@block(
    loops.moved(_transposed, lambda i, old, perm=None: tuple(i[p] for p in _inverse(_permutation(old, perm)))),
    _transposed,
    lambda c, y, x, perm=None: transpose(c, _inverse(_permutation(x.value.shape, perm))),
)
def transpose(a: Any, *, perm: Shape | None = None) -> Any:
    """Return the tensor with its axes in another order; reversed by default.

    Example:
        >>> import klods
        >>> klods.transpose(klods.zeros((300, 20))).shape
        TensorShape([20, 300])
    """
    return a.transpose(_permutation(a.shape, perm))


def _broadcast_target(old: Shape, shape: Shape) -> Shape:
    if broadcast_shape(old, shape) != tuple(shape):
        raise ShapeError(f"shape {old} doesn't broadcast to {shape}.", "axes must be equal, or 1 in the tensor.")
    return tuple(shape)


@block(
    loops.moved(
        _broadcast_target,
        lambda i, old, shape: tuple(0 if n == 1 else k for k, n in zip(i[len(i) - len(old) :], old)),
    ),
    _broadcast_target,
    lambda c, y, x, shape: c,
)
def broadcast_to(input: Any, *, shape: Shape) -> Any:
    """Return the tensor repeated along axes of size 1, and new ones on the left, up to a shape."""
    return np.broadcast_to(input, shape)


def expand_dims(input: Any, axis: int, name: str | None = None) -> Tensor:
    """Return the tensor with a new axis of size 1 at `axis`."""
    x = convert_to_tensor(input)
    rank = x.ndim + 1
    axis = int(axis)
    if not -rank <= axis < rank:
        raise ShapeError(f"expand_dims: axis {axis} is outside a tensor of {rank} axes.", f"use {-rank} to {rank - 1}.")
    sizes = list(x.value.shape)
    sizes.insert(axis % rank, 1)
    return reshape(x, sizes)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Return the tensor without its axes of size 1, or without those named."""
    x = convert_to_tensor(input)
    gone = [a for a in loops.axes(static(axis), x.ndim) if axis is not None or x.value.shape[a] == 1]
    wrong = [a for a in gone if x.value.shape[a] != 1]
    if wrong:
        raise ShapeError(f"squeeze: axis {wrong[0]} of shape {x.value.shape} is not 1.", "name axes of size 1.")
    return reshape(x, [n for i, n in enumerate(x.value.shape) if i not in gone])


# ---------------------------------------------------------------- order and repetition

def _reversed(i: Any, old: Shape, axis: Any) -> Any:
    return tuple(old[k] - 1 - n if k in loops.axes(axis, len(old)) else n for k, n in enumerate(i))


@block(loops.moved(lambda old, axis: old, _reversed), lambda old, axis: old, lambda c, y, x, axis: reverse(c, axis))
def reverse(tensor: Any, *, axis: Any) -> Any:
    """Return the tensor with the elements along axes in the opposite order."""
    return np.flip(tensor, axis)


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """Return the tensor repeated as a whole, `multiples[i]` times along axis i."""
    x, times = convert_to_tensor(input), static(multiples)
    if len(times) != x.ndim:
        raise ShapeError(f"tile: {len(times)} multiples for shape {x.value.shape}.", "give one number per axis.")
    apart = [size for n in x.value.shape for size in (1, n)]
    spread = [size for pair in zip(times, x.value.shape) for size in pair]
    return reshape(broadcast_to(reshape(x, apart), spread), [n * m for n, m in zip(x.value.shape, times)])


def repeat(input: Any, repeats: int, axis: int | None = None) -> Tensor:
    """Return the tensor with each element (or slice along an axis) repeated `repeats` times in a row."""
    x = convert_to_tensor(input)
    x, axis = (reshape(x, (-1,)), 0) if axis is None else (x, axis % x.ndim)
    sizes = x.value.shape
    spread = broadcast_to(expand_dims(x, axis + 1), (*sizes[: axis + 1], repeats, *sizes[axis + 1 :]))
    return reshape(spread, (*sizes[:axis], sizes[axis] * repeats, *sizes[axis + 1 :]))


def _padded(old: Shape, paddings: Any, constant_values: float = 0) -> Shape:
    return tuple(n + before + after for n, (before, after) in zip(old, paddings))


def _naive_pad(x: np.ndarray, paddings: Any, constant_values: float = 0) -> np.ndarray:
    result = np.full(_padded(x.shape, paddings), constant_values, x.dtype)
    for index in loops.indices(x.shape):
        result[tuple(i + before for i, (before, _) in zip(index, paddings))] = x[index]
    return result


@block(
    _naive_pad,
    _padded,
    lambda c, y, x, paddings, constant_values=0: c[
        tuple(slice(before, before + n) for n, (before, _) in zip(x.value.shape, paddings))
    ],
)
def pad(tensor: Any, *, paddings: Any, constant_values: float = 0) -> Any:
    """Return the tensor with `paddings[i] = (before, after)` elements of a constant added along axis i."""
    return np.pad(tensor, paddings, constant_values=constant_values)


# ---------------------------------------------------------------- joining and parting

class _PartOf:
    """The gradient rules of `concat`: input i gets the slice of the cotangent that it filled."""

    def __getitem__(self, i: int) -> Callable[..., Tensor]:
        return partial(self.rule, i)

    @staticmethod
    def rule(i: int, c: Tensor, y: Tensor, *inputs: Tensor, axis: int) -> Tensor:
        axis %= c.ndim
        start = sum(np.shape(x)[axis] for x in inputs[:i])
        return c[(slice(None),) * axis + (slice(start, start + inputs[i].value.shape[axis]),)]


def _concat_shape(*shapes: Shape, axis: int) -> Shape:
    axis %= len(shapes[0])
    rest = {s[:axis] + s[axis + 1 :] for s in shapes}
    if len(rest) > 1:
        raise ShapeError(f"shapes {', '.join(map(str, shapes))} differ besides axis {axis}.", "make them equal there.")
    return shapes[0][:axis] + (sum(s[axis] for s in shapes),) + shapes[0][axis + 1 :]


def _naive_concat(*arrays: np.ndarray, axis: int) -> np.ndarray:
    result = np.empty(_concat_shape(*(x.shape for x in arrays), axis=axis), arrays[0].dtype)
    start = 0
    for x in arrays:
        for index in loops.indices(x.shape):
            place = list(index)
            place[axis] += start
            result[tuple(place)] = x[index]
        start += x.shape[axis]
    return result


@block(_naive_concat, _concat_shape, kind="same", rules=_PartOf())  # type: ignore[arg-type]
def concatenate(*values: Any, axis: int) -> Any:
    """Return tensors joined along an axis."""
    return np.concatenate(values, axis=axis)


def concat(values: Any, axis: int, name: str | None = None) -> Tensor:
    """Return a list of tensors joined along an axis.

    Example:
        >>> import klods
        >>> klods.concat([[1., 2.], [3.]], axis=0).numpy()
        array([1., 2., 3.], dtype=float32)
    """
    parts = [convert_to_tensor(x) for x in values]
    if not parts:
        raise DataError("concat: got an empty list of tensors.", "give at least one.")
    return concatenate(*parts, axis=axis)


def stack(values: Any, axis: int = 0, name: str | None = None) -> Tensor:
    """Return tensors of one shape joined along a new axis."""
    return concat([expand_dims(x, axis) for x in values], axis)


def unstack(value: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """Return the slices of a tensor along an axis, which they no longer have."""
    x = convert_to_tensor(value)
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, i)] for i in range(x.value.shape[axis])]


def split(value: Any, num_or_size_splits: Any, axis: int = 0, name: str | None = None) -> list[Tensor]:
    """Return a tensor cut along an axis into equal parts, or into parts of the sizes given."""
    x, sizes = convert_to_tensor(value), static(num_or_size_splits)
    length = x.value.shape[axis]
    if isinstance(sizes, int):
        if length % sizes:
            raise ShapeError(f"split: {length} elements along axis {axis} don't part into {sizes} equal pieces.",
                             "give a divisor, or the list of sizes.")
        sizes = (length // sizes,) * sizes
    if sum(sizes) != length:
        raise ShapeError(f"split: sizes {sizes} add up to {sum(sizes)}, the axis has {length}.", "make them add up.")
    starts = np.cumsum([0, *sizes]).tolist()
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(a, b))] for a, b in zip(starts, starts[1:])]


# ---------------------------------------------------------------- picking

def getitem(x: TensorLike, key: Any) -> Tensor:
    """Return `x[key]` for integers, slices, `None`, `...`, and arrays or tensors of integers or booleans."""
    keys = key if isinstance(key, tuple) else (key,)
    return item(x, key=tuple(_plain_key(k) for k in keys))


def _plain_key(k: Any) -> Any:
    if isinstance(k, slice):
        return slice(*(None if n is None else int(n) for n in (k.start, k.stop, k.step)))
    if isinstance(k, TensorLike):
        k = k.value
    if isinstance(k, list):
        k = np.asarray(k)
    return int(k) if np.ndim(k) == 0 and isinstance(k, (np.ndarray, np.integer)) and k.dtype.kind in "iu" else k


def _item_shape(shape: Shape, key: Any) -> Shape:
    return np.broadcast_to(np.int8(0), shape)[key].shape


def _naive_item(x: np.ndarray, key: Any) -> np.ndarray:
    places = np.arange(x.size).reshape(x.shape)[key]
    return np.array([x[loops.unflat_index(p, x.shape)] for p in np.ravel(places)], x.dtype).reshape(places.shape)


@block(_naive_item, _item_shape, lambda c, y, x, key: put(c, shape=x.value.shape, key=key))
def item(x: Any, *, key: Any) -> Any:
    """Return the elements at a NumPy-style key."""
    try:
        return x[key]
    except IndexError as error:
        raise IndexError(f"{error} (shape {x.shape}, key {key})") from None


def _naive_put(c: np.ndarray, shape: Shape, key: Any) -> np.ndarray:
    places = np.ravel(np.arange(math.prod(shape)).reshape(shape)[key])
    result = np.zeros(math.prod(shape))
    for value, place in zip(np.ravel(c), places):
        result[place] += value
    return result.reshape(shape)


@block(_naive_put, lambda c, shape, key: shape, lambda c, y, x, shape, key: item(c, key=key))
def put(x: Any, *, shape: Shape, key: Any) -> Any:
    """Return zeros of a shape with x added at a NumPy-style key: the gradient of picking."""
    result = np.zeros(shape, x.dtype)
    if any(isinstance(k, np.ndarray) for k in key):
        np.add.at(result, key, x)
    else:
        result[key] = x
    return result


def _gathered(shape: Shape, indices: Shape, axis: int = 0) -> Shape:
    axis %= len(shape)
    return shape[:axis] + indices + shape[axis + 1 :]


def _naive_gather(params: np.ndarray, indices: np.ndarray, axis: int = 0) -> np.ndarray:
    axis %= params.ndim
    result = np.empty(_gathered(params.shape, indices.shape, axis), params.dtype)
    for index in loops.indices(result.shape):
        before, at, after = index[:axis], index[axis : axis + indices.ndim], index[axis + indices.ndim :]
        result[index] = params[(*before, indices[at], *after)]
    return result


def _check_indices(indices: np.ndarray, size: int) -> None:
    if indices.dtype.kind not in "iu":
        raise DataError(f"gather: indices must be integers, got {indices.dtype}.", "cast them: klods.cast(i, 'int32').")
    if indices.size and (indices.min() < -size or indices.max() >= size):
        wrong = indices.max() if indices.max() >= size else indices.min()
        raise DataError(f"gather: index {wrong} is outside an axis of {size}.", f"use 0 to {size - 1}.")


@block(
    _naive_gather,
    _gathered,
    lambda c, y, x, i, axis=0: put(c, shape=x.value.shape, key=(slice(None),) * (axis % x.ndim) + (_integers(i),)),
    None,
)
def gather(params: Any, indices: Any, *, axis: int = 0) -> Any:
    """Return the slices of `params` along an axis at integer indices.

    Example:
        >>> import klods
        >>> klods.gather([10., 20., 30.], [2, 0]).numpy()
        array([30., 10.], dtype=float32)
    """
    _check_indices(indices, params.shape[axis])
    return np.take(params, indices, axis=axis)


def _naive_pick(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.array([x[(*i, labels[i])] for i in loops.indices(labels.shape)], x.dtype).reshape(labels.shape)


@block(_naive_pick, lambda shape, labels: labels, lambda c, y, x, i: put_labels(c, i, classes=x.value.shape[-1]), None)
def pick(x: Any, labels: Any) -> Any:
    """Return one element of each row along the last axis: that at the row's label.

    Example:
        >>> import klods
        >>> pick(klods.constant([[.1, .9], [.8, .2]]), klods.constant([1, 0])).numpy()
        array([0.9, 0.8], dtype=float32)
    """
    _check_labels(labels, x.shape)
    return np.take_along_axis(x, labels[..., None].astype(np.intp), -1)[..., 0]


def _check_labels(labels: np.ndarray, shape: Shape) -> None:
    if labels.shape != shape[:-1]:
        raise ShapeError(f"labels of shape {labels.shape} don't fit predictions of shape {shape}.",
                         f"give one label per row: shape {shape[:-1]}.")
    if labels.size and (labels.min() < 0 or labels.max() >= shape[-1]):
        wrong = labels.max() if labels.max() >= shape[-1] else labels.min()
        raise DataError(f"label {wrong} is outside the {shape[-1]} classes 0 to {shape[-1] - 1}.",
                        "number the classes from 0, or give the last layer more units.")


def _naive_put_labels(c: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    result = np.zeros((*labels.shape, classes), c.dtype)
    for i in loops.indices(labels.shape):
        result[(*i, labels[i])] = c[i]
    return result


@block(_naive_put_labels, lambda c, labels, classes: (*c, classes), lambda c, y, x, i, classes: pick(c, i), None)
def put_labels(x: Any, labels: Any, *, classes: int) -> Any:
    """Return zeros with one more axis of `classes`, and x at each row's label: the gradient of `pick`."""
    result = np.zeros((*labels.shape, classes), x.dtype)
    np.put_along_axis(result, labels[..., None].astype(np.intp), x[..., None], -1)
    return result


def _integers(i: Any) -> np.ndarray:
    return i.value if isinstance(i, TensorLike) else np.asarray(i)


def boolean_mask(tensor: Any, mask: Any) -> Tensor:
    """Return the elements (or slices) of a tensor where the mask holds, along one new first axis."""
    return getitem(convert_to_tensor(tensor), np.asarray(convert_to_tensor(mask, "bool").value))


# ---------------------------------------------------------------- type and passage

@block(
    lambda x, dtype: x.astype(str(dtype)),
    lambda shape, dtype: shape,
    lambda c, y, x, dtype: cast(c, x.dtype),
    quiet=True,
)
def cast(x: Any, *, dtype: Any) -> Any:
    """Return the elements as another dtype; floats lose their fraction as integers.

    Example:
        >>> import klods
        >>> klods.cast([1.7, -1.7], "int32").numpy()
        array([ 1, -1], dtype=int32)
    """
    return x.astype(as_dtype(dtype), copy=False)


@block(lambda x: x, lambda shape: shape, lambda c, y, x: c)
def identity(input: Any) -> Any:
    """Return the same tensor as a new one."""
    return input


@block(lambda x: x, lambda shape: shape, None)
def stop_gradient(input: Any) -> Any:
    """Return the same values, through which no gradient flows."""
    return input
