"""Keras's `keras.ops` on matrices: equations, determinants, decompositions. The last two axes are rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods import decompositions
from klods.creation import eye
from klods.errors import DataError, ShapeError
from klods.gradients import custom_gradient
from klods.keras.ops.names import matmul, squeeze
from klods.keras.ops.numbers import norm
from klods.keras.ops.pointwise import floating
from klods.keras.ops.shapes import expand_dims, swapaxes, take_along_axis, tril, triu
from klods.ops.effects import call
from klods.tensor import Tensor

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eigh",
    "inv",
    "logdet",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
]

# ---------------------------------------------------------------- equations


def solve(a: Any, b: Any) -> Tensor:
    """Return x of a x = b, for right sides in columns or one alone; see `klods.linalg.solve`.

    Example:
        >>> solve([[2., 0.], [1., 1.]], [2., 3.]).numpy()
        array([1., 2.], dtype=float32)
    """
    return _by_columns(decompositions.solve, a, b)


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Tensor:
    """Return x of a x = b for a triangular a, of which the other triangle is not looked at."""
    return _by_columns(lambda matrix, sides: decompositions.triangular_solve(matrix, sides, lower), a, b)


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Tensor:
    """Return x for which a x comes nearest to b; where several do, the shortest.

    Args:
        a: a matrix.
        b: right sides in columns, or one alone.
        rcond: which share of the greatest singular value counts as 0; max(rows, columns) times the dtype's precision by
            default.
    """
    x = floating(a)
    share = _size(x) * float(np.finfo(x.value.dtype).eps) if rcond is None else rcond
    return _by_columns(lambda matrix, sides: matmul(decompositions.pinv(matrix, share), sides), x, b)


def inv(x: Any) -> Tensor:
    """Return the inverse of square matrices; see `klods.linalg.inv`."""
    return decompositions.inv(x)


def pinv(x: Any, rcond: float | None = None) -> Tensor:
    """Return the Moore-Penrose inverse of matrices; see `klods.linalg.pinv`."""
    return decompositions.pinv(x, rcond)


def cholesky_inverse(x: Any, upper: bool = False) -> Tensor:
    """Return the inverse of the matrices of which x is the `cholesky`."""
    root = floating(x)
    lower = swapaxes(root, -1, -2) if upper else root
    return decompositions.cholesky_solve(lower, eye(root.value.shape[-1], dtype=root.dtype))


def _by_columns(solver: Callable[[Tensor, Tensor], Tensor], a: Any, b: Any) -> Tensor:
    """Return what a solver gives for right sides in columns, or for one alone."""
    matrix, sides = floating(a), floating(b)
    return solver(matrix, sides) if sides.ndim > 1 else squeeze(solver(matrix, expand_dims(sides, -1)), -1)


def _size(x: Tensor) -> int:
    return max(x.value.shape[-2:])


# ---------------------------------------------------------------- determinants


def det(x: Any) -> Tensor:
    """Return the determinants of square matrices; see `klods.linalg.det`."""
    return decompositions.det(x)


def slogdet(x: Any) -> tuple[Tensor, Tensor]:
    """Return the signs of determinants and the logarithms of their absolute values."""
    sign, logarithm = decompositions.slogdet(x)
    return sign, logarithm


def logdet(x: Any) -> Tensor:
    """Return the logarithms of the absolute values of determinants."""
    return decompositions.slogdet(x)[1]


# ---------------------------------------------------------------- decompositions


def cholesky(x: Any, upper: bool = False) -> Tensor:
    """Return lower triangular L with L Lᵀ equal to symmetric, positive definite matrices, or its transpose.

    Raises:
        DataError: for a matrix that isn't positive definite.
    """
    root = decompositions.cholesky(x)
    return swapaxes(root, -1, -2) if upper else root


def qr(x: Any, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Return matrices as products of an orthogonal Q and an upper triangular R.

    Args:
        x: the matrices.
        mode: `reduced`, or `complete` for a square Q, which has no gradient.

    Raises:
        DataError: for another mode.
    """
    if mode not in ("reduced", "complete"):
        raise DataError(f"qr has no mode {mode!r}.", "use 'reduced' or 'complete'.")
    q, r = decompositions.qr(x, mode == "complete")
    return q, r


