"""The graph's checker, for the tests: run after every pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klods.graph.graph import Graph, Node, Value
from klods.graph.text import named, node_text

Rules = Callable[[Node], tuple[tuple[int, ...], Any]]


def check(graph: Graph, rules: Rules) -> None:
    """Raise AssertionError unless every value is made once, before its use, with the shape and dtype its block gives.

    Args:
        graph: the graph.
        rules: returns the shape and dtype that a node's block gives for its operands.
    """
    known = {*graph.inputs, *graph.constants}
    assert len({v.number for v in known}) == len(graph.inputs) + len(graph.constants), "two givens have one number"
    for value, array in graph.constants.items():
        assert (array.shape, array.dtype) == (value.shape, value.dtype), f"constant {named(value)} has another shape"
    for node in graph.nodes:
        for x in node.values:
            assert x in known, f"{named(x)} is used before it is made: {node_text(node)}"
        assert node.output not in known, f"{named(node.output)} is made twice: {node_text(node)}"
        assert rules(node) == (node.output.shape, node.output.dtype), f"{rules(node)} expected: {node_text(node)}"
        known.add(node.output)
    for wanted in graph.outputs:
        assert not isinstance(wanted, Value) or wanted in known, f"{named(wanted)} is wanted, and never made"
