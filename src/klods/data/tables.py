"""Tables: what a dataset looks its elements up in, one at a time or many at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Protocol

import numpy as np

from klods.compiled import TensorSpec
from klods.data import structure
from klods.dtypes import int64
from klods.errors import DataError, ShapeError
from klods.structures import leaves, mapped, rebuilt
from klods.tensor import Tensor


class Table(Protocol):
    """What elements are looked up in."""

    def row(self, key: Any) -> Any:
        """Return the element of a key."""

    def rows(self, keys: list[Any]) -> Any:
        """Return the elements of keys, stacked along a new first axis."""

    def spec(self) -> Any:
        """Return the shapes and dtypes of an element."""


class Slices:
    """The slices of tensors along their first axis, by their places.

    Args:
        whole: a structure of tensors of equal length.
    """

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self._arrays = [tensor.value for tensor in leaves(whole)]

    def row(self, key: int) -> Any:
        return self._like_whole(array[key] for array in self._arrays)

    def rows(self, keys: list[int]) -> Any:
        places = np.array(keys)
        return self._like_whole(array.take(places, 0, mode="clip") for array in self._arrays)

    def spec(self) -> Any:
        return mapped(lambda x: TensorSpec(tuple(x.shape[1:]), x.dtype), self._whole)

    def _like_whole(self, arrays: Any) -> Any:
        return rebuilt(self._whole, map(Tensor, arrays))


class Windows:
    """Parts of an array: of each place, what lies at fixed distances after it.

    Args:
        array: what they are parts of.
        offsets: the distances.
    """

    def __init__(self, array: np.ndarray, offsets: np.ndarray) -> None:
        self._array, self._offsets = array, offsets

    def row(self, key: int) -> Tensor:
        return Tensor(self._array[key + self._offsets])

    def rows(self, keys: list[int]) -> Tensor:
        return Tensor(self._array[np.array(keys)[:, None] + self._offsets])

    def spec(self) -> TensorSpec:
        return structure.spec(self.row(0))


class Numbers:
    """Whole numbers, each its own key."""

    def row(self, key: int) -> Tensor:
        return Tensor(np.int64(key))

    def rows(self, keys: list[int]) -> Tensor:
        return Tensor(np.array(keys, np.int64))

    def spec(self) -> TensorSpec:
        return TensorSpec((), int64)


class Made:
    """Elements that are made as they come: each is its own key.

    Args:
        spec: returns their shapes and dtypes.
    """

    def __init__(self, spec: Callable[[], Any]) -> None:
        self.spec = spec

    def row(self, key: Any) -> Any:
        return key

    def rows(self, keys: list[Any]) -> Any:
        return stacked(keys, lambda arrays, _: _together(arrays))


class Part:
    """One tensor of each element of a table whose elements are tuples and dicts.

    Args:
        table: the table.
        place: which of the tensors.
    """

    def __init__(self, table: Table, place: int) -> None:
        self._table, self._place = table, place

    def row(self, key: Any) -> Any:
        return leaves(self._table.row(key))[self._place]

    def rows(self, keys: list[Any]) -> Any:
        return leaves(self._table.rows(keys))[self._place]

    def spec(self) -> Any:
        return leaves(self._table.spec())[self._place]


class Zipped:
    """Elements of several tables side by side.

    Args:
        tables: a structure of tables.
    """

    def __init__(self, tables: Any) -> None:
        self._tables, self._parts = tables, leaves(tables)

    def row(self, key: tuple[Any, ...]) -> Any:
        return rebuilt(self._tables, (table.row(k) for table, k in zip(self._parts, key)))

    def rows(self, keys: list[tuple[Any, ...]]) -> Any:
        return rebuilt(self._tables, (table.rows(list(k)) for table, k in zip(self._parts, zip(*keys))))

    def spec(self) -> Any:
        return rebuilt(self._tables, (table.spec() for table in self._parts))


def stacked(elements: list[Any], stack: Callable[[list[Any], int], np.ndarray]) -> Any:
    """Return elements as one, of the arrays that `stack` makes of theirs at each place in the structure.

    Raises:
        DataError: for elements of different structures.
    """
    form = _form(elements[0])
    for other in elements:
        if type(other) is not Tensor and _form(other) != form:
            raise DataError(
                f"batch: elements differ in structure: {form} and {_form(other)}.", "give all the same parts."
            )
    columns = [[tensor.value for tensor in column] for column in zip(*[leaves(element) for element in elements])]
    return rebuilt(elements[0], iter([Tensor(stack(arrays, place)) for place, arrays in enumerate(columns)]))


def _together(arrays: list[Any]) -> np.ndarray:
    try:
        return np.array(arrays)
    except ValueError:
        shapes = sorted({tuple(array.shape) for array in arrays})
        raise ShapeError(
            f"batch: elements have different shapes: {' and '.join(map(str, shapes[:2]))}.",
            "give all the same shape with map, or use padded_batch.",
        ) from None


def _form(element: Any) -> Hashable:
    return str(mapped(lambda x: "tensor", element)).replace("'tensor'", "tensor")
