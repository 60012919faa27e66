"""A kernel as a flat list of NumPy calls, each of which writes its result where it is told.

The list is made once, by calling the bodies of the kernel's blocks on recorders. What runs again and again is the list:
no array is made for most of it, and what the calls leave between them stays in the processor's cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import is_
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from klods.dtypes import BOOL
from klods.graph import Node, Operand, Value
from klods.ops.block import BLOCKS, aligned, aligned_dtype, prepared
from klods.ops.effects import reads_rows
from klods.passes.kernel import Kernel
from klods.passes.plan import Call

Arrays = dict[Value, np.ndarray]
Pool = dict[int, list[np.ndarray]]  # buffers by their bytes
Bound = list[tuple[Callable[..., Any], tuple[np.ndarray, ...], np.ndarray]]
CHUNK = 32768  # elements at a time: their arrays stay in the processor's cache from one call to the next


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """Where an array will be: of a value, or of what is computed on the way to one."""

    shape: tuple[int, ...]
    dtype: np.dtype


@dataclass(frozen=True, eq=False, slots=True)
class Instruction:
    """One NumPy call: `function(*inputs, out=output)`. Numbers among the inputs are arrays already."""

    function: Callable[..., Any]
    inputs: tuple[Place | np.ndarray, ...]
    output: Place


Code = list[Instruction]
SMALL = 1024  # elements for which the one call of np.where is faster than three on bits


def numpy_kernel(call: Call, arrays: Arrays, pool: Pool) -> Callable[[], None]:
    """Return what runs a kernel in NumPy, a piece at a time where all its blocks are element-wise.

    Args:
        call: the kernel's call.
        arrays: where values are; looked up at each run.
        pool: buffers that the kernel uses while it runs, and others before and after it; those it misses are added.
    """
    kernel = call.item
    assert isinstance(kernel, Kernel)
    code, places = listed(kernel)
    outside = {places[x]: x for x in kernel.inputs}
    outside |= _stored(call, code, places)
    buffers = _buffers(code, outside, kernel, pool)
    before: list[np.ndarray] = [np.empty(0)] * len(outside)
    bound: Bound = []

    def run() -> None:
        now = [arrays[x] for x in outside.values()]
        if not all(map(is_, now, before)):
            bound[:] = _bound(code, {p: a.reshape(p.shape) for p, a in zip(outside, now)}, buffers, kernel)
            before[:] = now
        with np.errstate(all="ignore"):
            for function, inputs, output in bound:
                function(*inputs, out=output)

    return run


# ------------------------------------------------------------ making the list


def listed(kernel: Kernel) -> tuple[Code, dict[Value, Place]]:
    """Return a kernel's instructions, and the place of each of its values; each that it makes has one of its own."""
    code: Code = []
    places = {x: Place(_shape(x, kernel), x.dtype) for x in kernel.inputs}
    for node in kernel.nodes:
        start = len(code)
        try:
            places[node.output] = _body(node, places, code)
        except Exception:  # a body may do what it likes with its operands; if that can't be listed, it runs each time
            del code[start:]
            given, whole = tuple(places[x] for x in node.values), Place(_shape(node.output, kernel), node.output.dtype)
            places[node.output] = _added(code, partial(compute_block, node), given, whole)
    return code, places


