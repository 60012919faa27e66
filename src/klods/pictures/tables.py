"""Tables: with box drawing for a terminal, in the look of Keras 3's summaries, plain, and in HTML for a notebook."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from html import escape

Row = Sequence[str]

LINE_LENGTH = 88  # columns at most, as in Keras's summaries
EDGES = (0.45, 0.80, 1.0)  # where the columns of a summary end, as shares of the line
LINE = "1px solid rgba(128,128,128,0.4)"  # seen on white and on black
CELL = f"padding:0.25em 0.8em;border:0;border-bottom:{LINE};background:transparent;color:inherit"
TABLE = "border-collapse:collapse;border:0;color:inherit;font-variant-numeric:tabular-nums"


def text_table(
    header: Row, rows: Sequence[Row], align: str, line_length: int | None = None, edges: Sequence[float] = EDGES
) -> str:
    """Return a table whose columns fill a line; long cells go on in the next line, long words are cut.

    Args:
        header: the columns' names.
        rows: the cells of each row.
        align: for each column `l` (left), `c` (centre) or `r` (right).
        line_length: the characters of a line; what the terminal has less 4, at most 88, by default.
        edges: where each column ends, as a share of the line.

    Example:
        >>> print(text_table(["Layer", "Weights"], [["dense", "20"]], align="lr", line_length=24, edges=(0.5, 1)))
        ┏━━━━━━━━━━┳━━━━━━━━━━━┓
        ┃ Layer    ┃   Weights ┃
        ┡━━━━━━━━━━╇━━━━━━━━━━━┩
        │ dense    │        20 │
        └──────────┴───────────┘
    """
    widths = _widths(line_length or min(LINE_LENGTH, shutil.get_terminal_size().columns - 4), edges)
    body: list[str] = []
    for row in rows:
        body += [_rule("├─┼┤", widths), _row(row, widths, align, "│")]
    head = [_rule("┏━┳┓", widths), _row(header, widths, align, "┃"), _rule("┡━╇┩", widths)]
    return "\n".join([*head, *body[1:], _rule("└─┴┘", widths)])


def plain_table(header: Row, rows: Sequence[Row], align: str, line_length: int, elastic: int) -> str:
    """Return a table of columns as wide as their cells, one line a row.

    Args:
        header: the columns' names.
        rows: the cells of each row.
        align: for each column `l` (left) or `r` (right).
        line_length: the characters of a line, at most.
        elastic: the column whose cells are cut where lines would be longer, but for brackets at their end.

    Example:
        >>> print(plain_table(["block", "time"], [["add relu", "9 s"], ["matmul", "12 s"]], "lr", 14, elastic=0))
        block     time
        add relu   9 s
        matmul    12 s
    """
    lines = [list(header), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    excess = sum(widths) + 2 * (len(widths) - 1) - line_length
    widths[elastic] = max(len(header[elastic]), 8, widths[elastic] - max(0, excess))
    sides = {"l": "<", "r": ">"}
    cut = [[_cut(cell, width) for cell, width in zip(line, widths)] for line in lines]
    return "\n".join(
        "  ".join(f"{cell:{sides[a]}{width}}" for cell, width, a in zip(line, widths, align)).rstrip() for line in cut
    )


def html_table(header: Row, rows: Sequence[Row], caption: str, align: str = "") -> str:
    """Return a table in HTML that keeps the colours of the page around it, light or dark.

    Args:
        header: the columns' names.
        rows: the cells of each row.
        caption: the line above the table.
        align: for each column `l` (left) or `r` (right); all left by default.
    """
    align = align or "l" * len(header)
    body = "".join(f"<tr>{_html_cells('td', row, align)}</tr>" for row in rows)
    return (
        f'<table style="{TABLE}">'
        f'<caption style="text-align:left;padding:0.25em 0.8em;color:inherit">{escape(caption)}</caption>'
        f"<thead><tr>{_html_cells('th', header, align)}</tr></thead><tbody>{body}</tbody></table>"
    )


def _html_cells(tag: str, cells: Row, align: str) -> str:
    sides = {"l": "left", "r": "right"}
    return "".join(f'<{tag} style="text-align:{sides[a]};{CELL}">{escape(c)}</{tag}>' for c, a in zip(cells, align))


def _widths(line_length: int, edges: Sequence[float]) -> list[int]:
    """Return the characters of each column between its borders, laid out as Keras does.

    Keras gives each column its share of the whole line, and takes what borders and margins need from all alike.
    """
    ends = [int(edge * line_length) for edge in edges]
    widths = [end - start + 2 for start, end in zip([0, *ends], ends)]
    excess = sum(widths) + len(widths) + 1 - line_length
    for i, left in enumerate(range(len(widths), 0, -1)):
        part = round(excess / left)
        widths[i] = max(3, widths[i] - part)
        excess -= part
    return widths


def _rule(parts: Sequence[str], widths: Sequence[int]) -> str:
    left, line, cross, right = parts
    return left + cross.join(line * width for width in widths) + right


def _row(cells: Row, widths: Sequence[int], align: str, border: str) -> str:
    wrapped = [_wrapped(cell, width - 2) for cell, width in zip(cells, widths)]
    height = max(len(lines) for lines in wrapped)
    padded = [lines + [""] * (height - len(lines)) for lines in wrapped]
    return "\n".join(_line(parts, widths, align, border) for parts in zip(*padded))


def _line(parts: Row, widths: Sequence[int], align: str, border: str) -> str:
    sides = {"l": "<", "c": "^", "r": ">"}
    cells = [f" {part:{sides[a]}{width - 2}} " for part, width, a in zip(parts, widths, align)]
    return border + border.join(cells) + border


def _wrapped(cell: str, width: int) -> list[str]:
    lines = textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False) or [""]
    return [_cut(line, width) for line in lines]


def _cut(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    end = text[text.rfind(" (") :] if text.endswith(")") and " (" in text else ""
    end = end if len(end) < width - 1 else ""
    return f"{text[: width - 1 - len(end)]}…{end}"
