"""Keras's `keras.ops` on shapes and positions, where it differs from TensorFlow."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from klods import arranging, creation, places
from klods.keras.ops.names import cast, reshape, transpose
from klods.ops import movement, picking
from klods.ops.block import broadcast_shape, checked_axis, static
from klods.tensor import Tensor, convert_to_tensor

Axis = Any


def array(x: Any, dtype: Any = None) -> Tensor:
    """Return `x` as a tensor."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return `x` as a NumPy array of its own."""
    return np.array(convert_to_tensor(x).value)


def shape(x: Any) -> tuple[int, ...]:
    """Return the sizes of the axes.

    Example:
        >>> shape([[1, 2, 3]])
        (1, 3)
    """
    return tuple(convert_to_tensor(x).value.shape)


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return convert_to_tensor(x).ndim


def size(x: Any) -> int:
    """Return the number of elements."""
    return convert_to_tensor(x).size


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Return start, start + step, ... below stop; from 0 to `start` when it stands alone."""
    return creation.range_(start, stop, 1 if step is None else step, dtype)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Tensor:
    """Return `num` evenly spaced numbers from start to stop, stop included if `endpoint`."""
    numbers = creation.linspace(start, stop, num + (not endpoint), axis=axis)
    if not endpoint:
        numbers = numbers[movement.along(axis, builtins.slice(num), numbers.value.shape)]
    return numbers if dtype is None else cast(numbers, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of one value, float32 by default."""
    return movement.broadcast_to(movement.cast(fill_value, "float32" if dtype is None else dtype), shape)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return one value in the shape and dtype of another tensor."""
    like = convert_to_tensor(x)
    return full(like.value.shape, fill_value, like.dtype if dtype is None else dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return ones on the k-th diagonal, zeros elsewhere."""
    return Tensor(np.eye(N, M, k, np.float32)) if dtype is None else cast(np.eye(N, M, k), dtype)


def identity(n: int, dtype: Any = None) -> Tensor:
    """Return ones on the diagonal of a square, zeros elsewhere."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return ones on and below the k-th diagonal, zeros above."""
    return cast(np.tri(N, M, k), "float32" if dtype is None else dtype)


def tril(x: Any, k: int = 0) -> Tensor:
    """Return matrices with zeros above the k-th diagonal."""
    x = convert_to_tensor(x)
    rows, columns = x.value.shape[-2:]
    return arranging.where(np.tri(rows, columns, k) > 0, x, 0)


def triu(x: Any, k: int = 0) -> Tensor:
    """Return matrices with zeros below the k-th diagonal."""
    x = convert_to_tensor(x)
    rows, columns = x.value.shape[-2:]
    return arranging.where(np.tri(rows, columns, k - 1) > 0, 0, x)


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """Return a vector of `num_classes` numbers per index: 1 at the index, 0 elsewhere."""
    return creation.one_hot(x, num_classes, axis=axis, dtype=dtype)


def ravel(x: Any) -> Tensor:
    """Return the elements along one axis."""
    return movement.reshape(x, (-1,))


def concatenate(xs: Any, axis: int | None = 0) -> Tensor:
    """Return a list of tensors joined along an axis; flattened first when `axis` is None."""
    return movement.concat([ravel(x) for x in xs], 0) if axis is None else movement.concat(xs, axis)


def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """Return two tensors joined along an axis; flattened first when `axis` is None."""
    return concatenate([x1, x2], axis)


def hstack(xs: Any) -> Tensor:
    """Return tensors joined along the second axis, or the first when they have no other."""
    parts = [convert_to_tensor(x) for x in xs]
    return concatenate([ravel(x) if x.ndim < 2 else x for x in parts], 0 if parts[0].ndim < 2 else 1)


def vstack(xs: Any) -> Tensor:
    """Return tensors joined along the first axis, vectors as rows."""
    parts = [convert_to_tensor(x) for x in xs]
    return concatenate([reshape(x, (1, -1)) if x.ndim < 2 else x for x in parts], 0)


