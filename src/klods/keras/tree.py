"""Keras's `keras.tree`: structures of lists, tuples and dicts, which are gone through by their sorted keys."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from klods.errors import DataError
from klods.missing import reporter
from klods.structures import sequence_like

Path = tuple[Any, ...]


class MAP_TO_NONE:
    """What a function of `traverse` returns to put None in something's place: None leaves it as it is."""


def is_nested(structure: Any) -> bool:
    """Tell whether something is a list, tuple or dict."""
    return isinstance(structure, (list, tuple, dict))


def flatten(structure: Any) -> list[Any]:
    """Return what is in a structure, in order.

    Example:
        >>> flatten({"b": [1, (2, None)], "a": 3})
        [3, 1, 2, None]
    """
    return [leaf for _, leaf in flatten_with_path(structure)]


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """Return what is in a structure, in order, each with the keys and places that lead to it.

    Example:
        >>> flatten_with_path({"b": [1, 2], "a": 3})
        [(('a',), 3), (('b', 0), 1), (('b', 1), 2)]
    """
    if not is_nested(structure):
        return [((), structure)]
    return [((key, *path), leaf) for key, part in _parts(structure) for path, leaf in flatten_with_path(part)]


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Return a structure of what a function makes of the things at the same place in structures.

    Args:
        func: takes one thing of each structure.
        structures: the structures, all like the first.
        none_is_leaf: whether the function gets None too; otherwise it stays.

    Raises:
        DataError: for no structure, or one that isn't like the first.

    Example:
        >>> map_structure(lambda x, y: x + y, {"a": [1, 2]}, {"a": [10, 20]})
        {'a': [11, 22]}
    """
    if not structures:
        raise DataError("map_structure takes a structure or more; got none.", "pass one after the function.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    if none_is_leaf:
        return map_structure_up_to(structures[0], func, *structures)
    return map_structure_up_to(structures[0], lambda *x: None if x[0] is None else func(*x), *structures)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Return what a function makes of the parts of structures that stand where a shallower one has things.

    Raises:
        DataError: for a structure that doesn't begin as the shallow one does.

    Example:
        >>> map_structure_up_to([0, 0], lambda x: x, [1, [2, 3]])
        [1, [2, 3]]
    """
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _check_alike(shallow_structure, other)
    keys = [key for key, _ in _parts(shallow_structure)]
    parts = [map_structure_up_to(shallow_structure[key], func, *[other[key] for other in structures]) for key in keys]
    return _like(shallow_structure, parts)


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Return a structure with other things in it, in the order of `flatten`.

    Raises:
        DataError: for more or fewer things.

    Example:
        >>> pack_sequence_as({"b": [0, 0], "a": 0}, [3, 1, 2])
        {'b': [1, 2], 'a': 3}
    """
    things, count = list(flat_sequence), len(flatten(structure))
    if len(things) != count:
        raise DataError(f"pack_sequence_as: {len(things)} things for a structure of {count}.", "give as many.")
    left = iter(things)
    return map_structure(lambda _: next(left), structure)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Return a structure in which a function has replaced parts and things.

    Args:
        func: is called on the structure, its parts and what is in them; returns what stands in their place, None to
            leave them, MAP_TO_NONE for None.
        structure: the structure.
        top_down: whether a structure is before its parts, which are left alone where it is replaced, or after them.

    Example:
        >>> traverse(lambda x: tuple(x) if isinstance(x, list) else None, {"a": [1, [2]]})
        {'a': (1, [2])}
    """
    found = func(structure) if top_down else None
    if found is None and is_nested(structure):
        structure = _like(structure, [traverse(func, part, top_down) for _, part in _parts(structure)])
    if not top_down:
        found = func(structure)
    return structure if found is None else None if found is MAP_TO_NONE else found


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Check that two structures are alike, whatever is in them.

    Args:
        a: one.
        b: the other.
        check_types: accepted for Keras's sake: lists and tuples are always different.

    Raises:
        DataError: if they aren't.
    """
    if is_nested(a) != is_nested(b):
        raise DataError(f"The structures differ: {a!r} and {b!r}.", "give both the same parts.")
    if is_nested(a):
        _check_alike(a, b)
        for key, part in _parts(a):
            assert_same_structure(part, b[key])


def assert_same_paths(a: Any, b: Any) -> None:
    """Check that the same keys and places lead to what is in two structures.

    Raises:
        DataError: if they don't.
    """
    apart = {path for path, _ in flatten_with_path(a)} ^ {path for path, _ in flatten_with_path(b)}
    if apart:
        raise DataError(f"The structures differ at {sorted(apart, key=str)[0]!r}.", "give both the same parts.")


def lists_to_tuples(structure: Any) -> Any:
    """Return a structure with tuples in place of lists."""
    return traverse(lambda x: tuple(x) if isinstance(x, list) else None, structure, top_down=False)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Return a structure of what a function makes of the shapes in one: lists and tuples of whole numbers and None."""

    def shaped(x: Any) -> Any:
        is_shape = isinstance(x, (list, tuple)) and all(n is None or isinstance(n, int) for n in x)
        return func(x) if is_shape else None

    return traverse(shaped, structure)


def _parts(structure: Any) -> list[tuple[Any, Any]]:
    """Return the keys or places in a structure, in order, and what stands there."""
    if isinstance(structure, dict):
        in_order = structure if isinstance(structure, OrderedDict) else sorted(structure)
        return [(key, structure[key]) for key in in_order]
    return list(enumerate(structure))


def _like(structure: Any, parts: list[Any]) -> Any:
    """Return a structure of the same kind with other parts, in the order of its own."""
    if not isinstance(structure, dict):
        return sequence_like(structure, parts)
    made = copy.copy(structure)
    made.update({key: part for (key, _), part in zip(_parts(structure), parts)})
    return made


def _check_alike(one: Any, other: Any) -> None:
    kinds = (dict, dict) if isinstance(one, dict) and isinstance(other, dict) else (type(one), type(other))
    if kinds[0] is not kinds[1] or [key for key, _ in _parts(one)] != [key for key, _ in _parts(other)]:
        raise DataError(f"The structures differ: {one!r} and {other!r}.", "give both the same parts.")


__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]
__getattr__ = reporter(__name__)
