"""Streams of keys: what comes when. They hold whatever a table makes elements of, and don't look inside."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

import numpy as np

from klods import random
from klods.data import checks

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
    places = numbers_below(len(buffer), source)
    for key in keys:
        place = next(places)
        yield buffer[place]
        buffer[place] = key
    for place in source.permutation(len(buffer)).tolist():
        yield buffer[place]


def numbers_below(limit: int, source: np.random.Generator) -> Iterator[int]:
    """Yield random whole numbers below a limit."""
    while True:
        yield from source.integers(limit, size=DRAWN_AT_ONCE).tolist()


def chunks(keys: Iterator[Key], sizes: list[int], drop_remainder: bool) -> Iterator[list[Key]]:
    """Yield the keys in lists of sizes that come by turns; the last may be shorter, or be left out."""
    for size in itertools.cycle(sizes):
        chunk = list(itertools.islice(keys, size))
        if not chunk or (len(chunk) < size and drop_remainder):
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


def windows(keys: Iterator[Key], size: int, shift: int, stride: int, drop_remainder: bool) -> Iterator[list[Key]]:
    """Yield lists of `size` keys that are `stride` apart, each beginning `shift` keys after the one before."""
    reach, kept = (size - 1) * stride + 1, list[Key]()
    while True:
        kept += itertools.islice(keys, reach - len(kept))
        window = kept[::stride]
        if not window or (drop_remainder and len(window) < size):
            return
        yield window
        for _ in itertools.islice(keys, max(shift - len(kept), 0)):
            pass
        kept = kept[shift:]


def by_turns(streams: Iterator[Iterator[Key]], at_once: int, block: int) -> Iterator[Key]:
    """Yield blocks of keys from several streams by turns; the next stream takes the place of one that has ended."""
    open_ones: list[Iterator[Key] | None] = [None] * at_once
    idle = False
    while not idle:
        idle = True
        for place in range(at_once):
            stream = open_ones[place] or next(streams, None)
            if stream is None:
                continue
            idle, met = False, 0
            for key in itertools.islice(stream, block):
                met += 1
                yield key
            open_ones[place] = stream if met == block else None


def groups(
    keys: Iterator[Key], number: Callable[[Key], int], size: Callable[[int], int]
) -> Iterator[tuple[int, list[Key]]]:
    """Yield lists of keys that have the same number as they fill up, and at the end those that are not full."""
    kept: dict[int, list[Key]] = {}
    for key in keys:
        own = number(key)
        group = kept.setdefault(own, [])
        group.append(key)
        if len(group) >= size(own):
            yield own, kept.pop(own)
    yield from sorted(kept.items())


def first_ones(keys: Iterator[Key], contents: Callable[[Key], Hashable]) -> Iterator[Key]:
    """Yield the keys whose contents have not come before."""
    met = set()
    for key in keys:
        own = contents(key)
        if own not in met:
            met.add(own)
            yield key


def chosen(streams: list[Iterator[Key]], choices: Iterator[int], stop: bool) -> Iterator[Key]:
    """Yield the next key of the stream that each choice names, for as long as one has any, or all have if `stop`."""
    nothing, ended = object(), set[int]()
    for choice in choices:
        key = next(streams[choice], nothing)
        if key is not nothing:
            yield key  # type: ignore[misc]
            continue
        ended.add(choice)
        if stop or len(ended) == len(streams):
            return


def drawn(weights: np.ndarray, source: np.random.Generator) -> Iterator[int]:
    """Yield numbers below that of the weights, each as likely as its weight."""
    shares = weights / weights.sum()
    while True:
        yield int(source.choice(len(shares), p=shares))


def sources(seed: int | None, again: bool | None) -> Callable[[], np.random.Generator]:
    """Return what gives each iteration the generator that it draws from: other numbers each time unless not `again`.

    Raises:
        DataError: for a seed that is no whole number.
    """
    seed = None if seed is None else checks.whole("seed", seed, 0)
    if again is False:
        start = int(random.generator().integers(2**32)) if seed is None else seed
        return lambda: random.new_generator(start)
    if seed is None:
        return random.generator
    own = random.new_generator(seed)
    return lambda: own
