"""`klods.linalg`: values by NumPy or as seen in TensorFlow 2.21, gradients against differences, compiled as eager."""

from __future__ import annotations

import numpy as np
import pytest
from composed import Case, checks_of

import klods
from klods.errors import DataError, ShapeError

linalg = klods.linalg
RANDOM = np.random.default_rng(3)
SQUARE = RANDOM.normal(size=(3, 3)) + 2 * np.eye(3)
BATCH = RANDOM.normal(size=(2, 3, 3)) + 2 * np.eye(3)
TALL = RANDOM.normal(size=(2, 4, 3))
WIDE = RANDOM.normal(size=(2, 3))
COLUMNS = RANDOM.normal(size=(3, 2))
VECTOR = RANDOM.normal(size=(2, 3))
TRIANGLE = np.tril(SQUARE)


def symmetric(x):
    return x @ linalg.matrix_transpose(x) + 0.5 * klods.eye(3, dtype=x.dtype)


SYMMETRIC = SQUARE @ SQUARE.T + 0.5 * np.eye(3)


def signless(vectors):
    """Return what doesn't depend on the signs of vectors in columns."""
    return klods.einsum("...ij,...kj->...jik", vectors, vectors)


def projections(vectors):
    return np.einsum("...ij,...kj->...jik", vectors, vectors)


