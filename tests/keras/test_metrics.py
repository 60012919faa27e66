"""Every metric in a compiled step beside the same step run eagerly, and what metrics refuse."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import numpy as np
import pytest

import klods
from klods import backends, keras
from klods.errors import DataError, NameUnknownError, ShapeError, StateError, TraceWarning
from klods.keras import metrics

BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]
RANDOM = np.random.default_rng(0)
X, TARGETS = RANDOM.random((8, 4), np.float32), RANDOM.random((8, 3), np.float32)
LABELS = np.array([0, 2, 1, 1, 0, 2, 2, 1])
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
WEIGHTS = np.array([0.5, 1.0, 2.0, 0.0, 1.0, 0.25, 1.0, 1.0], np.float32)
# Metrics of whole-number labels; all others here take one-hot ones, or measurements.
SPARSE = ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy")
SPECIAL: list[metrics.Metric] = [
    metrics.AUC(multi_label=True, curve="PR"),
    metrics.AUC(thresholds=[0.3, 0.6], summation_method="majoring"),
    metrics.AUC(curve="PRGAIN"),
    metrics.F1Score(average="weighted", threshold=0.3),
    metrics.FBetaScore(average="micro", beta=2.0),
    metrics.IoU(3, [0, 2], sparse_y_true=False, sparse_y_pred=False),
    metrics.MeanIoU(3, sparse_y_true=False, sparse_y_pred=False, ignore_class=1),
    metrics.OneHotIoU(3, [1]),
    metrics.OneHotMeanIoU(3),
    metrics.Precision(top_k=2),
    metrics.Precision([0.2, 0.6], class_id=1),
    metrics.PrecisionAtRecall(0.5),
    metrics.R2Score(num_regressors=2),
    metrics.R2Score(class_aggregation=None),
    metrics.RecallAtPrecision(0.5),
    metrics.SensitivityAtSpecificity(0.5),
    metrics.SparseTopKCategoricalAccuracy(2),
    metrics.SpecificityAtSensitivity(0.5, num_thresholds=1),
    metrics.TopKCategoricalAccuracy(2),
]
NO_LABELS = (metrics.Mean, metrics.Sum)
NEEDY = {type(metric) for metric in SPECIAL} - {metrics.AUC, metrics.Precision}
METRICS = [*(kind() for kind in metrics.CLASSES if kind not in NO_LABELS and kind not in NEEDY), *SPECIAL]


def figures(metric: metrics.Metric, **how: Any) -> dict[str, Any]:
    """Return the figure after three batches, the last one smaller, with weights, and its state."""
    keras.utils.set_random_seed(3)
    metric = type(metric).from_config(metric.get_config())
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax", name="dense")])
    loss = "sparse_categorical_crossentropy" if type(metric).__name__ in SPARSE else "categorical_crossentropy"
    labels = LABELS if type(metric).__name__ in SPARSE else ONE_HOT
    model.compile("sgd", loss, weighted_metrics=[metric], **how)
    model.evaluate(X, labels, batch_size=3, sample_weight=WEIGHTS, verbose=0)
    return [np.asarray(metric.result()), *(variable.numpy() for variable in metric.variables)]


def test_every_metric_is_tried():
    assert {type(metric) for metric in METRICS} | {*NO_LABELS} == set(metrics.CLASSES)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_compiled_as_eager(metric, monkeypatch):
    expected = figures(metric, run_eagerly=True)
    for backend in BACKENDS:
        monkeypatch.setattr(backends, "_chosen", [backend])
        with warnings.catch_warnings():
            warnings.simplefilter("error", TraceWarning)
            for got, wanted in zip(figures(metric), expected, strict=True):
                np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5, err_msg=backend)


@pytest.mark.parametrize("thresholds", [[0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.3, 0.5, 1.0]])
def test_predictions_that_are_no_numbers_or_far_out_are_below_or_above_all_thresholds(thresholds):
    predictions = np.array([np.nan, -np.inf, -3.0, 3.0, np.inf], np.float32)
    found = metrics.TruePositives(thresholds)(np.ones(5), predictions)
    last = 0 if len(thresholds) == 5 else 2  # evenly spaced thresholds take predictions above 1 for 1, as in Keras
    np.testing.assert_array_equal(found.numpy(), [2] * (len(thresholds) - 1) + [last])


@pytest.mark.parametrize("shape", [(), (8,), (8, 1), (1, 3), (8, 3)])
@pytest.mark.parametrize("kind", [metrics.TruePositives, metrics.BinaryIoU, metrics.R2Score])
def test_weights_of_rows_columns_and_elements(kind, shape):
    """Weights count as they would, written out for each element."""
    weights = RANDOM.integers(1, 4, shape).astype(np.float32)
    full = np.broadcast_to(weights.reshape(-1, 1) if shape == (8,) else weights, (8, 3))
    found, expected = (kind()(ONE_HOT, TARGETS, w).numpy() for w in (weights, full))
    assert found == pytest.approx(expected)
    if shape == (8, 1):
        assert kind()(ONE_HOT[:, :1], TARGETS[:, :1], weights).numpy() == kind()(
            ONE_HOT[:, :1], TARGETS[:, :1], weights[:, 0]
        )


def test_counts_are_those_of_comparing_each_prediction_with_each_threshold():
    thresholds = np.linspace(0, 1, 5)
    predictions, labels = RANDOM.integers(0, 9, 50) / 8, RANDOM.integers(0, 2, 50)
    weights = RANDOM.random(50)
    above = predictions > thresholds[:, None]
    for kind, truth, side in (
        (metrics.TruePositives, labels == 1, above),
        (metrics.FalsePositives, labels == 0, above),
        (metrics.TrueNegatives, labels == 0, ~above),
        (metrics.FalseNegatives, labels == 1, ~above),
    ):
        found = kind(list(thresholds))(labels, predictions, weights).numpy()
        np.testing.assert_allclose(found, (side * truth * weights).sum(1), rtol=1e-5, atol=1e-5)


def test_a_metric_made_of_others_has_their_state():
    class Both(metrics.Metric):
        def __init__(self, name: str = "both") -> None:
            super().__init__(name=name)
            self.low, self.seen = metrics.Mean(), self.add_weight(name="seen")
            self.last = klods.Variable(0.0, name="last")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.low.update_state(y_pred, sample_weight)
            self.seen.assign_add(1)
            self.last.assign(y_pred[-1])

        def result(self) -> Any:
            return {"low": self.low.result(), "seen": self.seen.read_value()}

    metric = Both()
    assert {name: float(x) for name, x in metric([0.0], [2.0]).items()} == {"low": 2.0, "seen": 1.0}
    assert [v.name for v in metric.variables] == ["seen", "last", "total", "count"]
    metric.reset_state()
    assert [float(v) for v in metric.variables] == [0, 0, 0, 0]


@pytest.mark.parametrize(("name", "direction"), [("accuracy", "up"), ("acc", "up"), ("ce", "down"), ("mse", "down")])
def test_callbacks_learn_which_way_is_better(name, direction):
    assert metrics.as_metric(name)._direction == direction


def test_a_configured_function_is_made_again_by_its_name():
    metric = metrics.MeanMetricWrapper(metrics.binary_accuracy, name="high", threshold=0.9)
    again = metrics.get(metrics.serialize(metric))
    assert (again.fn, again.name) == (metrics.binary_accuracy, "high")
    assert float(again([1.0, 1.0], [0.8, 0.95])) == 0.5


class Forgetful(metrics.Metric):
    def __init__(self) -> None:
        self.total = self.add_weight()


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (DataError, "A threshold is 1.5", lambda: metrics.Precision(1.5)),
        (DataError, "num_thresholds=1", lambda: metrics.AUC(num_thresholds=1)),
        (DataError, "num_thresholds is 0", lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0)),
        (NameUnknownError, "no curve 'LOC'", lambda: metrics.AUC(curve="loc")),
        (NameUnknownError, "no summation_method 'sum'", lambda: metrics.AUC(summation_method="sum")),
        (DataError, "multi_label=True", lambda: metrics.AUC(num_labels=3)),
        (DataError, "asked for at 2", lambda: metrics.RecallAtPrecision(2)),
        (NameUnknownError, "no average 'mean'", lambda: metrics.F1Score("mean")),
        (DataError, "beta is 0", lambda: metrics.FBetaScore(beta=0.0)),
        (DataError, "threshold is 2", lambda: metrics.F1Score(threshold=2.0)),
        (NameUnknownError, "class_aggregation 'mean'", lambda: metrics.R2Score("mean")),
        (DataError, "num_regressors=-1", lambda: metrics.R2Score(num_regressors=-1)),
        (DataError, "no class 3 among 3", lambda: metrics.IoU(3, [3])),
        (ShapeError, "one label, 0 or 1, per prediction", lambda: metrics.Precision()(LABELS, ONE_HOT)),
        (ShapeError, "one label per class", lambda: metrics.F1Score()(LABELS, ONE_HOT)),
        (ShapeError, "one column per label", lambda: metrics.AUC(multi_label=True)(LABELS, LABELS)),
        (ShapeError, "class_id=3", lambda: metrics.Recall(class_id=3)(ONE_HOT, ONE_HOT)),
        (ShapeError, "one label per output", lambda: metrics.R2Score()(TARGETS, TARGETS[:, :2])),
        (StateError, "super", Forgetful),
    ],
)  # fmt: skip
def test_refused(error, words, call):
    with pytest.raises(error, match=words):
        call()
