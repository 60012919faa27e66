"""The circle loss, of embeddings: those of one class near each other, those of others far."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.functions import reduce_logsumexp
from klods.keras.losses.loss import LossFunctionWrapper
from klods.ops.activation import softplus
from klods.ops.arithmetic import maximum_
from klods.ops.comparison import equal, greater, logical_and, logical_not, where
from klods.ops.movement import cast, reshape, transpose
from klods.ops.product import matmul
from klods.tensor import Tensor, convert_to_tensor

ABSENT = -1e30  # e to this power is 0, as e to minus infinity is, but its gradient is a number


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Return the circle loss of each embedding beside all others.

    Source: Sun et al. 2020, equations 6 and 8, with cosine distances d = 1 - s in place of similarities.

    Args:
        y_true: whole-number labels, one per row.
        y_pred: embeddings of length 1, one per row.
        ref_labels: labels of other embeddings to compare with; the same ones when None.
        ref_embeddings: other embeddings to compare with; the same ones when None.
        remove_diagonal: whether an embedding is not compared with itself.
        gamma: the scale.
        margin: how far apart classes are to be.
    """
    y_pred = convert_to_tensor(y_pred)
    labels = reshape(cast(y_true, "int32"), (-1,))
    others = labels if ref_labels is None else reshape(cast(ref_labels, "int32"), (-1,))
    embeddings = y_pred if ref_embeddings is None else convert_to_tensor(ref_embeddings)
    distances = maximum_(1 - matmul(y_pred, transpose(embeddings)), 0)
    alike = equal(reshape(labels, (-1, 1)), others)
    positive = logical_and(alike, ~np.eye(labels.size, others.size, dtype=bool)) if remove_diagonal else alike
    pulled = -gamma * maximum_(margin + distances, 0) * (margin - distances)
    pushed = gamma * maximum_(1 + margin - distances, 0) * (1 - margin - distances)
    pull = reduce_logsumexp(where(positive, pulled, ABSENT), 1)
    push = reduce_logsumexp(where(logical_not(alike), pushed, ABSENT), 1)
    return softplus(pull + push)


class Circle(LossFunctionWrapper):
    """The circle loss, whose mean is of the embeddings that have one; see `circle`."""

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
        self.gamma, self.margin, self.remove_diagonal = gamma, margin, remove_diagonal

    def counted(self, y_true: Tensor, values: Tensor) -> Tensor:
        return greater(values, 0)
