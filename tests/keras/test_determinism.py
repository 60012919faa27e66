"""The same seed gives the same bits: weights, histories, predictions, dropout; in one process and in two."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from small import classifier, inputs, labels, layers

from klods import keras

x, y = inputs(), labels()


def job(seed, **arguments):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([layers()[0], keras.layers.Dropout(0.3), layers()[1]])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=10, epochs=3, verbose=0, **arguments).history
    mask = keras.layers.Dropout(0.5)(np.ones((20, 20), np.float32), training=True).numpy()
    return model.get_weights(), history, model.predict(x, verbose=0), mask


def same(a, b):
    (weights, history, predictions, mask), (other_weights, other_history, other_predictions, other_mask) = a, b
    equal = [np.array_equal(w, v) for w, v in zip(weights, other_weights)]
    return (
        all(equal)
        and history == other_history
        and np.array_equal(predictions, other_predictions)
        and np.array_equal(mask, other_mask)
    )


def test_twice_in_one_process():
    for arguments in ({}, {"validation_split": 0.25}, {"validation_data": (x, y)}, {"shuffle": False}):
        assert same(job(1, **arguments), job(1, **arguments))


def test_another_seed_gives_other_numbers():
    assert not same(job(1), job(2))


def test_validation_does_not_change_training():
    plain, validated = job(1), job(1, validation_data=(x, y))
    assert all(np.array_equal(a, b) for a, b in zip(plain[0], validated[0]))
    assert plain[1]["loss"] == validated[1]["loss"]


SCRIPT = """
import numpy as np
from klods import keras

keras.utils.set_random_seed(7)
x, y = np.random.random((64, 8)).astype("float32"), np.random.randint(0, 3, 64)
model = keras.Sequential([keras.layers.Dense(16), keras.layers.Dropout(0.5), keras.layers.Dense(3, "softmax")])
model.compile("rmsprop", "sparse_categorical_crossentropy")
history = model.fit(x, y, epochs=3, verbose=0, validation_split=0.2)
print(history.history)
for array in [*model.get_weights(), model.predict(x, verbose=0)]:
    print(array.tobytes().hex())
"""


def test_in_two_processes():
    run = [subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True) for _ in "12"]
    assert run[0].stdout == run[1].stdout
    assert len(run[0].stdout.splitlines()) == 6


def test_a_layers_own_seed_repeats_its_masks():
    ones = np.ones((20, 20), np.float32)
    one, two = keras.layers.Dropout(0.5, seed=3), keras.layers.Dropout(0.5, seed=3)
    first, second = one(ones, training=True).numpy(), one(ones, training=True).numpy()
    assert np.array_equal(first, two(ones, training=True).numpy())
    assert not np.array_equal(first, second)


class Recording(keras.Model):
    """Notes the samples of each step."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)
        self.seen = []

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        numbers, _ = data
        self.seen.append(numbers.numpy()[:, 0].astype(int).tolist())
        return super().train_step(data)


def recorded(**arguments):
    model = Recording()
    model.compile("sgd", "mse")
    numbers = np.arange(25, dtype=np.float32)[:, None]
    model.fit(numbers, np.zeros((25, 3)), batch_size=10, epochs=3, verbose=0, **arguments)
    assert [len(batch) for batch in model.seen] == [10, 10, 5] * 3
    return [[number for batch in model.seen[i : i + 3] for number in batch] for i in (0, 3, 6)]


def test_every_sample_once_per_epoch_in_an_order_of_its_own():
    orders = recorded()
    assert [sorted(order) for order in orders] == [list(range(25))] * 3
    assert len({tuple(order) for order in [*orders, range(25)]}) == 4


def test_in_order_without_shuffle():
    assert recorded(shuffle=False) == [list(range(25))] * 3


def test_classifier_starts_alike():
    keras.utils.set_random_seed(1)
    first = classifier().get_weights()
    keras.utils.set_random_seed(1)
    assert all(np.array_equal(a, b) for a, b in zip(first, classifier().get_weights()))
