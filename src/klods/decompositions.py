"""Linear equations and decompositions of matrices, by LAPACK through NumPy, with their gradients.

All work on the last two axes; the others are batches.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from klods.creation import eye
from klods.errors import DataError, ShapeError
from klods.gradients import custom_gradient
from klods.matrices import band_part, diag_part, matrix_transpose
from klods.ops.arithmetic import log_, reciprocal
from klods.ops.block import broadcast_shape, recordable
from klods.ops.comparison import greater, where
from klods.ops.effects import call
from klods.ops.movement import cast, expand_dims
from klods.ops.product import matmul
from klods.ops.reduction import reduce_max, reduce_sum
from klods.tensor import Tensor, convert_to_tensor

# ---------------------------------------------------------------- equations


@recordable
def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """Return X of matrix X = rhs.

    Args:
        matrix: square matrices.
        rhs: the right sides, in columns.
        adjoint: whether to take the transposed matrix.
        name: accepted for TensorFlow's sake.

    Raises:
        ShapeError: for a matrix that isn't square, or right sides of other length.
        DataError: for a matrix that has no inverse.

    Example:
        >>> import klods
        >>> klods.linalg.solve([[2., 0.], [1., 1.]], [[2.], [3.]]).numpy()
        array([[1.],
               [2.]], dtype=float32)
    """
    a, b = _floating(matrix), _floating(rhs)
    _square("solve", a)
    if b.ndim < 2 or b.value.shape[-2] != a.value.shape[-1]:
        raise ShapeError(
            f"solve: matrix of shape {a.value.shape}, right sides of shape {b.value.shape}.",
            "give the right sides as columns: with as many rows as the matrix, and an axis of columns.",
        )
    return _solved(matrix_transpose(a) if adjoint else a, b)


@custom_gradient
def _solved(a: Tensor, b: Tensor) -> Any:
    batch = broadcast_shape(a.value.shape[:-2], b.value.shape[:-2])
    x = _lapack("solve", np.linalg.solve, (*batch, *b.value.shape[-2:]), a, b)

    def gradient(cotangent: Tensor) -> tuple[Tensor, Tensor]:
        of_b = _solved(matrix_transpose(a), cotangent)
        return -matmul(of_b, x, transpose_b=True), of_b

    return x, gradient


@recordable
def inv(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """Return the inverse of square matrices.

    Raises:
        ShapeError: for a matrix that isn't square.
        DataError: for a matrix that has no inverse.

    Example:
        >>> import klods
        >>> klods.linalg.inv([[2., 0.], [0., 4.]]).numpy()
        array([[0.5 , 0.  ],
               [0.  , 0.25]], dtype=float32)
    """
    x = _floating(input)
    return solve(x, eye(x.value.shape[-1], dtype=x.dtype), adjoint)


@recordable
def triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """Return X of matrix X = rhs for a triangular matrix, of which the other triangle is not looked at."""
    return solve(band_part(_floating(matrix), *((-1, 0) if lower else (0, -1))), rhs, adjoint)


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """Return X of A X = rhs, from the `cholesky` of A."""
    return triangular_solve(chol, triangular_solve(chol, rhs), adjoint=True)


@recordable
def lstsq(matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True, name: str | None = None) -> Tensor:
    """Return X for which matrix X comes nearest to rhs; where several do, the shortest.

    Args:
        matrix: matrices.
        rhs: the right sides, in columns.
        l2_regularizer: what the squared length of X counts beside the squared distance.
        fast: whether to solve the normal equations, which is less exact, rather than to use `pinv`.
        name: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> line = klods.linalg.lstsq([[1., 0.], [1., 1.], [1., 2.]], [[1.], [3.], [5.]])
        >>> line.numpy().round(3)
        array([[1.],
               [2.]], dtype=float32)
    """
    a, b = _floating(matrix), _floating(rhs)
    rows, columns = a.value.shape[-2:]
    if not fast and not l2_regularizer:
        return matmul(pinv(a), b)
    if rows >= columns:
        squares = matmul(a, a, transpose_a=True) + l2_regularizer * eye(columns, dtype=a.dtype)
        return solve(squares, matmul(a, b, transpose_a=True))
    squares = matmul(a, a, transpose_b=True) + l2_regularizer * eye(rows, dtype=a.dtype)
    return matmul(a, solve(squares, b), transpose_a=True)


@recordable
def pinv(a: Any, rcond: float | None = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Return the Moore-Penrose inverse of matrices.

    Args:
        a: the matrices.
        rcond: which share of the greatest singular value counts as 0; 10 max(rows, columns) times the dtype's
            precision by default.
        validate_args: accepted for TensorFlow's sake.
        name: accepted for TensorFlow's sake.
    """
    x = _floating(a)
    share = 10 * max(x.value.shape[-2:]) * np.finfo(x.value.dtype).eps if rcond is None else rcond
    return _pseudo_inverse(x, share=float(share))


