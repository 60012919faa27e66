"""Losses of overlap, for masks of images: how little of two shapes is common to both."""

from __future__ import annotations

from typing import Any

from klods.keras.config import epsilon
from klods.keras.losses.alignment import paired
from klods.keras.losses.loss import LossFunctionWrapper
from klods.ops.block import static
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor

Axis = Any


def dice(y_true: Any, y_pred: Any, axis: Axis = None) -> Tensor:
    """Return 1 - 2 |A and B| / (|A| + |B|), the sums taken along axes; of the whole batch when `axis` is None.

    Source: Milletari et al. 2016, V-Net, section 3.

    Example:
        >>> round(float(dice([[1., 1.]], [[1., 0.]])), 4)
        0.3333
    """
    y_true, y_pred = paired(y_true, y_pred)
    axis = static(axis)
    common, sizes = reduce_sum(y_true * y_pred, axis), reduce_sum(y_true, axis) + reduce_sum(y_pred, axis)
    return 1 - 2 * common / (sizes + epsilon())


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Tensor:
    """Return 1 - |A and B| / (|A and B| + alpha |A only| + beta |B only|) of labels A and predictions B.

    Source: Salehi et al. 2017, equation 4; Keras's alpha is the weight of what the predictions miss.

    Args:
        y_true: labels.
        y_pred: predictions.
        alpha: the weight of what is in the labels alone.
        beta: the weight of what is in the predictions alone.
        axis: the axes of the sums; all when None.
    """
    y_true, y_pred = paired(y_true, y_pred)
    common, missed, added = (
        reduce_sum(part, static(axis)) for part in (y_true * y_pred, y_true * (1 - y_pred), y_pred * (1 - y_true))
    )
    return 1 - common / (common + alpha * missed + beta * added + epsilon())


class Dice(LossFunctionWrapper):
    """One number for a batch: how little labels and predictions overlap; see `dice`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)
        self.axis = axis


class Tversky(LossFunctionWrapper):
    """Overlap with weights for what is missed and what is added; see `tversky`."""

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
        self.alpha, self.beta, self.axis = alpha, beta, axis
