"""Terms: the bodies of blocks read as text, a fourth time. What is done to a term is written down as Python."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from klods.graph import Node, Value
from klods.ops.block import BLOCKS
from klods.ops.vocabulary import SCALAR, reading

# How tightly Python binds: a term of a lower rank inside one of a higher rank needs parentheses.
CHOICE, OR, AND, NOT, COMPARISON, BIT_OR, BIT_XOR, BIT_AND, SUM, PRODUCT, SIGN, ATOM = range(12)


class Term:
    """An expression in Python.

    Attributes:
        text: the expression.
        rank: how tightly its outermost operator binds.
        steps: the primitives that it is made of, in order; terms that belong together share the list.
        number: the number that it is, if it is one.
    """

    __slots__ = ("number", "rank", "steps", "text")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str, rank: int = ATOM, steps: list[str] | None = None, number: Any = None) -> None:
        self.text, self.rank, self.number = text, rank, number
        self.steps = [] if steps is None else steps

    def within(self, rank: int) -> str:
        """Return the text as part of a term of this rank."""
        return self.text if self.rank >= rank else f"({self.text})"

    def __add__(self, other: Any) -> Term:
        return _joined(self, "+", other, SUM)

    def __radd__(self, other: Any) -> Term:
        return _joined(other, "+", self, SUM)

    def __sub__(self, other: Any) -> Term:
        return _joined(self, "-", other, SUM)

    def __rsub__(self, other: Any) -> Term:
        return _joined(other, "-", self, SUM)

    def __mul__(self, other: Any) -> Term:
        return _joined(self, "*", other, PRODUCT)

    def __rmul__(self, other: Any) -> Term:
        return _joined(other, "*", self, PRODUCT)

    def __and__(self, other: Any) -> Term:
        return _joined(self, "&", other, BIT_AND)

    def __or__(self, other: Any) -> Term:
        return _joined(self, "|", other, BIT_OR)

    def __xor__(self, other: Any) -> Term:
        return _joined(self, "^", other, BIT_XOR)

    def __lt__(self, other: Any) -> Term:
        return _joined(self, "<", other, COMPARISON)

    def __le__(self, other: Any) -> Term:
        return _joined(self, "<=", other, COMPARISON)

    def __gt__(self, other: Any) -> Term:
        return _joined(self, ">", other, COMPARISON)

    def __ge__(self, other: Any) -> Term:
        return _joined(self, ">=", other, COMPARISON)

    def __eq__(self, other: Any) -> Term:  # type: ignore[override]
        return _joined(self, "==", other, COMPARISON)

    def __ne__(self, other: Any) -> Term:  # type: ignore[override]
        return _joined(self, "!=", other, COMPARISON)

    def __neg__(self) -> Term:
        self.steps.append("-")
        return Term(f"-{self.within(SIGN)}", SIGN, self.steps)


def literal(x: Any, dtype: Any = None) -> Term:
    """Return a number as a term; of a dtype, with the digits that tell it from its neighbours."""
    if dtype is not None and np.dtype(dtype).kind == "f" and isinstance(x, float):
        x = np.dtype(dtype).type(x)
    text = str(x) if math.isfinite(x) else f"-math.{abs(x)}" if x < 0 else f"math.{x}"
    return Term(text, SIGN if text.startswith("-") else ATOM, number=x)


def applied(node: Node, operands: Sequence[Term]) -> Term:
    """Return the term of a pointwise node for the terms of its operands."""
    return _body(node, operands)


def operations(node: Node) -> int:
    """Return how many primitives the body of a node applies to each element."""
    steps: list[str] = []
    _body(node, [Term("x", steps=steps) for _ in node.operands])
    return len(steps)


def occurrences(node: Node, value: Value) -> int:
    """Return how often the body of a node names a value."""
    return _body(node, [Term("§" if x == value else "x") for x in node.operands]).text.count("§")


def helpers(text: str) -> str:
    """Return the source of the functions of the vocabulary that a text calls, and that these call."""
    found: dict[str, str] = {}
    while True:
        called = set(re.findall(r"(?<![\w.])(\w+)\(", "\n".join([text, *found.values()])))
        new = [name for name in OWN if name in called and name not in found]
        if not new:
            return "\n\n".join(found[name] for name in OWN if name in found)
        found.update({name: inspect.getsource(SCALAR[name]) for name in new})


def _body(node: Node, operands: Sequence[Term]) -> Term:
    if node.block == "cast":
        return _cast(node, operands[0])
    if node.block in ("reshape", "broadcast_to"):
        return operands[0]
    body = BLOCKS[node.block].body
    assert body is not None
    result = _term(reading(body, WORDS)(*operands, **node.attributes))
    narrow = node.output.dtype.kind in "iu" and node.output.dtype.itemsize < 4
    return _wrapped(result, node.output.dtype) if narrow and GROWING & set(result.steps) else result


def _cast(node: Node, x: Term) -> Term:
    old, new = (v.dtype for v in (*node.values, node.output)) if node.values else (np.dtype(float), node.output.dtype)
    if new.kind == "b":
        return x if old.kind == "b" else Term(f"{x.within(COMPARISON + 1)} != 0", COMPARISON, x.steps)
    if new.kind == "f":
        return x if old.kind == "f" else Term(f"float({x.text})", ATOM, x.steps)
    whole = x if old.kind in "iu" else Term(f"int({x.text})", ATOM, x.steps)
    return _wrapped(whole, new) if new.itemsize < old.itemsize or (old.kind, new.kind) == ("i", "u") else whole


def _wrapped(x: Term, dtype: np.dtype) -> Term:
    """Return a term for what a narrow dtype keeps of a whole number."""
    count = 1 << 8 * dtype.itemsize
    if dtype.kind == "u":
        return Term(f"{x.within(PRODUCT)} % {count}", PRODUCT, x.steps)
    return Term(f"({x.within(SUM)} + {count // 2}) % {count} - {count // 2}", SUM, x.steps)


def _joined(x: Any, sign: str, y: Any, rank: int) -> Term:
    x, y = _term(x), _term(y)
    steps = _steps(x, y)
    steps.append(sign)
    left = rank + 1 if rank == COMPARISON else rank
    return Term(f"{x.within(left)} {sign} {y.within(rank + 1)}", rank, steps)


def _term(x: Any) -> Term:
    return x if isinstance(x, Term) else literal(x)


def _steps(*terms: Term) -> list[str]:
    return next((t.steps for t in terms if t.number is None), terms[0].steps)


def _called(name: str) -> Callable[..., Term]:
    """Return what writes a call of a primitive: of Python's own function, or of klods's of the same name."""
    function = SCALAR[name]
    own = {"math": f"math.{function.__name__}", "builtins": function.__name__}.get(function.__module__, name)

    def write(*arguments: Any) -> Term:
        terms = [_term(x) for x in arguments]
        steps = _steps(*terms)
        steps.append(name)
        return Term(f"{own}({', '.join(t.text for t in terms)})", ATOM, steps)

    return write


def _extreme(name: str, python: str) -> Callable[..., Term]:
    """Return what writes `max` or `min`, which keep a NaN that comes first, or klods's own function."""

    def write(x: Any, y: Any) -> Term:
        x, y = _term(x), _term(y)
        if x.number is not None:
            x, y = y, x
        result = _called(name)(x, y)
        return result if y.number is None else Term(f"{python}({x.text}, {y.text})", ATOM, result.steps)

    return write