def eigh(x: Any) -> tuple[Tensor, Tensor]:
    """Return the eigenvalues of symmetric matrices, in ascending order, and their eigenvectors in columns."""
    return decompositions.eigh(x)


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return U, the singular values s in descending order, and V transposed, of matrices U diag(s) Vᵀ.

    Args:
        x: the matrices.
        full_matrices: whether U and V are square; only if they aren't is there a gradient of them.
        compute_uv: False for s alone.
    """
    if not compute_uv:
        return decompositions.svd(x, compute_uv=False)
    s, u, v = decompositions.svd(x, full_matrices)
    return u, s, swapaxes(v, -1, -2)


def matrix_rank(x: Any, tol: Any = None) -> Tensor:
    """Return how many singular values of matrices are above `tol`; see `klods.linalg.matrix_rank`."""
    return decompositions.matrix_rank(x, tol)


def lu_factor(x: Any) -> tuple[Tensor, Tensor]:
    """Return P, L and U of square matrices P L U: L and U in one matrix, and by which row each row was exchanged.

    L has ones on its diagonal, which are not written down. Only `lu` has a gradient.

    Source of the gradient: de Hoog, Anderssen and Lukas 2011, "Differentiation of matrix functionals using triangular
    factorization".

    Raises:
        ShapeError: for matrices that aren't square.

    Example:
        >>> lu, pivots = lu_factor([[0., 2.], [4., 1.]])
        >>> lu.numpy().tolist(), pivots.numpy().tolist()
        ([[4.0, 1.0], [0.0, 2.0]], [1, 1])
    """
    a = floating(x)
    if a.ndim < 2 or a.value.shape[-1] != a.value.shape[-2]:
        raise ShapeError(f"lu_factor takes square matrices; got {a.value.shape}.", "make the last axes equal.")
    pivots, order = (call(a, function=_part(i), shape=a.value.shape[:-1], dtype="int32") for i in (1, 2))
    return _factors(take_along_axis(a, expand_dims(order, -1), -2)), pivots


@custom_gradient
def _factors(rows: Tensor) -> Any:
    """Return L and U, in one matrix, of matrices whose rows are in order."""
    lu = call(rows, function=_part(0), shape=rows.value.shape, dtype=rows.value.dtype)

    def gradient(cotangent: Tensor) -> Tensor:
        upper = triu(lu)
        lower = tril(lu, -1) + eye(rows.value.shape[-1], dtype=rows.dtype)
        below = tril(matmul(swapaxes(lower, -1, -2), tril(cotangent, -1)), -1)
        inner = below + triu(matmul(triu(cotangent), swapaxes(upper, -1, -2)))
        left = decompositions.solve(lower, inner, adjoint=True)
        return swapaxes(decompositions.solve(upper, swapaxes(left, -1, -2)), -1, -2)

    return lu, gradient


def _part(i: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: _eliminated(array)[i]


def _eliminated(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return L and U in one matrix, the pivots, and the order that they bring the rows into.

    Source: Golub and Van Loan, Matrix Computations, algorithm 3.4.1.
    """
    lu, count = np.array(a), a.shape[-1]
    pivots, order = np.zeros(a.shape[:-1], np.int32), np.array(np.broadcast_to(np.arange(count), a.shape[:-1]))
    for k in range(count):
        pivots[..., k] = k + np.abs(lu[..., k:, k]).argmax(-1)
        for rows in (lu, order[..., None]):
            chosen = np.broadcast_to(pivots[..., k, None, None], (*rows.shape[:-2], 1, rows.shape[-1]))
            exchanged = np.take_along_axis(rows, chosen, -2)
            np.put_along_axis(rows, chosen, rows[..., k, None, :], -2)
            rows[..., k, None, :] = exchanged
        lu[..., k + 1 :, k] /= np.where(lu[..., k, None, k] == 0, 1, lu[..., k, None, k])
        lu[..., k + 1 :, k + 1 :] -= lu[..., k + 1 :, k, None] * lu[..., k, None, k + 1 :]
    return lu, pivots, order
