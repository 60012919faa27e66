"""Steps of a dataset that carry something along, or whose elements are datasets: the part of `Dataset` for these."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from klods.compiled import TensorSpec
from klods.data import checks, counts, streams, structure
from klods.data.counts import UNKNOWN_CARDINALITY
from klods.data.tables import Made, Part, Table
from klods.errors import ArgumentError, DataError, DTypeError
from klods.structures import leaves, mapped, rebuilt
from klods.tensor import Tensor

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
        at_once = AT_ONCE if cycle_length in (None, -1) else checks.whole("cycle_length", cycle_length, 1)
        block = checks.whole("block_length", block_length or 1, 1)

        def made() -> Iterator[Any]:
            return (iter(self._dataset_of(map_func, element)) for element in self)

        spec = Made(lambda: structure.outcome(map_func, self.element_spec).element_spec)
        return type(self)(lambda: streams.by_turns(made(), at_once, block), spec, UNKNOWN_CARDINALITY)

    def group_by_window(
        self,
        key_func: Callable[..., Any],
        reduce_func: Callable[..., Any],
        window_size: Any = None,
        window_size_func: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> Any:
        """Return what a function makes of groups of elements that have the same number.

        Args:
            key_func: gives an element's number.
            reduce_func: makes a dataset of a number and a dataset of elements that have it.
            window_size: how many elements a group has; at the end, groups that are not full follow by their numbers.
            window_size_func: gives the size for a number, in place of one size for all.
            name: accepted for TensorFlow's sake.

        Raises:
            ArgumentError: unless one of the sizes is given; while iterating, for a reduce_func that returns no dataset.
            DTypeError: while iterating, for a key_func that returns no whole number.

        Example:
            >>> import klods
            >>> groups = klods.data.Dataset.range(7).group_by_window(lambda x: x % 2, lambda key, g: g.batch(3), 3)
            >>> [group.numpy().tolist() for group in groups]
            [[0, 2, 4], [1, 3, 5], [6]]
        """
        if (window_size is None) == (window_size_func is None):
            raise ArgumentError("group_by_window takes window_size or window_size_func.", "give one of them.")
        size_of = window_size_func or (lambda key: window_size)

        def number(key: Any) -> int:
            return checks.number("group_by_window", structure.applied(key_func, self._table.row(key)))

        def elements() -> Iterator[Any]:
            for group, keys in streams.groups(self._keys(), number, lambda n: int(size_of(Tensor(np.int64(n))))):
                yield from self._dataset_of(reduce_func, (Tensor(np.int64(group)), self._picked(keys)))

        def spec() -> Any:
            given = (TensorSpec((), "int64"), DatasetSpec(self.element_spec, type(self)))
            return structure.outcome(reduce_func, given).element_spec

        return type(self)(elements, Made(spec), UNKNOWN_CARDINALITY)

    def bucket_by_sequence_length(
        self,
        element_length_func: Callable[..., Any],
        bucket_boundaries: Sequence[int],
        bucket_batch_sizes: Sequence[int],
        padded_shapes: Any = None,
        padding_values: Any = None,
        pad_to_bucket_boundary: bool = False,
        no_padding: bool = False,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Any:
        """Return batches of elements of similar length, so that little is filled up.

        Args:
            element_length_func: gives an element's length.
            bucket_boundaries: the least lengths of all buckets but the first.
            bucket_batch_sizes: the batch size of each bucket: one more than boundaries.
            padded_shapes: as for `padded_batch`.
            padding_values: as for `padded_batch`.
            pad_to_bucket_boundary: whether elements are filled up to the greatest length of their bucket, rather than
                to the longest of the batch.
            no_padding: whether elements of a batch are of one shape and are not filled up.
            drop_remainder: whether batches that are not full are left out.
            name: accepted for TensorFlow's sake.

        Raises:
            ArgumentError: unless there is one batch size for each bucket.
            DataError: while iterating, for an element in the last bucket, which has no greatest length, with
                `pad_to_bucket_boundary`.
        """
        limits, batch_sizes = np.array(bucket_boundaries), list(bucket_batch_sizes)
        if len(batch_sizes) != len(limits) + 1:
            raise ArgumentError(
                f"bucket_by_sequence_length: {len(batch_sizes)} batch sizes for {len(limits)} boundaries.",
                "give one batch size more than boundaries.",
            )

        def bucket(*element: Any) -> Tensor:
            length = checks.number("bucket_by_sequence_length", structure.applied(element_length_func, element))
            return Tensor(np.int64(np.searchsorted(limits, length, "right")))

        def batched(key: Any, group: Any) -> Any:
            size, shapes = batch_sizes[int(key)], padded_shapes
            if no_padding:
                return group.batch(size, drop_remainder)
            if pad_to_bucket_boundary:
                shapes = self._filled_shapes(padded_shapes, limits, int(key))
            return group.padded_batch(size, shapes, padding_values, drop_remainder)

        return self.group_by_window(bucket, batched, window_size_func=lambda key: batch_sizes[int(key)])

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
        state = structure.tensors(initial_state)
        for element in self:
            state = _next_state("reduce", state, structure.given_back(reduce_func(state, element)))
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
        start = structure.tensors(initial_state)

        def elements() -> Iterator[Any]:
            state = start
            for element in self:
                following, made = scan_func(state, element)
                state = _next_state("scan", state, structure.given_back(following))
                yield structure.given_back(made)

        given = structure.spec(start)
        spec = Made(lambda: structure.outcome(lambda s, x: scan_func(s, x)[1], (given, self.element_spec)))
        return type(self)(elements, spec, self._count)

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Any:
        """Return the elements before the first one for which a function returns False."""

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

    @staticmethod
    def choose_from_datasets(datasets: Sequence[Any], choice_dataset: Any, stop_on_empty_dataset: bool = True) -> Any:
        """Return the next elements of the datasets that a dataset of numbers names.

        Args:
            datasets: the datasets.
            choice_dataset: the numbers, from 0 on.
            stop_on_empty_dataset: whether it ends when a dataset that has come to its end is named; else such a number
                is passed over.

        Example:
            >>> from klods.data import Dataset
            >>> letters = [Dataset.from_tensors(n).repeat() for n in (10, 20, 30)]
            >>> [int(x) for x in Dataset.choose_from_datasets(letters, Dataset.range(3).repeat(2))]
            [10, 20, 30, 10, 20, 30]
        """
        return _mixed(datasets, lambda: map(int, choice_dataset), stop_on_empty_dataset)

    @staticmethod
    def sample_from_datasets(
        datasets: Sequence[Any],
        weights: Sequence[float] | None = None,
        seed: int | None = None,
        stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> Any:
        """Return the elements of several datasets, each from one that is drawn.

        Args:
            datasets: the datasets.
            weights: how likely each is to be drawn; all the same by default.
            seed: without one, draws follow from `klods.random.set_seed`.
            stop_on_empty_dataset: whether it ends with the first dataset that ends; else with the last.
            rerandomize_each_iteration: whether each iteration draws anew.

        Raises:
            ArgumentError: for more or fewer weights than datasets.

        Example:
            >>> from klods.data import Dataset
            >>> mixed = Dataset.sample_from_datasets([Dataset.range(2), Dataset.range(10, 13)], seed=1)
            >>> sorted(int(x) for x in mixed)
            [0, 1, 10, 11, 12]
        """
        shares = np.ones(len(datasets)) if weights is None else np.asarray(weights, np.float64)
        if shares.shape != (len(datasets),):
            raise ArgumentError(f"{len(datasets)} datasets, weights {weights!r}.", "give one weight for each dataset.")
        source = streams.sources(seed, bool(rerandomize_each_iteration))
        return _mixed(datasets, lambda: streams.drawn(shares, source()), stop_on_empty_dataset)

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

    def _filled_shapes(self, shapes: Any, limits: Any, bucket: int) -> Any:
        """Return shapes with the greatest length of a bucket for what is unknown."""
        if bucket == len(limits):
            raise DataError(
                f"bucket_by_sequence_length: an element is of {limits[-1]} or longer.",
                "add a boundary above all lengths, or leave pad_to_bucket_boundary out.",
            )

        def filled(shape: Any) -> tuple[int, ...]:
            return tuple(int(limits[bucket]) - 1 if n in (None, -1) else n for n in shape)

        given = self.element_spec
        if shapes is None:
            return mapped(lambda spec: filled(spec.shape), given)
        return filled(shapes) if isinstance(given, TensorSpec) else type(given)(map(filled, shapes))


class DatasetSpec:
    """What a dataset is like that is an element of another one.

    Args:
        element_spec: the shapes and dtypes of its elements.
        kind: its class.
        count: how many elements it has; None if that varies.
    """

    def __init__(self, element_spec: Any, kind: Any, count: int | None = None) -> None:
        self.element_spec, self.kind, self.count = element_spec, kind, count

    def zeros(self, size: int) -> Any:
        """Return such a dataset whose elements are 0, with `size` for what is unknown."""
        element, count = structure.zeros(self.element_spec, size), self.count or size
        return self.kind(lambda: itertools.repeat(element, count), Made(lambda: self.element_spec), count)

    def common(self, other: DatasetSpec) -> DatasetSpec:
        """Return what describes this and another."""
        return DatasetSpec(structure.common(self.element_spec, other.element_spec), self.kind)

    def __repr__(self) -> str:
        return f"DatasetSpec({self.element_spec})"


State = TypeVar("State")


def _next_state(step: str, state: State, following: State) -> State:
    if not structure.same_kind(state, following):
        raise DTypeError(
            f"{step}: the state is {structure.spec(state)}, the next one {structure.spec(following)}.",
            "let the function return a state of the same parts and dtypes, or begin with one of those dtypes.",
        )
    return following


def _mixed(datasets: Sequence[Any], choices: Callable[[], Iterator[int]], stop: bool) -> Any:
    if not datasets or not all(isinstance(dataset, Flows) for dataset in datasets):
        raise ArgumentError("This takes a list of datasets.", "make datasets of arrays first.")
    first = datasets[0]
    return type(first)(
        lambda: streams.chosen([iter(dataset) for dataset in datasets], choices(), stop),
        Made(lambda: first.element_spec),
        UNKNOWN_CARDINALITY,
    )
