"""The backends that run a plan: NumPy, and machine code through llvmlite."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

from klods.backends.program import Program, Step, numpy_steps
from klods.errors import DataError, StateError
from klods.passes.plan import Plan

NAMES = ("llvm", "numpy")
_chosen: list[str] = []


def backend() -> str:
    """Return the name of the backend that runs compiled functions.

    It is the one chosen with `set_backend`, or else the one that the environment variable KLODS_BACKEND names, or else
    llvm where llvmlite is installed, and numpy elsewhere.

    Raises:
        DataError: if KLODS_BACKEND names another.
        StateError: for llvm without llvmlite.

    Example:
        >>> backend() in ("llvm", "numpy")
        True
    """
    if not _chosen:
        set_backend(os.environ.get("KLODS_BACKEND") or ("llvm" if find_spec("llvmlite") else "numpy"))
    return _chosen[-1]


def set_backend(name: str) -> None:
    """Choose the backend that compiled functions run in from here on: `llvm` (machine code) or `numpy`.

    Raises:
        DataError: for another name.
        StateError: for llvm without llvmlite.
    """
    if name not in NAMES:
        raise DataError(f"There is no backend '{name}'.", f"choose one of {', '.join(NAMES)}.")
    if name == "llvm" and find_spec("llvmlite") is None:
        raise StateError("The backend llvm needs llvmlite, which is not installed.", "pip install llvmlite")
    _chosen[:] = [name]


def load(backend: str) -> None:
    """Load what every plan needs in a backend: for llvm the compiler, and machine code that knows of no plan."""
    if backend == "llvm":
        from klods.backends.llvm import native

        native()


def steps_of(backend: str, apart: bool = False) -> Callable[[Plan, Program], list[Step]]:
    """Return what turns a plan into steps.

    Args:
        backend: its name.
        apart: whether each call of the plan is to be a step of its own.
    """
    if backend == "numpy":
        return numpy_steps
    from klods.backends.llvm import llvm_steps

    return partial(llvm_steps, apart=apart)
