"""Counts, segments, different ones. Values by hand, by NumPy, or as seen in TensorFlow 2.21."""

from __future__ import annotations

import numpy as np
import pytest
from composed import Case, checks_of

import klods
from klods.errors import DataError, ShapeError

math = klods.math
NUMBERS = np.array([1, 1, 2, 3, 2, 4, 4, 5])
GRID = np.array([[1, 1, 2], [3, 0, 1]])
ROWS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [5.0, 1.0]])
DIFFERENT = np.array([[1.0, 5.0], [5.0, 2.0], [3.0, 4.0], [4.0, 6.0], [9.0, 9.0]])
ALL = np.array([0, 1, 0, 1, -1])
LEFT_OUT = np.array([2, 0, 2, -1])
RISING = np.array([0, 0, 2, 2])
ZEROS = np.array([2.0, 0.0, 3.0, 0.0, 0.0, 5.0, 7.0])
GREATEST = np.finfo(np.float32).max


def sized(function, count):
    return lambda data, ids: function(data, ids, count)


def float32(x):
    return np.asarray(x, np.float32)


CASES = {
    "bincount": Case(math.bincount, (NUMBERS,), [0, 2, 2, 1, 2, 1], traced=False),
    "bincount of a known number": Case(
        lambda x: math.bincount(x, minlength=4, maxlength=4), (NUMBERS,), [0, 2, 2, 1], slopes=False),
    "bincount with weights": Case(
        lambda w: math.bincount(NUMBERS, weights=w), (np.array([1.0, 5, 0, 1, 0, 5, 4, 5]),), [0, 6, 0, 1, 9, 5]),
    "bincount of rows": Case(
        lambda x: math.bincount(x, axis=-1, minlength=4, maxlength=4), (GRID,),
        [[0, 2, 1, 0], [1, 1, 0, 1]], slopes=False),
    "bincount of all rows": Case(math.bincount, (GRID,), [1, 3, 1, 1], traced=False, slopes=False),
    "bincount of what occurs": Case(
        lambda x: math.bincount(x, axis=-1, binary_output=True), (GRID,), [[0, 1, 1, 0], [1, 1, 0, 1]],
        traced=False, slopes=False),
    "confusion_matrix": Case(
        lambda y, p: math.confusion_matrix(y, p, 5), (np.array([1, 2, 4]), np.array([2, 2, 4])),
        [[0] * 5, [0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0] * 5, [0, 0, 0, 0, 1]], slopes=False),
    "confusion_matrix with weights": Case(
        lambda w: math.confusion_matrix([1, 0], [0, 0], 2, w, "float64"), (np.array([0.5, 0.25]),),
        [[0.25, 0], [0.5, 0]]),
    "histogram_fixed_width": Case(
        lambda x: klods.histogram_fixed_width(x, [0.0, 5.0], nbins=5), (np.array([-1.0, 0, 1.5, 2, 5, 15]),),
        [2, 1, 1, 0, 2], slopes=False),
    "segment_sum": Case(lambda x: math.segment_sum(x, RISING), (ROWS,), [[4, 6], [0, 0], [10, 7]]),
    "segment_mean": Case(lambda x: math.segment_mean(x, RISING), (ROWS,), [[2, 3], [0, 0], [5, 3.5]]),
    "segment_max": Case(lambda x: math.segment_max(x, RISING), (ROWS,), [[3, 4], [0, 0], [5, 6]], slopes=False),
    "segment_min": Case(lambda x: math.segment_min(x, RISING), (ROWS,), [[1, 2], [0, 0], [5, 1]], slopes=False),
    "segment_prod": Case(lambda x: math.segment_prod(x, RISING), (ROWS,), [[3, 8], [1, 1], [25, 6]]),
    "unsorted_segment_sum": Case(
        sized(math.unsorted_segment_sum, 4), (ROWS, LEFT_OUT), [[3, 4], [0, 0], [6, 8], [0, 0]]),
    "unsorted_segment_mean": Case(
        sized(math.unsorted_segment_mean, 4), (ROWS, LEFT_OUT), [[3, 4], [0, 0], [3, 4], [0, 0]]),
    "unsorted_segment_sqrt_n": Case(
        sized(math.unsorted_segment_sqrt_n, 4), (ROWS, LEFT_OUT),
        [[3, 4], [0, 0], [6 / 2**0.5, 8 / 2**0.5], [0, 0]]),
    "unsorted_segment_max": Case(
        sized(math.unsorted_segment_max, 4), (float32(ROWS), LEFT_OUT),
        [[3, 4], [-GREATEST] * 2, [5, 6], [-GREATEST] * 2], slopes=False),
    "largest of all segments": Case(sized(math.unsorted_segment_max, 2), (DIFFERENT, ALL), [[3, 5], [5, 6]]),
    "unsorted_segment_min": Case(
        sized(math.unsorted_segment_min, 4), (float32(ROWS), LEFT_OUT),
        [[3, 4], [GREATEST] * 2, [1, 2], [GREATEST] * 2], slopes=False),
    "smallest of all segments": Case(sized(math.unsorted_segment_min, 2), (DIFFERENT, ALL), [[1, 4], [4, 2]]),
    "unsorted_segment_prod": Case(
        sized(math.unsorted_segment_prod, 4), (ROWS, LEFT_OUT), [[3, 4], [1, 1], [5, 12], [1, 1]]),
    "products with zeros": Case(
        sized(math.unsorted_segment_prod, 4), (ZEROS, np.array([0, 0, 0, 1, 1, 2, -1])),
        [0, 0, 5, 1], again=False),
    "segments of several axes": Case(
        sized(math.unsorted_segment_sum, 2), (ROWS, np.array([[0, 1], [0, 1], [1, 1], [0, 0]])), [10, 17]),
    "searchsorted": Case(klods.searchsorted, (np.array([1, 3, 5]), np.array([0, 1, 4, 9])), [0, 0, 2, 3], slopes=False),
    "searchsorted in rows": Case(
        lambda s, x: klods.searchsorted(s, x, "right"), (np.array([[1, 3, 5], [2, 4, 6]]), np.array([[0, 3], [4, 9]])),
        [[0, 2], [2, 3]], slopes=False),
    "searchsorted of a grid": Case(
        klods.searchsorted, (np.array([1, 3, 5]), np.array([[0, 3], [4, 9]])), [[0, 1], [2, 3]], slopes=False),
    "unique": Case(klods.unique, (np.array([9, 1, 9, 2]),), ([9, 1, 2], [0, 1, 0, 2]), traced=False, slopes=False),
    "unique_with_counts": Case(
        klods.unique_with_counts, (np.array([9, 1, 9, 2]),), ([9, 1, 2], [0, 1, 0, 2], [2, 1, 1]),
        traced=False, slopes=False),
}  # fmt: skip


