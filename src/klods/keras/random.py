"""Keras's `keras.random`. A number as seed gives the same at every call, a SeedGenerator something else each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods import random
from klods.creation import sizes
from klods.errors import DataError
from klods.keras.config import floatx
from klods.keras.configuration import Configurable, snake_case, unique_name
from klods.missing import reporter
from klods.ops import picking
from klods.ops.block import recordable, static
from klods.ops.effects import call
from klods.ops.movement import cast
from klods.tensor import Tensor, Variable, convert_to_tensor

ONE_CALL = np.array([0, 1])
DRAWS_OF_A_CALL = 64  # bits of their number: what calls draw never meets


class SeedGenerator(Configurable):
    """A stream of random numbers for the `seed` of the functions here, which goes on from call to call.

    What is drawn follows from `state` alone: a layer that has one among its attributes has that among its variables.

    Args:
        seed: for the same numbers in every run.
        name: a name.

    Attributes:
        state: a variable of two whole numbers, the seed and how many calls have drawn.

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
        start = int(random.generator().integers(2**32)) if seed is None else _checked(seed)
        self.state = Variable(np.array([start, 0], np.int64), trainable=False, name="seed_generator_state")
        vars(self.state)["path"] = f"{self.name}/{self.state.name}"
        self._start_at(start)

    def next(self, ordered: bool = True) -> Tensor:
        """Return the state, which is another one then; `ordered` is there for Keras's sake."""
        state = self.state.read_value()
        self.state.assign_add(ONE_CALL)
        return state

    def source_at(self, state: np.ndarray) -> np.random.Generator:
        """Return the NumPy generator that draws what a state determines."""
        seed, calls = state.tolist()
        if seed != self._seed:
            self._start_at(seed)
        bits: Any = self._source.bit_generator  # set back and advanced, as making another takes longer than drawing
        bits.state = self._start
        bits.advance(calls << DRAWS_OF_A_CALL)
        return self._source

    def _start_at(self, seed: int) -> None:
        bits = np.random.PCG64(seed)
        self._seed, self._start, self._source = seed, bits.state, np.random.Generator(bits)


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


class Stream(random.Generator):
    """What the state of a SeedGenerator determines.

    Args:
        seeds: the SeedGenerator, which each call moves on.
    """

    def __init__(self, seeds: SeedGenerator) -> None:
        self.seeds = seeds

    def law(self, draw: Callable[[np.random.Generator, Any], Any], shape: Any, dtype: Any) -> Tensor:
        """Return a tensor of a shape of what a function of a NumPy generator and the shape draws."""
        size = sizes(shape)
        source_at = self.seeds.source_at
        return call(self.seeds.next(), function=lambda state: draw(source_at(state), size), shape=size, dtype=dtype)


def _stream(seed: Any) -> random.Generator:
    if seed is None:
        return random.Generator(random.generator)
    if isinstance(seed, SeedGenerator):
        return Stream(seed)
    start = _checked(seed)
    return random.Generator(lambda: np.random.default_rng(start))


def _checked(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise DataError(f"A seed is a whole number, 0 or more, or a SeedGenerator; got {seed!r}.", "write seed=1, say.")
    return int(seed)


__getattr__ = reporter(__name__)
