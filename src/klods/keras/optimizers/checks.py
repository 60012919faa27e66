"""What an optimizer is given, checked before anything changes."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError, DTypeError
from klods.tensor import Tensor, Variable


def check_at_least(least: int, **counts: int | None) -> None:
    """Check options that are whole numbers from `least` on, or None.

    Raises:
        DataError: for another value.
    """
    for name, count in counts.items():
        if count and (not isinstance(count, int) or count < least):
            raise DataError(f"{name} is a whole number from {least} on; got {count!r}.", f"write {name}={least}, say.")


def check_pair(gradient: Tensor, weight: Any) -> None:
    """Check that a weight can follow a gradient.

    Raises:
        DTypeError: for a weight that is no variable, or not floating.
        DataError: if their shapes differ.
    """
    if not isinstance(weight, Variable):
        raise DTypeError(
            f"A weight is a Variable; got a {type(weight).__name__}.", "pass the gradient first, then its variable."
        )
    if weight.value.dtype.kind != "f":
        raise DTypeError(
            f"Variable '{weight.name}' holds {weight.value.dtype}, which can't follow a gradient.",
            "make it floating: klods.Variable(x, dtype='float32').",
        )
    if gradient.value.shape != weight.value.shape:
        raise DataError(
            f"The gradient of '{weight.name}' has shape {gradient.shape}, the weight {weight.shape}.",
            "pass gradients and weights in the same order.",
        )
