"""How many Python frames lie between the user's call and the NumPy that does the work."""

from __future__ import annotations

import sys

import pytest
from small import inputs, targets

import klods
from klods import keras
from klods.ops.block import BLOCKS, operation, pointwise

x, t = inputs(), targets()


@pytest.fixture
def numpy_backend():
    before = klods.backend()
    klods.set_backend("numpy")
    yield
    klods.set_backend(before)


@pytest.fixture
def spy():
    """A block that notes the functions on the way to it, from the innermost out to what the test called."""
    seen = []

    def spy(h):
        frame = sys._getframe()
        names = []
        while frame.f_code.co_filename != __file__ or not names:
            names.append(frame.f_code.co_name)
            frame = frame.f_back
        seen.append(names)
        return h**1  # powers stay calls of the body; of sums, a plan keeps what they call

    pointwise(lambda c, y, h: c)(spy)
    function = operation(BLOCKS["spy"], spy, 1)
    function.seen = seen
    yield function
    del BLOCKS["spy"]


@pytest.mark.parametrize(("run_eagerly", "inner"), [(False, "compute_block"), (True, "train_step")])
def test_eight_from_fit_to_a_kernel(spy, run_eagerly, inner, numpy_backend):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation=spy)])
    model.compile("sgd", "mse", run_eagerly=run_eagerly)
    spy.seen.clear()
    model.fit(x, t, batch_size=32, verbose=0)
    steps = [names for names in spy.seen if inner in names]
    assert len(steps) == 2
    for names in steps:
        assert (names[0], names[-1]) == ("spy", "fit")
        assert len(names) <= 8, names


def test_six_from_a_layer_to_numpy(spy):
    layer, rows = keras.layers.Dense(3, activation=spy), klods.constant(x)
    layer(rows)
    spy.seen.clear()
    layer(rows)
    assert spy.seen == [["spy", "call", "call", "__call__"]]  # the block's body, its function, and the layer's two
