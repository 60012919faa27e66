"""Every metric, and the losses that `test_training` has not, in training beside Keras: the figures of all epochs."""

from __future__ import annotations

import jobs
import numpy as np
import pytest
from beside import own, real

WEIGHTS = np.random.default_rng(3).random(230).astype("float32")
ONE_HOT = {
    "AUC": [{}, {"multi_label": True}, {"curve": "PR", "summation_method": "minoring"}],
    "BinaryAccuracy": [{}],
    "BinaryCrossentropy": [{}],
    "CategoricalAccuracy": [{}],
    "CategoricalCrossentropy": [{}],
    "CategoricalHinge": [{}],
    "F1Score": [{}, {"average": "micro", "threshold": 0.4}],
    "FBetaScore": [{"average": "weighted", "beta": 2.0}],
    "FalseNegatives": [{}],
    "FalsePositives": [{"thresholds": [0.2, 0.4]}],
    "Hinge": [{}],
    "KLDivergence": [{}],
    "OneHotIoU": [{"num_classes": 3, "target_class_ids": [1], "dtype": "float32"}],
    "OneHotMeanIoU": [{"num_classes": 3, "dtype": "float32"}],
    "Poisson": [{}],
    "Precision": [{}, {"top_k": 1}, {"class_id": 2}],
    "PrecisionAtRecall": [{"recall": 0.6}],
    "Recall": [{"thresholds": 0.3}],
    "RecallAtPrecision": [{"precision": 0.6}],
    "SensitivityAtSpecificity": [{"specificity": 0.6}],
    "SpecificityAtSensitivity": [{"sensitivity": 0.6}],
    "SquaredHinge": [{}],
    "TopKCategoricalAccuracy": [{"k": 2}],
    "TrueNegatives": [{}],
    "TruePositives": [{}],
}
SPARSE = {
    "MeanIoU": [{"num_classes": 3, "sparse_y_pred": False, "dtype": "float32"}],
    "SparseCategoricalAccuracy": [{}],
    "SparseCategoricalCrossentropy": [{}],
    "SparseTopKCategoricalAccuracy": [{"k": 2}],
}
MEASURED = {
    "ConcordanceCorrelation": [{}],
    "CosineSimilarity": [{}],
    "LogCoshError": [{}],
    "MeanAbsoluteError": [{}],
    "MeanAbsolutePercentageError": [{}],
    "MeanSquaredError": [{}],
    "MeanSquaredLogarithmicError": [{}],
    "PearsonCorrelation": [{}],
    "R2Score": [{}, {"class_aggregation": "variance_weighted_average"}],
    "RootMeanSquaredError": [{}],
}


def measurements():
    x, y = jobs.points(4)
    return x, y + 2  # away from 0, by which percentages divide


LOSSES = {
    jobs.one_hot: [
        ("BinaryFocalCrossentropy", {}),
        ("CategoricalFocalCrossentropy", {}),
        ("CategoricalHinge", {}),
        ("Dice", {}),
        ("Hinge", {}),
        ("KLDivergence", {}),
        ("Poisson", {}),
        ("SquaredHinge", {}),
        ("Tversky", {"alpha": 0.3}),
    ],
    jobs.classes: [("CategoricalGeneralizedCrossEntropy", {}), ("SparseCategoricalCrossentropy", {"ignore_class": 1})],
    measurements: [
        ("CosineSimilarity", {}),
        ("Huber", {"delta": 0.5}),
        ("LogCosh", {}),
        ("MeanAbsolutePercentageError", {}),
        ("MeanSquaredLogarithmicError", {}),
    ],
}


def history(keras, data, last, loss, metrics=(), weighted=(), weights=None):
    x, y = data()
    model = jobs.network(keras, [8, 4 if data is measurements else 3], last)
    model.compile(keras.optimizers.SGD(0.05), loss, metrics=list(metrics), weighted_metrics=list(weighted))
    validation = (x[:50], y[:50])
    how = {"batch_size": 64, "epochs": 2, "verbose": 0, "shuffle": False, "validation_data": validation}
    return model.fit(x, y, sample_weight=weights, **how).history


def same(ours, theirs):
    assert sorted(ours) == sorted(theirs)
    for name in theirs:
        np.testing.assert_allclose(
            np.asarray(ours[name], float), np.asarray(theirs[name], float), rtol=5e-3, atol=1e-4, err_msg=name
        )


@pytest.mark.parametrize(
    ("data", "last", "loss", "table"),
    [
        (jobs.one_hot, "softmax", "categorical_crossentropy", ONE_HOT),
        (jobs.classes, "softmax", "sparse_categorical_crossentropy", SPARSE),
        (measurements, None, "mse", MEASURED),
    ],
    ids=["one hot", "whole numbers", "measurements"],
)
def test_metrics_of_epochs(data, last, loss, table):
    def made(keras, prefix):
        return [
            getattr(keras.metrics, name)(**arguments, name=f"{prefix}{name}{i}")
            for name, rows in table.items()
            for i, arguments in enumerate(rows)
        ]

    same(*(history(k, data, last, loss, made(k, "plain"), made(k, "weighted"), WEIGHTS) for k in (own, real)))


def test_every_metric_is_trained_with():
    # They need whole-number predictions, one output (in Keras, with weights), or no labels.
    apart = {"Accuracy", "BinaryIoU", "IoU", "Mean", "Sum"}
    assert {*ONE_HOT, *SPARSE, *MEASURED} | apart == {kind.__name__ for kind in own.metrics.CLASSES}


@pytest.mark.parametrize(("data", "name", "arguments"), [(data, *row) for data, rows in LOSSES.items() for row in rows])
def test_losses_of_epochs(data, name, arguments):
    last = None if data is measurements or "inge" in name else "softmax"
    weights = None if name in ("Dice", "Tversky") else WEIGHTS
    same(
        *(history(k, data, last, getattr(k.losses, name)(**arguments), weights=weights) for k in (own, real)),
    )
