"""`keras.random`: shapes, dtypes, means and deviations as in the real Keras."""

from __future__ import annotations

import numpy as np
import pytest
from beside import own, real

LOGITS = np.log(np.float32([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]))
CALLS = {
    "normal": {"shape": (100, 200), "mean": 2.0, "stddev": 3.0},
    "truncated_normal": {"shape": (100, 200), "mean": 1.0, "stddev": 2.0},
    "uniform": {"shape": (100, 200), "minval": -1.0, "maxval": 3.0},
    "randint": {"shape": (100, 200), "minval": -5, "maxval": 9},
    "gamma": {"shape": (100, 200), "alpha": 2.5},
    "beta": {"shape": (100, 200), "alpha": 2.0, "beta": 3.0},
    "binomial": {"shape": (100, 200), "counts": 20.0, "probabilities": 0.3},
    "categorical": {"logits": LOGITS, "num_samples": 20_000},
    "dropout": {"inputs": np.ones((100, 200), "float32"), "rate": 0.3},
    "shuffle": {"x": np.arange(3.0, 303.0, dtype="float32")},
}


@pytest.mark.parametrize("name", CALLS)
def test_moments(name):
    ours, theirs = (np.asarray(getattr(keras.random, name)(**CALLS[name], seed=5)) for keras in (own, real))
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    room = 5 * theirs.std() / np.sqrt(theirs.size)
    assert abs(ours.mean() - theirs.mean()) < 1.5 * room
    assert ours.std() == pytest.approx(theirs.std(), rel=0.05)
    quantiles = [0.02, 0.25, 0.5, 0.75, 0.98]
    np.testing.assert_allclose(np.quantile(ours, quantiles), np.quantile(theirs, quantiles), atol=0.1 * theirs.std())


def test_every_law_is_compared():
    assert {name for name in dir(real.random) if name[0].islower() and name[0] != "_"} == set(CALLS)
