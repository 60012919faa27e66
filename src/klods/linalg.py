"""TensorFlow's `tf.linalg`: matrix products and what goes with them."""

from __future__ import annotations

from typing import Any

from klods.missing import reporter
from klods.ops.comparison import equal
from klods.ops.creation import eye, range_
from klods.ops.movement import cast, expand_dims, transpose
from klods.ops.product import einsum, matmul, tensordot
from klods.ops.reduction import norm, reduce_sum
from klods.tensor import Tensor, convert_to_tensor


def matrix_transpose(a: Any) -> Tensor:
    """Return a tensor with its last two axes swapped."""
    x = convert_to_tensor(a)
    return transpose(x, [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])


def trace(x: Any) -> Tensor:
    """Return the sum of the diagonal of the last two axes."""
    matrix = convert_to_tensor(x)
    rows, columns = matrix.value.shape[-2:]
    diagonal = cast(equal(expand_dims(range_(rows), 1), range_(columns)), matrix.dtype)
    return reduce_sum(matrix * diagonal, axis=(-2, -1))


__all__ = ["einsum", "eye", "matmul", "matrix_transpose", "norm", "tensordot", "trace"]
__getattr__ = reporter(__name__)
