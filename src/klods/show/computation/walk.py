"""A graph walked through a value at a time: forward, then backward."""

from __future__ import annotations

from dataclasses import replace

from klods.pictures.boxes import Plan
from klods.pictures.flow import arranged, draw
from klods.show.computation.derivatives import LENGTH, Derivative
from klods.show.computation.flows import Lit, drawn, gradient_of, titled, told
from klods.show.computation.seen import Node, Seen
from klods.show.numbers import number
from klods.show.picture import Picture, Slides

GIVEN = ("given", "weight", "constant")


def walk(graph: Seen) -> Slides:
    """Return a graph as slides: what is given, each operation, and the gradients back from the result."""
    plan = arranged(drawn(graph))
    slides = [*_forward(graph), *_backward(graph)]
    pictures = [_picture(graph, lit, caption, plan) for lit, caption in slides]
    return Slides(pictures, [caption for _, caption in slides])


def _picture(graph: Seen, lit: Lit, caption: str, plan: Plan) -> Picture:
    words = told(graph, lit)
    return Picture(draw(replace(drawn(graph, lit), description=f"{caption} {words.strip()}."), plan), words)


def _forward(graph: Seen) -> list[tuple[Lit, str]]:
    given = [node for node in graph.nodes if node.kind in GIVEN]
    values = {node.key for node in given}
    names = ", ".join(node.name for node in given)
    slides = [(_lit(values, set(), set(), 0), f"Forward: given {'is' if len(given) == 1 else 'are'} {names}.")]
    for node in graph.nodes:
        if node.kind not in GIVEN:
            values.add(node.key)
            slides.append((_lit(values, set(), set(), node.key), f"Forward: {titled(node)}."))
    return slides


def _backward(graph: Seen) -> list[tuple[Lit, str]]:
    """Return a slide for each gradient: a node's is known once those of all that it goes into are."""
    first_use: dict[int, int] = {}
    place = {node.key: i for i, node in enumerate(graph.nodes)}
    for edge in graph.edges:
        if edge.derivative is not None:
            first_use[edge.source] = min(first_use.get(edge.source, len(place)), place[edge.target])
    reached = [node for node in graph.nodes if node.gradient is not None]
    order = sorted(reached, key=lambda node: -first_use.get(node.key, len(place)))
    values, gradients, edges = set(place), set[int](), set[int]()
    slides = []
    for node in order:
        gradients.add(node.key)
        edges |= {i for i, e in enumerate(graph.edges) if e.source == node.key and e.derivative is not None}
        slides.append((_lit(values, gradients, edges, node.key), f"Backward: {_reached(node, graph)}"))
    return slides


def _reached(node: Node, graph: Seen) -> str:
    """Return how a gradient comes about: a sum over what the node goes into."""
    found = f"the gradient of {node.name}"
    ways = [edge for edge in graph.edges if edge.source == node.key and edge.derivative is not None]
    if not ways:
        return f"{found}, the result, with respect to itself is {gradient_of(node)}."
    by_key = {other.key: other for other in graph.nodes}
    derivatives = [edge.derivative for edge in ways if edge.derivative is not None]
    after = [by_key[edge.target] for edge in ways]
    if all(d.value is not None for d in derivatives):
        terms = [f"{gradient_of(other)} × {number(d.value)}" for other, d in zip(after, derivatives)]
        return f"{found} = {' + '.join(terms)} = {gradient_of(node)}."
    return f"{found} = {' + '.join(_term(other, d) for other, d in zip(after, derivatives))}."


def _term(after: Node, passed: Derivative) -> str:
    if passed.words.startswith(LENGTH):
        return f"what comes back through {after.name}"
    return f"{passed.words.partition(' → ')[0]} (G of {after.name})"


def _lit(values: set[int], gradients: set[int], edges: set[int], current: int) -> Lit:
    return Lit(frozenset(values), frozenset(gradients), frozenset(edges), current)
