"""Memory: what is let go is freed at once, and work done again and again needs no more of it."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
from small import classifier, inputs, labels, layers, regressor, targets

import klods
from klods import keras

x, y, t = inputs(), labels(), targets()

BOUND = 100_000  # bytes that Python and NumPy may keep for themselves


@pytest.fixture
def no_collector():
    """Only reference counts free memory here: what is part of a cycle stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.stack = [keras.layers.Dense(4, activity_regularizer="l2"), keras.layers.Dropout(0.5)]
        self.last = keras.layers.Dense(3)

    def call(self, inputs):
        for layer in self.stack:
            inputs = layer(inputs)
        return self.last(inputs)


def subclassed():
    model = Net()
    model.compile("adam", "mse", metrics=["mae"])
    return model


def fitted(model):
    model.fit(x, t, epochs=2, verbose=0)
    return model


def used(model):
    model.fit(x, t, validation_split=0.25, verbose=0, callbacks=[keras.callbacks.Callback()])
    model.evaluate(x, t, verbose=0)
    model.predict(x, verbose=0)
    model.train_on_batch(x, t)
    model.summary(print_fn=lambda text: None)
    model.pop()
    return model


def failed(model):
    with pytest.raises(ValueError, match="shape"):
        model.fit(x[:, :5], t, verbose=0)
    return model


@pytest.mark.parametrize(
    "make",
    [
        lambda: regressor(),
        lambda: fitted(regressor()),
        lambda: fitted(regressor(built=False)),
        lambda: fitted(subclassed()),
        lambda: used(regressor()),
        lambda: failed(regressor()),
        lambda: failed(fitted(regressor())),
    ],
    ids=["made", "fitted", "built by fit", "subclassed", "used", "failed", "failed later"],
)
def test_a_model_is_freed_when_it_is_let_go(make, no_collector):
    model = make()
    big = [weakref.ref(w.value) for w in model.weights]
    big += [weakref.ref(slot.value) for slot in model.optimizer.variables if slot.value.ndim]
    gone = weakref.ref(model)
    del model
    assert gone() is None
    assert [array() for array in big] == [None] * len(big)


def test_the_history_outlives_the_model(no_collector):
    model = regressor()
    history = model.fit(x, t, verbose=0)
    gone = weakref.ref(model)
    assert history.model is model
    del model
    assert gone() is None
    assert history.model is None
    assert len(history.history["loss"]) == 1


def test_a_step_leaves_nothing_behind(no_collector):
    kept = []

    class Keeping(keras.layers.Layer):
        def call(self, inputs):
            kept.append(weakref.ref(inputs))
            return inputs

    model = keras.Sequential([*layers(), Keeping()])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    model.fit(x, y, batch_size=16, verbose=0)
    assert len(kept) >= 5
    assert [tensor() for tensor in kept] == [None] * len(kept)


def growth(work, times):
    """Return the bytes by which memory grows over many times, after some that fill caches."""
    for _ in range(10):
        work()
    gc.collect()
    tracemalloc.start()
    try:
        work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(times):
            work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_a_thousand_predictions():
    model = classifier()
    assert growth(lambda: model.predict(x, verbose=0), 1000) < BOUND


def test_a_hundred_models():
    def work():
        model = keras.Sequential([keras.layers.Dense(200, activation="relu"), keras.layers.Dense(3)])
        model.compile("rmsprop", "mse")
        model.train_on_batch(x, t)

    assert growth(work, 100) < BOUND  # all of them have 2 MB of weights and slots


def test_epochs():
    model = classifier()
    assert growth(lambda: model.fit(x, y, epochs=3, verbose=0), 30) < BOUND


def test_a_tape_in_a_loop():
    layer = keras.layers.Dense(50)
    layer(x)

    def work():
        with klods.GradientTape() as tape:
            loss = klods.reduce_mean(layer(x))
        tape.gradient(loss, layer.trainable_weights)

    assert growth(work, 200) < BOUND


def test_nothing_holds_the_users_data(no_collector):
    class Array(np.ndarray):
        """NumPy's own arrays can't be told apart from views of them."""

    mine = x.copy().view(Array)
    gone = weakref.ref(mine)
    model = classifier()
    model.fit(mine, y, verbose=0)
    model.predict(mine, verbose=0)
    del mine
    assert gone() is None
