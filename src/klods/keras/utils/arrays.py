"""Arrays made ready for a model: one-hot labels, normalized rows, sequences of one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from klods.data.checks import whole
from klods.errors import DataError, DTypeError, ShapeError
from klods.keras import ops
from klods.tensor import Tensor, TensorLike


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Return whole-number labels as rows of 0 with a 1 at the label, in float32: an array, or a tensor of a tensor.

    Raises:
        DataError: for a label outside the classes, NaN, or a number of classes that is none.
        DTypeError: for labels that are no numbers.

    Example:
        >>> to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x.value if isinstance(x, TensorLike) else x)
    if labels.dtype.kind not in "biuf":
        raise DTypeError(f"Labels are whole numbers; got {labels.dtype} values.", "number the classes from 0.")
    if not np.isfinite(labels).all():
        raise DataError("Among the labels is NaN or infinity.", "give whole numbers, and leave out what is missing.")
    labels = labels.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes:
        whole("num_classes", num_classes, 1)
    classes = num_classes or (int(labels.max()) + 1 if labels.size else 0)
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels.max() if labels.max() >= classes else labels.min()
        raise DataError(
            f"Label {wrong} is outside the {classes} classes 0 to {classes - 1}.", "number them from 0, or give more."
        )
    rows = np.zeros((*labels.shape, classes), np.float32)
    np.put_along_axis(rows, labels[..., None], 1, -1)
    return Tensor(rows) if isinstance(x, TensorLike) else rows


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Return an array, or a tensor, divided by its length along an axis.

    Args:
        x: the array.
        axis: the axis.
        order: of the norm that tells the length: 2 for Euclid's, 1 for the sum, `inf` for the largest.

    Raises:
        DataError: for an order that is no number.
        DTypeError: for an array of something else than numbers.
        ShapeError: for an axis that it doesn't have.
    """
    if isinstance(order, bool) or not isinstance(order, (int, float)):
        raise DataError(f"The order of a norm is a number; got {order!r}.", "write order=2, say.")
    if isinstance(x, TensorLike):
        return ops.normalize(x, axis, order)
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"normalize takes numbers; got {array.dtype} values.", "make an array of numbers first.")
    if not -array.ndim <= axis < array.ndim:
        raise ShapeError(f"normalize: axis {axis} of an array of shape {array.shape}.", "give one that it has.")
    length = np.atleast_1d(np.linalg.norm(array, order, axis))
    length[length == 0] = 1
    return array / np.expand_dims(length, axis)


def pad_sequences(
    sequences: Iterable[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Return sequences as the rows of one array, each filled up or cut to one length.

    Args:
        sequences: lists or arrays, whose further axes agree.
        maxlen: the length; that of the longest by default.
        dtype: of the array.
        padding: where short sequences are filled up: `pre`, before them, or `post`.
        truncating: where long sequences are cut: `pre` or `post`.
        value: what they are filled up with.

    Raises:
        DataError: for something without a length among the sequences, a number that the dtype can't hold, a maxlen
            that is no length, or another word than `pre` and `post`.
        DTypeError: for text or objects that the dtype can't hold.
        ShapeError: for sequences whose further axes differ.

    Example:
        >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
        array([[0, 1],
               [2, 3],
               [5, 6]], dtype=int32)
    """
    for name, word in (("padding", padding), ("truncating", truncating)):
        if word not in ("pre", "post"):
            raise DataError(f"{name} is 'pre' or 'post'; got {word!r}.", f"write {name}='post', say.")
    length = None if maxlen is None else whole("maxlen", maxlen, 0)
    arrays = [_sequence(place, item) for place, item in enumerate(_listed(sequences))]
    longest = max((len(array) for array in arrays), default=0)
    form = next((array.shape[1:] for array in arrays if len(array)), ())
    size = (len(arrays), longest if length is None else length, *form)
    with _held(f"value={value!r}", dtype):
        rows = np.full(size, value, dtype)
    for place, (row, array) in enumerate(zip(rows, arrays)):
        kept = _cut(array, len(row), truncating)
        if len(kept) and kept.shape[1:] != form:
            raise ShapeError(
                f"Sequence {place} has elements of shape {kept.shape[1:]}; those before have {form}.",
                "give all elements the same shape.",
            )
        _check_range(place, kept, rows.dtype)
        if len(kept):
            with _held(f"Sequence {place}", dtype):
                row[slice(len(kept)) if padding == "post" else slice(-len(kept), None)] = kept
    return rows


def _listed(sequences: Any) -> list[Any]:
    try:
        return list(sequences)
    except TypeError:
        raise DataError(f"pad_sequences takes a list of sequences; got {sequences!r}.", "wrap it in a list.") from None


def _sequence(place: int, item: Any) -> np.ndarray:
    try:
        len(item)
    except TypeError:
        raise DataError(f"Sequence {place} is {item!r}, which has no length.", "give lists or arrays.") from None
    if isinstance(item, (str, bytes)):
        raise DataError(f"Sequence {place} is {item!r}, a text.", "give lists of words, or of their numbers.")
    return np.asarray(item)


@contextmanager
def _held(what: str, dtype: Any) -> Iterator[None]:
    """Say which values a dtype can't hold, if NumPy doesn't take them inside the `with` block."""
    try:
        yield
    except (ValueError, TypeError, OverflowError):
        raise DTypeError(f"{what} doesn't fit dtype {dtype!r}.", "give another one: object for words, say.") from None


def _check_range(place: int, numbers: np.ndarray, dtype: np.dtype) -> None:
    """Check that whole numbers can be held; NumPy would make others of them."""
    if numbers.dtype.kind not in "iu" or dtype.kind not in "iu" or not numbers.size:
        return
    limits = np.iinfo(dtype)
    outside = numbers[(numbers < limits.min) | (numbers > limits.max)]
    if outside.size:
        raise DataError(f"Sequence {place} has {outside[0]}, which {dtype} can't hold.", "give dtype='int64', say.")


def _cut(array: np.ndarray, length: int, truncating: str) -> np.ndarray:
    if truncating == "post":
        return array[:length]
    return array[max(len(array) - length, 0) :]
