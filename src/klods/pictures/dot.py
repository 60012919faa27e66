"""Boxes tied by arrows in DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from klods.pictures.boxes import Box, Frame
from klods.pictures.layered import Edge, Key


def dot(
    title: str,
    parts: Sequence[Box | Frame],
    edges: Sequence[Edge],
    direction: str = "TB",
    dpi: float = 200,
    splines: str = "ortho",
) -> str:
    """Return boxes, frames and the arrows between boxes as a DOT graph.

    Args:
        title: the graph's name.
        parts: boxes, and frames of boxes.
        edges: pairs of boxes' keys, at any depth.
        direction: Graphviz's `rankdir`.
        dpi: dots per inch of what Graphviz makes.
        splines: how Graphviz draws arrows.

    Example:
        >>> print(dot("two", [Box(1, "one"), Box(2, "another")], [(1, 2)]))
        digraph "two" {
          graph [rankdir=TB, dpi=200, splines=ortho];
          node [shape=box];
          n0 [label="one"];
          n1 [label="another"];
          n0 -> n1;
        }
    """
    names: dict[Key, str] = {}
    numbers = count()
    lines = [line for part in parts for line in _part(part, names, numbers)]
    arrows = [f"{names[a]} -> {names[b]};" for a, b in dict.fromkeys(edges)]
    settings = [f"graph [rankdir={direction}, dpi={dpi:g}, splines={splines}];", "node [shape=box];"]
    return "\n".join([f"digraph {_quoted(title)} {{", *_indented([*settings, *lines, *arrows]), "}"])


def _part(part: Box | Frame, names: dict[Key, str], numbers: count[int]) -> list[str]:
    number = next(numbers)
    if isinstance(part, Frame):
        inside = [line for inner in part.parts for line in _part(inner, names, numbers)]
        settings = [f"label={_quoted(part.title)};", "style=dashed;"]
        return [f"subgraph cluster_{number} {{", *_indented([*settings, *inside]), "}"]
    names[part.key] = f"n{number}"
    label = "\n".join([part.title, *(f"{name}: {value}" for name, value in part.rows)])
    return [f"n{number} [label={_quoted(label)}];"]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
