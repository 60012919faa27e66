"""Passes that simplify a graph. Each returns a graph with the same inputs and the same results."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from klods.dtypes import as_array
from klods.graph import Graph, Node, Operand, Symbol, Value
from klods.ops.block import BLOCKS, aligned
from klods.passes.kernel import EFFECTS
from klods.passes.trace import GraphTracer

Rewrite = Callable[[GraphTracer, Node], "Operand | Symbol | None"]

LARGE = 1 << 18  # elements of a matrix that is not put together if its parts will do
FOLDED = 4096  # elements of a constant that is worth computing beforehand


def simplify(graph: Graph) -> Graph:
    """Apply all passes of this file, in the order that lets each see what the one before laid open."""
    for simpler in PASSES:
        graph = simpler(graph)
    return graph


def expand(graph: Graph) -> Graph:
    """Write softmax, log_softmax and means with simpler blocks, which can be fused."""
    return rewritten(
        graph,
        lambda tracer, node: (
            EXPANSIONS[node.block](_symbol(tracer, node), **node.attributes) if node.block in EXPANSIONS else None
        ),
    )


def shorten(graph: Graph) -> Graph:
    """Drop what changes nothing: x * 1, x / 1, casts and reshapes to what x already is; gate by relu's output."""
    relus: dict[Operand, Value] = {}

    def rewrite(tracer: GraphTracer, node: Node) -> Operand | Symbol | None:
        if node.block == "relu":
            relus[node.operands[0]] = node.output
        if node.block == "gate" and node.operands[1] in relus:
            return tracer.apply("gate", _symbols(tracer, (node.operands[0], relus[node.operands[1]])), {})
        return _unchanged(node)

    return rewritten(graph, rewrite)


def fold(graph: Graph) -> Graph:
    """Compute beforehand what depends on constants alone."""

    def rewrite(tracer: GraphTracer, node: Node) -> Operand | None:
        constants = tracer.graph.constants
        known = all(not isinstance(x, Value) or x in constants for x in node.operands)
        if not known or node.output.size > FOLDED or node.block in EFFECTS:
            return None
        record, given = BLOCKS[node.block], [constants[x] if isinstance(x, Value) else x for x in node.operands]
        arrays = aligned(tuple(given), given, record.kind)[1]
        with np.errstate(all="ignore"):
            return tracer.graph.constant(as_array(record.compute(*arrays, **node.attributes), node.output.dtype))

    return rewritten(graph, rewrite)


def merge(graph: Graph) -> Graph:
    """Compute once what is computed twice."""
    seen: dict[Any, Value] = {}

    def rewrite(tracer: GraphTracer, node: Node) -> Operand | None:
        if node.block in EFFECTS:
            return None
        key = (node.block, *map(_written, node.operands), _written(sorted(node.attributes.items())))
        return None if seen.setdefault(key, node.output) == node.output else seen[key]

    return rewritten(graph, rewrite)


def part(graph: Graph) -> Graph:
    """Write products of a large matrix that is others side by side as products of these, if nothing else reads it."""
    joined: dict[Operand, Node] = {node.output: node for node in graph.nodes if _is_joined(node)}
    read = [x for node in graph.nodes for x in node.operands[1 if _is_product(node) else 0 :]]
    for x in (*read, *graph.outputs):
        joined.pop(x, None)
    if not joined:
        return graph

    def rewrite(tracer: GraphTracer, node: Node) -> Operand | Symbol | None:
        if node.block != "matmul" or node.operands[0] not in joined:
            return None
        *parts, b = _symbols(tracer, (*joined[node.operands[0]].operands, node.operands[1]))
        return _product_of_parts(parts, b, **node.attributes)

    return rewritten(graph, rewrite)


def drop(graph: Graph) -> Graph:
    """Drop nodes whose output nobody uses."""
    used = {x for x in graph.outputs if isinstance(x, Value)}
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if node.output in used or node.block in EFFECTS:
            kept.append(node)
            used.update(node.values)
    return graph.with_nodes(kept[::-1])


