"""`klods.math` beyond the blocks: values by Python's `math`, by NumPy, or as seen in TensorFlow 2.21."""

from __future__ import annotations

import math

import numpy as np
import pytest
from composed import Case, checks_of, gradients

import klods

X = np.array([-7.5, -1.2, -0.3, 0.0, 0.4, 1.0, 6.0])
ABOVE = np.array([1.5, 2.0, 30.0])
INSIDE = np.array([-0.9, -0.2, 0.0, 0.7])
POINTS = np.array([[1.0, 2.0], [-1.0, 2.0], [-1.0, -2.0], [1.0, -2.0], [0.0, 3.0], [0.0, -3.0], [2.0, 0.0]])
NUMBERS = np.array([0.0, 2.0])
MATRIX = np.array([[1.0, -2.0, 0.0], [0.5, 3.0, -1.0]])


def logs_of_sums(x):
    return np.log(np.cumsum(np.exp(x), 0))


CASES = {
    "asinh": Case(klods.math.asinh, (X,), np.arcsinh(X)),
    "acosh": Case(klods.math.acosh, (ABOVE,), np.arccosh(ABOVE)),
    "atanh": Case(klods.math.atanh, (INSIDE,), np.arctanh(INSIDE)),
    "atan2": Case(klods.math.atan2, (POINTS[:, 1], POINTS[:, 0]), np.arctan2(POINTS[:, 1], POINTS[:, 0])),
    "atan2 of a grid": Case(
        klods.math.atan2, (X[:3, None], X[4:]), np.arctan2(X[:3, None], X[4:])),
    "multiply_no_nan": Case(klods.math.multiply_no_nan, (np.array([1.0, 2.0]), np.array([0.5, 3.0])), [0.5, 6]),
    "reciprocal_no_nan": Case(klods.math.reciprocal_no_nan, (NUMBERS[1:],), [0.5]),
    "xlogy": Case(klods.math.xlogy, (np.array([1.5, 2.0]), np.array([0.5, 3.0])), [1.5 * np.log(0.5), 2 * np.log(3)]),
    "xlog1py": Case(klods.math.xlog1py, (np.array([1.5, 2.0]), NUMBERS), [0, 2 * np.log(3)]),
    "xdivy": Case(klods.math.xdivy, (np.array([1.5, 2.0]), np.array([0.5, 4.0])), [3, 0.5]),
    "rint": Case(klods.math.rint, (np.array([0.5, 1.5]),), [0, 2], slopes=False),
    "truncatediv": Case(
        klods.truncatediv, (np.array([7, -7, 7, -7]), np.array([2, 2, -2, -2])), [3, -3, -3, 3], slopes=False),
    "truncatemod": Case(
        klods.truncatemod, (np.array([7, -7, 7, -7]), np.array([2, 2, -2, -2])), [1, -1, 1, -1], slopes=False),
    "saturate_cast": Case(
        lambda x: klods.saturate_cast(x, "uint8"), (np.array([-5.0, 3.7, 300.0]),), [0, 3, 255], slopes=False),
    "saturate_cast to the greatest integer": Case(
        lambda x: klods.saturate_cast(x, "int32"), (np.array([-1e12, 7.0, 1e12], np.float32),),
        [-(2**31), 7, 2**31 - 1], slopes=False),
    "saturate_cast of small integers": Case(
        lambda x: klods.saturate_cast(x, "int32"), (np.array([5, 200], np.uint8),), [5, 200], slopes=False),
    "cumulative_logsumexp": Case(klods.math.cumulative_logsumexp, (X,), logs_of_sums(X)),
    "cumulative_logsumexp backwards": Case(
        lambda x: klods.math.cumulative_logsumexp(x, axis=-1, reverse=True), (MATRIX,),
        logs_of_sums(MATRIX.T[::-1])[::-1].T),
    "cumulative_logsumexp of the others": Case(
        lambda x: klods.math.cumulative_logsumexp(x, exclusive=True)[1:], (X,), logs_of_sums(X)[:-1]),
    "polyval": Case(
        lambda a, b, c, x: klods.math.polyval([a, b, c], x), (*map(np.array, (1.0, 2.0, 3.0)), MATRIX),
        (MATRIX + 2) * MATRIX + 3),
    "reduce_euclidean_norm": Case(
        lambda x: klods.math.reduce_euclidean_norm(x, 1), (MATRIX,), np.linalg.norm(MATRIX, axis=1)),
    "zero_fraction": Case(klods.math.zero_fraction, (np.array([0.0, 2.0, 0.0, 1.0]),), 0.5, slopes=False),
    "is_non_decreasing": Case(klods.math.is_non_decreasing, (np.array([1, 1, 2]),), True, slopes=False),
    "is_strictly_increasing": Case(klods.math.is_strictly_increasing, (np.array([1, 1, 2]),), False, slopes=False),
    "scalar_mul": Case(lambda x: klods.scalar_mul(3.0, x), (MATRIX,), 3 * MATRIX),
    "accumulate_n": Case(lambda x: klods.math.accumulate_n([x, x, x]), (MATRIX,), 3 * MATRIX),
    "identity_n": Case(lambda x: klods.identity_n([x, 2 * x]), (MATRIX,), (MATRIX, 2 * MATRIX)),
    "erfc": Case(klods.math.erfc, (X,), [math.erfc(x) for x in X]),
    "lgamma": Case(
        klods.math.lgamma, (np.array([-2.5, -0.3, 0.1, 1.0, 2.5, 30.0]),),
        [math.lgamma(x) for x in (-2.5, -0.3, 0.1, 1.0, 2.5, 30.0)], again=False),
    "ndtri": Case(klods.math.ndtri, (np.array([0.02, 0.5, 0.975]),), [-2.0537489, 0, 1.9599640]),
    "erfinv": Case(lambda x: klods.math.erfinv(klods.math.erf(x)), (X[1:-1],), X[1:-1]),
    "lbeta": Case(
        klods.math.lbeta, (np.array([[1.0, 2.0], [2.5, 3.0]]),),
        [math.log(1 / 2), math.lgamma(2.5) + math.lgamma(3) - math.lgamma(5.5)], again=False),
    "invert_permutation": Case(klods.math.invert_permutation, (np.array([2, 0, 1]),), [1, 2, 0], slopes=False),
    "digamma": Case(  # the harmonic numbers less Euler's constant; at a half, as Gauss found
        klods.math.digamma, (np.array([1.0, 2.0, 4.0, 0.5]),),
        [-np.euler_gamma, 1 - np.euler_gamma, 11 / 6 - np.euler_gamma, -np.euler_gamma - 2 * np.log(2)], slopes=False),
}  # fmt: skip


