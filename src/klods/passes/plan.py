"""The plan: a flat list of calls over buffers whose places are known beforehand."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from klods.graph import Graph, Node, Value
from klods.passes.fuse import Item
from klods.passes.kernel import EFFECTS, FULL, ONE, Kernel

ALIGNMENT = 64  # bytes of a cache line


@dataclass(frozen=True, eq=False)
class Call:
    """One kernel or single node at work.

    Attributes:
        item: the kernel or node.
        stores: the values that it leaves in memory.
        shared: of these, those that overwrite an input of the graph, by that input.
    """

    item: Item
    stores: list[Value]
    shared: dict[Value, Value]

    @property
    def makes(self) -> list[Value]:
        return self.item.whole if isinstance(self.item, Kernel) else [self.item.output]

    @property
    def nodes(self) -> list[Node]:
        return self.item.nodes if isinstance(self.item, Kernel) else [self.item]

    @cached_property
    def inputs(self) -> list[Value]:
        return self.item.inputs if isinstance(self.item, Kernel) else list(dict.fromkeys(self.item.values))


class View(NamedTuple):
    """Where a value is that is part of another's memory: whose, and from which element on."""

    of: Value
    start: int


@dataclass(frozen=True, eq=False)
class Plan:
    """What a run does.

    Attributes:
        graph: what it computes.
        calls: in order.
        views: the values that are part of another's memory: whose, and from which element on.
        places: for each value between calls, its first byte in one common buffer.
        size: bytes of that buffer.
        results: values that each run returns in arrays of their own.
    """

    graph: Graph
    calls: list[Call]
    views: dict[Value, View]
    places: dict[Value, int]
    size: int
    results: list[Value]

    @property
    def shared(self) -> dict[Value, Value]:
        """The values that overwrite an input of the graph, by that input, of all calls."""
        return {new: old for call in self.calls for new, old in call.shared.items()}


def plan(graph: Graph, items: Sequence[Item], updates: dict[Value, Value]) -> Plan:
    """Return the plan of items.

    Args:
        graph: what the items compute.
        items: kernels and nodes in order.
        updates: for each new value of a variable, the input that holds the old one; it is overwritten where every
            use of the old value allows that.
    """
    wanted = Counter(x for x in graph.outputs if isinstance(x, Value))
    views = views_of(items, wanted)
    calls = _stored([item for item in items if not _is_view(item, views)], wanted.keys(), views)
    last = _last_uses(calls, views)
    for at, call in enumerate(calls):
        lone = {v: updates[v] for v in call.stores if v in updates and wanted[v] == 1 and updates[v] not in wanted}
        seen = {views[x].of for x in call.inputs if x in views}
        free = {new: old for new, old in lone.items() if last.get(old) == at and old not in seen}
        call.shared.update(_overwritten(call.item, free))
    own = {v for call in calls for v in call.shared}
    results = [v for v in dict.fromkeys(wanted) if v not in own]
    places, size = _packed(calls, set(results) | own | set(graph.inputs) | set(graph.constants), views)
    return Plan(
        graph, calls, views, places, size, [v for v in results if v not in graph.inputs and v not in graph.constants]
    )


def views_of(items: Sequence[Item], wanted: Collection[Value]) -> dict[Value, View]:
    """Return the values that need no memory of their own.

    They are others in another shape, some rows of others, and what is joined by rows, which is made where it belongs.
    """
    views: dict[Value, View] = {}
    nodes = [item for item in items if isinstance(item, Node)]
    for node in nodes:
        start = _first_element(node)
        if start is not None and node.output not in wanted:
            of, before = views.get(node.values[0], View(node.values[0], 0))
            views[node.output] = View(of, before + start)
    made = {x for item in items for x in (item.whole if isinstance(item, Kernel) else [item.output])}
    roots = {view.of for view in views.values()}
    for node in nodes:
        own = [x for x in node.values if x in made and x not in views and x not in roots and x not in wanted]
        whole = node.output not in wanted and node.output not in views and node.output not in roots
        if node.block == "concatenate" and _joins_rows(node) and whole and len({*own}) == len(node.operands):
            starts = itertools.accumulate((x.size for x in node.values), initial=0)
            views |= {x: View(node.output, start) for x, start in zip(node.values, starts)}
    return views


