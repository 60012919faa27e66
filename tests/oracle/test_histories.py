"""Small networks of any structure, trained on any kind of data from equal weights: histories within 0.5 % of Keras's.

A row is a model, what it is compiled with, and what `fit` gets. Each is a function of the library, klods's or the real
one. To add a row, write one; `branches` makes models of several inputs and outputs.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jobs
import numpy as np
import pytest
from beside import close, own, real

from klods.errors import TraceWarning

X, PRICES = jobs.points(2, 96)
KINDS = (PRICES[:, 0] > 0).astype("int32") + (PRICES[:, 1] > 0)
WEIGHTS = np.linspace(0.2, 2, len(X)).astype("float32")
OTHERS = WEIGHTS[::-1].copy()
BOTH = [PRICES, KINDS]
NAMED = {"price": PRICES, "kind": KINDS}
SPARSE = "sparse_categorical_crossentropy"
LEFT, RIGHT = X[:, :4], X[:, 4:]
NUMBERS = np.abs(X[:, :5] * 9).astype("int32") % 20


class Row(NamedTuple):
    """What is trained.

    Attributes:
        model: makes the model.
        compile: makes the arguments of `compile`.
        fit: makes the arguments of `fit`.
    """

    model: Callable[[Any], Any]
    compile: Callable[[Any], dict[str, Any]]
    fit: Callable[[Any], dict[str, Any]]


def branches(outputs: str, inputs: str = "one") -> Callable[[Any], Any]:
    """Return what makes a model with a branch of numbers and one of classes, given out as `outputs`."""

    def make(keras: Any) -> Any:
        class Branches(keras.Model):
            def __init__(self):
                super().__init__()
                self.hidden = keras.layers.Dense(8, "tanh", kernel_regularizer="l2")
                self.price, self.kind = keras.layers.Dense(2), keras.layers.Dense(3, "softmax")

            def call(self, inputs):
                if isinstance(inputs, dict):
                    inputs = [inputs["left"], inputs["right"]]
                if isinstance(inputs, (list, tuple)):
                    inputs = keras.ops.concatenate(list(inputs), -1)
                hidden = self.hidden(inputs)
                return form(self.price(hidden), self.kind(hidden))

        form = FORMS[outputs]
        model = Branches()
        model({"one": X, "list": [LEFT, RIGHT], "dict": {"left": LEFT, "right": RIGHT}}[inputs])
        jobs.fix_weights(model)
        return model

    return make


FORMS: dict[str, Callable[[Any, Any], Any]] = {
    "list": lambda price, kind: [price, kind],
    "tuple": lambda price, kind: (price, kind),
    "dict": lambda price, kind: {"price": price, "kind": kind},
    "nested": lambda price, kind: {"numbers": [price], "classes": {"kind": kind}},
    "alike": lambda price, kind: {"price": price, "double": 2 * price},
}


def joined(outputs: str, inputs: str = "one") -> Callable[[Any], Any]:
    """Return what makes the same network of placeholders; its outputs are named `price` and `kind`."""

    def make(keras: Any) -> Any:
        if inputs == "one":
            given = whole = keras.Input((6,))
        else:
            parts = {name: keras.Input((width,), name=name) for name, width in (("left", 4), ("right", 2))}
            given = parts if inputs == "dict" else list(parts.values())
            whole = keras.layers.Concatenate()(list(parts.values()))
        hidden = keras.layers.Dense(8, "tanh", kernel_regularizer="l2")(whole)
        price = keras.layers.Dense(2, name="price")(hidden)
        kind = keras.layers.Dense(3, "softmax", name="kind")(hidden)
        model = keras.Model(given, FORMS[outputs](price, kind))
        jobs.fix_weights(model)
        return model

    return make


def padded(keras: Any) -> Any:
    """Return a model of rows of numbers, of which 0 is padding."""
    numbers = keras.Input((5,), dtype="int32")
    rows = keras.layers.Embedding(20, 4, mask_zero=True)(numbers)
    model = keras.Model(numbers, keras.layers.TimeDistributed(keras.layers.Dense(1))(rows))
    jobs.fix_weights(model)
    return model


def chain(activation: str | None, units: int) -> Callable[[Any], Any]:
    """Return what makes a Sequential model."""
    return lambda keras: jobs.network(keras, [8, units], activation)


def in_order(**arguments: Any) -> Callable[[Any], dict[str, Any]]:
    """Return what makes the arguments of a `fit` that takes samples in order."""
    return lambda keras: {"shuffle": False, "epochs": 3, **arguments}


def batches(*parts: Any, size: int = 20, times: int = 1) -> Any:
    """Yield batches of arrays, in tuples."""
    for _ in range(times):
        for start in range(0, len(X), size):
            yield tuple(cut(part, slice(start, start + size)) for part in parts)


def cut(part: Any, piece: slice) -> Any:
    if isinstance(part, dict):
        return {key: cut(item, piece) for key, item in part.items()}
    return tuple(cut(item, piece) for item in part) if isinstance(part, list) else part[piece]


def dataset(keras: Any, *parts: Any, size: int = 20) -> Any:
    """Return a PyDataset of arrays."""

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return -(-len(X) // size)

        def __getitem__(self, i):
            return tuple(cut(part, slice(i * size, i * size + size)) for part in parts)

    return Batches()


def frame(*columns: str) -> Any:
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(X.astype("float64"), columns=list("abcdef"))[list(columns)]


def own_loss(keras: Any) -> Any:
    """Return a model that computes its loss and its metrics itself."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense, self.error = keras.layers.Dense(2), keras.metrics.Mean(name="error")

        def call(self, inputs):
            return self.dense(inputs)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return keras.ops.mean((y - y_pred) ** 4) + keras.ops.mean(abs(x)) / 10

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            self.error.update_state(abs(y - y_pred))
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "error": self.error.result()}

    model = Own()
    model(X)
    jobs.fix_weights(model)
    return model


