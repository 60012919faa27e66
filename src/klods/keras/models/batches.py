"""Batches: what `fit`, `evaluate` and `predict` were given, checked and cut into pieces."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from klods import random
from klods.dtypes import FLOAT32
from klods.errors import DataError, DTypeError, warn
from klods.keras.models.outputs import at, paths
from klods.rows import Rows
from klods.structures import mapped, sequence_like
from klods.tensor import Tensor, TensorLike, convert_to_tensor

Allows = Callable[[], bool]
ALL = slice(None)
WIDE = 256  # numbers of a sample from which it is left where it is rather than copied


@dataclass
class Data:
    """Inputs, targets and sample weights of equal length, and how they are cut into batches.

    Attributes:
        x: the inputs, an array or a structure of arrays.
        y: the targets, or None.
        sample_weight: one weight per sample, or None.
        batch_size: samples per batch; the last batch may be smaller.
        shuffle: whether each epoch has an order of its own.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None
    batch_size: int = 32
    shuffle: bool = False

    @property
    def samples(self) -> int:
        """The number of samples."""
        return len_of(self.x)

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return math.ceil(self.samples / self.batch_size)

    def sample(self) -> tuple[Any, Any, Any]:
        """Return x, y and sample weights of the first batch."""
        first = slice(0, self.batch_size)
        return tensors(self.x, first), tensors(self.y, first), tensors(self.sample_weight, first)

    def epoch(self) -> Iterator[Any]:
        """Yield the batches of one epoch, as `packed` makes them; wide samples may stay where they are, as Rows."""
        order = random.generator().permutation(self.samples) if self.shuffle else None
        for start in range(0, self.samples, self.batch_size):
            piece: Any = slice(start, start + self.batch_size)
            if order is not None:
                piece = order[piece]
            yield packed(rows(self.x, piece), tensors(self.y, piece), tensors(self.sample_weight, piece))

    def epochs(self, steps: int | None = None) -> Iterator[Iterator[Any]]:
        """Yield the batches of each epoch: all, or the next `steps` of them, up to the end of the data."""
        while True:
            batches, left = self.epoch(), self.steps
            while left:
                count = min(steps or left, left)
                if steps and count < steps:
                    warn(UserWarning, f"Only {count} batches are left for {steps} steps; the next epoch starts anew.")
                yield itertools.islice(batches, count)
                left -= count

    def cut(self, batch_size: int | None, steps: int | None = None) -> Data:
        """Return the data in batches of a size: of 32 without one, or of what makes that many steps.

        Raises:
            DataError: for a batch size or a number of steps below 1.
        """
        check_counts(batch_size=batch_size, steps=steps)
        by_default = math.ceil(self.samples / steps) if steps else 32
        return replace(self, batch_size=by_default if batch_size is None else int(batch_size))

    def weighed(self, class_weight: Mapping[int, float] | None) -> Data:
        """Return the data with sample weights by class, times those it has.

        Raises:
            DataError: for class weights that are no dict of numbers by label.
        """
        if class_weight is None:
            return self
        return replace(self, sample_weight=weights_of_classes(self.y, class_weight, self.sample_weight))

    def split(self, fraction: float) -> tuple[Data, Data]:
        """Return the first part and the last `fraction` of the samples, for training and validation.

        Raises:
            DataError: if a part would be empty.
        """
        if not isinstance(fraction, (int, float)) or not 0 < fraction < 1:
            raise DataError(f"validation_split is a share between 0 and 1; got {fraction!r}.", "write 0.2, say.")
        border = math.floor(self.samples * (1 - fraction))
        if border in (0, self.samples):
            raise DataError(
                f"validation_split={fraction} leaves one part of {self.samples} samples empty.", "give more samples."
            )
        return self._part(slice(0, border), self.shuffle), self._part(slice(border, None), False)

    def _part(self, piece: slice, shuffle: bool) -> Data:
        x, y, sample_weight = (
            mapped(lambda a: a[piece], part, np.ndarray) for part in (self.x, self.y, self.sample_weight)
        )
        return Data(x, y, sample_weight, shuffle=shuffle)


def never() -> bool:
    """Return False: there is no text but where a model reads it."""
    return False


