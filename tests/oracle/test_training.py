"""Training from equal weights on equal batches: losses and metrics of every epoch within 0.1 % of Keras's."""

from __future__ import annotations

import functools

import jobs
import numpy as np
import pytest
from beside import close, own, real

WEIGHTS = np.linspace(0.2, 2, 230).astype("float32")
X, Y = jobs.regression()
# name: model, compile, data, fit
JOBS = {
    "chapter": (
        lambda keras: jobs.network(keras, [512, 10], "softmax", width=784),
        lambda keras: {"optimizer": "rmsprop", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        lambda: jobs.images(1500),
        {"batch_size": 128, "epochs": 5},
    ),
    "binary": (
        lambda keras: jobs.network(keras, [16, 1], "sigmoid"),
        lambda keras: {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy", "binary_accuracy"]},
        jobs.binary,
        {"batch_size": 16, "epochs": 6},
    ),
    "binary from logits": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {
            "optimizer": keras.optimizers.Adam(0.01, amsgrad=True),
            "loss": keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
            "metrics": [keras.metrics.BinaryAccuracy(threshold=0.0, name="hits")],
        },
        jobs.binary,
        {"batch_size": 50, "epochs": 4},
    ),
    "regression": (
        lambda keras: jobs.network(keras, [16, 8, 1]),
        lambda keras: {
            "optimizer": keras.optimizers.SGD(0.05, momentum=0.9),
            "loss": "mse",
            "metrics": ["mae", keras.metrics.RootMeanSquaredError()],
        },
        jobs.regression,
        {"batch_size": 32, "epochs": 8},
    ),
    "nesterov, weight decay, clipping": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {
            "optimizer": keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.02, global_clipnorm=0.5),
            "loss": keras.losses.MeanAbsoluteError(),
        },
        jobs.regression,
        {"epochs": 5},
    ),
    "one-hot classes": (
        lambda keras: jobs.network(keras, [16, 3], "softmax"),
        lambda keras: {
            "optimizer": keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
            "loss": "categorical_crossentropy",
            "metrics": ["acc", "mse", "categorical_crossentropy"],
        },
        jobs.one_hot,
        {"epochs": 4},
    ),
    "classes from logits": (
        lambda keras: jobs.network(keras, [16, 3]),
        lambda keras: {
            "optimizer": "sgd",
            "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1),
            "metrics": [keras.metrics.SparseCategoricalAccuracy(), "sparse_categorical_accuracy"],
        },
        jobs.classes,
        {"epochs": 3},
    ),
    "validation_data": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "rmsprop", "loss": "mse", "metrics": ["mae"]},
        jobs.regression,
        {"epochs": 3, "validation_data": (X[:70], Y[:70]), "validation_batch_size": 20},
    ),
    "validation_data with weights, every second epoch": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "rmsprop", "loss": "mse", "weighted_metrics": ["mae"]},
        jobs.regression,
        {"epochs": 5, "validation_data": (X[:70], Y[:70], WEIGHTS[:70]), "validation_freq": 2, "validation_steps": 2},
    ),
    "validation_freq as a list": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "rmsprop", "loss": "mse"},
        jobs.regression,
        {"epochs": 4, "validation_split": 0.3, "validation_freq": [1, 4]},
    ),
    "validation_split": (
        lambda keras: jobs.network(keras, [16, 1], "sigmoid"),
        lambda keras: {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"]},
        jobs.binary,
        {"epochs": 3, "validation_split": 0.33},
    ),
    "class_weight": (
        lambda keras: jobs.network(keras, [16, 3], "softmax"),
        lambda keras: {
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            "weighted_metrics": ["accuracy"],
        },
        jobs.classes,
        {"epochs": 3, "class_weight": {0: 0.5, 2: 3.0}, "validation_split": 0.25},
    ),
    "class_weight of one-hot labels": (
        lambda keras: jobs.network(keras, [16, 3], "softmax"),
        lambda keras: {"optimizer": "adam", "loss": "categorical_crossentropy"},
        jobs.one_hot,
        {"epochs": 3, "class_weight": {0: 0.5, 1: 1.5}},
    ),
    "sample_weight": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "adam", "loss": "mse", "metrics": ["mse"], "weighted_metrics": ["mse", "mae"]},
        jobs.regression,
        {"epochs": 3, "sample_weight": WEIGHTS, "validation_split": 0.2},
    ),
    "mean with sample weights": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "adam", "loss": keras.losses.MeanSquaredError("mean_with_sample_weight")},
        jobs.regression,
        {"epochs": 3, "sample_weight": WEIGHTS},
    ),
    "regularizers": (
        lambda keras: jobs.network(
            keras,
            [16, 1],
            kernel_regularizer="l2",
            bias_regularizer=keras.regularizers.L2(0.1),
            activity_regularizer=keras.regularizers.L1L2(0.01, 0.02),
        ),
        lambda keras: {"optimizer": "adam", "loss": "mse", "metrics": ["mse"]},
        jobs.regression,
        {"epochs": 4, "validation_split": 0.2},
    ),
    "constraints": (
        lambda keras: jobs.network(keras, [16, 1], kernel_constraint=keras.constraints.MaxNorm(0.7)),
        lambda keras: {"optimizer": keras.optimizers.SGD(0.1), "loss": "mse"},
        jobs.regression,
        {"epochs": 4},
    ),
    "loss_weights": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": keras.optimizers.SGD(0.1), "loss": ["mse"], "loss_weights": [0.25]},
        jobs.regression,
        {"epochs": 3},
    ),
    "a loss and a metric of one's own": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "adam", "loss": fourth_power, "metrics": [largest_error, "mae"]},
        jobs.regression,
        {"epochs": 3},
    ),
    "summed losses, smaller last batch": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": keras.optimizers.SGD(0.001), "loss": keras.losses.MeanSquaredError("sum")},
        jobs.regression,
        {"epochs": 3, "sample_weight": WEIGHTS, "batch_size": 64},
    ),
    "a frozen layer": (
        lambda keras: frozen(keras),
        lambda keras: {"optimizer": "adam", "loss": "mse"},
        jobs.regression,
        {"epochs": 3},
    ),
    "a model of one's own": (
        lambda keras: subclassed(keras),
        lambda keras: {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]},
        jobs.regression,
        {"epochs": 3, "validation_split": 0.2},
    ),
    "no targets": (
        lambda keras: subclassed(keras),
        lambda keras: {"optimizer": "adam"},
        lambda: (X, None),
        {"epochs": 3},
    ),
    "initial_epoch": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "adam", "loss": "mse"},
        jobs.regression,
        {"epochs": 5, "initial_epoch": 3},
    ),
    "batches larger than the data": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "adam", "loss": "mse"},
        jobs.regression,
        {"epochs": 3, "batch_size": 1000},
    ),
    "steps_per_epoch": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "adam", "loss": "mse"},
        jobs.regression,
        {"epochs": 5, "steps_per_epoch": 4, "batch_size": 20},
    ),
    "steps_per_epoch without a batch size": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "adam", "loss": "mse"},
        jobs.regression,
        {"epochs": 3, "steps_per_epoch": 4, "validation_split": 0.25, "validation_steps": 3},
    ),
    "more steps_per_epoch than batches": (
        lambda keras: jobs.network(keras, [16, 1]),
        lambda keras: {"optimizer": "adam", "loss": "mse"},
        jobs.regression,
        {"epochs": 3, "steps_per_epoch": 40, "batch_size": 20},
    ),
    "run_eagerly, lists of numbers": (
        lambda keras: jobs.network(keras, [4, 1]),
        lambda keras: {"optimizer": "sgd", "loss": "mse", "run_eagerly": True},
        lambda: tuple(part[:20].astype("float64") for part in jobs.regression()),
        {"epochs": 2, "batch_size": 8},
    ),
    "labels as a column, images of bytes": (
        lambda keras: flattened(keras),
        lambda keras: {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        lambda: ((jobs.images(200)[0] * 5).astype("uint8").reshape(-1, 28, 28), jobs.images(200)[1][:, None]),
        {"epochs": 2},
    ),
}


