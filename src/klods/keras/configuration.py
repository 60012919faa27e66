"""How Keras objects are named, described as plain data, and made again from it."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from klods.errors import DataError, unknown_name

Self = TypeVar("Self", bound="Configurable")

_names_given: Counter[str] = Counter()


class Configurable:
    """An object whose hyper-parameters are attributes with the names of its constructor's arguments."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {name: serialize(getattr(self, name)) for name in arguments(type(self)) if hasattr(self, name)}

    @classmethod
    def from_config(cls: type[Self], config: Mapping[str, Any]) -> Self:
        """Return an object made with these arguments; options that klods lacks are passed over where they are off.

        Raises:
            DataError: for an option that klods lacks and that is on.
        """
        known = arguments(cls)
        lacking = [name for name, value in config.items() if name not in known and value not in (None, False)]
        if lacking:
            raise DataError(f"{cls.__name__} of klods has no option {', '.join(lacking)}.", "leave it out.")
        return cls(**{name: value for name, value in config.items() if name in known})


def arguments(cls: Any) -> tuple[str, ...]:
    """Return the names of a constructor's arguments, and of its bases' where it passes others on."""
    names: dict[str, None] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        names.update((p.name, None) for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL))
        if all(p.kind is not p.VAR_KEYWORD for p in parameters):
            break
    return tuple(names)


def serialize(value: Any) -> Any:
    """Return a value as plain data: objects as their class's name and arguments, functions as their names."""
    if isinstance(value, Configurable):
        return {
            "module": _module(value),
            "class_name": type(value).__name__,
            "config": value.get_config(),
            "registered_name": None,
        }
    if inspect.isfunction(value):
        return value.__name__.rstrip("_")
    if isinstance(value, (list, tuple)):
        return [serialize(item) for item in value]
    return value


def _module(value: Configurable) -> str:
    """Return Keras's name for the module of a klods class.

    `klods.keras.layers.dense` is `keras.layers`, and `klods.keras.models.sequential` is `keras`.
    """
    first, *rest = type(value).__module__.removeprefix("klods.").split(".")[:2]
    return ".".join([first, *(name for name in rest if name != "models")])


def resolve(kind: str, identifier: Any, known: Mapping[str, Any]) -> Any:
    """Return the object that an identifier means.

    Args:
        kind: what it is, for the error's text.
        identifier: a name, a configuration as `serialize` gives it, a class, or an object, which is returned.
        known: functions and classes by all their names.

    Raises:
        NameUnknownError: for an unknown name, with the nearest known one.
    """
    if isinstance(identifier, Mapping) and identifier["class_name"] == "function":
        identifier = identifier["config"]
    if isinstance(identifier, Mapping):
        return _lookup(kind, identifier["class_name"], known).from_config(identifier.get("config", {}))
    found = _lookup(kind, identifier, known) if isinstance(identifier, str) else identifier
    if inspect.isclass(found):
        return found()
    if not callable(found) and not isinstance(found, Configurable):
        raise DataError(f"{found!r} is no {kind}.", "give its name, a function or an object.")
    return found


def _lookup(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise unknown_name(kind, name, known)
    return known[name]


def dtype_policy(name: str) -> dict[str, Any]:
    """Return a dtype as Keras's layers describe theirs."""
    return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": name}, "registered_name": None}


def by_name(*objects: Callable[..., Any], **aliases: Callable[..., Any]) -> dict[str, Any]:
    """Return functions and classes by their names, classes also by their snake-case name."""
    table = {item.__name__.rstrip("_"): item for item in objects}
    table.update({snake_case(item.__name__): item for item in objects if inspect.isclass(item)})
    return {**table, **aliases}


def snake_case(name: str) -> str:
    """Return `GlorotUniform` as `glorot_uniform`.

    Example:
        >>> snake_case("GlorotUniform"), snake_case("SGD")
        ('glorot_uniform', 'sgd')
    """
    apart = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", apart).lower()


def unique_name(prefix: str) -> str:
    """Return `dense` for the first layer of that class, then `dense_1`, `dense_2` ..."""
    count = _names_given[prefix]
    _names_given[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def forget_names() -> None:
    """Start the numbering of names anew."""
    _names_given.clear()