def expand_dims(x: Any, axis: Axis) -> Tensor:
    """Return the tensor with new axes of size 1, at the places they have in the result."""
    x, axes = convert_to_tensor(x), static(axis)
    axes = axes if isinstance(axes, tuple) else (axes,)
    rank = x.ndim + len(axes)
    for place in sorted(a % rank if -rank <= a < rank else a for a in axes):
        x = movement.expand_dims(x, place)
    return x


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Return a tensor cut along an axis into equal parts, or before each of the indices given."""
    x, cuts = convert_to_tensor(x), static(indices_or_sections)
    if isinstance(cuts, tuple):
        cuts = np.diff([0, *cuts, x.value.shape[axis]]).tolist()
    return arranging.split(x, cuts, axis)


def tile(x: Any, repeats: Any) -> Tensor:
    """Return the tensor repeated as a whole; `repeats` counts from the last axis."""
    x, times = convert_to_tensor(x), static(repeats)
    times = times if isinstance(times, tuple) else (times,)
    rank = builtins.max(x.ndim, len(times))
    lifted = reshape(x, (*[1] * (rank - x.ndim), *x.value.shape))
    return arranging.tile(lifted, (*[1] * (rank - len(times)), *times))


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """Return the tensor with elements added.

    Args:
        x: the tensor.
        pad_width: how many: one number for all sides, a pair for all axes, or a pair per axis.
        mode: what is added: `constant`, `reflect` or `symmetric` for what is there, mirrored, `edge` for the outermost
            element, `wrap` for what is at the other end.
        constant_values: the constant, 0 by default.

    Raises:
        DataError: for another mode.
    """
    x = convert_to_tensor(x)
    widths = np.broadcast_to(np.asarray(static(pad_width)), (x.ndim, 2)).tolist()
    if mode in ("edge", "wrap"):
        for axis, pair in enumerate(widths):
            order = np.pad(np.arange(x.value.shape[axis]), pair, mode)  # type: ignore[call-overload]
            x = picking.gather(x, order, axis)
        return x
    return arranging.pad(x, widths, mode, 0 if constant_values is None else constant_values)


def flip(x: Any, axis: Axis = None) -> Tensor:
    """Return the tensor with the elements along axes in the opposite order; along all when `axis` is None."""
    x = convert_to_tensor(x)
    return movement.reverse(x, tuple(range(x.ndim)) if axis is None else axis)


def roll(x: Any, shift: Any, axis: Axis = None) -> Tensor:
    """Return the elements moved along an axis, those past the end at the start."""
    x = convert_to_tensor(x)
    if axis is None:
        return reshape(roll(ravel(x), int(np.sum(static(shift))), 0), x.value.shape)
    return places.roll(x, shift, axis)


def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Return the tensor with two axes exchanged."""
    order = list(range(convert_to_tensor(x).ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


def moveaxis(x: Any, source: Axis, destination: Axis) -> Tensor:
    """Return the tensor with axes moved to other places, the rest in their order."""
    x = convert_to_tensor(x)
    order = np.moveaxis(np.empty(range(x.ndim)), source, destination).shape  # axis i of this array has size i
    return transpose(x, order)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return x1 where the condition holds, else x2; without them, a tuple of the indices along each axis."""
    return nonzero(condition) if x1 is None and x2 is None else arranging.where(condition, x1, x2)


def nonzero(x: Any) -> tuple[Tensor, ...]:
    """Return the indices of elements that are not 0, one tensor per axis."""
    return tuple(Tensor(places.astype(np.int32)) for places in np.nonzero(convert_to_tensor(x).value))


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the slices along an axis at indices, of which negative ones count from the end."""
    x, places = (ravel(x), 0) if axis is None else (convert_to_tensor(x), axis)
    chosen = convert_to_tensor(indices)
    return picking.gather(x, arranging.where(chosen < 0, chosen + x.value.shape[places], chosen), places)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the elements at indices along an axis, of the flattened tensor when it is None; other axes are aligned."""
    if axis is None:
        return arranging.take_along_axis(ravel(x), indices, 0)
    x, places = convert_to_tensor(x), convert_to_tensor(indices)
    place = checked_axis(axis, x.value.shape)
    rest = broadcast_shape(*((*y.value.shape[:place], 1, *y.value.shape[place + 1 :]) for y in (x, places)))
    x, places = (
        movement.broadcast_to(y, (*rest[:place], y.value.shape[place], *rest[place + 1 :])) for y in (x, places)
    )
    return arranging.take_along_axis(x, places, place)


def top_k(x: Any, k: int, sorted: bool = True) -> arranging.TopK:
    """Return the k largest elements of each row along the last axis, largest first, and their indices."""
    return arranging.top_k(x, k, sorted)


def get_item(x: Any, key: Any) -> Tensor:
    """Return `x[key]`."""
    return convert_to_tensor(x)[key]


def slice(inputs: Any, start_indices: Any, shape: Any) -> Tensor:
    """Return the part of a shape that begins at start_indices."""
    pairs = zip(static(start_indices), static(shape))
    return convert_to_tensor(inputs)[tuple(builtins.slice(start, start + size) for start, size in pairs)]


def sort(x: Any, axis: int | None = -1) -> Tensor:
    """Return the elements in ascending order along an axis; flattened when `axis` is None."""
    return arranging.sort(ravel(x), 0) if axis is None else arranging.sort(x, axis)


def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """Return the indices that sort a tensor along an axis; flattened when `axis` is None."""
    return picking.argsort(ravel(x), 0) if axis is None else picking.argsort(x, axis)
