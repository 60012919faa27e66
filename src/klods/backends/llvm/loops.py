"""Two nested loops around the bodies of a kernel's blocks, in LLVM's language.

The inner loop, over columns, takes as many at a time as an instruction has lanes; columns that are left over are a last
turn under a mask. Rows that fit in the lanes need no inner loop, and what one stage leaves to the next stays in
registers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from llvmlite import ir

from klods.backends.llvm.arguments import Place, fits
from klods.graph import Node, Value
from klods.native.functions import VOCABULARY, maximum, minimum
from klods.native.lanes import counted, first_lanes, folded, load, loop, spread, store
from klods.native.registers import (
    BOOL,
    FAST_SUM,
    FLOAT64,
    INT64,
    Number,
    constant,
    converted,
    memory_type,
    register_type,
    selected,
)
from klods.ops import vocabulary
from klods.ops.block import BLOCKS, aligned_dtype
from klods.passes.kernel import COLUMN, FULL, ONE, ROW, Kernel
from klods.passes.stages import Stages, reduces

I64 = ir.IntType(64)
SCRATCH = 8  # bytes of a number in a scratch row, whatever its dtype


class Loops:
    """Emits the loops of one kernel.

    Args:
        function: where to; its arguments are places, numbers, scratch memory, rows, columns, and the stride of rows.
        kernel: what is computed.
        places: the addresses of inputs and stores.
        stores: the values left in memory.
        numbers: the operands that are arguments, with their dtypes.
        lanes: how many numbers an instruction works on.
    """

    def __init__(
        self,
        function: ir.Function,
        kernel: Kernel,
        places: dict[Value, ir.Value],
        stores: set[Value],
        numbers: dict[Place, np.dtype],
        lanes: int,
    ) -> None:
        self.kernel, self.stages, self.places, self.stores = kernel, Stages(kernel), places, stores
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.scratch, self.rows, self.columns, self.stride = function.args[-4:]
        self.in_lanes = fits(kernel, lanes)
        self.lanes = 1 << (kernel.columns - 1).bit_length() if self.in_lanes else lanes
        self.kept: list[Value] = [] if self.in_lanes else self.stages.kept
        self.values: dict[Value, Number] = {}
        self.spreads: dict[Value, Number] = {}
        self.mask: Number | None = None
        self.nodes = {node.output: node for node in kernel.nodes}
        self.inputs = [x for x in places if x not in self.nodes]
        words = function.args[-4 - len(numbers) : -4]
        self.numbers = {place: self.number(place, word, dtype) for (place, dtype), word in zip(numbers.items(), words)}

    def number(self, place: Place, word: ir.Value, dtype: np.dtype) -> Number:
        """Return a number of the table in the dtype it is used in, in as many lanes as its node works on."""
        x = converted(Number(self.builder, word, FLOAT64 if dtype.kind == "f" else INT64), dtype)
        return spread(x, self.lanes_of(place[0].output))

    def lanes_of(self, x: Value) -> int:
        return self.lanes if self.kernel.domains[x] in (FULL, COLUMN) else 1

    def emit(self) -> None:
        """Emit everything."""
        kernel = self.kernel
        for x in self.inputs:
            if kernel.domains[x] is ONE:
                self.values[x] = self.load(x, _index(0))
        for node in self.where(lambda n: kernel.domains[n.output] is ONE and n.output not in kernel.late):
            self.compute(node)
            if node.output in self.stores:
                self.store(node.output, _index(0))
        if self.where(lambda n: kernel.domains[n.output] is not ONE or n.output in kernel.late):
            self.spread_ones()
            self.all_rows()
        self.builder.ret_void()

    def spread_ones(self) -> None:
        """Put numbers that every turn needs in all lanes beforehand."""
        full = self.where(lambda n: self.kernel.domains[n.output] is FULL)
        for x in dict.fromkeys(x for node in full for x in node.values if self.kernel.domains[x] is ONE):
            self.spreads[x] = spread(self.values[x], self.lanes)

    def all_rows(self) -> None:
        self.sums = {node: self.start_of_sum(node) for node in self.where(lambda n: n.output in self.kernel.late)}
        if not self.in_lanes:
            self.whole = self.builder.and_(self.columns, _index(-self.lanes))
        elif self.kernel.columns < self.lanes:
            self.mask = first_lanes(self.builder, _index(self.kernel.columns), self.lanes)
        if self.kernel.flat:
            self.row(_index(0))
        else:
            loop(self.builder, "row", 0, self.rows, 1, self.row)
        for node, slot in self.sums.items():
            if slot is not None:
                self.end_of_sum(node, slot)

    def where(self, holds: Callable[[Node], bool]) -> list[Node]:
        return [node for node in self.kernel.nodes if holds(node)]

    def row(self, r: ir.Value) -> None:
        """Emit one turn of the outer loop."""
        kernel, before = self.kernel, (dict(self.values), dict(self.spreads))
        self.base = self.builder.mul(r, self.stride)
        for x in self.inputs:
            if kernel.domains[x] is ROW:
                self.values[x] = self.load(x, r)
        for stage in range(self.stages.last + 1):
            self.stage(stage)
        for node in self.where(lambda n: kernel.domains[n.output] is ROW and n.output in self.stores):
            self.store(node.output, r)
        self.values, self.spreads = before

    def stage(self, stage: int) -> None:
        """Emit one turn over a row's columns, and what one number per row needs before and after it."""
        kernel = self.kernel
        now = self.where(lambda n: self.stages.of[n.output] == stage)
        per_row = [n for n in now if kernel.domains[n.output] is ROW and not reduces(kernel, n)]
        self.compute_ready(per_row)
        sums = [n for n in now if n.output in kernel.late]
        across = [n for n in sums if kernel.domains[n.values[0]] is FULL]
        wanted = [n for n in now if n.output in self.stores or n.output in self.kept]
        wanted = [n for n in wanted if kernel.domains[n.output] is FULL]
        folds = [n for n in now if reduces(kernel, n)]
        if wanted or folds or across:
            self.turn(stage, wanted, folds, across)
        self.compute_ready(per_row)
        for node in sums:
            if kernel.domains[node.values[0]] is ROW:
                self.add_to(self.sums[node], converted(self.values[node.values[0]], node.output.dtype))

    def compute_ready(self, nodes: list[Node]) -> None:
        for node in nodes:
            if node.output not in self.values and all(x in self.values for x in node.values):
                self.compute(node)

    def turn(self, stage: int, wanted: list[Node], folds: list[Node], across: list[Node]) -> None:
        """Emit a turn over all columns of one stage."""
        slots = {node: self.start_of_fold(node) for node in folds}

        def some_columns(c: ir.Value) -> None:
            self.c = c
            self.demand([n.output for n in wanted] + [x for n in (*folds, *across) for x in n.values], stage)
            for node in folds:
                self.fold(node, slots[node])
            for node in across:
                self.add_across(node)
            for node in wanted:
                self.leave(node.output)

        self.over_columns(some_columns)
        for node in folds:
            self.values[node.output] = self.end_of_fold(node, slots[node])

    def over_columns(self, body: Callable[[ir.Value], None]) -> None:
        """Emit `body` for all columns: as many at a time as there are lanes, then under a mask those left over."""
        if self.in_lanes:
            body(_index(0))
            return
        before = dict(self.values), dict(self.spreads)
        loop(self.builder, "columns", 0, self.whole, self.lanes, body)
        self.values, self.spreads = dict(before[0]), dict(before[1])
        if not self.kernel.flat and self.kernel.columns % self.lanes == 0:
            return
        with self.builder.if_then(self.builder.icmp_signed("<", self.whole, self.columns)):
            self.mask = first_lanes(self.builder, self.builder.sub(self.columns, self.whole), self.lanes)
            body(self.whole)
        self.mask = None
        self.values, self.spreads = before

    # ------------------------------------------------------------ values

    def demand(self, values: Iterable[Value], stage: int) -> None:
        """Put values at the present row and columns in registers, with all that they are computed from."""
        waiting, wanted = list(values), set()
        while waiting:
            x = waiting.pop()
            if x not in self.values and x not in wanted:
                wanted.add(x)
                waiting += self.nodes[x].values if x in self.nodes and not self.is_kept(x, stage) else ()
        for x in self.inputs:
            if x in wanted:
                at = self.c if self.kernel.domains[x] is COLUMN else self.builder.add(self.base, self.c)
                self.values[x] = self.load(x, at)
        for node in self.where(lambda n: n.output in wanted):
            if self.is_kept(node.output, stage):
                self.values[node.output] = load(*self.scratch_place(node.output), self.any(node.output), self.mask)
            else:
                self.compute(node)

    def is_kept(self, x: Value, stage: int) -> bool:
        return x in self.kept and self.stages.of[x] < stage

    def compute(self, node: Node) -> None:
        """Call the body of a node's block on registers."""
        lanes = self.lanes_of(node.output)
        operands = [self.operand(node, i, lanes) for i in range(len(node.operands))]
        dtype = node.output.dtype
        if node.block in ("cast", "reshape", "broadcast_to"):
            result = operands[0]
        elif node.block == "put_labels":
            picked = self.as_dtype(operands[0], dtype, lanes)
            result = selected(self.at_label(operands[1]), picked, picked.like(0))
        else:
            block = BLOCKS[node.block]
            common = aligned_dtype(block, [x.dtype if isinstance(x, Value) else type(x) for x in node.operands])
            kinds = [BOOL if block.kind == "select" and i == 0 else common for i in range(len(operands))]
            operands = [self.as_dtype(x, kind, lanes) for x, kind in zip(operands, kinds)]
            if node.block == "power" and not isinstance(node.operands[1], Value):
                operands[1] = node.operands[1]
            result = compiled(block.body)(*operands, **node.attributes)
        self.values[node.output] = self.as_dtype(result, dtype, lanes)

    def operand(self, node: Node, i: int, lanes: int) -> Any:
        x = node.operands[i]
        if not isinstance(x, Value):
            return self.numbers.get((node, i), x)
        if lanes == 1 or self.values[x].lanes == lanes:
            return self.values[x]
        if x not in self.spreads:
            self.spreads[x] = spread(self.values[x], lanes)
        return self.spreads[x]

    def as_dtype(self, x: Any, dtype: np.dtype, lanes: int) -> Number:
        return converted(x, dtype) if isinstance(x, Number) else constant(self.builder, x, dtype, lanes)

    def at_label(self, label: Number) -> Number:
        """Tell for each of the present columns whether it is that of the row's label."""
        return converted(label, INT64) == counted(self.builder, self.c, self.lanes)

    def leave(self, value: Value) -> None:
        """Store a value at the present row and columns where it is wanted."""
        if value in self.stores:
            self.store(value, self.builder.add(self.base, self.c))
        if value in self.kept:
            store(self.values[value], *self.scratch_place(value), self.mask)

    def scratch_place(self, value: Value) -> tuple[ir.Value, ir.Value]:
        """Return a value's scratch row, and the present columns in it."""
        start = self.builder.mul(self.columns, _index(SCRATCH * self.kept.index(value)))
        row = self.builder.gep(self.scratch, [start])
        return self.builder.bitcast(row, memory_type(value.dtype).as_pointer()), self.c

    # ------------------------------------------------------------ sums and extremes

    def start_of_fold(self, node: Node) -> list[ir.Value]:
        if node.block != "argmax":
            return [self.slot_with(_start(node), node.output.dtype, self.lanes)]
        compared = node.values[0]
        return [self.slot_with(0, INT64, self.lanes), self.slot_with(_start(compared), compared.dtype, self.lanes)]

    def fold(self, node: Node, slots: list[ir.Value]) -> None:
        """Take the present columns into a row's sum, extreme or choice."""
        builder, x = self.builder, self.operand(node, 0, self.lanes)
        if node.block == "argmax":
            self.fold_argmax(x, slots)
            return
        if node.block == "pick":
            x = selected(self.at_label(self.operand(node, 1, self.lanes)), x, x.like(0))
        x = self.masked(converted(x, node.output.dtype), _start(node))
        so_far = Number(builder, builder.load(slots[0]), node.output.dtype)
        builder.store(_join(node)(x, so_far).value, slots[0])

    def fold_argmax(self, x: Number, slots: list[ir.Value]) -> None:
        builder, x = self.builder, self.masked(x, _lowest(x.dtype))
        at, best = Number(builder, builder.load(slots[0]), INT64), Number(builder, builder.load(slots[1]), x.dtype)
        better = (x > best) | ((x != x) & (best == best))
        builder.store(selected(better, x, best).value, slots[1])
        builder.store(selected(better, counted(builder, self.c, self.lanes), at).value, slots[0])

    def end_of_fold(self, node: Node, slots: list[ir.Value]) -> Number:
        """Return the lanes of a fold joined into one number."""
        builder = self.builder
        x = Number(builder, builder.load(slots[0]), INT64 if node.block == "argmax" else node.output.dtype)
        if node.block == "pick":
            return self.picked(folded(x, _sum), self.values[node.values[1]])
        if node.block != "argmax":
            return folded(x, _join(node))
        best = Number(builder, builder.load(slots[1]), node.values[0].dtype)
        candidate = (best == spread(folded(best, maximum), self.lanes)) | (best != best)
        return converted(folded(selected(candidate, x, x.like(np.iinfo(np.int64).max)), minimum), node.output.dtype)

    def picked(self, x: Number, label: Number) -> Number:
        """Return what was picked; NaN where a label is outside the classes, so that nothing was."""
        at = converted(label, INT64)
        inside = (at >= 0) & (at < Number(self.builder, self.columns, INT64))
        return selected(inside, x, x.like(math.nan)) if x.floating else x

    def masked(self, x: Number, instead: Any) -> Number:
        return x if self.mask is None else selected(self.mask, x, x.like(instead))

    def start_of_sum(self, node: Node) -> ir.Value | None:
        """Return a slot for a sum over rows, set to 0; None where it is summed up in memory, which is set to 0."""
        x = node.values[0]
        if self.kernel.domains[node.output] is ONE or self.in_lanes:
            return self.slot_with(0, node.output.dtype, self.lanes_of(x))
        zero = self.zero(node)

        def clear(c: ir.Value) -> None:
            store(zero, self.places[node.output], c)

        loop(self.builder, "zero", 0, self.columns, 1, clear)
        return None

    def zero(self, node: Node) -> Number:
        return constant(self.builder, 0, node.output.dtype)

    def add_across(self, node: Node) -> None:
        """Add the present columns to a sum over rows."""
        slot, x = self.sums[node], self.operand(node, 0, self.lanes)
        x = converted(x, node.output.dtype)
        if slot is not None:
            self.add_to(slot, self.masked(x, 0))
            return
        so_far = load(self.places[node.output], self.c, x, self.mask)
        store(_sum(so_far, x), self.places[node.output], self.c, self.mask)

    def add_to(self, slot: ir.Value, x: Number) -> None:
        self.builder.store(_sum(Number(self.builder, self.builder.load(slot), x.dtype), x).value, slot)

    def end_of_sum(self, node: Node, slot: ir.Value) -> None:
        x = Number(self.builder, self.builder.load(slot), node.output.dtype)
        if self.kernel.domains[node.output] is ONE:
            x, mask = folded(x, _sum), None
        else:
            mask = self.mask
        store(x, self.places[node.output], _index(0), mask)

    # ------------------------------------------------------------ memory and loops

    def slot_with(self, x: Any, dtype: np.dtype, lanes: int) -> ir.Value:
        """Return a place for a number that changes from turn to turn, with its first value."""
        with self.builder.goto_entry_block():
            slot = self.builder.alloca(register_type(dtype, lanes))
        self.builder.store(constant(self.builder, x, dtype, lanes).value, slot)
        return slot

    def any(self, x: Value) -> Number:
        return constant(self.builder, 0, x.dtype, self.lanes_of(x))

    def load(self, x: Value, index: ir.Value) -> Number:
        return load(self.places[x], index, self.any(x), self.mask if self.lanes_of(x) > 1 else None)

    def store(self, value: Value, index: ir.Value) -> None:
        store(self.values[value], self.places[value], index, self.mask if self.lanes_of(value) > 1 else None)


