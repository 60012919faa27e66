"""Steps that sort elements into groups, and datasets mixed of several: the part of `Dataset` for these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from klods.compiled import TensorSpec
from klods.data import checks, streams, structure
from klods.data.counts import UNKNOWN_CARDINALITY
from klods.data.flows import DatasetSpec, Flows
from klods.data.tables import Made
from klods.errors import ArgumentError, DataError
from klods.structures import mapped
from klods.tensor import Tensor


class Grouping(Flows):
    """What `Dataset` has for groups of elements and for several datasets."""

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
        for function in (key_func, reduce_func, *([] if window_size_func is None else [window_size_func])):
            checks.function("group_by_window", function)
        size: Any = None if window_size is None else checks.whole("window_size", window_size, 1)
        size_of = window_size_func or (lambda key: size)

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
        checks.function("bucket_by_sequence_length", element_length_func)
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

    @staticmethod
    def choose_from_datasets(datasets: Sequence[Any], choice_dataset: Any, stop_on_empty_dataset: bool = True) -> Any:
        """Return the next elements of the datasets that a dataset of numbers names.

        Args:
            datasets: the datasets.
            choice_dataset: the numbers, from 0 on.
            stop_on_empty_dataset: whether it ends when a dataset that has come to its end is named; else such a number
                is passed over.

        Raises:
            ArgumentError: for choices that are no dataset.
            DataError: while iterating, for a number that names no dataset.

        Example:
            >>> from klods.data import Dataset
            >>> letters = [Dataset.from_tensors(n).repeat() for n in (10, 20, 30)]
            >>> [int(x) for x in Dataset.choose_from_datasets(letters, Dataset.range(3).repeat(2))]
            [10, 20, 30, 10, 20, 30]
        """
        if not isinstance(choice_dataset, Flows):
            raise ArgumentError(f"The choices are a dataset; got {choice_dataset!r}.", "make one: from_tensor_slices.")
        count = len(datasets)
        return _mixed(datasets, lambda: (_choice(x, count) for x in choice_dataset), stop_on_empty_dataset)

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
            DataError: for weights below 0, or that are all 0.

        Example:
            >>> from klods.data import Dataset
            >>> mixed = Dataset.sample_from_datasets([Dataset.range(2), Dataset.range(10, 13)], seed=1)
            >>> sorted(int(x) for x in mixed)
            [0, 1, 10, 11, 12]
        """
        shares = np.ones(len(datasets)) if weights is None else np.asarray(weights)
        if shares.shape != (len(datasets),) or shares.dtype.kind not in "biuf":
            raise ArgumentError(f"{len(datasets)} datasets, weights {weights!r}.", "give one weight for each dataset.")
        if datasets and not ((shares >= 0).all() and 0 < shares.sum() < np.inf):
            raise DataError(f"Weights are 0 or more, and not all 0; got {weights!r}.", "write weights=[0.5, 0.5], say.")
        source = streams.sources(seed, bool(rerandomize_each_iteration))
        return _mixed(datasets, lambda: streams.drawn(shares, source()), stop_on_empty_dataset)

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


def _choice(choice: Any, count: int) -> int:
    place = checks.number("choose_from_datasets", choice)
    if not 0 <= place < count:
        raise DataError(f"choose_from_datasets: there is no dataset {place} among {count}.", f"use 0 to {count - 1}.")
    return place


def _mixed(datasets: Sequence[Any], choices: Callable[[], Iterator[int]], stop: bool) -> Any:
    if not datasets or not all(isinstance(dataset, Flows) for dataset in datasets):
        raise ArgumentError("This takes a list of datasets.", "make datasets of arrays first.")
    first = datasets[0]
    return type(first)(
        lambda: streams.chosen([iter(dataset) for dataset in datasets], choices(), stop),
        Made(lambda: first.element_spec),
        UNKNOWN_CARDINALITY,
    )
