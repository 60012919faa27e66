"""Metrics: figures and state after several batches, with and without sample weights."""

from __future__ import annotations

import numpy as np
import pytest
from beside import both, close, own, real, same_config

RANDOM = np.random.default_rng(2)


def normal(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def share(*shape):
    return RANDOM.uniform(0.02, 0.98, shape).astype("float32")


def label(classes, *shape):
    return RANDOM.integers(0, classes, shape)


def one_hot(classes, *shape):
    return np.eye(classes, dtype="float32")[label(classes, *shape)]


def batches(*parts):
    """Return three batches of 4, 4 and 2 rows, whose parts are made by the functions given."""
    return [tuple(part(size) for part in parts) for size in (4, 4, 2)]


# name, arguments, batches of values or of labels and predictions
ROWS = [
    ("Mean", {}, batches(lambda n: normal(n))),
    ("Mean", {}, batches(lambda n: normal(n, 3))),
    ("Mean", {}, batches(lambda n: normal(n, 3, 2))),
    ("Sum", {}, batches(lambda n: normal(n))),
    ("Sum", {}, batches(lambda n: normal(n, 3))),
    ("Accuracy", {}, batches(lambda n: label(2, n), lambda n: label(2, n))),
    ("Accuracy", {}, batches(lambda n: label(2, n, 3), lambda n: label(2, n, 3))),
    ("BinaryAccuracy", {}, batches(lambda n: label(2, n), lambda n: share(n, 1))),
    ("BinaryAccuracy", {}, batches(lambda n: label(2, n, 3), lambda n: share(n, 3))),
    ("BinaryAccuracy", {"threshold": 0.3}, batches(lambda n: label(2, n, 1), lambda n: share(n, 1))),
    ("CategoricalAccuracy", {}, batches(lambda n: one_hot(3, n), lambda n: share(n, 3))),
    ("CategoricalAccuracy", {}, batches(lambda n: one_hot(3, n, 2), lambda n: share(n, 2, 3))),
    ("SparseCategoricalAccuracy", {}, batches(lambda n: label(3, n), lambda n: share(n, 3))),
    ("SparseCategoricalAccuracy", {}, batches(lambda n: label(3, n, 1), lambda n: share(n, 3))),
    ("SparseCategoricalAccuracy", {}, batches(lambda n: label(3, n).astype("float32"), lambda n: share(n, 3))),
    ("SparseCategoricalAccuracy", {}, batches(lambda n: label(3, n, 2), lambda n: share(n, 2, 3))),
    ("MeanSquaredError", {}, batches(lambda n: normal(n, 3), lambda n: normal(n, 3))),
    ("MeanSquaredError", {}, batches(lambda n: normal(n), lambda n: normal(n, 1))),
    ("MeanAbsoluteError", {}, batches(lambda n: normal(n, 3), lambda n: normal(n, 3))),
    ("RootMeanSquaredError", {}, batches(lambda n: normal(n, 3), lambda n: normal(n, 3))),
    ("RootMeanSquaredError", {}, batches(lambda n: normal(n), lambda n: normal(n, 1))),
    ("BinaryCrossentropy", {}, batches(lambda n: label(2, n, 3), lambda n: share(n, 3))),
    ("BinaryCrossentropy", {}, batches(lambda n: label(2, n, 1), lambda n: share(n, 1))),
    ("BinaryCrossentropy", {"from_logits": True}, batches(lambda n: label(2, n, 3), lambda n: normal(n, 3))),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, batches(lambda n: label(2, n, 3), lambda n: share(n, 3))),
    ("CategoricalCrossentropy", {}, batches(lambda n: one_hot(3, n), lambda n: share(n, 3))),
    ("CategoricalCrossentropy", {"from_logits": True}, batches(lambda n: one_hot(3, n), lambda n: normal(n, 3))),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}, batches(lambda n: one_hot(3, n), lambda n: share(n, 3))),
    ("SparseCategoricalCrossentropy", {}, batches(lambda n: label(3, n), lambda n: share(n, 3))),
    ("SparseCategoricalCrossentropy", {}, batches(lambda n: label(3, n, 2), lambda n: share(n, 2, 3))),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, batches(lambda n: label(3, n), lambda n: normal(n, 3))),
]
ROWS += [
    (name, {}, batches(lambda n: normal(n, 3), lambda n: normal(n, 3)))
    for name in ("MeanAbsolutePercentageError", "LogCoshError", "CosineSimilarity", "PearsonCorrelation")
]
ROWS += [
    ("MeanSquaredLogarithmicError", {}, batches(lambda n: share(n, 3), lambda n: share(n, 3))),
    ("MeanSquaredLogarithmicError", {}, batches(lambda n: share(n), lambda n: share(n, 1))),
    ("CosineSimilarity", {"axis": 1}, batches(lambda n: normal(n, 3, 2), lambda n: normal(n, 3, 2))),
    ("PearsonCorrelation", {"axis": 1}, batches(lambda n: normal(n, 4, 1), lambda n: normal(n, 4, 1))),
    ("ConcordanceCorrelation", {}, batches(lambda n: normal(n, 5), lambda n: normal(n, 5))),
    ("R2Score", {}, batches(lambda n: normal(n, 1), lambda n: normal(n, 1))),
    ("R2Score", {}, batches(lambda n: normal(n), lambda n: normal(n, 1))),
    ("R2Score", {"class_aggregation": None}, batches(lambda n: normal(n, 3), lambda n: normal(n, 3))),
    (
        "R2Score",
        {"class_aggregation": "variance_weighted_average"},
        batches(lambda n: normal(n, 3), lambda n: share(n, 3)),
    ),
    ("R2Score", {"num_regressors": 2}, batches(lambda n: normal(n, 3), lambda n: normal(n, 3))),
    ("Hinge", {}, batches(lambda n: label(2, n, 3), lambda n: normal(n, 3))),
    ("SquaredHinge", {}, batches(lambda n: 2 * label(2, n, 3) - 1, lambda n: normal(n, 3))),
    ("CategoricalHinge", {}, batches(lambda n: one_hot(3, n), lambda n: normal(n, 3))),
    ("KLDivergence", {}, batches(lambda n: share(n, 3), lambda n: share(n, 3))),
    ("Poisson", {}, batches(lambda n: label(4, n, 3), lambda n: share(n, 3))),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, batches(lambda n: label(3, n), lambda n: share(n, 3))),
    ("TopKCategoricalAccuracy", {"k": 2}, batches(lambda n: one_hot(4, n), lambda n: share(n, 4))),
    ("TopKCategoricalAccuracy", {}, batches(lambda n: one_hot(4, n), lambda n: share(n, 4))),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, batches(lambda n: label(4, n), lambda n: share(n, 4))),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, batches(lambda n: label(4, n, 3), lambda n: label(3, n, 3, 4) / 3)),
    (
        "SparseTopKCategoricalAccuracy",
        {"k": 2, "from_sorted_ids": True},
        batches(lambda n: label(4, n), lambda n: np.argsort(share(n, 4))),
    ),
    *[
        ("FBetaScore", {"average": average, **arguments}, batches(lambda n: one_hot(3, n), lambda n: share(n, 3)))
        for average in (None, "micro", "macro", "weighted")
        for arguments in ({}, {"beta": 0.5, "threshold": 0.4})
    ],
    ("F1Score", {"average": "macro"}, batches(lambda n: label(2, n, 2), lambda n: share(n, 2))),
    ("F1Score", {"threshold": 0.5}, batches(lambda n: label(2, n, 1), lambda n: share(n, 1))),
    *[
        (name, arguments, batches(lambda n: label(2, n), lambda n: share(n, 1)))
        for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")
        for arguments in ({}, {"thresholds": [0.2, 0.7]})
    ],
    *[
        (name, arguments, batches(lambda n: label(2, n, 3), lambda n: share(n, 3)))
        for name in ("Precision", "Recall")
        for arguments in (
            {},
            {"thresholds": 0.3},
            {"thresholds": [0.0, 0.5, 1.0]},
            {"top_k": 2},
            {"top_k": 2, "thresholds": 0.6},
            {"class_id": 1},
        )
    ],
    ("Precision", {}, batches(lambda n: label(2, n, 2, 3), lambda n: share(n, 2, 3))),
    *[
        (name, {which: 0.6, **arguments}, batches(lambda n: label(2, n), lambda n: share(n, 1)))
        for name, which in (
            ("SensitivityAtSpecificity", "specificity"),
            ("SpecificityAtSensitivity", "sensitivity"),
            ("PrecisionAtRecall", "recall"),
            ("RecallAtPrecision", "precision"),
        )
        for arguments in ({}, {"num_thresholds": 1}, {"num_thresholds": 5})
    ],
    ("PrecisionAtRecall", {"recall": 0.5, "class_id": 2}, batches(lambda n: one_hot(3, n), lambda n: share(n, 3))),
    *[
        ("AUC", {"curve": curve, "summation_method": method}, batches(lambda n: label(2, n), lambda n: share(n, 1)))
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "minoring", "majoring")
    ],
    ("AUC", {}, batches(lambda n: label(2, n, 1), lambda n: label(3, n, 1) / 2)),
    ("AUC", {"num_thresholds": 2}, batches(lambda n: label(2, n), lambda n: share(n, 1))),
    ("AUC", {"thresholds": [0.7, 0.2, 0.3]}, batches(lambda n: label(2, n, 2), lambda n: share(n, 2))),
    ("AUC", {"thresholds": [0.5], "curve": "PR"}, batches(lambda n: label(2, n), lambda n: share(n, 1))),
    ("AUC", {"from_logits": True}, batches(lambda n: label(2, n), lambda n: normal(n, 1))),
    ("AUC", {"label_weights": [0.5, 2.0]}, batches(lambda n: label(2, n, 2), lambda n: share(n, 2))),
    *[
        ("AUC", {"multi_label": True, **arguments}, batches(lambda n: label(2, n, 3), lambda n: share(n, 3)))
        for arguments in (
            {},
            {"num_labels": 3, "curve": "PR"},
            {"label_weights": [0.5, 0.2, 1.0]},
            {"thresholds": [0.2, 0.3], "label_weights": [0.5, 0.2, 1.0], "curve": "PR"},
        )
    ],
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, batches(lambda n: label(3, n), lambda n: label(3, n))),
    ("BinaryIoU", {}, batches(lambda n: label(2, n), lambda n: share(n))),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3}, batches(lambda n: label(2, n), lambda n: share(n))),
    ("MeanIoU", {"num_classes": 3, "ignore_class": 1}, batches(lambda n: label(3, n), lambda n: label(3, n))),
    ("MeanIoU", {"num_classes": 4}, batches(lambda n: label(3, n) - 1, lambda n: label(6, n))),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [1]}, batches(lambda n: one_hot(3, n), lambda n: share(n, 3))),
    ("OneHotMeanIoU", {"num_classes": 3}, batches(lambda n: one_hot(3, n), lambda n: share(n, 3))),
    (
        "OneHotMeanIoU",
        {"num_classes": 3, "sparse_y_pred": True, "dtype": "float32"},
        batches(lambda n: one_hot(3, n), lambda n: label(3, n)),
    ),
]
NAMED = [f"{name}-{arguments}-{rows[0][0].shape}" for name, arguments, rows in ROWS]
each_row = pytest.mark.parametrize(("name", "arguments", "rows"), ROWS, ids=NAMED)


