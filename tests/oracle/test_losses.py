"""Losses as functions and classes: values and gradients, by shape, argument, reduction and sample weight."""

from __future__ import annotations

import numpy as np
import pytest
from beside import both, close, gradients, own, real, same_config

RANDOM = np.random.default_rng(1)


def normal(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def share(*shape):
    return RANDOM.uniform(0.02, 0.98, shape).astype("float32")


def binary(*shape):
    return RANDOM.integers(0, 2, shape).astype("float32")


def label(classes, *shape):
    return RANDOM.integers(0, classes, shape)


def one_hot(classes, *shape, axis=-1):
    return np.moveaxis(np.eye(classes, dtype="float32")[label(classes, *shape)], -1, axis)


ENDS = np.array([[0.0, 1.0, 1e-9], [1.0, 0.0, 1 - 1e-6]], "float32")
IGNORED = np.array([0, 2, -1, 1, -1, 3])
# name, arguments, labels, predictions
ROWS = [
    ("mean_squared_error", {}, normal(6, 4), normal(6, 4)),
    ("mean_squared_error", {}, normal(6), normal(6, 1)),
    ("mean_squared_error", {}, normal(6, 1), normal(6)),
    ("mean_squared_error", {}, normal(2, 3), normal(2, 3, 1)),
    ("mean_squared_error", {}, normal(2, 3, 1), normal(2, 3)),
    ("mean_squared_error", {}, normal(6, 1), normal(6, 4)),
    ("mean_squared_error", {}, label(9, 6, 4), normal(6, 4)),
    ("mean_squared_error", {}, normal(6, 4).astype("float64"), normal(6, 4)),
    ("mean_squared_error", {}, normal(2, 3, 4), normal(2, 3, 4)),
    ("mean_absolute_error", {}, normal(6, 4), normal(6, 4)),
    ("mean_absolute_error", {}, normal(6), normal(6, 1)),
    ("binary_crossentropy", {}, binary(6, 3), share(6, 3)),
    ("binary_crossentropy", {}, binary(2, 3), ENDS),
    ("binary_crossentropy", {"from_logits": True}, binary(6, 3), 20 * normal(6, 3)),
    ("binary_crossentropy", {"label_smoothing": 0.2}, binary(6, 3), share(6, 3)),
    ("binary_crossentropy", {"label_smoothing": 0.2, "from_logits": True}, binary(6, 3), normal(6, 3)),
    ("binary_crossentropy", {"axis": 0}, binary(6, 3), share(6, 3)),
    ("binary_crossentropy", {}, label(2, 6, 1), share(6, 1)),
    ("categorical_crossentropy", {}, one_hot(4, 6), share(6, 4)),
    ("categorical_crossentropy", {}, one_hot(3, 2), ENDS),
    ("categorical_crossentropy", {"from_logits": True}, one_hot(4, 6), 20 * normal(6, 4)),
    ("categorical_crossentropy", {"label_smoothing": 0.1}, one_hot(4, 6), share(6, 4)),
    ("categorical_crossentropy", {"label_smoothing": 0.1, "from_logits": True}, one_hot(4, 6), normal(6, 4)),
    ("categorical_crossentropy", {"axis": 1}, one_hot(4, 2, 3, axis=1), share(2, 4, 3)),
    ("categorical_crossentropy", {"axis": 1, "from_logits": True}, one_hot(4, 2, 3, axis=1), normal(2, 4, 3)),
    ("sparse_categorical_crossentropy", {}, label(4, 6), share(6, 4)),
    ("sparse_categorical_crossentropy", {}, label(4, 6, 1), share(6, 4)),
    ("sparse_categorical_crossentropy", {}, label(4, 6).astype("uint8"), share(6, 4)),
    ("sparse_categorical_crossentropy", {}, label(4, 6).astype("float32"), share(6, 4)),
    ("sparse_categorical_crossentropy", {}, np.array([0, 2]), ENDS),
    ("sparse_categorical_crossentropy", {}, label(4, 2, 3), share(2, 3, 4)),
    ("sparse_categorical_crossentropy", {}, label(4, 2, 3, 1), share(2, 3, 4)),
    ("sparse_categorical_crossentropy", {"from_logits": True}, label(4, 6), 20 * normal(6, 4)),
    ("sparse_categorical_crossentropy", {"ignore_class": -1}, IGNORED, share(6, 4)),
    ("sparse_categorical_crossentropy", {"ignore_class": -1, "from_logits": True}, IGNORED, normal(6, 4)),
    ("sparse_categorical_crossentropy", {"ignore_class": 2}, label(4, 2, 3), share(2, 3, 4)),
]
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]
NAMED = [f"{name}-{arguments}-{labels.shape}-{predictions.shape}" for name, arguments, labels, predictions in ROWS]
each_row = pytest.mark.parametrize(("name", "arguments", "labels", "predictions"), ROWS, ids=NAMED)


