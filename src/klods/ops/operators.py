"""The operators of Tensor and Variable, each bound to its block."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from klods.errors import StateError
from klods.ops import arithmetic as a, comparison as c
from klods.ops.movement import cast, stack
from klods.ops.picking import getitem, plain_key
from klods.ops.product import matmul
from klods.tensor import Tensor, TensorLike, Variable

Binary = Callable[[Any, Any], Any]


def bind() -> None:
    """Give tensors and variables their operators."""
    for name, operation in TWO_SIDED.items():
        setattr(TensorLike, f"__{name}__", operation)
        setattr(TensorLike, f"__r{name}__", reflected(operation))
        setattr(Variable, f"__i{name}__", refuse_in_place)
    for name, operation in ONE_SIDED.items():
        setattr(TensorLike, f"__{name}__", operation)
    TensorLike.__hash__ = None
    TensorLike.stacked = staticmethod(stack)
    TensorLike.cast_to = staticmethod(cast)
    Variable.__getitem__ = assignable_item


def reflected(operation: Binary) -> Binary:
    """Return the operation with its operands swapped, for a tensor on the right."""

    def swapped(self: Any, other: Any) -> Any:
        return operation(other, self)

    return swapped


def comparable(operation: Binary, otherwise: bool) -> Binary:
    """Return == or != that answers plainly for things a tensor can't be compared with, as Python does."""

    def compare(self: Any, other: Any) -> Tensor | bool:
        if isinstance(other, (TensorLike, np.ndarray, np.generic, int, float, list, tuple)):
            return operation(self, other)
        if isinstance(other, (str, bytes)) and self.value.dtype.kind == "S":
            return operation(self, other)
        return otherwise

    return compare


def refuse_in_place(variable: Variable, other: Any) -> Any:
    """Raise the error of `variable += x`, which would put a tensor in the variable's place."""
    raise StateError(
        f"Variable '{variable.name}' can't be changed by an operator such as +=.",
        "use variable.assign_add(x), or write result = variable + x.",
    )


def assignable_item(variable: Variable, key: Any) -> Tensor:
    """Return `variable[key]`, with an `assign` that sets that part of the variable."""
    part = getitem(variable, key)
    part.assign = partial(variable.assign_at, plain_key(key))
    return part


TWO_SIDED: dict[str, Binary] = {
    "add": a.add,
    "sub": a.subtract,
    "mul": a.multiply,
    "truediv": a.divide_,
    "floordiv": a.floor_divide,
    "mod": a.floormod,
    "pow": a.power,
    "matmul": matmul,
    "and": c.bitwise_and,
    "or": c.bitwise_or,
    "xor": c.bitwise_xor,
}
ONE_SIDED: dict[str, Callable[..., Any]] = {
    "neg": a.negative,
    "abs": a.abs_,
    "invert": c.invert,
    "lt": c.less,
    "le": c.less_equal,
    "gt": c.greater,
    "ge": c.greater_equal,
    "eq": comparable(c.equal, False),
    "ne": comparable(c.not_equal, True),
    "getitem": getitem,
}

bind()