test_values, test_same_compiled, test_gradients_are_slopes = checks_of(CASES)


def test_equal_extremes_share_the_gradient():
    data = klods.constant([[5.0], [5.0], [1.0]])
    with klods.GradientTape() as tape:
        tape.watch(data)
        y = 3 * math.segment_max(data, [0, 0, 0])
    assert tape.gradient(y, data).numpy().tolist() == [[1.5], [1.5], [0]]


def test_dtypes_and_lengths():
    assert (math.bincount([1]).dtype, math.bincount([1], dtype="float32").dtype) == ("int32", "float32")
    assert math.bincount([1], weights=[0.5]).dtype == "float32"
    assert math.bincount(klods.zeros([0], "int32")).shape == (0,)
    assert math.bincount([1, 2], minlength=5).numpy().tolist() == [0, 1, 1, 0, 0]
    assert math.bincount([1, 9], maxlength=3).numpy().tolist() == [0, 1, 0]
    assert math.confusion_matrix([1, 0], [0, 1]).dtype == "int32"
    assert math.confusion_matrix([1, 4], [2, 2]).shape == (5, 5)
    assert klods.unique([1], out_idx="int64").idx.dtype == "int64"
    assert klods.searchsorted([1], [1], out_type="int64").dtype == "int64"
    whole = math.segment_max(klods.constant([1, 5, 3]), [0, 0, 2])
    assert (whole.dtype, whole.numpy().tolist()) == ("int32", [5, 0, 3])


BAD = [
    (lambda: math.bincount([1, -1]), DataError, "a number is -1"),
    (lambda: math.bincount([1], axis=2), DataError, "axis is 2"),
    (lambda: math.confusion_matrix([1, 0], [0, 3], 2), DataError, "index 3 is outside an axis of 2"),
    (lambda: math.segment_sum([1.0, 2.0], [1, 0]), DataError, "segment_ids fall"),
    (lambda: math.unsorted_segment_sum([1.0, 2.0], [0, 7], 4), DataError, "index 7 is outside an axis of 4"),
    (lambda: math.unsorted_segment_sum([1.0, 2.0], [0], 4), ShapeError, "don't fit data"),
    (lambda: klods.unique([[1]]), ShapeError, "takes one row"),
    (lambda: klods.searchsorted([1], [1], "middle"), DataError, "'middle'"),
    (lambda: klods.searchsorted([[1], [2]], [1]), ShapeError, "give as many rows"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), BAD, ids=[text for *_, text in BAD])
def test_bad_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