def made(keras, name, arguments):
    return getattr(keras.metrics, name)(**arguments)


def story(metric, rows, weight):
    """Return figures and state after each batch, after a reset, and after one batch more."""
    seen = [(metric(*row, sample_weight=weight(row)), metric.variables) for row in rows]
    told = [(np.asarray(figure), [np.asarray(v) for v in state]) for figure, state in seen]
    metric.reset_state()
    told.append((np.asarray(metric.result()), [np.asarray(v) for v in metric.variables]))
    return [*told, (np.asarray(metric(*rows[0])), [np.asarray(v) for v in metric.variables])]


def test_every_metric_has_a_row():
    assert {name for name, *_ in ROWS} == {metric.__name__ for metric in own.metrics.CLASSES}


@each_row
@pytest.mark.parametrize("weights", ["none", "rows", "column", "zero"])
def test_story(name, arguments, rows, weights):
    def weight(row):
        steps = np.linspace(0, 2, len(row[0]), dtype="float32")
        return {"none": None, "rows": steps, "column": steps[:, None], "zero": 0 * steps}[weights]

    if weights == "column" and (name in ("F1Score", "FBetaScore") or "IoU" in name):
        pytest.skip("Keras takes a row of weights here")
    if weights != "none" and rows[0][0].ndim > 2 and name == "Precision":
        pytest.skip("Keras takes weights of all axes but the last here")
    if weights == "column" and row_axes(name, rows) not in (0, 1):
        pytest.skip("Keras has no meaning for one column of weights beside rows of three and more axes")
    both(lambda keras: story(made(keras, name, arguments), rows, weight), rtol=1e-4)


