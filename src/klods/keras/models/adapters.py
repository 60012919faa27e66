"""Adapters: any kind of data that `fit`, `evaluate` and `predict` take, as something that yields batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from klods import random
from klods.errors import DataError, warn
from klods.keras.data import PyDataset
from klods.keras.models.batches import (
    ALL,
    Allows,
    Data,
    all_arrays,
    check_counts,
    check_lengths,
    is_array,
    make_data,
    never,
    packed,
    tensors,
    unpacked,
    weights_of_classes,
)
from klods.tensor import TensorLike

END = object()
BATCH_IT = "batch the dataset, dataset.batch(32), say"
ENDLESS = -1  # what `cardinality` returns for batches without end; any other negative number: unknown


def feed(
    x: Any, y: Any = None, sample_weight: Any = None, shuffle: bool = False, role: str = "", text: Allows = never
) -> Data | Stream:
    """Return what the user passed as something that yields batches.

    Args:
        x: inputs in arrays; or a generator, an iterator, a PyDataset or a dataset, which yield batches of all there is.
        y: targets, for inputs in arrays.
        sample_weight: the weight of each sample, for inputs in arrays.
        shuffle: whether each epoch has an order of its own; of other things than arrays, only a PyDataset heeds it.
        role: what the data are for, where an error has to say it.
        text: tells whether x may hold text; asked if it does.

    Raises:
        DataError: for data that can't be used.
        DTypeError: for objects, and for text in other places.
    """
    if not is_stream(x):
        return make_data(x, y, sample_weight, shuffle, role, text)
    for name, part in (("y", y), ("sample_weight", sample_weight)):
        if part is not None:
            raise DataError(
                f"{role}x is a {type(x).__name__}, which yields whole batches; {name} was given beside it.",
                f"let it yield (x, y) or (x, y, sample_weight), and leave {name} out.",
            )
    return Stream(x, shuffle, role, text)


def is_stream(x: Any) -> bool:
    """Tell whether data yield batches, rather than being arrays."""
    if isinstance(x, PyDataset) or hasattr(x, "__next__"):
        return True
    return hasattr(x, "__iter__") and not (
        isinstance(x, (TensorLike, Mapping, Sequence)) or hasattr(x, "__array__") or hasattr(x, "dtype")
    )


class Stream:
    """Batches from a generator, an iterator, a PyDataset, or anything that can be iterated over again and again.

    Args:
        source: yields x, (x,), (x, y) or (x, y, sample_weight), each an array or a structure of arrays.
        shuffle: whether a PyDataset's batches come in an order of their own each epoch.
        role: what the data are for, where an error has to say it.
        text: tells whether x may hold text; asked if it does.

    Attributes:
        steps: batches per epoch; None if that is unknown.

    Raises:
        DataError: for a source of no batches.
    """

    def __init__(self, source: Any, shuffle: bool = False, role: str = "", text: Allows = never) -> None:
        self.source, self.shuffle, self.role, self.text = source, shuffle, role, text
        self.once, self._is_dataset = hasattr(source, "__next__"), hasattr(source, "batch")
        count = _count(source)
        self.steps = None if count is None or count < 0 else count
        self._endless = count == ENDLESS
        self._class_weight: Mapping[int, float] | None = None
        self._form: Any = None
        self._ahead: tuple[Any, Iterator[Any]] | None = None  # the pass that `sample` has begun

    def cut(self, batch_size: int | None, steps: int | None = None) -> Stream:
        """Return the data as they are: the source cuts them, so that a batch size goes unheeded, with a warning.

        Raises:
            DataError: for a number of steps below 1, or none for data without end.
        """
        check_counts(batch_size=batch_size, steps=steps)
        if batch_size is not None:
            source = f"{self.role}x is a {type(self.source).__name__}, which yields batches of its own size"
            warn(UserWarning, f"batch_size={batch_size} goes unheeded: {source}.")
        if self._endless and steps is None:
            raise DataError(
                f"{self.role}x never ends.",
                "say how many batches make an epoch: steps_per_epoch, validation_steps or steps.",
            )
        return self

    def weighed(self, class_weight: Mapping[int, float] | None) -> Stream:
        """Return the data with sample weights by class, times those they have."""
        self._class_weight = class_weight
        return self

    def split(self, fraction: float) -> Any:
        raise DataError(
            f"validation_split needs arrays; x is a {type(self.source).__name__}.",
            "give validation_data, or arrays for x and y.",
        )

    def sample(self) -> tuple[Any, Any, Any]:
        """Return x, y and sample weights of the next batch, which is yielded again.

        Raises:
            DataError: if there is none.
        """
        self._ahead = self._ahead or self._begun(iter(()))
        if self._ahead is None:
            raise self._empty()
        return unpacked(self._batch(self._ahead[0], 0))

    def epochs(self, steps: int | None = None) -> Iterator[Iterator[Any]]:
        """Yield the batches of each epoch: all, or the next `steps` of them, up to the end of the data.

        Raises:
            DataError: if there is no batch at all.
        """
        batches: Iterator[Any] = iter(())
        while begun := self._ahead or self._begun(batches):
            self._ahead, (first, batches) = None, begun
            yield self._epoch(first, batches, steps)
        if self._form is None:
            raise self._empty()

    def _empty(self) -> DataError:
        return DataError(f"{self.role}x is a {type(self.source).__name__} without batches.", "let it yield some.")

    # ------------------------------------------------------------ one pass

    def _begun(self, batches: Iterator[Any]) -> tuple[Any, Iterator[Any]] | None:
        """Return the next batch and those after it, in a new pass if this one is over; None if there are no more."""
        if isinstance(self.source, PyDataset):
            self.source.on_epoch_begin()
        if (first := self._drawn(batches, 0)) is END:
            batches = self._iterator()
            first = self._drawn(batches, 0)
        return None if first is END else (first, batches)

    def _iterator(self) -> Iterator[Any]:
        if not isinstance(self.source, PyDataset):
            return iter(self.source)
        if self.steps is None:
            return map(self.source.__getitem__, itertools.count())
        numbers = random.generator().permutation(self.steps).tolist() if self.shuffle else range(self.steps)
        return map(self.source.__getitem__, numbers)

    def _epoch(self, first: Any, batches: Iterator[Any], steps: int | None) -> Iterator[Any]:
        item, done = first, 0
        while item is not END:
            yield self._batch(item, done)
            done += 1
            item = END if done == steps else self._drawn(batches, done)
        if steps and done < steps:
            warn(UserWarning, f"{self.role}x ran out of data after {done} of {steps} steps: give more, or fewer steps.")
        if isinstance(self.source, PyDataset):
            self.source.on_epoch_end()

    def _drawn(self, batches: Iterator[Any], number: int) -> Any:
        """Return the next batch, or END. An error of the source's own says, where Python can, at which batch."""
        try:
            return next(batches, END)
        except Exception as error:
            if add_note := getattr(error, "add_note", None):  # since Python 3.11
                add_note(f"It came up in {self.role}batch {number} of x, a {type(self.source).__name__}.")
            raise

    # ------------------------------------------------------------ one batch

    def _batch(self, item: Any, number: int) -> Any:
        """Return a batch as steps get it: checked, in tensors, with sample weights by class.

        Raises:
            DataError: for what is no batch, or one unlike the first.
        """
        where = f"{self.role}batch {number}: "
        x, y, sample_weight = _parts(item, where)
        given = {"x": x, "y": y, "sample_weight": sample_weight}
        if self._form is None:
            self._check_batched(given, where)
        parts = all_arrays(x, y, sample_weight, where, self.text)
        check_lengths(parts, where, f"; {BATCH_IT}, if it yields single samples" if self._is_dataset else "")
        self._check_form(parts, where)
        if self._class_weight is not None:
            parts["sample_weight"] = weights_of_classes(parts["y"], self._class_weight, parts["sample_weight"])
        return packed(*[tensors(part, ALL) for part in parts.values()])

    def _check_batched(self, given: dict[str, Any], where: str) -> None:
        for name, part in given.items():
            if _is_single(part):
                raise self.unbatched(f"{where}{name} is a single number")

    def unbatched(self, what: str) -> DataError:
        """Return the error for a source that seems to yield samples one by one, which `what` shows."""
        return DataError(
            f"{what}: {self.role}x yields samples one by one, it seems; a model takes batches of them.",
            f"{BATCH_IT}." if self._is_dataset else "yield arrays of several samples, one in each row.",
        )

    def _check_form(self, parts: dict[str, Any], where: str) -> None:
        form = _form(parts)
        if self._form is None:
            self._form = form
        if form != self._form:
            name = next(name for name in parts if form[name] != self._form[name])
            raise DataError(
                f"{where}{name} is {_told(form[name])}; the first batch had {_told(self._form[name])}.",
                "let all batches have the same structure and numbers of axes.",
            )


