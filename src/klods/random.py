"""Random tensors. The same seed gives the same bits, on every machine that runs the same NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.dtypes import as_dtype
from klods.errors import DataError, DTypeError
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
    if seed is None:
        return _source.main
    if seed not in _source.seeded:
        _source.seeded[seed] = np.random.default_rng([seed, 0 if _source.seed is None else _source.seed])
    return _source.seeded[seed]


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
    kind, size = as_dtype(dtype), static(shape)
    if kind.kind != "f":
        if maxval is None:
            raise DataError(f"random.uniform needs maxval for {kind}.", "give maxval, or a floating dtype.")
        return Tensor(generator(seed).integers(minval, maxval, size, dtype=kind))
    high = 1 if maxval is None else maxval
    return Tensor(uniform_array(generator(seed), size, float(minval), float(high)).astype(kind, copy=False))


def uniform_array(source: np.random.Generator, shape: Any, low: float, high: float) -> np.ndarray:
    """Return a float32 array drawn evenly from low to high."""
    drawn = np.asarray(source.random(shape, np.float32))
    drawn *= np.float32(high - low)
    drawn += np.float32(low)
    return drawn


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return numbers drawn from the normal distribution."""
    drawn = generator(seed).standard_normal(static(shape), np.float32)
    return Tensor(np.asarray(drawn * np.float32(stddev) + np.float32(mean), _floating(dtype)))


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""
    drawn = truncated_array(generator(seed), static(shape))
    return Tensor(np.asarray(drawn * np.float32(stddev) + np.float32(mean), _floating(dtype)))


def truncated_array(source: np.random.Generator, shape: Any) -> np.ndarray:
    """Return a float32 array of standard normal numbers within -2 to 2."""
    drawn = np.asarray(source.standard_normal(shape, np.float32))
    while (outside := np.abs(drawn) > 2).any():
        drawn[outside] = source.standard_normal(int(outside.sum()), np.float32)
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
