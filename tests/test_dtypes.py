"""The dtypes and the promotion rule, against a table that the real Keras gave."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import klods

CODES = "? u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8".split()
# keras.backend.result_type(row, column), and in the last two columns with Python's int and float: Keras 3.15 on
# TensorFlow, whose 64-bit dtypes are on.
KERAS = """
?  | ?  u1 u2 u4 u4 i1 i2 i4 i8 f2 f4 f8 | i4 f4
u1 | u1 u1 u2 u4 u4 i2 i2 i4 i8 f2 f4 f8 | u1 f4
u2 | u2 u2 u2 u4 u4 i4 i4 i4 i8 f2 f4 f8 | u2 f4
u4 | u4 u4 u4 u4 u4 i8 i8 i8 i8 f2 f4 f8 | u4 f4
u8 | u4 u4 u4 u4 u4 f4 f4 f4 f4 f2 f4 f8 | u4 f4
i1 | i1 i2 i4 i8 f4 i1 i2 i4 i8 f2 f4 f8 | i1 f4
i2 | i2 i2 i4 i8 f4 i2 i2 i4 i8 f2 f4 f8 | i2 f4
i4 | i4 i4 i4 i8 f4 i4 i4 i4 i8 f2 f4 f8 | i4 f4
i8 | i8 i8 i8 i8 f4 i8 i8 i8 i8 f2 f4 f8 | i8 f4
f2 | f2 f2 f2 f2 f2 f2 f2 f2 f2 f2 f4 f8 | f2 f2
f4 | f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f8 | f4 f4
f8 | f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 | f8 f8
"""


def keras_table() -> dict[tuple[str, str], str]:
    """Return the table as {(dtype, dtype or "int" or "float"): dtype}; uint64 keeps its width, unlike in Keras."""
    table = {}
    for line in KERAS.strip().splitlines():
        row, cells, weak = (part.split() for part in line.split("|"))
        for column, code in zip([*CODES, "int", "float"], cells + weak):
            narrowed = "u8" in (row[0], column) and code == "u4"
            table[row[0], column] = "u8" if narrowed else code
    return table


@pytest.mark.parametrize(("left", "right", "expected"), [(*pair, code) for pair, code in keras_table().items()])
def test_two_dtypes_meet_as_in_keras(left, right, expected):
    x = klods.constant(np.ones((2,), left))
    y = {"int": 1, "float": 1.0}.get(right)
    y = klods.constant(np.ones((2,), right)) if y is None else y
    for result in (x * y, y * x, klods.maximum(x, y), klods.where([True, False], x, y)):
        assert result.dtype == np.dtype(expected)


def test_python_numbers_keep_their_precision_beside_float64():
    assert float(klods.constant(np.float64(0)) + 0.1) == 0.1
    assert klods.add(klods.constant(np.array([0.0])), [0.1]).numpy()[0] == 0.1


def test_lists_of_python_numbers_are_weak():
    half = klods.constant([1.0, 2.0], dtype="float16")
    assert klods.add(half, [1.5, 2.5]).dtype == "float16"
    assert klods.add(klods.constant([1, 2], dtype="uint8"), [1, 2]).dtype == "uint8"
    assert klods.add([0.5, 1], klods.constant([1, 2])).dtype == "float32"


@pytest.mark.parametrize("operate", [operator.add, operator.mul, operator.truediv, operator.pow, operator.mod])
@pytest.mark.parametrize("other", [np.ones(2), np.float64(2), 2.0, 2, True, np.array([1, 2]), np.int64(3)])
def test_float32_never_becomes_float64_unasked(operate, other):
    for x in (klods.constant([1.0, 2.0]), klods.Variable([1.0, 2.0])):
        assert operate(x, other).dtype == "float32"
        assert operate(other, x).dtype == "float32"


@pytest.mark.parametrize(
    "operation",
    [
        lambda x, wide: klods.concat([x, wide], 0),
        lambda x, wide: klods.stack([x, wide]),
        lambda x, wide: klods.tensordot(x, wide, 1),
        lambda x, wide: klods.einsum("i,i->", x, wide),
        lambda x, wide: klods.matmul(x, wide),
        lambda x, wide: klods.nn.softmax_cross_entropy_with_logits(labels=wide, logits=x),
        lambda x, wide: klods.nn.sigmoid_cross_entropy_with_logits(labels=wide, logits=x),
        lambda x, wide: klods.math.squared_difference(x, wide),
        lambda x, wide: klods.clip_by_value(x, wide[0], wide[1]),
    ],
)
def test_compositions_with_a_float64_array_stay_float32(operation):
    assert operation(klods.constant([0.25, 0.5]), np.array([0.25, 0.75])).dtype == "float32"


def test_float64_stays_where_it_was_asked_for():
    wide = klods.constant(np.array([1.0, 2.0]))
    assert wide.dtype == "float64"
    assert (wide + klods.constant([1.0, 2.0])).dtype == "float64"
    assert klods.reduce_sum(np.ones(3)).dtype == "float64"


def test_integers_with_a_float64_array_become_float32():
    assert (klods.constant([1, 2]) * np.array([0.5, 0.5])).numpy().tolist() == [0.5, 1.0]
    assert (klods.constant([1, 2]) * np.float64(0.5)).dtype == "float32"


@pytest.mark.parametrize(
    "function", [klods.sqrt, klods.exp, klods.sin, klods.reduce_mean, klods.nn.softmax, lambda x: x / 2]
)
def test_functions_of_integers_with_fractions_give_float32(function):
    assert function(klods.constant([1, 2])).dtype == "float32"
    assert function(klods.constant([True, False])).dtype == "float32"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, "int32"), (1.5, "float32"), (True, "bool"), ([], "float32"), ([1, 2.5], "float32"), (2**40, "int64"),
     ([np.float64(1)], "float64"), (np.array([1, 2]), "int64"), (np.float64(1), "float64"), (np.uint8(1), "uint8"),
     (np.array([1, 2], ">i4"), "int32"), (np.array([1.0], ">f4"), "float32")],
)  # fmt: skip
def test_dtype_of_a_constant(value, expected):
    assert klods.constant(value).dtype == expected
    assert klods.Variable(value).dtype == expected


def test_dtype_equals_its_names():
    assert klods.float32 == "float32" == klods.float32
    assert klods.float32 == np.float32 == klods.float32
    assert klods.float32 == np.dtype("float32")
    assert klods.float32 != klods.float64
    assert klods.float32 != None  # noqa: E711
    assert klods.float64 != None  # noqa: E711
    assert klods.float32 != "no dtype"
    assert {klods.float32: 1}[klods.constant(1.0).dtype] == 1


def test_dtype_describes_itself():
    assert (repr(klods.int8), str(klods.int8), klods.int8.name) == ("klods.int8", "int8", "int8")
    assert (klods.uint8.min, klods.uint8.max, klods.bool.max) == (0, 255, True)
    assert klods.float16.max == 65504
    assert (klods.float64.size, klods.float32.as_numpy_dtype) == (8, np.float32)
    assert (klods.float16.is_floating, klods.int8.is_integer, klods.bool.is_bool) == (True, True, True)
    assert np.zeros(1, klods.float16.as_numpy_dtype).dtype == klods.float16


@pytest.mark.parametrize("spec", ["float32", klods.float32, np.float32, np.dtype("float32"), float, "float", "f4"])
def test_as_dtype_takes_what_tensorflow_takes(spec):
    assert klods.as_dtype(spec) is klods.float32
    assert klods.dtypes.float32 is klods.float32


def test_an_unknown_dtype_suggests_the_nearest():
    with pytest.raises(klods.errors.NameUnknownError, match="Did you mean 'float32'"):
        klods.zeros((2,), dtype="flaot32")
    with pytest.raises(klods.errors.NameUnknownError, match="complex64"):
        klods.zeros((2,), dtype="complex64")


@pytest.mark.parametrize("value", [None, [1, "a"], np.array(["a", 1], object), object(), [[1, 2], [3]], {"a": 1}, 1j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(klods.errors.DTypeError) as caught:
        klods.constant(value)
    assert "To mend it" in str(caught.value)


def test_floats_become_integers_only_when_asked():
    with pytest.raises(klods.errors.DTypeError, match=r"klods.cast\(x, 'int32'\)"):
        klods.constant(1.5, dtype="int32")
    assert klods.cast(1.5, "int32").numpy() == 1
    assert klods.constant(np.array([1.5]), dtype="int32").numpy().tolist() == [1]
    assert klods.constant(True, dtype="float32").numpy() == 1.0
