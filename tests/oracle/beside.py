"""What the tests of this group share: the two libraries side by side, and how their values are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras as real
import numpy as np

import klods
from klods import keras as own

# Options that Keras writes into configurations and klods does not have.
LACKING = {"quantization_config", "sparse", "ragged", "optional", "rms_scaling"}

__all__ = ["both", "close", "gradients", "own", "plain", "real", "same_config"]


def both(call: Callable[..., Any], *arguments: Any, **tolerance: float) -> None:
    """Check that `call(keras, *arguments)` gives the same under both libraries."""
    close(call(own, *arguments), call(real, *arguments), **tolerance)


def close(ours: Any, theirs: Any, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """Check that two values, or structures of values, have the same form and nearly the same numbers."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        close(list(ours.values()), list(theirs.values()), rtol, atol)
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs):
            close(mine, other, rtol, atol)
    else:
        ours, theirs = np.asarray(ours), np.asarray(theirs)
        assert ours.shape == theirs.shape
        assert ours.dtype.kind == theirs.dtype.kind
        np.testing.assert_allclose(ours, theirs, rtol, atol)


def gradients(call: Callable[[Any, Any], Any], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradient of the sum of `call(keras, x)` with respect to x, by klods and by the real Keras."""
    start = klods.constant(x)
    with klods.GradientTape() as tape:
        tape.watch(start)
        total = klods.reduce_sum(call(own, start))
    theirs = jax.grad(lambda z: real.ops.sum(call(real, z)))(jax.numpy.asarray(x))
    return np.asarray(tape.gradient(total, start)), np.asarray(theirs)


def same_config(ours: Any, theirs: Any, more: set[str] = frozenset()) -> None:
    """Check that klods's configuration of an object says what Keras's does, but for options that klods doesn't have.

    Args:
        ours: the object under klods.
        theirs: the same under Keras.
        more: keys that klods may have beyond Keras's.
    """
    mine, other = plain(ours.get_config()), plain(theirs.get_config())
    assert set(mine) <= set(other) | set(more)
    assert {key: mine[key] for key in mine if key in other} == {key: other[key] for key in mine if key in other}


def plain(value: Any) -> Any:
    """Return plain data with tuples as lists and floats in float32: Keras keeps some of its arguments as tensors."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in LACKING}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return float(np.float32(value)) if isinstance(value, float) else value
