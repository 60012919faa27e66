"""Classes and functions of one's own, made known by name so that files may mention them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from typing import Any, TypeVar

from klods.errors import DataError

Registered = TypeVar("Registered", bound=Callable[..., Any])

_objects: dict[str, Any] = {}
_names: dict[Any, str] = {}
_in_scope: ContextVar[Mapping[str, Any]] = ContextVar("custom_objects", default={})  # noqa: B039 (never changed)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Registered], Registered]:
    """Return a decorator that lets files mention a class or function of yours, as `package>name`.

    Args:
        package: what it belongs to.
        name: its name in files, that of the class or function by default.

    Raises:
        DataError: for a class without `get_config`.

    Example:
        >>> from klods import keras
        >>> @keras.saving.register_keras_serializable(package="shop")
        ... class Scale(keras.layers.Layer):
        ...     def call(self, inputs):
        ...         return 2 * inputs
        >>> keras.saving.get_registered_name(Scale)
        'shop>Scale'
    """

    def register(item: Registered) -> Registered:
        if inspect.isclass(item) and not hasattr(item, "get_config"):
            raise DataError(f"{item.__name__} has no get_config.", "define it: it returns the constructor's arguments.")
        registered = f"{package}>{name or item.__name__}"
        _objects[registered] = item
        _names[item] = registered
        return item

    return register


class CustomObjectScope:
    """Inside `with custom_object_scope({name: class}):` configurations and files may mention these, too.

    Args:
        custom_objects: classes and functions by their names.
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        self._outer: Token[Mapping[str, Any]] = _in_scope.set({**_in_scope.get(), **self.custom_objects})
        return self

    def __exit__(self, *_: object) -> None:
        _in_scope.reset(self._outer)


custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """Return the table of what is registered, which may be changed."""
    return _objects


def get_registered_name(obj: Any) -> str:
    """Return the name that a class or function is registered under, or else its own."""
    return _names.get(obj, obj.__name__)


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """Return the class or function of a name: of a scope, registered, or in the tables given; None if there is none."""
    for table in (_in_scope.get(), _objects, custom_objects or {}, module_objects or {}):
        if name in table:
            return table[name]
    return None