def compiled(body: Any) -> Callable[..., Any]:
    """Return the compiled reading of a body: the same code, on numbers in registers."""
    return vocabulary.reading(body, VOCABULARY)


def _join(node: Node) -> Callable[[Number, Number], Number]:
    return {"reduce_max": maximum, "reduce_min": minimum}.get(node.block, _sum)


def _start(node: Node | Value) -> Any:
    """Return what a fold starts from; for the operand of an argmax, what any number beats."""
    if isinstance(node, Value):
        return _lowest(node.dtype)
    dtype = node.output.dtype
    return {"reduce_max": _lowest(dtype), "reduce_min": _highest(dtype)}.get(node.block, 0)


def _lowest(dtype: np.dtype) -> Any:
    return -math.inf if dtype.kind == "f" else 0 if dtype.kind == "b" else np.iinfo(dtype).min


def _highest(dtype: np.dtype) -> Any:
    return math.inf if dtype.kind == "f" else 1 if dtype.kind == "b" else np.iinfo(dtype).max


def _sum(x: Number, y: Number) -> Number:
    """Return x + y, whose order in a longer sum may be chosen."""
    builder = x.builder
    value = builder.fadd(x.value, y.value, flags=FAST_SUM) if x.floating else builder.add(x.value, y.value)
    return Number(builder, value, x.dtype)


def _index(n: int) -> ir.Constant:
    return ir.Constant(I64, n)
