"""Keras's `keras.ops` that turn, cut, join and spread tensors, in terms of those in `shapes`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods import dtypes, matrices, places
from klods.keras import config
from klods.keras.ops.names import cast, exp, log, reshape, zeros, zeros_like
from klods.keras.ops.numbers import diagonal
from klods.keras.ops.shapes import (
    concatenate,
    flip,
    linspace,
    ravel,
    split,
    swapaxes,
)
from klods.tensor import Tensor, convert_to_tensor


def dtype(x: Any) -> str:
    """Return the name of a tensor's dtype."""
    return dtypes.dtype_of(x.dtype).name


def empty(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of a shape; its elements are 0, though they needn't be."""
    return zeros(shape, dtype or config.floatx())


def empty_like(x: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of the shape of another; its elements are 0, though they needn't be."""
    return zeros_like(x, dtype)


def fliplr(x: Any) -> Tensor:
    """Return the tensor with its second axis in the opposite order."""
    return flip(x, 1)


def flipud(x: Any) -> Tensor:
    """Return the tensor with its first axis in the opposite order."""
    return flip(x, 0)


def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """Return the tensor turned k times by a quarter, from the first of two axes towards the second."""
    for _ in range(k % 4):
        array = flip(swapaxes(array, *axes), axes[0])
    return convert_to_tensor(array)


def dstack(xs: Any) -> Tensor:
    """Return tensors joined along the third axis, rows and matrices with one of size 1 added."""
    return concatenate([_deep(convert_to_tensor(x)) for x in xs], 2)


def _deep(x: Tensor) -> Tensor:
    shape = x.value.shape
    return x if x.ndim > 2 else reshape(x, (*[1] * (2 - x.ndim), *shape, 1))


def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return a tensor cut along the second axis, or the first when it has no other."""
    return split(x, indices_or_sections, 1 if convert_to_tensor(x).ndim > 1 else 0)


def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return a tensor cut along the first axis."""
    return split(x, indices_or_sections, 0)


def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return a tensor cut along the third axis."""
    return split(x, indices_or_sections, 2)


def array_split(x: Any, indices_or_sections: int, axis: int = 0) -> list[Tensor]:
    """Return a tensor cut along an axis into a number of parts as equal as can be, longer ones first."""
    size, longer = divmod(convert_to_tensor(x).value.shape[axis], indices_or_sections)
    return split(x, np.cumsum([size + (i < longer) for i in range(indices_or_sections - 1)]), axis)


def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Return the coordinates of the grid that rows of numbers span; see `klods.meshgrid`."""
    return places.meshgrid(*x, indexing=indexing)


def diag(x: Any, k: int = 0) -> Tensor:
    """Return the matrix with a row on its k-th diagonal, or the k-th diagonal of a matrix."""
    x = convert_to_tensor(x)
    return diagflat(x, k) if x.ndim == 1 else diagonal(x, k)


def diagflat(x: Any, k: int = 0) -> Tensor:
    """Return the matrix with all elements of a tensor on its k-th diagonal."""
    return matrices.diag(ravel(convert_to_tensor(x)), k=k)


def kron(x1: Any, x2: Any) -> Tensor:
    """Return the Kronecker product: x2 in the place of each element of x1, times it."""
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    rank = max(a.ndim, b.ndim)
    first, second = ([1] * (rank - x.ndim) + list(x.value.shape) for x in (a, b))
    outer = reshape(a, [n for size in first for n in (size, 1)])
    inner = reshape(b, [n for size in second for n in (1, size)])
    return reshape(outer * inner, [m * n for m, n in zip(first, second)])


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0
) -> Tensor:
    """Return powers of a base whose exponents are evenly spaced."""
    powers = exp(linspace(start, stop, num, endpoint, config.floatx(), axis) * math.log(base))
    return powers if dtype is None else cast(powers, dtype)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Tensor:
    """Return positive numbers each of which is the same multiple of the one before."""
    first, last = (log(cast(end, config.floatx())) for end in (start, stop))
    numbers = exp(linspace(first, last, num, endpoint, config.floatx(), axis))
    return numbers if dtype is None else cast(numbers, dtype)
