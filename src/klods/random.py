"""Random tensors. The same seed gives the same bits, on every machine that runs the same NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.dtypes import FLOAT32, FLOAT64, as_dtype
from klods.errors import DataError, DTypeError
from klods.graph import Untraceable, tracing
from klods.missing import reporter
from klods.ops.block import static
from klods.ops.picking import gather
from klods.tensor import Tensor, convert_to_tensor


class _Source:
    """The generator that unseeded calls draw from, and one for each `seed=` that calls have used."""

    def __init__(self) -> None:
        self.start(None)

    def start(self, seed: int | None) -> None:
        self.seed = seed
        self.main = np.random.default_rng(seed)
        self.seeded: dict[int, np.random.Generator] = {}


_source = _Source()


def set_seed(seed: int) -> None:
    """Start the random numbers anew, so that what follows is the same in every run.

    Example:
        >>> import klods
        >>> klods.random.set_seed(1)
        >>> a = klods.random.normal((3,))
        >>> klods.random.set_seed(1)
        >>> bool(klods.reduce_all(a == klods.random.normal((3,))))
        True
    """
    _source.start(int(seed))


def generator(seed: int | None = None) -> np.random.Generator:
    """Return the NumPy generator that a call with this seed draws from; successive draws differ."""
    refuse_while_traced()
    if seed is None:
        return _source.main
    if seed not in _source.seeded:
        _source.seeded[seed] = np.random.default_rng([seed, 0 if _source.seed is None else _source.seed])
    return _source.seeded[seed]


def refuse_while_traced() -> None:
    """Raise Untraceable during a trace, in which numbers would be drawn once and then stay the same."""
    if tracing.get() is not None:
        raise Untraceable("Random numbers are drawn, which a graph can't hold yet.", "call the function undecorated.")


class Generator:
    """A stream of random numbers of its own, untouched by `set_seed`.

    Example:
        >>> import klods
        >>> first, second = (klods.random.Generator.from_seed(1).normal((2,)) for _ in range(2))
        >>> bool(klods.reduce_all(first == second))
        True
    """

    def __init__(self, source: np.random.Generator) -> None:
        self._generator = source

    @property
    def _source(self) -> np.random.Generator:
        refuse_while_traced()
        return self._generator

    @classmethod
    def from_seed(cls, seed: int) -> Generator:
        """Return the generator whose numbers the seed determines."""
        return cls(np.random.default_rng(seed))

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        """Return numbers drawn evenly; see `uniform`."""
        kind, size = as_dtype(dtype), static(shape)
        if kind.kind == "f":
            return Tensor(uniform_array(self._source, size, minval, 1 if maxval is None else maxval, kind))
        if maxval is None:
            raise DataError(f"random.uniform needs maxval for {kind}.", "give maxval, or a floating dtype.")
        return Tensor(self._source.integers(static(minval), static(maxval), size, dtype=kind))

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        """Return numbers drawn from the normal distribution."""
        kind = _floating(dtype)
        drawn = self._source.standard_normal(static(shape), _drawn(kind))
        return Tensor(_scaled(drawn, stddev, mean, kind))

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        """Return numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""
        kind = _floating(dtype)
        return Tensor(_scaled(truncated_array(self._source, static(shape), _drawn(kind)), stddev, mean, kind))


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return numbers drawn evenly from minval up to, not including, maxval (1 for floats).

    Raises:
        DataError: for an integer dtype without maxval.
    """
    return Generator(generator(seed)).uniform(shape, minval, maxval, dtype)


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return numbers drawn from the normal distribution."""
    return Generator(generator(seed)).normal(shape, mean, stddev, dtype)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""
    return Generator(generator(seed)).truncated_normal(shape, mean, stddev, dtype)


def uniform_array(
    source: np.random.Generator, shape: Any, low: Any, high: Any, dtype: np.dtype = FLOAT32
) -> np.ndarray:
    """Return an array drawn evenly from low to high."""
    first, last = np.asarray(low, np.float64), np.asarray(high, np.float64)
    return _scaled(source.random(shape, _drawn(dtype)), last - first, first, dtype)


def truncated_array(source: np.random.Generator, shape: Any, dtype: np.dtype = FLOAT32) -> np.ndarray:
    """Return an array of standard normal numbers within -2 to 2."""
    drawn = np.asarray(source.standard_normal(shape, dtype))
    while (outside := np.abs(drawn) > 2).any():
        drawn[outside] = source.standard_normal(int(outside.sum()), dtype)
    return drawn


def shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """Return a tensor with its slices along the first axis in random order."""
    x = convert_to_tensor(value)
    return gather(x, generator(seed).permutation(x.value.shape[0]))


def _floating(dtype: Any) -> np.dtype:
    kind = as_dtype(dtype)
    if kind.kind != "f":
        raise DTypeError(f"Normal numbers are floating; got the dtype {kind}.", "use float32, or random.uniform.")
    return kind


def _drawn(kind: np.dtype) -> np.dtype:
    """Return the dtype to draw in: NumPy draws in float32 and float64 alone."""
    return kind if kind == FLOAT64 else FLOAT32


def _scaled(drawn: Any, factor: Any, offset: Any, kind: np.dtype) -> np.ndarray:
    result = drawn * np.asarray(factor, drawn.dtype) + np.asarray(offset, drawn.dtype)
    return np.asarray(result, kind)


__getattr__ = reporter(__name__)