class Recorder(NDArrayOperatorsMixin):
    """Stands for an array in a body: what is computed from it becomes instructions.

    Powers don't: on arrays, `x ** 2` is another function than `np.power`.
    """

    def __init__(self, place: Place, code: Code) -> None:
        self.place, self.code = place, code

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Recorder:
        if method != "__call__" or options or ufunc is np.power:
            raise NotImplementedError
        *dtypes, dtype = ufunc.resolve_dtypes((*map(_kind, inputs), None))
        return self._recorded(ufunc, [_array(x, d) for x, d in zip(inputs, dtypes)], dtype)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Recorder:
        """Record `np.where`, bit by bit: one call takes four times as long where the condition keeps changing."""
        if function is not np.where or _kind(inputs[0]) != BOOL:
            raise NotImplementedError
        dtype = np.result_type(*(x.place.dtype if isinstance(x, Recorder) else x for x in inputs[1:]))
        condition, x, y = (_array(a, d) for a, d in zip(inputs, (BOOL, dtype, dtype), strict=True))
        if math.prod(np.broadcast_shapes(condition.shape, x.shape, y.shape)) < SMALL:
            return self._recorded(choose, [condition, x, y], dtype)
        bits = np.dtype(f"i{dtype.itemsize}")
        mask = self._recorded(mask_of, [condition], bits).place
        if isinstance(y, np.ndarray) and y.view(bits) == 0:
            return self._recorded(bits_and, [x, mask], dtype)
        differing = self._recorded(bits_xor, [x, y], bits).place
        chosen = self._recorded(bits_and, [differing, mask], bits).place
        return self._recorded(bits_xor, [chosen, y], dtype)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise NotImplementedError

    def __bool__(self) -> bool:
        raise NotImplementedError

    def _recorded(self, function: Callable[..., Any], inputs: list[Any], dtype: np.dtype) -> Recorder:
        shape = np.broadcast_shapes(*(x.shape for x in inputs))
        return Recorder(_added(self.code, function, tuple(inputs), Place(shape, dtype)), self.code)


def _added(code: Code, function: Callable[..., Any], inputs: tuple[Place | np.ndarray, ...], output: Place) -> Place:
    code.append(Instruction(function, inputs, output))
    return output


def _kind(x: Any) -> Any:
    """Return the dtype of an operand, or the type of a Python number, which takes the dtype beside it."""
    return x.place.dtype if isinstance(x, Recorder) else type(x) if type(x) in (int, float) else np.asarray(x).dtype


def _array(x: Any, dtype: np.dtype) -> Place | np.ndarray:
    if not isinstance(x, Recorder):
        return np.asarray(x, dtype)
    return x.place if x.place.dtype == dtype else _cast(x.place, dtype, x.code)


def _body(node: Node, places: dict[Value, Place], code: Code) -> Place:
    """Add the instructions of an element-wise node and return the place of its output."""
    if node.block == "cast":
        return _cast(places[node.values[0]], node.output.dtype, code)
    block = BLOCKS[node.block]
    if block.body is None or block.kind not in ("same", "number", "float", "select"):
        raise NotImplementedError
    dtype = aligned_dtype(block, [x.dtype if isinstance(x, Value) else type(x) for x in node.operands])
    dtypes = [BOOL if block.kind == "select" and i == 0 else dtype for i in range(len(node.operands))]
    operands = [_operand(x, d, places, code) for x, d in zip(node.operands, dtypes)]
    result = block.body(*operands, **node.attributes).place
    taken = any(result is p for p in places.values())
    return _cast(result, node.output.dtype, code) if taken or result.dtype != node.output.dtype else result


def _operand(x: Operand, dtype: np.dtype, places: dict[Value, Place], code: Code) -> Any:
    if not isinstance(x, Value):
        return np.asarray(x, dtype)
    place = places[x]
    return Recorder(place if x.dtype == dtype else _cast(place, dtype, code), code)


def _cast(place: Place, dtype: np.dtype, code: Code) -> Place:
    return _added(code, convert, (place,), Place(place.shape, dtype))


# ------------------------------------------------------------ what isn't a ufunc


def operands(node: Node, arrays: Arrays) -> list[Any]:
    """Return what a node computes on, of one dtype where its block asks for that."""
    given = [arrays[x] if isinstance(x, Value) else x for x in node.operands]
    return given if prepared(given) or reads_rows(node) else aligned(tuple(given), given, BLOCKS[node.block].kind)[1]


def compute_block(node: Node, *inputs: np.ndarray, out: np.ndarray) -> None:
    """Run a node's vectorised reading."""
    given = operands(node, dict(zip(node.values, inputs)))
    np.copyto(out, BLOCKS[node.block].compute(*given, **node.attributes), casting="unsafe")


