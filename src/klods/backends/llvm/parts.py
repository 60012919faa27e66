"""How large loops and products are cut into parts for the crew: by their sizes alone, so that results don't vary."""

from __future__ import annotations

import itertools

from klods.backends.llvm.blas import numpy_blas
from klods.passes.kernel import FULL, ROW, Kernel
from klods.passes.plan import Call

LARGE_LOOP = 1 << 16  # elements from which a loop is cut
LARGE_PRODUCT = 1 << 19  # multiplications from which a product is cut
GRAIN = 64  # parts begin at multiples of this, so that vectors stay whole and lie on cache lines

Bounds = tuple[int, int]


def kernel_bounds(call: Call) -> list[Bounds]:
    """Return the first and last row of each part of a kernel; the elements of one that is flat.

    Only what every part leaves at its own elements or rows can be cut: sums over rows and single numbers can't.
    """
    kernel = call.item
    assert isinstance(kernel, Kernel)
    size = kernel.rows * kernel.columns
    whole = size if kernel.flat else kernel.rows
    apart = not kernel.late and all(kernel.domains[v] in (FULL, ROW) for v in call.stores)
    return _cut(whole, GRAIN if kernel.flat else 1) if apart and size >= LARGE_LOOP else [(0, whole)]


def product_bounds(m: int, n: int, k: int) -> list[tuple[Bounds, Bounds]]:
    """Return the rows and the columns of each part of an m by n product of rows and columns of length k."""
    if m * n * k < LARGE_PRODUCT:
        return [((0, m), (0, n))]
    return [((0, m), piece) for piece in _cut(n, GRAIN)] if n >= m else [(piece, (0, n)) for piece in _cut(m, GRAIN)]


def _cut(whole: int, grain: int) -> list[Bounds]:
    """Return as many pieces as there are threads, or fewer."""
    found = numpy_blas()
    count = 1 if found is None else found.threads
    edges = sorted({min(whole, -(-whole * i // (count * grain)) * grain) for i in range(count + 1)})
    return [*itertools.pairwise(edges)] if whole else [(0, 0)]