def class_name(name):
    return "".join(word.capitalize() for word in name.split("_"))


def test_every_loss_has_a_row():
    assert {row[0] for row in ROWS} == {function.__name__ for function in own.losses.FUNCTIONS}
    assert {class_name(row[0]) for row in ROWS} == {loss.__name__ for loss in own.losses.CLASSES}


@each_row
def test_function(name, arguments, labels, predictions):
    both(lambda keras: getattr(keras.losses, name)(labels, predictions, **arguments))


@each_row
@pytest.mark.parametrize("weighted", [False, True])
def test_class(name, arguments, labels, predictions, weighted):
    weighted = weighted and weighable(arguments, predictions)
    weights = np.linspace(0, 2, len(labels), dtype="float32") if weighted else None
    for reduction in REDUCTIONS:
        both(loss_value, name, arguments, reduction, labels, predictions, weights)


@each_row
def test_gradient(name, arguments, labels, predictions):
    weights = np.linspace(0.5, 2, len(labels), dtype="float32") if weighable(arguments, predictions) else None
    loss = {keras: loss_of(keras, name, arguments, "sum_over_batch_size") for keras in (own, real)}
    close(*gradients(lambda keras, x: loss[keras](labels, x, weights), predictions), rtol=1e-4)


def test_classes_along_another_axis():
    """Keras on JAX takes whole-number labels along the last axis only, and counts classes for smoothing there."""
    sparse, dense, predictions = label(4, 2, 3), one_hot(4, 2, 3), share(2, 3, 4)
    turned = np.moveaxis(predictions, -1, 1)
    close(
        own.losses.sparse_categorical_crossentropy(sparse, turned, axis=1),
        real.losses.sparse_categorical_crossentropy(sparse, predictions),
    )
    close(
        own.losses.categorical_crossentropy(np.moveaxis(dense, -1, 1), turned, label_smoothing=0.1, axis=1),
        real.losses.categorical_crossentropy(dense, predictions, label_smoothing=0.1),
    )


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 3)])
def test_shapes_of_weights(shape):
    """One weight per row: Keras wants a last axis of size 1 for labels of two axes, klods takes both forms."""
    labels, predictions, weights = label(4, 6, 3), share(6, 3, 4), share(*shape)
    for reduction in REDUCTIONS[:2]:
        ours = own.losses.SparseCategoricalCrossentropy(reduction=reduction)(labels, predictions, weights)
        theirs = real.losses.SparseCategoricalCrossentropy(reduction=reduction)(
            labels, predictions, weights.reshape(6, -1)
        )
        close(ours, theirs)


@pytest.mark.parametrize("weights", [np.float32(0.5), share(4), share(4, 1)])
def test_weights_of_rows(weights):
    for reduction in REDUCTIONS:
        both(loss_value, "mean_squared_error", {}, reduction, np.eye(4), np.ones((4, 4)), weights)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_all_weights_zero_or_all_classes_ignored(reduction):
    labels, predictions = np.zeros(3, "int32"), share(3, 4)
    for arguments, weights in (({}, np.zeros(3, "float32")), ({"ignore_class": 0}, None)):
        both(loss_value, "sparse_categorical_crossentropy", arguments, reduction, labels, predictions, weights)


def test_a_loss_of_ones_own():
    def made(keras):
        class Fourth(keras.losses.Loss):
            def call(self, y_true, y_pred):
                return keras.ops.mean((y_true - y_pred) ** 4, axis=-1)

        return Fourth()(np.arange(6.0).reshape(3, 2), np.ones((3, 2)), np.array([1.0, 0.5, 2.0]))

    both(made)


@pytest.mark.parametrize(("name", "arguments"), [(name, arguments) for name, arguments, *_ in ROWS])
def test_config(name, arguments):
    # Keras leaves the axis of SparseCategoricalCrossentropy out, and so loses it in files.
    same_config(*(loss_of(keras, name, arguments, "sum") for keras in (own, real)), more={"axis"})


@pytest.mark.parametrize("name", sorted(own.losses.KNOWN))
def test_names(name):
    def kind(keras):
        found = keras.losses.get(name)
        return getattr(found, "__name__", type(found).__name__)

    assert kind(own) == kind(real)


def weighable(arguments, predictions):
    return predictions.ndim < 3 and arguments.get("axis") != 0


def loss_of(keras, name, arguments, reduction):
    return getattr(keras.losses, class_name(name))(reduction=reduction, **arguments)


def loss_value(keras, name, arguments, reduction, labels, predictions, weights):
    return loss_of(keras, name, arguments, reduction)(labels, predictions, weights)
