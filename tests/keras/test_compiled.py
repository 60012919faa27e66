"""Everything that trains, compiled beside eager: an epoch from equal weights ends in the same place."""

from __future__ import annotations

import copy
import functools
import importlib.util
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import small

import klods
from klods import backends, keras
from klods.errors import DataError, TraceWarning
from klods.keras import activations, constraints, initializers, losses, optimizers, regularizers
from klods.keras.layers import KNOWN as LAYERS

BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]
layers, X = keras.layers, small.inputs(100)
Dense = layers.Dense
SPARSE, ONE_HOT, BINARY = small.labels(100), small.one_hot(100), (small.labels(100) == 1).astype(np.float32)[:, None]
TARGETS = small.targets(100)


class Job:
    """A model, how it is compiled, and its labels."""

    def __init__(self, made_of: Callable[[], list[Any]], y: Any = SPARSE, **compiled: Any) -> None:
        self.layers, self.y = made_of, y
        self.compiled = {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **compiled}

    def trained(self, **how: Any) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Return the figures of an epoch whose last batch is smaller, and all numbers of model and optimizer."""
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((small.WIDTH,)), *self.layers()])
        optimizer = optimizers.get(self.compiled["optimizer"])
        given = {**self.compiled, "optimizer": type(optimizer).from_config(optimizer.get_config())}
        if "metrics" in given:
            given["metrics"] = [
                type(m).from_config(m.get_config()) if hasattr(m, "get_config") else m for m in given["metrics"]
            ]
        model.compile(**given, **how)
        history = model.fit(X, self.y, batch_size=32, verbose=0, shuffle=False, validation_split=0.2).history
        return history, [v.numpy() for v in [*model.weights, *model.optimizer.variables]]


def hidden(last: str | None = "softmax", units: int = small.CLASSES, **options: Any) -> Callable[[], list[Any]]:
    return lambda: [Dense(16, activation="tanh", **options), Dense(units, activation=last)]


OPTIMIZERS = [
    optimizers.SGD(0.1),
    optimizers.SGD(0.1, momentum=0.9, weight_decay=0.01),
    optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipvalue=0.01),
    optimizers.RMSprop(0.01),
    optimizers.RMSprop(0.01, momentum=0.5, centered=True, clipnorm=0.1),
    optimizers.Adam(0.01),
    optimizers.Adam(0.01, amsgrad=True, global_clipnorm=0.1, weight_decay=0.1),
]
REGULARIZERS = {
    "L1": regularizers.L1(0.01),
    "L2": regularizers.L2(0.01),
    "L1L2": regularizers.L1L2(0.01, 0.02),
    "OrthogonalRegularizer": regularizers.OrthogonalRegularizer(0.1),
}
BOUNDS = {"MinMaxNorm": constraints.MinMaxNorm(0.5, 1.0), "MaxNorm": constraints.MaxNorm(0.5)}


class Merged(keras.layers.Layer):
    """Two branches, and a layer that joins them."""

    def __init__(self, merge: Any) -> None:
        super().__init__()
        self.branches, self.merge = [Dense(4), Dense(4, activation="tanh")], merge

    def call(self, inputs: Any) -> Any:
        return self.merge([branch(inputs) for branch in self.branches])


def between(*layers: Callable[[], Any]) -> Callable[[], list[Any]]:
    """Return what makes a network with these layers after a first one."""
    return lambda: [Dense(16), *(make() for make in layers), Dense(small.CLASSES, activation="softmax")]


def square() -> Any:
    return layers.Reshape((4, 4))


def whole(x: Any) -> Any:
    return klods.cast(10 * x, "int64")


def first(*made_of: Callable[[], Any]) -> Callable[[], list[Any]]:
    """Return a stack that begins with layers that let no gradient through."""
    return lambda: [*[make() for make in made_of], Dense(small.CLASSES, activation="softmax")]


LAYER_JOBS: dict[str, Callable[[], list[Any]]] = {
    "Dense": lambda: [Dense(16, use_bias=False), Dense(small.CLASSES, activation="softmax")],
    "InputLayer": hidden(),
    "Activation": between(lambda: layers.Activation("relu")),
    "ActivityRegularization": between(lambda: layers.ActivityRegularization(l2=0.01)),
    "AlphaDropout": between(lambda: layers.AlphaDropout(0.2)),
    "BatchNormalization": between(layers.BatchNormalization),
    "CategoryEncoding": first(lambda: layers.Lambda(whole), lambda: layers.CategoryEncoding(11, "count")),
    "Discretization": first(lambda: layers.Discretization([0.3, 0.6], output_mode="count")),
    "Dropout": between(lambda: layers.Dropout(0.2)),
    "ELU": between(layers.ELU),
    "EinsumDense": between(lambda: layers.EinsumDense("ab,bc->ac", 5, bias_axes="c")),
    "Embedding": lambda: [
        layers.Lambda(lambda x: klods.cast(10 * x, "int32")),
        layers.Embedding(11, 4),
        layers.Flatten(),
        Dense(small.CLASSES, activation="softmax"),
    ],
    "Flatten": between(layers.Flatten),
    "GaussianDropout": between(lambda: layers.GaussianDropout(0.2)),
    "GaussianNoise": between(lambda: layers.GaussianNoise(0.1)),
    "GlobalAveragePooling1D": between(square, layers.GlobalAveragePooling1D),
    "GlobalMaxPooling1D": between(square, layers.GlobalMaxPooling1D),
    "GroupNormalization": between(lambda: layers.GroupNormalization(4)),
    "HashedCrossing": first(
        lambda: layers.Lambda(lambda x: [whole(x[:, 0]), whole(x[:, 1])]), lambda: layers.HashedCrossing(5, "one_hot")
    ),
    "Hashing": first(lambda: layers.Lambda(whole), lambda: layers.Hashing(5, output_mode="count")),
    "Identity": between(layers.Identity),
    "IntegerLookup": first(
        lambda: layers.Lambda(whole), lambda: layers.IntegerLookup(vocabulary=[3, 1, 5], output_mode="multi_hot")
    ),
    "Lambda": between(lambda: layers.Lambda(lambda x: 2 * x)),
    "LayerNormalization": between(layers.LayerNormalization),
    "LeakyReLU": between(layers.LeakyReLU),
    "Masking": between(square, layers.Masking, layers.Flatten),
    "Normalization": between(lambda: layers.Normalization(mean=0.5, variance=2.0)),
    "PReLU": between(layers.PReLU),
    "Permute": between(square, lambda: layers.Permute((2, 1)), layers.Flatten),
    "RMSNormalization": between(layers.RMSNormalization),
    "ReLU": between(layers.ReLU),
    "RepeatVector": between(lambda: layers.RepeatVector(3), layers.Flatten),
    "Rescaling": between(lambda: layers.Rescaling(0.5, 0.1)),
    "Reshape": between(square, layers.Flatten),
    "Softmax": between(layers.Softmax),
    "SpatialDropout1D": between(square, lambda: layers.SpatialDropout1D(0.2), layers.Flatten),
    "TimeDistributed": between(square, lambda: layers.TimeDistributed(Dense(2)), layers.Flatten),
    "UnitNormalization": between(layers.UnitNormalization),
    **{
        kind.__name__: between(lambda kind=kind: Merged(kind()))
        for kind in (
            layers.Add,
            layers.Average,
            layers.Concatenate,
            layers.Maximum,
            layers.Minimum,
            layers.Multiply,
            layers.Subtract,
        )
    },
    "Dot": between(lambda: Merged(layers.Dot(1))),
}

JOBS: dict[str, Job] = {
    **{f"optimizer {i} {x.name}": Job(hidden(), optimizer=x, metrics=["accuracy"]) for i, x in enumerate(OPTIMIZERS)},
    "loss of sums": Job(hidden(None), TARGETS, loss=losses.MeanSquaredError(reduction="sum")),
    "loss from logits": Job(hidden(None), loss=losses.SparseCategoricalCrossentropy(from_logits=True)),
    "loss of truths from logits": Job(hidden(None, 1), BINARY, loss=losses.BinaryCrossentropy(from_logits=True)),
    "loss of smooth labels": Job(hidden(), ONE_HOT, loss=losses.CategoricalCrossentropy(label_smoothing=0.1)),
    **{
        f"activation {name}": Job(lambda name=name: [Dense(16, activation=name), Dense(3, "softmax")])
        for name in activations.KNOWN
        if name not in ("glu", "threshold")  # which halve the units, and need arguments
    },
    **{
        f"regularizer {name}": Job(hidden(kernel_regularizer=x, bias_regularizer=None if "Orthogonal" in name else x))
        for name, x in REGULARIZERS.items()
    },
    "regularizer of outputs": Job(hidden(activity_regularizer="l2")),
    **{
        f"constraint {name}": Job(hidden(kernel_constraint=BOUNDS.get(name, name)), optimizer=optimizers.SGD(1.0))
        for name in constraints.KNOWN
    },
    **{f"layer {name}": Job(made_of) for name, made_of in LAYER_JOBS.items()},
}  # fmt: skip
INITIALIZERS = [name for name in initializers.KNOWN if name not in ("Identity", "identity")]


OF_TEXT = {"StringLookup", "TextVectorization"}  # which isn't compiled


def test_the_table_has_every_layer_and_regularizer():
    assert set(LAYERS) - {name.lower() for name in LAYERS} - OF_TEXT <= set(LAYER_JOBS)
    assert {kind.__name__ for kind in regularizers.KNOWN.values()} == set(REGULARIZERS)


@pytest.mark.parametrize("name", JOBS)
def test_an_epoch_compiled_ends_where_an_eager_one_does(name, monkeypatch):
    expected, weights = JOBS[name].trained(run_eagerly=True)
    for backend in BACKENDS:
        monkeypatch.setattr(backends, "_chosen", [backend])
        with warnings.catch_warnings():
            warnings.simplefilter("error", TraceWarning)
            figures, numbers = JOBS[name].trained(jit_compile=True)
        assert figures.keys() == expected.keys()
        for key in expected:
            np.testing.assert_allclose(figures[key], expected[key], rtol=1e-4, err_msg=f"{backend} {key}")
        for got, wanted in zip(numbers, weights, strict=True):
            np.testing.assert_allclose(got, wanted, 1e-4, 1e-4 * abs(wanted).max(initial=1e-3), err_msg=backend)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_model_built_in_a_compiled_step_starts_from_the_same_weights(name, monkeypatch):
    """Not even the first call, which makes the weights, differs."""
    outcomes = []
    for how in ({"run_eagerly": True}, {"jit_compile": True}):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([Dense(small.WIDTH, kernel_initializer=name), Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy", **how)
        outcomes.append((model.fit(X, SPARSE, verbose=0, shuffle=False).history["loss"], model.weights))
    np.testing.assert_allclose(outcomes[0][0], outcomes[1][0], rtol=1e-4)
    for eager, compiled in zip(outcomes[0][1], outcomes[1][1], strict=True):
        np.testing.assert_allclose(eager.numpy(), compiled.numpy(), rtol=1e-4, atol=1e-5)


CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "momentum": (lambda: optimizers.SGD(momentum=0.5), {"momentum": 0.9}),
    "nesterov": (lambda: optimizers.SGD(momentum=0.5), {"nesterov": True}),
    "clipnorm": (optimizers.SGD, {"clipnorm": 1e-3}),
    "weight decay": (optimizers.SGD, {"weight_decay": 0.5}),
    "rho": (optimizers.RMSprop, {"rho": 0.1}),
    "epsilon": (optimizers.Adam, {"epsilon": 1.0}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_optimizer_changed_after_training_goes_on_as_changed(name):
    make, changes = CHANGES[name]
    compiled, eager = (_trained_twice(make(), changes, run_eagerly) for run_eagerly in (False, True))
    assert_close(compiled, eager)


def _trained_twice(optimizer: Any, changes: dict[str, Any], run_eagerly: bool) -> list[np.ndarray]:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(hidden()())
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=run_eagerly)
    model.fit(X, SPARSE, verbose=0)
    for attribute, value in changes.items():
        setattr(optimizer, attribute, value)
    model.fit(X, SPARSE, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize(("layer", "attribute", "values"), [(0, "trainable", [True, False]), (1, "rate", [0.5, 0.25])])
def test_what_callbacks_change_between_epochs_counts_from_the_next(layer, attribute, values):
    class Change(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            setattr(self.model.layers[layer], attribute, values[epoch])

    def trained(run_eagerly: bool) -> list[np.ndarray]:
        keras.utils.set_random_seed(3)
        model = keras.Sequential([Dense(16), keras.layers.Dropout(0.5), Dense(small.CLASSES, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=run_eagerly)
        model.fit(X, SPARSE, epochs=2, verbose=0, callbacks=[Change()])
        return model.get_weights()

    assert_close(trained(False), trained(True))


class Custom(keras.Sequential):
    """A model whose training step is the user's own, and counts how often Python runs it."""

    def train_step(self, data):
        self.runs.append(len(data[0]))
        with klods.GradientTape() as tape:
            loss = self.compute_loss(*data, self(data[0], training=True))
        if self.branches and loss < 0:
            raise AssertionError
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {"loss": loss}


