"""Tensors made from nothing: constants, ranges, identity matrices, one-hot codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.dtypes import FLOAT32, INT32, as_dtype
from klods.errors import DataError, ShapeError
from klods.ops.block import alike, checked_axis, recordable, static
from klods.ops.comparison import equal, where
from klods.ops.movement import broadcast_to, cast, expand_dims
from klods.tensor import Tensor, convert_to_tensor


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return a tensor of zeros, float32 by default.

    Example:
        >>> import klods
        >>> klods.zeros((2,)).numpy()
        array([0., 0.], dtype=float32)
    """
    return Tensor(np.zeros(sizes(shape), as_dtype(dtype)))


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return a tensor of ones, float32 by default."""
    return Tensor(np.ones(sizes(shape), as_dtype(dtype)))


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """Return a tensor of one value."""
    return broadcast_to(convert_to_tensor(value), sizes(dims))


@recordable
def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return zeros in the shape and dtype of another tensor."""
    x = convert_to_tensor(input)
    return zeros(x.value.shape, x.dtype if dtype is None else dtype)


@recordable
def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return ones in the shape and dtype of another tensor."""
    x = convert_to_tensor(input)
    return ones(x.value.shape, x.dtype if dtype is None else dtype)


def eye(
    num_rows: int, num_columns: int | None = None, batch_shape: Any = None, dtype: Any = None, name: str | None = None
) -> Tensor:
    """Return ones on the diagonal, zeros elsewhere, repeated along the axes of `batch_shape`."""
    matrix = Tensor(np.eye(*sizes((num_rows, num_rows if num_columns is None else num_columns)), dtype=as_dtype(dtype)))
    return matrix if batch_shape is None else broadcast_to(matrix, (*sizes(batch_shape), *matrix.value.shape))


def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return start, start + delta, ... below limit; from 0 to `start` when it stands alone.

    Example:
        >>> import klods
        >>> klods.range(3).numpy()
        array([0, 1, 2], dtype=int32)
    """
    bounds = (0, start, delta) if limit is None else (start, limit, delta)
    common = alike(*bounds)[0].value.dtype if dtype is None else as_dtype(dtype)
    if static(delta) == 0:
        raise DataError("range: delta is 0.", "give a step above or below 0.")
    return Tensor(np.arange(*map(static, bounds), dtype=common))


def linspace(start: Any, stop: Any, num: int, name: str | None = None, axis: int = 0) -> Tensor:
    """Return `num` evenly spaced numbers from start to stop, both included."""
    first, last = (np.asarray(x.value) for x in alike(start, stop))
    kind = first.dtype if first.dtype.kind == "f" else FLOAT32
    return Tensor(np.linspace(first, last, num, dtype=kind, axis=axis))


@recordable
def one_hot(
    indices: Any,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """Return a vector of `depth` numbers per index: 1 at the index, 0 elsewhere; all 0 for an index outside.

    Args:
        indices: integers, of any shape.
        depth: how many classes there are.
        on_value: what stands at the index, 1 by default.
        off_value: what stands elsewhere, 0 by default.
        axis: where the new axis goes; last by default.
        dtype: that of the values by default, float32 without them.
        name: accepted for TensorFlow's sake, and not used.

    Example:
        >>> import klods
        >>> klods.one_hot([0, 2], 3).numpy()
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    codes = convert_to_tensor(indices)
    place = checked_axis(-1 if axis is None else axis, (*codes.value.shape, depth))
    classes = np.arange(*sizes(depth)).reshape((-1,) + (1,) * (codes.ndim - place))
    hot = equal(expand_dims(codes, place), classes)
    if on_value is None and off_value is None:
        return cast(hot, as_dtype(dtype))
    values = where(hot, 1 if on_value is None else on_value, 0 if off_value is None else off_value)
    return values if dtype is None else cast(values, dtype)


def shape(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """Return the sizes of the axes as a tensor."""
    return Tensor(np.array(convert_to_tensor(input).value.shape, as_dtype(out_type)))


def rank(input: Any, name: str | None = None) -> Tensor:
    """Return the number of axes as a tensor."""
    return Tensor(np.asarray(convert_to_tensor(input).ndim, INT32))


def size(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """Return the number of elements as a tensor."""
    return Tensor(np.asarray(convert_to_tensor(input).size, as_dtype(out_type)))


def sizes(shape: Any) -> tuple[int, ...]:
    """Return the sizes of axes as a tuple; one number is a single axis."""
    given = static(shape)
    sizes = given if isinstance(given, tuple) else (given,)
    if not all(isinstance(n, int) and n >= 0 for n in sizes):
        raise ShapeError(f"A shape is made of whole numbers, 0 or more; got {shape!r}.", "write (2, 3), say.")
    return sizes
