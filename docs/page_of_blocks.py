"""The page of the table of blocks, read from the records and from the source that they stand in."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

import klods
from klods.graph import Node, Value
from klods.ops.block import BLOCKS, Block
from klods.passes.kernel import space
from klods.passes.simplify import EXPANSIONS

OPENING = """# The table of blocks

Every operation of klods is one record, a *block*, or is put together from some. A block has

- a **body**: for element-wise blocks a function of numbers, else one of arrays;
- a **shape rule**: the shape that it gives;
- **gradient rules**, one per input, in blocks again: of `c`, the gradient with respect to the output `y`, and the
  inputs. What broadcasting spread out is summed up elsewhere, once for all blocks;
- **readings**: every block can be run as a *naive* loop over numbers and vectorised, in *NumPy*. The third reading is
  machine code: a *loop* that an element-wise body, or a fold over rows or columns, shares with its neighbours; for
  some blocks that of the blocks that they are written as, *as other blocks*; for matrix products of float32 a loop of
  their own, *product*. Blocks without machine code are run in NumPy inside the compiled plan.

This page is written from the records: {count} blocks, {differentiable} of them with a gradient.

"""


class Source(NamedTuple):
    """What stands in the source of a block: its body, its shape rule (its code, or in words), its gradient rules."""

    body: str
    shape: str
    gradients: list[str]


def page() -> str:
    """Return the page."""
    names = list(BLOCKS)
    count = sum(has_gradient(BLOCKS[name]) for name in names)
    return OPENING.format(count=len(names), differentiable=count) + "\n".join([*overview(names), *families(names)])


def overview(names: list[str]) -> Iterator[str]:
    """Yield the lines of the table of all blocks."""
    yield "| block | readings | gradient |"
    yield "| --- | --- | --- |"
    for name in names:
        link, gradient = f"[{name}](#block-{name.replace('_', '-')})", "yes" if has_gradient(BLOCKS[name]) else "none"
        yield f"| {link} | {readings(name)} | {gradient} |"
    yield ""


def families(names: list[str]) -> Iterator[str]:
    """Yield the lines about each block, file by file."""
    module: ModuleType | None = None
    for name in names:
        block = BLOCKS[name]
        if module is not (module := sys.modules[block.compute.__module__]):
            yield f"## {first_line(module).rstrip('.')}\n"
        yield from described(block)


def described(block: Block) -> Iterator[str]:
    """Yield the lines about a block."""
    source = read(block)
    yield f"(block-{block.name.replace('_', '-')})="
    yield f"### {block.name}\n"
    yield f"{first_line(block.body or block.compute)}\n"
    yield f"```python\n{source.body}\n```\n"
    yield f"- readings: {readings(block.name)}"
    yield from (f"- gradient{place}: {rule}" for place, rule in numbered(source.gradients))
    yield f"- shape: {source.shape}\n"


def numbered(rules: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each gradient rule with its input's number, where there are several."""
    for i, rule in enumerate(rules):
        yield (f" of input {i + 1}" if len(rules) > 1 else ""), rule


def read(block: Block) -> Source:
    """Return what the source of a block says of it."""
    function = parsed(block.body or block.compute)
    call = next(d for d in function.decorator_list if isinstance(d, ast.Call))
    given = call.args if block.body is not None else call.args[2:]
    rules = [rule_of(rule) for rule in given] or [first_line(type(block.gradient))]
    return Source(plain(function), shape_of(block, call), rules if block.gradient != () else ["none"])


def shape_of(block: Block, call: ast.Call) -> str:
    """Return a block's shape rule in words, or as its source where it has none."""
    if block.body is not None:
        return "that which the inputs broadcast to"
    if isinstance(call.args[1], ast.Lambda):
        return f"`{ast.unparse(call.args[1])}`"
    words = first_line(block.shape).removeprefix("Return ").rstrip(".")
    return words or "\n  ```python\n" + textwrap.indent(plain(parsed(block.shape)), "  ") + "\n  ```"


def rule_of(rule: ast.expr) -> str:
    """Return a gradient rule as it is read: without the words that every rule has."""
    if isinstance(rule, ast.Constant):
        return "none"
    return f"`{ast.unparse(rule.body if isinstance(rule, ast.Lambda) else rule)}`"


def parsed(function: Callable[..., Any]) -> ast.FunctionDef:
    """Return the source of a function as a tree."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


def plain(function: ast.FunctionDef) -> str:
    """Return a function's code without decorators, docstring and types."""
    function.decorator_list, function.returns = [], None
    function.body = function.body[1:] if ast.get_docstring(function) else function.body
    for argument in (node for node in ast.walk(function.args) if isinstance(node, ast.arg)):
        argument.annotation = None
    return ast.unparse(function)


def first_line(thing: Any) -> str:
    """Return the first line of a docstring; nothing if there is none."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def has_gradient(block: Block) -> bool:
    """Tell whether a block has a gradient with respect to any input."""
    return any(rule is not None for rule in block.gradient) if isinstance(block.gradient, tuple) else True


def readings(name: str) -> str:
    """Return the readings that a block has."""
    return ", ".join(["naive", "NumPy", *filter(None, [compiled(name)])])


def compiled(name: str) -> str:
    """Return how a block becomes machine code; nothing if it doesn't."""
    if name in EXPANSIONS:
        return "as other blocks"
    if name == "matmul":
        return "product"
    array = Value(0, (2, 2), np.dtype(np.float32))
    return "loop" if space(Node(name, (array,), {}, array)) is not None else ""


assert klods  # imports every file of blocks