def _first_element(node: Node) -> int | None:
    """Return from which element of its operand on a node's output lies there; None if it doesn't."""
    if node.block == "reshape" and node.values:
        return 0
    if node.block != "item" or len(node.attributes["key"]) != 1 or not isinstance(node.attributes["key"][0], slice):
        return None
    start, stop, step = node.attributes["key"][0].indices(node.values[0].shape[0])
    return start * math.prod(node.values[0].shape[1:]) if step == 1 and stop > start else None


def _joins_rows(node: Node) -> bool:
    axis, rank = node.attributes["axis"], len(node.output.shape)
    return axis in (0, -rank) and all(isinstance(x, Value) and x.dtype == node.output.dtype for x in node.operands)


def _is_view(item: Item, views: dict[Value, View]) -> bool:
    """Tell whether a node does nothing, because its output or all its operands are where they should be."""
    if isinstance(item, Kernel):
        return False
    joined = item.values and all(x in views and views[x].of is item.output for x in item.values)
    return bool(joined) or (item.output in views and _first_element(item) is not None)


def _stored(items: Sequence[Item], wanted: Collection[Value], views: dict[Value, View]) -> list[Call]:
    """Return calls of the items that make something other items or the caller need, and store it."""
    calls = [Call(item, [], {}) for item in items]
    missing = {x for call in calls for x in call.inputs}.union(wanted)
    missing |= {views[x].of for x in missing if x in views}
    missing |= {x for x, view in views.items() if view.of in missing}
    missing |= {node.output for call in calls for node in call.nodes if node.block in EFFECTS}
    for call in calls:
        call.stores.extend(x for x in call.makes if x in missing)
        missing.difference_update(call.stores)
    return [call for call in calls if call.stores]


def _last_uses(calls: Sequence[Call], views: dict[Value, View]) -> dict[Value, int]:
    """Return for each value the last call that reads it, or part of its memory."""
    return {views[x].of if x in views else x: at for at, call in enumerate(calls) for x in call.inputs}


def _overwritten(item: Item, free: dict[Value, Value]) -> dict[Value, Value]:
    """Return those new values that an item may write over the old ones, element by element.

    A loop may run a piece at a time, and each piece computes anew what is one number: that would be updated again.
    """
    if not free or isinstance(item, Node) or item.again:
        return {}
    element_wise = {FULL, ONE} if item.rows == item.columns == 1 else {FULL}
    return {
        new: old
        for new, old in free.items()
        if (new.shape, new.dtype) == (old.shape, old.dtype) and new not in item.late
        if {item.domains[new], item.domains[old]} <= element_wise
    }


def _packed(calls: Sequence[Call], elsewhere: set[Value], views: dict[Value, View]) -> tuple[dict[Value, int], int]:
    """Return places in one buffer such that values that are needed at the same time don't overlap, and its size."""
    last = _last_uses(calls, views)
    places: dict[Value, int] = {}
    alive: list[tuple[int, int, int]] = []  # first byte, byte behind, last call that needs it
    size = 0
    for at, call in enumerate(calls):
        alive = [block for block in alive if block[2] >= at]
        for v in [views[x].of if x in views else x for x in call.stores]:
            if v in elsewhere or v in places:
                continue
            length = -(-v.size * v.dtype.itemsize // ALIGNMENT) * ALIGNMENT
            start = _gap(sorted(alive), length)
            places[v] = start
            alive.append((start, start + length, last.get(v, at)))
            size = max(size, start + length)
    return places, size


def _gap(alive: list[tuple[int, int, int]], length: int) -> int:
    """Return the first byte of the first gap that is long enough."""
    start = 0
    for first, behind, _ in alive:
        if first - start >= length:
            return start
        start = max(start, behind)
    return start
