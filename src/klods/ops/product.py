"""Tensor products: matrix products, tensordot, einsum."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.ops import loops
from klods.ops.block import block, static
from klods.ops.movement import broadcast_to, expand_dims, reshape, transpose
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor, convert_to_tensor

Shape = tuple[int, ...]


def _swapped(shape: Shape, swap: bool) -> Shape:
    return shape[:-2] + (shape[-1], shape[-2]) if swap and len(shape) > 1 else shape


def _matmul_shape(a: Shape, b: Shape, transpose_a: bool = False, transpose_b: bool = False) -> Shape:
    left, right = _swapped(a, transpose_a), _swapped(b, transpose_b)
    if not left or not right:
        raise ShapeError(f"shapes {a} and {b}: a scalar has no matrix product.", "use * for scalars.")
    rows = right[0] if len(right) == 1 else right[-2]
    if left[-1] != rows:
        raise ShapeError(f"shapes {a} and {b} don't fit: {left[-1]} columns on the left, {rows} rows on the right.",
                         "make the inner sizes equal, perhaps by klods.transpose of one operand.")
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    return batch + left[-2:-1] + (right[-1:] if len(right) > 1 else ())


def _to_left(c: Tensor, y: Tensor, a: Tensor, b: Tensor, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    if a.ndim < 2 or b.ndim < 2:
        return _to_left_vector(c, a, b)
    if transpose_a:
        return matmul(b, c, transpose_a=transpose_b, transpose_b=True)
    return matmul(c, b, transpose_b=not transpose_b)


def _to_right(c: Tensor, y: Tensor, a: Tensor, b: Tensor, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    if a.ndim < 2 or b.ndim < 2:
        return _to_right_vector(c, a, b)
    if transpose_b:
        return matmul(c, a, transpose_a=True, transpose_b=transpose_a)
    return matmul(a, c, transpose_a=not transpose_a)


def _to_left_vector(c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    if b.ndim < 2:
        return expand_dims(c, -1) * b
    return reduce_sum(expand_dims(c, -2) * b, axis=-1)


def _to_right_vector(c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    if b.ndim < 2:
        return expand_dims(c, -1) * a
    return expand_dims(c, -2) * expand_dims(a, -1)


@block(loops.matmul, _matmul_shape, _to_left, _to_right, kind="same")
def matmul(a: Any, b: Any, *, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """Return the matrix product of the last two axes, over broadcast leading axes; vectors count as in NumPy.

    Example:
        >>> import klods
        >>> klods.matmul([[1., 2.]], [[3.], [4.]]).numpy()
        array([[11.]], dtype=float32)
    """
    left = np.swapaxes(a, -1, -2) if transpose_a else a
    return np.matmul(left, np.swapaxes(b, -1, -2) if transpose_b else b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    """Return the sum of products over pairs of axes: the last `axes` of a with the first of b, or those listed."""
    a, b, pairs = convert_to_tensor(a), convert_to_tensor(b), static(axes)
    if isinstance(pairs, int):
        pairs = (tuple(range(a.ndim - pairs, a.ndim)), tuple(range(pairs)))
    left, right = (loops.axes(p, x.ndim) for p, x in zip(pairs, (a, b)))
    free_a = [i for i in range(a.ndim) if i not in left]
    free_b = [i for i in range(b.ndim) if i not in right]
    if [a.value.shape[i] for i in left] != [b.value.shape[i] for i in right]:
        raise ShapeError(f"tensordot: axes {left} of {a.value.shape} and {right} of {b.value.shape} differ in size.",
                         "pair axes of equal size.")
    inner = math.prod(a.value.shape[i] for i in left)
    rows = reshape(transpose(a, [*free_a, *left]), (math.prod(a.value.shape[i] for i in free_a), inner))
    columns = reshape(transpose(b, [*right, *free_b]), (inner, math.prod(b.value.shape[i] for i in free_b)))
    return reshape(matmul(rows, columns), [a.value.shape[i] for i in free_a] + [b.value.shape[i] for i in free_b])


class _EinsumRules:
    """The gradient rules of einsum: swap the operand's letters with the output's."""

    def __getitem__(self, i: int) -> Any:
        return partial(self.rule, i)

    @staticmethod
    def rule(i: int, c: Tensor, y: Tensor, *operands: Tensor, equation: str) -> Tensor:
        inputs, output = equation.split("->")
        words = inputs.split(",")
        others = [(w, x) for k, (w, x) in enumerate(zip(words, operands)) if k != i]
        present = set(output).union(*(w for w, _ in others))
        kept = "".join(letter for letter in words[i] if letter in present)
        result = _einsum(c, *(x for _, x in others), equation=f"{','.join([output, *(w for w, _ in others)])}->{kept}")
        missing = [n for n, letter in enumerate(words[i]) if letter not in present]
        for axis in missing:
            result = expand_dims(result, axis)
        return broadcast_to(result, operands[i].value.shape)


def _einsum_shape(*shapes: Shape, equation: str) -> Shape:
    inputs, output = equation.split("->")
    words = inputs.split(",")
    if len(words) != len(shapes):
        raise ShapeError(f"equation '{equation}' names {len(words)} operands; got {len(shapes)}.", "match them.")
    sizes: dict[str, int] = {}
    for word, shape in zip(words, shapes):
        if len(word) != len(shape) or any(sizes.setdefault(k, n) != n for k, n in zip(word, shape)):
            raise ShapeError(f"'{word}' in '{equation}' doesn't fit shape {shape}.", "one letter per axis, one size per letter.")
    return tuple(sizes[letter] for letter in output)


@block(loops.einsum, _einsum_shape, kind="same", rules=_EinsumRules())  # type: ignore[arg-type]
def _einsum(*operands: Any, equation: str) -> Any:
    return np.einsum(equation, *operands, optimize=len(operands) > 2)


def einsum(equation: str, *inputs: Any, **unused: Any) -> Tensor:
    """Return the sum of products that an equation such as `"ij,jk->ik"` names.

    Raises:
        DataError: for a letter that stands twice in one operand, or an output letter that no operand has.

    Example:
        >>> import klods
        >>> klods.einsum("ij,j->i", [[1., 2.], [3., 4.]], [1., 1.]).numpy()
        array([3., 7.], dtype=float32)
    """
    return _einsum(*inputs, equation=_explicit(equation.replace(" ", ""), [np.ndim(getattr(x, "value", x)) for x in inputs]))


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
        raise DataError(f"einsum: the output of '{equation}' names an axis that no operand has.", "name input axes only.")
    spare = [x for x in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if x not in equation]
    width = max((rank - len(w) + 3 for w, rank in zip(words, ranks) if "..." in w), default=0)
    expanded = [w.replace("...", "".join(spare[width - (rank - len(w) + 3) : width])) for w, rank in zip(words, ranks)]
    return f"{','.join(expanded)}->{output.replace('...', ''.join(spare[:width]))}"
