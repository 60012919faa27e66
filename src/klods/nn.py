"""TensorFlow's `tf.nn`: activations and the cross-entropies from logits."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.arranging import in_top_k, top_k
from klods.errors import ShapeError
from klods.math import l2_normalize, zero_fraction
from klods.missing import reporter
from klods.networks import (
    batch_normalization,
    bias_add,
    compute_average_loss,
    crelu,
    depth_to_space,
    dropout,
    embedding_lookup,
    gelu,
    l2_loss,
    local_response_normalization,
    log_poisson_loss,
    moments,
    normalize_moments,
    scale_regularization_loss,
    selu,
    space_to_depth,
    sufficient_statistics,
    swish,
    weighted_cross_entropy_with_logits,
    weighted_moments,
)
from klods.ops.activation import (
    elu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    sigmoid,
    sigmoid_cross_entropy,
    softmax,
    softplus,
    softsign,
)
from klods.ops.arithmetic import multiply, tanh
from klods.ops.picking import pick
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor

silu = swish
lrn = local_response_normalization


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Tensor:
    """Return the cross-entropy of label distributions and softmax(logits), one number per row.

    Args:
        labels: probabilities, of the logits' shape.
        logits: any real numbers.
        axis: the axis of the classes.
        name: accepted for TensorFlow's sake, and not used.
    """
    return -reduce_sum(multiply(labels, log_softmax(logits, axis)), axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Tensor:
    """Return the cross-entropy of integer labels and softmax(logits), one number per row.

    Raises:
        DataError: for a label outside the classes.

    Example:
        >>> import klods
        >>> klods.nn.sparse_softmax_cross_entropy_with_logits([1], [[0., 0.]]).numpy()
        array([0.6931472], dtype=float32)
    """
    return -pick(log_softmax(logits), labels)


def sigmoid_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Tensor:
    """Return the cross-entropy of labels in [0, 1] and sigmoid(logits), element by element.

    Raises:
        ShapeError: if the shapes differ, which would pair each label with each logit.
    """
    given, expected = tuple(np.shape(labels)), tuple(np.shape(logits))
    if given != expected:
        raise ShapeError(
            f"labels of shape {given} don't fit logits of shape {expected}.", "reshape one like the other."
        )
    return sigmoid_cross_entropy(logits, labels)


__all__ = [
    "batch_normalization",
    "bias_add",
    "compute_average_loss",
    "crelu",
    "depth_to_space",
    "dropout",
    "elu",
    "embedding_lookup",
    "gelu",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "local_response_normalization",
    "log_poisson_loss",
    "log_softmax",
    "lrn",
    "moments",
    "normalize_moments",
    "relu",
    "relu6",
    "scale_regularization_loss",
    "selu",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softplus",
    "softsign",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "sufficient_statistics",
    "swish",
    "tanh",
    "top_k",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
    "zero_fraction",
]
__getattr__ = reporter(__name__)