@custom_gradient
def _pseudo_inverse(a: Tensor, *, share: float) -> Any:
    *batch, rows, columns = a.value.shape
    p = _lapack("pinv", functools.partial(np.linalg.pinv, rcond=share), (*batch, columns, rows), a)

    def gradient(c: Tensor) -> Tensor:
        """Return the cotangent (Golub and Pereyra 1973, equation 4.12)."""
        pt, ct = matrix_transpose(p), matrix_transpose(c)
        left, right = eye(rows, dtype=a.dtype) - matmul(a, p), eye(columns, dtype=a.dtype) - matmul(p, a)
        return -pt @ c @ pt + left @ ct @ p @ pt + pt @ p @ ct @ right

    return p, gradient


# ---------------------------------------------------------------- determinants


@recordable
def det(input: Any, name: str | None = None) -> Tensor:
    """Return the determinants of square matrices. For one that is 0 there is no gradient.

    Example:
        >>> import klods
        >>> float(klods.linalg.det([[1., 2.], [3., 4.]]))
        -2.0
    """
    return _determinant(_square("det", _floating(input)))


@custom_gradient
def _determinant(a: Tensor) -> Any:
    y = _lapack("det", np.linalg.det, a.value.shape[:-2], a)
    return y, lambda cotangent: _beside(cotangent * y) * inv(a, adjoint=True)


class LogMatrixDeterminant(NamedTuple):
    """The signs of determinants, and the logarithms of their absolute values."""

    sign: Tensor
    log_abs_determinant: Tensor


@recordable
def slogdet(input: Any, name: str | None = None) -> LogMatrixDeterminant:
    """Return the signs of determinants and the logarithms of their absolute values."""
    return LogMatrixDeterminant(*_signed_log(_square("slogdet", _floating(input))))


@custom_gradient
def _signed_log(a: Tensor) -> Any:
    sign, logarithm = (_lapack("slogdet", _part(np.linalg.slogdet, i), a.value.shape[:-2], a) for i in range(2))
    return (sign, logarithm), lambda of_sign, of_log: _beside(of_log) * inv(a, adjoint=True)


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """Return the logarithms of the determinants of symmetric, positive definite matrices."""
    return 2 * reduce_sum(log_(diag_part(cholesky(matrix))), -1)


# ---------------------------------------------------------------- decompositions


@recordable
def cholesky(input: Any, name: str | None = None) -> Tensor:
    """Return lower triangular L with L Lᵀ equal to symmetric, positive definite matrices.

    Only their lower triangles are looked at.

    Raises:
        DataError: for a matrix that isn't positive definite.

    Example:
        >>> import klods
        >>> klods.linalg.cholesky([[4., 2.], [2., 2.]]).numpy()
        array([[2., 0.],
               [1., 1.]], dtype=float32)
    """
    return _lower_root(_square("cholesky", _floating(input)))


