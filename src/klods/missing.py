"""What a klods module says when asked for a name that TensorFlow or Keras may have and klods doesn't."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from opcode import opmap
from types import FrameType, MappingProxyType
from typing import Any


def reporter(
    module: str, lazy: tuple[str, ...] = (), found_in: Mapping[str, str] = MappingProxyType({})
) -> Callable[[str], Any]:
    """Return a module's `__getattr__`: it imports what is lazy when used, and reports other names.

    Args:
        module: the module's name.
        lazy: submodules that are imported at first use.
        found_in: names that are imported at first use, by the modules that they are found in; after a colon, the name
            that they have there, if it is another one.
    """

    def missing(name: str) -> Any:
        path = f"{module}.{name}"
        if name in found_in:
            home, _, other = found_in[name].partition(":")
            return getattr(import_module(home), other or name)
        if name in lazy or path in sys.modules:
            return import_module(path)
        if _is_importing(sys._getframe(1)):
            raise ImportError(f"klods does not have {path}", name=module)
        raise AttributeError(f"klods does not have {path}", name=name)

    return missing


def _is_importing(frame: FrameType) -> bool:
    """Tell whether a frame stands at `from module import name`, where Python words an AttributeError in its own way."""
    return frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]
