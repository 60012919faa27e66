"""The BLAS that NumPy ships: the addresses of its matrix product and of what sets its number of threads."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Blas(NamedTuple):
    """Functions of OpenBLAS with 64-bit sizes.

    Attributes:
        product: the address of cblas_sgemm.
        set_threads: the address of openblas_set_num_threads.
        get_threads: the address of openblas_get_num_threads.
        threads: how many threads it has been given, by OPENBLAS_NUM_THREADS or by the number of processors.
    """

    product: int
    set_threads: int
    get_threads: int
    threads: int


@cache
def numpy_blas() -> Blas | None:
    """Return NumPy's OpenBLAS, or None where NumPy has another BLAS, or has it elsewhere."""
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in sorted(folder.glob("*openblas64_*")):
            library = ctypes.CDLL(str(path))
            names = ("scipy_cblas_sgemm64_", "scipy_openblas_set_num_threads64_", "scipy_openblas_get_num_threads64_")
            if all(hasattr(library, name) for name in names):
                product, put, get = (ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in names)
                return Blas(product, put, get, getattr(library, names[2])())
    return None
