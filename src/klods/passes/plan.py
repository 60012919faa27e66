"""The plan: a flat list of calls over buffers whose places are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from klods.graph import Graph, Node, Value
from klods.passes.fuse import Item
from klods.passes.kernel import FULL, ONE, Kernel

ALIGNMENT = 64  # bytes of a cache line
EFFECTS = ("call",)  # run for what they do, also where nobody uses what they return


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
    def nodes(self) -> list[Node]:
        return self.item.nodes if isinstance(self.item, Kernel) else [self.item]

    @property
    def inputs(self) -> list[Value]:
        return self.item.inputs if isinstance(self.item, Kernel) else list(dict.fromkeys(self.item.values))


@dataclass(frozen=True, eq=False)
class Plan:
    """What a run does.

    Attributes:
        graph: what it computes.
        calls: in order.
        places: for each value between calls, its first byte in one common buffer.
        size: bytes of that buffer.
        results: values that each run returns in arrays of their own.
    """

    graph: Graph
    calls: list[Call]
    places: dict[Value, int]
    size: int
    results: list[Value]


def plan(graph: Graph, items: Sequence[Item], updates: dict[Value, Value]) -> Plan:
    """Return the plan of items.

    Args:
        graph: what the items compute.
        items: kernels and nodes in order.
        updates: for each new value of a variable, the input that holds the old one; it is overwritten where every
            use of the old value allows that.
    """
    wanted = {x for x in graph.outputs if isinstance(x, Value)}
    stores = _stored(items, wanted)
    calls = []
    for at, item in enumerate(items):
        shared = {v: updates[v] for v in stores[at] if v in updates and _may_overwrite(v, updates[v], items, at)}
        if stores[at]:
            calls.append(Call(item, stores[at], shared))
    own = {v for call in calls for v in call.shared}
    results = [v for v in dict.fromkeys(x for x in graph.outputs if isinstance(x, Value)) if v not in own]
    places, size = _packed(calls, set(results) | own | set(graph.inputs) | set(graph.constants))
    return Plan(graph, calls, places, size, [v for v in results if v not in graph.inputs and v not in graph.constants])


def _stored(items: Sequence[Item], wanted: set[Value]) -> list[list[Value]]:
    """Return for each item the values that other items or the caller need of it."""
    calls = [Call(item, [], {}) for item in items]
    users = {x for call in calls for x in call.inputs}
    users |= {node.output for call in calls for node in call.nodes if node.block in EFFECTS}
    seen: set[Value] = set()
    stores = []
    for call in calls:
        made = [node.output for node in call.nodes if node.output in users | wanted and node.output not in seen]
        seen.update(made)
        stores.append(made)
    return stores


def _may_overwrite(new: Value, old: Value, items: Sequence[Item], at: int) -> bool:
    """Tell whether the item that makes a new value may write it over the old one, element by element."""
    item = items[at]
    if not isinstance(item, Kernel) or (new.shape, new.dtype) != (old.shape, old.dtype):
        return False
    element_wise = item.domains[new] in (FULL, ONE) and item.domains.get(old) in (FULL, ONE) and new not in item.late
    later = any(old in Call(other, [], {}).inputs for other in items[at + 1 :])
    return element_wise and not later


def _packed(calls: Sequence[Call], elsewhere: set[Value]) -> tuple[dict[Value, int], int]:
    """Return places in one buffer such that values that are needed at the same time don't overlap, and its size."""
    last = {x: at for at, call in enumerate(calls) for x in call.inputs}
    places: dict[Value, int] = {}
    alive: list[tuple[int, int, int]] = []  # first byte, byte behind, last call that needs it
    size = 0
    for at, call in enumerate(calls):
        alive = [block for block in alive if block[2] >= at]
        for v in call.stores:
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
