"""The vectorised reading of a kernel as text: the NumPy calls that run it where there is no machine code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from klods.backends.vectors import (
    Instruction,
    Place,
    bits_and,
    bits_xor,
    choose,
    compute_block,
    convert,
    listed,
    mask_of,
)
from klods.errors import StateError
from klods.explanation.names import Names
from klods.explanation.terms import Term
from klods.graph import Node, Value
from klods.passes.kernel import Kernel
from klods.passes.plan import Call

# What isn't one call of NumPy: `{0}`, `{1}` ... are the operands, `{dtype}` and `{bits}` those of the result.
EXPRESSIONS: dict[Any, str] = {
    convert: '{0}.astype("{dtype}")',
    choose: "np.where({0}, {1}, {2})",
    mask_of: '-{0}.view("int8").astype("{dtype}")',
    bits_and: '({0}.view("{bits}") & {1}.view("{bits}")).view("{dtype}")',
    bits_xor: '({0}.view("{bits}") ^ {1}.view("{bits}")).view("{dtype}")',
}


def numpy_function(name: str, call: Call, names: Names, constants: Mapping[Value, Term]) -> str:
    """Return a kernel or node as a function of arrays, each line of which is a call of NumPy or of a block on arrays.

    Args:
        name: the function's name.
        call: the kernel or node.
        names: the names of values.
        constants: the inputs that are written as numbers where the kernel is a loop.

    Raises:
        StateError: for a block that calls a function in Python.
    """
    item, given = call.item, call.inputs
    if isinstance(item, Kernel):
        given, lines = [x for x in given if x not in constants], _kernel(item, names, constants)
    else:
        lines = [f"{names[item.output]} = {_block(item, [names[x] for x in item.values])}"]
    arguments = ", ".join(names[x] for x in given)
    body = [f"def {name}({arguments}):", *lines, f"return {', '.join(names[x] for x in call.stores)}"]
    text = "\n    ".join(body)
    imports = ["import numpy as np"] * ("np." in text)
    imports += ["from klods.ops.block import BLOCKS"] * ("BLOCKS[" in text)
    return "\n\n".join([*imports, f"\n{text}" if imports else text])


def _kernel(kernel: Kernel, names: Names, constants: Mapping[Value, Term]) -> list[str]:
    code, places = listed(kernel)
    made = {place: value for value, place in places.items() if value in kernel.made}
    words: dict[Place, str] = {}
    for value, place in places.items():
        if value in constants:
            words[place] = _number(np.asarray(constants[value].number, value.dtype))
        elif value not in kernel.made:
            words[place] = names[value]
    return [_line(x, made, words, names) for x in code]


def _line(x: Instruction, made: Mapping[Place, Value], words: dict[Place, str], names: Names) -> str:
    operands = [words[y] if isinstance(y, Place) else _number(y) for y in x.inputs]
    value = made.get(x.output)
    words[x.output] = names.new("part") if value is None else names[value]
    return f"{words[x.output]} = {_expression(x, operands)}"


def _expression(x: Instruction, operands: list[str]) -> str:
    if isinstance(x.function, partial) and x.function.func is compute_block:
        return _block(x.function.args[0], operands)
    if x.function in EXPRESSIONS:
        bits = f"int{8 * x.output.dtype.itemsize}"
        return EXPRESSIONS[x.function].format(*operands, dtype=x.output.dtype, bits=bits)
    return f"np.{x.function.__name__}({', '.join(operands)})"


def _block(node: Node, operands: list[str]) -> str:
    """Return the call of a block's own function of arrays; that of a matrix product is NumPy's."""
    if any(callable(x) for x in node.attributes.values()):
        raise StateError(
            f"The block {node.block} calls a function in Python: it is no work for NumPy.", "choose another kernel."
        )
    given = iter(operands)
    words = [next(given) if isinstance(x, Value) else repr(x) for x in node.operands]
    if node.block == "matmul" and all(len(x.shape) > 1 for x in node.values):
        turns = [node.attributes.get(f"transpose_{side}") for side in "ab"]
        return f"np.matmul({', '.join(f'{w}.swapaxes(-1, -2)' if t else w for w, t in zip(words, turns))})"
    attributes = [f"{key}={x!r}" for key, x in node.attributes.items()]
    return f'BLOCKS["{node.block}"].compute({", ".join([*words, *attributes])})'


def _number(x: np.ndarray) -> str:
    return f"np.{x.dtype}({x})" if np.isfinite(x).all() else f'np.{x.dtype}("{x}")'
