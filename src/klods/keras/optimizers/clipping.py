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
        return [_shortened([gradient], clipnorm)[0] for gradient in gradients]
    if global_clipnorm:
        return _shortened(gradients, global_clipnorm)
    if clipvalue:
        return [maximum_(minimum_(gradient, clipvalue), -clipvalue) for gradient in gradients]
    return gradients


def _shortened(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Return gradients scaled so that their common length is at most the limit; if that is infinite, so are they."""
    length = sqrt_(sum((reduce_sum(square(g)) for g in gradients[1:]), reduce_sum(square(gradients[0]))))
    return [g * limit / maximum_(length, limit) for g in gradients]
