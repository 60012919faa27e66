"""What the passes make of a graph, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from klods.graph import Graph, Node
from klods.passes.simplify import PASSES


@dataclass(frozen=True)
class Stage:
    """A graph after a pass.

    Attributes:
        name: `traced`, or the pass's name.
        does: what the pass does.
        nodes: the graph's nodes.
    """

    name: str
    does: str
    nodes: list[Node]


def stages(traced: Graph) -> list[Stage]:
    """Return a traced graph and what each pass of `simplify` leaves of it.

    Example:
        >>> graph = Graph()
        >>> x = graph.given((2,), "float32")
        >>> y = graph.value((2,), "float32")
        >>> graph.nodes, graph.outputs = [Node("multiply", (x, 1), {}, y)], [y]
        >>> [(stage.name, len(stage.nodes)) for stage in stages(graph)][:3]
        [('traced', 1), ('expand', 1), ('shorten', 0)]
    """
    found = [Stage("traced", "What the function did when it was called with symbols.", traced.nodes)]
    graph = traced
    for simpler in PASSES:
        graph = simpler(graph)
        found.append(Stage(simpler.__name__, (simpler.__doc__ or "").strip(), graph.nodes))
    return found
