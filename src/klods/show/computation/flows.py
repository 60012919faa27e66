"""A graph with its values and gradients, as boxes and arrows, and as text."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from klods.pictures.flow import BACKWARD, Flow, Row, Station, Tie
from klods.pictures.tables import plain_table
from klods.show.computation.derivatives import LENGTH
from klods.show.computation.seen import Edge, Node, Seen
from klods.show.numbers import flaws, shape_of, values_of

WIDEST = 100  # columns of text
TOLD = 30  # nodes that a description names
KINDS = {"given": "given", "weight": "variable", "constant": "constant"}
DOWN = "Values flow down, gradients up."
LOCAL = (
    "On an arrow: the derivative of its end with respect to its start. Multiply along a path from the result up, add "
    "over the paths: that is the gradient."
)
ARRIVING = "G: the gradient that arrives from below."
LENGTHS = "‖G‖ on an arrow: the length of the gradient that flows back on it, the root of the sum of its squares."
# For terminals that have no other letters: as NumPy writes it.
ASCII = str.maketrans({"·": "@", "ᵀ": ".T", "→": "->", "×": "*", "‖": "|", "Σ": "sum", "∂": "d"})


@dataclass(frozen=True)
class Lit:
    """What of a graph is shown, while it is walked through: keys of nodes, and places of edges."""

    values: frozenset[int]
    gradients: frozenset[int]
    edges: frozenset[int]
    current: int


def drawn(graph: Seen, lit: Lit | None = None) -> Flow:
    """Return a graph as boxes and arrows; all of it by default."""
    return Flow(
        graph.title,
        described(graph),
        [_station(node, lit) for node in graph.nodes],
        [_tie(place, edge, lit) for place, edge in enumerate(graph.edges)],
        notes(graph),
        warning=stopped(graph),
    )


def _station(node: Node, lit: Lit | None) -> Station:
    computed = lit is None or node.key in lit.values
    known = lit is None or node.key in lit.gradients
    rows = [Row(label, value if computed else "") for label, value in _figures(node)]
    rows += [Row(label, value if known else "", BACKWARD) for label, value in _gradients(node)]
    marked = lit is not None and lit.current == node.key
    late = node.gradient is None
    return Station(node.key, titled(node), rows, node.kind, pale=not computed, marked=marked, late=late)


def titled(node: Node) -> str:
    """Return what a node is called, and what makes it."""
    if node.kind in KINDS:
        return f"{node.name} ({KINDS[node.kind]})"
    if node.kind == "folded":
        return f"{node.name} ({node.formula})" if node.formula else node.name
    return f"{node.name} = {node.formula}" if node.formula else node.name


def _figures(node: Node) -> list[tuple[str, str]]:
    """Return what is known of a node on the way down."""
    if node.value is None:
        return [*node.extra]
    found = [("in", node.within)] if node.within else []
    return [*found, ("shape", shape_of(node.value)), ("value", values_of(node.value))]


def _gradients(node: Node) -> list[tuple[str, str]]:
    """Return what is known of a node on the way up."""
    return [] if node.value is None else [("gradient", gradient_of(node)), *node.extra]


def gradient_of(node: Node) -> str:
    """Return the gradient of a node in a few characters."""
    return "none" if node.gradient is None else values_of(node.gradient)


def _tie(place: int, edge: Edge, lit: Lit | None) -> Tie:
    label = "" if edge.derivative is None else edge.derivative.words
    if lit is None:
        return Tie(edge.source, edge.target, label)
    marked = lit.current == (edge.source if lit.current in lit.gradients else edge.target)
    return Tie(edge.source, edge.target, label, place in lit.edges, marked and bool(label or not lit.gradients))


# ------------------------------------------------------------ words


def told(graph: Seen, lit: Lit) -> str:
    """Return what is known of the current node, or of all that is given."""
    nodes = [node for node in graph.nodes if lit.current == node.key or (not lit.current and node.key in lit.values)]
    lines = []
    for node in nodes:
        figures = [*_figures(node), *(_gradients(node) if node.key in lit.gradients else [])]
        lines.append(f"  {node.name}: {', '.join(f'{label} {value}' for label, value in figures)}")
    return "\n".join(lines).translate(ASCII)


def notes(graph: Seen) -> list[str]:
    """Return what is to be said below a graph."""
    labels = [edge.derivative.words for edge in graph.edges if edge.derivative is not None]
    lengths = [label for label in labels if label.startswith(LENGTH)]
    said = {DOWN: True, LOCAL: lengths != labels, LENGTHS: lengths}
    said[ARRIVING] = any(" G" in label or "G " in label for label in labels if label not in lengths)
    found = [" ".join(line for line, wanted in said.items() if wanted)] if labels else []
    found += [] if graph.error else _of_results(graph)
    if graph.folded:
        share = "All" if graph.folded == graph.operations else f"{graph.folded} of"
        found.append(f"{share} {graph.operations} operations are folded into boxes; fold=False shows each.")
    if graph.left_out:
        found.append(f"Left out, since the result doesn't depend on them: {_operations(graph.left_out)}.")
    return [*found, *_of_flaws(graph)]


def stopped(graph: Seen) -> str:
    """Return what stopped a computation; nothing if it came to its end."""
    return f"Stopped by an error. {graph.error}" if graph.error else ""


def _of_results(graph: Seen) -> list[str]:
    results = [node for node in graph.nodes if node.key in graph.results]
    if all(node.gradient is None for node in results):
        return ["There are no gradients: no floating result depends on a floating tensor that is watched."]
    if len(results) > 1 or results[0].value.size > 1:
        return [f"Gradients are those of the sum of {' and '.join(node.name for node in results)}."]
    return []


def _of_flaws(graph: Seen) -> list[str]:
    """Return where NaN or infinity begins, on the way down and on the way up."""
    values = next((node for node in graph.nodes if node.value is not None and flaws(node.value)), None)
    gradients = [node for node in reversed(graph.nodes) if node.gradient is not None and flaws(node.gradient)]
    found = [] if values is None else [f"NaN or infinity begins in {values.name}: {', '.join(flaws(values.value))}."]
    if gradients:
        first = gradients[0]
        found.append(f"In the gradients it begins at {first.name}: {', '.join(flaws(first.gradient))}.")
    return found


def summary(graph: Seen) -> str:
    """Return a line about a graph."""
    count = _operations(graph.operations)
    if graph.error:
        return f"{graph.title}: {count}, then an error."
    results = [node for node in graph.nodes if node.key in graph.results]
    return f"{graph.title}: {count} give{'s' * (graph.operations == 1)} {', '.join(_result(node) for node in results)}."


def _operations(count: int) -> str:
    return f"{count} operation{'s' * (count != 1)}"


def _result(node: Node) -> str:
    value = values_of(node.value)
    return f"{node.name} = {value}" if node.value.size == 1 else f"{node.name} {shape_of(node.value)}: {value}"


def described(graph: Seen) -> str:
    """Return what a graph shows, for those who hear it, without the notes."""
    parts = [summary(graph)]
    for node in graph.nodes[:TOLD]:
        figures = ", ".join(f"{label} {value}" for label, value in [*_figures(node), *_gradients(node)])
        parts.append(f"{titled(node)}: {figures}.")
    if len(graph.nodes) > TOLD:
        parts.append(f"And {len(graph.nodes) - TOLD} more.")
    return " ".join([*parts, stopped(graph)]).strip()


def text(graph: Seen) -> str:
    """Return a graph as text: a table of its nodes, and the derivatives on its edges."""
    rows = [_cells(node) for node in graph.nodes]
    lines = [summary(graph), "", plain_table(("name", "is", "shape", "value", "gradient"), rows, "lllll", WIDEST, 1)]
    names = {node.key: node.name for node in graph.nodes}
    local = [_derivative(edge, names) for edge in graph.edges if edge.derivative is not None]
    lines += ["", "local derivatives", *local] if local else []
    lines += [f"{node.name}: {label} {value}" for node in graph.nodes for label, value in node.extra]
    said = [line for note in (*notes(graph), stopped(graph)) for line in wrap(note, WIDEST)]
    return "\n".join([*lines, "", *said]).rstrip().translate(ASCII)


def _cells(node: Node) -> list[str]:
    figures = dict(_figures(node))
    what = node.formula or KINDS.get(node.kind, node.kind)
    gradient = "" if node.kind == "failed" else gradient_of(node)
    return [node.name, what, figures.get("shape", ""), figures.get("value", ""), gradient]


def _derivative(edge: Edge, names: dict[int, str]) -> str:
    assert edge.derivative is not None
    words = edge.derivative.words
    sign = f"= {words.removeprefix('× ')}" if edge.derivative.value is not None else f": {words}"
    return f"d {names[edge.target]} / d {names[edge.source]} {sign}".replace(" : ", ": ")
