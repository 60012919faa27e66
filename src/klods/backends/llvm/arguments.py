"""What a kernel is handed: a table of words, from which its machine code is free of whatever may differ between plans.

The table holds addresses of arrays, the numbers among the nodes' operands, and rows and columns. So one piece of
machine code serves every batch size and every learning rate, and each weight of an optimizer.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from klods.graph import Node, Value
from klods.ops.block import BLOCKS, aligned_dtype
from klods.passes.kernel import Kernel

Place = tuple[Node, int]  # an operand of a node


@dataclass(frozen=True)
class Arguments:
    """What a kernel's table holds, in order.

    Attributes:
        values: those whose addresses it holds.
        numbers: operands that are numbers, by place, with the dtype they are used in.
    """

    values: list[Value]
    numbers: dict[Place, np.dtype]

    def words(self) -> list[int]:
        """Return the numbers as words: the bits of a double, or a whole number."""
        return [_word(node.operands[i], dtype) for (node, i), dtype in self.numbers.items()]


def arguments_of(kernel: Kernel, stores: Sequence[Value], shared: dict[Value, Value]) -> Arguments:
    """Return what the table of a kernel in its canonical order holds."""
    made = kernel.made
    inputs = dict.fromkeys([*(x for node in kernel.nodes for x in node.values if x not in made), *shared.values()])
    numbers = {
        (node, i): _dtype_at(node, i)
        for node in kernel.nodes
        for i, x in enumerate(node.operands)
        if not isinstance(x, Value) and not is_written_out(node, i)
    }
    return Arguments([*inputs, *(v for v in stores if v not in shared)], numbers)


def is_written_out(node: Node, i: int) -> bool:
    """Tell whether a number is part of the machine code: 0, 1, and exponents, which decide how a power is computed."""
    x = node.operands[i]
    return isinstance(x, bool) or x in (0, 1) or (node.block == "power" and i == 1)


def holds(dtype: np.dtype, x: Any) -> bool:
    """Tell whether a dtype has a number; NumPy compares whole numbers with those that theirs lacks, too."""
    return dtype.kind not in "iu" or bool(np.iinfo(dtype).min <= x <= np.iinfo(dtype).max)


def in_order(kernel: Kernel, stores: Sequence[Value]) -> Kernel:
    """Return a kernel with the nodes that its stores need in an order that depends on nothing but what they compute."""
    nodes = {node.output: node for node in kernel.nodes}
    ordered: dict[Value, Node] = {}
    waiting = [(x, False) for x in reversed(stores)]
    while waiting:
        x, ready = waiting.pop()
        if ready:
            ordered[x] = nodes[x]
        elif x in nodes and x not in ordered:
            waiting += [(x, True), *((y, False) for y in reversed(nodes[x].values))]
    return replace(kernel, nodes=list(ordered.values()))


def fits(kernel: Kernel, lanes: int) -> bool:
    """Tell whether a kernel's rows are so short that all their columns fit in the lanes of a register."""
    return not kernel.flat and 1 <= kernel.columns <= lanes


def pattern_of(
    kernel: Kernel, arguments: Arguments, stores: Sequence[Value], shared: dict[Value, Value], lanes: int
) -> Hashable:
    """Return all that a kernel's machine code depends on, and nothing else: no shapes, no numbers of values."""
    values = dict.fromkeys([*arguments.values, *(node.output for node in kernel.nodes)])
    places = {x: i for i, x in enumerate(values)}
    size = kernel.columns if fits(kernel, lanes) else kernel.flat or kernel.columns % lanes == 0
    return (
        fits(kernel, lanes),
        size,
        tuple((x.dtype, kernel.domains.get(x), x in kernel.late) for x in values),
        tuple(_node_pattern(node, places, arguments) for node in kernel.nodes),
        tuple(places[x] for x in stores),
        tuple((places[new], places[old]) for new, old in shared.items()),
    )


def _node_pattern(node: Node, places: dict[Value, int], arguments: Arguments) -> Hashable:
    numbers = arguments.numbers
    operands = [
        places[x] if isinstance(x, Value) else str(numbers[node, i]) if (node, i) in numbers else ("is", repr(x))
        for i, x in enumerate(node.operands)
    ]
    attributes = repr(sorted(node.attributes.items())) if BLOCKS[node.block].body is not None else ""
    return node.block, tuple(operands), attributes


def _dtype_at(node: Node, i: int) -> np.dtype:
    block = BLOCKS[node.block]
    if block.kind == "select" and i == 0:
        return np.dtype(bool)
    if block.body is None:
        return node.output.dtype
    return aligned_dtype(block, [x.dtype if isinstance(x, Value) else type(x) for x in node.operands])


def _word(x: Any, dtype: np.dtype) -> int:
    if dtype.kind == "f":
        return struct.unpack("q", struct.pack("d", x))[0]
    return int(np.array(x, dtype).astype(np.int64))
