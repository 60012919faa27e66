"""`keras.ops` where it differs from TensorFlow's functions; `tests/oracle/test_ops.py` compares the rest."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

import klods
from klods.keras import ops

MATRIX = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
VALUES = [
    (lambda: ops.argmax(MATRIX), 4),
    (lambda: ops.argmax(MATRIX, axis=0, keepdims=True), [[1, 1, 0]]),
    (lambda: ops.sort(MATRIX, axis=None), np.sort(MATRIX, None)),
    (lambda: ops.concatenate([MATRIX, MATRIX], axis=None), np.concatenate([MATRIX, MATRIX], None)),
    (lambda: ops.cumsum(MATRIX), np.cumsum(MATRIX)),
    (lambda: ops.take(MATRIX, [-1, 0]), [-6, 1]),
    (lambda: ops.take(MATRIX, [-1], axis=1), [[3], [-6]]),
    (lambda: ops.tile(MATRIX, (2, 1, 1)), np.tile(MATRIX, (2, 1, 1))),
    (lambda: ops.expand_dims(MATRIX, (0, -1)), MATRIX[None, ..., None]),
    (lambda: ops.one_hot([1], 2, dtype="int32"), [[0, 1]]),
    (lambda: ops.softmax(MATRIX, axis=None), np.exp(MATRIX) / np.exp(MATRIX).sum()),
    (lambda: ops.gelu([1.0]), [0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * 1.044715))]),
    (lambda: ops.leaky_relu(x=[-1.0], negative_slope=0.5), [-0.5]),
    (lambda: ops.full((2,), 3), [3, 3]),
    (lambda: ops.dot(MATRIX, MATRIX.T), MATRIX @ MATRIX.T),
    (lambda: ops.diagonal(MATRIX, 1), [-2, -6]),
    (lambda: ops.trace(MATRIX), 6),
    (lambda: ops.moveaxis(np.zeros((2, 3, 4)), 0, -1), np.zeros((3, 4, 2))),
    (lambda: ops.pad(MATRIX, 1), np.pad(MATRIX, 1)),
    (lambda: ops.roll(MATRIX, 2), np.roll(MATRIX, 2)),
    (lambda: ops.repeat(MATRIX, [1, 2], axis=0), MATRIX[[0, 1, 1]]),
    (lambda: ops.slice(MATRIX, (0, 1), (2, 2)), MATRIX[:, 1:]),
    (lambda: ops.average(MATRIX, axis=1, weights=[1, 1, 2]), [5 / 4, -3 / 4]),
    (lambda: ops.binary_crossentropy([1.0], [0.5]), [math.log(2)]),
    (lambda: ops.add(x1=MATRIX, x2=1), MATRIX + 1),
]


@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(call, expected):
    result = call()
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_dtypes():
    assert ops.sum(np.uint8([200, 100])).dtype == "uint32"
    assert int(ops.sum(np.uint8([200, 100]))) == 300
    assert (ops.sum([True]).dtype, ops.prod(np.int8([100, 2])).dtype) == ("int32", "int32")
    assert (ops.argmax([1]).dtype, ops.count_nonzero([1]).dtype, ops.full((1,), 3).dtype) == (
        "int32", "int32", "float32")  # fmt: skip
    assert (ops.round([1, 2]).dtype, ops.floor([1, 2]).dtype) == ("int32", "float32")


def test_what_is_plain_python_and_numpy():
    assert (ops.shape(MATRIX), ops.ndim(MATRIX), ops.size(MATRIX)) == ((2, 3), 2, 6)
    assert type(ops.shape(klods.constant(MATRIX))) is tuple
    array = ops.convert_to_numpy(klods.constant(MATRIX))
    array[0] = 0
    assert type(array) is np.ndarray
    assert [x.numpy().tolist() for x in ops.where(MATRIX > 3)] == [[1, 1], [0, 1]]
    assert [x.numpy().tolist() for x in ops.split([1, 2, 3, 4], [1, 3])] == [[1], [2, 3], [4]]


def test_gradients_flow():
    x = klods.Variable([1.0, 2.0])
    with klods.GradientTape() as tape:
        y = ops.sum(ops.square(ops.convert_to_tensor(x)) * ops.arange(2, dtype="float32"))
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 4.0]


def test_names_are_kerass_also_in_the_signature():
    assert list(inspect.signature(ops.matmul).parameters) == ["x1", "x2"]
    assert ops.matmul.__doc__.startswith("Return the matrix product")
    with pytest.raises(klods.errors.ArgumentError, match="reduce_mean takes"):
        ops.mean(MATRIX, dimension=0)
    with pytest.raises(AttributeError, match=r"klods does not have klods.keras.ops.fft2"):
        ops.fft2  # noqa: B018
