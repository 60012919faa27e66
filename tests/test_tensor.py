"""Tensors behave as TensorFlow's do: operators, reading, indexing, what they print, what NumPy makes of them."""

from __future__ import annotations

import copy
import operator

import numpy as np
import pytest

import klods

ARRAY = np.array([[1.5, -2.0], [0.5, 4.0]], np.float32)
OTHER = np.array([[2.0, 3.0], [-1.0, 0.5]], np.float32)
ARITHMETIC = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.matmul,
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
]  # fmt: skip


@pytest.mark.parametrize("make", [klods.constant, klods.Variable])
@pytest.mark.parametrize("operate", ARITHMETIC)
def test_operators_give_what_numpy_gives_from_either_side(operate, make):
    expected = operate(ARRAY, OTHER)
    for result in (operate(make(ARRAY), make(OTHER)), operate(make(ARRAY), OTHER), operate(ARRAY, make(OTHER))):
        assert type(result) is klods.Tensor
        np.testing.assert_allclose(result, expected)


@pytest.mark.parametrize("operate", [o for o in ARITHMETIC if o is not operator.matmul])
@pytest.mark.parametrize("number", [3, 2.5, np.float32(2), np.float64(2), np.int64(3), np.array(2.0)])
def test_operators_with_numbers(operate, number):
    x, single = klods.constant(ARRAY), np.float32(number)
    pairs = [(operate(x, number), operate(ARRAY, single)), (operate(number, x), operate(single, ARRAY))]
    for result, wanted in pairs:
        assert type(result) is klods.Tensor
        assert result.dtype == wanted.dtype
        np.testing.assert_allclose(result, wanted)


def test_power_from_either_side():
    x = klods.constant([1.0, 2.0, 3.0])
    np.testing.assert_allclose(x**2, [1, 4, 9])
    np.testing.assert_allclose(2**x, [2, 4, 8], rtol=1e-6)
    np.testing.assert_allclose(x ** np.array([2.0, 0.5, 1.0]), [1, 2**0.5, 3], rtol=1e-6)
    assert (klods.constant([6, 3]) ** 2).numpy().tolist() == [36, 9]


def test_unary_operators():
    x = klods.constant([1.5, -2.0])
    assert (-x).numpy().tolist() == [-1.5, 2.0]
    assert abs(x).numpy().tolist() == [1.5, 2.0]


def test_logic_on_truths_and_bits_on_integers():
    truths, bits = klods.constant([True, True, False]), klods.constant([6, 3])
    assert (truths & [True, False, True]).numpy().tolist() == [True, False, False]
    assert (truths | False).numpy().tolist() == [True, True, False]
    assert (truths ^ True).numpy().tolist() == [False, False, True]
    assert (~truths).numpy().tolist() == [False, False, True]
    assert [(bits & 3).numpy().tolist(), (bits | 1).numpy().tolist()] == [[2, 3], [7, 3]]
    assert [(bits ^ 1).numpy().tolist(), (1 ^ bits).numpy().tolist()] == [[7, 2], [7, 2]]
    assert (~bits).numpy().tolist() == [-7, -4]
    with pytest.raises(klods.errors.DTypeError):
        klods.constant([1.0]) & klods.constant([1.0])


