"""Sums of products over pairs of axes, made of matrix products and of one block: tensordot and einsum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods.errors import DataError, DTypeError, ShapeError
from klods.ops import loops
from klods.ops.block import alike, recordable, static
from klods.ops.movement import reshape, transpose
from klods.ops.product import einsum_, matmul
from klods.tensor import Tensor, TensorLike, convert_to_tensor


@recordable
def tensordot(a: Any, b: Any, axes: Any = 2, name: str | None = None) -> Tensor:
    """Return the sum of products over pairs of axes: the last `axes` of a with the first of b, or those listed."""
    (a, b), pairs = alike(a, b), static(axes)
    if isinstance(pairs, int):
        pairs = (tuple(range(a.ndim - pairs, a.ndim)), tuple(range(pairs)))
    left, right = (loops.axes(p, x.ndim) for p, x in zip(pairs, (a, b)))
    free_a = [i for i in range(a.ndim) if i not in left]
    free_b = [i for i in range(b.ndim) if i not in right]
    if [a.value.shape[i] for i in left] != [b.value.shape[i] for i in right]:
        raise ShapeError(
            f"tensordot: axes {left} of {a.value.shape} and {right} of {b.value.shape} differ in size.",
            "pair axes of equal size.",
        )
    inner = math.prod(a.value.shape[i] for i in left)
    rows = reshape(transpose(a, [*free_a, *left]), (math.prod(a.value.shape[i] for i in free_a), inner))
    columns = reshape(transpose(b, [*right, *free_b]), (inner, math.prod(b.value.shape[i] for i in free_b)))
    return reshape(matmul(rows, columns), [a.value.shape[i] for i in free_a] + [b.value.shape[i] for i in free_b])


def einsum(equation: str, *inputs: Any, name: str | None = None) -> Tensor:
    """Return the sum of products that an equation such as `"ij,jk->ik"` names.

    Raises:
        DTypeError: for an equation that is no text.
        DataError: for a letter that stands twice in one operand, or an output letter that no operand has.

    Example:
        >>> import klods
        >>> klods.einsum("ij,j->i", [[1., 2.], [3., 4.]], [1., 1.]).numpy()
        array([3., 7.], dtype=float32)
    """
    if not isinstance(equation, str):
        raise DTypeError(f"einsum: the equation is a {type(equation).__name__}.", "write einsum('ij,jk->ik', a, b).")
    operands = [x if isinstance(x, (TensorLike, np.ndarray)) else convert_to_tensor(x) for x in inputs]
    return einsum_(*operands, equation=_explicit(equation.replace(" ", ""), [x.ndim for x in operands]))


def _explicit(equation: str, ranks: list[int]) -> str:
    """Return the equation with its output written out and letters in place of an ellipsis."""
    inputs, arrow, output = equation.partition("->")
    words = inputs.split(",")
    if any(len(set(w.replace("...", ""))) != len(w.replace("...", "")) for w in words):
        raise DataError(f"einsum: '{equation}' names an axis twice in one operand.", "take the diagonal first.")
    if not arrow:
        letters = sorted({x for x in inputs if x.isalpha()})
        output = ("..." if "..." in inputs else "") + "".join(x for x in letters if inputs.count(x) == 1)
    if set(output.replace(".", "")) - set(inputs):
        raise DataError(f"einsum: the output of '{equation}' names an axis that no operand has.", "name others.")
    spare = [x for x in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if x not in equation]
    width = max((rank - len(w) + 3 for w, rank in zip(words, ranks) if "..." in w), default=0)
    expanded = [w.replace("...", "".join(spare[width - (rank - len(w) + 3) : width])) for w, rank in zip(words, ranks)]
    return f"{','.join(expanded)}->{output.replace('...', ''.join(spare[:width]))}"