def row_axes(name, rows):
    return np.ndim(rows[0][-1]) - 1


@each_row
def test_config(name, arguments, rows):
    ours, theirs = (made(keras, name, arguments) for keras in (own, real))
    # Keras leaves out, and so loses in files, the axis of CosineSimilarity; its weights of labels are an array.
    same_config(ours, Listed(theirs.get_config()), more={"axis", "from_sorted_ids"})
    data = own.metrics.serialize(ours)
    assert {**data, "config": None} == {**real.metrics.serialize(theirs), "config": None}
    again = own.metrics.deserialize(data)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    assert type(real.metrics.deserialize(data)) is type(theirs)
    assert ours._direction == getattr(theirs, "_direction", None)


class Listed:
    """A configuration with lists in place of arrays."""

    def __init__(self, config):
        self.config = config

    def get_config(self):
        return {key: np.asarray(x).tolist() if hasattr(x, "__array__") else x for key, x in self.config.items()}


@pytest.mark.parametrize("function", ["binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"])
@pytest.mark.parametrize("axes", [(), (2,)])
def test_function(function, axes):
    classes = 1 if function == "binary_accuracy" else 3
    labels = {
        "binary_accuracy": label(2, 5, *axes, 1),
        "categorical_accuracy": one_hot(3, 5, *axes),
        "sparse_categorical_accuracy": label(3, 5, *axes),
    }[function]
    predictions = share(5, *axes, classes)
    both(lambda keras: getattr(keras.metrics, function)(labels, predictions))


