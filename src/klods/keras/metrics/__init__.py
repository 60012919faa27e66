"""Metrics: figures that gather over the batches of an epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.keras import losses
from klods.keras.configuration import by_name, resolve, serialize, snake_case
from klods.keras.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from klods.keras.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from klods.keras.metrics.auc import AUC
from klods.keras.metrics.classification import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from klods.keras.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from klods.keras.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    concordance_correlation,
    pearson_correlation,
)
from klods.keras.metrics.f_score import F1Score, FBetaScore
from klods.keras.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from klods.keras.metrics.mean import Mean, MeanMetricWrapper, Sum
from klods.keras.metrics.metric import Metric
from klods.keras.metrics.operating_point import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from klods.keras.metrics.regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    R2Score,
    RootMeanSquaredError,
)
from klods.missing import reporter
from klods.tensor import Tensor

CLASSES = (
    AUC,
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    BinaryIoU,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    ConcordanceCorrelation,
    CosineSimilarity,
    F1Score,
    FBetaScore,
    FalseNegatives,
    FalsePositives,
    Hinge,
    IoU,
    KLDivergence,
    LogCoshError,
    Mean,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanIoU,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    OneHotIoU,
    OneHotMeanIoU,
    PearsonCorrelation,
    Poisson,
    Precision,
    PrecisionAtRecall,
    R2Score,
    Recall,
    RecallAtPrecision,
    RootMeanSquaredError,
    SensitivityAtSpecificity,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SpecificityAtSensitivity,
    SquaredHinge,
    Sum,
    TopKCategoricalAccuracy,
    TrueNegatives,
    TruePositives,
)
FUNCTIONS = (
    binary_accuracy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_accuracy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    concordance_correlation,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    pearson_correlation,
    poisson,
    sparse_categorical_accuracy,
    sparse_categorical_crossentropy,
    sparse_top_k_categorical_accuracy,
    squared_hinge,
    top_k_categorical_accuracy,
)
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
mse = MSE = mean_squared_error
msle = MSLE = mean_squared_logarithmic_error
SHORT = {
    "bce": BinaryCrossentropy,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
}
ALIASES = {name: metric for short, metric in SHORT.items() for name in (short, short.upper())}
KNOWN: dict[str, Any] = {**by_name(*CLASSES, MeanMetricWrapper), **ALIASES}
MeanMetricWrapper.functions.update({**by_name(*losses.FUNCTIONS), **by_name(*FUNCTIONS)})


def get(identifier: Any) -> Any:
    """Return the metric of a name, configuration, class, function or object; None for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    return None if identifier is None else resolve("metric", identifier, KNOWN)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the metric of a name or configuration, which may be one of your own, given by its name."""
    return resolve("metric", config, {**KNOWN, **(custom_objects or {})})


def as_metric(identifier: Any) -> Metric:
    """Return what `compile(metrics=[...])` was given as a Metric.

    `accuracy` and `crossentropy` mean the binary, categorical or sparse kind, whichever the shapes of labels and
    predictions call for.

    Raises:
        NameUnknownError: for an unknown name.
        DataError: for what is no metric.
    """
    if isinstance(identifier, str) and identifier.lower() in CHOSEN_BY_SHAPE:
        function, direction = CHOSEN_BY_SHAPE[identifier.lower()]
        metric = MeanMetricWrapper(function, identifier)
        metric._direction = direction
        return metric
    found = get(identifier)
    if isinstance(found, Metric):
        if isinstance(identifier, str):
            found.name = identifier
        return found
    if not callable(found):
        raise DataError(f"{identifier!r} is no metric.", "give a name, a Metric, or a function (y_true, y_pred).")
    return MeanMetricWrapper(found, snake_case(getattr(found, "__name__", type(found).__name__)))


def accuracy_by_shape(y_true: Any, y_pred: Any) -> Tensor:
    """Return binary, sparse or categorical accuracy, whichever the shapes call for."""
    kinds = {"binary": binary_accuracy, "sparse": sparse_categorical_accuracy, "categorical": categorical_accuracy}
    return kinds[_label_kind(y_true, y_pred)](y_true, y_pred)


def crossentropy_by_shape(y_true: Any, y_pred: Any) -> Tensor:
    """Return binary, sparse or categorical cross-entropy, whichever the shapes call for."""
    kinds = {
        "binary": binary_crossentropy,
        "sparse": sparse_categorical_crossentropy,
        "categorical": categorical_crossentropy,
    }
    return kinds[_label_kind(y_true, y_pred)](y_true, y_pred)


CHOSEN_BY_SHAPE: dict[str, tuple[Callable[..., Tensor], str]] = {
    "accuracy": (accuracy_by_shape, "up"),
    "acc": (accuracy_by_shape, "up"),
    "crossentropy": (crossentropy_by_shape, "down"),
    "ce": (crossentropy_by_shape, "down"),
}


def _label_kind(y_true: Any, y_pred: Any) -> str:
    labels, predictions = (np.shape(getattr(y, "value", y)) for y in (y_true, y_pred))
    if predictions[-1:] == (1,):
        return "binary"
    return "sparse" if len(labels) < len(predictions) or labels[-1:] == (1,) else "categorical"


__all__ = [
    *(c.__name__ for c in CLASSES),
    *(f.__name__ for f in FUNCTIONS),
    "MeanMetricWrapper",
    "Metric",
    "deserialize",
    "get",
    "serialize",
]
__getattr__ = reporter(__name__)
