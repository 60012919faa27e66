"""Functions that move, repeat, pick and order elements, made of blocks."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from klods.errors import ArgumentError, DataError, DTypeError, ShapeError
from klods.ops.block import checked_axis, recordable, static
from klods.ops.comparison import greater, less, where as choose
from klods.ops.effects import call, checks
from klods.ops.movement import along, broadcast_to, cast, expand_dims, pad_constant, reshape
from klods.ops.picking import argsort, gather, item, pick
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor, convert_to_tensor


@recordable
def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """Return the tensor repeated as a whole, `multiples[i]` times along axis i."""
    x, times = convert_to_tensor(input), static(multiples)
    if len(times) != x.ndim:
        raise ShapeError(f"tile: {len(times)} multiples for shape {x.value.shape}.", "give one number per axis.")
    apart = [size for n in x.value.shape for size in (1, n)]
    spread = [size for pair in zip(times, x.value.shape) for size in pair]
    return reshape(broadcast_to(reshape(x, apart), spread), [n * m for n, m in zip(x.value.shape, times)])


@recordable
def unstack(value: Any, num: int | None = None, axis: int = 0, name: str | None = None) -> list[Tensor]:
    """Return the slices of a tensor along an axis, which they no longer have."""
    x = convert_to_tensor(value)
    return [x[along(axis, i, x.value.shape)] for i in range(x.value.shape[axis])]


@recordable
def split(value: Any, num_or_size_splits: Any, axis: int = 0, name: str | None = None) -> list[Tensor]:
    """Return a tensor cut along an axis into equal parts, or into parts of the sizes given."""
    x, sizes = convert_to_tensor(value), static(num_or_size_splits)
    length = x.value.shape[checked_axis(axis, x.value.shape)]
    if not all(isinstance(n, int) for n in (sizes if isinstance(sizes, tuple) else (sizes,))):
        raise DTypeError(f"split: got {sizes!r} as num_or_size_splits.", "give a number of pieces, or their sizes.")
    if isinstance(sizes, int):
        if sizes < 1 or length % sizes:
            raise ShapeError(
                f"split: {length} elements along axis {axis} don't part into {sizes} equal pieces.",
                "give a divisor, or the list of sizes.",
            )
        sizes = (length // sizes,) * sizes
    sizes = tuple(length - sum(sizes) - 1 if n == -1 else n for n in sizes)
    if sum(sizes) != length:
        raise ShapeError(f"split: sizes {sizes} add up to {sum(sizes)}, the axis has {length}.", "make them add up.")
    return [x[along(axis, slice(a, b), x.value.shape)] for a, b in pairwise(accumulate(sizes, initial=0))]


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Return x where the condition holds, else y; without x and y, the indices where it holds.

    Example:
        >>> import klods
        >>> x = klods.constant([-1., 4.])
        >>> klods.where(x > 0, x, 0).numpy(), klods.where(x > 0).numpy()
        (array([0., 4.], dtype=float32), array([[1]]))
    """
    if x is None and y is None:
        return Tensor(np.argwhere(convert_to_tensor(condition).value))
    if x is None or y is None:
        raise ArgumentError("where takes both x and y, or neither; got one.")
    return choose(condition, x, y)


