"""The assertions of `klods.debugging`: each passes, and each fails in its own words."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import debugging

X = klods.constant([1.0, 2.0])
PASSING = [
    lambda: debugging.assert_equal(X, [1.0, 2.0]),
    lambda: debugging.assert_none_equal(X, 3.0),
    lambda: debugging.assert_less(X, 3.0),
    lambda: debugging.assert_less_equal(X, [1.0, 2.0]),
    lambda: debugging.assert_greater(X, 0.0, message="never seen", name="check"),
    lambda: debugging.assert_greater_equal(X, 1.0),
    lambda: debugging.assert_near(X, X + 1e-7),
    lambda: debugging.assert_positive(X),
    lambda: debugging.assert_negative(-X),
    lambda: debugging.assert_non_negative([0, 1]),
    lambda: debugging.assert_non_positive([0, -1]),
    lambda: debugging.assert_rank(X, 1),
    lambda: debugging.assert_type(X, klods.float32),
    lambda: debugging.assert_shapes([(X, ("n",)), (klods.ones((2, 5)), ("n", None))]),
]
FAILING = [
    (lambda: debugging.assert_equal(X, [1.0, 3.0]), "2.0 is not equal to 3.0, at index (1,)"),
    (lambda: debugging.assert_none_equal(X, 2.0), "2.0 is not different from 2.0, at index (1,)"),
    (lambda: debugging.assert_less(X, 2.0), "2.0 is not less than 2.0"),
    (lambda: debugging.assert_less_equal(X, 1.0), "2.0 is not at most 1.0"),
    (lambda: debugging.assert_greater(X, 1.0, "ahead"), "ahead: 1.0 is not greater than 1.0, at index (0,)"),
    (lambda: debugging.assert_greater_equal(X, 1.5), "1.0 is not at least 1.5"),
    (lambda: debugging.assert_near(X, X + 1e-3), "is not near"),
    (lambda: debugging.assert_positive([0.0]), "0.0 is not greater than 0"),
    (lambda: debugging.assert_negative([0.0]), "0.0 is not less than 0"),
    (lambda: debugging.assert_non_negative([-1]), "-1 is not at least 0"),
    (lambda: debugging.assert_non_positive([1]), "1 is not at most 0"),
    (lambda: debugging.assert_rank(X, 2), "shape (2,) has 1 axes, expected 2"),
    (lambda: debugging.assert_type(X, "int32"), "got dtype float32, expected int32"),
    (lambda: debugging.assert_shapes([(X, ("n",)), (klods.ones((3,)), ("n",))]), "got shape (3,), expected ('n',)"),
    (lambda: debugging.assert_equal(X, [1.0, 2.0, 3.0]), "shapes (2,) and (3,) don't broadcast"),
    (lambda: debugging.assert_less(X, np.nan), "not less than"),
    (lambda: debugging.check_numerics([1.0, np.inf], "the loss"), "the loss: the tensor holds NaN or infinity"),
    (lambda: debugging.assert_all_finite([np.nan]), "the tensor holds NaN or infinity"),
]


@pytest.mark.parametrize("call", PASSING)
def test_passing(call):
    assert call() is None


@pytest.mark.parametrize(("call", "text"), FAILING)
def test_failing(call, text):
    with pytest.raises(klods.errors.KlodsError) as caught:
        call()
    assert text in str(caught.value)


def test_checked_numbers_come_back():
    assert debugging.check_numerics(X) is X


@pytest.mark.filterwarnings("error::klods.errors.TraceWarning")
def test_a_traced_function_checks_the_values_of_each_run():
    traces = []

    @klods.function
    def doubled(x, least):
        traces.append(x)
        debugging.assert_greater(x, least, "above")
        return 2 * debugging.check_numerics(x)

    assert doubled(X, klods.constant(0.0)).numpy().tolist() == [2.0, 4.0]
    with pytest.raises(klods.errors.DataError, match=r"above: 1.0 is not greater than 1.5, at index \(0,\)"):
        doubled(X, klods.constant(1.5))
    with pytest.raises(klods.errors.DataError, match="holds NaN or infinity"):
        doubled(klods.constant([1.0, np.inf]), klods.constant(0.0))
    assert doubled(X, klods.constant(0.5)).numpy().tolist() == [2.0, 4.0]
    assert len(traces) == 1
