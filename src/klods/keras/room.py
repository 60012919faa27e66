"""Room: how many numbers may be made while a file is read, which are not many more than stand in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from klods.errors import DataError

SLACK = 10_000_000  # numbers that may be made without standing in the file: the state of metrics, say

# How many are left, in a list of one, which counts down; any number where no file is read.
_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def making_room_for(count: int) -> Iterator[None]:
    """Refuse, inside the `with` block, to make many more numbers than this in all."""
    token = _left.set([count + SLACK])
    try:
        yield
    finally:
        _left.reset(token)


def take_room(wish: str, *sizes: int) -> None:
    """Note, before numbers are made, that they will be.

    Args:
        wish: who wants what, for the error's text.
        sizes: their number along each axis.

    Raises:
        DataError: while a file is read, if there is no room left for so many.

    Example:
        >>> with making_room_for(100):
        ...     take_room("Layer 'dense' wants a weight of shape (10, 10)", 10, 10)
    """
    left, count = _left.get(), math.prod(sizes)
    if left is None:
        return
    if count > left[0]:
        raise DataError(
            f"{wish}; the file holds fewer numbers in all.", "get the file anew: its two parts don't fit each other."
        )
    left[0] -= max(count, 0)
