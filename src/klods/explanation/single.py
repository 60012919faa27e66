"""The naive reading of a node that has no loop of its own in a plan, as text: a matrix product, or what NumPy runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from klods.errors import StateError
from klods.explanation.naive import element, function
from klods.explanation.names import Names
from klods.explanation.places import brackets, nested
from klods.explanation.terms import Term, applied, literal
from klods.graph import Node, Value
from klods.passes.kernel import pointwise
from klods.passes.plan import Call

COUNTERS = ("row", "column", "i", "j", "k", "l", "m", "n")


def node_function(name: str, call: Call, names: Names, constants: Mapping[Value, Term]) -> str:
    """Return a node as a function of nested lists, or arrays, that returns nested lists or an array."""
    node = call.item
    assert isinstance(node, Node)
    if node.block == "matmul" and all(len(x.shape) > 1 for x in node.values):
        return function(name, call, names, {}, _product(node, names))
    if pointwise(node) and len(node.output.shape) <= len(COUNTERS):
        return function(name, call, names, constants, _element_wise(node, names, constants))
    return _whole(name, call, node, names)


def _product(node: Node, names: Names) -> list[str]:
    a, b = node.values if len(node.values) == 2 else node.values * 2
    turn_a, turn_b = (node.attributes.get(f"transpose_{side}") for side in "ab")
    out, shape = names[node.output], node.output.shape
    batch, (row, column, i) = COUNTERS[3 : len(shape) + 1], COUNTERS[:3]
    left = _element(names[a], batch, a.shape, [i, row] if turn_a else [row, i])
    right = _element(names[b], batch, b.shape, [column, i] if turn_b else [i, column])
    total, length = names.new("total"), a.shape[-2 if turn_a else -1]
    inner = [f"{total} = 0.0", f"for {i} in range({length}):", f"    {total} += {left} * {right}"]
    inner.append(f"{out}{brackets([*batch, row, column])} = {total}")
    return [f"{out} = {nested('0.0', shape)}", *_loops([*batch, row, column], shape, inner)]


def _element_wise(node: Node, names: Names, constants: Mapping[Value, Term]) -> list[str]:
    out, shape = names[node.output], node.output.shape
    counters = _counters(len(shape))
    operands = [
        (constants[x] if x in constants else element(x, _element(names[x], counters, x.shape, [])))
        if isinstance(x, Value)
        else literal(x, node.output.dtype if node.output.dtype.kind == "f" else None)
        for x in node.operands
    ]
    line = f"{out}{brackets(counters)} = {applied(node, operands).text}"
    return [f"{out} = {nested('0.0', shape)}"] * bool(shape) + _loops(counters, shape, [line])


def _whole(name: str, call: Call, node: Node, names: Names) -> str:
    """Return a function that calls a block's own loops, where there is no loop to print.

    Raises:
        StateError: for a block that calls Python.
    """
    if any(callable(x) for x in node.attributes.values()):
        what = f"{name.replace('_', ' ').capitalize()} is the block {node.block}, which calls a function in Python"
        raise StateError(f"{what}: it stands for no loop.", "choose another kernel.")
    arguments = [f"np.asarray({names[x]})" if isinstance(x, Value) else repr(x) for x in node.operands]
    attributes = [f"{key}={value!r}" for key, value in node.attributes.items()]
    line = f'{names[node.output]} = BLOCKS["{node.block}"].naive({", ".join([*arguments, *attributes])})'
    text = function(name, call, names, {}, [f"# {node.block} has no loop body: in the plan NumPy runs it.", line])
    return f"import numpy as np\n\nfrom klods.ops.block import BLOCKS\n\n\n{text}"


def _counters(count: int) -> Sequence[str]:
    """Return names for the counters of loops, of which the last two run over rows and columns."""
    return [*COUNTERS[2:count], *COUNTERS[:2]][-count:] if count else []


def _element(name: str, counters: Sequence[str], shape: Sequence[int], last: Sequence[str]) -> str:
    """Return an element of an array whose axes are broadcast to the counters', but for the last ones."""
    rank = len(shape) - len(last)
    parts = [c if size != 1 else "0" for c, size in zip(counters[len(counters) - rank :], shape)]
    return name + brackets([*parts, *last])


def _loops(counters: Sequence[str], shape: Sequence[int], body: list[str]) -> list[str]:
    lines = [f"{'    ' * depth}for {c} in range({n}):" for depth, (c, n) in enumerate(zip(counters, shape))]
    return [*lines, *(f"{'    ' * len(lines)}{line}" for line in body)]