def _divide(x: Any, y: Any) -> Term:
    y = _term(y)
    if y.number is None or y.number == 0:
        return _called("divide")(x, y)
    return _joined(x, "/", y, PRODUCT)


def _where(condition: Any, x: Any, y: Any) -> Term:
    terms = condition, x, y = _term(condition), _term(x), _term(y)
    steps = _steps(*terms)
    steps.append("where")
    text = f"{x.within(CHOICE + 1)} if {condition.within(CHOICE + 1)} else {y.within(CHOICE + 1)}"
    return Term(text, CHOICE, steps)


def _not(x: Any) -> Term:
    x = _term(x)
    x.steps.append("not")
    return Term(f"not {x.within(NOT)}", NOT, x.steps)


WORDS: dict[str, Callable[..., Term]] = {
    **{name: _called(name) for name in SCALAR},
    "maximum": _extreme("maximum", "max"),
    "minimum": _extreme("minimum", "min"),
    "divide": _divide,
    "where": _where,
    "logical_not": _not,
}
GROWING = {"+", "-", "*", "power", "invert"}  # what may lead out of a narrow dtype
# The primitives that Python has no function for that gives infinity and NaN as processors do.
OWN = [name for name, function in SCALAR.items() if function.__module__ == "klods.ops.scalar"]
