"""`keras.ops` where it differs from TensorFlow's functions; `tests/oracle/test_ops.py` compares the rest."""

from __future__ import annotations

import inspect
import itertools
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


WRONG = {
    "shifts": (lambda: ops.bitwise_left_shift([1.0], 2), "Expected integers; got float32"),
    "ldexp": (lambda: ops.ldexp([1.0], 2.5), "the exponent is float32"),
    "qr": (lambda: ops.qr(MATRIX, "full"), "no mode 'full'"),
    "lu_factor": (lambda: ops.lu_factor(MATRIX), r"square matrices; got \(2, 3\)"),
    "cholesky": (lambda: ops.cholesky([[-1.0]]), "not positive definite"),
    "scan": (lambda: ops.scan(lambda c, x: (c, x), 0.0, MATRIX, length=3), r"length is 3, the lengths of xs are \[2\]"),
    "scan without a length": (lambda: ops.scan(lambda c, x: (c, x), 0.0), "give xs of one length"),
    "select": (lambda: ops.select([[True]], []), "1 conditions, 0 choices"),
    "rearrange's names": (lambda: ops.rearrange(MATRIX, "a b -> a c"), "other names on its two sides"),
    "rearrange's arrow": (lambda: ops.rearrange(MATRIX, "a b"), "other names on its two sides"),
    "rearrange's axes": (lambda: ops.rearrange(MATRIX, "a -> a"), "has 1 axes"),
    "rearrange's sizes": (lambda: ops.rearrange(MATRIX, "a (b c) -> a b c", b=2), "an axis of 3 can't be cut"),
    "rearrange's unknown sizes": (lambda: ops.rearrange(MATRIX, "a (b c) -> a b c"), "can't be cut"),
    "correlate's rows": (lambda: ops.correlate(MATRIX, [1.0]), "takes rows"),
    "correlate's mode": (lambda: ops.correlate([1.0], [1.0], "all"), "no mode 'all'"),
    "cdist": (lambda: ops.cdist(MATRIX, [[1.0]]), "rows of one length"),
    "psnr": (lambda: ops.psnr(MATRIX, MATRIX[0], 1.0), "compare tensors of one shape"),
    "histogram": (lambda: ops.histogram([1.0], bins=0), "bins=0"),
    "histogram's range": (lambda: ops.histogram([1.0], range=(2, 1)), "a range that rises"),
    "cross": (lambda: ops.cross([1.0] * 4, [1.0] * 4), "vectors of 3"),
    "scatter_update": (lambda: ops.scatter_update(MATRIX, [[0]], MATRIX[:1], "div"), "add, max, min, mul"),
    "ctc_decode": (lambda: ops.ctc_decode(MATRIX[None], [2], "best"), "no strategy 'best'"),
    "ctc_decode's lengths": (lambda: ops.ctc_decode(MATRIX[None], 2), "lengths"),
    "ctc_loss": (lambda: ops.ctc_loss([1], MATRIX[None], [1], [2]), r"labels \(batch, labels\)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case):
    call, words = WRONG[case]
    with pytest.raises(klods.errors.KlodsError, match=words):
        call()


def test_on_placeholders():
    x = klods.keras.Input((3, 4))
    halves = ops.rearrange(x, "b (r s) c -> b s (r c)", r=3)
    model = klods.keras.Model(x, [halves, ops.select([x > 0], [x], -1.0), *ops.histogram(x, 5)])
    data = np.arange(-12, 12, dtype="float32").reshape(2, 3, 4)
    rows, chosen, counts, _ = model(data)
    assert (halves.shape, rows.shape) == ((None, 1, 12), (2, 1, 12))
    np.testing.assert_array_equal(chosen, np.where(data > 0, data, -1))
    assert counts.numpy().sum() == data.size


def test_the_gradient_of_a_loop_and_of_products_written_into_a_tensor():
    """JAX has none of these; by the rules of calculus."""
    x = klods.constant([2.0, 3.0])
    with klods.GradientTape(persistent=True) as tape:
        tape.watch(x)
        cubes = ops.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y * x), (0, x))[1]
        written = ops.scatter_update(x, [[0], [0]], [x[1], 5.0], "mul")[0]
    assert tape.gradient(cubes, x).numpy().tolist() == [12.0, 27.0]
    assert tape.gradient(written, x).numpy().tolist() == [15.0, 10.0]


def test_all_labels_that_a_beam_search_finds_with_room_enough_have_their_probabilities():
    """By the definition: the sum over all rows of classes that spell a row of labels."""
    scores = np.random.default_rng(5).normal(size=(1, 4, 3)).astype("float32")
    logarithms = ops.log_softmax(scores)[0].numpy()
    chances: dict[tuple[int, ...], float] = {}
    for classes in itertools.product(range(3), repeat=4):
        spelled = tuple(c for i, c in enumerate(classes) if c and (not i or classes[i - 1] != c))
        chances[spelled] = chances.get(spelled, 0) + math.exp(sum(logarithms[range(4), classes]))
    count = len(chances) + 1
    labels, found = ops.ctc_decode(scores, [4], strategy="beam_search", top_paths=count)
    rows = [tuple(c for c in row if c >= 0) for row in labels[:, 0].numpy().tolist()]
    assert set(rows[:-1]) == set(chances)
    np.testing.assert_allclose(np.exp(found[0, :-1]), sorted(chances.values(), reverse=True), rtol=1e-5)
    assert (rows[-1], float(found[0, -1])) == ((), -math.inf)