@custom_gradient
def _lower_root(a: Tensor) -> Any:
    root = _lapack("cholesky", np.linalg.cholesky, a.value.shape, a)

    def gradient(cotangent: Tensor) -> Tensor:
        """Return the cotangent (Murray 2016, equation 10), spread over both triangles."""
        inner = _half_diagonal(band_part(matmul(root, cotangent, transpose_a=True), -1, 0))
        left = solve(root, inner, adjoint=True)
        full = matrix_transpose(solve(root, matrix_transpose(left), adjoint=True))
        return 0.5 * (full + matrix_transpose(full))

    return root, gradient


class Qr(NamedTuple):
    """Orthogonal and upper triangular factors."""

    q: Tensor
    r: Tensor


@recordable
def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Qr:
    """Return matrices as products of an orthogonal Q and an upper triangular R.

    Args:
        input: the matrices.
        full_matrices: whether Q is square, and R as long as the matrix. There is no gradient then, as for matrices with
            more columns than rows.
        name: accepted for TensorFlow's sake.
    """
    return Qr(*_orthogonal(_floating(input), full=full_matrices))


@custom_gradient
def _orthogonal(a: Tensor, *, full: bool) -> Any:
    *batch, rows, columns = a.value.shape
    width = rows if full else min(rows, columns)
    run = functools.partial(np.linalg.qr, mode="complete" if full else "reduced")
    q = _lapack("qr", _part(run, 0), (*batch, rows, width), a)
    r = _lapack("qr", _part(run, 1), (*batch, width, columns), a)

    def gradient(of_q: Tensor, of_r: Tensor) -> Tensor:
        """Return the cotangent (Walter, Lehmann and Lamour 2012)."""
        if full or rows < columns:
            raise DataError("qr has a gradient for tall matrices alone.", "leave full_matrices out.")
        inner = matmul(r, of_r, transpose_b=True) - matmul(of_q, q, transpose_a=True)
        lower = band_part(inner, -1, 0)
        symmetric = lower + matrix_transpose(lower) - _diagonal_alone(inner)
        return matrix_transpose(solve(r, matrix_transpose(of_q + matmul(q, symmetric))))

    return (q, r), gradient


