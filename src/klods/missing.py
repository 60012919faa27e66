"""What a klods module says when asked for a name that TensorFlow or Keras may have and klods doesn't."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def reporter(module: str, lazy: tuple[str, ...] = ()) -> Callable[[str], Any]:
    """Return a module's `__getattr__`: it imports the submodules in `lazy` when used, and reports other names.

    Args:
        module: the module's name.
        lazy: submodules that are imported at first use.
    """

    def missing(name: str) -> Any:
        if name in lazy:
            return import_module(f"{module}.{name}")
        raise AttributeError(f"klods does not have {module}.{name}", name=name)

    return missing
