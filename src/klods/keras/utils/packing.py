"""Batches as `fit` takes them: inputs, targets and sample weights in a tuple, for training loops of your own."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError
from klods.keras.models.batches import packed, unpacked


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return inputs alone, or a tuple of what there is; inputs in a list or tuple alone in a tuple of one.

    Example:
        >>> pack_x_y_sample_weight(1), pack_x_y_sample_weight(1, 2), pack_x_y_sample_weight([1, 2])
        (1, (1, 2), ([1, 2],))
    """
    return packed(x, y, None if y is None else sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return the inputs, targets and sample weights of a batch, None for what it lacks.

    Raises:
        DataError: for a tuple of none or more than three parts.

    Example:
        >>> unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if isinstance(data, (list, tuple)) and not 1 <= len(data) <= 3:
        raise DataError(
            f"A batch is x, (x, y) or (x, y, sample_weight); got a tuple of {len(data)}.",
            "put several inputs in a tuple or dict of their own.",
        )
    return unpacked(data)
