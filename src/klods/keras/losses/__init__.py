"""Losses: how far predictions are from the truth, as functions (one number per row) and classes (one number)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from klods.keras.configuration import by_name, resolve, serialize
from klods.keras.losses.alignment import fitted_weight, full_weight, paired, same_rank
from klods.keras.losses.circle import Circle, circle
from klods.keras.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from klods.keras.losses.ctc import CTC, ctc
from klods.keras.losses.distribution import KLDivergence, Poisson, kl_divergence, poisson
from klods.keras.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
)
from klods.keras.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from klods.keras.losses.loss import Loss, LossFunctionWrapper, masked_weight
from klods.keras.losses.overlap import Dice, Tversky, dice, tversky
from klods.keras.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from klods.missing import reporter

FUNCTIONS = (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    circle,
    cosine_similarity,
    ctc,
    dice,
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
    tversky,
)
CLASSES = (
    CTC,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    Circle,
    CosineSimilarity,
    Dice,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    Tversky,
)
bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
mse = MSE = mean_squared_error
msle = MSLE = mean_squared_logarithmic_error
ALIASES = {
    name: function
    for short, function in {"bce": bce, "kld": kld, "mae": mae, "mape": mape, "mse": mse, "msle": msle}.items()
    for name in (short, short.upper())
}
KNOWN: dict[str, Any] = {**by_name(*CLASSES), **by_name(*FUNCTIONS), **ALIASES}
LossFunctionWrapper.functions.update(by_name(*FUNCTIONS))


def get(identifier: Any) -> Any:
    """Return the loss of a name, configuration, class, function or object; None for None.

    Raises:
        NameUnknownError: for an unknown name.
    """
    return None if identifier is None else resolve("loss", identifier, KNOWN)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the loss of a name or configuration, which may be one of your own, given by its name."""
    return resolve("loss", name, {**KNOWN, **(custom_objects or {})})


def as_loss(identifier: Any) -> Loss:
    """Return what `compile(loss=...)` was given as a Loss."""
    found = get(identifier)
    return found if isinstance(found, Loss) else LossFunctionWrapper(found, name=getattr(found, "__name__", None))


__all__ = [
    *(f.__name__ for f in FUNCTIONS + CLASSES),
    *ALIASES,
    "Loss",
    "deserialize",
    "get",
    "serialize",
]
__getattr__ = reporter(__name__)