def fourth_power(y_true, y_pred):
    return (y_true - y_pred) ** 4


def largest_error(y_true, y_pred):
    return abs(y_true - y_pred)


def frozen(keras):
    model = jobs.network(keras, [16, 8, 1])
    model.layers[1].trainable = False
    return model


def subclassed(keras):
    class Pair(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = [keras.layers.Dense(8, "relu"), keras.layers.Dense(8, "tanh", kernel_regularizer="l2")]
            self.last = keras.layers.Dense(1)

        def call(self, inputs, training=False):
            outputs = sum(layer(inputs) for layer in self.hidden)
            self.add_loss(0.01 * keras.ops.sum(outputs**2))
            return self.last(outputs) * (1.5 if training else 1.0)

    model = Pair()
    model(X[:2])
    jobs.fix_weights(model)
    return model


def flattened(keras):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax"), keras.layers.Dropout(0.0)])
    model.build((None, 28, 28))
    jobs.fix_weights(model)
    return model


@functools.cache
def trained(keras, job, **how):
    """Train a job and return the model and its history."""
    build, settings, data, arguments = JOBS[job]
    model = build(keras)
    model.compile(**{**settings(keras), **how})
    return model, model.fit(*data(), shuffle=False, verbose=0, **arguments)


@pytest.mark.filterwarnings("ignore:Your input ran out of data", "ignore:Only 12 batches", "ignore:The gradient with")
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("job", JOBS)
def test_history(job, jit_compile):
    """Operation by operation, and compiled: klods's step gives Keras's figures both ways."""
    how = {"jit_compile": jit_compile, "run_eagerly": not jit_compile}
    (model, ours), (twin, theirs) = trained(own, job, **how), trained(real, job)
    close(ours.history, theirs.history, rtol=1e-3, atol=1e-6)
    assert ours.epoch == theirs.epoch
    assert {key: ours.params[key] for key in theirs.params} == theirs.params
    assert all(type(figure) is float for figures in ours.history.values() for figure in figures)
    close(model.get_weights(), twin.get_weights(), rtol=1e-2, atol=1e-3)
    assert int(model.optimizer.iterations) == int(twin.optimizer.iterations)