@pytest.mark.parametrize("name", [function.__name__ for function in own.losses.FUNCTIONS])
def test_losses_are_metrics_too(name):
    assert hasattr(own.metrics, name) == hasattr(real.metrics, name)
    assert getattr(own.metrics, name, None) in (None, getattr(own.losses, name))


@pytest.mark.parametrize(
    "name",
    [
        "mse",
        "MSE",
        "mae",
        "MAE",
        "bce",
        "BCE",
        "mean_squared_error",
        "binary_accuracy",
        "RootMeanSquaredError",
        "root_mean_squared_error",
        "sparse_categorical_crossentropy",
        "accuracy",
        "mean",
    ],
)
def test_names(name):
    def kind(keras):
        found = keras.metrics.get(name)
        return found.__name__ if callable(found) and hasattr(found, "__name__") else type(found).__name__

    assert kind(own) == kind(real)


def test_names_of_functions_of_ones_own():
    class Apart:
        def __call__(self, y_true, y_pred):
            return y_pred

    def MeanGap(y_true, y_pred):
        return y_pred

    def run(keras):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=[MeanGap, lambda y_true, y_pred: y_pred, Apart()])
        return sorted(model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0).history)

    assert run(own) == run(real) == ["apart", "lambda", "loss", "mean_gap"]


