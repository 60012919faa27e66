"""Program, a plan with its buffers, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from klods.graph import Node, Value
from klods.ops.block import BLOCKS
from klods.passes.kernel import Kernel
from klods.passes.plan import Call, Plan

Arrays = dict[Value, np.ndarray]
Step = Callable[[], None]


class Program:
    """Runs a plan again and again in the same buffers.

    Args:
        plan: what to run.
        kernel_step: returns what runs a kernel's call, given where each value is. It looks the arrays up at each run
            unless they are `fixed`.
    """

    def __init__(self, plan: Plan, kernel_steps: Callable[[Plan, Program], list[Step]]) -> None:
        self.plan = plan
        memory = np.empty(plan.size + 64, np.uint8)
        memory = memory[-memory.ctypes.data % 64 :]
        self.arrays: Arrays = dict(plan.graph.constants)
        for value, start in plan.places.items():
            array = memory[start : start + value.size * value.dtype.itemsize]
            self.arrays[value] = array.view(value.dtype).reshape(value.shape)
        self.renewed = {old: new for call in plan.calls for new, old in call.shared.items()}
        self.moved: list[Value] = []
        self.steps = kernel_steps(plan, self)

    def run(self, given: Sequence[np.ndarray]) -> list[Any]:
        """Return the plan's outputs for these inputs; inputs that the plan updates are overwritten."""
        arrays = self.arrays
        for value, array in zip(self.plan.graph.inputs, given):
            if arrays.get(value) is not array:
                places = [value, self.renewed[value]] if value in self.renewed else [value]
                arrays.update(dict.fromkeys(places, array))
                self.moved += places
        for value in self.plan.results:
            arrays[value] = np.empty(value.shape, value.dtype)
            self.moved.append(value)
        for step in self.steps:
            step()
        return [arrays[x] if isinstance(x, Value) else np.asarray(x) for x in self.outputs]

    @property
    def outputs(self) -> list[Any]:
        shared = {new: old for call in self.plan.calls for new, old in call.shared.items()}
        return [shared.get(x, x) if isinstance(x, Value) else x for x in self.plan.graph.outputs]


def node_step(call: Call, arrays: Arrays) -> Step:
    """Return what runs a single node: a matrix product by BLAS, another block by its vectorised reading."""
    node = call.item
    assert isinstance(node, Node)
    if node.block == "matmul" and all(len(x.shape) > 1 for x in node.values):
        return _product(node, arrays)
    compute = BLOCKS[node.block].compute

    def run() -> None:
        operands = [arrays[x] if isinstance(x, Value) else x for x in node.operands]
        np.copyto(arrays[node.output], compute(*operands, **node.attributes), casting="unsafe")

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
    return [
        numpy_kernel(call, program.arrays) if isinstance(call.item, Kernel) else node_step(call, program.arrays)
        for call in plan.calls
    ]


CHUNK = 32768  # elements at a time: their arrays stay in the processor's cache from one block to the next


def numpy_kernel(call: Call, arrays: Arrays) -> Step:
    """Return what runs a kernel's blocks one after the other, a piece at a time where they are element-wise."""
    kernel = call.item
    assert isinstance(kernel, Kernel)
    size = kernel.rows * kernel.columns

    def run() -> None:
        if not kernel.flat or size <= CHUNK:
            values = {x: arrays[x] for x in kernel.inputs}
            _compute(kernel, values)
            for v in call.stores:
                np.copyto(arrays[call.shared.get(v, v)], values[v], casting="unsafe")
            return
        flat = {x: arrays[x].reshape(-1) if x.shape else arrays[x] for x in kernel.inputs}
        out = {v: arrays[call.shared.get(v, v)].reshape(-1) for v in call.stores}
        for start in range(0, size, CHUNK):
            piece = slice(start, start + CHUNK)
            values = {x: array[piece] if x.shape else array for x, array in flat.items()}
            _compute(kernel, values)
            for v, array in out.items():
                array[piece] = values[v]

    return run


def _compute(kernel: Kernel, values: Arrays) -> None:
    with np.errstate(all="ignore"):
        for node in kernel.nodes:
            operands = [values[x] if isinstance(x, Value) else x for x in node.operands]
            values[node.output] = np.asarray(
                BLOCKS[node.block].compute(*operands, **node.attributes), node.output.dtype
            )
