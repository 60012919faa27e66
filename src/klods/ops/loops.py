"""The naive readings of the blocks that are not pointwise: what they mean, in plain loops over indices."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Index = tuple[int, ...]


def indices(shape: Shape) -> Iterator[Index]:
    """Yield every index of an array of this shape, in row-major order."""
    return product(*(range(size) for size in shape))


def axes(axis: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """Return the axes meant by `axis` as non-negative numbers; None means all."""
    if axis is None:
        return tuple(range(rank))
    return tuple(a % rank if rank else a for a in (axis if isinstance(axis, tuple) else (axis,)))


def reduced_shape(shape: Shape, axis: Any = None, keepdims: bool = False) -> Shape:
    """Return the shape after a reduction along `axis`."""
    gone = axes(axis, len(shape))
    return tuple(1 if i in gone else n for i, n in enumerate(shape) if keepdims or i not in gone)


def fold(initial: float, combine: Callable[[Any, Any], Any]) -> Callable[..., np.ndarray]:
    """Return the loop of a reduction that starts from `initial` and combines one element at a time."""

    def loop(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> np.ndarray:
        gone = axes(axis, x.ndim)
        result = np.full(reduced_shape(x.shape, axis, True), initial, object)
        for index in indices(x.shape):
            kept = tuple(0 if i in gone else n for i, n in enumerate(index))
            result[kept] = combine(result[kept], x[index].item())
        return np.array(result.tolist()).reshape(reduced_shape(x.shape, axis, keepdims))

    return loop


def mean(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> np.ndarray:
    """Return the mean along axes; NaN of no elements."""
    count = math.prod(x.shape[a] for a in axes(axis, x.ndim))
    return fold(0 if count else math.nan, operator.add)(x, axis, keepdims) / max(count, 1)


def first_best(better: Callable[[Any, Any], bool]) -> Callable[..., np.ndarray]:
    """Return the loop that finds the first index along an axis whose value beats all before it, as NaN does."""

    def loop(x: np.ndarray, axis: int | None = 0, output_type: Any = "int64") -> np.ndarray:
        axis = axis or 0
        best = np.zeros(reduced_shape(x.shape, axis), np.int64)
        for index in indices(best.shape):
            row = list(np.moveaxis(x, axis, -1)[index])
            for i, value in enumerate(row):
                present = row[best[index]]
                if better(value, present) or (value != value and present == present):
                    best[index] = i
        return best

    return loop


def cumulative(x: np.ndarray, axis: int = 0) -> np.ndarray:
    """Return the running sums along an axis."""
    result = x.astype(float)
    for index in indices(x.shape):
        if index[axis]:
            before = list(index)
            before[axis] -= 1
            result[index] += result[tuple(before)]
    return result


def softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return softmax, one row at a time."""
    return by_row(logits, axis, lambda row: [math.exp(x) / sum(map(math.exp, row)) for x in row])


def log_softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the logarithm of softmax, one row at a time."""
    return by_row(logits, axis, lambda row: [x - math.log(sum(map(math.exp, row))) for x in row])


def matmul(a: np.ndarray, b: np.ndarray, transpose_a: bool = False, transpose_b: bool = False) -> np.ndarray:
    """Return the matrix product: each element a sum over one row of a and one column of b."""
    a = np.swapaxes(a, -1, -2) if transpose_a and a.ndim > 1 else a
    b = np.swapaxes(b, -1, -2) if transpose_b and b.ndim > 1 else b
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = np.broadcast_to(left, batch + left.shape[-2:])
    right = np.broadcast_to(right, batch + right.shape[-2:])
    result = np.zeros((*batch, left.shape[-2], right.shape[-1]))
    for *outer, i, j in indices(result.shape):
        row, column = left[tuple(outer)][i], right[tuple(outer)][:, j]
        result[tuple(outer)][i, j] = sum(row[k] * column[k] for k in range(len(row)))
    result = result[..., 0, :] if a.ndim == 1 else result
    return result[..., 0] if b.ndim == 1 else result


def einsum(*operands: np.ndarray, equation: str) -> np.ndarray:
    """Return the sum of products over every letter that the output doesn't name."""
    inputs, output = equation.split("->")
    letters = inputs.split(",")
    sizes = {letter: n for word, x in zip(letters, operands) for letter, n in zip(word, x.shape)}
    summed = [letter for letter in sizes if letter not in output]
    result = np.zeros([sizes[letter] for letter in output])
    for index in indices(result.shape):
        for inner in indices(tuple(sizes[letter] for letter in summed)):
            at = dict(zip([*output, *summed], (*index, *inner)))
            result[index] += math.prod(x[tuple(at[i] for i in word)].item() for word, x in zip(letters, operands))
    return result


def moved(shape: Callable[..., Shape], source: Callable[..., Index]) -> Callable[..., np.ndarray]:
    """Return the loop of a block that only moves elements.

    Args:
        shape: the block's shape rule.
        source: `source(index, *shapes, **attributes)`, the input index that the output's `index` reads.
    """

    def loop(x: np.ndarray, **attributes: Any) -> np.ndarray:
        result = np.empty(shape(x.shape, **attributes), x.dtype)
        for index in indices(result.shape):
            result[index] = x[source(index, x.shape, **attributes)]
        return result

    return loop


def flat_index(index: Index, shape: Shape) -> int:
    """Return the place of an index in row-major order."""
    place = 0
    for i, size in zip(index, shape):
        place = place * size + i
    return place


def unflat_index(place: int, shape: Shape) -> Index:
    """Return the index at a place in row-major order."""
    index = []
    for size in reversed(shape):
        index.append(place % size)
        place //= size
    return tuple(reversed(index))


def by_row(x: np.ndarray, axis: int, function: Callable[[list[Any]], list[Any]]) -> np.ndarray:
    """Apply a function of lists to each row along an axis."""
    rows = np.moveaxis(x, axis, -1)
    result = np.empty(rows.shape)
    for index in indices(rows.shape[:-1]):
        result[index] = function(rows[index].tolist())
    return np.moveaxis(result, -1, axis)