def reconstruction(keras: Any) -> Any:
    """Return a model with no loss but what a layer adds."""

    class Distance(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(keras.ops.mean((inputs - X[0]) ** 2, -1))
            return inputs

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6), Distance()])
    jobs.fix_weights(model)
    return model


ROWS = {
    "a list of losses": Row(
        branches("list"), lambda keras: {"loss": ["mse", SPARSE], "optimizer": "adam"}, in_order(x=X, y=BOTH)
    ),
    "a tuple of outputs, metrics for each": Row(
        branches("tuple"),
        lambda keras: {"loss": ("mse", keras.losses.SparseCategoricalCrossentropy()), "metrics": [["mae"], "accuracy"]},
        in_order(x=X, y=tuple(BOTH), validation_split=0.25),
    ),
    "a dict of losses, weights and metrics": Row(
        branches("dict"),
        lambda keras: {
            "loss": {"price": "mae", "kind": SPARSE},
            "loss_weights": {"price": 0.3, "kind": 2.0},
            "metrics": {"kind": ["accuracy"], "price": ["mse", keras.metrics.RootMeanSquaredError()]},
        },
        in_order(x=X, y=NAMED),
    ),
    "lists for a dict of outputs, by the order of its names": Row(
        branches("dict"),
        lambda keras: {"loss": [SPARSE, "mse"], "loss_weights": [1.0, 3.0], "metrics": ["accuracy", "mae"]},
        in_order(x=X, y=[KINDS, PRICES]),
    ),
    "cross-entropy by the shapes": Row(
        branches("list"),
        lambda keras: {"loss": ["mse", "crossentropy"], "metrics": ["mae", "accuracy"], "optimizer": "adam"},
        in_order(x=X, y=BOTH),
    ),
    "one loss for all outputs": Row(
        branches("alike"),
        lambda keras: {"loss": fourth_power, "metrics": ["mse", "mae"], "optimizer": "rmsprop"},
        in_order(x=X, y={"price": PRICES, "double": PRICES}),
    ),
    "outputs in outputs": Row(
        branches("nested"),
        lambda keras: {"loss": {"numbers": ["mse"], "classes": {"kind": SPARSE}}},
        in_order(x=X, y={"numbers": [PRICES], "classes": {"kind": KINDS}}),
    ),
    "an output without a loss": Row(
        branches("list"),
        lambda keras: {"loss": ["mse", None], "metrics": [["mae"], ["accuracy"]]},
        in_order(x=X, y=BOTH),
    ),
    "no target for an output without a loss": Row(
        branches("list"), lambda keras: {"loss": [None, SPARSE]}, in_order(x=X, y=KINDS)
    ),
    "sample weights for each output": Row(
        branches("dict"),
        lambda keras: {
            "loss": {"price": "mse", "kind": SPARSE},
            "metrics": {"price": ["mae"]},
            "weighted_metrics": {"price": ["mae"], "kind": ["accuracy"]},
        },
        in_order(x=X, y=NAMED, sample_weight={"price": WEIGHTS, "kind": OTHERS}),
    ),
    "sample weights for all outputs": Row(
        branches("list"),
        lambda keras: {"loss": ["mse", SPARSE], "weighted_metrics": [["mae"], ["accuracy"]]},
        in_order(x=X, y=BOTH, sample_weight=WEIGHTS),
    ),
    "a list of inputs": Row(
        branches("list", "list"), lambda keras: {"loss": ["mse", SPARSE]}, in_order(x=[LEFT, RIGHT], y=BOTH)
    ),
    "a dict of inputs, validation data with weights": Row(
        branches("dict", "dict"),
        lambda keras: {"loss": {"price": "mse", "kind": SPARSE}, "weighted_metrics": {"kind": "accuracy"}},
        in_order(
            x={"left": LEFT, "right": RIGHT},
            y=NAMED,
            validation_data=(
                {"left": LEFT[:30], "right": RIGHT[:30]},
                cut(NAMED, slice(30)),
                {"price": WEIGHTS[:30], "kind": OTHERS[:30]},
            ),
        ),
    ),
    "placeholders, a list of outputs": Row(
        joined("list", "list"),
        lambda keras: {"loss": ["mse", SPARSE], "metrics": [["mae"], ["accuracy"]]},
        in_order(x=[LEFT, RIGHT], y=BOTH, validation_split=0.25),
    ),
    "placeholders, settings and targets by name for a list of outputs": Row(
        joined("list", "dict"),
        lambda keras: {
            "loss": {"kind": SPARSE, "price": "mse"},
            "loss_weights": {"kind": 2.0, "price": 0.5},
            "metrics": {"kind": "accuracy", "price": ["mae", "mae"]},
        },
        in_order(x={"left": LEFT, "right": RIGHT}, y=NAMED),
    ),
    "placeholders, a dict of outputs": Row(
        joined("dict", "list"),
        lambda keras: {"loss": {"price": "mae", "kind": SPARSE}, "weighted_metrics": {"kind": ["accuracy"]}},
        in_order(x={"left": LEFT, "right": RIGHT}, y=NAMED, sample_weight={"price": WEIGHTS, "kind": OTHERS}),
    ),
    "placeholders, outputs in outputs": Row(
        joined("nested"),
        lambda keras: {"loss": {"numbers": ["mse"], "classes": {"kind": SPARSE}}, "loss_weights": [2.0, 0.1]},
        in_order(x=X, y={"numbers": [PRICES], "classes": {"kind": KINDS}}),
    ),
    "padding": Row(
        padded,
        lambda keras: {"loss": "mse"},
        in_order(x=NUMBERS, y=np.cos(NUMBERS)[..., None].astype("float32"), validation_split=0.25),
    ),
    "padding, weights of rows": Row(
        padded,
        lambda keras: {"loss": "mse"},
        in_order(x=NUMBERS, y=np.cos(NUMBERS)[..., None].astype("float32"), sample_weight=WEIGHTS[:, None]),
    ),
    "weights of classes": Row(
        chain("softmax", 3),
        lambda keras: {"loss": SPARSE, "weighted_metrics": ["accuracy"]},
        in_order(x=X, y=KINDS, class_weight={0: 0.5, 2: 3.0}, validation_split=0.25),
    ),
    "a generator": Row(
        chain(None, 2),
        lambda keras: {"loss": "mse", "metrics": ["mae"]},
        lambda keras: {"x": batches(X, PRICES, times=4), "steps_per_epoch": 5, "epochs": 3},
    ),
    "a generator with sample weights, structures": Row(
        branches("dict", "dict"),
        lambda keras: {"loss": {"price": "mse", "kind": SPARSE}},
        lambda keras: {
            "x": batches({"left": LEFT, "right": RIGHT}, NAMED, {"price": WEIGHTS, "kind": OTHERS}, times=4),
            "steps_per_epoch": 3,
            "epochs": 3,
        },
    ),
    "a PyDataset": Row(
        branches("list", "list"),
        lambda keras: {"loss": ["mse", SPARSE], "metrics": [["mae"], ["accuracy"]]},
        lambda keras: {"x": dataset(keras, [LEFT, RIGHT], BOTH), "shuffle": False, "epochs": 3},
    ),
    "a PyDataset with weights of classes, validated on another": Row(
        chain("softmax", 3),
        lambda keras: {"loss": SPARSE, "weighted_metrics": ["accuracy"]},
        lambda keras: {
            "x": dataset(keras, X, KINDS),
            "validation_data": dataset(keras, X, KINDS, WEIGHTS, size=16),
            "class_weight": {0: 0.5, 2: 3.0},
            "shuffle": False,
            "epochs": 2,
        },
    ),
    "a PyDataset in parts of an epoch": Row(
        chain(None, 2),
        lambda keras: {"loss": "mse"},
        lambda keras: {"x": dataset(keras, X, PRICES), "steps_per_epoch": 2, "shuffle": False, "epochs": 4},
    ),
    "frames": Row(
        chain(None, 2),
        lambda keras: {"loss": "mse", "metrics": ["mae"]},
        lambda keras: {
            "x": frame(*"abcdef"),
            "y": frame("a", "b"),
            "sample_weight": frame("c")["c"].abs(),
            "shuffle": False,
            "validation_split": 0.3,
        },
    ),
    "a loss of the model's own": Row(
        own_loss, lambda keras: {"metrics": ["mae"], "loss": "mse"}, in_order(x=X, y=PRICES)
    ),
    "nothing but add_loss": Row(
        reconstruction, lambda keras: {"loss": None, "optimizer": keras.optimizers.SGD(0.001)}, in_order(x=X)
    ),
}


