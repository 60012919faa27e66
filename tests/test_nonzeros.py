"""Products that leave zeros out: the bits of those that don't, also of NaN and infinity."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from processors import processor as processor

import klods as tf

if importlib.util.find_spec("llvmlite") is None:
    pytest.skip("llvmlite is not installed", allow_module_level=True)

from klods.backends import llvm
from klods.backends.llvm import codes
from klods.native import nonzeros
from klods.native.product import ROWS
from klods.rows import Rows

RANDOM = np.random.default_rng(0)
COLUMNS = (1024, 1025, 1100, 2500)


@pytest.fixture(autouse=True)
def machine_code(monkeypatch):
    monkeypatch.setattr("klods.backends._chosen", ["llvm"])


def sparse(rows, columns, share=0.01):
    numbers = RANDOM.normal(size=(rows, columns)).astype(np.float32)
    return np.where(RANDOM.random((rows, columns)) < share, numbers, np.float32(0) * numbers)


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def both(a, b, monkeypatch, turned=False):
    """Return a product in which zeros may be left out, and one in which they aren't."""

    def product():
        function = tf.function(lambda x, y: tf.matmul(x, y, transpose_a=turned))
        return np.array(function(a, b))

    monkeypatch.setattr(llvm, "SOME", 1)
    leaving_out = product()
    monkeypatch.setattr(llvm, "SOME", 1 << 40)
    return leaving_out, product()


def looking(monkeypatch):
    """Return a list that grows with each part of a product that looks for zeros."""
    asked, most = [], codes.most_nonzeros
    monkeypatch.setattr(codes, "most_nonzeros", lambda n: asked.append(n) or most(n))
    return asked


@pytest.mark.parametrize("units", [1, 2, 16, 17, 32, 46, 64, 100])
@pytest.mark.parametrize("columns", COLUMNS)
def test_a_product_has_the_same_bits(columns, units, processor, monkeypatch):
    asked = looking(monkeypatch)
    rows = int(RANDOM.integers(1, 40))
    x, y = both(sparse(rows, columns), normal(columns, units), monkeypatch)
    assert bool(asked) == (codes.lanes() in ROWS)
    np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("rows", [2, 5, 100, 1024])
@pytest.mark.parametrize("units", [2, 17, 64])
def test_a_product_with_the_transpose_has_the_same_bits(rows, units, processor, monkeypatch):
    asked = looking(monkeypatch)
    x, y = both(sparse(rows, 1500), normal(rows, units), monkeypatch, turned=True)
    assert bool(asked) == (codes.lanes() in ROWS)
    np.testing.assert_array_equal(x, y)


def test_zeros_are_left_out(monkeypatch):
    """The sums of what isn't 0, which are exact where numbers are whole, need no other column of the right side."""
    monkeypatch.setattr(nonzeros.Lists, "right_is_finite", lambda self: nonzeros.ir.Constant(nonzeros.ir.IntType(1), 1))
    monkeypatch.setattr("klods.native.library._addresses", {})
    a, b = np.round(10 * sparse(9, 2000)), np.round(10 * normal(2000, 20))
    a[:, 7], b[7] = 0, np.nan
    x, y = both(a, b, monkeypatch)
    assert np.isnan(y).all()
    b[7] = 0
    np.testing.assert_array_equal(x, a.astype(np.float64) @ b)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["left", "right"])
def test_nan_and_infinity_show_where_they_do_otherwise(side, value, turned, monkeypatch):
    a, b = sparse(30, 1200), normal(30 if turned else 1200, 20)
    (a if side == "left" else b)[11, 13] = value
    x, y = both(a, b, monkeypatch, turned)
    assert not np.isfinite(y).all()
    np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("share", [0, 0.02, 0.03, 0.05, 0.5, 1])
@pytest.mark.parametrize("turned", [False, True])
def test_any_number_of_zeros_gives_the_same_bits(share, turned, monkeypatch):
    x, y = both(sparse(50, 1300, share), normal(50 if turned else 1300, 33), monkeypatch, turned)
    np.testing.assert_array_equal(x, y)


def test_rows_left_where_they_are(monkeypatch):
    data, places, b = sparse(50, 1200), np.array([7, 49, 0, 7]), normal(1200, 20)
    x, y = both(Rows(data, places), b, monkeypatch)
    np.testing.assert_array_equal(x, y)
    np.testing.assert_allclose(x, data[places] @ b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda a: tf.matmul(a, np.ones((7, 1200), np.float32), transpose_b=True),
        lambda a: tf.matmul(tf.nn.relu(a), np.ones((1200, 3), np.float32)),
        lambda a: tf.matmul(np.ones((3, 50), np.float32), a),
    ],
)
def test_other_products_look_for_no_zeros(function, monkeypatch):
    asked = looking(monkeypatch)
    tf.function(function)(sparse(50, 1200))
    assert not asked


def test_a_sum_that_is_0_has_the_same_sign(monkeypatch):
    a, b = np.zeros((64, 900), np.float32), np.ones((900, 40), np.float32)
    a[:, 0], b[0] = 1e-30, -1e-30  # whose product is less than any number
    x, y = both(a, b, monkeypatch)
    np.testing.assert_array_equal(np.signbit(x), np.signbit(y))
    assert not x.any()


def test_large_products_are_shared(monkeypatch):
    a, b = sparse(600, 1100), normal(1100, 64)
    np.testing.assert_array_equal(*both(a, b, monkeypatch))
    np.testing.assert_array_equal(*both(a, normal(600, 64), monkeypatch, turned=True))