def test_division_of_negative_integers_rounds_down():
    assert int(klods.constant(-7) // 2) == -4
    assert int(klods.constant(-7) % 3) == 2
    assert float(klods.constant(-7.0) % 3) == 2.0


def test_in_place_operators_on_tensors_make_new_ones():
    x = before = klods.constant([1.0, 2.0])
    x += 1
    array = np.ones(2)
    array += x
    assert before.numpy().tolist() == [1.0, 2.0]
    assert x.numpy().tolist() == [2.0, 3.0]
    assert (type(array), array.dtype) == (klods.Tensor, klods.float32)


def test_comparison_with_what_is_no_number():
    x = klods.constant([1.0])
    assert (x == None) is False  # noqa: E711
    assert (x != "a") is True


@pytest.mark.parametrize("make", [klods.constant, klods.Variable])
def test_reading_a_scalar(make):
    x = make(2.75)
    assert (float(x), int(x), bool(x), bool(make(0.0))) == (2.75, 2, True, False)
    assert [1, 2, 3][make(1)] == 2
    assert float(make([[2.5]])) == 2.5
    assert list(range(make(3))) == [0, 1, 2]


@pytest.mark.parametrize("read", [float, int, bool])
def test_reading_many_elements_as_one_is_an_error(read):
    with pytest.raises(ValueError, match=r"shape \(2,\) has no single value"):
        read(klods.constant([1.0, 2.0]))


def test_length_and_iteration():
    matrix = klods.constant([[1, 2], [3, 4], [5, 6]])
    assert len(matrix) == 3
    assert [row.numpy().tolist() for row in matrix] == [[1, 2], [3, 4], [5, 6]]
    a, b, c = klods.constant([1.0, 2.0, 3.0])
    assert float(a + b + c) == 6
    with pytest.raises(TypeError, match="scalar"):
        len(klods.constant(1.0))
    with pytest.raises(TypeError, match="scalar"):
        iter(klods.constant(1.0))
    with pytest.raises(TypeError, match="float32"):
        [1, 2][klods.constant(1.0)]


def test_a_tensor_is_immutable_and_unhashable():
    x = klods.constant([1.0, 2.0])
    with pytest.raises(TypeError, match="item assignment"):
        x[0] = 5.0
    with pytest.raises(AttributeError, match="assign"):
        x.assign([3.0, 4.0])
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)
    assert {x.ref(): "x"}[x.ref()] == "x"
    assert x.ref() != klods.constant([1.0, 2.0]).ref()
    assert x.ref().deref() is x


def test_what_is_printed():
    vector, scalar = klods.constant([1.0, 2.0]), klods.constant(3.0)
    assert repr(vector) == "<klods.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>"
    assert repr(scalar) == "<klods.Tensor: shape=(), dtype=float32, numpy=3.0>"
    assert repr(klods.ones((2, 1))).splitlines()[1:] == ["array([[1.],", "       [1.]], dtype=float32)>"]
    assert str(vector) == "klods.Tensor([1. 2.], shape=(2,), dtype=float32)"
    assert str(scalar) == "klods.Tensor(3.0, shape=(), dtype=float32)"
    assert f"{vector} {scalar} {scalar:.2f} {klods.constant(7):03d}" == "[1. 2.] 3.0 3.00 007"
    with pytest.raises(TypeError, match=r"shape \(2,\) can't be formatted"):
        f"{vector:.2f}"


def test_shape():
    shape = klods.zeros((2, 3)).shape
    assert (repr(shape), str(shape), shape.rank, shape.as_list()) == ("TensorShape([2, 3])", "(2, 3)", 2, [2, 3])
    assert shape == (2, 3) == shape
    assert shape == [2, 3]
    assert shape != (3, 2)
    assert (shape[0], repr(shape[1:]), repr(shape + (1,)), repr((1,) + shape)) == (  # noqa: RUF005
        2, "TensorShape([3])", "TensorShape([2, 3, 1])", "TensorShape([1, 2, 3])",
    )  # fmt: skip
    assert (shape.num_elements(), shape.ndims, klods.zeros((2, 3)).ndim) == (6, 2, 2)
    assert klods.zeros(shape).shape == shape
    assert klods.zeros((2, 3)).get_shape() == shape


