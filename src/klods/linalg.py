"""TensorFlow's `tf.linalg`: matrix products and what goes with them."""

from __future__ import annotations

from typing import Any

from klods.math import l2_normalize
from klods.missing import reporter
from klods.ops.comparison import equal
from klods.ops.creation import eye, range_
from klods.ops.movement import cast, expand_dims, transpose
from klods.ops.product import einsum, matmul, tensordot
from klods.ops.reduction import global_norm, norm, reduce_sum
from klods.tensor import Tensor, convert_to_tensor


def matrix_transpose(a: Any, name: str | None = None) -> Tensor:
    """Return a tensor with its last two axes swapped."""
    x = convert_to_tensor(a)
    return transpose(x, [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])


def matvec(a: Any, b: Any, transpose_a: bool = False, name: str | None = None) -> Tensor:
    """Return the product of a matrix and a vector, along the last axes."""
    return matmul(a, expand_dims(b, -1), transpose_a)[..., 0]


def trace(x: Any, name: str | None = None) -> Tensor:
    """Return the sum of the diagonal of the last two axes."""
    matrix = convert_to_tensor(x)
    rows, columns = matrix.value.shape[-2:]
    diagonal = cast(equal(expand_dims(range_(rows), 1), range_(columns)), matrix.dtype)
    return reduce_sum(matrix * diagonal, axis=(-2, -1))


__all__ = [
    "einsum",
    "eye",
    "global_norm",
    "l2_normalize",
    "matmul",
    "matrix_transpose",
    "matvec",
    "norm",
    "tensordot",
    "trace",
]
__getattr__ = reporter(__name__)
