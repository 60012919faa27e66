"""Matrices by their places: diagonals, triangles, transposes. The last two axes are rows and columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.ops.block import recordable, static
from klods.ops.comparison import where
from klods.ops.movement import broadcast_to, cast, concat, reshape, transpose
from klods.ops.picking import gather
from klods.tensor import Tensor, convert_to_tensor


def matrix_transpose(a: Any, name: str | None = None) -> Tensor:
    """Return a tensor with its last two axes swapped."""
    x = convert_to_tensor(a)
    return transpose(x, [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])


@recordable
def band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """Return matrices with 0 outside a band around the diagonal.

    Args:
        input: the matrices.
        num_lower: how many diagonals below the main one stay; all for -1.
        num_upper: how many above; all for -1.
        name: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> klods.linalg.band_part([[1, 2, 3], [4, 5, 6], [7, 8, 9]], -1, 0).numpy()
        array([[1, 0, 0],
               [4, 5, 0],
               [7, 8, 9]], dtype=int32)
    """
    x = convert_to_tensor(input)
    rows, columns = x.value.shape[-2:]
    lower, upper = (n if n >= 0 else rows + columns for n in (static(num_lower), static(num_upper)))
    above = np.arange(columns) - np.arange(rows)[:, None]
    return where((above >= -lower) & (above <= upper), x, 0)


@recordable
def diag(
    diagonal: Any,
    name: str | None = None,
    k: Any = 0,
    num_rows: int = -1,
    num_cols: int = -1,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Tensor:
    """Return matrices with rows on a diagonal.

    Args:
        diagonal: the rows.
        name: accepted for TensorFlow's sake.
        k: which diagonal: those above the main one are numbered from 1, those below from -1.
        num_rows: of the matrix; as few as possible by default.
        num_cols: of the matrix; as few as possible by default.
        padding_value: what stands elsewhere.
        align: accepted for TensorFlow's sake: it is of use for several diagonals.

    Raises:
        DataError: for several diagonals.

    Example:
        >>> import klods
        >>> klods.linalg.diag([1, 2], k=1).numpy()
        array([[0, 1, 0],
               [0, 0, 2],
               [0, 0, 0]], dtype=int32)
    """
    row, number = convert_to_tensor(diagonal), _number(k)
    count, down, right = row.value.shape[-1], max(-number, 0), max(number, 0)
    least = count + max(down, right)
    shape = [count + beside if n == -1 else n for n, beside in ((num_rows, down), (num_cols, right))]
    if num_rows == num_cols == -1:
        shape = [least, least]
    places = np.full(shape, count)
    places[np.arange(count) + down, np.arange(count) + right] = np.arange(count)
    padding = broadcast_to(cast(padding_value, row.dtype), (*row.value.shape[:-1], 1))
    return gather(concat([row, padding], -1), places, axis=-1)


@recordable
def diag_part(
    input: Any, name: str | None = None, k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Tensor:
    """Return a diagonal of matrices, along the last axis.

    Args:
        input: the matrices.
        name: accepted for TensorFlow's sake.
        k: which diagonal: those above the main one are numbered from 1, those below from -1.
        padding_value: accepted for TensorFlow's sake: it is of use for several diagonals.
        align: the same.

    Raises:
        DataError: for several diagonals.

    Example:
        >>> import klods
        >>> klods.linalg.diag_part([[1, 2, 3], [4, 5, 6]], k=1).numpy()
        array([2, 6], dtype=int32)
    """
    x, number = convert_to_tensor(input), _number(k)
    rows, columns = _diagonal(x.value.shape[-2:], number)
    return x[..., rows, columns]


@recordable
def set_diag(input: Any, diagonal: Any, name: str | None = None, k: Any = 0, align: str = "RIGHT_LEFT") -> Tensor:
    """Return matrices with other numbers on a diagonal; see `diag`.

    Example:
        >>> import klods
        >>> klods.linalg.set_diag(klods.ones((2, 2)), [5., 6.]).numpy()
        array([[5., 1.],
               [1., 6.]], dtype=float32)
    """
    x, number = convert_to_tensor(input), _number(k)
    rows, columns = x.value.shape[-2:]
    mask = np.zeros((rows, columns), bool)
    mask[_diagonal((rows, columns), number)] = True
    if np.shape(diagonal)[-1:] != (mask.sum(),):
        raise ShapeError(f"set_diag: {np.shape(diagonal)} numbers for {mask.sum()} places.", "give one for each place.")
    return where(mask, diag(cast(diagonal, x.dtype), k=number, num_rows=rows, num_cols=columns), x)


def _diagonal(shape: tuple[int, ...], number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and columns of the places of a diagonal."""
    rows, columns = shape
    places = np.arange(max(0, min(rows, columns - number, rows + number, columns)))
    return places + max(-number, 0), places + max(number, 0)


def _number(k: Any) -> int:
    number = static(k)
    if not isinstance(number, int):
        raise DataError(f"klods takes one diagonal; got k={number!r}.", "call it once for each.")
    return number


def tensor_diag(diagonal: Any, name: str | None = None) -> Tensor:
    """Return a tensor of twice the axes, in which the elements stand where both halves of the place are the same.

    Example:
        >>> import klods
        >>> klods.linalg.tensor_diag([1, 2]).numpy()
        array([[1, 0],
               [0, 2]], dtype=int32)
    """
    x = convert_to_tensor(diagonal)
    return reshape(diag(reshape(x, (-1,))), (*x.value.shape, *x.value.shape))


def tensor_diag_part(input: Any, name: str | None = None) -> Tensor:
    """Return the elements that `tensor_diag` puts there."""
    x = convert_to_tensor(input)
    shape = x.value.shape[: x.ndim // 2]
    size = math.prod(shape)
    return reshape(diag_part(reshape(x, (size, size))), shape)