def convert(x: np.ndarray, out: np.ndarray) -> None:
    """Write an array in another dtype."""
    np.copyto(out, x, casting="unsafe")


def choose(condition: np.ndarray, x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """Write x where the condition holds, else y."""
    np.copyto(out, np.where(condition, x, y))


def mask_of(condition: np.ndarray, out: np.ndarray) -> None:
    """Write all bits where the condition holds, else none."""
    np.negative(condition.view(np.int8), out=out)


def bits_and(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """Write x where the mask has bits, else 0."""
    bits = f"i{out.itemsize}"
    np.bitwise_and(x.view(bits), y.view(bits), out=out.view(bits))


def bits_xor(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """Write the bits in which x and y differ."""
    bits = f"i{out.itemsize}"
    np.bitwise_xor(x.view(bits), y.view(bits), out=out.view(bits))


# ------------------------------------------------------------ finding arrays for places


def _stored(call: Call, code: Code, places: dict[Value, Place]) -> dict[Place, Value]:
    """Return what lies in memory after the kernel, by its place; add copies where an old value is still read."""
    last = {x: at for at, instruction in enumerate(code) for x in instruction.inputs if isinstance(x, Place)}
    made = {instruction.output: at for at, instruction in enumerate(code)}
    stored = {}
    for v in call.stores:
        place, memory = places[v], call.shared.get(v, v)
        early = memory in places and memory is not v and last.get(places[memory], -1) > made[place]
        stored[_cast(place, v.dtype, code) if early else place] = memory
    return stored


def _buffers(code: Code, outside: dict[Place, Value], kernel: Kernel, pool: Pool) -> dict[Place, np.ndarray]:
    """Return arrays for the places inside a kernel; those whose last reader has run serve again."""
    last = {x: at for at, instruction in enumerate(code) for x in instruction.inputs if isinstance(x, Place)}
    free = {size: list(buffers) for size, buffers in pool.items()}
    found: dict[Place, np.ndarray] = {}
    lent: dict[Place, np.ndarray] = {}
    for at, instruction in enumerate(code):
        for x in [x for x in lent if last.get(x) == at]:
            free[lent[x].size].append(lent.pop(x))
        place = instruction.output
        if place not in outside:
            shape = tuple(min(n, CHUNK) for n in place.shape) if kernel.flat else place.shape
            size = math.prod(shape) * place.dtype.itemsize
            lent[place] = _buffer(size, free, pool)
            found[place] = lent[place].view(place.dtype).reshape(shape)
    return found


def _buffer(size: int, free: Pool, pool: Pool) -> np.ndarray:
    spare = free.setdefault(size, [])
    if not spare:
        spare.append(np.empty(size, np.uint8))
        pool.setdefault(size, []).append(spare[0])
    return spare.pop()


def _bound(code: Code, given: dict[Place, np.ndarray], buffers: dict[Place, np.ndarray], kernel: Kernel) -> Bound:
    """Return the calls with their arrays, one piece after the other."""
    size = kernel.rows * kernel.columns
    bound: Bound = []
    for start in range(0, max(size, 1), CHUNK) if kernel.flat else (0,):
        found = {**given, **buffers}
        if kernel.flat and size > CHUNK:
            found = {p: a[start : start + CHUNK] if a.ndim else a for p, a in given.items()}
            found |= {p: a[: size - start] if a.ndim else a for p, a in buffers.items()}
        for f, inputs, output in ((x.function, x.inputs, x.output) for x in code):
            bound.append((f, tuple(found[x] if isinstance(x, Place) else x for x in inputs), found[output]))
    return bound


def _shape(x: Value, kernel: Kernel) -> tuple[int, ...]:
    """Return a value's shape in its kernel: one long row where all values are whole or one number."""
    return (x.size,) if kernel.flat and x.shape else x.shape
