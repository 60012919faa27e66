"""The plan: a flat list of calls over buffers whose places are known beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

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
        product: for a kernel, the matrix product right before it whose numbers it goes on with one by one, if there is
            one: a backend may run both part by part, so the kernel overwrites nothing that the product reads.
    """

    item: Item
    stores: list[Value]
    shared: dict[Value, Value]
    product: Call | None = None

    @property
    def makes(self) -> list[Value]:
        return self.item.whole if isinstance(self.item, Kernel) else [self.item.output]

    @property
    def nodes(self) -> list[Node]:
        return self.item.nodes if isinstance(self.item, Kernel) else [self.item]

    @cached_property
    def inputs(self) -> list[Value]:
        return self.item.inputs if isinstance(self.item, Kernel) else list(dict.fromkeys(self.item.values))

    @property
    def needs(self) -> list[Value]:
        """The values that have to be there until it is done."""
        return self.inputs if self.product is None else [*self.inputs, *self.product.inputs]


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
    calls = _with_products(_stored(_late_products(items, wanted.keys()), wanted.keys()))
    last = _last_uses(calls)
    for at, call in enumerate(calls):
        lone = {v: updates[v] for v in call.stores if v in updates and wanted[v] == 1 and updates[v] not in wanted}
        free = {new: old for new, old in lone.items() if last.get(old) == at}
        call.shared.update(_overwritten(call, free))
    own = {v for call in calls for v in call.shared}
    results = [v for v in dict.fromkeys(wanted) if v not in own]
    places, size = _packed(calls, set(results) | own | set(graph.inputs) | set(graph.constants))
    return Plan(graph, calls, places, size, [v for v in results if v not in graph.inputs and v not in graph.constants])


def _stored(items: Sequence[Item], wanted: Collection[Value]) -> list[Call]:
    """Return calls of the items that make something other items or the caller need, and store it."""
    calls = [Call(item, [], {}) for item in items]
    missing = {x for call in calls for x in call.inputs}.union(wanted)
    missing |= {node.output for call in calls for node in call.nodes if node.block in EFFECTS}
    for call in calls:
        call.stores.extend(x for x in call.makes if x in missing)
        missing.difference_update(call.stores)
    return [call for call in calls if call.stores]


def _late_products(items: Sequence[Item], wanted: Collection[Value]) -> list[Item]:
    """Return items with each matrix product right before the kernel that needs it, if nothing else does."""
    users: dict[Value, list[Item]] = {}
    for item in items:
        for x in item.inputs if isinstance(item, Kernel) else item.values:
            users.setdefault(x, []).append(item)
    moved: dict[Item, list[Item]] = {}
    stay: list[Item] = []
    for item in items:
        using = users.get(item.output, []) if isinstance(item, Node) and item.block == "matmul" else []
        alone = len(using) == 1 and isinstance(using[0], Kernel) and item.output not in wanted  # type: ignore[union-attr]
        (moved.setdefault(using[0], []) if alone else stay).append(item)
    return [x for item in stay for x in (*moved.get(item, ()), item)]


def _with_products(calls: Sequence[Call]) -> list[Call]:
    """Return calls with the products that kernels go on with noted in them."""
    found = list(calls)
    for at, (before, call) in enumerate(pairwise(calls)):
        if isinstance(call.item, Kernel) and isinstance(before.item, Node) and goes_on_with(call.item, before.item):
            found[at + 1] = replace(call, product=found[at])
    return found


def goes_on_with(kernel: Kernel, node: Node) -> bool:
    """Tell whether a kernel takes the numbers of a matrix product one by one."""
    return (
        node.block == "matmul"
        and node.output.shape == (kernel.rows, kernel.columns)
        and kernel.domains.get(node.output) is FULL
    )


def _last_uses(calls: Sequence[Call]) -> dict[Value, int]:
    """Return for each value the last call that reads it."""
    return {x: at for at, call in enumerate(calls) for x in call.needs}


def _overwritten(call: Call, free: dict[Value, Value]) -> dict[Value, Value]:
    """Return those new values that a call may write over the old ones, element by element."""
    item, read = call.item, [] if call.product is None else call.product.inputs
    if not free or isinstance(item, Node) or item.again:
        return {}
    return {
        new: old
        for new, old in free.items()
        if old not in read
        if (new.shape, new.dtype) == (old.shape, old.dtype) and new not in item.late
        if {item.domains[new], item.domains[old]} <= {FULL, ONE}
    }


def _packed(calls: Sequence[Call], elsewhere: set[Value]) -> tuple[dict[Value, int], int]:
    """Return places in one buffer such that values that are needed at the same time don't overlap, and its size."""
    last = _last_uses(calls)
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
