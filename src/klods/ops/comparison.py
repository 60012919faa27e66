"""Comparison, logic and choice, element by element."""

# mypy: disable-error-code=has-type
# (a block's gradient rule may name the block itself)

from __future__ import annotations

from typing import Any

from klods.ops import vocabulary as v
from klods.ops.block import pointwise


@pointwise(gives="bool")
def equal(x: Any, y: Any) -> Any:
    """Return whether x equals y; NaN equals nothing."""
    return x == y


@pointwise(gives="bool")
def not_equal(x: Any, y: Any) -> Any:
    """Return whether x differs from y."""
    return x != y


@pointwise(gives="bool")
def less(x: Any, y: Any) -> Any:
    """Return whether x is below y."""
    return x < y


@pointwise(gives="bool")
def less_equal(x: Any, y: Any) -> Any:
    """Return whether x is at most y."""
    return x <= y


@pointwise(gives="bool")
def greater(x: Any, y: Any) -> Any:
    """Return whether x is above y."""
    return x > y


@pointwise(gives="bool")
def greater_equal(x: Any, y: Any) -> Any:
    """Return whether x is at least y."""
    return x >= y


@pointwise(gives="bool")
def logical_and(x: Any, y: Any) -> Any:
    """Return whether both hold."""
    return v.logical_and(x, y)


@pointwise(gives="bool")
def logical_or(x: Any, y: Any) -> Any:
    """Return whether at least one holds."""
    return v.logical_or(x, y)


@pointwise(gives="bool")
def logical_xor(x: Any, y: Any) -> Any:
    """Return whether exactly one holds."""
    return v.logical_not(x) != v.logical_not(y)


@pointwise()
def bitwise_and(x: Any, y: Any) -> Any:
    """Return the bits of integers, or the truth values, that hold in both."""
    return x & y


@pointwise()
def bitwise_or(x: Any, y: Any) -> Any:
    """Return the bits of integers, or the truth values, that hold in at least one."""
    return x | y


@pointwise()
def bitwise_xor(x: Any, y: Any) -> Any:
    """Return the bits of integers, or the truth values, that hold in exactly one."""
    return x ^ y


@pointwise()
def invert(x: Any) -> Any:
    """Return the opposite bits of integers, or the opposite truth values."""
    return v.invert(x)


@pointwise(gives="bool")
def logical_not(x: Any) -> Any:
    """Return whether x does not hold."""
    return v.logical_not(x)


@pointwise(kind="float", gives="bool")
def is_nan(x: Any) -> Any:
    """Return whether x is not a number."""
    return v.is_nan(x)


@pointwise(kind="float", gives="bool")
def is_inf(x: Any) -> Any:
    """Return whether x is infinite."""
    return v.is_inf(x)


@pointwise(kind="float", gives="bool")
def is_finite(x: Any) -> Any:
    """Return whether x is neither NaN nor infinite."""
    return v.logical_not(v.logical_or(v.is_nan(x), v.is_inf(x)))


@pointwise(None, lambda c, y, s, a, b: where(s, c, 0), lambda c, y, s, a, b: where(s, 0, c), kind="select")
def where(condition: Any, x: Any, y: Any) -> Any:
    """Return x where the condition holds, else y.

    Example:
        >>> import klods
        >>> x = klods.constant([-1., 4.])
        >>> klods.where(x > 0, x, 0).numpy()
        array([0., 4.], dtype=float32)
    """
    return v.where(condition, x, y)
