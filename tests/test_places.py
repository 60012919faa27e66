"""Reading and writing by places. Values are NumPy's indexing, or were seen in TensorFlow 2.21."""

from __future__ import annotations

import numpy as np
import pytest
from composed import Case, checks_of

import klods
from klods.errors import DataError, ShapeError

CUBE = np.random.default_rng(1).normal(size=(2, 3, 4))
BATCHES = np.array([[0, 1], [2, 0]])
ONE_EACH = np.array([[3, 0, 1], [1, 1, 2]])
DEEP = np.random.default_rng(2).normal(size=(2, 3, 4, 5))
MATRIX = np.arange(6.0).reshape(2, 3)
ROW = np.array([1.0, 2.0, 3.0, 4.0])
PLACES = np.array([[0], [2], [0]])


def gathered(batch_dims, axis=None):
    return lambda x, i: klods.gather(x, i, axis=axis, batch_dims=batch_dims)


def each(x, places, take):
    return np.stack([take(own, place) for own, place in zip(x, places)])


CASES = {
    "gather": Case(gathered(0), (CUBE, np.array([1, 0, 1])), CUBE[[1, 0, 1]]),
    "gather along an axis": Case(gathered(0, -1), (CUBE, BATCHES), CUBE[:, :, BATCHES]),
    "gather in batches": Case(gathered(1), (CUBE, BATCHES), each(CUBE, BATCHES, lambda x, i: x[i])),
    "gather in batches along an axis": Case(
        gathered(1, 2), (CUBE, BATCHES), each(CUBE, BATCHES, lambda x, i: x[:, i])
    ),
    "gather in batches along a later axis": Case(
        gathered(1, 3), (DEEP, np.array([[[0, 1]], [[4, 2]]])),
        each(DEEP, np.array([[[0, 1]], [[4, 2]]]), lambda x, i: x[:, :, i])),
    "gather in batches counted from the end": Case(
        gathered(-1), (CUBE, BATCHES), each(CUBE, BATCHES, lambda x, i: x[:, i])),
    "gather in batches of batches": Case(
        gathered(2), (CUBE, ONE_EACH), np.take_along_axis(CUBE, ONE_EACH[..., None], 2)[..., 0]),
    "gather_nd": Case(klods.gather_nd, (CUBE, np.array([[0, 1], [1, 2]])), CUBE[[0, 1], [1, 2]]),
    "gather_nd of elements": Case(
        klods.gather_nd, (CUBE, np.array([[0, 1, 2], [1, 0, 3]])), CUBE[[0, 1], [1, 0], [2, 3]]),
    "gather_nd of the whole": Case(klods.gather_nd, (CUBE, np.zeros((2, 0), np.int32)), np.stack([CUBE, CUBE])),
    "gather_nd in batches": Case(
        lambda x, i: klods.gather_nd(x, i, batch_dims=1), (CUBE, np.array([[[0]], [[1]]])),
        CUBE[[0, 1], [0, 1]][:, None]),
    "slice": Case(lambda x: klods.slice(x, [0, 1], [-1, 2]), (MATRIX,), MATRIX[:, 1:]),
    "roll": Case(lambda x: klods.roll(x, [1, -1], [0, 1]), (MATRIX,), np.roll(MATRIX, (1, -1), (0, 1))),
    "roll twice": Case(lambda x: klods.roll(x, shift=[1, 1], axis=[1, -1]), (MATRIX,), np.roll(MATRIX, 2, 1)),
    "roll far": Case(lambda x: klods.roll(x, 5, 0), (ROW,), [4, 1, 2, 3]),
    "reverse_sequence": Case(
        lambda x, n: klods.reverse_sequence(x, n, seq_axis=1),
        (np.array([[1.0, 2, 3, 0], [4, 5, 0, 0]]), np.array([3, 2])), [[3, 2, 1, 0], [5, 4, 0, 0]]),
    "reverse_sequence along other axes": Case(
        lambda x, n: klods.reverse_sequence(x, n, 0, 2), (CUBE, np.array([2, 1, 0, 2])),
        np.where(np.array([True, False, False, True]), CUBE[::-1], CUBE)),
    "scatter_nd": Case(
        lambda i, x: klods.scatter_nd(i, x, [8]), (np.array([[4], [3], [1], [4]]), np.array([9.0, 10, 11, 12])),
        [0, 11, 0, 10, 21, 0, 0, 0]),
    "scatter_nd of rows": Case(
        lambda i, x: klods.scatter_nd(i, x, (3, 2, 3)), (np.array([[2, 0], [0, 1]]), MATRIX),
        [[[0] * 3, [3, 4, 5]], [[0] * 3] * 2, [[0, 1, 2], [0] * 3]]),
    "update": Case(klods.tensor_scatter_nd_update, (ROW, PLACES, np.array([9.0, 8, 7])), [7, 2, 8, 4]),
    "update of rows": Case(
        klods.tensor_scatter_nd_update, (MATRIX, np.array([[1]]), np.array([[7.0, 8, 9]])), [[0, 1, 2], [7, 8, 9]]),
    "add": Case(klods.tensor_scatter_nd_add, (ROW, PLACES, np.array([9.0, 8, 7])), [17, 2, 11, 4]),
    "sub": Case(klods.tensor_scatter_nd_sub, (ROW, PLACES, np.array([9.0, 8, 7])), [-15, 2, -5, 4]),
    "max": Case(klods.tensor_scatter_nd_max, (ROW, PLACES, np.array([9.0, 0, 7])), [9, 2, 3, 4]),
    "min": Case(klods.tensor_scatter_nd_min, (ROW, PLACES, np.array([9.0, 0, -7])), [-7, 2, 0, 4]),
    "meshgrid": Case(klods.meshgrid, (ROW[:3], ROW[:2]), tuple(np.meshgrid(ROW[:3], ROW[:2]))),
    "meshgrid of three": Case(klods.meshgrid, (ROW[:3], ROW[:2], ROW), tuple(np.meshgrid(ROW[:3], ROW[:2], ROW))),
    "meshgrid ij": Case(
        lambda *rows: klods.meshgrid(*rows, indexing="ij"), (ROW[:3], ROW[:2]),
        tuple(np.meshgrid(ROW[:3], ROW[:2], indexing="ij"))),
    "sequence_mask": Case(
        lambda n: klods.sequence_mask(n, 3), (np.array([[1, 3], [2, 0]]),),
        np.tri(4, 3, -1)[[[1, 3], [2, 0]]], slopes=False),
    "unravel_index": Case(
        lambda i: klods.unravel_index(i, (3, 3)), (np.array([2, 5, 7]),), [[0, 1, 2], [2, 2, 1]], slopes=False),
    "ensure_shape": Case(lambda x: klods.ensure_shape(x, [None, 3]), (MATRIX,), MATRIX),
    "dynamic_stitch": Case(
        lambda a, b: klods.dynamic_stitch([[0, 3], [1, 2]], [a, b]), (MATRIX, 10 * MATRIX),
        [[0, 1, 2], [0, 10, 20], [30, 40, 50], [3, 4, 5]]),
    "dynamic_partition": Case(
        lambda x: klods.dynamic_partition(x, [0, 1, 1, 0], 3), (ROW,), ([1, 4], [2, 3], [])),
    "sort": Case(lambda x: klods.sort(x, 1, "DESCENDING"), (CUBE,), -np.sort(-CUBE, 1)),
    "top_k": Case(lambda x: klods.math.top_k(x, 2).values, (CUBE,), -np.sort(-CUBE, -1)[..., :2]),
}  # fmt: skip


