"""Activation functions whose definition is the reference, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods.errors import ShapeError
from klods.keras import activations

X = np.random.default_rng(1).normal(size=(4, 5, 6))
EQUAL = np.random.default_rng(2).integers(-1, 2, (4, 5, 6)) / 2


@pytest.mark.parametrize("x", [X, 0.1 * X, 10 * X, EQUAL])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sparsemax_is_the_nearest_distribution(x, axis):
    """It sums to 1, and elements that are left are x less one number, which the others don't exceed."""
    y = activations.sparsemax(klods.constant(x), axis).numpy()
    np.testing.assert_allclose(y.sum(axis), 1)
    level = np.where(y > 0, x - y, -np.inf).max(axis, keepdims=True)
    np.testing.assert_allclose(y, np.maximum(x - level, 0), atol=1e-12)


def test_gradient_of_sparsemax_is_the_slope():
    x, direction, cotangent = X[0], X[1], X[2]
    start = klods.constant(x)
    with klods.GradientTape() as tape:
        tape.watch(start)
        value = klods.reduce_sum(activations.sparsemax(start) * cotangent)
    slope = [
        (activations.sparsemax(klods.constant(x + h * direction)).numpy() * cotangent).sum() for h in (1e-6, -1e-6)
    ]
    assert (tape.gradient(value, start).numpy() * direction).sum() == pytest.approx((slope[0] - slope[1]) / 2e-6)


def test_glu_refuses_an_odd_size():
    with pytest.raises(ShapeError, match="whose size is odd"):
        activations.glu(np.ones((2, 3)))


def test_a_threshold_makes_0_of_minus_infinity_and_leaves_nan():
    rectified = activations.relu([-np.inf, np.nan, 0.5, 2.0], threshold=1.0).numpy()
    np.testing.assert_array_equal(rectified, np.float32([0, np.nan, 0, 2]))
    assert not np.signbit(rectified[2])