@pytest.mark.parametrize(("branches", "warnings_heard"), [(False, 0), (True, 1)])
def test_a_step_that_builds_its_model_is_traced_or_warned_of_once(branches, warnings_heard):
    model = Custom([Dense(4)])
    model.runs, model.branches = [], branches
    model.compile("sgd", "sparse_categorical_crossentropy")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        model.fit(X, SPARSE, batch_size=50, epochs=2, verbose=0)
        if not branches:
            runs = len(model.runs)
            model.fit(X, SPARSE, batch_size=50, verbose=0)
            assert len(model.runs) == runs == 2  # the first makes the weights
    assert sum(issubclass(x.category, TraceWarning) for x in heard) == warnings_heard
    model.layers[0].trainable, kernel = False, model.layers[0].kernel.numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, SPARSE, batch_size=50, verbose=0)
    np.testing.assert_array_equal(model.layers[0].kernel, kernel)


def test_a_step_may_take_apart_the_dict_that_it_is_given():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            labels = data.pop("labels")
            return super().train_step((data["x"], labels))

    model = Model()
    model.compile("sgd", "mse")
    batches = {"x": X, "labels": X[:, :1]}
    model.fit(batches, batch_size=40, verbose=0)
    assert [*batches] == ["x", "labels"]


@pytest.mark.parametrize(
    "call",
    [
        lambda model, x: model.predict(x, verbose=0),
        lambda model, x: model.train_on_batch(x, SPARSE),
        lambda model, x: model.evaluate(x, SPARSE, verbose=0),
    ],
)
def test_a_function_that_trains_or_predicts_runs_as_it_is(call):
    def made():
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((small.WIDTH,)), Dense(4)])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    calling = klods.function(functools.partial(call, made()))
    with pytest.warns(TraceWarning, match="runs as it is, not compiled.*test_compiled"):
        result = calling(X)
    np.testing.assert_array_equal(result, call(made(), X))