test_values, test_same_compiled, test_gradients_are_slopes = checks_of(CASES)


def test_sizes_that_values_tell():
    assert klods.sequence_mask([[1, 3], [2, 0]]).shape == (2, 2, 3)
    assert klods.sequence_mask([1, 0], dtype="float32").numpy().tolist() == [[1], [0]]
    assert klods.gather_nd(np.zeros((2, 3, 4), np.float32), [[[0]], [[1]]], 1).shape == (2, 1, 4)


BAD = [
    (lambda: klods.gather(MATRIX, [[0, 3], [0, 0]], batch_dims=1), DataError, "index 3 is outside an axis of 3"),
    (lambda: klods.gather(MATRIX, [[0, -1], [0, 0]], batch_dims=1), DataError, "index -1 is outside an axis of 3"),
    (lambda: klods.gather(MATRIX, [[0, 1]], batch_dims=1), ShapeError, "don't have 1 batch axes"),
    (lambda: klods.gather_nd(MATRIX, [[0, 5]]), DataError, r"index 5 is outside an axis of \(2, 3\)"),
    (lambda: klods.gather_nd(MATRIX, [[0, -1]]), DataError, "index -1 is outside"),
    (lambda: klods.gather_nd(MATRIX, [[0, 0, 0]]), ShapeError, "along 3 axes"),
    (lambda: klods.scatter_nd([[8]], [9.0], [8]), DataError, r"index 8 is outside an axis of \(8,\)"),
    (lambda: klods.scatter_nd([[1]], [9.0, 1.0], [8]), ShapeError, r"give updates of shape \(1,\)"),
    (lambda: klods.slice(MATRIX, [0, 2], [1, 2]), ShapeError, r"slice: size \(1, 2\) from \(0, 2\) is not inside"),
    (lambda: klods.meshgrid([1], [2], indexing="yx"), DataError, "'yx'"),
    (lambda: klods.ensure_shape(MATRIX, [None, 4]), ShapeError, r"is \(2, 3\); expected \(None, 4\)"),
    (lambda: klods.unravel_index([9], (3, 3)), DataError, "index 9 is outside an axis of 9"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), BAD, ids=[text for *_, text in BAD])
def test_bad_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_a_place_outside_is_found_in_a_compiled_function_too():
    compiled = klods.function(lambda x, i: klods.gather_nd(x, i))
    with pytest.raises(DataError, match="index 3 is outside"):
        compiled(klods.constant(MATRIX), klods.constant([[0, 3]]))