KEYS = [
    1, -1, slice(1, None), slice(None, None, -1), (0, 1), (slice(None), 0), (..., 0), None, (..., None), (0, None, 1),
    [0, 0], np.array([1, 0]), ([0, 1], [1, 0]), ARRAY > 0, (slice(None), [True, False]),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
@pytest.mark.parametrize("make", [klods.constant, klods.Variable])
def test_indexing_as_numpy_does(make, key):
    np.testing.assert_array_equal(make(ARRAY)[key], ARRAY[key])


def test_indexing_with_tensors():
    x = klods.constant([10, 20, 30])
    assert int(x[klods.constant(1)]) == 20
    assert x[klods.constant([2, 0])].numpy().tolist() == [30, 10]
    assert x[x > 15].numpy().tolist() == [20, 30]
    assert x[klods.constant(1) :].numpy().tolist() == [20, 30]
    assert x[klods.newaxis].shape == (1, 3)


@pytest.mark.parametrize("key", [5, (0, 0), 1.0, "a", slice(0.5, 1), [True, False]])
def test_a_key_that_does_not_fit_is_an_index_error(key):
    with pytest.raises((IndexError, TypeError)):
        klods.constant([1.0, 2.0, 3.0])[key]


def test_index_error_says_where():
    with pytest.raises(klods.errors.PositionError, match=r"shape \(2,\), index 5 is out of bounds"):
        klods.constant([1.0, 2.0])[5]


def test_numpy_reads_tensors():
    x = klods.constant(ARRAY)
    for result, expected in [
        (np.add(ARRAY, x), ARRAY * 2),
        (np.sum(x), ARRAY.sum()),
        (np.exp(x), np.exp(ARRAY)),
        (np.dot(x, x), ARRAY @ ARRAY),
        (np.argmax(x), 3),
        (np.maximum(x, 0), np.maximum(ARRAY, 0)),
        (np.concatenate([x, x]).shape, (4, 2)),
        (np.mean(x, axis=0), ARRAY.mean(axis=0)),
    ]:
        assert not isinstance(result, klods.Tensor)
        np.testing.assert_allclose(result, expected, rtol=1e-6)
    assert np.asarray(x, np.float64).dtype == np.float64
    assert np.array([klods.constant(1.0), klods.constant(2.0)]).tolist() == [1.0, 2.0]
    np.testing.assert_array_equal(x, klods.Variable(ARRAY))


def test_tensors_and_their_arrays_cannot_change_each_other():
    source = np.ones(3, np.float32)
    tensors = [
        klods.constant(source), klods.convert_to_tensor(source), klods.Variable(source), klods.identity(source),
        klods.reshape(source, (3, 1)), klods.transpose(source), klods.cast(source, "float32"), klods.squeeze(source),
        klods.stop_gradient(source), klods.reverse(source, [0]), klods.broadcast_to(source, (2, 3)),
    ]  # fmt: skip
    source[:] = 5
    assert [float(klods.reduce_max(x)) for x in tensors] == [1.0] * len(tensors)
    tensors[0].numpy()[:] = 7
    assert tensors[0].numpy().tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(tensors[0])[0] = 7


def test_numpy_gives_scalars_for_scalars():
    assert type(klods.constant(1.0).numpy()) is np.float32
    assert type(klods.reduce_sum([1, 2]).numpy()) is np.int32
    assert type(klods.Variable(1.0).numpy()) is np.float32


def test_constant_fills_a_shape():
    assert klods.constant(7, shape=(2, 2)).numpy().tolist() == [[7, 7], [7, 7]]
    assert klods.constant([1, 2, 3, 4], shape=(2, 2)).numpy().tolist() == [[1, 2], [3, 4]]
    assert klods.constant(value=[1], dtype=klods.float32, name="one").dtype == "float32"
    with pytest.raises(klods.errors.DataError, match="don't fill"):
        klods.constant([1, 2], shape=(3,))


def test_convert_to_tensor():
    x = klods.constant([1.0])
    assert klods.convert_to_tensor(x) is x
    assert klods.convert_to_tensor(value=x, dtype="float32") is x
    assert klods.convert_to_tensor([x, x]).shape == (2, 1)
    assert klods.convert_to_tensor(x, "float16").dtype == "float16"
    assert klods.is_tensor(x)
    assert klods.is_tensor(klods.Variable(1.0))
    assert not klods.is_tensor(np.ones(1))


def test_copies_are_equal_and_apart():
    v = klods.Variable([1.0, 2.0], name="w")
    other = copy.deepcopy(v)
    v.assign_add([1.0, 1.0])
    assert (other.numpy().tolist(), other.name) == ([1.0, 2.0], "w")
    assert copy.copy(klods.constant(1.5)).numpy() == 1.5


def test_it_has_a_device():
    assert "CPU" in klods.constant(1.0).device