def _count(source: Any) -> int | None:
    """Return the number of batches of a source, ENDLESS, or None if it doesn't tell."""
    if isinstance(source, PyDataset):
        return _count_of_batches(source)
    if hasattr(source, "cardinality"):
        return int(source.cardinality())
    try:
        return len(source)
    except TypeError:
        return None


def _count_of_batches(source: PyDataset) -> int:
    count = source.num_batches
    if count is None:
        return ENDLESS
    if not isinstance(count, (int, np.integer)) or isinstance(count, bool) or count < 0:
        raise DataError(
            f"{type(source).__name__} says that it has {count!r} batches.",
            "let __len__ return a whole number: math.ceil(samples / batch_size), say.",
        )
    return int(count)


def _parts(item: Any, where: str) -> tuple[Any, Any, Any]:
    """Return x, y and sample weights of what a source yields."""
    if isinstance(item, (tuple, list)) and not 1 <= len(item) <= 3:
        raise DataError(
            f"{where}a {type(item).__name__} of {len(item)}.",
            "yield x, (x, y) or (x, y, sample_weight); several inputs are one x: ((a, b), y).",
        )
    x, y, sample_weight = unpacked(item)
    if x is None:
        raise DataError(f"{where}None, where inputs are expected.", "yield x, (x, y) or (x, y, sample_weight).")
    return x, y, sample_weight


def _is_single(part: Any) -> bool:
    """Tell whether there is a number where an array of samples should be."""
    if isinstance(part, dict):
        return any(map(_is_single, part.values()))
    if isinstance(part, (list, tuple)):
        return any(map(is_array, part)) and any(map(_is_single, part))
    return isinstance(part, (int, float, np.generic, np.ndarray, TensorLike)) and np.ndim(part) == 0


def _form(part: Any) -> Any:
    """Return what the same parts of all batches have in common: structure and numbers of axes."""
    if isinstance(part, dict):
        return {key: _form(item) for key, item in part.items()}
    if isinstance(part, (list, tuple)):
        return [_form(item) for item in part]
    return None if part is None else part.ndim


def _told(form: Any) -> str:
    if isinstance(form, dict):
        return "a dict of " + ", ".join(map(repr, form))
    if isinstance(form, list):
        return f"a list of {len(form)}"
    return "nothing" if form is None else f"an array of {form} axes"
