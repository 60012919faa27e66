"""Functions in machine code against float64: the largest error in ulp, and what IEEE 754 asks for at the edges."""

from __future__ import annotations

import importlib.util
import math
from typing import Any

import numpy as np
import pytest

import klods as tf
from klods.compiled import Function
from klods.ops.arithmetic import erf_

if importlib.util.find_spec("llvmlite") is None:
    pytest.skip("llvmlite is not installed", allow_module_level=True)

EDGES = np.float32([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3e-39, 3.4e38, -3.4e38, 1.0, -1.0])


def dense() -> np.ndarray:
    """All magnitudes of float32, and the range where functions bend."""
    magnitudes = np.arange(0, 0x7F800000, 9973, dtype=np.uint32).view(np.float32)
    lines = [np.linspace(-end, end, 200003, dtype=np.float32) for end in (1, 4, 100)]
    return np.concatenate([magnitudes, -magnitudes, *lines, EDGES])


# what is compiled, the same in float64, the largest error in ulp
FUNCTIONS: dict[str, tuple[Any, Any, float]] = {
    "exp": (tf.exp, np.exp, 1),
    "expm1": (tf.math.expm1, np.expm1, 1.5),
    "log": (tf.math.log, np.log, 1),
    "log1p": (tf.math.log1p, np.log1p, 2),
    "tanh": (tf.tanh, np.tanh, 1.5),
    "erf": (erf_, np.vectorize(math.erf), 1.5),
    "sin": (tf.sin, np.sin, 2),
    "cos": (tf.cos, np.cos, 2),
    "sqrt": (tf.sqrt, np.sqrt, 0.5),
    "rsqrt": (tf.math.rsqrt, lambda x: 1 / np.sqrt(x), 1.5),
    "x ** 2": (lambda x: x**2, lambda x: x * x, 0.5),
    "x ** 3": (lambda x: x**3, lambda x: x**3, 1.5),
    "x ** 4": (lambda x: x**4, lambda x: x**4, 2),
    "x ** -2": (lambda x: x**-2, lambda x: x**-2.0, 2),
    "x ** -3": (lambda x: x**-3, lambda x: x**-3.0, 1),
    "x ** 0.5": (lambda x: x**0.5, lambda x: x**0.5, 0.5),
    "x ** 2.7": (lambda x: x**2.7, lambda x: x ** float(np.float32(2.7)), 1),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_as_accurate_as_stated(name):
    function, reference, limit = FUNCTIONS[name]
    x = dense()
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.float64))
        got, nearest = Function(function, "llvm")(tf.constant(x)).numpy(), exact.astype(np.float32)
        ulp = np.abs(got - exact) / np.spacing(np.abs(nearest)).astype(np.float64)
    finite = np.isfinite(nearest)
    worst = np.nanargmax(np.where(finite, ulp, 0))
    assert np.isfinite(got[finite]).all()
    assert ulp[worst] <= limit, f"{ulp[worst]} ulp at {x[worst]!r}"
    np.testing.assert_array_equal(got[~finite], nearest[~finite])
    zeros = nearest == 0
    np.testing.assert_array_equal(np.signbit(got[zeros]), np.signbit(nearest[zeros]))


def test_sigmoid_is_accurate_until_it_is_denormal():
    """Below -87 its body divides 1 by infinity, in every reading."""
    x = np.linspace(-87, 100, 200003, dtype=np.float32)
    got, exact = Function(tf.sigmoid, "llvm")(tf.constant(x)).numpy(), 1 / (1 + np.exp(-x.astype(np.float64)))
    assert (np.abs(got - exact) / np.spacing(exact.astype(np.float32))).max() < 2.5


def test_arithmetic_is_that_of_numpy_to_the_bit():
    x, y = (np.tile(EDGES, 12), np.repeat(EDGES, 12))
    for function in (
        lambda x, y: x / y,
        lambda x, y: x * y,
        lambda x, y: tf.maximum(x, y),
        lambda x, y: tf.minimum(x, y),
        lambda x, y: x // y,
        lambda x, y: tf.math.floormod(x, y),
        lambda x, y: tf.sign(x) + -0.0,
    ):
        with np.errstate(all="ignore"):
            expected = function(tf.constant(x), tf.constant(y)).numpy()
        got = Function(function, "llvm")(tf.constant(x), tf.constant(y)).numpy()
        np.testing.assert_array_equal(got, expected)
        zeros = expected == 0
        np.testing.assert_array_equal(np.signbit(got[zeros]), np.signbit(expected[zeros]))


WHOLE: dict[str, Any] = {
    "//": lambda x, y: x // y,
    "mod": lambda x, y: x % y,
    "by 3": lambda x, y: [x // 3, x % 3, x // -3 + y],
    "powers": lambda x, y: [x**2, x**3, x**0, x**5],
    "not": lambda x, y: [tf.bitwise.invert(x) if hasattr(tf, "bitwise") else -x - 1, tf.logical_not(x > y)],
}


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "int8"])
@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_numpys_even_where_the_processor_traps(name, dtype):
    if name == "by 3" and dtype == "uint8":
        return
    limits = np.iinfo(dtype)
    values = np.array([limits.min, -7 % (limits.max + 1) if limits.min == 0 else -7, 0, 1, 3, 5, limits.max], dtype)
    values = np.append(values, np.array(-1).astype(dtype))
    x, y = tf.constant(np.tile(values, 8)), tf.constant(np.repeat(values, 8))
    with np.errstate(all="ignore"):
        expected = WHOLE[name](x, y)
    got = Function(WHOLE[name], "llvm")(x, y)
    for a, b in zip(*(r if isinstance(r, list) else [r] for r in (got, expected))):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "int8", "uint16"])
def test_powers_of_whole_numbers_are_numpys_also_where_they_are_too_large(dtype):
    limits = np.iinfo(dtype)
    values = np.array([limits.min, limits.max, 0, 1, 2, 3, 7, 11], dtype)
    x, y = np.tile(values, 5), np.repeat(np.array([0, 1, 2, 13, limits.max], dtype), len(values))
    got = Function(lambda x, y: [x**y, 3**y], "llvm")(tf.constant(x), tf.constant(y))
    for a, b in zip(got, (x**y, 3**y), strict=True):
        np.testing.assert_array_equal(a.numpy(), b)


@pytest.mark.parametrize("old", ["float32", "float64"])
@pytest.mark.parametrize("new", ["uint8", "int8", "uint16", "int16", "uint32"])
def test_floating_numbers_that_a_dtype_of_whole_numbers_lacks_wrap_as_in_numpy(old, new):
    x = np.array([-1.5, -300, 300, 70000, 2.9, 255, -128] * 5, old)
    got = Function(lambda x: tf.cast(x, new), "llvm")(tf.constant(x))
    np.testing.assert_array_equal(got.numpy(), x.astype(np.int64).astype(new))


def test_negative_powers_of_whole_numbers_are_rounded_towards_0():
    x = tf.constant([-3, -2, -1, 1, 2, 3, -(2**31)])
    np.testing.assert_array_equal(Function(lambda x: x**-3, "llvm")(x).numpy(), [0, 0, -1, 1, 0, 0, 0])
