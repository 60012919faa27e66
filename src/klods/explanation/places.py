"""Places: how printed loops write down where in a nested list a value stands."""

from __future__ import annotations

from collections.abc import Sequence

from klods.passes.kernel import COLUMN, FULL, ROW, Domain


def place(shape: Sequence[int], domain: Domain) -> str:
    """Return the index of a kernel's value at the present `row` and `column`, in the brackets of nested lists.

    Example:
        >>> place((128, 10), FULL), place((10,), COLUMN), place((2, 64, 1), ROW), place((), ROW)
        ('[row][column]', '[column]', '[row // 64][row % 64][0]', '')
    """
    if domain is ROW:
        return brackets(_parts("row", shape))
    rest = [*shape[:-1]]
    first = _parts("row", rest) if domain is FULL else ["0"] * len(rest)
    last = ["0" if shape[-1] == 1 or domain not in (FULL, COLUMN) else "column"] if shape else []
    return brackets([*first, *last])


def brackets(parts: Sequence[str]) -> str:
    """Return indices as Python writes them behind nested lists."""
    return "".join(f"[{part}]" for part in parts)


def nested(start: str, shape: Sequence[int]) -> str:
    """Return a nested list of this shape that holds `start` everywhere, in Python.

    Example:
        >>> nested("0.0", (3, 2))
        '[[0.0] * 2 for _ in range(3)]'
    """
    if not shape:
        return start
    text = f"[{start}] * {shape[-1]}"
    for size in reversed(shape[:-1]):
        text = f"[{text} for _ in range({size})]"
    return text


def _parts(counter: str, shape: Sequence[int]) -> list[str]:
    """Return for each axis the index that a counter through all of them, the last the fastest, stands for."""
    wide = [axis for axis, size in enumerate(shape) if size != 1]
    parts, stride = ["0"] * len(shape), 1
    for axis in reversed(wide):
        text = counter if stride == 1 else f"{counter} // {stride}"
        parts[axis] = text if axis == wide[0] else f"{text} % {shape[axis]}"
        stride *= max(1, shape[axis])
    return parts
