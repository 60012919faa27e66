"""How large loops and products are cut into parts for the crew: by their sizes alone, so that results don't vary."""

from __future__ import annotations

import itertools

from klods.native.crew import size
from klods.passes.kernel import COLUMN, FULL, ROW, Kernel
from klods.passes.plan import Call

LARGE_LOOP = 1 << 16  # elements from which a loop is cut
LARGE_PRODUCT = 1 << 19  # multiplications from which a product is cut
GRAIN = 64  # columns at whose multiples parts begin, so that vectors stay whole and lie on cache lines
TALL = 8  # rows at whose multiples parts of products begin, which are those of a tile

Bounds = tuple[int, int]
Region = tuple[Bounds, Bounds]  # the rows and the columns of a part


def kernel_regions(call: Call) -> list[Region]:
    """Return the parts of a kernel: some of its rows, or some of its columns, or elements if it is flat.

    Only what every part leaves in places of its own can be cut: single numbers can't.
    """
    kernel = call.item
    assert isinstance(kernel, Kernel)
    rows, columns = kernel.rows, kernel.columns
    if rows * columns < LARGE_LOOP:
        return [((0, rows), (0, columns))]
    if kernel.flat and is_cut_by_rows(call):
        return [((0, 1), piece) for piece in _cut(rows * columns, GRAIN)]
    if is_cut_by_rows(call):
        return [(piece, (0, columns)) for piece in _cut(rows, 1)]
    pieces = _cut(columns, GRAIN) if is_cut_by_columns(call) else [(0, columns)]
    return [((0, rows), piece) for piece in pieces]


def product_regions(m: int, n: int, k: int) -> list[Region]:
    """Return the parts of an m by n product of rows and columns of length k."""
    if m * n * k < LARGE_PRODUCT:
        return [((0, m), (0, n))]
    return [((0, m), piece) for piece in _cut(n, GRAIN)] if n >= m else [(piece, (0, n)) for piece in _cut(m, TALL)]


def is_cut_by_rows(call: Call) -> bool:
    """Tell whether some rows of a kernel leave nothing but what is theirs."""
    kernel = call.item
    assert isinstance(kernel, Kernel)
    return not kernel.late and all(kernel.domains[v] in (FULL, ROW) for v in call.stores)


def is_cut_by_columns(call: Call) -> bool:
    """Tell whether some columns of a kernel leave nothing but what is theirs: sums over rows, and no sums of a row."""
    kernel = call.item
    assert isinstance(kernel, Kernel)
    return all(kernel.domains[n.output] in (FULL, COLUMN) and n.block != "put_labels" for n in kernel.nodes)


def _cut(whole: int, grain: int) -> list[Bounds]:
    """Return as many pieces as there are threads, or fewer."""
    edges = sorted({min(whole, -(-whole * i // (size() * grain)) * grain) for i in range(size() + 1)})
    return [*itertools.pairwise(edges)] if whole else [(0, 0)]