CASES = {
    "solve": Case(linalg.solve, (SQUARE, COLUMNS), np.linalg.solve(SQUARE, COLUMNS)),
    "solve of a batch": Case(linalg.solve, (BATCH, COLUMNS), np.linalg.solve(BATCH, COLUMNS)),
    "solve of the transposed": Case(
        lambda a, b: linalg.solve(a, b, adjoint=True), (SQUARE, COLUMNS), np.linalg.solve(SQUARE.T, COLUMNS)),
    "inv": Case(linalg.inv, (BATCH,), np.linalg.inv(BATCH)),
    "inv of the transposed": Case(lambda a: linalg.inv(a, True), (SQUARE,), np.linalg.inv(SQUARE.T)),
    "det": Case(linalg.det, (BATCH,), np.linalg.det(BATCH)),
    "slogdet": Case(linalg.slogdet, (BATCH,), tuple(np.linalg.slogdet(BATCH))),
    "logdet": Case(lambda x: linalg.logdet(symmetric(x)), (SQUARE,), np.log(np.linalg.det(SYMMETRIC))),
    "cholesky": Case(lambda x: linalg.cholesky(symmetric(x)), (SQUARE,), np.linalg.cholesky(SYMMETRIC)),
    "cholesky_solve": Case(linalg.cholesky_solve, (TRIANGLE, COLUMNS), np.linalg.solve(TRIANGLE @ TRIANGLE.T, COLUMNS)),
    "triangular_solve": Case(linalg.triangular_solve, (SQUARE, COLUMNS), np.linalg.solve(TRIANGLE, COLUMNS)),
    "triangular_solve above": Case(
        lambda a, b: linalg.triangular_solve(a, b, lower=False, adjoint=True), (SQUARE, COLUMNS),
        np.linalg.solve(np.triu(SQUARE).T, COLUMNS)),
    "lstsq": Case(linalg.lstsq, (TALL[0], TALL[1, :, :2]), np.linalg.lstsq(TALL[0], TALL[1, :, :2], rcond=None)[0]),
    "lstsq of wide ones": Case(linalg.lstsq, (WIDE, np.eye(2)), np.linalg.pinv(WIDE)),
    "lstsq exactly": Case(lambda a, b: linalg.lstsq(a, b, fast=False), (WIDE, np.eye(2)), np.linalg.pinv(WIDE)),
    "lstsq with a regularizer": Case(
        lambda a, b: linalg.lstsq(a, b, l2_regularizer=1.0),
        (np.array([[1.0, 0], [1, 1], [1, 2]]), np.array([[1.0], [2], [4]])),
        [[0.8], [1.2666667]]),
    "pinv": Case(linalg.pinv, (TALL,), np.linalg.pinv(TALL)),
    "pinv of wide ones": Case(linalg.pinv, (WIDE,), np.linalg.pinv(WIDE)),
    "qr": Case(linalg.qr, (TALL,), tuple(np.linalg.qr(TALL))),
    "qr with square q": Case(
        lambda x: linalg.qr(x, full_matrices=True), (TALL,), tuple(np.linalg.qr(TALL, "complete")), slopes=False),
    "eigh": Case(
        lambda x: (lambda w, v: (w, signless(v)))(*linalg.eigh(symmetric(x))), (SQUARE,),
        (np.linalg.eigh(SYMMETRIC)[0], projections(np.linalg.eigh(SYMMETRIC)[1]))),
    "eigvalsh": Case(linalg.eigvalsh, (np.array([[2.0, 1.0], [1.0, 3.0]]),), [1.3819660, 3.6180340], again=False),
    "svd": Case(
        lambda x: (lambda s, u, v: (s, signless(u), signless(v), u @ linalg.matrix_transpose(v)))(*linalg.svd(x)),
        (TALL,),
        (lambda u, s, vt: (s, projections(u), projections(vt.swapaxes(1, 2)), u @ vt))(
            *np.linalg.svd(TALL, full_matrices=False))),
    "svd of wide ones": Case(
        lambda x: (lambda s, u, v: (s, u @ linalg.matrix_transpose(v)))(*linalg.svd(x)), (WIDE,),
        (lambda u, s, vt: (s, u @ vt))(*np.linalg.svd(WIDE, full_matrices=False))),
    "singular values": Case(lambda x: linalg.svd(x, compute_uv=False), (TALL,), np.linalg.svd(TALL, compute_uv=False)),
    "matrix_rank": Case(linalg.matrix_rank, (np.array([[[1.0, 2], [2, 4]], [[1, 2], [3, 4]]]),), [1, 2], slopes=False),
    "band_part": Case(lambda x: linalg.band_part(x, 0, 1), (TALL,), np.tril(np.triu(TALL), 1)),
    "band_part of a triangle": Case(lambda x: linalg.band_part(x, -1, 0), (TALL,), np.tril(TALL)),
    "diag": Case(linalg.diag, (VECTOR,), np.stack([np.diag(row) for row in VECTOR])),
    "diag below": Case(lambda x: linalg.diag(x, k=-2), (VECTOR[0],), np.diag(VECTOR[0], -2)),
    "diag of a size": Case(
        lambda x: linalg.diag(x, num_rows=3, padding_value=9.0), (np.array([1.0, 2.0]),), [[1, 9], [9, 2], [9, 9]]),
    "diag_part": Case(linalg.diag_part, (TALL,), np.diagonal(TALL, 0, 1, 2)),
    "diag_part above": Case(lambda x: linalg.diag_part(x, k=1), (TALL,), np.diagonal(TALL, 1, 1, 2)),
    "diag_part below": Case(lambda x: linalg.diag_part(x, k=-2), (TALL,), np.diagonal(TALL, -2, 1, 2)),
    "set_diag": Case(linalg.set_diag, (np.ones((2, 3)), np.array([5.0, 6.0])), [[5, 1, 1], [1, 6, 1]]),
    "set_diag above": Case(
        lambda x, d: linalg.set_diag(x, d, k=1), (np.ones((2, 3)), np.array([5.0, 6.0])), [[1, 5, 1], [1, 1, 6]]),
    "tensor_diag": Case(linalg.tensor_diag, (WIDE,), np.diag(WIDE.ravel()).reshape(2, 3, 2, 3)),
    "tensor_diag_part": Case(
        linalg.tensor_diag_part, (np.diag(WIDE.ravel()).reshape(2, 3, 2, 3),), WIDE),
    "trace": Case(linalg.trace, (TALL,), np.trace(TALL, axis1=1, axis2=2)),
    "cross": Case(linalg.cross, (VECTOR, VECTOR[::-1].copy()), np.cross(VECTOR, VECTOR[::-1])),
    "normalize": Case(
        lambda x: linalg.normalize(x, axis=1), (VECTOR,),
        (VECTOR / np.linalg.norm(VECTOR, axis=1, keepdims=True), np.linalg.norm(VECTOR, axis=1, keepdims=True))),
    "normalize all": Case(linalg.normalize, (np.array([[3.0, 4.0]]),), ([[0.6, 0.8]], [[5]])),
    **{
        f"norm {ord} of matrices{' kept' if keepdims else ''}": Case(
            lambda x, ord=ord, keepdims=keepdims: linalg.norm(x, ord, [1, 2], keepdims), (TALL,),
            np.linalg.norm(TALL, ord if ord != "euclidean" else "fro", (1, 2), keepdims))
        for ord in ("euclidean", "fro", 1, 2, np.inf) for keepdims in (False, True)
    },
    "norm of matrices along other axes": Case(
        lambda x: linalg.norm(x, 1, [-1, 0]), (TALL,), np.linalg.norm(TALL, 1, (-1, 0))),
    "spectral norm along other axes": Case(
        lambda x: linalg.norm(x, 2, (2, 0)), (TALL,), np.linalg.norm(TALL, 2, (2, 0))),
    "adjoint": Case(linalg.adjoint, (TALL,), TALL.swapaxes(1, 2)),
}  # fmt: skip


