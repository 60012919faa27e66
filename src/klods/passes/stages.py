"""Stages: how many turns over a row's columns a kernel takes, and what is computed in which.

A row may need several turns over its columns: softmax needs the row's largest element before it can sum powers. A
node's *stage* is the turn in which it is computed: one more than that of the row's sums and extremes it depends on.
"""

from __future__ import annotations

from klods.graph import Node, Value
from klods.passes.kernel import FOLDS, FULL, ROW, Kernel


class Stages:
    """In which turn over a row's columns each node of a kernel is computed.

    Attributes:
        of: the stage of each value made.
        last: the last stage.
        kept: values that a later stage needs again, and that are kept for it.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.of: dict[Value, int] = {}
        for node in kernel.nodes:
            after = [self.of[x] + self._turns(kernel, x, node) for x in node.values if x in self.of]
            self.of[node.output] = max(after, default=0)
        self.last = max(self.of.values(), default=0)
        self.kept: list[Value] = []
        for node in kernel.nodes:
            for x in node.values:
                again = x in self.of and kernel.domains[x] is FULL and self.of[x] < self.of[node.output]
                if again and x not in self.kept:
                    self.kept.append(x)

    @staticmethod
    def _turns(kernel: Kernel, x: Value, node: Node) -> int:
        """Return 1 if a node that varies along columns uses one number per row, which is there after a turn."""
        column_wise = kernel.domains[node.output] is FULL or reduces(kernel, node)
        return 1 if kernel.domains[x] is ROW and column_wise else 0


def reduces(kernel: Kernel, node: Node) -> bool:
    """Tell whether a node makes one number of each row's columns."""
    return kernel.domains[node.output] is ROW and node.block in (*FOLDS, "argmax", "pick")
