"""Metrics as steps of one's own use them: `compile_metrics`, of several outputs and with sample weights."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from beside import close, own, real
from test_histories import BOTH, KINDS, NAMED, OTHERS, PRICES, SPARSE, WEIGHTS, X, branches, chain, joined

import klods
from klods.errors import TraceWarning

BY_NAME = {
    "loss": {"price": "mse", "kind": SPARSE},
    "metrics": {"kind": "accuracy", "price": ["mae", "mse"]},
    "weighted_metrics": {"price": ["mae"]},
}
# A model, what it is compiled with, targets and sample weights.
JOBS = {
    "one output": (chain(None, 2), {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mse"]}, PRICES, WEIGHTS),
    "a list": (branches("list"), {"loss": ["mse", SPARSE], "metrics": [["mae"], ["accuracy"]]}, BOTH, None),
    "a tuple, all weighted": (
        branches("tuple"),
        {"loss": ["mse", SPARSE], "weighted_metrics": [["mae", "mse"], None]},
        tuple(BOTH),
        (WEIGHTS, OTHERS),
    ),
    "a dict": (branches("dict"), BY_NAME, NAMED, {"price": WEIGHTS, "kind": OTHERS}),
    "a dict, one weight for all": (branches("dict"), BY_NAME, NAMED, WEIGHTS),
    "outputs in outputs": (  # for which Keras takes no metrics
        branches("nested"),
        {"loss": {"numbers": ["mse"], "classes": {"kind": SPARSE}}},
        {"numbers": [PRICES], "classes": {"kind": KINDS}},
        None,
    ),
    "placeholders, a list": (joined("list"), {"loss": ["mse", SPARSE], "metrics": [["mae"], ["accuracy"]]}, BOTH, None),
    "placeholders, a dict": (joined("dict"), BY_NAME, NAMED, {"price": WEIGHTS, "kind": OTHERS}),
    "no metrics": (branches("list"), {"loss": ["mse", SPARSE]}, BOTH, None),
    "an empty list of metrics": (branches("list"), {"loss": ["mse", SPARSE], "metrics": []}, BOTH, None),
    "one loss of two": (branches("list"), {"loss": ["mse", None], "metrics": [["mae"], ["accuracy"]]}, BOTH, None),
}
each_job = pytest.mark.parametrize("job", JOBS)
pytestmark = pytest.mark.filterwarnings("ignore:The gradient with respect to")  # of outputs without a loss


def compiled(keras, job, change=lambda model: model):
    """Return a model with the weights that all have, compiled so that training leaves them."""
    build, settings, y, weights = JOBS[job]
    model = change(build(keras))
    model.compile(keras.optimizers.SGD(0.0), **settings)
    return model, {"y": y, "sample_weight": weights}


@each_job
def test_metrics_of_a_model(job):
    (ours, data), (theirs, _) = (compiled(keras, job) for keras in (own, real))
    assert [m.name for m in ours.metrics] == [m.name for m in theirs.metrics]
    figures = [model.evaluate(X, **data, verbose=0) for model in (ours, theirs)]
    close(*figures, rtol=1e-4)
    assert [m.name for m in ours.metrics] == [m.name for m in theirs.metrics]
    assert all(ours.metrics[i] is metric for i, metric in enumerate(ours.metrics))
    # Keras's metrics_names have `compile_metrics` for however many figures; klods's name what evaluate returns.
    named = theirs.evaluate(X, **data, return_dict=True, verbose=0)
    close([named[name] for name in ours.metrics_names], figures[1])


@each_job
def test_all_metrics_are_one(job):
    """Updated twice with the whole batch, then reset."""
    results = []
    for keras in (own, real):
        model, data = compiled(keras, job)
        model.evaluate(X, **data, verbose=0)
        model.reset_metrics()
        both = [metric for metric in model.metrics if metric.name == "compile_metrics"]
        for metric in both:
            metric.update_state(data["y"], model(X), data["sample_weight"])
            metric.update_state(data["y"], model(X[::-1]), sample_weight=data["sample_weight"])
        before = [metric.result() for metric in both]
        for metric in both:
            metric.reset_state()
        results.append([before, [metric.result() for metric in both], [len(metric.metrics) for metric in both]])
    close(*results, rtol=1e-4)


def in_words_of_its_own(model):
    """Let a model update and collect its metrics itself."""

    class Worded(type(model)):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            for metric in self.metrics:
                if metric.name == "compile_metrics":
                    metric.update_state(y, y_pred, sample_weight)
            return {metric.name: metric.result() for metric in self.metrics}

    model.__class__ = Worded
    return model


@each_job
def test_figures_in_figures_are_flattened(job):
    """The history, compiled and eager; its order is that of the outer names."""
    histories = []
    for keras, how in ((own, {}), (own, {"run_eagerly": True}), (real, {})):
        model, data = compiled(keras, job, in_words_of_its_own)
        model.compile(keras.optimizers.SGD(0.0), **JOBS[job][1], **how)
        with warnings.catch_warnings():
            warnings.simplefilter("error", TraceWarning)
            history = model.fit(X, **data, epochs=2, batch_size=32, shuffle=False, verbose=0)
        histories.append(history.history)
    close(histories[0], histories[2], rtol=1e-4)
    close(histories[1], histories[2], rtol=1e-4)


def with_the_usual_step(model):
    """Give a model the step that Keras's guides write, in TensorFlow's manner, which Keras on JAX can't run."""

    class Stepping(type(model)):
        def train_step(self, data):
            x, y, *weights = data
            with klods.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(x, y, y_pred, *weights)
            self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred, *weights)
            return {metric.name: metric.result() for metric in self.metrics}

    model.__class__ = Stepping
    return model


@pytest.mark.parametrize("how", [{}, {"run_eagerly": True}], ids=["compiled", "eager"])
@each_job
def test_the_usual_step_gives_the_figures_of_the_built_in_one(job, how):
    (twin, data), (model, _) = compiled(real, job), compiled(own, job, with_the_usual_step)
    model.compile(own.optimizers.SGD(0.0), **JOBS[job][1], **how)
    arguments = {"epochs": 2, "batch_size": 32, "shuffle": False, "verbose": 0, **data}
    with warnings.catch_warnings():
        warnings.simplefilter("error", TraceWarning)
        ours = model.fit(X, **arguments).history
    theirs = twin.fit(X, **arguments).history
    close({name: ours[name] for name in sorted(ours)}, theirs, rtol=1e-4)
    figures = dict(zip(model.metrics_names, model.evaluate(X, **data, verbose=0), strict=True))
    assert figures == model.evaluate(X, **data, return_dict=True, verbose=0)
    assert np.isfinite([*figures.values()]).all()
