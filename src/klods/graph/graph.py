"""A computation as plain data: values with shapes and dtypes, and the nodes that make them from others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """An array that will be there when the graph runs: its number in the graph, its shape and dtype.

    Two values are the same only if they are one object, which makes looking them up fast.
    """

    number: int
    shape: Shape
    dtype: np.dtype

    @property
    def size(self) -> int:
        """The number of elements."""
        count = 1
        for n in self.shape:
            count *= n
        return count


Operand = Value | int | float | bool


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One block at work: `output = block(*operands, **attributes)`. Numbers among the operands are weak."""

    block: str
    operands: tuple[Operand, ...]
    attributes: dict[str, Any]
    output: Value

    @property
    def values(self) -> tuple[Value, ...]:
        """The operands that are values."""
        return tuple(x for x in self.operands if isinstance(x, Value))


@dataclass(slots=True)
class Graph:
    """A computation.

    Attributes:
        inputs: values given at each run.
        constants: values that are fixed, with their arrays.
        nodes: in an order in which they can run.
        outputs: what is wanted of it: values, or numbers that turned out to be known.
        count: how many values there are, for the number of the next.
    """

    inputs: list[Value] = field(default_factory=list)
    constants: dict[Value, np.ndarray] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Operand] = field(default_factory=list)
    count: int = 0

    def value(self, shape: Shape, dtype: Any) -> Value:
        """Return a new value, that nothing makes yet."""
        self.count += 1
        return Value(self.count - 1, tuple(shape), np.dtype(dtype))

    def given(self, shape: Shape, dtype: Any) -> Value:
        """Return a new input."""
        self.inputs.append(self.value(shape, dtype))
        return self.inputs[-1]

    def constant(self, array: np.ndarray) -> Value:
        """Return a new value with this array, copied so that its elements lie one behind the other."""
        value = self.value(array.shape, array.dtype)
        self.constants[value] = np.array(array, order="C")
        return value

    def with_nodes(self, nodes: list[Node], outputs: list[Operand] | None = None) -> Graph:
        """Return a graph of the same inputs with other nodes (and outputs), and the constants that they use."""
        wanted = self.outputs if outputs is None else outputs
        used = {x for node in nodes for x in node.values} | {x for x in wanted if isinstance(x, Value)}
        constants = {value: array for value, array in self.constants.items() if value in used}
        return Graph(self.inputs, constants, nodes, wanted, self.count)