def fourth_power(y_true, y_pred):
    return (y_true - y_pred) ** 4


@functools.cache
def trained(keras: Any, row: str, eager: bool = False) -> tuple[Any, dict[str, Any], dict[str, list[float]]]:
    """Train a row and return the model, the arguments of `fit` and the history."""
    keras.utils.set_random_seed(1)
    model, arguments = ROWS[row].model(keras), ROWS[row].fit(keras)
    model.compile(**{"optimizer": keras.optimizers.SGD(0.05), **ROWS[row].compile(keras)}, run_eagerly=eager)
    return model, arguments, model.fit(verbose=0, **arguments).history


@pytest.mark.filterwarnings("ignore:.*ran out of data", "ignore:The gradient with", "ignore:`shuffle=True` was passed")
@pytest.mark.parametrize("row", ROWS)
def test_history(row: str) -> None:
    """Compiled as Keras; operation by operation the same to within rounding."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", TraceWarning)
        model, arguments, ours = trained(own, row)
    twin, _, theirs = trained(real, row)
    close(ours, theirs, rtol=5e-3, atol=1e-6)
    close(trained(own, row, eager=True)[2], ours, rtol=1e-4, atol=1e-6)
    if not hasattr(arguments["x"], "__next__"):
        same_figures(model, twin, arguments)


def same_figures(model: Any, twin: Any, arguments: dict[str, Any]) -> None:
    """Check what `evaluate` and `predict` return for the arrays that were trained on."""
    if not isinstance(arguments["x"], (np.ndarray, list, dict)):
        return
    parts = {name: arguments.get(name) for name in ("x", "y", "sample_weight")}
    close(model.evaluate(**parts, verbose=0), twin.evaluate(**parts, verbose=0), rtol=5e-3)
    ours, theirs = (each.predict(parts["x"], verbose=0) for each in (model, twin))
    assert type(ours) is type(theirs)
    if isinstance(theirs, dict):  # which Keras puts in order
        ours = {name: ours[name] for name in theirs}
    close(ours, theirs, rtol=1e-2, atol=5e-3)


@pytest.mark.parametrize("weights", [None, WEIGHTS[:, None]])
def test_padding_counts_in_no_metric(weights: Any) -> None:
    """In training Keras loses the mask on JAX, before metrics are updated; so this compares an evaluation."""
    figures = []
    for keras in (own, real):
        model = padded(keras)
        model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
        y = np.cos(NUMBERS)[..., None].astype("float32")
        figures.append(model.evaluate(NUMBERS, y, sample_weight=weights, return_dict=True, verbose=0))
    close(*figures, rtol=1e-4)