def rewritten(graph: Graph, rewrite: Rewrite) -> Graph:
    """Return the graph with what `rewrite` gives in place of nodes' outputs; None leaves a node as it is."""
    tracer = GraphTracer()
    tracer.graph = Graph(graph.inputs, dict(graph.constants), [], [], graph.count)
    stands: dict[Value, Operand] = {}
    for node in graph.nodes:
        operands = tuple(stands.get(x, x) if isinstance(x, Value) else x for x in node.operands)
        present = Node(node.block, operands, node.attributes, node.output)
        found = rewrite(tracer, present)
        if found is None:
            tracer.graph.nodes.append(present)
        else:
            stands[node.output] = found.value if isinstance(found, Symbol) else found
    outputs = [stands.get(x, x) if isinstance(x, Value) else x for x in graph.outputs]
    return tracer.graph.with_nodes(tracer.graph.nodes, outputs)


def _symbol(tracer: GraphTracer, node: Node) -> Symbol:
    return _symbols(tracer, node.operands)[0]


def _symbols(tracer: GraphTracer, operands: tuple[Operand, ...]) -> list[Any]:
    return [Symbol(tracer, x) if isinstance(x, Value) else x for x in operands]


def _unchanged(node: Node) -> Operand | None:
    """Return the operand that a node leaves as it is, if it does."""
    for place, operand in enumerate(node.operands):
        others = [x for i, x in enumerate(node.operands) if i != place]
        same = isinstance(operand, Value) and (operand.shape, operand.dtype) == (node.output.shape, node.output.dtype)
        if same and (node.block in SAME or (others and others[0] == NEUTRAL.get((node.block, 1 - place)))):
            return operand
    return None


def _written(x: Any) -> Any:
    """Return what only equals that of the same operand or attribute: 1, 1.0 and True are equal, and not the same."""
    if isinstance(x, (tuple, list)):
        return tuple(map(_written, x))
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype, x.tobytes()
    return x if isinstance(x, Value) else repr(x)


def _is_joined(node: Node) -> bool:
    wide = node.block == "concatenate" and node.attributes["axis"] in (1, -1) and len(node.output.shape) == 2
    return wide and node.output.size >= LARGE and all(x.dtype == node.output.dtype for x in node.values)


def _is_product(node: Node) -> bool:
    return node.block == "matmul" and len(node.output.shape) == 2


def _product_of_parts(parts: Sequence[Any], b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    apply = b.tracer.apply
    if transpose_a:
        turns = {"transpose_a": True, "transpose_b": transpose_b}
        return apply("concatenate", [apply("matmul", (x, b), turns) for x in parts], {"axis": 0})
    edges = [0, *itertools.accumulate(x.shape[1] for x in parts)]
    keys = [(slice(None),) * transpose_b + (slice(*piece),) for piece in itertools.pairwise(edges)]
    pieces = [apply("item", (b,), {"key": key}) for key in keys]
    products = [apply("matmul", (x, piece), {"transpose_b": transpose_b}) for x, piece in zip(parts, pieces)]
    return sum(products[1:], start=products[0])


# Blocks that do nothing to an operand that already has their output's shape and dtype.
SAME = {
    "cast",
    "identity",
    "stop_gradient",
    "reshape",
    "broadcast_to",
    "reduce_sum",
    "reduce_max",
    "reduce_min",
    "reduce_mean",
}
# Operands, by block and place, that leave the other operand as it is. 0 beside + doesn't: it makes 0 of -0.
NEUTRAL = {("multiply", 0): 1, ("multiply", 1): 1, ("divide", 1): 1}


def _softmax(x: Symbol, axis: int = -1) -> Symbol:
    x = _floating(x)
    powers = x.tracer.apply("exp", (x - _reduced("reduce_max", x, axis),), {})
    return powers / _reduced("reduce_sum", powers, axis)


def _log_softmax(x: Symbol, axis: int = -1) -> Symbol:
    x = _floating(x)
    shifted = x - _reduced("reduce_max", x, axis)
    total = _reduced("reduce_sum", x.tracer.apply("exp", (shifted,), {}), axis)
    return shifted - x.tracer.apply("log", (total,), {})


def _mean(x: Symbol, axis: Any = None, keepdims: bool = False) -> Symbol:
    total = _reduced("reduce_sum", _floating(x), axis, keepdims)
    count = x.size / total.size if total.size else 1
    return total * (1 / count) if count else total / count


def _floating(x: Symbol) -> Symbol:
    return x if x.dtype.kind == "f" else x.astype("float32")


def _reduced(block: str, x: Symbol, axis: Any, keepdims: bool = True) -> Symbol:
    return x.tracer.apply(block, (x,), {"axis": axis, "keepdims": keepdims})


EXPANSIONS: dict[str, Callable[..., Symbol]] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "reduce_mean": _mean,
}

PASSES = (expand, shorten, fold, merge, part, drop)
