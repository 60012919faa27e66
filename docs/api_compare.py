"""What two libraries have under one name, compared: members of modules and classes, arguments and their defaults."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

VARIABLE = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
REQUIRED = inspect.Parameter.empty


def public_names(owner: Any) -> list[str]:
    """Return the names that a module or object offers."""
    return [name for name in dir(owner) if not name.startswith("_")]


class Change(NamedTuple):
    """What is the matter with one argument: `without`, `also`, `by name only`, or another verb."""

    verb: str
    argument: str
    more: str = ""


def differences(ours: Any, theirs: Any) -> Iterator[Change]:
    """Yield what differs in calling two functions or classes.

    Args:
        ours: what klods has.
        theirs: what Keras has under that name.
    """
    if isinstance(ours, ModuleType) or isinstance(theirs, ModuleType):
        return
    if callable(ours) != callable(theirs):
        yield Change("called" if callable(ours) else "not called", "")
    if not callable(theirs) or not callable(ours):
        return
    mine, other = arguments(ours), arguments(theirs)
    yield from (Change("without", name) for name in other if name not in mine)
    yield from (Change("also", name) for name in mine if name not in other)
    for name, parameter in mine.items():
        if name in other:
            yield from of_argument(parameter, other[name])
    in_order = [name for name, parameter in mine.items() if name in other and parameter.kind in BY_PLACE]
    if in_order != [name for name in other if name in in_order]:
        yield Change("another order of arguments", "")


def of_argument(mine: inspect.Parameter, other: inspect.Parameter) -> Iterator[Change]:
    """Yield how an argument that both have differs. One that Keras insists on, and klods doesn't, is no difference."""
    if mine.kind not in BY_PLACE and other.kind in BY_PLACE:
        yield Change("by name only", mine.name)
    if mine.default != other.default and other.default is not REQUIRED:
        yield Change("default of", mine.name, f" {shown(mine.default)} instead of {shown(other.default)}")


def in_words(changes: Iterable[Change]) -> str:
    """Return changes as half a sentence, those of one kind together."""
    by_verb: dict[str, list[str]] = {}
    for verb, argument, more in changes:
        by_verb.setdefault(verb, []).append(f"`{argument}`{more}" if argument else "")
    return "; ".join(f"{verb} {', '.join(things)}".strip() for verb, things in by_verb.items())


def shown(default: Any) -> str:
    """Return how a default is written on the page."""
    return "required" if default is REQUIRED else f"`{default!r}`"


def arguments(function: Any) -> dict[str, inspect.Parameter]:
    """Return a function's or constructor's arguments, with those of the bases that a constructor passes others to."""
    found: dict[str, inspect.Parameter] = {}
    by_place = True
    for part in inspect.getmro(function)[:-1] if inspect.isclass(function) else [function]:
        if inspect.isclass(part) and "__init__" not in vars(part):
            continue
        parameters = signature(part)
        named = [p for p in parameters if p.kind not in VARIABLE and p.name not in found]
        found |= {p.name: p if by_place else p.replace(kind=p.KEYWORD_ONLY) for p in named}
        kinds = {p.kind for p in parameters}
        by_place = by_place and inspect.Parameter.VAR_POSITIONAL in kinds
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            break
    return found


def signature(function: Any) -> list[inspect.Parameter]:
    """Return the parameters of a call, without `self`."""
    called = function.__init__ if inspect.isclass(function) else function
    return [p for p in inspect.signature(called).parameters.values() if p.name != "self"]