def make_data(
    x: Any, y: Any = None, sample_weight: Any = None, shuffle: bool = False, role: str = "", text: Allows = never
) -> Data:
    """Return what the user passed as Data, or raise an error that says what is wrong with it.

    Args:
        x: the inputs.
        y: the targets.
        sample_weight: the weight of each sample.
        shuffle: whether each epoch has an order of its own.
        role: what the data are for, where an error has to say it.
        text: tells whether x may hold text; asked if it does.

    Raises:
        DataError: for empty data, or lengths that differ.
        DTypeError: for objects, and for text in other places.
    """
    if x is None:
        raise DataError(f"There are no {role}inputs x.", "pass an array with one row per sample as x.")
    parts = all_arrays(x, y, sample_weight, role, text)
    check_lengths(parts, role)
    return Data(**parts, shuffle=shuffle)


def check_counts(*, least: int = 1, needed: bool = False, **counts: Any) -> None:
    """Check arguments that count something; None means that they weren't given.

    Raises:
        DataError: for one that is no whole number, or below `least`; if they are `needed`, for None.
    """
    for name, value in counts.items():
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if (needed or value is not None) and not (whole and value >= least):
            raise DataError(f"{name} must be a whole number, {least} or more; got {value!r}.", f"write {name}=5, say.")


def all_arrays(x: Any, y: Any, sample_weight: Any, role: str, text: Allows) -> dict[str, Any]:
    """Return inputs, targets and sample weights by name, as `arrays` makes them; only inputs may hold text."""
    given = {"x": x, "y": y, "sample_weight": sample_weight}
    return {name: arrays(part, f"{role}{name}", text if name == "x" else never) for name, part in given.items()}


def arrays(part: Any, role: str, text: Allows = never) -> Any:
    """Return data as NumPy arrays: a structure of arrays as the same structure, lists of numbers as one array."""
    if part is None:
        return None
    if isinstance(part, dict):
        return {key: arrays(item, f"{role}[{key!r}]", text) for key, item in part.items()}
    if isinstance(part, (list, tuple)) and _holds_arrays(part):
        return sequence_like(part, [arrays(item, f"{role}[{i}]", text) for i, item in enumerate(part)])
    return _array(part, role, text)


def _holds_arrays(part: Any) -> bool:
    """Tell whether a list or tuple is a structure of arrays, rather than of numbers."""
    items = [item for item in part if item is not None]
    return bool(items) and all(is_array(item) for item in items)


def is_array(x: Any) -> bool:
    """Tell whether data are an array of at least one axis, or a structure of such, rather than a number."""
    if isinstance(x, dict):
        return True
    if isinstance(x, (list, tuple)):
        return _holds_arrays(x)
    return hasattr(x, "__array__") and getattr(x, "ndim", 1) > 0


def _array(part: Any, role: str, text: Allows) -> np.ndarray:
    try:
        array = part.value if isinstance(part, TensorLike) else np.asarray(part, _asked_for(part))
    except ValueError:
        raise _ragged(role) from None
    if array.dtype.kind == "O" and _is_pandas(part, "DataFrame") and not (text() and _is_text(array)):
        return _of_columns(part, role)
    array = array[:, None] if _is_pandas(part, "Series") else array
    if array.dtype.kind == "O" and array.size and isinstance(array.flat[0], (list, tuple, np.ndarray)):
        raise _ragged(role)
    if array.dtype.kind in "OUST" and array.ndim == 0:
        raise DTypeError(
            f"{role} is a {type(part).__name__}; a model takes arrays of numbers.",
            "call it, if it returns what yields batches." if callable(part) else "give it a NumPy array.",
        )
    if array.dtype.kind not in "biuf" and not (text() and _is_text(array)):
        raise _no_numbers(array, role, text)
    if array.ndim == 0:
        raise DataError(f"{role} is a single number; a model takes an array of samples.", "give one row per sample.")
    return array


def _asked_for(part: Any) -> Any:
    """Return the dtype to ask for: of lists of text objects, which aren't filled up to the longest one's length."""
    while isinstance(part, (list, tuple)) and part:
        part = part[0]
        if isinstance(part, (str, bytes)):
            return object
    return None


def _ragged(role: str) -> DataError:
    return DataError(
        f"{role} has rows of different lengths.",
        "give every row the same length; keras.utils.pad_sequences does, for lists of numbers.",
    )


def _is_text(array: np.ndarray) -> bool:
    return array.dtype.kind in "UST" or _stranger(array) is None


def _stranger(array: np.ndarray) -> Any:
    """Return where in an array of objects the first is that isn't text; None if all are."""
    return next((place for place, item in np.ndenumerate(array) if not isinstance(item, (str, bytes))), None)


