"""What evaluate, predict and the calls on single batches return: values, types, order and names."""

from __future__ import annotations

import jobs
import numpy as np
import pytest
from beside import close, own, real

X, Y = jobs.regression()
WEIGHTS = np.linspace(0.2, 2, len(X)).astype("float32")
SETTINGS = {
    "loss alone": lambda keras: {"loss": "mse"},
    "one metric": lambda keras: {"loss": "mse", "metrics": ["mae"]},
    "metrics out of order": lambda keras: {
        "loss": "mae",
        "metrics": ["mse", "mae", keras.metrics.RootMeanSquaredError(name="a_root")],
    },
    "weighted": lambda keras: {"loss": "mse", "metrics": ["mse"], "weighted_metrics": ["mae"]},
}
each_setting = pytest.mark.parametrize("setting", SETTINGS)


def compiled(keras, setting):
    model = jobs.network(keras, [8, 1], kernel_regularizer="l2")
    model.compile("sgd", **SETTINGS[setting](keras))
    return model


def same(ours, theirs):
    """Check that what two calls returned has the same types and numbers."""
    assert type(ours) is type(theirs)
    if isinstance(ours, (list, dict)):
        figures = zip(ours.values(), theirs.values()) if isinstance(ours, dict) else zip(ours, theirs)
        assert all(type(mine) is type(other) for mine, other in figures)
    close(ours, theirs, rtol=1e-4)


def told(keras, setting, call):
    return call(compiled(keras, setting))


CALLS = {
    "evaluate": lambda model: model.evaluate(X, Y, verbose=0),
    "evaluate as dict": lambda model: model.evaluate(X, Y, verbose=0, return_dict=True),
    "evaluate in large batches": lambda model: model.evaluate(X, Y, batch_size=100, verbose=0),
    "evaluate with weights": lambda model: model.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0),
    "evaluate two steps": lambda model: model.evaluate(X, Y, batch_size=20, steps=2, verbose=0),
    "evaluate in four steps": lambda model: model.evaluate(X, Y, steps=4, verbose=0),
    "train_on_batch": lambda model: model.train_on_batch(X, Y),
    "train_on_batch as dict": lambda model: model.train_on_batch(X, Y, return_dict=True),
    "train_on_batch with weights": lambda model: model.train_on_batch(X, Y, sample_weight=WEIGHTS),
    "train_on_batch twice": lambda model: [model.train_on_batch(X[:9], Y[:9]), model.train_on_batch(X, Y)][-1],
    "test_on_batch": lambda model: model.test_on_batch(X, Y),
    "test_on_batch as dict": lambda model: model.test_on_batch(X, Y, WEIGHTS, return_dict=True),
    "test after train": lambda model: [model.train_on_batch(X[:9], Y[:9]), model.test_on_batch(X, Y)][-1],
    "predict": lambda model: model.predict(X, verbose=0),
    "predict in large batches": lambda model: model.predict(X, batch_size=1000, verbose=0),
    "predict two steps": lambda model: model.predict(X, batch_size=20, steps=2, verbose=0),
    "predict a list": lambda model: model.predict(X[:5].astype("float64"), verbose=0),
    "predict_on_batch": lambda model: model.predict_on_batch(X),
}


@pytest.mark.parametrize("call", CALLS)
@each_setting
def test_call(call, setting):
    same(told(own, setting, CALLS[call]), told(real, setting, CALLS[call]))


def test_class_weight_on_a_batch():
    x, y = jobs.classes()

    def call(keras):
        model = jobs.network(keras, [8, 3], "softmax")
        model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        return model.train_on_batch(x, y, class_weight={0: 3.0, 1: 0.5})

    same(call(own), call(real))


def test_metrics_of_one_name():
    """Keras's evaluate returns such figures twice or not at all; the dict tells them apart."""
    x, y = jobs.classes()

    def call(keras):
        model = jobs.network(keras, [8, 3], "softmax")
        twice = [
            keras.metrics.SparseCategoricalAccuracy(name="hits"),
            keras.metrics.SparseCategoricalAccuracy(name="hits"),
        ]
        model.compile(
            "sgd", "sparse_categorical_crossentropy", metrics=["accuracy", *twice], weighted_metrics=["accuracy"]
        )
        return model.evaluate(x, y, sample_weight=WEIGHTS, return_dict=True, verbose=0)

    same(call(own), call(real))


@pytest.mark.parametrize("form", ["list", "nested", "dict"])
def test_forms_of_metrics(form):
    def call(keras):
        model = jobs.network(keras, [8, 1])
        metrics = {"list": ["mae"], "nested": [["mae", "mse"]], "dict": {"out": ["mae", "mse"]}}[form]
        model.compile("sgd", "mse", metrics=metrics)
        return model.evaluate(X, Y, return_dict=True, verbose=0)

    same(call(own), call(real))


@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
@pytest.mark.parametrize("data", ["binary", "classes", "one_hot"])
def test_accuracy_by_shapes(name, data):
    x, y = getattr(jobs, data)()
    outputs, activation, loss = {
        "binary": (1, "sigmoid", "binary_crossentropy"),
        "classes": (3, "softmax", "sparse_categorical_crossentropy"),
        "one_hot": (3, "softmax", "categorical_crossentropy"),
    }[data]

    def call(keras):
        model = jobs.network(keras, [8, outputs], activation)
        model.compile("sgd", loss, metrics=[name])
        return model.evaluate(x, y, return_dict=True, verbose=0)

    same(call(own), call(real))


def test_stop_training():
    """A callback may end training after a batch; the epoch's figures are those of the batches until then."""

    def run(keras):
        class Stop(keras.callbacks.Callback):
            batches = 0

            def on_train_batch_end(self, batch, logs=None):
                self.batches += 1
                self.model.stop_training = self.batches == 10

        model, stop = compiled(keras, "one metric"), Stop()
        told = model.fit(X, Y, epochs=5, verbose=0, shuffle=False, callbacks=[stop])
        assert (stop.batches, told.epoch) == (10, [0, 1])
        return told.history

    close(run(own), run(real), rtol=1e-3)
