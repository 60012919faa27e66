"""Cross-entropies that heed some rows less: easy ones (focal), or ones whose labels may be wrong (generalised)."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError
from klods.keras.losses.crossentropy import binary_pair, binary_terms, inside, one_hot_pair, whole_labels
from klods.keras.losses.loss import LossFunctionWrapper
from klods.ops.activation import sigmoid, softmax
from klods.ops.arithmetic import log_, power
from klods.ops.picking import pick
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor, convert_to_tensor


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Return the mean over an axis of binary cross-entropies times (1 - p)^gamma, p the right label's probability.

    Source: Lin et al. 2017, equations 4 and 5.

    Args:
        y_true: labels, 0 or 1.
        y_pred: probabilities, or logits.
        apply_class_balancing: whether labels 1 weigh alpha and labels 0 weigh 1 - alpha.
        alpha: see above.
        gamma: the larger, the less the rows count that are nearly right.
        from_logits: whether y_pred holds logits.
        label_smoothing: how far labels are moved towards 1/2, between 0 and 1.
        axis: the axis of the mean.
    """
    y_true, y_pred = binary_pair(y_true, y_pred, label_smoothing)
    p = sigmoid(y_pred) if from_logits else y_pred
    right = y_true * p + (1 - y_true) * (1 - p)
    terms = power(1 - right, gamma) * binary_terms(y_true, p)
    if apply_class_balancing:
        terms = (y_true * alpha + (1 - y_true) * (1 - alpha)) * terms
    return reduce_mean(terms, axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Return -sum of alpha (1 - p)^gamma y log p over the classes.

    Source: Lin et al. 2017, equation 5.

    Args:
        y_true: one-hot labels.
        y_pred: probabilities (divided by their sum first), or logits.
        alpha: the weight of all classes, or a list of one per class.
        gamma: the larger, the less the rows count that are nearly right.
        from_logits: whether y_pred holds logits.
        label_smoothing: the share of each label spread evenly over all classes.
        axis: the axis of the classes.

    Raises:
        ShapeError: if the shapes differ.
    """
    y_true, y_pred = one_hot_pair("categorical_focal_crossentropy", y_true, y_pred, label_smoothing, axis)
    p = softmax(y_pred, axis) if from_logits else y_pred
    p = inside(p / reduce_sum(p, axis, True))
    return -reduce_sum(power(1 - p, gamma) * alpha * y_true * log_(p), axis)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """Return (1 - p^q) / q, p the probability of each row's label: cross-entropy near q = 0, a straight line at 1.

    Source: Zhang & Sabuncu 2018, equation 6.

    Args:
        y_true: whole-number labels from 0, one per row.
        y_pred: probabilities.
        q: between 0 and 1; the larger, the less wrong labels count.
    """
    y_pred = convert_to_tensor(y_pred)
    labels = whole_labels("categorical_generalized_cross_entropy", convert_to_tensor(y_true), y_pred)
    return (1 - power(pick(y_pred, labels), q)) / q


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """The focal cross-entropy of labels 0 or 1; see `binary_focal_crossentropy`."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"alpha": alpha, "gamma": gamma, "from_logits": from_logits, "axis": axis}
        options |= {"apply_class_balancing": apply_class_balancing, "label_smoothing": label_smoothing}
        super().__init__(binary_focal_crossentropy, reduction, name, dtype, **options)
        vars(self).update(options)


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """The focal cross-entropy of one-hot labels; see `categorical_focal_crossentropy`."""

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"alpha": alpha, "gamma": gamma, "from_logits": from_logits, "axis": axis}
        options |= {"label_smoothing": label_smoothing}
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, **options)
        vars(self).update(options)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """The generalised cross-entropy of whole-number labels; see `categorical_generalized_cross_entropy`.

    Raises:
        DataError: if q is not between 0 and 1.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise DataError(f"CategoricalGeneralizedCrossEntropy got q={q}.", "choose q between 0 and 1.")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
        self.q = q
