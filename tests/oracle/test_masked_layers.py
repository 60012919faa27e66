"""Masks on their way through the layers of a model, and models of these layers in files, beside Keras."""

from __future__ import annotations

import numpy as np
import pytest
from beside import close, own, real

RANDOM = np.random.default_rng(8)
WORDS, OTHERS = (RANDOM.integers(0, 4, (12, 5)).astype("int32") for _ in range(2))
STEPS = np.where(RANDOM.random((12, 5, 1)) < 0.4, 0, RANDOM.normal(size=(12, 5, 3))).astype("float32")
TARGETS = RANDOM.random((12, 5, 2)).astype("float32")
MERGES = ["Add()", "Subtract()", "Multiply()", "Average()", "Maximum()", "Minimum()", "Concatenate()"]
BETWEEN = [
    "BatchNormalization()", "LayerNormalization()", "TimeDistributed(layers.Dense(3))", "Activation('relu')",
    "Dropout(0.0)", "PReLU(shared_axes=[1])", "Rescaling(0.5)", "UnitNormalization()", "Identity()",
]  # fmt: skip


def merged(keras, row):
    words, others = (keras.Input((5,), dtype="int32") for _ in range(2))
    vectors = [keras.layers.Embedding(4, 3, mask_zero=True)(x) for x in (words, others)]
    outputs = eval(f"layers.{row}", {"layers": keras.layers})(vectors)
    return keras.Model([words, others], keras.layers.Dense(2)(outputs))


def stacked(keras, row):
    steps = keras.Input((5, 3))
    outputs = eval(f"layers.{row}", {"layers": keras.layers})(keras.layers.Masking()(steps))
    return keras.Model(steps, keras.layers.Dense(2)(outputs))


@pytest.mark.parametrize(
    ("build", "row"), [(merged, row) for row in MERGES] + [(stacked, row) for row in BETWEEN], ids=str
)
def test_masked_models(build, row):
    """What a model gives, its loss over what is there, and its weights after a step of training."""
    x = [WORDS, OTHERS] if build is merged else STEPS
    ours, theirs = build(own, row), build(real, row)
    ours.set_weights(theirs.get_weights())
    close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-5)
    for model in (ours, theirs):
        model.compile("sgd", "mse")
    close(ours.evaluate(x, TARGETS, verbose=0), theirs.evaluate(x, TARGETS, verbose=0))
    close(ours.train_on_batch(x, TARGETS), theirs.train_on_batch(x, TARGETS))
    close(ours.get_weights(), theirs.get_weights(), rtol=1e-4, atol=1e-5)


def test_the_mean_of_the_steps_that_are_there():
    words = WORDS.copy()
    words[:, 0] = 1  # of no steps the mean is NaN, in both
    models = []
    for keras in (own, real):
        inputs = keras.Input((5,), dtype="int32")
        means = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(4, 3, mask_zero=True)(inputs))
        models.append(keras.Model(inputs, keras.layers.Dense(2)(means)))
    models[0].set_weights(models[1].get_weights())
    for model in models:
        model.compile("sgd", "mse")
    close(*(model.train_on_batch(words, TARGETS[:, 0]) for model in models))
    close(*(model.predict(words, verbose=0) for model in models))
    close(*(model.get_weights() for model in models))


def test_the_mean_of_steps_on_the_last_axis():
    means = [
        keras.layers.GlobalAveragePooling1D("channels_first", True)(STEPS.transpose(0, 2, 1), mask=WORDS > 0)
        for keras in (own, real)
    ]
    close(*means)


def stack(layers):
    """Return one of each layer that takes one tensor, for inputs like STEPS."""
    return [
        layers.Normalization(axis=-1, mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0]), layers.Rescaling(2.0, 0.5),
        layers.BatchNormalization(), layers.EinsumDense("abc,cd->abd", (5, 4), bias_axes="d"),
        layers.LayerNormalization(axis=[1, 2]), layers.PReLU(shared_axes=[1]), layers.GaussianNoise(0.1),
        layers.SpatialDropout1D(0.1), layers.TimeDistributed(layers.Dense(4, activation="relu")),
        layers.GroupNormalization(2), layers.RMSNormalization(), layers.ELU(0.5), layers.LeakyReLU(0.1),
        layers.Softmax(), layers.Permute((2, 1)), layers.UnitNormalization(), layers.Reshape((-1,)),
        layers.Dropout(0.2), layers.GaussianDropout(0.1), layers.AlphaDropout(0.1), layers.RepeatVector(2),
        layers.ReLU(max_value=1.0), layers.Identity(), layers.Masking(), layers.Flatten(),
        layers.ActivityRegularization(0.01), layers.Activation("tanh"), layers.Normalization(), layers.Dense(1),
    ]  # fmt: skip


def words(layers):
    return [layers.Embedding(4, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(1)]


@pytest.mark.parametrize(("writes", "reads"), [(own, real), (real, own)], ids=["to Keras", "from Keras"])
@pytest.mark.parametrize(("make", "x"), [(stack, STEPS), (words, WORDS)], ids=["stack", "words"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_files(make, x, writes, reads, tmp_path):
    """A model of these layers, trained and saved by one library, gives the same in the other."""
    start = {"shape": x.shape[1:], "dtype": x.dtype.name}
    model, other = (keras.Sequential([keras.Input(**start), *make(keras.layers)]) for keras in (writes, reads))
    model.compile("adam", "mse")
    model.fit(x, TARGETS[:, 0, :1], epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    again = reads.models.load_model(tmp_path / "model.keras")
    close(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    close(other.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)
