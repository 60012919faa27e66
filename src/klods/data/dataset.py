"""Dataset: a stream of keys, and the table in which they are looked up."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from klods.compiled import TensorSpec
from klods.data import checks, counts, streams, structure
from klods.data.counts import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from klods.data.grouping import Grouping
from klods.data.padding import padded, padded_spec
from klods.data.tables import Made, Numbers, Slices, Zipped, stacked
from klods.dtypes import dtype_of
from klods.errors import ArgumentError, DataError, DTypeError, ShapeError
from klods.ops.block import static
from klods.ops.movement import cast
from klods.structures import leaves, mapped, rebuilt
from klods.tensor import Tensor


class Dataset(Grouping):
    """A stream of elements, each a tensor or tuples and dicts of tensors.

    The functions that begin with `from_`, `range` and `zip` make one; most others return another one.

    The steps that choose and order elements work on keys, such as places in an array; elements are looked up where
    somebody needs them. So a batch of a shuffled array is one look-up.

    Args:
        keys: starts an iteration over the keys.
        table: what keys are looked up in.
        count: the number of elements; INFINITE_CARDINALITY or UNKNOWN_CARDINALITY.
        batch_size: of what `batch` makes, the elements in a batch.

    Example:
        >>> import klods
        >>> numbers = klods.data.Dataset.range(5).map(lambda x: x * x).batch(2)
        >>> [batch.numpy().tolist() for batch in numbers], len(numbers)
        ([[0, 1], [4, 9], [16]], 3)
    """

    # ------------------------------------------------------------ sources

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """Return the slices of arrays along their first axis: with a tuple `(x, y)`, each sample and its target.

        Raises:
            ShapeError: for a single number, or arrays of different lengths.

        Example:
            >>> [(int(x), int(y)) for x, y in Dataset.from_tensor_slices(([1, 2], [3, 4]))]
            [(1, 3), (2, 4)]
        """
        whole = structure.tensors(tensors)
        lengths = {_length(tensor) for tensor in leaves(whole)}
        if len(lengths) != 1:
            told = " and ".join(map(str, sorted(lengths))) or "no arrays"
            raise ShapeError(f"from_tensor_slices: the lengths differ: {told}.", "give arrays of one length.")
        (count,) = lengths
        return Dataset(lambda: iter(range(count)), Slices(whole), count)

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """Return a dataset of one element."""
        element = structure.tensors(tensors)
        return Dataset(lambda: iter([element]), Made(lambda: structure.spec(element)), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Any],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = (),
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """Return what a generator yields; each iteration calls the function anew.

        Args:
            generator: a function that returns something to iterate over.
            output_types: the dtype of an element, or a structure of dtypes.
            output_shapes: its shape, or a structure of shapes; any if not given.
            args: what to call the function with.
            output_signature: a TensorSpec, or a structure of them: instead of the types and shapes.
            name: accepted for TensorFlow's sake.

        Raises:
            ArgumentError: without a signature or types, or with both; for a signature that is none.
            DataError: for shapes in another structure than the types; while iterating, for an element that is not as
                described.

        Example:
            >>> import klods
            >>> squares = Dataset.from_generator(lambda: (n * n for n in range(3)), klods.int32)
            >>> [int(x) for x in squares]
            [0, 1, 4]
        """
        if not callable(generator):
            raise ArgumentError(
                f"from_generator takes a function that returns a generator; got {type(generator).__name__}.",
                "pass the function, without calling it.",
            )
        if args is not None and not isinstance(args, (tuple, list)):
            raise ArgumentError(f"args are in a tuple; got {args!r}.", f"write args=({args!r},).")
        if output_signature is not None and (output_types is not None or output_shapes is not None):
            raise ArgumentError("from_generator got a signature beside types or shapes.", "leave one of them out.")
        signature = _signature(output_types, output_shapes) if output_signature is None else output_signature

        _check_signature(signature)

        def elements() -> Iterator[Any]:
            for place, item in enumerate(_yielding(generator, args or ())):
                yield structure.fitted(signature, item, f"Element {place} of the generator")

        return Dataset(elements, Made(lambda: signature), UNKNOWN_CARDINALITY)

    @staticmethod
    def range(*limits: Any, output_type: Any = "int64", name: str | None = None) -> Dataset:
        """Return whole numbers, as Python's `range` does, of a dtype.

        Raises:
            ArgumentError: for no limits, or more than start, stop and step.
            DataError: for a limit that is no whole number, or a step of 0.
        """
        if not 1 <= len(limits) <= 3:
            raise ArgumentError(f"range takes stop, or start, stop and step; got {limits}.", "write range(10), say.")
        numbers = range(*[checks.whole("limit", limit) for limit in limits[:2]], *map(_step, limits[2:]))
        return Dataset(lambda: iter(numbers), Numbers(), len(numbers))._cast(output_type)

    @staticmethod
    def counter(start: Any = 0, step: Any = 1, dtype: Any = "int64", name: str | None = None) -> Dataset:
        """Return start, start + step, ... without end."""
        numbers = Dataset(lambda: itertools.count(int(start), int(step)), Numbers(), INFINITE_CARDINALITY)
        return numbers._cast(dtype)

    @staticmethod
    def random(
        seed: int | None = None, rerandomize_each_iteration: bool | None = None, name: str | None = None
    ) -> Dataset:
        """Return random whole numbers below 2^32, int64, without end.

        Args:
            seed: without one, numbers follow from `klods.random.set_seed`.
            rerandomize_each_iteration: whether each iteration has numbers of its own.
            name: accepted for TensorFlow's sake.
        """
        source = streams.sources(seed, bool(rerandomize_each_iteration))
        return Dataset(lambda: streams.numbers_below(2**32, source()), Numbers(), INFINITE_CARDINALITY)

    @staticmethod
    def zip(*datasets: Any, name: str | None = None) -> Dataset:
        """Return the elements of several datasets side by side, up to the end of the shortest.

        Args:
            datasets: datasets, or one tuple or dict of them.
            name: accepted for TensorFlow's sake.

        Example:
            >>> [(int(a), int(b)) for a, b in Dataset.zip(Dataset.range(3), Dataset.range(5, 8))]
            [(0, 5), (1, 6), (2, 7)]
        """
        together = datasets[0] if len(datasets) == 1 else datasets
        parts = leaves(together)
        if not parts or not all(isinstance(part, Dataset) for part in parts):
            raise ArgumentError("zip takes datasets, or a tuple or dict of datasets.", "make datasets of arrays first.")
        tables = Zipped(rebuilt(together, iter([part._table for part in parts])))
        return Dataset(
            lambda: zip(*[part._keys() for part in parts]), tables, counts.shortest([p._count for p in parts])
        )

    # ------------------------------------------------------------ choosing and ordering

    def shuffle(
        self,
        buffer_size: Any,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = True,
        name: str | None = None,
    ) -> Dataset:
        """Return the elements in random order, drawn from a buffer of the next ones.

        Args:
            buffer_size: its size; one that holds all elements makes all orders equally likely.
            seed: without one, orders follow from `klods.random.set_seed`.
            reshuffle_each_iteration: whether each iteration has an order of its own.
            name: accepted for TensorFlow's sake.

        Example:
            >>> import klods
            >>> klods.random.set_seed(1)
            >>> sorted(int(x) for x in Dataset.range(5).shuffle(3))
            [0, 1, 2, 3, 4]
        """
        size = None if buffer_size == UNKNOWN_CARDINALITY else checks.whole("buffer_size", buffer_size, 1)
        source = streams.sources(seed, reshuffle_each_iteration)
        return self._ordered(lambda: streams.shuffled(self._keys(), size, source()), self._count)

    def take(self, count: Any, name: str | None = None) -> Dataset:
        """Return the first `count` elements; all of them for -1."""
        number = checks.whole("count", count)
        if number < 0:
            return self
        left = number if self._count == INFINITE_CARDINALITY else min(self._count, number)
        return self._ordered(lambda: itertools.islice(self._keys(), number), left)

    def skip(self, count: Any, name: str | None = None) -> Dataset:
        """Return what comes after the first `count` elements; nothing for -1."""
        number = checks.whole("count", count)
        if number < 0:
            return self.take(0)
        left = max(self._count - number, 0) if self._count >= 0 else self._count
        return self._ordered(lambda: itertools.islice(self._keys(), number, None), left)

    def repeat(self, count: Any = None, name: str | None = None) -> Dataset:
        """Return the elements `count` times; without end for None or -1."""
        number = None if count is None else checks.whole("count", count)
        rounds = None if number is None or number < 0 else number
        return self._ordered(lambda: streams.repeated(self._keys, rounds), counts.repeated(self._count, rounds))

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """Return the elements for which a function returns True."""
        checks.function("filter", predicate)

        def chosen(key: Any) -> bool:
            return checks.truth("filter", structure.applied(predicate, self._table.row(key)))

        return self._ordered(lambda: filter(chosen, self._keys()), UNKNOWN_CARDINALITY)

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """Return the elements as the first whole iteration gave them, which are kept in memory.

        Raises:
            DataError: for a file to keep them in.
        """
        if filename:
            raise DataError(f"cache keeps elements in memory, not in '{filename}'.", "leave the file's name out.")
        return self._ordered(streams.remembered(self._keys), self._count)

    def prefetch(self, buffer_size: Any, name: str | None = None) -> Dataset:
        """Return the dataset as it is: elements are made when asked for, so that runs with one seed are the same."""
        return self

    # ------------------------------------------------------------ making other elements

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return what a function makes of each element.

        Args:
            map_func: gets a tensor, a dict, or the parts of a tuple one by one, and returns the like. One call on a
                batch does what many calls on samples do, in far less time: put `map` after `batch` where you can.
            num_parallel_calls: accepted for TensorFlow's sake; elements are made one after the other.
            deterministic: accepted for TensorFlow's sake.
            name: accepted for TensorFlow's sake.

        Example:
            >>> pairs = Dataset.from_tensor_slices(([1.0, 2.0], [0, 1])).map(lambda x, y: (x / 2, y))
            >>> [(float(x), int(y)) for x, y in pairs]
            [(0.5, 0), (1.0, 1)]
        """
        checks.function("map", map_func)
        spec = Made(lambda: structure.outcome(map_func, self.element_spec))
        return Dataset(lambda: (structure.applied(map_func, x) for x in self), spec, self._count)

    def batch(
        self,
        batch_size: Any,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return elements stacked along a new first axis; the last batch may be smaller, or be left out.

        Raises:
            DataError: for a size below 1; while iterating, for elements of different structures.
            ShapeError: while iterating, for elements of different shapes.
        """
        size = checks.whole("batch_size", batch_size, 1)

        def batches() -> Iterator[Any]:
            return map(self._table.rows, streams.chunks(self._keys(), [size], drop_remainder))

        spec = Made(lambda: structure.batch(self.element_spec, size if drop_remainder else None))
        return Dataset(batches, spec, counts.batches(self._count, size, drop_remainder), size)

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Return batches of elements of different shapes, each filled up to a common one.

        Args:
            batch_size: elements of a batch.
            padded_shapes: for each part of an element a shape, in which None or -1 means the longest of the batch.
            padding_values: for each part the value to fill up with; 0, or no text, if not given.
            drop_remainder: whether a smaller last batch is left out.
            name: accepted for TensorFlow's sake.

        Example:
            >>> rows = Dataset.range(1, 4).map(lambda n: klods.fill([int(n)], n))
            >>> import klods
            >>> next(iter(rows.padded_batch(3))).numpy().tolist()
            [[1, 0, 0], [2, 2, 0], [3, 3, 3]]
        """
        size = checks.whole("batch_size", batch_size, 1)

        def batches() -> Iterator[Any]:
            for chunk in streams.chunks(iter(self), [size], drop_remainder):
                yield stacked(chunk, padded(chunk[0], padded_shapes, padding_values))

        spec = Made(
            lambda: structure.batch(padded_spec(self.element_spec, padded_shapes), size if drop_remainder else None)
        )
        return Dataset(batches, spec, counts.batches(self._count, size, drop_remainder), size)

    def rebatch(self, batch_size: Any, drop_remainder: bool = False, name: str | None = None) -> Dataset:
        """Return the rows of batches in batches of another size, or of several sizes by turns."""
        sizes = [checks.whole("batch_size", size, 1) for size in leaves(static(batch_size))]
        rows = self.unbatch()

        def batches() -> Iterator[Any]:
            return map(rows._table.rows, streams.chunks(rows._keys(), sizes, drop_remainder))

        fixed = sizes[0] if drop_remainder and len(set(sizes)) == 1 else None
        return Dataset(batches, Made(lambda: structure.batch(rows.element_spec, fixed)), UNKNOWN_CARDINALITY, fixed)

    def unbatch(self, name: str | None = None) -> Dataset:
        """Return the slices of each element along its first axis."""

        def elements() -> Iterator[Any]:
            for batch in self:
                yield from Dataset.from_tensor_slices(batch)

        def spec() -> Any:
            return mapped(lambda s: TensorSpec(s.shape and s.shape[1:], s.dtype), self.element_spec)

        return Dataset(elements, Made(spec), UNKNOWN_CARDINALITY)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Return pairs of a number, int64, and an element."""
        first = checks.whole("start", start)
        numbers = Dataset(lambda: itertools.count(first), Numbers(), INFINITE_CARDINALITY)
        return Dataset.zip(numbers, self)

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """Return the elements of this dataset, then those of another.

        Raises:
            ArgumentError: for something else than a dataset.
            DTypeError: while iterating, if their elements differ in structure or dtype.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentError(
                f"concatenate takes a dataset; got {type(dataset).__name__}.",
                "make one of it: from_tensor_slices does.",
            )

        def elements() -> Iterator[Any]:
            first = None
            for element in itertools.chain(self, dataset):
                first = element if first is None else first
                if not structure.same_kind(first, element):
                    raise DTypeError(
                        f"concatenate: elements differ: {structure.spec(first)} and {structure.spec(element)}.",
                        "give both datasets the same parts and dtypes.",
                    )
                yield element

        spec = Made(lambda: structure.common(self.element_spec, dataset.element_spec))
        return Dataset(elements, spec, counts.joined(self._count, dataset._count))

    # ------------------------------------------------------------ reading

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Return an iterator over the elements as NumPy arrays and scalars."""
        return (mapped(lambda x: x.numpy(), element) for element in self)

    def cardinality(self) -> Tensor:
        """Return the number of elements, int64; INFINITE_CARDINALITY or UNKNOWN_CARDINALITY."""
        return Tensor(np.int64(self._count))

    @property
    def element_spec(self) -> Any:
        """The shapes and dtypes of an element, as a structure of TensorSpec; None stands for sizes that vary.

        The function of a `map` is called on zeros to find out.
        """
        return self._table.spec()

    def _cast(self, dtype: Any) -> Dataset:
        return self if dtype == "int64" else self.map(lambda x: cast(x, dtype))

    def __len__(self) -> int:
        if self._count < 0:
            why = "is infinite" if self._count == INFINITE_CARDINALITY else "has an unknown number of elements"
            raise DTypeError(f"The dataset {why}: it has no len().", "see cardinality(), or count while iterating.")
        return self._count

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        special = {INFINITE_CARDINALITY: "without end", UNKNOWN_CARDINALITY: "of unknown length"}
        return f"<klods.data.Dataset {special.get(self._count, f'of {self._count} elements')}>"


def _length(tensor: Any) -> int:
    if not isinstance(tensor, Tensor):
        raise DTypeError(f"A {type(tensor).__name__} has no slices.", "use it as it is, or its unbatch().")
    if not tensor.value.ndim:
        raise ShapeError("A single number has no slices.", "give an array, or use from_tensors.")
    return tensor.value.shape[0]


def _step(number: Any) -> int:
    if (step := checks.whole("step", number)) == 0:
        raise DataError("range got a step of 0.", "write range(0, 10, 2), say.")
    return step


def _yielding(generator: Callable[..., Any], arguments: Any) -> Iterator[Any]:
    """Return an iterator over what a function of the user's returns."""
    made = structure.called(generator, *arguments)
    if not hasattr(made, "__iter__"):
        raise DTypeError(f"The function returned {made!r}, which yields nothing.", "let it yield elements.")
    return iter(made)


def _check_signature(signature: Any) -> None:
    for spec in leaves(signature):
        if not isinstance(spec, TensorSpec):
            raise ArgumentError(
                f"output_signature is a TensorSpec, or a structure of them; got {spec!r}.",
                "write klods.TensorSpec((None, 3), klods.float32), say.",
            )
        dtype_of(spec.dtype)


def _signature(types: Any, shapes: Any) -> Any:
    if types is None:
        raise ArgumentError(
            "from_generator needs to know what the elements are.",
            "give output_signature, such as klods.TensorSpec((None, 3), klods.float32).",
        )
    if isinstance(types, dict):
        return {key: _signature(part, None if shapes is None else shapes[key]) for key, part in types.items()}
    if isinstance(types, (tuple, list)):
        if shapes is not None and len(shapes) != len(types):
            raise DataError(f"from_generator got {len(types)} types and {len(shapes)} shapes.", "give one for each.")
        return tuple(_signature(part, None if shapes is None else shapes[i]) for i, part in enumerate(types))
    return TensorSpec(shapes, types)
