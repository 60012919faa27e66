"""Streams of keys: what comes when. They hold whatever a table makes elements of, and don't look inside."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np

Key = TypeVar("Key")
DRAWN_AT_ONCE = 1024


def shuffled(keys: Iterator[Key], size: int | None, source: np.random.Generator) -> Iterator[Key]:
    """Yield keys in random order: each drawn from a buffer, in which the next one takes its place.

    Args:
        keys: what to shuffle.
        size: of the buffer; None for one that holds all.
        source: what to draw from. A buffer that holds all keys is emptied in the order of one `permutation`.
    """
    buffer = list(itertools.islice(keys, size))
    places = _numbers_below(len(buffer), source)
    for key in keys:
        place = next(places)
        yield buffer[place]
        buffer[place] = key
    for place in source.permutation(len(buffer)).tolist():
        yield buffer[place]


def _numbers_below(limit: int, source: np.random.Generator) -> Iterator[int]:
    while True:
        yield from source.integers(limit, size=DRAWN_AT_ONCE).tolist()


def chunks(keys: Iterator[Key], size: int, drop_remainder: bool) -> Iterator[list[Key]]:
    """Yield the keys in lists of a size; the last may be shorter, or be left out."""
    while chunk := list(itertools.islice(keys, size)):
        if len(chunk) < size and drop_remainder:
            return
        yield chunk


def repeated(start: Callable[[], Iterable[Key]], rounds: int | None) -> Iterator[Key]:
    """Yield what `start` gives, a number of times; without end for None, unless there is nothing."""
    for _ in itertools.repeat(None) if rounds is None else range(rounds):
        empty = True
        for key in start():
            empty = False
            yield key
        if empty and rounds is None:
            return


def remembered(start: Callable[[], Iterable[Key]]) -> Callable[[], Iterator[Key]]:
    """Return a function that gives what `start` gave when it was first gone through to the end."""
    kept: list[list[Key]] = []

    def keys() -> Iterator[Key]:
        if kept:
            yield from kept[0]
            return
        met = []
        for key in start():
            met.append(key)
            yield key
        kept.append(met)

    return keys
