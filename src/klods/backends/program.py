"""Program, a plan with its buffers, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from klods.backends.vectors import Arrays, Pool, numpy_kernel, operands
from klods.graph import Node, Value
from klods.ops.block import BLOCKS
from klods.passes.kernel import Kernel
from klods.passes.plan import Call, Plan
from klods.rows import Rows

Step = Callable[[], None]


class Program:
    """Runs a plan again and again in the same buffers.

    Args:
        plan: what to run.
        kernel_steps: returns what runs each call of the plan, given this program. The steps look arrays up at each
            run, or when they are told of one that has `moved`.

    Attributes:
        arrays: where each value is.
        moved: the values whose arrays are others than at the run before.
        by_rows: the inputs that may be given as Rows; others are put side by side first.
        steps: what runs, in order.
    """

    def __init__(self, plan: Plan, kernel_steps: Callable[[Plan, Program], list[Step]]) -> None:
        self.plan = plan
        self._overwritten_by = {old: new for new, old in plan.shared.items()}
        self.arrays: Arrays = dict(plan.graph.constants)
        self._place(plan)
        small = [v for v in plan.results if v.size <= SMALL]
        self.arrays.update({v: np.empty(v.shape, v.dtype) for v in small})
        self._views: dict[Value, list[tuple[Value, int]]] = {}
        for view, (of, start) in plan.views.items():
            self._views.setdefault(of, []).append((view, start))
            if of in self.arrays:
                self.arrays[view] = viewed(self.arrays[of], view, start)
        self._copied = [i for i, x in enumerate(plan.graph.outputs) if x in small]
        self._renewed = [v for v in plan.results if v.size > SMALL]
        self._given: list[Any] = [None] * len(plan.graph.inputs)
        self.moved: list[Value] = []
        self.by_rows: set[Value] = set()
        self.steps = kernel_steps(plan, self)

    def _place(self, plan: Plan) -> None:
        """Give the values between calls their places in one buffer that begins at a cache line."""
        memory = np.empty(plan.size + 64, np.uint8)
        memory = memory[-memory.ctypes.data % 64 :]
        for value, start in plan.places.items():
            array = memory[start : start + value.size * value.dtype.itemsize]
            self.arrays[value] = array.view(value.dtype).reshape(value.shape)

    def run(self, given: Sequence[np.ndarray]) -> list[Any]:
        """Return the plan's outputs for these inputs; inputs that the plan updates are overwritten."""
        arrays, before, inputs = self.arrays, self._given, self.plan.graph.inputs
        left: list[int] = []
        for i, array in enumerate(given):
            if isinstance(array, Rows):
                if inputs[i] in self.by_rows:
                    left.append(i)
                else:
                    array = array.taken()
            if before[i] is not array:
                before[i] = array
                self._move(inputs[i], array)
        for value in self._renewed:
            self._move(value, np.empty(value.shape, value.dtype))
        for step in self.steps:
            step()
        outputs: list[Any] = [arrays[x] if isinstance(x, Value) else x for x in self.plan.graph.outputs]
        for i in self._copied:
            outputs[i] = outputs[i].copy()
        for i in left:  # Rows hold all the data: those are the caller's to keep
            before[i] = None
            del arrays[inputs[i]]
        return outputs

    def _move(self, value: Value, array: np.ndarray) -> None:
        """Note that a value is in another array now, and what overwrites it too."""
        places = (value, self._overwritten_by[value]) if value in self._overwritten_by else (value,)
        self.arrays.update(dict.fromkeys(places, array))
        self.moved += places
        for place in places:
            for view, start in self._views.get(place, ()):
                self.arrays[view] = viewed(array, view, start)
                self.moved.append(view)


def viewed(array: np.ndarray, value: Value, start: int) -> np.ndarray:
    """Return the part of an array that is a value."""
    return array.reshape(-1)[start : start + value.size].reshape(value.shape)


SMALL = 256  # elements of a result that is copied out of its place rather than put in a new array each time


def node_step(call: Call, arrays: Arrays) -> Step:
    """Return what runs a single node: a matrix product by BLAS, another block by its vectorised reading."""
    node = call.item
    assert isinstance(node, Node)
    if node.block == "matmul" and all(len(x.shape) > 1 for x in node.values):
        return _product(node, arrays)
    compute = BLOCKS[node.block].compute

    def run() -> None:
        np.copyto(arrays[node.output], compute(*operands(node, arrays), **node.attributes), casting="unsafe")

    return run


def _product(node: Node, arrays: Arrays) -> Step:
    a, b = node.values if len(node.values) == 2 else node.values * 2
    turn_a, turn_b = (node.attributes.get(f"transpose_{side}") for side in "ab")

    def run() -> None:
        x, y = arrays[a], arrays[b]
        np.matmul(x.swapaxes(-1, -2) if turn_a else x, y.swapaxes(-1, -2) if turn_b else y, out=arrays[node.output])

    return run


def numpy_steps(plan: Plan, program: Program) -> list[Step]:
    """Return the steps of a plan in NumPy: the reference."""
    pool: Pool = {}
    return [numpy_step(call, program.arrays, pool) for call in plan.calls]


def numpy_step(call: Call, arrays: Arrays, pool: Pool) -> Step:
    """Return what runs a call in NumPy."""
    return numpy_kernel(call, arrays, pool) if isinstance(call.item, Kernel) else node_step(call, arrays)
