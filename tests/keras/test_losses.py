"""Every loss in a compiled step beside the same step run eagerly, and what losses refuse."""

from __future__ import annotations

import importlib.util
import itertools
import warnings
from typing import Any

import numpy as np
import pytest

from klods import backends, keras
from klods.errors import DataError, NameUnknownError, ShapeError, TraceWarning
from klods.keras import losses

BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]
RANDOM = np.random.default_rng(0)
X, TARGETS = RANDOM.random((6, 4), np.float32), RANDOM.random((6, 3), np.float32)
LABELS = np.array([0, 2, 1, 1, 0, 2])
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
WEIGHTS = np.array([0.5, 1.0, 2.0, 0.0, 1.0, 0.25], np.float32)
# Last layer's activation, labels; for losses that are not here, those of a regression.
DATA: dict[str, tuple[str | None, Any]] = {
    "BinaryCrossentropy": ("sigmoid", ONE_HOT),
    "BinaryFocalCrossentropy": ("sigmoid", ONE_HOT),
    "CategoricalCrossentropy": ("softmax", ONE_HOT),
    "CategoricalFocalCrossentropy": ("softmax", ONE_HOT),
    "CategoricalGeneralizedCrossEntropy": ("softmax", LABELS),
    "CategoricalHinge": (None, ONE_HOT),
    "CTC": (None, LABELS[:, None]),
    "Circle": ("tanh", LABELS),
    "Dice": ("sigmoid", ONE_HOT),
    "Hinge": (None, ONE_HOT),
    "KLDivergence": ("softmax", ONE_HOT),
    "Poisson": ("softplus", LABELS[:, None]),
    "SparseCategoricalCrossentropy": ("softmax", LABELS),
    "SquaredHinge": (None, ONE_HOT),
    "Tversky": ("sigmoid", ONE_HOT),
}
LOSSES = [
    *(kind() for kind in losses.CLASSES),
    losses.SparseCategoricalCrossentropy(ignore_class=1),
    losses.MeanSquaredError(reduction="mean_with_sample_weight"),
    losses.MeanAbsoluteError(reduction="sum"),
]


def trained(loss: losses.Loss, **how: Any) -> list[np.ndarray]:
    """Return the losses of two steps, one of them weighted, and the weights after them."""
    keras.utils.set_random_seed(3)
    last, labels = DATA.get(type(loss).__name__, (None, TARGETS))
    stack = [keras.Input((4,)), keras.layers.Dense(3, activation=last)]
    if isinstance(loss, losses.CTC):
        stack[1:] = [keras.layers.Dense(12), keras.layers.Reshape((4, 3))]
    model = keras.Sequential(stack)
    model.compile(keras.optimizers.SGD(0.1), loss, **how)
    weights = None if type(loss).__name__ in ("Dice", "Tversky") else WEIGHTS
    seen = [model.train_on_batch(X, labels), model.train_on_batch(X, labels, weights)]
    return [np.float32(seen), *model.get_weights()]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: f"{type(loss).__name__}-{loss.reduction}")
def test_compiled_as_eager(loss, monkeypatch):
    expected = trained(loss, run_eagerly=True)
    assert all(np.isfinite(x).all() for x in expected)
    for backend in BACKENDS:
        monkeypatch.setattr(backends, "_chosen", [backend])
        with warnings.catch_warnings():
            warnings.simplefilter("error", TraceWarning)
            for got, wanted in zip(trained(loss), expected, strict=True):
                np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5, err_msg=backend)


@pytest.mark.parametrize("run_eagerly", [True, False])
def test_steps_that_a_layer_masks_do_not_count(run_eagerly):
    x, y = RANDOM.random((4, 5, 3), np.float32), RANDOM.random((4, 5, 2), np.float32)
    x[1, 3:] = x[2, 1:] = 0
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.Masking(), keras.layers.Dense(2)])
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=run_eagerly)
    error, counted = y - model.predict(x, verbose=0), x.any(-1)
    expected = np.square(error)[counted].mean(), abs(error)[counted].mean()
    np.testing.assert_allclose(model.test_on_batch(x, y), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["Huber", "Hinge", "LogCosh", "Poisson", "BinaryFocalCrossentropy", "KLDivergence"])
def test_one_target_is_not_repeated_for_several_outputs(name):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="sigmoid")])
    model.compile("sgd", getattr(losses, name)())
    with pytest.raises(ShapeError, match="one target per output"):
        model.fit(X, LABELS[:, None], verbose=0)


def test_labels_outside_the_classes_are_found_before_training():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", losses.CategoricalGeneralizedCrossEntropy())
    with pytest.raises(DataError, match="Label 3 is outside the 3 classes"):
        model.fit(X, LABELS + 1, verbose=0)


def test_ctc_adds_up_all_alignments():
    """All sequences of classes are tried, without repetitions and then without blanks, as the definition says."""
    scores = RANDOM.normal(size=(2, 5, 3)).astype(np.float32)
    labels = [[1, 2, 2], [2, 0, 0]]
    chances = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    for row, wanted in enumerate(([1, 2, 2], [2])):
        total = 0.0
        for path in itertools.product(range(3), repeat=5):
            spelled = [label for label, _ in itertools.groupby(path) if label]
            total += np.prod([chances[row, step, label] for step, label in enumerate(path)]) if spelled == wanted else 0
        np.testing.assert_allclose(losses.ctc(labels, scores)[row], -np.log(total), rtol=1e-5)
    assert losses.ctc([[1, 1, 1]], scores[:1, :4]) > 1e4  # which needs five steps


def test_a_configured_function_is_made_again_by_its_name():
    loss = losses.LossFunctionWrapper(losses.huber, delta=0.3)
    again = losses.LossFunctionWrapper.from_config(loss.get_config())
    assert again.fn is losses.huber
    assert float(again([[0.0]], [[1.0]])) == float(losses.Huber(0.3)([[0.0]], [[1.0]]))


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (NameUnknownError, "no reduction 'average'", lambda: losses.MeanSquaredError(reduction="average")),
        (DataError, "between 0 and 1", lambda: losses.CategoricalGeneralizedCrossEntropy(q=1.5)),
        (ShapeError, "one-hot encode", lambda: losses.categorical_focal_crossentropy([1], [[0.5, 0.5]])),
        (
            ShapeError,
            "one number per class",
            lambda: losses.categorical_generalized_cross_entropy(ONE_HOT, ONE_HOT, 0.5),
        ),
        (ShapeError, "don't fit", lambda: losses.huber(np.zeros((2, 3)), np.zeros((4, 3)))),
        (ShapeError, r"takes labels \(batch, labels\)", lambda: losses.ctc([1, 2], np.zeros((2, 3, 4)))),
        (ShapeError, "one number per row", lambda: losses.Dice()(ONE_HOT, ONE_HOT, WEIGHTS)),
        (ShapeError, "one weight per row", lambda: losses.Huber()(TARGETS, TARGETS, np.ones(5))),
    ],
)
def test_refused(error, words, call):
    with pytest.raises(error, match=words):
        call()
