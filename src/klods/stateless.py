"""Random tensors that follow from a seed alone: the same call gives the same numbers. A seed is two whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.errors import DataError
from klods.ops.block import static
from klods.random import Generator
from klods.tensor import Tensor

LIMIT = 2**64


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    name: str | None = None,
    alg: str = "auto_select",
) -> Tensor:
    """Return numbers drawn evenly from minval up to, not including, maxval (1 for floats).

    Args:
        shape: how many.
        seed: two whole numbers.
        minval: the least.
        maxval: what they stay below.
        dtype: their dtype.
        name: accepted for TensorFlow's sake.
        alg: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> first, second = (klods.random.stateless_uniform((2,), seed=(1, 2)) for _ in range(2))
        >>> bool(klods.reduce_all(first == second))
        True
    """
    return _seeded(seed).uniform(shape, minval, maxval, dtype)


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    name: str | None = None,
    alg: str = "auto_select",
) -> Tensor:
    """Return numbers drawn from the normal distribution."""
    return _seeded(seed).normal(shape, mean, stddev, dtype)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    name: str | None = None,
    alg: str = "auto_select",
) -> Tensor:
    """Return numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""
    return _seeded(seed).truncated_normal(shape, mean, stddev, dtype)


def stateless_categorical(
    logits: Any, num_samples: int, seed: Any, dtype: Any = "int64", name: str | None = None
) -> Tensor:
    """Return classes drawn for each row of logits; see `klods.random.categorical`."""
    return _seeded(seed).categorical(logits, num_samples, dtype)


def stateless_binomial(
    shape: Any, seed: Any, counts: Any, probs: Any, output_dtype: Any = "int32", name: str | None = None
) -> Tensor:
    """Return how many of `counts` trials succeed, each with its probability."""
    return _seeded(seed).binomial(shape, counts, probs, output_dtype)


def stateless_gamma(
    shape: Any, seed: Any, alpha: Any, beta: Any = None, dtype: Any = "float32", name: str | None = None
) -> Tensor:
    """Return numbers of a shape drawn from gamma distributions, whose parameters broadcast to it."""
    a, scale = static(alpha), 1 / np.asarray(static(1 if beta is None else beta), np.float64)
    return _seeded(seed).law(lambda source, size: source.gamma(a, scale, size), shape, dtype)


def stateless_poisson(shape: Any, seed: Any, lam: Any, dtype: Any = "int32", name: str | None = None) -> Tensor:
    """Return numbers of a shape drawn from Poisson distributions, whose means broadcast to it."""
    means = static(lam)
    return _seeded(seed).law(lambda source, size: source.poisson(means, size), shape, dtype)


def split(seed: Any, num: int = 2, alg: str = "auto_select") -> Tensor:
    """Return new seeds that follow from one, shape (num, 2).

    Example:
        >>> import klods
        >>> klods.random.split((1, 2), 3).shape
        TensorShape([3, 2])
    """
    return Tensor(_seeds(_pair(seed), num))


def fold_in(seed: Any, data: Any, alg: str = "auto_select") -> Tensor:
    """Return the new seed that follows from one and a whole number, such as that of a step."""
    return Tensor(_seeds([*_pair(seed), int(static(data)) % LIMIT], 1)[0])


def _seeds(numbers: list[int], count: int) -> np.ndarray:
    return np.random.SeedSequence(numbers).generate_state(2 * count).view(np.int32).reshape(count, 2)


def _seeded(seed: Any) -> Generator:
    numbers = _pair(seed)
    return Generator(lambda: np.random.default_rng(numbers))


def _pair(seed: Any) -> list[int]:
    numbers = static(seed)
    if not isinstance(numbers, tuple) or len(numbers) != 2 or not all(isinstance(n, int) for n in numbers):
        raise DataError(f"A seed is two whole numbers here; got {numbers!r}.", "write seed=(1, 2), say.")
    return [n % LIMIT for n in numbers]
