"""Keras's `keras.random`. A number as seed gives the same at every call, a SeedGenerator something else each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods import random
from klods.errors import DataError
from klods.keras.config import floatx
from klods.keras.configuration import Configurable, snake_case, unique_name
from klods.missing import reporter
from klods.ops import picking
from klods.ops.block import recordable, static
from klods.ops.movement import cast
from klods.tensor import Tensor, convert_to_tensor


class SeedGenerator(Configurable):
    """A stream of random numbers for the `seed` of the functions here, which goes on from call to call.

    Args:
        seed: for the same numbers in every run.
        name: a name.

    Raises:
        DataError: for a seed that is no whole number, 0 or more.

    Example:
        >>> import klods
        >>> stream = SeedGenerator(1)
        >>> first, second = (normal((3,), seed=stream) for _ in range(2))
        >>> bool(klods.reduce_any(first == second))
        False
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.seed = None if seed is None else _checked(seed)
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.source = np.random.default_rng(random.generator().integers(2**32) if seed is None else seed)

    def next(self, ordered: bool = True) -> Tensor:
        """Return two numbers that no call returned before; `ordered` is there for Keras's sake."""
        return random.drawn(lambda: self.source.integers(2**32, size=2, dtype=np.uint32), (2,), np.uint32)


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return numbers drawn from the normal distribution.

    Example:
        >>> normal((2, 3), seed=1).shape
        TensorShape([2, 3])
    """
    return _stream(seed).normal(shape, mean, stddev, dtype or floatx())


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""
    return _stream(seed).truncated_normal(shape, mean, stddev, dtype or floatx())


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return numbers drawn evenly from minval up to, not including, maxval."""
    return _stream(seed).uniform(shape, minval, maxval, dtype or floatx())


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Return whole numbers drawn evenly from minval up to, not including, maxval."""
    return cast(_stream(seed).uniform(shape, minval, maxval, "int64"), dtype)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return numbers drawn from the gamma distribution of this shape parameter and the scale 1."""
    a = static(alpha)
    return _stream(seed).law(lambda source, size: source.standard_gamma(a, size), shape, dtype or floatx())


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return numbers drawn from the beta distribution."""
    a, b = static(alpha), static(beta)
    return _stream(seed).law(lambda source, size: source.beta(a, b, size), shape, dtype or floatx())


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return how many of `counts` trials succeed, as floats; each does with its probability."""
    return _stream(seed).binomial(shape, counts, probabilities, dtype or floatx())


@recordable
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Return classes drawn for each row of logits, shape (rows, num_samples): the largest logit with Gumbel noise."""
    return _stream(seed).categorical(logits, num_samples, dtype)


@recordable
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """Return the inputs with a share of them set to 0 and the others scaled by 1 / (1 - rate).

    Args:
        inputs: a tensor.
        rate: the share, 0 up to 1.
        noise_shape: the shape of the random mask, with 1 where an axis shares it; None is a size of the inputs.
        seed: see the module.
    """
    return _stream(seed).dropped(convert_to_tensor(inputs), rate, noise_shape)


@recordable
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """Return a tensor with its slices along an axis in random order."""
    tensor = convert_to_tensor(x)
    count = tensor.value.shape[axis]
    order = _stream(seed).law(lambda source, size: source.permutation(count), (count,), "int64")
    return picking.gather(tensor, order, axis=axis)


def _stream(seed: Any) -> random.Generator:
    return random.Generator(_source(seed))


def _source(seed: Any) -> Callable[[], np.random.Generator]:
    """Return what gives the NumPy generator to draw from, each time that numbers are drawn."""
    if seed is None:
        return random.generator
    if isinstance(seed, SeedGenerator):
        return lambda: seed.source
    start = _checked(seed)
    return lambda: np.random.default_rng(start)


def _checked(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise DataError(f"A seed is a whole number, 0 or more, or a SeedGenerator; got {seed!r}.", "write seed=1, say.")
    return int(seed)


__getattr__ = reporter(__name__)
