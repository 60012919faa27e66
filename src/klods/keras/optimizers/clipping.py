"""Gradients made shorter."""

from __future__ import annotations

from klods.ops.arithmetic import maximum_, minimum_, sqrt_, square
from klods.ops.reduction import reduce_sum
from klods.tensor import Tensor


def clipped(
    gradients: list[Tensor], clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> list[Tensor]:
    """Return the gradients within limits, of which at most one is given; 0 is none.

    Args:
        gradients: one per weight.
        clipnorm: the greatest length of each.
        clipvalue: the greatest absolute value in them.
        global_clipnorm: the greatest length of all together (Pascanu et al. 2013, algorithm 1).
    """
    if clipnorm:
        return [g * clipnorm / maximum_(_length([g]), clipnorm) for g in gradients]
    if global_clipnorm:
        length = maximum_(_length(gradients), global_clipnorm)
        scale = global_clipnorm / length * (length / length)  # NaN for an infinite length
        return [g * scale for g in gradients]
    if clipvalue:
        return [maximum_(minimum_(g, clipvalue), -clipvalue) for g in gradients]
    return gradients


def _length(gradients: list[Tensor]) -> Tensor:
    """Return the length of gradients together."""
    return sqrt_(sum((reduce_sum(square(g)) for g in gradients[1:]), reduce_sum(square(gradients[0]))))
