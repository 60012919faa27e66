"""Importing this module makes `tensorflow` and `keras` mean klods, until the program ends.

Write it above the imports of a program or notebook that was made for TensorFlow, and leave the rest as it is:

    import klods.as_tensorflow
    import tensorflow as tf
    from tensorflow.keras import layers

Both names give the same module objects: `tf is klods`, and `tensorflow.keras.layers is klods.keras.layers`. Importing
what klods does not have raises a ModuleNotFoundError that says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

from klods.errors import StateError

MEANING = {"tensorflow": "klods", "keras": "klods.keras"}


class AliasFinder(MetaPathFinder):
    """Finds klods's modules under the names of TensorFlow and Keras."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import a module; None for names that are neither TensorFlow's nor Keras's.

        Raises:
            ModuleNotFoundError: for a module that klods doesn't have.
        """
        root, dot, rest = fullname.partition(".")
        if root not in MEANING:
            return None
        name = MEANING[root] + dot + rest
        if find_spec(name) is None:
            raise ModuleNotFoundError(f"klods does not have {fullname}", name=fullname)
        return ModuleSpec(fullname, AliasLoader(name))


class AliasLoader(Loader):
    """Gives a klods module, loaded once under its own name, for another name.

    Args:
        name: the module's own name.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module itself rather than a new one."""
        module = import_module(self.name)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own spec back, which the import system has just replaced; its code has run."""
        module.__spec__ = self._own_spec


def _install() -> None:
    for name, meaning in MEANING.items():
        if name in sys.modules and sys.modules[name] is not import_module(meaning):
            raise StateError(
                f"The real {name} is already imported, so its name can't mean klods any more.",
                "import klods.as_tensorflow at the top; in Jupyter, restart the kernel first.",
            )
    sys.meta_path.insert(0, AliasFinder())


_install()
