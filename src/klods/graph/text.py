"""The graph as text: one node a line, the same text for the same graph."""

from __future__ import annotations

from typing import Any

from klods.graph.graph import Graph, Node, Operand, Value


def text(graph: Graph) -> str:
    """Return a graph as text.

    Example:
        >>> graph = Graph()
        >>> x = graph.given((2, 3), "float32")
        >>> y = graph.value((2, 3), "float32")
        >>> graph.nodes, graph.outputs = [Node("multiply", (x, 2), {}, y)], [y]
        >>> print(text(graph))
        given    %0 float32[2, 3]
        %1 float32[2, 3] = multiply(%0, 2)
        wanted   %1
    """
    lines = [f"given    {typed(value)}" for value in graph.inputs]
    lines += [f"constant {typed(value)}" for value in graph.constants]
    lines += [node_text(node) for node in graph.nodes]
    return "\n".join([*lines, f"wanted   {', '.join(map(named, graph.outputs))}"])


def node_text(node: Node) -> str:
    """Return a node as text."""
    attributes = [f"{name}={_plain(x)}" for name, x in node.attributes.items()]
    return f"{typed(node.output)} = {node.block}({', '.join([*map(named, node.operands), *attributes])})"


def typed(value: Value) -> str:
    """Return a value's number, dtype and shape."""
    return f"%{value.number} {value.dtype}{list(value.shape)}"


def named(x: Operand) -> str:
    """Return an operand's number, or the number it is."""
    return f"%{x.number}" if isinstance(x, Value) else repr(x)


def _plain(x: Any) -> str:
    return str(getattr(x, "__qualname__", x))
