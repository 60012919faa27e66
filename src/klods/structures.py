"""Structures: lists, tuples, named tuples and dicts, nested, of tensors, arrays, placeholders or anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def leaves(structure: Any) -> list[Any]:
    """Return what is in a structure, in order."""
    if isinstance(structure, dict):
        return [leaf for key in structure for leaf in leaves(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in leaves(part)]
    return [structure]


def leaves_by_key(structure: Any) -> list[Any]:
    """Return what is in a structure, that of a dict in the order of its sorted keys, as Keras counts inputs."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in leaves_by_key(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in leaves_by_key(part)]
    return [structure]


def mapped(function: Callable[[Any], Any], structure: Any, kind: Any = object) -> Any:
    """Return the structure with a function applied to each leaf of a kind; other leaves stay."""
    if isinstance(structure, dict):
        return {key: mapped(function, part, kind) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return sequence_like(structure, [mapped(function, part, kind) for part in structure])
    return function(structure) if isinstance(structure, kind) else structure


def rebuilt(structure: Any, parts: Iterator[Any]) -> Any:
    """Return the structure with the next of `parts` in place of each leaf."""
    return mapped(lambda _: next(parts), structure)


def sequence_like(sequence: Any, parts: Iterable[Any]) -> Any:
    """Return parts as a list, tuple or named tuple, whichever another sequence is."""
    return sequence._make(parts) if hasattr(sequence, "_make") else type(sequence)(parts)
