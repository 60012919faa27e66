"""The tables of an explanation, as text and as HTML."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from itertools import groupby

from klods.explanation.compare import Reading
from klods.explanation.measure import Row
from klods.pictures.tables import html_table, plain_table

HEADER = ("", "blocks", "shape", "flops", "bytes", "time", "achieved", "share")
ALIGN = "rllrrrrr"
COMPARED = ("", "time", "times as fast", "largest difference")
WIDEST = 120  # columns of a table, at most


def plan(title: str, rows: Sequence[Row]) -> str:
    """Return the table of a plan, one line a kernel, as wide as the terminal allows."""
    width = min(WIDEST, shutil.get_terminal_size().columns)
    cells = [_cells(row, ", ".join(named_blocks(row))) for row in rows]
    below = [textwrap.fill(note, width) for note in notes(rows)]
    return "\n".join([title, "", plain_table(HEADER, cells, ALIGN, width, elastic=1), "", *below])


def plan_html(title: str, rows: Sequence[Row]) -> str:
    """Return the table of a plan for a notebook."""
    cells = [[cell.replace(" ", "\u00a0") for cell in _cells(row, "")] for row in rows]
    for line, row in zip(cells, rows):
        line[1] = ", ".join(named_blocks(row))
    return html_table(HEADER, cells, f"{title}. {' '.join(notes(rows))}", ALIGN)


def comparison(title: str, found: Sequence[Reading]) -> str:
    """Return the table of a kernel run in several ways."""
    return f"{title}\n\n{plain_table(COMPARED, _compared(found), 'lrrr', WIDEST, elastic=0)}"


def comparison_html(title: str, found: Sequence[Reading]) -> str:
    """Return the table of a kernel run in several ways for a notebook."""
    return html_table(COMPARED, _compared(found), title, "lrrr")


def notes(rows: Sequence[Row]) -> list[str]:
    """Return the lines under the table: the whole step, and blocks without a loop."""
    whole = sum(row.seconds for row in rows)
    counted = sum(row.operations or 0 for row in rows)
    kernels = "1 kernel" if len(rows) == 1 else f"{len(rows)} kernels"
    lines = [
        f"{kernels} in {seconds(whole)}, {amount(counted).strip()} operations (flops), "
        f"{amount(sum(row.bytes or 0 for row in rows))}B read and written."
    ]
    without = [f"{row.blocks[0]} ({row.number})" for row in rows if not row.has_body]
    if any(row.runs_in == "LLVM" for row in rows):
        lines.append("Kernels run as machine code, compiled by LLVM, unless a library is named.")
    return lines + [f"Blocks without a loop body are not compiled: {', '.join(without)}."] * bool(without)


def shortened(blocks: Sequence[str], width: int) -> str:
    """Return the names of blocks in so many characters."""
    line = ", ".join(blocks)
    return line if len(line) <= width else f"{line[: width - 1]}…"


def seconds(x: float) -> str:
    """Return a time with three digits.

    Example:
        >>> seconds(0.0000123), seconds(1.5)
        ('12.3 µs', '1.50 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if x >= size:
            return f"{_digits(x / size)} {unit}"
    return f"{_digits(x / 1e-9)} ns"


def amount(x: float) -> str:
    """Return a number with three digits and the letter of its thousands, ready for a unit.

    Example:
        >>> amount(526336), amount(12)
        ('526 k', '12 ')
    """
    for letter, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if x >= size:
            return f"{_digits(x / size)} {letter}"
    return f"{x:.0f} "


def _digits(x: float) -> str:
    return f"{x:.2f}" if x < 9.995 else f"{x:.1f}" if x < 99.95 else f"{x:.0f}"


def _cells(row: Row, blocks: str) -> list[str]:
    return [
        str(row.number),
        blocks,
        "x".join(map(str, row.shape)) or "1",
        "-" if row.operations is None else amount(row.operations).strip(),
        "-" if row.bytes is None else f"{amount(row.bytes)}B",
        seconds(row.seconds),
        achieved(row),
        f"{100 * row.share:.1f} %",
    ]


def achieved(row: Row) -> str:
    """Return a speed: operations a second of a product, which computing limits; bytes of a loop, which memory does."""
    if row.blocks == ("matmul",) and row.operations_per_second is not None:
        return f"{_billions(row.operations_per_second)} GFLOP/s"
    return "-" if row.bytes_per_second is None else f"{_billions(row.bytes_per_second)} GB/s"


def _billions(x: float) -> str:
    return _digits(x / 1e9) if x >= 0.005e9 else f"{x / 1e9:.4f}"


def named_blocks(row: Row) -> list[str]:
    """Return the names of a kernel's blocks, the same ones in a row once with their number, and which library runs it.

    A loop in machine code goes without saying.
    """
    runs = [(name, len(list(run))) for name, run in groupby(row.blocks)]
    names = [name if count == 1 else f"{count} {name}" for name, count in runs]
    return names if row.runs_in == "LLVM" else [*names[:-1], f"{names[-1]} ({row.runs_in})"]


def _compared(found: Sequence[Reading]) -> list[list[str]]:
    return [
        [
            x.name,
            seconds(x.seconds),
            f"{x.faster:,.0f}" if x.faster >= 10 else f"{x.faster:.1f}",
            f"{x.difference:.0e}" if x.difference else "0",
        ]
        for x in found
    ]
