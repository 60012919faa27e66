"""Filling elements up to a common shape, for `padded_batch`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from klods.compiled import TensorSpec
from klods.errors import DataError, DTypeError, ShapeError
from klods.structures import leaves, rebuilt
from klods.tensor import convert_to_tensor


def padded(element: Any, shapes: Any, values: Any) -> Callable[[list[Any], int], np.ndarray]:
    """Return what stacks the arrays at a place of elements like `element`, filled up.

    Args:
        element: one of them.
        shapes: as `padded_batch` takes them.
        values: as `padded_batch` takes them.
    """
    count = len(leaves(element))
    wanted = [None] * count if shapes is None else _per_leaf(element, shapes)
    fills = values if values is None or isinstance(values, (tuple, dict)) else [values] * count
    fills = [None] * count if fills is None else leaves(fills)
    if len(fills) != count:
        raise DataError(f"padded_batch: {len(fills)} padding values for {count} parts.", "give one for each part.")
    return lambda arrays, place: _filled(arrays, wanted[place], fills[place])


def padded_spec(spec: Any, shapes: Any) -> Any:
    """Return the spec of filled up elements."""
    wanted = [None] * len(leaves(spec)) if shapes is None else _per_leaf(spec, shapes)
    parts = [TensorSpec(s.shape if w is None else tuple(w), s.dtype) for s, w in zip(leaves(spec), wanted)]
    return rebuilt(spec, iter(parts))


def _per_leaf(structure: Any, shapes: Any) -> list[Any]:
    """Return shapes, which stand in the same structure, in the order of its leaves.

    Raises:
        DataError: for another structure, or what is no shape.
    """
    if isinstance(structure, dict):
        if not isinstance(shapes, dict) or shapes.keys() != structure.keys():
            raise _no_shapes(shapes, f"a dict of a shape for each of {', '.join(map(str, structure))}")
        return [shape for key in structure for shape in _per_leaf(structure[key], shapes[key])]
    if isinstance(structure, tuple):
        if not isinstance(shapes, (tuple, list)) or len(shapes) != len(structure):
            raise _no_shapes(shapes, f"a tuple of {len(structure)} shapes")
        return [shape for part, wanted in zip(structure, shapes) for shape in _per_leaf(part, wanted)]
    if shapes is None:
        return [None]
    try:
        return [[None if n in (None, -1) else operator.index(n) for n in shapes]]
    except TypeError:
        raise _no_shapes(shapes, "a shape") from None


def _no_shapes(given: Any, expected: str) -> DataError:
    return DataError(f"padded_batch: expected {expected}; got {given!r}.", "write [None] for rows of any length, say.")


def _filled(arrays: list[Any], wanted: list[int | None] | None, fill: Any) -> np.ndarray:
    ranks = {array.ndim for array in arrays} | ({len(wanted)} if wanted is not None else set())
    if len(ranks) > 1:
        raise ShapeError(f"padded_batch: elements have {sorted(ranks)} axes.", "give all the same number of axes.")
    longest = [max(sizes) for sizes in zip(*[array.shape for array in arrays])]
    shape = [n if want is None else want for n, want in zip(longest, wanted or [None] * len(longest))]
    if any(n > size for n, size in zip(longest, shape)):
        raise ShapeError(f"padded_batch: an element of {tuple(longest)} is larger than {tuple(shape)}.", "use None.")
    batch = np.full((len(arrays), *shape), *_fill(fill, np.result_type(*arrays)))
    for i, array in enumerate(arrays):
        place = (slice(i, i + 1), *map(slice, array.shape))
        batch[place] = array
    return batch


def _fill(given: Any, dtype: np.dtype) -> tuple[Any, np.dtype]:
    """Return what to fill up with, 0 or no text for None, and the dtype of a batch.

    Raises:
        DTypeError: for what that dtype can't hold.
    """
    if given is None:
        return b"" if dtype.kind == "S" else 0, dtype
    value = convert_to_tensor(given).value
    if (value.dtype.kind == "S") != (dtype.kind == "S") or (dtype.kind in "biu" and value.astype(dtype) != value):
        raise DTypeError(f"padded_batch: {dtype} can't hold the padding value {given!r}.", "give one that it can.")
    return value, np.result_type(value, dtype) if dtype.kind == "S" else dtype