def test_a_metric_of_ones_own():
    def run(keras):
        class Largest(keras.metrics.Metric):
            def __init__(self, name="largest", **kwargs):
                super().__init__(name=name, **kwargs)
                self.seen = self.add_weight(shape=(2,), name="seen", initializer="ones")

            def update_state(self, y_true, y_pred, sample_weight=None):
                self.seen.assign(keras.ops.maximum(self.seen, keras.ops.max(y_pred, axis=0)))

            def result(self):
                return keras.ops.sum(self.seen)

        metric = Largest(dtype="float32")
        return story(metric, [(np.zeros((3, 2)), np.full((3, 2), 5.0 * k)) for k in range(3)], lambda row: None)

    both(run)


def test_wrapped_function():
    def run(keras):
        def power(y_true, y_pred, exponent):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** exponent, axis=-1)

        metric = keras.metrics.MeanMetricWrapper(power, name="cubed", exponent=3.0)
        return story(metric, batches_of_errors, lambda row: None)

    batches_of_errors = batches(lambda n: normal(n, 3), lambda n: normal(n, 3))
    both(run)


@pytest.mark.parametrize("weights", [None, share(4, 3)])
@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryCrossentropy", "Poisson"])
def test_masks(name, weights):
    """A mask of the predictions leaves rows out; Keras on JAX loses it in `fit`, where other backends keep it."""
    labels, predictions, mask = label(2, 4, 3, 2), share(4, 3, 2), label(2, 4, 3).astype(bool)

    def figure(keras):
        masked = keras.ops.convert_to_tensor(predictions)
        masked._keras_mask = keras.ops.convert_to_tensor(mask)
        metric = getattr(keras.metrics, name)()
        return metric(labels, masked, weights), metric.variables

    both(figure)


def test_config_of_a_wrapped_function():
    def made(keras):
        return keras.metrics.MeanMetricWrapper(keras.metrics.binary_accuracy, name="high", threshold=0.75)

    same_config(made(own), made(real))
    assert own.metrics.get(real.metrics.serialize(made(real))).fn is own.metrics.binary_accuracy
    assert real.metrics.get(own.metrics.serialize(made(own)))._fn is real.metrics.binary_accuracy


def test_state_is_named_and_typed():
    ours, theirs = own.metrics.Mean(), real.metrics.Mean()
    assert [v.name for v in ours.variables] == [v.name for v in theirs.variables]
    assert (ours.name, ours.dtype) == (theirs.name, theirs.dtype)
    close([v.numpy() for v in ours.variables], [np.asarray(v) for v in theirs.variables])


@pytest.mark.parametrize("name", ["Mean", "Sum", "Accuracy", "Precision"])
def test_without_state(name):
    """What a batch makes of a state, with the metric's own left alone."""

    def run(keras):
        metric = getattr(keras.metrics, name)()
        batch = ([1.0, 3.0],) if name in ("Mean", "Sum") else ([0, 1, 1], [0, 1, 0])
        start = metric.stateless_reset_state()
        after = metric.stateless_update_state(start, *batch)
        again = metric.stateless_update_state(after, *batch)
        return start, after, again, metric.stateless_result(again), metric.result()

    both(run)
    with pytest.raises(ValueError, match="has 2 variables; got 1 values"):
        own.metrics.Mean().stateless_update_state([1.0], [1.0])
