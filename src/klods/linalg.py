"""TensorFlow's `tf.linalg`: matrix products and what goes with them."""

from __future__ import annotations

from typing import Any

from klods.contractions import einsum, tensordot
from klods.creation import eye
from klods.decompositions import (
    cholesky,
    cholesky_solve,
    det,
    eigh,
    eigvalsh,
    inv,
    logdet,
    lstsq,
    matrix_rank,
    pinv,
    qr,
    slogdet,
    solve,
    svd,
    triangular_solve,
)
from klods.errors import ShapeError
from klods.lengths import global_norm, norm
from klods.math import l2_normalize
from klods.matrices import band_part, diag, diag_part, matrix_transpose, set_diag, tensor_diag, tensor_diag_part
from klods.missing import reporter
from klods.ops.arithmetic import divide_
from klods.ops.block import recordable
from klods.ops.movement import expand_dims
from klods.ops.product import matmul
from klods.ops.reduction import reduce_sum
from klods.places import roll
from klods.tensor import Tensor, convert_to_tensor


def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """Return matrices transposed: those of real numbers are not changed otherwise."""
    return matrix_transpose(matrix)


def matvec(a: Any, b: Any, transpose_a: bool = False, name: str | None = None) -> Tensor:
    """Return the product of a matrix and a vector, along the last axes."""
    return matmul(a, expand_dims(b, -1), transpose_a)[..., 0]


def trace(x: Any, name: str | None = None) -> Tensor:
    """Return the sum of the diagonal of the last two axes."""
    return reduce_sum(diag_part(x), -1)


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Return a tensor divided by its length along axes, and that length; see `klods.norm`."""
    length = norm(tensor, ord, axis, keepdims=True)
    return divide_(tensor, length), length


@recordable
def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """Return the vectors that stand at right angles on pairs of vectors, along the last axis of 3.

    Example:
        >>> import klods
        >>> klods.linalg.cross([1., 0., 0.], [0., 1., 0.]).numpy()
        array([0., 0., 1.], dtype=float32)
    """
    x, y = convert_to_tensor(a), convert_to_tensor(b)
    if x.value.shape[-1:] != (3,) or y.value.shape[-1:] != (3,):
        raise ShapeError(f"cross takes vectors of 3; got {x.value.shape} and {y.value.shape}.", "add a 0, say.")
    return roll(x, -1, -1) * roll(y, -2, -1) - roll(x, -2, -1) * roll(y, -1, -1)


__all__ = [
    "adjoint",
    "band_part",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eigh",
    "eigvalsh",
    "einsum",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "logdet",
    "lstsq",
    "matmul",
    "matrix_rank",
    "matrix_transpose",
    "matvec",
    "norm",
    "normalize",
    "pinv",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "triangular_solve",
]
__getattr__ = reporter(__name__)