@recordable
def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Return the elements (or slices) of a tensor where the mask holds, along one axis in place of the mask's.

    Args:
        tensor: the tensor to pick from.
        mask: truth values, of the shape of the tensor's axes from `axis` on.
        axis: where the mask's axes begin; the first by default.
        name: accepted for TensorFlow's sake, and not used.
    """
    x = convert_to_tensor(tensor)
    return item(x, along(axis or 0, np.asarray(convert_to_tensor(mask, "bool").value), x.value.shape))


@recordable
def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Return the tensor with each element (or slice along an axis) repeated in a row.

    Args:
        input: the tensor; flattened first when `axis` is None.
        repeats: how often: one number for all, or one for each.
        axis: the axis along which to repeat.
        name: accepted for TensorFlow's sake, and not used.

    Example:
        >>> import klods
        >>> klods.repeat([1, 2], [1, 2]).numpy()
        array([1, 2, 2], dtype=int32)
    """
    x = convert_to_tensor(input)
    x, axis = (reshape(x, (-1,)), 0) if axis is None else (x, axis)
    return gather(x, np.repeat(np.arange(x.value.shape[axis]), static(repeats)), axis)


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: float = 0, name: str | None = None
) -> Tensor:
    """Return the tensor with `paddings[i] = (before, after)` elements added along axis i.

    Args:
        tensor: the tensor to add to.
        paddings: a pair for each axis.
        mode: `"CONSTANT"`; `"REFLECT"` to mirror at the outermost elements, `"SYMMETRIC"` to mirror them too.
        constant_values: what is added in mode `"CONSTANT"`.
        name: accepted for TensorFlow's sake, and not used.

    Example:
        >>> import klods
        >>> klods.pad([1, 2, 3], [(2, 1)], mode="REFLECT").numpy()
        array([3, 2, 1, 2, 3, 2], dtype=int32)
    """
    if mode.upper() == "CONSTANT":
        return pad_constant(tensor, paddings, constant_values)
    if mode.upper() not in ("REFLECT", "SYMMETRIC"):
        raise DataError(f"pad: the mode is {mode!r}.", "make it 'CONSTANT', 'REFLECT' or 'SYMMETRIC'.")
    x = convert_to_tensor(tensor)
    for axis, pair in enumerate(static(paddings)):
        x = gather(x, np.pad(np.arange(x.value.shape[axis]), pair, mode.lower()), axis)  # type: ignore[call-overload]
    return x


def take_along_axis(x: Any, indices: Any, axis: int = -1) -> Tensor:
    """Return the elements at `indices` along an axis; the other axes of both are aligned.

    Negative indices count from the end.

    Raises:
        DataError: for an index outside the axis.
    """
    x, places = convert_to_tensor(x), convert_to_tensor(indices)
    axis = checked_axis(axis, x.value.shape)
    size = x.value.shape[axis]
    return _taken(x, choose(less(places, 0), places + size, within(places, size, lowest=-size)), axis)


def _taken(x: Tensor, places: Tensor, axis: int) -> Tensor:
    """Return the elements at places along an axis, found by their number among all."""
    shape = x.value.shape
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    grid = np.ogrid[tuple(slice(1 if i == axis else n) for i, n in enumerate(places.value.shape))]
    others = sum(part * stride for part, stride in zip(grid, strides))
    return gather(reshape(x, (-1,)), cast(places, "int64") * strides[axis] + others)


def within(indices: Tensor, size: Any, lowest: Any = 0) -> Tensor:
    """Return indices, after a look whether they lie in an axis.

    Args:
        indices: the indices.
        size: of the axis; several for indices whose last axis goes through axes.
        lowest: the least index; None for any.

    Raises:
        DataError: for an index outside, also while a traced function runs.
    """

    @checks
    def looked_at(array: np.ndarray) -> np.ndarray:
        wrong = (array >= size) if lowest is None else (array >= size) | (array < lowest)
        if wrong.any():
            raise DataError(
                f"index {array[wrong][0]} is outside an axis of {size}.", "use indices from 0 on, below it."
            )
        return array

    return call(indices, function=looked_at, shape=indices.value.shape, dtype=indices.value.dtype)


@recordable
def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """Return a tensor sorted along an axis, `"ASCENDING"` or `"DESCENDING"`."""
    x = convert_to_tensor(values)
    return _taken(x, argsort(x, axis, direction), checked_axis(axis, x.value.shape))


class TopK(NamedTuple):
    """The largest elements and their places."""

    values: Tensor
    indices: Tensor


@recordable
def top_k(input: Any, k: int = 1, sorted: bool = True, name: str | None = None) -> TopK:
    """Return the k largest elements of each row along the last axis, largest first, and their indices.

    Example:
        >>> import klods
        >>> klods.math.top_k([1., 5., 3.], k=2).indices.numpy()
        array([1, 2], dtype=int32)
    """
    x = convert_to_tensor(input)
    if k > x.value.shape[-1]:
        raise DataError(f"top_k: k is {k}, but rows have {x.value.shape[-1]} elements.", "ask for fewer.")
    indices = argsort(x, -1, "DESCENDING")[..., :k]
    return TopK(_taken(x, indices, x.ndim - 1), indices)


def in_top_k(targets: Any, predictions: Any, k: int, name: str | None = None) -> Tensor:
    """Return whether each row's target is among the k classes with the highest predictions, ties included."""
    scores = convert_to_tensor(predictions)
    own = expand_dims(pick(scores, targets), -1)
    return less(reduce_sum(cast(greater(scores, own), "int32"), -1), k)
