"""Connectionist temporal classification: labels in order, without saying at which steps of a sequence they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.arranging import pad
from klods.creation import one_hot
from klods.errors import ShapeError
from klods.functions import reduce_logsumexp
from klods.keras.losses.loss import LossFunctionWrapper
from klods.ops.activation import log_softmax
from klods.ops.comparison import logical_and, not_equal, where
from klods.ops.movement import cast, concat, reshape, stack, transpose
from klods.ops.product import matmul
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor, convert_to_tensor

BLANK = 0
ABSENT = -1e5  # e to this power is 0; what no alignment gives has a loss of about as much


def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """Return minus the logarithm of the probability that the steps of each sequence spell its labels.

    A step spells a label or nothing; a label may last several steps, and two equal ones have a blank between them.

    Source: Graves et al. 2006, equations 6 to 8: probabilities of what is spelled so far, from step to step.

    Args:
        y_true: labels, of shape (batch, labels): whole numbers from 1 on, filled up with 0, the blank.
        y_pred: scores of shape (batch, steps, classes), before the softmax.

    Raises:
        ShapeError: for other numbers of axes.

    Example:
        >>> round(float(ctc([[1]], [[[0., 0.], [0., 0.]]])[0]), 4), round(float(-np.log(3 / 4)), 4)
        (0.2877, 0.2877)
    """
    labels = cast(y_true, "int32")
    return alignment_loss(labels, y_pred, reduce_sum(cast(not_equal(labels, BLANK), "int32"), -1))


def alignment_loss(labels: Any, scores: Any, lengths: Any, steps: Any = None, blank: int = BLANK) -> Tensor:
    """Return `ctc`, where it isn't the blank that tells how many labels and steps there are.

    Args:
        labels: of shape (batch, labels), whole numbers.
        scores: of shape (batch, steps, classes), before the softmax.
        lengths: how many labels of each sequence count.
        steps: how many of its steps count; all by default.
        blank: the class that means no label.

    Raises:
        ShapeError: for other numbers of axes.
    """
    labels, scores = cast(labels, "int32"), convert_to_tensor(scores)
    if labels.ndim != 2 or scores.ndim != 3:
        raise ShapeError(
            f"ctc takes labels (batch, labels) and scores (batch, steps, classes); got {labels.value.shape} and "
            f"{scores.value.shape}.",
            "give a row of labels for each sequence.",
        )
    batch, count = labels.value.shape
    blanks = labels * 0 + blank
    places = reshape(stack([blanks, labels], 2), (batch, 2 * count))  # a blank before each label, and one at the end
    places = concat([places, blanks[:, :1]], 1)
    spelled = matmul(log_softmax(scores), transpose(one_hot(places, scores.value.shape[2]), (0, 2, 1)))
    skips = logical_and(not_equal(places, blank), not_equal(places, _moved(places, 2, blank)))
    so_far = where(np.arange(2 * count + 1) < 2, spelled[:, 0], ABSENT)
    for step in range(1, scores.value.shape[1]):
        ways = [so_far, _moved(so_far, 1, ABSENT), where(skips, _moved(so_far, 2, ABSENT), ABSENT)]
        further = reduce_logsumexp(stack(ways, 0), 0) + spelled[:, step]
        so_far = further if steps is None else where(convert_to_tensor(steps)[:, None] > step, further, so_far)
    last = 2 * cast(lengths, "int32")[:, None]
    ends = (np.arange(2 * count + 1) <= last) & (np.arange(2 * count + 1) >= last - 1)
    return -reduce_logsumexp(where(ends, so_far, ABSENT), 1)


def _moved(x: Tensor, count: int, fill: float) -> Tensor:
    """Return what stands at each place by a number of places to the right, filled up on the left."""
    return pad(x, [[0, 0], [count, 0]], constant_values=fill)[:, :-count]


class CTC(LossFunctionWrapper):
    """How improbable it is that the steps of sequences spell their labels; see `ctc`."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "ctc", dtype: Any = None) -> None:
        super().__init__(ctc, reduction, name, dtype)
