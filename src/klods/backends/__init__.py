"""The backends that run a plan: NumPy, and machine code through llvmlite."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec

from klods.backends.program import Program, Step, numpy_steps
from klods.errors import DataError, StateError
from klods.passes.plan import Plan

NAMES = ("llvm", "numpy")


def default_backend() -> str:
    """Return the backend that KLODS_BACKEND names; llvm where llvmlite is installed, else numpy.

    Raises:
        DataError: for another name.
        StateError: for llvm without llvmlite.
    """
    name = os.environ.get("KLODS_BACKEND") or ("llvm" if find_spec("llvmlite") else "numpy")
    if name not in NAMES:
        raise DataError(f"KLODS_BACKEND is '{name}'.", f"set it to one of {', '.join(NAMES)}.")
    if name == "llvm" and find_spec("llvmlite") is None:
        raise StateError("KLODS_BACKEND is 'llvm', and llvmlite is not installed.", "pip install llvmlite")
    return name


def steps_of(backend: str) -> Callable[[Plan, Program], list[Step]]:
    """Return what turns a plan into steps."""
    if backend == "numpy":
        return numpy_steps
    from klods.backends.llvm import llvm_steps

    return llvm_steps
