"""TensorFlow's `tf.nest`: structures of lists, tuples and dicts. Dicts are gone through by their sorted keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from klods.errors import ArgumentError
from klods.missing import reporter
from klods.structures import leaves_by_key, sequence_like


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """Return what is in a structure, in order.

    Example:
        >>> flatten({"b": [1, 2], "a": 3})
        [3, 1, 2]
    """
    return leaves_by_key(structure)


def is_nested(seq: Any) -> bool:
    """Tell whether something is a list, tuple or dict."""
    return isinstance(seq, (list, tuple, dict))


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any], expand_composites: bool = False) -> Any:
    """Return a structure with other things in it, in the order of `flatten`.

    Raises:
        ArgumentError: for more or fewer things.

    Example:
        >>> pack_sequence_as({"b": [0, 0], "a": 0}, [3, 1, 2])
        {'b': [1, 2], 'a': 3}
    """
    parts, count = list(flat_sequence), len(flatten(structure))
    if len(parts) != count:
        raise ArgumentError(f"pack_sequence_as: {len(parts)} things for a structure of {count}.", "give as many.")
    return _packed(structure, iter(parts))


def _packed(structure: Any, parts: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        made = {key: _packed(structure[key], parts) for key in sorted(structure)}
        return {key: made[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        return sequence_like(structure, [_packed(part, parts) for part in structure])
    return next(parts)


def map_structure(func: Callable[..., Any], *structure: Any, check_types: bool = True, **options: Any) -> Any:
    """Return a structure of what a function makes of the things at the same place in structures.

    Args:
        func: takes one thing of each structure.
        structure: the structures, all alike.
        check_types: whether lists and tuples are different.
        options: `expand_composites`, which changes nothing here.

    Raises:
        ArgumentError: for structures that are not alike.

    Example:
        >>> map_structure(lambda x, y: x + y, {"a": [1, 2]}, {"a": [10, 20]})
        {'a': [11, 22]}
    """
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types)
    return pack_sequence_as(structure[0], [func(*things) for things in zip(*map(flatten, structure))])


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Check that two structures are alike, whatever is in them.

    Raises:
        ArgumentError: if they aren't.
    """
    if _form(nest1, check_types) != _form(nest2, check_types):
        raise ArgumentError(f"The structures differ: {nest1!r} and {nest2!r}.", "give all the same parts.")


def _form(structure: Any, check_types: bool) -> Any:
    if isinstance(structure, dict):
        return {key: _form(part, check_types) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [type(structure) if check_types else list, *[_form(part, check_types) for part in structure]]
    return None


__all__ = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"]
__getattr__ = reporter(__name__)
