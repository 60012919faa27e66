"""Losses that compare distributions: the Kullback-Leibler divergence, and counts beside their expected number."""

from __future__ import annotations

from typing import Any

from klods.keras.config import epsilon
from klods.keras.losses.alignment import paired
from klods.keras.losses.loss import LossFunctionWrapper
from klods.ops.arithmetic import log_, maximum_, minimum_
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Return the sum over the last axis of y log(y / p), of probabilities of which none counts as below epsilon.

    Source: Kullback & Leibler 1951.
    """
    y_true, y_pred = (minimum_(maximum_(y, epsilon()), 1) for y in paired(y_true, y_pred))
    return reduce_sum(y_true * log_(y_true / y_pred), -1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean over the last axis of p - y log p: minus the logarithm of the probability of y, less log y!.

    Args:
        y_true: counts.
        y_pred: the number to expect of each.
    """
    y_true, y_pred = paired(y_true, y_pred)
    return reduce_mean(y_pred - y_true * log_(y_pred + epsilon()), -1)


class KLDivergence(LossFunctionWrapper):
    """The Kullback-Leibler divergence of predictions from labels; see `kl_divergence`."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """How improbable counts are where predictions are their expected number; see `poisson`."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, reduction, name, dtype)
