"""Steps of a dataset that carry something along, or whose elements are datasets: the part of `Dataset` for these."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from klods.data import checks, counts, streams, structure
from klods.data.counts import UNKNOWN_CARDINALITY
from klods.data.tables import Made, Part, Table
from klods.errors import ArgumentError, DataError, DTypeError
from klods.structures import leaves, mapped, rebuilt

AT_ONCE = 2  # datasets that `interleave` reads from by default, on whatever machine


class Flows:
    """What `Dataset` has beside choosing, ordering and batching."""

    element_spec: Any

    def __init__(
        self, keys: Callable[[], Iterator[Any]], table: Table, count: int, batch_size: int | None = None
    ) -> None:
        self._keys, self._table, self._count, self.batch_size = keys, table, count, batch_size

    def __iter__(self) -> Iterator[Any]:
        return map(self._table.row, self._keys())

    # ------------------------------------------------------------ datasets of datasets

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: bool = False, name: str | None = None
    ) -> Any:
        """Return datasets of neighbours: each a window on the elements.

        Of elements that are tuples or dicts a window is a tuple or dict of datasets.

        Args:
            size: elements of a window.
            shift: how many elements further the next window begins; its size by default.
            stride: the distance of a window's elements.
            drop_remainder: whether windows at the end that are not full are left out.
            name: accepted for TensorFlow's sake.

        Example:
            >>> import klods
            >>> windows = klods.data.Dataset.range(5).window(3, shift=1, drop_remainder=True)
            >>> [window.numpy().tolist() for window in windows.flat_map(lambda w: w.batch(3))]
            [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
        """
        length, apart = checks.whole("size", size, 1), checks.whole("stride", stride, 1)
        step = length if shift is None else checks.whole("shift", shift, 1)

        def windows() -> Iterator[Any]:
            for keys in streams.windows(self._keys(), length, step, apart, drop_remainder):
                like = self._table.row(keys[0])
                yield rebuilt(like, (self._picked(keys, Part(self._table, i)) for i in range(len(leaves(like)))))

        fixed = length if drop_remainder else None
        spec = Made(lambda: mapped(lambda part: DatasetSpec(part, type(self), fixed), self.element_spec))
        return type(self)(windows, spec, counts.windows(self._count, length, step, apart, drop_remainder))

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> Any:
        """Return the elements of the datasets that a function makes of each element, one after the other.

        Raises:
            ArgumentError: while iterating, for a function that returns no dataset.

        Example:
            >>> import klods
            >>> numbers = klods.data.Dataset.range(1, 4)
            >>> [int(x) for x in numbers.flat_map(lambda n: klods.data.Dataset.from_tensors(n).repeat(int(n)))]
            [1, 2, 2, 3, 3, 3]
        """
        checks.function("flat_map", map_func)
        return self.interleave(map_func, 1)

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any = None,
        block_length: Any = None,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Any:
        """Return the elements of the datasets that a function makes of each element, taken from several by turns.

        Args:
            map_func: makes a dataset of an element.
            cycle_length: from how many datasets at once; 2 by default.
            block_length: how many elements in a row from one; 1 by default.
            num_parallel_calls: accepted for TensorFlow's sake; elements are made one after the other.
            deterministic: accepted for TensorFlow's sake.
            name: accepted for TensorFlow's sake.

        Raises:
            ArgumentError: while iterating, for a function that returns no dataset.

        Example:
            >>> import klods
            >>> tens = klods.data.Dataset.range(1, 4).interleave(lambda n: klods.data.Dataset.range(10 * n, 10 * n + 2))
            >>> [int(x) for x in tens]
            [10, 20, 11, 21, 30, 31]
        """
        checks.function("interleave", map_func)
        at_once = AT_ONCE if cycle_length in (None, -1) else checks.whole("cycle_length", cycle_length, 1)
        block = 1 if block_length is None else checks.whole("block_length", block_length, 1)

        def made() -> Iterator[Any]:
            return (iter(self._dataset_of(map_func, element)) for element in self)

        spec = Made(lambda: structure.outcome(map_func, self.element_spec).element_spec)
        return type(self)(lambda: streams.by_turns(made(), at_once, block), spec, UNKNOWN_CARDINALITY)

    # ------------------------------------------------------------ states

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any], name: str | None = None) -> Any:
        """Return the state after all elements.

        Args:
            initial_state: tensors in any structure.
            reduce_func: makes the next state of a state and an element, which it gets as two arguments.
            name: accepted for TensorFlow's sake.

        Raises:
            DTypeError: for a next state of other parts or dtypes.

        Example:
            >>> import klods
            >>> int(klods.data.Dataset.range(5).reduce(klods.constant(0, klods.int64), lambda total, x: total + x))
            10
        """
        checks.function("reduce", reduce_func)
        state = structure.tensors(initial_state)
        for element in self:
            state = _next_state("reduce", state, structure.given_back(structure.called(reduce_func, state, element)))
        return state

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name: str | None = None) -> Any:
        """Return what a function makes of each element and a state that it carries along.

        Args:
            initial_state: tensors in any structure.
            scan_func: makes the next state and a new element of a state and an element.
            name: accepted for TensorFlow's sake.

        Example:
            >>> import klods
            >>> sums = klods.data.Dataset.range(1, 5).scan(klods.constant(0, klods.int64), lambda s, x: (s + x, s + x))
            >>> [int(x) for x in sums]
            [1, 3, 6, 10]
        """
        checks.function("scan", scan_func)
        start = structure.tensors(initial_state)

        def elements() -> Iterator[Any]:
            state = start
            for element in self:
                following, made = _pair(structure.called(scan_func, state, element))
                state = _next_state("scan", state, structure.given_back(following))
                yield structure.given_back(made)

        given = structure.spec(start)

        def made_of(state: Any, element: Any) -> Any:
            return _pair(structure.called(scan_func, state, element))[1]

        spec = Made(lambda: structure.outcome(made_of, (given, self.element_spec)))
        return type(self)(elements, spec, self._count)

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Any:
        """Return the elements before the first one for which a function returns False."""
        checks.function("take_while", predicate)

        def holds(key: Any) -> bool:
            return checks.truth("take_while", structure.applied(predicate, self._table.row(key)))

        return self._ordered(lambda: itertools.takewhile(holds, self._keys()), UNKNOWN_CARDINALITY)

    def unique(self, name: str | None = None) -> Any:
        """Return the elements without those that came before."""

        def contents(key: Any) -> Any:
            return tuple((x.value.dtype, x.value.shape, x.value.tobytes()) for x in leaves(self._table.row(key)))

        return self._ordered(lambda: streams.first_ones(self._keys(), contents), UNKNOWN_CARDINALITY)

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Any:
        """Return every num_shards-th element, from that of an index on.

        Raises:
            DataError: for an index that is not below num_shards.
        """
        step, first = checks.whole("num_shards", num_shards, 1), checks.whole("index", index, 0)
        if first >= step:
            raise DataError(f"shard: index {first} of {step} shards.", f"use 0 to {step - 1}.")
        left = counts.batches(max(self._count - first, 0), step, False) if self._count >= 0 else self._count
        return self._ordered(lambda: itertools.islice(self._keys(), first, None, step), left)

    # ------------------------------------------------------------ whole datasets

    def apply(self, transformation_func: Callable[[Any], Any]) -> Any:
        """Return what a function makes of the dataset."""
        checks.function("apply", transformation_func)
        return transformation_func(self)

    def get_single_element(self, name: str | None = None) -> Any:
        """Return the element of a dataset that has one.

        Raises:
            DataError: for a dataset that has none, or more.
        """
        first = list(itertools.islice(iter(self), 2))
        if len(first) != 1:
            raise DataError(f"The dataset has {'more than one element' if first else 'none'}.", "use take(1).")
        return first[0]

    # ------------------------------------------------------------ parts

    def as_spec(self) -> DatasetSpec:
        """Return what describes this dataset as an element of another one."""
        return DatasetSpec(self.element_spec, type(self))

    def _picked(self, keys: list[Any], table: Table | None = None) -> Any:
        return type(self)(lambda: iter(keys), table or self._table, len(keys))

    def _ordered(self, keys: Callable[[], Iterator[Any]], count: int) -> Any:
        """Return a dataset of keys into the same table."""
        return type(self)(keys, self._table, count)

    def _dataset_of(self, function: Callable[..., Any], element: Any) -> Any:
        result = structure.applied(function, element)
        if not isinstance(result, Flows):
            raise ArgumentError(
                f"The function returned {type(result).__name__}, not a dataset.",
                "return one, as klods.data.Dataset.from_tensors(x) is.",
            )
        return result


class DatasetSpec:
    """What a dataset is like that is an element of another one.

    Args:
        element_spec: the shapes and dtypes of its elements.
        kind: its class.
        count: how many elements it has; None if that varies.
    """

    def __init__(self, element_spec: Any, kind: Any, count: int | None = None) -> None:
        self.element_spec, self.kind, self.count = element_spec, kind, count

    def filled(self, size: int, number: int) -> Any:
        """Return such a dataset whose elements are a number, with `size` for what is unknown."""
        element, count = structure.filled(self.element_spec, size, number), self.count or size
        return self.kind(lambda: itertools.repeat(element, count), Made(lambda: self.element_spec), count)

    def common(self, other: DatasetSpec) -> DatasetSpec:
        """Return what describes this and another."""
        return DatasetSpec(structure.common(self.element_spec, other.element_spec), self.kind)

    def __repr__(self) -> str:
        return f"DatasetSpec({self.element_spec})"


def _pair(result: Any) -> tuple[Any, Any]:
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ArgumentError(
            f"scan's function returned {structure.short(result)}, not a state and an element.",
            "return both in a tuple.",
        )
    return result[0], result[1]


State = TypeVar("State")


def _next_state(step: str, state: State, following: State) -> State:
    if not structure.same_kind(state, following):
        raise DTypeError(
            f"{step}: the state is {structure.spec(state)}, the next one {structure.spec(following)}.",
            "let the function return a state of the same parts and dtypes, or begin with one of those dtypes.",
        )
    return following
