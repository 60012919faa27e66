"""Names: what the values of a plan are called where they are printed."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping

from klods.graph import Node, Value
from klods.ops.vocabulary import SCALAR

# What the output of a block is called; else after the block itself.
NOUNS = {
    "add": "added",
    "subtract": "difference",
    "multiply": "product",
    "divide": "quotient",
    "negative": "opposite",
    "exp": "exponential",
    "abs": "magnitude",
    "log": "logarithm",
    "sqrt": "root",
    "reduce_sum": "total",
    "reduce_max": "largest",
    "reduce_min": "smallest",
    "argmax": "choice",
    "maximum": "larger",
    "minimum": "smaller",
    "where": "chosen",
    "cast": "converted",
    "put_labels": "placed",
    "pick": "picked",
    "gate": "gated",
    "broadcast_to": "spread",
}
TAKEN = {*SCALAR, *dir(builtins), *keyword.kwlist, "math", "np", "row", "column", "i"}


class Names:
    """Gives each value of one printed function a name of its own.

    Args:
        given: the names of some values, such as variables.
        nodes: by each value that a node makes, the node.
    """

    def __init__(self, given: Mapping[Value, str], nodes: Mapping[Value, Node]) -> None:
        self._given, self._nodes = given, nodes
        self._names: dict[Value, str] = {}
        self._used: set[str] = set()

    def __getitem__(self, value: Value) -> str:
        """Return a value's name."""
        if value not in self._names:
            self._names[value] = self.new(self._wanted(value))
        return self._names[value]

    def new(self, wanted: str) -> str:
        """Return a name that nothing has yet."""
        word = re.sub(r"\W+", "_", wanted).strip("_") or "value"
        word = f"value_{word}" if word[0].isdigit() else f"{word}_value" if word in TAKEN else word
        numbered = (f"{word}_{n}" for n in range(2, len(self._used) + 3))
        name = next(n for n in (word, *numbered) if n not in self._used)
        self._used.add(name)
        return name

    def _wanted(self, value: Value) -> str:
        if value in self._given:
            return self._given[value]
        node = self._nodes.get(value)
        return "constant" if node is None else NOUNS.get(node.block, node.block)
