"""How many elements a dataset has, where that can be told beforehand."""

from __future__ import annotations

import math

INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2


def batches(count: int, size: int, drop_remainder: bool) -> int:
    """Return how many batches of a size that many elements make."""
    if count < 0:
        return count
    return count // size if drop_remainder else math.ceil(count / size)


def repeated(count: int, rounds: int | None) -> int:
    """Return how many elements some rounds give; without end for None."""
    if rounds == 0 or count == 0:
        return 0
    if rounds is None:
        return INFINITE_CARDINALITY
    return count * rounds if count >= 0 else count


def joined(first: int, second: int) -> int:
    """Return how many elements two datasets have, one after the other."""
    if INFINITE_CARDINALITY in (first, second):
        return INFINITE_CARDINALITY
    return first + second if first >= 0 and second >= 0 else UNKNOWN_CARDINALITY


def shortest(counts: list[int]) -> int:
    """Return how many elements there are before one of the datasets ends."""
    if UNKNOWN_CARDINALITY in counts:
        return UNKNOWN_CARDINALITY
    return min([count for count in counts if count >= 0], default=INFINITE_CARDINALITY)


def windows(count: int, size: int, shift: int, stride: int, drop_remainder: bool) -> int:
    """Return how many windows there are on that many elements."""
    if count < 0:
        return count
    reach = (size - 1) * stride + 1
    return max(0, (count - reach) // shift + 1) if drop_remainder else math.ceil(count / shift)