@recordable
def eigh(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Return the eigenvalues of symmetric matrices, in ascending order, and their eigenvectors in columns.

    Only the lower triangles are looked at. Equal eigenvalues have no gradient of vectors.
    """
    return tuple(_eigen(_square("eigh", _floating(tensor))))


@custom_gradient
def _eigen(a: Tensor) -> Any:
    values = _lapack("eigh", _part(np.linalg.eigh, 0), a.value.shape[:-1], a)
    vectors = _lapack("eigh", _part(np.linalg.eigh, 1), a.value.shape, a)

    def gradient(of_values: Tensor, of_vectors: Tensor) -> Tensor:
        """Return the cotangent (Giles 2008, section 3.1), gathered in the lower triangle."""
        turned = matmul(vectors, of_vectors, transpose_a=True) * _gaps(values)
        inner = turned + eye(a.value.shape[-1], dtype=a.dtype) * expand_dims(of_values, -2)
        full = vectors @ inner @ matrix_transpose(vectors)
        return _half_diagonal(band_part(full + matrix_transpose(full), -1, 0))

    return (values, vectors), gradient


def eigvalsh(tensor: Any, name: str | None = None) -> Tensor:
    """Return the eigenvalues of symmetric matrices, in ascending order."""
    return eigh(tensor)[0]


@recordable
def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Return the singular values s, in descending order, and u and v, of matrices u diag(s) vᵀ.

    Args:
        tensor: the matrices.
        full_matrices: whether u and v are square. There is no gradient then, and none of u and v for equal singular
            values.
        compute_uv: False for s alone.
        name: accepted for TensorFlow's sake.
    """
    x = _floating(tensor)
    return tuple(_singular(x, full=full_matrices)) if compute_uv else _singular(x, full=False)[0]


@custom_gradient
def _singular(a: Tensor, *, full: bool) -> Any:
    *batch, rows, columns = a.value.shape
    least = min(rows, columns)
    run = functools.partial(np.linalg.svd, full_matrices=full)
    s = _lapack("svd", _part(run, 1), (*batch, least), a)
    u = _lapack("svd", _part(run, 0), (*batch, rows, rows if full else least), a)
    v = matrix_transpose(_lapack("svd", _part(run, 2), (*batch, columns if full else least, columns), a))

    def gradient(of_s: Tensor, of_u: Tensor, of_v: Tensor) -> Tensor:
        """Return the cotangent (Townsend 2016)."""
        if full:
            raise DataError("svd has no gradient of square u and v.", "leave full_matrices out.")
        gaps, one = _gaps(s * s), eye(least, dtype=a.dtype)
        turned_u, turned_v = (matmul(x, c, transpose_a=True) for x, c in ((u, of_u), (v, of_v)))
        inner = (turned_u - matrix_transpose(turned_u)) * gaps * expand_dims(s, -2)
        inner = inner + expand_dims(s, -1) * gaps * (turned_v - matrix_transpose(turned_v))
        inner = inner + one * expand_dims(of_s, -2)
        beside_u = (of_u - matmul(u, turned_u)) / expand_dims(s, -2)
        beside_v = (of_v - matmul(v, turned_v)) / expand_dims(s, -2)
        return matmul(u @ inner + beside_u, v, transpose_b=True) + matmul(u, beside_v, transpose_b=True)

    return (s, u, v), gradient


def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Return how many singular values of matrices are above `tol`, int32.

    Args:
        a: the matrices.
        tol: max(rows, columns) times the dtype's precision times the greatest singular value by default.
        validate_args: accepted for TensorFlow's sake.
        name: accepted for TensorFlow's sake.
    """
    x = _floating(a)
    s = svd(x, compute_uv=False)
    precision = max(x.value.shape[-2:]) * float(np.finfo(x.value.dtype).eps)
    least = precision * reduce_max(s, -1, keepdims=True) if tol is None else expand_dims(tol, -1)
    return reduce_sum(cast(greater(s, least), "int32"), -1)


# ---------------------------------------------------------------- parts


def _gaps(values: Tensor) -> Tensor:
    """Return 1 / (value of the column - value of the row), 0 where they are equal."""
    apart = expand_dims(values, -2) - expand_dims(values, -1)
    same = apart * apart <= 0
    return where(same, 0, reciprocal(where(same, 1, apart)))


def _diagonal_alone(x: Tensor) -> Tensor:
    return band_part(x, 0, 0)


def _half_diagonal(x: Tensor) -> Tensor:
    return x - 0.5 * _diagonal_alone(x)


def _beside(numbers: Tensor) -> Tensor:
    """Return one number for each matrix in a shape that stands beside matrices."""
    return expand_dims(expand_dims(numbers, -1), -1)


def _part(function: Callable[..., Any], i: int) -> Callable[..., Any]:
    return lambda *arrays: function(*arrays)[i]


def _lapack(name: str, function: Callable[..., Any], shape: tuple[int, ...], *operands: Tensor) -> Tensor:
    def run(*arrays: np.ndarray) -> Any:
        try:
            return function(*arrays)
        except np.linalg.LinAlgError as error:
            raise DataError(f"{name}: {str(error).rstrip('.')}.", "give other matrices.") from None

    return call(*operands, function=run, shape=shape, dtype=operands[0].value.dtype)


def _floating(x: Any) -> Tensor:
    tensor = convert_to_tensor(x)
    return tensor if tensor.value.dtype.kind == "f" else cast(tensor, "float32")


def _square(name: str, x: Tensor) -> Tensor:
    if x.ndim < 2 or x.value.shape[-1] != x.value.shape[-2]:
        raise ShapeError(f"{name} takes square matrices; got the shape {x.value.shape}.", "make the last axes equal.")
    return x
