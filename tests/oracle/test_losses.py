"""Losses as functions and classes: values and gradients, by shape, argument, reduction and sample weight."""

from __future__ import annotations

import numpy as np
import pytest
from beside import both, close, gradients, own, plain, real, same_config

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
UNIT = normal(6, 5) / 3
SIGNS = 2 * binary(6, 3) - 1
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
    ("mean_absolute_percentage_error", {}, normal(6, 4), normal(6, 4)),
    ("mean_absolute_percentage_error", {}, np.array([0.0, 2.0, -4.0], "float32"), normal(3, 1)),
    ("mean_squared_logarithmic_error", {}, share(6, 4), share(6, 4)),
    ("mean_squared_logarithmic_error", {}, normal(6), normal(6, 1)),
    ("cosine_similarity", {}, normal(6, 4), normal(6, 4)),
    ("cosine_similarity", {}, 0 * normal(6, 4), normal(6, 4)),
    ("cosine_similarity", {"axis": 1}, normal(2, 4, 3), normal(2, 4, 3)),
    ("huber", {}, normal(6, 4), 2 * normal(6, 4)),
    ("huber", {"delta": 0.3}, normal(6), normal(6, 1)),
    ("log_cosh", {}, normal(6, 4), normal(6, 4)),
    ("log_cosh", {}, normal(6, 4), 100 * normal(6, 4)),
    ("hinge", {}, SIGNS, 2 * normal(6, 3)),
    ("hinge", {}, binary(6, 3), 2 * normal(6, 3)),
    ("hinge", {}, label(2, 6, 1), 2 * normal(6, 1)),
    ("squared_hinge", {}, SIGNS, 2 * normal(6, 3)),
    ("squared_hinge", {}, binary(6, 3), 2 * normal(6, 3)),
    ("categorical_hinge", {}, one_hot(4, 6), normal(6, 4)),
    ("categorical_hinge", {}, one_hot(4, 2, 3), normal(2, 3, 4)),
    ("kl_divergence", {}, share(6, 4), share(6, 4)),
    ("kl_divergence", {}, binary(6, 4), 1.5 * share(6, 4) - 0.2),
    ("poisson", {}, label(4, 6, 3), share(6, 3)),
    ("poisson", {}, label(4, 6, 1), share(6, 1)),
    ("binary_focal_crossentropy", {}, binary(6, 3), share(6, 3)),
    ("binary_focal_crossentropy", {"from_logits": True}, binary(6, 3), 5 * normal(6, 3)),
    ("binary_focal_crossentropy", {"apply_class_balancing": True, "gamma": 1.5}, binary(6, 3), share(6, 3)),
    ("binary_focal_crossentropy", {"label_smoothing": 0.2, "alpha": 0.7}, binary(6, 1), share(6, 1)),
    ("categorical_focal_crossentropy", {}, one_hot(4, 6), share(6, 4)),
    ("categorical_focal_crossentropy", {"from_logits": True, "gamma": 1.0}, one_hot(4, 6), 3 * normal(6, 4)),
    ("categorical_focal_crossentropy", {"alpha": 0.5, "label_smoothing": 0.1}, one_hot(4, 6), share(6, 4)),
    ("categorical_focal_crossentropy", {"axis": 1}, one_hot(4, 2, 3, axis=1), share(2, 4, 3)),
    ("categorical_generalized_cross_entropy", {"q": 0.5}, label(4, 6), share(6, 4)),
    ("categorical_generalized_cross_entropy", {"q": 0.9}, label(4, 2, 3), share(2, 3, 4)),
    ("dice", {}, binary(6, 3), share(6, 3)),
    ("dice", {"axis": [1, 2]}, binary(2, 3, 4), share(2, 3, 4)),
    ("tversky", {}, binary(6, 3), share(6, 3)),
    ("tversky", {"alpha": 0.2, "beta": 0.9, "axis": (1, 2)}, binary(2, 3, 4), share(2, 3, 4)),
    ("circle", {}, label(3, 6), UNIT),
    ("circle", {"gamma": 5.0, "margin": 0.2}, label(3, 6), UNIT),
    ("circle", {"gamma": 5.0, "remove_diagonal": False}, label(3, 6, 1), UNIT),
    ("circle", {"gamma": 5.0}, np.arange(6), UNIT),
    ("ctc", {}, np.array([[1, 2, 2], [3, 0, 0], [0, 0, 0], [1, 1, 1]]), normal(4, 6, 5)),
    ("ctc", {}, label(4, 3, 1) + 1, 3 * normal(3, 4, 5)),
    ("ctc", {}, np.array([[2, 1, 2]]), normal(1, 3, 3)),
]
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]
NAMED = [f"{name}-{arguments}-{labels.shape}-{predictions.shape}" for name, arguments, labels, predictions in ROWS]
each_row = pytest.mark.parametrize(("name", "arguments", "labels", "predictions"), ROWS, ids=NAMED)


