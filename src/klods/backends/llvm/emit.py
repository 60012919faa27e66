"""From a kernel to LLVM's language: two nested loops around the bodies of its blocks.

A row may need several turns over its columns, see `klods.passes.stages`. What a later one needs of an earlier one is
kept in a scratch row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from klods.backends.llvm.arguments import Arguments, Place
from klods.backends.llvm.functions import VOCABULARY, maximum, minimum
from klods.backends.llvm.registers import (
    FAST_SUM,
    FLOAT32,
    FLOAT64,
    INT64,
    Number,
    constant,
    converted,
    memory_type,
    register_type,
    selected,
)
from klods.graph import Node, Value
from klods.ops import vocabulary
from klods.ops.block import BLOCKS, aligned_dtype
from klods.passes.kernel import COLUMN, FULL, ONE, ROW, Kernel
from klods.passes.stages import Stages, reduces

I64, BYTE = ir.IntType(64), ir.IntType(8)


def emit(
    module: ir.Module,
    name: str,
    kernel: Kernel,
    arguments: Arguments,
    stores: Sequence[Value],
    shared: dict[Value, Value],
) -> Stages:
    """Add a kernel to a module as a function of one argument: the table of what it is handed.

    Args:
        module: where to.
        name: the function's name.
        kernel: what it computes.
        arguments: what the table holds; behind it follow the address of scratch memory, rows and columns.
        stores: the values that it leaves in memory.
        shared: of the stores, those that overwrite an input, by that input.

    Returns:
        The kernel's stages, which say how much scratch memory it needs.
    """
    stages = Stages(kernel)
    pointers = [memory_type(v.dtype).as_pointer() for v in arguments.values]
    words = [word_type(dtype) for dtype in arguments.numbers.values()]
    kinds = [*pointers, *words, ir.FloatType().as_pointer(), I64, I64]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), f"{name}.loops")
    function.linkage = "internal"
    for argument in function.args:
        if argument.type.is_pointer:
            argument.add_attribute("noalias")
    places = dict(zip(arguments.values, function.args))
    places.update({new: places[old] for new, old in shared.items()})
    _Loops(function, kernel, stages, places, set(stores), arguments.numbers).emit()
    _entry(module, name, function, kinds)
    return stages


def word_type(dtype: np.dtype) -> ir.Type:
    """Return the LLVM type of a number of this dtype in the table."""
    return ir.DoubleType() if dtype.kind == "f" else I64


def _entry(module: ir.Module, name: str, function: ir.Function, kinds: list[ir.Type]) -> None:
    """Add the function that takes the arguments out of the table and calls the loops."""
    entry = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64.as_pointer()]), name)
    builder = ir.IRBuilder(entry.append_basic_block("entry"))
    arguments = []
    for i, kind in enumerate(kinds):
        word = builder.load(builder.gep(entry.args[0], [ir.Constant(I64, i)]))
        if kind.is_pointer:
            word = builder.inttoptr(word, kind)
        arguments.append(builder.bitcast(word, kind) if kind is not I64 else word)
    builder.call(function, arguments)
    builder.ret_void()


class _Loops:
    """Emits the loops of one kernel."""

    def __init__(
        self,
        function: ir.Function,
        kernel: Kernel,
        stages: Stages,
        places: dict[Value, ir.Value],
        stores: set[Value],
        numbers: dict[Place, np.dtype],
    ) -> None:
        self.kernel, self.stages, self.places, self.stores = kernel, stages, places, stores
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.scratch, self.rows, self.columns = function.args[-3:]
        self.values: dict[Value, Number] = {}
        self.nodes = {node.output: node for node in kernel.nodes}
        words = function.args[-3 - len(numbers) : -3]
        self.numbers = {place: self.number(word, dtype) for (place, dtype), word in zip(numbers.items(), words)}

    def number(self, word: ir.Value, dtype: np.dtype) -> Number:
        """Return a number of the table in the dtype it is used in."""
        return converted(Number(self.builder, word, FLOAT64 if dtype.kind == "f" else INT64), dtype)

    def emit(self) -> None:
        kernel = self.kernel
        for x in kernel.inputs:
            if kernel.domains[x] is ONE:
                self.values[x] = self.load(x, _index(0))
        for node in self.where(lambda n: kernel.domains[n.output] is ONE and n.output not in kernel.late):
            self.compute(node)
            if node.output in self.stores:
                self.store(node.output, _index(0))
        if kernel.rows == kernel.columns == 1 and not self.where(lambda n: kernel.domains[n.output] is not ONE):
            self.builder.ret_void()
            return
        self.sums = {node: self.start_of_sum(node) for node in self.where(lambda n: n.output in kernel.late)}
        self.loop(self.rows, "row", self.row)
        for node, slot in self.sums.items():
            if slot is not None:
                self.values[node.output] = Number(self.builder, self.builder.load(slot), node.output.dtype)
                self.store(node.output, _index(0))
        self.builder.ret_void()

    def where(self, holds: Callable[[Node], bool]) -> list[Node]:
        return [node for node in self.kernel.nodes if holds(node)]

    def start_of_sum(self, node: Node) -> ir.Value | None:
        """Set a sum over rows to 0: one per column in memory, or one number in a slot, which is returned."""
        zero = constant(self.builder, 0, node.output.dtype)
        if self.kernel.domains[node.output] is COLUMN:
            self.loop(self.columns, "zero", lambda c: self.put(zero, self.places[node.output], c))
            return None
        slot = self.slot(node.output.dtype)
        self.builder.store(zero.value, slot)
        return slot

    def row(self, r: ir.Value) -> None:
        """Emit one turn of the outer loop."""
        kernel, before = self.kernel, dict(self.values)
        self.base = self.builder.mul(r, self.columns)
        for x in kernel.inputs:
            if kernel.domains[x] is ROW:
                self.values[x] = self.load(x, r)
        for stage in range(self.stages.last + 1):
            self.stage(stage)
        for node in self.where(lambda n: kernel.domains[n.output] is ROW and n.output in self.stores):
            self.store(node.output, r)
        self.values = before

    def stage(self, stage: int) -> None:
        """Emit one turn over a row's columns, and what one number per row needs before and after it."""
        kernel = self.kernel
        now = self.where(lambda n: self.stages.of[n.output] == stage)
        per_row = [n for n in now if kernel.domains[n.output] is ROW and not reduces(kernel, n)]
        self.compute_ready(per_row)
        sums = [n for n in now if n.output in kernel.late]
        across = [n for n in sums if kernel.domains[n.values[0]] is FULL]
        wanted = [n for n in now if kernel.domains[n.output] is FULL and self.leaves_a_trace(n.output)]
        folds = [n for n in now if reduces(kernel, n)]
        if wanted or folds or across:
            self.turn(stage, wanted, folds, across)
        self.compute_ready(per_row)
        for node in sums:
            if kernel.domains[node.values[0]] is ROW:
                self.add_to(self.sums[node], self.values[node.values[0]])

    def leaves_a_trace(self, value: Value) -> bool:
        return value in self.stores or value in self.stages.kept

    def compute_ready(self, nodes: list[Node]) -> None:
        for node in nodes:
            if node.output not in self.values and all(x in self.values for x in node.values):
                self.compute(node)

    def turn(self, stage: int, wanted: list[Node], folds: list[Node], across: list[Node]) -> None:
        """Emit the loop over columns of one stage."""
        slots = {node: self.start_of_fold(node) for node in folds}
        before = dict(self.values)
        self.now = stage

        def column(c: ir.Value) -> None:
            self.c = c
            for node in wanted:
                self.value(node.output)
            for node in folds:
                self.fold(node, slots[node])
            for node in across:
                self.add_across(node)
            for node in wanted:
                self.leave(node.output)

        self.loop(self.columns, f"stage{stage}", column)
        self.values = before
        for node in folds:
            self.values[node.output] = Number(self.builder, self.builder.load(slots[node][0]), node.output.dtype)

    # ------------------------------------------------------------ values

    def value(self, x: Value) -> Number:
        """Return a value at the present row and column, computed or loaded if it isn't in a register yet."""
        if x not in self.values:
            if x not in self.nodes:
                at = self.c if self.kernel.domains[x] is COLUMN else self.builder.add(self.base, self.c)
                self.values[x] = self.load(x, at)
            elif x in self.stages.kept and self.stages.of[x] < self.now:
                saved = Number(self.builder, self.builder.load(self.scratch_place(x)), FLOAT32)
                self.values[x] = converted(saved, x.dtype)
            else:
                self.compute(self.nodes[x])
        return self.values[x]

    def compute(self, node: Node) -> None:
        """Call the body of a node's block on registers."""
        operands = [self.operand(node, i) for i in range(len(node.operands))]
        dtype = node.output.dtype
        if node.block == "cast":
            result = converted(operands[0], dtype)
        elif node.block in ("reshape", "broadcast_to"):
            result = operands[0]
        elif node.block == "put_labels":
            picked = self.as_dtype(operands[0], dtype)
            result = selected(self.at_label(operands[1]), picked, picked.like(0))
        else:
            block = BLOCKS[node.block]
            common = aligned_dtype(block, [x.dtype if isinstance(x, Value) else type(x) for x in node.operands])
            first = 1 if block.kind == "select" else 0
            operands[first:] = [self.as_dtype(x, common) for x in operands[first:]]
            result = compiled(block.body)(*operands, **node.attributes)
            result = result if isinstance(result, Number) else constant(self.builder, result, dtype)
        self.values[node.output] = converted(result, dtype)

    def operand(self, node: Node, i: int) -> Any:
        x = node.operands[i]
        return self.value(x) if isinstance(x, Value) else self.numbers.get((node, i), x)

    def as_dtype(self, x: Any, dtype: np.dtype) -> Number:
        return converted(x, dtype) if isinstance(x, Number) else constant(self.builder, x, dtype)

    def at_label(self, label: Number) -> Number:
        """Tell whether the present column is that of the row's label."""
        return converted(label, INT64) == Number(self.builder, self.c, INT64)

    def leave(self, value: Value) -> None:
        """Store a value at the present row and column where it is wanted."""
        if value in self.stores:
            self.store(value, self.builder.add(self.base, self.c))
        if value in self.stages.kept:
            self.builder.store(converted(self.values[value], FLOAT32).value, self.scratch_place(value))

    def scratch_place(self, value: Value) -> ir.Value:
        row = self.builder.mul(self.columns, _index(self.stages.kept.index(value)))
        return self.builder.gep(self.scratch, [self.builder.add(row, self.c)])

    # ------------------------------------------------------------ sums and extremes

    def start_of_fold(self, node: Node) -> list[ir.Value]:
        floating = node.output.dtype.kind == "f"
        starts = {"reduce_max": -math.inf, "reduce_min": math.inf, "pick": math.nan if floating else 0}
        start = starts.get(node.block, 0)  # where a label is outside the classes, nothing is picked: NaN
        slots = [self.slot(node.output.dtype)]
        self.builder.store(constant(self.builder, start, node.output.dtype).value, slots[0])
        if node.block == "argmax":
            slots.append(self.slot(node.values[0].dtype))
            self.builder.store(constant(self.builder, -math.inf, node.values[0].dtype).value, slots[1])
        return slots

    def fold(self, node: Node, slots: list[ir.Value]) -> None:
        """Take the present column into a row's sum, extreme or choice."""
        builder, x = self.builder, self.value(node.values[0])
        so_far = Number(builder, builder.load(slots[0]), node.output.dtype)
        if node.block == "reduce_sum":
            self.add_to(slots[0], x)
            return
        if node.block == "pick":
            new = selected(self.at_label(self.value(node.values[1])), x, so_far)
        elif node.block == "argmax":
            best = Number(builder, builder.load(slots[1]), x.dtype)
            better = (x > best) | ((x != x) & (best == best))
            builder.store(selected(better, x, best).value, slots[1])
            new = selected(better, Number(builder, self.c, INT64), so_far)
        else:
            new = (maximum if node.block == "reduce_max" else minimum)(x, so_far)
        builder.store(new.value, slots[0])

    def add_across(self, node: Node) -> None:
        """Add the present column to a sum over rows."""
        slot, x = self.sums[node], self.value(node.values[0])
        self.add_to(self.builder.gep(self.places[node.output], [self.c]) if slot is None else slot, x)

    def add_to(self, place: ir.Value, x: Number) -> None:
        builder, so_far = self.builder, self.builder.load(place)
        new = builder.fadd(so_far, x.value, flags=FAST_SUM) if x.floating else builder.add(so_far, x.value)
        builder.store(new, place)

    # ------------------------------------------------------------ memory and loops

    def slot(self, dtype: np.dtype) -> ir.Value:
        with self.builder.goto_entry_block():
            return self.builder.alloca(register_type(dtype))

    def load(self, x: Value, index: ir.Value) -> Number:
        word = self.builder.load(self.builder.gep(self.places[x], [index]))
        if x.dtype.kind == "b":
            word = self.builder.trunc(word, ir.IntType(1))
        return Number(self.builder, word, x.dtype)

    def store(self, value: Value, index: ir.Value) -> None:
        self.put(self.values[value], self.places[value], index)

    def put(self, x: Number, place: ir.Value, index: ir.Value) -> None:
        word = self.builder.zext(x.value, BYTE) if x.dtype.kind == "b" else x.value
        self.builder.store(word, self.builder.gep(place, [index]))

    def loop(self, count: ir.Value, name: str, body: Callable[[ir.Value], None]) -> None:
        """Emit `for i in range(count): body(i)`."""
        builder, before = self.builder, self.builder.block
        head, done = builder.append_basic_block(name), builder.append_basic_block(f"{name}.done")
        builder.cbranch(builder.icmp_signed(">", count, _index(0)), head, done)
        builder.position_at_end(head)
        i = builder.phi(I64)
        i.add_incoming(_index(0), before)
        body(i)
        following = builder.add(i, _index(1))
        i.add_incoming(following, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, count), head, done)
        builder.position_at_end(done)


def compiled(body: Any) -> Callable[..., Any]:
    """Return the compiled reading of a body: the same code, on numbers in registers."""
    return vocabulary.reading(body, VOCABULARY)


def _index(n: int) -> ir.Constant:
    return ir.Constant(I64, n)
