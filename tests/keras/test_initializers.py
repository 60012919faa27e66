"""Initializers, regularizers and constraints: seeds, what they refuse, and names."""

from __future__ import annotations

import numpy as np
import pytest

from klods import keras
from klods.errors import DataError, NameUnknownError, ShapeError
from klods.keras import constraints, initializers, regularizers

DRAWING = sorted(
    {kind for kind in initializers.KNOWN.values() if issubclass(kind, initializers.RandomInitializer)},
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", DRAWING)
def test_one_object_draws_the_same_values_at_every_call_and_another_draws_others(kind):
    first, second = kind(), kind()
    np.testing.assert_array_equal(first((3, 4)), first((3, 4)))
    assert not np.array_equal(first((3, 4)), second((3, 4)))
    np.testing.assert_array_equal(kind(seed=5)((3, 4)), kind(seed=5)((3, 4)))


def test_set_random_seed_decides_what_objects_without_a_seed_draw():
    drawn = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        drawn.append([initializers.HeNormal()((2, 3)).numpy() for _ in range(2)])
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_layers_of_one_initializer_s_name_start_apart():
    first, second = (keras.layers.Dense(4, kernel_initializer="he_normal") for _ in range(2))
    for layer in (first, second):
        layer.build((None, 3))
    assert not np.array_equal(first.kernel, second.kernel)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (DataError, "A seed is a whole number", lambda: initializers.RandomNormal(seed="one")),
        (DataError, "scale=0", lambda: initializers.VarianceScaling(scale=0)),
        (NameUnknownError, "no mode 'fan'", lambda: initializers.VarianceScaling(mode="fan")),
        (ShapeError, "as many values", lambda: initializers.get(np.zeros(3))((4,))),
        (NameUnknownError, "he_normal", lambda: initializers.get("he_norml")),
        (DataError, "l1 is -1", lambda: regularizers.L1(-1)),
        (DataError, "l2 is inf", lambda: regularizers.L1L2(l2=np.inf)),
        (DataError, "factor is 'much'", lambda: regularizers.OrthogonalRegularizer("much")),
        (DataError, "no mode 'both'", lambda: regularizers.OrthogonalRegularizer(mode="both")),
        (ShapeError, "use it for matrices", lambda: regularizers.OrthogonalRegularizer()(np.zeros(3))),
        (NameUnknownError, "max_norm", lambda: constraints.get("max_nrm")),
    ],
)
def test_refused(error, words, call):
    with pytest.raises(error, match=words):
        call()


def test_one_s_own_by_its_name():
    class Halved(constraints.Constraint):
        def __call__(self, w):
            return w / 2

    made = constraints.deserialize({"class_name": "Halved", "config": {}}, {"Halved": Halved})
    assert float(made(4.0)) == 2
