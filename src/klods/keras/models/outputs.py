"""The outputs of a model, and how what is given for them (losses, metrics, targets, weights) is laid out on them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from klods.errors import DataError

CONTAINERS = (list, tuple, dict)
Path = tuple[Any, ...]  # the keys and indices that lead to one output in the structure of all


class Outputs:
    """The outputs of a model, one after the other: those of a dict in the order of its keys.

    Args:
        y_pred: what the model returned, a tensor or a structure of tensors.
        names: the model's own names for its outputs, if it has such.

    Attributes:
        paths: where each output is found.
        names: the name of each output; None for one without.

    Example:
        >>> outputs = Outputs({"price": [1.5], "kind": 2}, None)
        >>> outputs.paths, outputs.laid_out({"kind": "mse"}, "loss")
        ([('kind',), ('price', 0)], {('kind',): 'mse'})
    """

    def __init__(self, y_pred: Any, names: Sequence[str] | None) -> None:
        self.paths = paths(y_pred)
        own = names if names and len(names) == len(self.paths) else [None] * len(self.paths)
        self.names = [
            path[0] if len(path) == 1 and isinstance(path[0], str) else name for path, name in zip(self.paths, own)
        ]

    def label(self, i: int) -> str:
        """Return how output i is called in an error; nothing for the only one."""
        if len(self.paths) == 1:
            return ""
        return f"Output {self.names[i] or '/'.join(map(str, self.paths[i]))!r}: "

    def laid_out(self, given: Any, role: str, several: bool = False) -> dict[Path, Any]:
        """Return what is given for outputs, by their paths: in the order that a dict of outputs is given it, as Keras.

        Args:
            given: one thing for the only output, or a structure like that of the outputs: lists and dicts of things, by
                place or by name. A list may be flat.
            role: what is given, for errors.
            several: whether an output may have several of them.

        Raises:
            DataError: for a structure that doesn't fit the outputs.
        """
        found: dict[Path, Any] = {}
        if len(self.paths) == 1:
            found[self.paths[0]] = alone(given)
        else:
            self._lay_out(given, (), role, found)
        for item in found.values():
            if isinstance(item, CONTAINERS) and not several:
                raise DataError(f"{role} is {_told(given)}; the model has {self}.", self._mend(role))
        by_place = self.paths[0][:1] and isinstance(self.paths[0][0], int)
        return {path: found[path] for path in self.paths if path in found} if by_place else found

    def _lay_out(self, given: Any, path: Path, role: str, found: dict[Path, Any]) -> None:
        if given is None:
            return
        if path in self.paths:
            found[path] = given
        elif isinstance(given, dict):
            for key, item in given.items():
                self._lay_out(item, self._place(key, path, role), role, found)
        else:
            places = self._places(path)
            if not path and _is_flat(given) and len(given) == len(self.paths):
                places = self.paths
            if not isinstance(given, (list, tuple)) or len(given) != len(places):
                raise DataError(f"{role} is {_told(given)}; the model has {self}.", self._mend(role))
            for item, place in zip(given, places):
                self._lay_out(item, place, role, found)

    def _places(self, path: Path) -> list[Path]:
        return list(dict.fromkeys(p[: len(path) + 1] for p in self.paths if p[: len(path)] == path))

    def _place(self, key: Any, path: Path, role: str) -> Path:
        place = (*path, key)
        if any(p[: len(place)] == place for p in self.paths):
            return place
        if not path and key in self.names:
            return self.paths[self.names.index(key)]
        raise DataError(f"{role} names the output {key!r}; the model has {self}.", self._mend(role))

    def _mend(self, role: str) -> str:
        if len(self.paths) == 1:
            return f"give {role} for one output."
        return f"give {role} as a list with one entry per output, or as a dict by output."

    def __str__(self) -> str:
        if len(self.paths) == 1:
            return "one output"
        named = [str(name or "/".join(map(str, path))) for name, path in zip(self.names, self.paths)]
        return f"{len(named)} outputs: {', '.join(named)}"


def paths(structure: Any, path: Path = ()) -> list[Path]:
    """Return the paths to all leaves of a structure; dicts are walked in the order of their keys, as Keras does."""
    if isinstance(structure, dict):
        keys: Any = structure if isinstance(structure, OrderedDict) else sorted(structure)
    elif isinstance(structure, (list, tuple)):
        keys = range(len(structure))
    else:
        return [path]
    return [found for key in keys for found in paths(structure[key], (*path, key))]


def at(structure: Any, path: Path) -> Any:
    """Return what is found in a structure at a path."""
    for key in path:
        structure = structure[key]
    return structure


def alone(given: Any) -> Any:
    """Return what was given for the only output, alone or in a list or dict."""
    while isinstance(given, CONTAINERS) and len(given) == 1:
        given = next(iter(given.values() if isinstance(given, dict) else given))
    return given


def _is_flat(given: Any) -> bool:
    return isinstance(given, (list, tuple)) and not any(isinstance(item, CONTAINERS) for item in given)


def _told(given: Any) -> str:
    if isinstance(given, CONTAINERS):
        return f"a {type(given).__name__} of {len(given)}"
    return "a single one"
