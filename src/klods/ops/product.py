"""Tensor products: matrix products, tensordot, einsum."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from klods.errors import ShapeError
from klods.ops import loops
from klods.ops.block import block, broadcast_shape
from klods.ops.movement import broadcast_to, expand_dims, squeeze
from klods.tensor import Tensor

Shape = tuple[int, ...]


def _swapped(shape: Shape, swap: bool) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2]) if swap and len(shape) > 1 else shape


def _matmul_shape(a: Shape, b: Shape, transpose_a: bool = False, transpose_b: bool = False) -> Shape:
    left, right = _swapped(a, transpose_a), _swapped(b, transpose_b)
    if not left or not right:
        raise ShapeError(f"shapes {a} and {b}: a scalar has no matrix product.", "use * for scalars.")
    rows = right[0] if len(right) == 1 else right[-2]
    if left[-1] != rows:
        raise ShapeError(
            f"shapes {a} and {b} don't fit: {left[-1]} columns on the left, {rows} rows on the right.",
            "make the inner sizes equal, perhaps by klods.transpose of one operand.",
        )
    batch = broadcast_shape(left[:-2], right[:-2])
    return batch + left[-2:-1] + (right[-1:] if len(right) > 1 else ())


def _to_left(
    c: Tensor, y: Tensor, a: Tensor, b: Tensor, transpose_a: bool = False, transpose_b: bool = False
) -> Tensor:
    if a.ndim < 2:
        row = expand_dims(c, -1 if b.ndim < 2 else -2)
        return squeeze(_to_left(row, y, expand_dims(a, 0), b, False, transpose_b), -2)
    if b.ndim < 2:
        c, b, transpose_b = expand_dims(c, -1), expand_dims(b, -1), False
    if transpose_a:
        return matmul(b, c, transpose_a=transpose_b, transpose_b=True)
    return matmul(c, b, transpose_b=not transpose_b)


def _to_right(
    c: Tensor, y: Tensor, a: Tensor, b: Tensor, transpose_a: bool = False, transpose_b: bool = False
) -> Tensor:
    if b.ndim < 2:
        return squeeze(_to_right(expand_dims(c, -1), y, a, expand_dims(b, -1), transpose_a, False), -1)
    if a.ndim < 2:
        c, a, transpose_a = expand_dims(c, -2), expand_dims(a, 0), False
    if transpose_b:
        return matmul(c, a, transpose_a=True, transpose_b=transpose_a)
    return matmul(a, c, transpose_a=not transpose_a)


@block(loops.matmul, _matmul_shape, _to_left, _to_right, inputs=2, kind="same")
def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """Return the matrix product of the last two axes, over broadcast leading axes; vectors count as in NumPy.

    Example:
        >>> import klods
        >>> klods.matmul([[1., 2.]], [[3.], [4.]]).numpy()
        array([[11.]], dtype=float32)
    """
    return np.matmul(_turned(a, transpose_a), _turned(b, transpose_b))


def _turned(x: np.ndarray, turn: bool) -> np.ndarray:
    return x.swapaxes(-1, -2) if turn and x.ndim > 1 else x


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
        result = einsum_(c, *(x for _, x in others), equation=f"{','.join([output, *(w for w, _ in others)])}->{kept}")
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
            raise ShapeError(
                f"'{word}' in '{equation}' doesn't fit shape {shape}.",
                "give each axis a letter, and each letter one size.",
            )
    return tuple(sizes[letter] for letter in output)


@block(loops.einsum, _einsum_shape, inputs=None, kind="same", rules=_EinsumRules())  # type: ignore[arg-type]
def einsum_(*operands: Any, equation: str) -> Any:
    """Return the sum of products over every letter that the output of an equation such as `ij,jk->ik` doesn't name."""
    _einsum_shape(*(np.shape(x) for x in operands), equation=equation)  # NumPy would stretch axes of size 1
    return np.einsum(equation, *operands, optimize=len(operands) > 1)
