"""Tensors made from nothing: constants, ranges, identity matrices, one-hot codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.dtypes import FLOAT32, INT32, as_array, as_dtype
from klods.ops.arithmetic import multiply
from klods.ops.block import static
from klods.ops.comparison import equal
from klods.ops.movement import cast, expand_dims
from klods.tensor import Tensor, TensorLike, convert_to_tensor


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return a tensor of zeros, float32 by default.

    Example:
        >>> import klods
        >>> klods.zeros((2,)).numpy()
        array([0., 0.], dtype=float32)
    """
    return Tensor(np.zeros(static(shape), as_dtype(dtype)))


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return a tensor of ones, float32 by default."""
    return Tensor(np.ones(static(shape), as_dtype(dtype)))


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """Return a tensor of one value."""
    start = as_array(value.value if isinstance(value, TensorLike) else value)
    return Tensor(np.full(static(dims), start, start.dtype))


def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return zeros in the shape and dtype of another tensor."""
    return Tensor(np.zeros_like(convert_to_tensor(input).value, None if dtype is None else as_dtype(dtype)))


def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return ones in the shape and dtype of another tensor."""
    return Tensor(np.ones_like(convert_to_tensor(input).value, None if dtype is None else as_dtype(dtype)))


def eye(num_rows: int, num_columns: int | None = None, dtype: Any = None) -> Tensor:
    """Return ones on the diagonal, zeros elsewhere."""
    return Tensor(np.eye(num_rows, num_columns, dtype=as_dtype(dtype)))


def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return start, start + delta, ... below limit; from 0 to `start` when it stands alone.

    Example:
        >>> import klods
        >>> klods.range(3).numpy()
        array([0, 1, 2], dtype=int32)
    """
    bounds = [static(x) for x in ((0, start) if limit is None else (start, limit))] + [static(delta)]
    default = FLOAT32 if any(isinstance(x, float) for x in bounds) else INT32
    return Tensor(np.arange(*bounds, dtype=default if dtype is None else as_dtype(dtype)))


def linspace(start: Any, stop: Any, num: int) -> Tensor:
    """Return `num` evenly spaced numbers from start to stop, both included."""
    return Tensor(np.linspace(static(start), static(stop), num, dtype=FLOAT32))


def one_hot(
    indices: Any, depth: int, on_value: Any = None, off_value: Any = None, axis: int = -1, dtype: Any = None
) -> Tensor:
    """Return a vector of `depth` numbers per index: 1 at the index, 0 elsewhere; all 0 for an index outside.

    Example:
        >>> import klods
        >>> klods.one_hot([0, 2], 3).numpy()
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    codes = convert_to_tensor(indices)
    axis = axis % (codes.ndim + 1)
    places = np.arange(depth).reshape((-1,) + (1,) * (codes.ndim - axis))
    hot = cast(equal(expand_dims(codes, axis), places), as_dtype(dtype))
    if on_value is None and off_value is None:
        return hot
    on, off = 1 if on_value is None else on_value, 0 if off_value is None else off_value
    return multiply(hot, on - off) + off


def shape(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """Return the sizes of the axes as a tensor."""
    return Tensor(np.array(convert_to_tensor(input).value.shape, as_dtype(out_type)))


def rank(input: Any) -> Tensor:
    """Return the number of axes as a tensor."""
    return Tensor(np.asarray(convert_to_tensor(input).ndim, INT32))


def size(input: Any, out_type: Any = "int32") -> Tensor:
    """Return the number of elements as a tensor."""
    return Tensor(np.asarray(convert_to_tensor(input).size, as_dtype(out_type)))
