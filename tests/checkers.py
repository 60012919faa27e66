"""The checkers of graphs, kernels and plans, run after each pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods.graph import Graph, Node, Value
from klods.graph.text import named, node_text
from klods.passes.fuse import Item
from klods.passes.kernel import COLUMN, FOLDS, FULL, ONE, ROW, Domain, Kernel
from klods.passes.plan import Call, Plan

Rules = Callable[[Node], tuple[tuple[int, ...], Any]]


def check_graph(graph: Graph, rules: Rules) -> None:
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


def check_kernels(graph: Graph, items: list[Item]) -> None:
    """Raise AssertionError unless items compute the graph's outputs, each from what is there before it.

    Within a kernel every value must be known, complete, and vary along the loops as its shape says it does: for each
    turn of the loops, the element that a node takes of an operand is the one that its block would.
    """
    there = {*graph.inputs, *graph.constants}
    for item in items:
        if isinstance(item, Kernel):
            _check_kernel(item, there)
            there.update(item.whole)
        else:
            _assert_there(item, there)
            there.add(item.output)
    missing = [named(x) for x in graph.outputs if isinstance(x, Value) and x not in there]
    assert not missing, f"{missing} are wanted, and no item makes them"


def check_plan(plan: Plan) -> None:
    """Raise AssertionError unless each call of a plan finds in memory what it reads, and the outputs last.

    A value lies in memory from the call that stores it until another is stored over it.
    """
    memory = _Memory(plan)
    for call in plan.calls:
        for x in call.inputs:
            assert memory.holds(x), f"{named(x)} is read, and not in memory: {_title(call)}"
        for x in call.stores:
            assert x in call.makes, f"{named(x)} is stored, and not made: {_title(call)}"
            memory.store(x, call)
    for x in [x for x in plan.graph.outputs if isinstance(x, Value)]:
        assert memory.holds(x), f"{named(x)} is wanted, and overwritten"
        elsewhere = x not in plan.places and x not in plan.views
        assert elsewhere, f"{named(x)} is wanted, and lies where the next run writes"


class _Memory:
    """What lies where while a plan runs.

    Attributes:
        own: the values that have an array of their own.
        made: the values that some call stores.
        buffer: the values in the common buffer, each with its first byte and the one behind it.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.own = {*plan.graph.inputs, *plan.graph.constants}
        self.buffer: dict[Value, tuple[int, int]] = {}
        self.made = {x for call in plan.calls for x in call.stores}
        self.parts: dict[Value, set[Value]] = {}

    def holds(self, x: Value) -> bool:
        whole = self.plan.views[x].of if x in self.plan.views else x
        parts = {y for y, view in self.plan.views.items() if view.of is whole and y in self.made}
        missing = parts - self.parts.get(whole, set())
        return (whole in self.own or whole in self.buffer) and not (missing & ({x} if x is not whole else parts))

    def store(self, x: Value, call: Call) -> None:
        if x in self.plan.views:
            self.store_part(x, call)
        elif x in call.shared:
            self.overwrite(call.shared[x], x, call)
        elif x in self.plan.places:
            self.put(x, self.plan.places[x], call)
        else:
            assert x in self.plan.results, f"{named(x)} has no place: {_title(call)}"
            self.own.add(x)

    def store_part(self, x: Value, call: Call) -> None:
        """Write a value where it is part of another."""
        whole, start = self.plan.views[x]
        assert start + x.size <= whole.size, f"{named(x)} lies outside of {named(whole)}: {_title(call)}"
        if whole not in self.buffer:
            self.put(whole, self.plan.places[whole], call)
        self.parts.setdefault(whole, set()).add(x)

    def overwrite(self, old: Value, new: Value, call: Call) -> None:
        """Forget an input that a kernel writes over while it reads it, which it must do element by element."""
        kernel = call.item
        assert isinstance(kernel, Kernel), f"{named(old)} is overwritten outside a loop: {_title(call)}"
        domains, once = {kernel.domains[x] for x in (old, new)}, kernel.rows == kernel.columns == 1
        assert domains <= ({FULL, ONE} if once else {FULL}), f"{named(old)} is overwritten: {_title(call)}"
        assert new not in kernel.late, f"{named(old)} is overwritten by a sum: {_title(call)}"
        assert not kernel.again, f"{named(old)} is overwritten before the row is gone through again: {_title(call)}"
        assert old in self.own, f"{named(old)} is overwritten twice: {_title(call)}"
        self.own.remove(old)
        self.own.add(new)

    def put(self, x: Value, first: int, call: Call) -> None:
        """Write a value into the buffer, over those that lie there."""
        behind = first + x.size * x.dtype.itemsize
        assert behind <= self.plan.size, f"{named(x)} lies outside the buffer: {_title(call)}"
        hit = [y for y, (start, end) in self.buffer.items() if first < end and start < behind]
        wrong = [named(y) for y in hit if y in call.inputs or y in call.stores]
        assert not wrong, f"{named(x)} is written over {wrong}, which are in use: {_title(call)}"
        for y in hit:
            del self.buffer[y]
        self.buffer[x] = (first, behind)


