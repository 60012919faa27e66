"""Fusion: which nodes share a loop."""

from __future__ import annotations

from klods.graph import Graph, Node, Operand, Value
from klods.passes.kernel import EFFECTS, ONE, Domain, Kernel, agrees, operand_domains, place, pointwise, space

Item = Kernel | Node
NOWHERE = 1 << 30
CROWDED = 24  # nodes: the updates of all weights of one shape would make one loop over too many arrays


def fuse(graph: Graph) -> list[Item]:
    """Return kernels, and the nodes that stay on their own, in order of execution.

    A node joins the last kernel in which all its operands are at hand and its shape fits; else it starts one. Small
    nodes that depend on nothing but what is given wait, and are computed in the kernel that uses them. What draws
    random numbers comes first, so that it doesn't stand between nodes that share a loop; what looks on in the middle
    (a call with operands) sees what is before it, and nothing of what is after it.
    """
    schedule = Schedule(graph)
    for node in sorted(graph.nodes, key=lambda node: node.block not in EFFECTS or bool(node.operands)):
        schedule.add(node)
    for value in graph.outputs:
        schedule.settle(value)
    return schedule.items


class Schedule:
    """The order of execution, while it is being made.

    Attributes:
        items: kernels and single nodes.
        position: the item that makes each value; -1 for what is given.
        waiting: the nodes that wait for a kernel to use them.
    """

    def __init__(self, graph: Graph) -> None:
        self.items: list[Item] = []
        self.position: dict[Value, int] = dict.fromkeys([*graph.inputs, *graph.constants], -1)
        self.waiting: dict[Value, Node] = {}

    def add(self, node: Node) -> None:
        """Find a node its place, or let it wait."""
        if self._waits(node):
            self.waiting[node.output] = node
        else:
            self._find_place(node)

    def settle(self, x: Operand) -> None:
        """Have a value that waits computed as a whole, for what isn't a kernel that can compute it on the way."""
        node = self.waiting.pop(x, None) if isinstance(x, Value) else None
        if node is None:
            return
        at = next((at for at, k in enumerate(self.items) if isinstance(k, Kernel) and x in k.whole), None)
        if at is None:
            self._find_place(node)
        else:
            self.position[node.output] = at

    def _find_place(self, node: Node) -> None:
        first = max((self.position.get(x, -1) for x in node.values), default=-1)
        for at in range(len(self.items) - 1, max(first, 0) - 1, -1):
            item = self.items[at]
            if isinstance(item, Kernel) and has_room(item, node) and self._fits(node, item, at):
                self._join(node, item, at)
                return
            if isinstance(item, Node) and item.block in EFFECTS and item.operands:
                break
        self._start(node)

    def _start(self, node: Node) -> None:
        """Give a node a kernel of its own, or a place without one."""
        size = space(node)
        kernel = Kernel(*size) if size is not None else None
        if kernel is not None and self._fits(node, kernel, len(self.items)):
            self.items.append(kernel)
            self._join(node, kernel, len(self.items) - 1)
            return
        for x in node.operands:
            self.settle(x)
        self.items.append(node)
        self.position[node.output] = len(self.items) - 1

    def _waits(self, node: Node) -> bool:
        given = all(self.position.get(x) == -1 or x in self.waiting for x in node.values)
        alike = all(x.shape in ((), node.output.shape) for x in node.values)
        return given and alike and pointwise(node) and len(node.output.shape) <= 1

    def _fits(self, node: Node, kernel: Kernel, at: int) -> bool:
        domains = operand_domains(node, kernel)
        if place(node, domains, kernel) is None:
            return False
        return all(self._at_hand(x, d or ONE, kernel, at) for x, d in zip(node.operands, domains))

    def _at_hand(self, x: Operand, varies: Domain, kernel: Kernel, at: int) -> bool:
        if not isinstance(x, Value):
            return True
        return all(self._is_there(y, varies if y.shape else ONE, kernel, at) for y in self._on_the_way(x, kernel))

    def _is_there(self, x: Value, varies: Domain, kernel: Kernel, at: int) -> bool:
        if x in kernel.domains:
            return x not in kernel.late and agrees(x, varies, kernel)
        return x in self.waiting or self.position.get(x, NOWHERE) < at

    def _on_the_way(self, x: Value, kernel: Kernel) -> list[Value]:
        """Return a value and all that a kernel doesn't know and that it is computed from, each behind its operands.

        They end with what doesn't wait.
        """
        found: dict[Value, None] = {}
        stack = [(x, False)]
        while stack:
            y, ready = stack.pop()
            if ready:
                found[y] = None
            elif y not in found:
                operands = self.waiting[y].values if y in self.waiting and y not in kernel.domains else ()
                stack += [(y, True), *((z, False) for z in reversed(operands))]
        return list(found)

    def _join(self, node: Node, kernel: Kernel, at: int) -> None:
        domains = operand_domains(node, kernel)
        found = place(node, domains, kernel)
        assert found is not None
        domain, late = found
        for x, varies in zip(node.operands, domains):
            self._bring(x, varies or ONE, kernel)
        kernel.nodes.append(node)
        kernel.domains[node.output] = domain
        if late:
            kernel.late.add(node.output)
        self.position[node.output] = at

    def _bring(self, x: Operand, varies: Domain, kernel: Kernel) -> None:
        """Make an operand known to a kernel, with the waiting nodes that it comes from."""
        if not isinstance(x, Value):
            return
        for y in self._on_the_way(x, kernel):
            if y not in kernel.domains:
                kernel.nodes += [self.waiting[y]] if y in self.waiting else []
                kernel.domains[y] = varies if y.shape else ONE


def has_room(kernel: Kernel, node: Node) -> bool:
    """Tell whether a kernel is small enough for a node that works on nothing it reads or makes."""
    return len(kernel.nodes) < CROWDED or any(x in kernel.domains for x in node.values if x.size > 1)
