"""From a kernel to LLVM's language: a function whose only argument is a table of words, around the kernel's loops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from llvmlite import ir

from klods.backends.llvm.arguments import Arguments
from klods.backends.llvm.loops import Loops
from klods.graph import Value
from klods.native.registers import memory_type
from klods.passes.kernel import Kernel

I64, BYTE = ir.IntType(64), ir.IntType(8)


def emit(
    module: ir.Module,
    name: str,
    kernel: Kernel,
    arguments: Arguments,
    stores: Sequence[Value],
    shared: dict[Value, Value],
    lanes: int,
) -> None:
    """Add a kernel to a module as a function of one argument: the table of what it is handed.

    Args:
        module: where to.
        name: the function's name.
        kernel: what it computes.
        arguments: what the table holds; behind it follow the address of scratch memory, rows, columns, and the elements
            from a row to the next.
        stores: the values that it leaves in memory.
        shared: of the stores, those that overwrite an input, by that input.
        lanes: how many numbers an instruction works on.
    """
    pointers = [memory_type(v.dtype).as_pointer() for v in arguments.values]
    words = [word_type(dtype) for dtype in arguments.numbers.values()]
    kinds = [*pointers, *words, BYTE.as_pointer(), I64, I64, I64]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), f"{name}.loops")
    function.linkage = "internal"
    for argument in function.args:
        if argument.type.is_pointer:
            argument.add_attribute("noalias")
    places = dict(zip(arguments.values, function.args))
    places.update({new: places[old] for new, old in shared.items()})
    Loops(function, kernel, places, set(stores), arguments.numbers, lanes).emit()
    _entry(module, name, function, kinds)


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
