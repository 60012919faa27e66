"""`Module`: an object that finds the variables in its attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from klods.scopes import name_scope
from klods.structures import leaves_by_key
from klods.tensor import Variable

Method = TypeVar("Method", bound=Callable[..., Any])


class Module:
    """An object with variables: its own, those of modules and layers among its attributes, in lists and dicts too.

    Attributes come by their names in order, those of modules after the object's own.

    Args:
        name: a name for people; the class's by default.

    Example:
        >>> import klods
        >>> class Affine(klods.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.w = klods.Variable([[1.], [2.]], name="w")
        ...         self.b = klods.Variable(0., name="b")
        ...     def __call__(self, x):
        ...         return x @ self.w + self.b
        >>> [variable.name for variable in Affine().trainable_variables]
        ['b', 'w']
    """

    _name: str | None = None

    def __init__(self, name: str | None = None) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def name_scope(self) -> AbstractContextManager[str]:
        return name_scope(self.name)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables, each once."""
        return tuple(_once(self._variables()))

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """The variables that tapes watch by themselves."""
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def non_trainable_variables(self) -> tuple[Variable, ...]:
        """The other variables."""
        return tuple(variable for variable in self.variables if not variable.trainable)

    @property
    def submodules(self) -> tuple[Module, ...]:
        """The modules among the attributes, and those among theirs, each once."""
        return tuple(_once(self._modules({id(self)})))

    @classmethod
    def with_name_scope(cls, method: Method) -> Method:
        """Return a method as it is: names of variables have no scopes here."""
        return method

    def _variables(self) -> Iterator[Variable]:
        for module in (self, *self.submodules):
            for part in module._parts():
                if isinstance(part, Variable):
                    yield part
                elif not isinstance(part, Module) and hasattr(part, "trainable_variables"):
                    yield from part.variables

    def _modules(self, met: set[int]) -> Iterator[Module]:
        for part in self._parts():
            if isinstance(part, Module) and id(part) not in met:
                met.add(id(part))
                yield part
                yield from part._modules(met)

    def _parts(self) -> list[Any]:
        return [part for name in sorted(vars(self)) for part in leaves_by_key(vars(self)[name])]


Thing = TypeVar("Thing")


def _once(things: Iterator[Thing]) -> list[Thing]:
    return list({id(thing): thing for thing in things}.values())