def class_name(name):
    short = {"kl_divergence": "KLDivergence", "ctc": "CTC"}
    return short.get(name, "".join(word.capitalize() for word in name.split("_")))


def test_every_loss_has_a_row():
    assert {row[0] for row in ROWS} == {function.__name__ for function in own.losses.FUNCTIONS}
    assert {class_name(row[0]) for row in ROWS} == {loss.__name__ for loss in own.losses.CLASSES}


@each_row
def test_function(name, arguments, labels, predictions):
    both(lambda keras: getattr(keras.losses, name)(labels, predictions, **arguments))


@each_row
@pytest.mark.parametrize("weighted", [False, True])
def test_class(name, arguments, labels, predictions, weighted):
    weighted = weighted and weighable(name, arguments, predictions)
    weights = np.linspace(0, 2, len(labels), dtype="float32") if weighted else None
    for reduction in REDUCTIONS:
        both(loss_value, name, arguments, reduction, labels, predictions, weights)


@each_row
def test_gradient(name, arguments, labels, predictions):
    weights = np.linspace(0.5, 2, len(labels), dtype="float32") if weighable(name, arguments, predictions) else None
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


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weights", [None, share(3), share(3, 4)])
def test_masks(reduction, weights):
    """A mask of the predictions leaves rows out, and a mean is one of those that are left."""
    labels, predictions, mask = normal(3, 4, 2), normal(3, 4, 2), label(2, 3, 4).astype(bool)

    def value(keras):
        masked = keras.ops.convert_to_tensor(predictions)
        masked._keras_mask = keras.ops.convert_to_tensor(mask)
        # Keras wants weights to have the axes of the mask.
        weight = weights[:, None] if weights is not None and weights.ndim == 1 and keras is real else weights
        return keras.losses.MeanSquaredError(reduction=reduction)(labels, masked, weight)

    both(value)


def test_a_function_of_ones_own_gets_labels_of_the_predictions_shape():
    def value(keras):
        home = keras.losses if keras is own else keras.src.losses
        wrapped = home.LossFunctionWrapper(lambda t, p, k: (t - p) ** k, reduction="none", k=4)
        return wrapped(np.arange(3.0), np.ones((3, 1)))

    both(value)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_dtype(dtype):
    """Keras on JAX computes float64 in float32, as it is set up here."""
    ours = own.losses.MeanSquaredError(dtype=dtype)(normal(3, 2), normal(3, 2))
    assert ours.dtype.name == dtype
    if dtype == "float16":
        assert real.losses.MeanSquaredError(dtype=dtype)(normal(3, 2), normal(3, 2)).dtype == dtype


def test_a_loss_of_ones_own():
    def made(keras):
        class Fourth(keras.losses.Loss):
            def call(self, y_true, y_pred):
                return keras.ops.mean((y_true - y_pred) ** 4, axis=-1)

        return Fourth()(np.arange(6.0).reshape(3, 2), np.ones((3, 2)), np.array([1.0, 0.5, 2.0]))

    both(made)


@pytest.mark.parametrize(("name", "arguments"), [(name, arguments) for name, arguments, *_ in ROWS])
def test_config(name, arguments):
    ours, theirs = (loss_of(keras, name, arguments, "sum") for keras in (own, real))
    # Keras leaves out, and so loses in files, the axis of SparseCategoricalCrossentropy and CosineSimilarity, and
    # Huber's delta.
    same_config(ours, theirs, more={"axis", "delta"})
    data, theirs_data = own.losses.serialize(ours), real.losses.serialize(theirs)
    assert {**data, "config": None} == {**theirs_data, "config": None}
    for again in (own.losses.deserialize(data), own.losses.deserialize(plain(theirs_data))):
        assert type(again) is type(ours)
    assert own.losses.deserialize(data).get_config() == ours.get_config()
    if "eneralized" not in name:  # Keras doesn't find it by its name
        assert type(real.losses.deserialize(data)) is type(theirs)


# Keras's table of names lacks this loss.
@pytest.mark.parametrize("name", sorted(name for name in own.losses.KNOWN if "eneralized" not in name))
def test_names(name):
    def kind(keras):
        found = keras.losses.get(name)
        return getattr(found, "__name__", type(found).__name__)

    assert kind(own) == kind(real)


def weighable(name, arguments, predictions):
    return predictions.ndim < 3 and arguments.get("axis") != 0 and name not in ("dice", "tversky")


def loss_of(keras, name, arguments, reduction):
    return getattr(keras.losses, class_name(name))(reduction=reduction, **arguments)


def loss_value(keras, name, arguments, reduction, labels, predictions, weights):
    return loss_of(keras, name, arguments, reduction)(labels, predictions, weights)
