"""Labels, predictions and sample weights brought to one dtype and number of axes."""

from __future__ import annotations

from typing import Any

from klods.errors import ShapeError
from klods.ops.movement import broadcast_to, cast, reshape
from klods.tensor import Tensor, convert_to_tensor


def paired(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Return labels and predictions as floating tensors of the same number of axes.

    Raises:
        ShapeError: if the shapes don't fit each other.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = cast(y_true, y_pred.dtype if y_pred.value.dtype.kind == "f" else "float32")
    y_true, y_pred = same_rank(y_true, y_pred)
    a, b = y_true.value.shape, y_pred.value.shape
    if a != b and a and b and (len(a) != len(b) or a[0] != b[0]):
        raise ShapeError(f"Labels of shape {a} don't fit predictions of shape {b}.", "give one label per output.")
    return y_true, y_pred


def same_rank(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return two tensors with equally many axes, if one has a last axis of size 1 that the other lacks.

    A row of numbers gets that axis; from a tensor of three and more axes it is taken away.
    """
    if b.ndim == a.ndim + 1:
        longer, shorter = same_rank(b, a)
        return shorter, longer
    if a.ndim != b.ndim + 1 or a.value.shape[-1] != 1:
        return a, b
    if b.ndim == 1:
        return a, reshape(b, (*b.value.shape, 1))
    return reshape(a, a.value.shape[:-1]), b


def fitted_weight(values: Tensor, sample_weight: Any) -> tuple[Tensor, Tensor]:
    """Return values, and sample weights with as many axes: one weight per row counts for the whole row.

    Raises:
        ShapeError: if the weights don't fit the values.
    """
    values, weight = same_rank(values, cast(sample_weight, values.dtype))
    pairs = zip(weight.value.shape, values.value.shape)
    if weight.ndim > values.ndim or any(given not in (1, size) for given, size in pairs):
        mend = "give one weight per row." if values.ndim else "let the loss return one number per row, not one for all."
        raise ShapeError(f"sample_weight has shape {weight.shape} for losses of shape {values.shape}.", mend)
    missing = (1,) * (values.ndim - weight.ndim)
    return values, reshape(weight, (*weight.value.shape, *missing)) if missing and weight.ndim else weight


def full_weight(shape: tuple[int, ...], dtype: Any, sample_weight: Any) -> Tensor:
    """Return sample weights in the shape of what they weigh, all 1 where there are none.

    Raises:
        ShapeError: if the weights don't fit that shape.
    """
    ones = broadcast_to(cast(1, dtype), shape)
    if sample_weight is None:
        return ones
    ones, weight = fitted_weight(ones, sample_weight)
    return reshape(ones * weight, shape)


def logical_both(a: Any, b: Any) -> Any:
    """Return where both masks hold, of which None holds everywhere."""
    if a is None or b is None:
        return b if a is None else a
    return convert_to_tensor(a) & convert_to_tensor(b)
