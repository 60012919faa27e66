"""Keras's `keras.ops` that turn, cut, join and spread tensors, in terms of those in `shapes`."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from klods import dtypes, linalg, matrices, places
from klods.errors import ArgumentError, ShapeError
from klods.keras import config
from klods.keras.ops.names import cast, exp, log, power, reshape, transpose, zeros, zeros_like
from klods.keras.ops.numbers import diagonal
from klods.keras.ops.shapes import (
    concatenate,
    expand_dims,
    flip,
    linspace,
    moveaxis,
    pad,
    ravel,
    split,
    swapaxes,
    where,
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


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the powers of each number of a row, as the rows of a Vandermonde matrix: highest first by default."""
    row = convert_to_tensor(x)
    exponents = np.arange(row.size if N is None else N)
    return power(expand_dims(row, -1), convert_to_tensor(exponents if increasing else exponents[::-1], row.dtype))


def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Tensor:
    """Return the vectors at right angles on pairs of vectors of 3; of vectors of 2, their last number alone.

    Args:
        x1: vectors.
        x2: vectors.
        axisa: the axis of x1 along which they are.
        axisb: that of x2.
        axisc: that of the result.
        axis: instead of all three.

    Raises:
        ShapeError: for vectors of other lengths.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    flat = a.value.shape[-1] == b.value.shape[-1] == 2
    vectors = linalg.cross(_of_three(a), _of_three(b))
    return vectors[..., 2] if flat else moveaxis(vectors, -1, axisc)


def _of_three(vectors: Tensor) -> Tensor:
    """Return vectors of 2 with a 0 behind; others as they are."""
    return pad(vectors, (*[(0, 0)] * (vectors.ndim - 1), (0, int(vectors.value.shape[-1] == 2))))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
    """Return, place by place, the choice of the first condition that holds, else the default.

    Raises:
        ArgumentError: for more or fewer choices than conditions.

    Example:
        >>> select([[True, False, False], [True, True, False]], [[1, 1, 1], [2, 2, 2]], 9).numpy()
        array([1, 2, 9], dtype=int32)
    """
    if len(condlist) != len(choicelist):
        raise ArgumentError(f"select: {len(condlist)} conditions, {len(choicelist)} choices.", "give one for each.")
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        chosen = where(condition, choice, chosen)
    return convert_to_tensor(chosen)


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Tensor:
    """Return a tensor with its axes cut, moved and joined as a pattern says, in the notation of einops.

    Args:
        tensor: the tensor.
        pattern: the names of the axes before and after an arrow; those in brackets are one axis together.
        axes_lengths: sizes of names in brackets on the left, all but at most one of each.

    Raises:
        ArgumentError: for a pattern that isn't one, or other names on the two sides.
        ShapeError: for axes or sizes that don't fit the tensor.

    Source: Rogozhnikov 2022, "Einops: clear and reliable tensor manipulations with Einstein-like notation".

    Example:
        >>> rearrange([[1, 2, 3, 4]], "a (b c) -> (a c) b", c=2).numpy()
        array([[1, 3],
               [2, 4]], dtype=int32)
    """
    x, sides = convert_to_tensor(tensor), pattern.split("->")
    before, after = (_groups(side) for side in sides) if len(sides) == 2 else ([], [])
    names, wanted = ([name for group in groups for name in group] for groups in (before, after))
    if sorted(names) != sorted(wanted) or len(set(names)) < len(names) or not names:
        raise ArgumentError(
            f"rearrange: {pattern!r} has other names on its two sides.", "write 'a b c -> (a b) c', say."
        )
    if len(before) != x.ndim:
        raise ShapeError(f"rearrange: {pattern!r} has {len(before)} axes, the shape is {x.value.shape}.", "name each.")
    sizes: dict[str, int] = {}
    for group, size in zip(before, x.value.shape):
        sizes |= _sizes(group, size, axes_lengths)
    cut = transpose(reshape(x, [sizes[name] for name in names]), [names.index(name) for name in wanted])
    return reshape(cut, [math.prod(sizes[name] for name in group) for group in after])


def _groups(side: str) -> list[list[str]]:
    """Return the names of each axis on one side of a pattern."""
    return [word.strip("()").split() for word in re.findall(r"\([^()]*\)|\w+", side)]


def _sizes(group: list[str], size: int, given: dict[str, int]) -> dict[str, int]:
    """Return the sizes of the names that are one axis together."""
    known = {name: given[name] for name in group if name in given}
    product, unknown = math.prod(known.values()), [name for name in group if name not in known]
    if len(unknown) > 1 or size % product or (not unknown and product != size):
        raise ShapeError(f"rearrange: an axis of {size} can't be cut into {group}, with {known}.", "give other sizes.")
    return {**known, **dict.fromkeys(unknown, size // product)}