def _no_numbers(array: np.ndarray, role: str, text: Allows) -> DTypeError:
    if array.dtype.kind == "O" and text():
        place = _stranger(array)
        return DTypeError(
            f"{role} holds {array[place]!r} at {list(place)}, which is no text, among objects.",
            "fill in what is missing, or give numbers and text as inputs of their own.",
        )
    what = "text" if array.size and _is_text(array) else f"{array.dtype} values"
    return DTypeError(
        f"{role} holds {what}; a model takes numbers.",
        "turn it into numbers first; astype('float32') does, if they all are, TextVectorization for other text.",
    )


def _is_pandas(x: Any, kind: str) -> bool:
    """Tell whether data are a pandas frame, or one column of it, which Keras takes as a column: a `Series`."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(x, getattr(pandas, kind))


def _of_columns(frame: Any, role: str) -> np.ndarray:
    """Return a frame, whose columns are numbers of several dtypes, as an array of one."""
    columns = [np.asarray(frame.iloc[:, place]) for place in range(frame.shape[1])]
    for name, column, dtype in zip(frame.columns, columns, frame.dtypes):
        if column.dtype.kind not in "biuf":
            what = "text" if column.size and _is_text(column) else f"{dtype} values"
            raise DTypeError(
                f"{role} holds {what} in the column {name!r}; a model takes numbers.",
                "encode it (pandas.get_dummies makes columns of categories), cast it, or leave it out.",
            )
    return np.column_stack(columns)


def check_lengths(parts: dict[str, Any], role: str, unbatched: str = "") -> None:
    """Check that all arrays have equally many samples, and some; `unbatched` says what else may be amiss.

    Raises:
        DataError: if they don't.
    """
    lengths = [
        (f"{role}{name}{''.join(f'[{key!r}]' for key in path)}", len(at(part, path)))
        for name, part in parts.items()
        for path in paths(part)
        if at(part, path) is not None
    ]
    for name, length in lengths:
        if length == 0:
            raise DataError(f"{name} is empty.", "give at least one sample.")
    if len({length for _, length in lengths}) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths)
        raise DataError(
            f"The numbers of samples differ: {told}.", f"give every input its own target, and no more{unbatched}."
        )


def weights_of_classes(y: Any, class_weight: Any, sample_weight: Any) -> np.ndarray:
    """Return one weight per sample by its class, times its sample weight if there is one."""
    numbers = (int, float, np.number)
    if not isinstance(class_weight, Mapping) or not all(
        isinstance(number, numbers) for pair in class_weight.items() for number in pair
    ):
        raise DataError(f"class_weight is a dict of weights by label; got {class_weight!r}.", "write {0: 1.0, 1: 2.5}.")
    if not isinstance(y, np.ndarray):
        raise DataError("class_weight needs one array of labels as y.", "give y, or sample_weight instead.")
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    weights = np.ones(len(labels), np.float32)
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights if sample_weight is None else weights * np.asarray(sample_weight, np.float32)


def tensors(part: Any, piece: Any) -> Any:
    """Return the samples at a slice or at indices, floating ones as float32 tensors, text as UTF-8."""
    if isinstance(part, np.ndarray):
        array = part[piece] if isinstance(piece, slice) else part.take(piece, 0, mode="clip")
        if array.dtype.kind in "OUT":
            return convert_to_tensor(array, "string")
        return Tensor(array.astype(FLOAT32) if array.dtype.kind == "f" and array.dtype is not FLOAT32 else array)
    return mapped(lambda array: tensors(array, piece), part, np.ndarray)


def rows(part: Any, piece: Any) -> Any:
    """Return what `tensors` does, but Rows for samples that are wide, and float32 one behind the other."""
    if not isinstance(part, np.ndarray):
        return mapped(lambda array: rows(array, piece), part, np.ndarray)
    wide = part.ndim == 2 and part.dtype == FLOAT32 and part.shape[1] >= WIDE
    fit = wide and part.flags.c_contiguous and part.flags.aligned and not isinstance(piece, slice)
    return Rows(part, piece) if fit else tensors(part, piece)


def packed(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return a batch as `train_step` gets it: (x, y, sample_weight) without what there isn't, or x alone."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x


def unpacked(batch: Any) -> tuple[Any, Any, Any]:
    """Return x, y and sample weights of a batch, None for what it lacks."""
    if not isinstance(batch, (tuple, list)):
        return batch, None, None
    x, y, weight = (*batch, None, None)[:3]
    return x, y, weight


def len_of(x: Any) -> int:
    """Return the number of samples in inputs, an array or tensor or a structure of them."""
    while isinstance(x, (list, tuple, dict)):
        x = next(iter(x.values() if isinstance(x, dict) else x))
    return x.shape[0]
