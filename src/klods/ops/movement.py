"""Blocks that move, repeat, join or pick elements without computing on them, and `cast`."""

# mypy: disable-error-code=has-type
# (a block's gradient rule may name the block itself)

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from klods.dtypes import as_dtype
from klods.errors import DataError, ShapeError
from klods.ops import loops
from klods.ops.block import alike, block, broadcast_shape, checked_axis, recordable, static
from klods.tensor import Tensor, convert_to_tensor

Shape = tuple[int, ...]


# ---------------------------------------------------------------- shape


def reshaped(old: Shape, shape: Shape) -> Shape:
    """Return the shape asked for, with -1 filled in."""
    count, known = math.prod(old), math.prod(n for n in shape if n != -1)
    fits = count == known if -1 not in shape else known and count % known == 0 and shape.count(-1) == 1
    if not fits:
        raise ShapeError(
            f"{count} elements of shape {old} don't fit the shape {shape}.",
            "give sizes whose product is the number of elements; one may be -1.",
        )
    return tuple(count // known if n == -1 else n for n in shape)


@block(
    loops.moved(reshaped, lambda i, old, shape: loops.unflat_index(loops.flat_index(i, reshaped(old, shape)), old)),
    reshaped,
    lambda c, y, x, shape: reshape(c, x.value.shape),
    kind="view",
)
def reshape(tensor: Any, shape: Any) -> Any:
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
    kind="view",
)
def transpose(a: Any, perm: Any = None) -> Any:
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
    kind="view",
)
def broadcast_to(input: Any, shape: Any) -> Any:
    """Return the tensor repeated along axes of size 1, and new ones on the left, up to a shape."""
    return np.broadcast_to(input, shape)


@recordable
def expand_dims(input: Any, axis: int, name: str | None = None) -> Tensor:
    """Return the tensor with a new axis of size 1 at `axis`."""
    x = convert_to_tensor(input)
    sizes = [*x.value.shape, 1]
    sizes.insert(checked_axis(static(axis), sizes), sizes.pop())
    return reshape(x, sizes)


@recordable
def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Return the tensor without its axes of size 1, or without those named."""
    x = convert_to_tensor(input)
    shape, named = x.value.shape, static(axis)
    if named is None or named == ():
        return reshape(x, [n for n in shape if n != 1])
    gone = [checked_axis(a, shape) for a in (named if isinstance(named, tuple) else (named,))]
    wrong = [a for a in gone if shape[a] != 1]
    if wrong:
        raise ShapeError(f"squeeze: axis {wrong[0]} of shape {shape} isn't of size 1.", "name axes that are.")
    return reshape(x, [n for i, n in enumerate(shape) if i not in gone])


# ---------------------------------------------------------------- order and repetition


def _reversed_shape(old: Shape, axis: Any) -> Shape:
    for a in axis if isinstance(axis, tuple) else (axis,):
        checked_axis(a, old)
    return old


def _reversed(i: Any, old: Shape, axis: Any) -> Any:
    return tuple(old[k] - 1 - n if k in loops.axes(axis, len(old)) else n for k, n in enumerate(i))


@block(
    loops.moved(_reversed_shape, _reversed),
    _reversed_shape,
    lambda c, y, x, axis: reverse(c, axis),
    kind="view",
)
def reverse(tensor: Any, axis: Any) -> Any:
    """Return the tensor with the elements along axes in the opposite order."""
    return np.flip(tensor, axis)


def _padded(old: Shape, paddings: Any, constant_values: float = 0) -> Shape:
    if len(paddings) != len(old):
        raise ShapeError(f"{len(paddings)} paddings for shape {old}.", "give a pair (before, after) for each axis.")
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
def pad_constant(tensor: Any, paddings: Any, constant_values: float = 0) -> Any:
    """Return the tensor with `paddings[i] = (before, after)` elements of a constant added along axis i."""
    return np.pad(tensor, paddings, constant_values=constant_values)


# ---------------------------------------------------------------- joining and parting


class _PartOf:
    """The gradient rules of `concat`: input i gets the slice of the cotangent that it filled."""

    def __getitem__(self, i: int) -> Callable[..., Tensor]:
        return partial(self.rule, i)

    @staticmethod
    def rule(i: int, c: Tensor, y: Tensor, *inputs: Tensor, axis: int) -> Tensor:
        start = sum(np.shape(x)[axis] for x in inputs[:i])
        return c[along(axis, slice(start, start + inputs[i].value.shape[axis]), c.value.shape)]


def _concat_shape(*shapes: Shape, axis: int) -> Shape:
    axis = checked_axis(axis, shapes[0])
    rest = {s[:axis] + s[axis + 1 :] for s in shapes}
    if len(rest) > 1:
        raise ShapeError(f"shapes {', '.join(map(str, shapes))} differ besides axis {axis}.", "make them equal there.")
    return (*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])


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


@block(_naive_concat, _concat_shape, inputs=None, kind="same", rules=_PartOf())  # type: ignore[arg-type]
def concatenate(*values: Any, axis: int) -> Any:
    """Return tensors joined along an axis."""
    return np.concatenate(values, axis=axis)


@recordable
def concat(values: Any, axis: int, name: str | None = None) -> Tensor:
    """Return a list of tensors joined along an axis.

    Example:
        >>> import klods
        >>> klods.concat([[1., 2.], [3.]], axis=0).numpy()
        array([1., 2., 3.], dtype=float32)
    """
    parts = values if isinstance(values, (list, tuple)) else list(convert_to_tensor(values))
    if not parts:
        raise DataError("concat: got an empty list of tensors.", "give at least one.")
    return concatenate(*parts, axis=axis)


@recordable
def stack(values: Any, axis: int = 0, name: str | None = None) -> Tensor:
    """Return tensors of one shape joined along a new axis."""
    return concat([expand_dims(x, axis) for x in alike(*values)], axis)


def along(axis: int, key: Any, shape: Shape) -> tuple[Any, ...]:
    """Return the key that picks `key` along one axis, and all of those before it."""
    return (*[slice(None)] * checked_axis(axis, shape), key)


# ---------------------------------------------------------------- type and passage


@block(
    lambda x, dtype: x.astype(str(dtype)),
    lambda shape, dtype: shape,
    lambda c, y, x, dtype: cast(c, x.dtype),
    gives=lambda old, dtype: as_dtype(dtype),
    kind="view",
    quiet=True,
)
def cast(x: Any, dtype: Any) -> Any:
    """Return the elements as another dtype; floats lose their fraction as integers.

    Example:
        >>> import klods
        >>> klods.cast([1.7, -1.7], "int32").numpy()
        array([ 1, -1], dtype=int32)
    """
    return x.astype(as_dtype(dtype), copy=False)


@block(lambda x: x, lambda shape: shape, lambda c, y, x: c, kind="view")
def identity(input: Any) -> Any:
    """Return the same tensor as a new one."""
    return input


@block(lambda x: x, lambda shape: shape, None, kind="view")
def stop_gradient(input: Any) -> Any:
    """Return the same values, through which no gradient flows."""
    return input