test_values, test_same_compiled, test_gradients_are_slopes = checks_of(CASES)


def test_what_a_zero_decides():
    nan, inf = math.nan, math.inf
    assert klods.math.multiply_no_nan([inf, nan, 2.0], [0.0, 0.0, 3.0]).numpy().tolist() == [0, 0, 6]
    assert klods.math.reciprocal_no_nan([0.0, 2.0]).numpy().tolist() == [0, 0.5]
    for function in (klods.math.xlogy, klods.math.xdivy):
        x, y = klods.constant([0.0, 0.0]), klods.constant([0.0, -1.0])
        assert function(x, y).numpy().tolist() == [0, 0]
        assert all(np.isfinite(part).all() for part in gradients(function, [x, y]))
    assert klods.math.xlog1py([0.0], [-1.0]).numpy().tolist() == [0]


def test_sums_of_powers_far_apart():
    far = klods.constant([-1000.0, 0.0, 1000.0, -np.inf])
    assert klods.math.cumulative_logsumexp(far).numpy().tolist() == [-1000, 0, 1000, 1000]
    first = klods.math.cumulative_logsumexp(far, exclusive=True).numpy()
    assert first.tolist() == [-np.inf, -1000, 0, 1000]
    x = klods.constant([1.0, 2.0, 3.0])
    (slope,) = gradients(lambda x: klods.reduce_sum(klods.math.cumulative_logsumexp(x, exclusive=True)[1:]), [x])
    np.testing.assert_allclose(slope, [1 + 1 / (1 + math.e), math.e / (1 + math.e), 0], rtol=1e-6)


def test_edges():
    assert klods.math.lgamma([0.0, -1.0, -math.inf, math.inf]).numpy().tolist() == [math.inf] * 4
    assert klods.math.asinh(klods.constant([1e300], "float64")).numpy()[0] == pytest.approx(math.log(2e300))
    assert np.isnan(klods.math.acosh(0.5).numpy())
    assert klods.math.erfc([10.0]).numpy()[0] == pytest.approx(math.erfc(10), rel=1e-5)
    assert klods.math.ndtri([0.0, 1.0]).numpy().tolist() == [-math.inf, math.inf]
    assert np.isnan(klods.math.ndtri(2.0).numpy())
    assert klods.math.erfinv([1e-6]).numpy()[0] == pytest.approx(1e-6 * math.sqrt(math.pi) / 2, rel=1e-5)
    assert klods.math.asinh(1).dtype == "float32"
    with pytest.raises(klods.errors.DataError, match="no coefficients"):
        klods.math.polyval([], 1.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erf_is_exact_to_3_units_in_the_last_place(dtype):
    x = np.concatenate([np.linspace(-7, 7, 20001), np.logspace(-30, 0, 301), [0.0, -0.0, np.inf, -np.inf]]).astype(
        dtype
    )
    exact = np.array([math.erf(number) for number in x])
    given = klods.math.erf(x).numpy()
    assert given.dtype == dtype
    assert (np.abs(given - exact) <= 3 * np.spacing(np.abs(exact).astype(dtype))).all()
    np.testing.assert_array_equal(np.signbit(given), np.signbit(x))
