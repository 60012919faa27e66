"""`keras.random`: what seeds do, in eager and traced calls, and in layers of one's own."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError

CALLS = {
    "normal": lambda seed: keras.random.normal((3, 4), seed=seed),
    "truncated_normal": lambda seed: keras.random.truncated_normal((3, 4), seed=seed),
    "uniform": lambda seed: keras.random.uniform((3, 4), seed=seed),
    "randint": lambda seed: keras.random.randint((3, 4), 0, 1000, seed=seed),
    "gamma": lambda seed: keras.random.gamma((3, 4), 2.0, seed=seed),
    "beta": lambda seed: keras.random.beta((3, 4), 2.0, 3.0, seed=seed),
    "binomial": lambda seed: keras.random.binomial((3, 4), 1000, 0.5, seed=seed),
    "categorical": lambda seed: keras.random.categorical(np.zeros((3, 100), "float32"), 4, seed=seed),
    "dropout": lambda seed: keras.random.dropout(np.ones((8, 8), "float32"), 0.5, seed=seed),
    "shuffle": lambda seed: keras.random.shuffle(np.arange(50), seed=seed),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
@pytest.mark.parametrize("traced", [False, True])
def test_what_seeds_do(call, traced):
    def made(seed):
        function = klods.function(lambda: call(seed)) if traced else lambda: call(seed)
        return [function().numpy().tolist() for _ in range(2)]

    first, second = made(7)
    assert first == second, "a number gives the same each time"
    assert made(7)[0] == first != made(8)[0]
    first, second = made(keras.random.SeedGenerator(7))
    assert first != second, "a generator goes on"
    assert made(keras.random.SeedGenerator(7)) == [first, second]
    keras.utils.set_random_seed(3)
    first, second = made(None)
    assert first != second
    keras.utils.set_random_seed(3)
    assert made(None) == [first, second]


class Noisy(keras.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        return keras.random.dropout(inputs, self.rate, seed=self.seed_generator) if training else inputs


def test_a_layer_with_a_generator():
    model = keras.Sequential([keras.Input((50,)), Noisy(0.5, seed=1)])
    x = np.ones((4, 50), "float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), x)
    first, second = (model(x, training=True).numpy() for _ in range(2))
    assert set(first.ravel()) == {0.0, 2.0}
    assert (first != second).any()


def test_dropout_of_a_placeholder_and_of_shared_columns():
    inputs = keras.Input((50,))
    model = keras.Model(inputs, keras.random.dropout(inputs, 0.5, noise_shape=(None, 1)))
    kept = model(np.ones((40, 50), "float32")).numpy()
    assert (kept == kept[:, :1]).all()
    assert set(kept[:, 0]) == {0.0, 2.0}


@pytest.mark.parametrize("seed", [-1, 1.5, True, "one"])
def test_a_seed_that_is_none(seed):
    for call in (lambda: keras.random.SeedGenerator(seed), lambda: keras.random.normal((2,), seed=seed)):
        with pytest.raises(DataError, match="A seed is a whole number"):
            call()


def test_a_generator_from_its_configuration():
    generator = keras.random.SeedGenerator(4, name="stream")
    assert generator.get_config() == {"seed": 4, "name": "stream"}
    again = keras.random.SeedGenerator.from_config(generator.get_config())
    assert (again.next().numpy() == generator.next().numpy()).all()