test_values, test_same_compiled, test_gradients_are_slopes = checks_of(CASES)


def test_integers_become_floats_and_float32_stays():
    assert linalg.inv([[2, 0], [0, 4]]).numpy().tolist() == [[0.5, 0], [0, 0.25]]
    x = klods.Variable(SQUARE, dtype="float32")
    with klods.GradientTape() as tape:
        y = linalg.det(x)
    assert (y.dtype, tape.gradient(y, x).dtype) == ("float32", "float32")


def test_in_a_functional_model():
    given = klods.keras.Input((3, 3))
    model = klods.keras.Model(given, linalg.inv(given))
    np.testing.assert_allclose(model.predict(BATCH, verbose=0), np.linalg.inv(BATCH), rtol=1e-5)


BAD = [
    (lambda: linalg.inv([[1.0, 1.0], [1.0, 1.0]]), DataError, "solve: Singular matrix"),
    (lambda: linalg.cholesky([[1.0, 2.0], [2.0, 1.0]]), DataError, "cholesky: Matrix is not positive definite"),
    (lambda: linalg.inv(klods.ones((2, 3))), ShapeError, r"solve takes square matrices; got the shape \(2, 3\)"),
    (lambda: linalg.det([1.0]), ShapeError, "det takes square matrices"),
    (lambda: linalg.solve(SQUARE, [2.0, 3.0, 1.0]), ShapeError, "give the right sides as columns"),
    (lambda: linalg.diag([1.0], k=(0, 1)), DataError, r"takes one diagonal; got k=\(0, 1\)"),
    (lambda: linalg.set_diag(klods.ones((2, 2)), [1.0]), ShapeError, "for 2 places"),
    (lambda: linalg.cross([1.0, 2.0], [1.0, 2.0]), ShapeError, "vectors of 3"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), BAD, ids=[text for *_, text in BAD])
def test_bad_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("function", [lambda x: linalg.qr(x)[0], lambda x: linalg.svd(x, True)[0]])
def test_gradients_that_are_not_there(function):
    x = klods.constant(WIDE)
    with klods.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    with pytest.raises(DataError, match="gradient"):
        tape.gradient(y, x)


def test_a_singular_matrix_is_found_in_a_compiled_function_too():
    with pytest.raises(DataError, match="solve: Singular matrix"):
        klods.function(lambda x: linalg.inv(x))(klods.ones((2, 2)))