def _check_kernel(kernel: Kernel, there: set[Value]) -> None:
    made: set[Value] = set()
    for node in kernel.nodes:
        _assert_there(node, there | made)
        late = [named(x) for x in node.values if x in kernel.late]
        assert not late, f"{late} are used before the loops are through: {node_text(node)}"
        assert node.output not in made, f"{named(node.output)} is made twice in a loop: {node_text(node)}"
        made.add(node.output)
        for x in (node.output, *node.values):
            assert x.size == _size(kernel, kernel.domains[x]), f"{named(x)} isn't {kernel.domains[x].value}"
        _check_elements(node, kernel)


def _assert_there(node: Node, there: set[Value]) -> None:
    for x in node.values:
        assert x in there, f"{named(x)} is used before it is made: {node_text(node)}"


def _check_elements(node: Node, kernel: Kernel) -> None:
    """Compare the elements that the loops combine with those that the block combines."""
    whole, parts = node.output, node.values
    if node.block in REDUCTIONS:
        whole, parts = node.values[0], (node.output, *node.values[1:])
    at = _elements(whole, kernel)
    for x in parts:
        meant = np.broadcast_to(np.arange(x.size).reshape(_kept(node, x)), whole.shape).reshape(-1)
        taken = _elements(x, kernel)
        assert (meant[at] == taken).all(), f"a loop takes other elements of {named(x)}: {node_text(node)}"


REDUCTIONS = (*FOLDS, "argmax", "pick")


def _kept(node: Node, x: Value) -> tuple[int, ...]:
    """Return the shape in which an operand or a reduction's output spreads to the other's."""
    if node.block in ("pick", "put_labels"):
        return (*x.shape, 1)
    if node.block == "reshape":
        return node.output.shape
    if node.block not in REDUCTIONS:
        return x.shape
    shape, axis = node.values[0].shape, node.attributes.get("axis", 0 if node.block == "argmax" else None)
    gone = range(len(shape)) if axis is None else [a % len(shape) for a in np.atleast_1d(axis)]
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def _elements(x: Value, kernel: Kernel) -> np.ndarray:
    """Return which element of a value each turn of the loops takes."""
    rows, columns = np.indices((kernel.rows, kernel.columns)).reshape(2, -1)
    taken = {FULL: rows * kernel.columns + columns, ROW: rows, COLUMN: columns, ONE: 0 * rows}
    return taken[kernel.domains[x]]


def _size(kernel: Kernel, domain: Domain) -> int:
    return {FULL: kernel.rows * kernel.columns, ROW: kernel.rows, COLUMN: kernel.columns, ONE: 1}[domain]


def _title(call: Call) -> str:
    return " ".join(node.block for node in call.nodes)