@pytest.mark.parametrize("copied_by", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_trained_model_trains_apart_from_it(copied_by):
    model = keras.Sequential(hidden()())
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, SPARSE, verbose=0)
    before = model.get_weights()
    copied = copied_by(model)
    results = []
    for each in (copied, model):
        each.fit(X, SPARSE, verbose=0, shuffle=False)
        results.append(each.get_weights())
        assert_close(before if each is copied else results[0], model.get_weights())
    assert copied.optimizer.iterations.numpy() == model.optimizer.iterations.numpy()


def test_an_optimizer_around_another_is_not_made_by_its_name():
    with pytest.raises(DataError, match="LossScaleOptimizer isn't made by its name alone: it takes inner_optimizer"):
        small.regressor().compile("LossScaleOptimizer", "mse")


@pytest.mark.parametrize("optimizer", [name for name in optimizers.KNOWN if "scale" not in name.lower()])
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_weights_keep_their_dtype_in_compiled_steps(dtype, optimizer):
    model = keras.Sequential(hidden(dtype=dtype)())
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(X, SPARSE, verbose=0)
    slots = model.optimizer.variables[2:]
    assert {v.dtype.name for v in [*model.layers[0].weights, *slots[:2]]} == {dtype}


def assert_close(some: list[np.ndarray], others: list[np.ndarray]) -> None:
    for one, other in zip(some, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
