"""Random tensors. The same seed gives the same bits, on every machine that runs the same NumPy."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from klods.creation import sizes
from klods.dtypes import FLOAT32, FLOAT64, as_dtype
from klods.errors import DataError, DTypeError, ShapeError
from klods.graph import engine, tracing
from klods.missing import reporter
from klods.ops.block import static
from klods.ops.comparison import where
from klods.ops.movement import cast, expand_dims
from klods.ops.picking import gather
from klods.ops.reduction import argmax
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
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise DataError(f"A seed is a whole number, 0 or more; got {seed!r}.", "write set_seed(1), say.")
    _source.start(int(seed))


def generator(seed: int | None = None) -> np.random.Generator:
    """Return the NumPy generator that a call with this seed draws from; successive draws differ."""
    if seed is None:
        return _source.main
    if seed not in _source.seeded:
        _source.seeded[seed] = new_generator(seed)
    return _source.seeded[seed]


def new_generator(seed: int) -> np.random.Generator:
    """Return a NumPy generator whose numbers this seed and that of `set_seed` determine."""
    return np.random.default_rng([seed, 0 if _source.seed is None else _source.seed])


def drawn(draw: Callable[[], np.ndarray], shape: Any, dtype: Any) -> Tensor:
    """Return the tensor that `draw` gives; inside a traced function, a tensor that each run draws anew."""
    tracer = tracing.get()
    if tracer is None:
        return Tensor(draw())
    return Tensor(tracer.apply("call", (), {"function": draw, "shape": shape, "dtype": np.dtype(dtype)}))


class Generator:
    """A stream of random numbers of its own, untouched by `set_seed`.

    Example:
        >>> import klods
        >>> first, second = (klods.random.Generator.from_seed(1).normal((2,)) for _ in range(2))
        >>> bool(klods.reduce_all(first == second))
        True
    """

    def __init__(self, source: np.random.Generator | Callable[[], np.random.Generator]) -> None:
        self._source = source if callable(source) else lambda: source

    @classmethod
    def from_seed(cls, seed: int) -> Generator:
        """Return the generator whose numbers the seed determines."""
        return cls(np.random.default_rng(seed))

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        """Return numbers drawn evenly; see `uniform`."""
        kind, size = as_dtype(dtype), sizes(shape)
        if kind.kind == "f":
            low, high = static(minval), static(1 if maxval is None else maxval)
            return self.law(lambda source, size: uniform_array(source, size, low, high, kind), size, kind)
        if maxval is None:
            raise DataError(f"random.uniform needs maxval for {kind}.", "give maxval, or a floating dtype.")
        low, high = static(minval), static(maxval)
        if np.any(np.asarray(low) >= np.asarray(high)):
            raise DataError(f"random.uniform draws from {low} up to {high}: nothing.", "make maxval the larger.")
        return self.law(lambda source, size: source.integers(low, high, size, dtype=kind), size, kind)

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        """Return numbers drawn from the normal distribution."""
        kind, size, middle, width = _floating(dtype), sizes(shape), static(mean), static(stddev)
        return self.law(
            lambda source, size: _scaled(source.standard_normal(size, _drawn(kind)), width, middle, kind), size, kind
        )

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        """Return numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""
        kind, size, middle, width = _floating(dtype), sizes(shape), static(mean), static(stddev)
        return self.law(
            lambda source, size: _scaled(truncated_array(source, size, _drawn(kind)), width, middle, kind), size, kind
        )

    def binomial(self, shape: Any, counts: Any, probs: Any, dtype: Any = "int32", name: str | None = None) -> Tensor:
        """Return how many of `counts` trials succeed, each with its probability."""
        trials, chances = static(counts), static(probs)
        return self.law(lambda source, size: source.binomial(trials, chances, size), shape, dtype)

    def categorical(self, logits: Any, num_samples: int, dtype: Any = "int64") -> Tensor:
        """Return classes drawn for each row of logits, shape (rows, num_samples): the largest with Gumbel noise."""
        x = convert_to_tensor(logits)
        if x.ndim != 2:
            raise ShapeError(f"categorical takes rows of logits; got the shape {x.value.shape}.", "give two axes.")
        rows, classes = x.value.shape
        noise = self.law(lambda source, size: source.gumbel(size=size), (rows, num_samples, classes), x.dtype)
        return cast(argmax(expand_dims(x, 1) + noise, -1), dtype)

    def dropped(self, x: Tensor, rate: float, noise_shape: Any = None) -> Tensor:
        """Return a tensor with a share of its elements set to 0, and the others by 1 / (1 - rate)."""
        shape = tuple(n if m is None else m for n, m in zip(x.value.shape, noise_shape or x.value.shape))
        return where(self.uniform(shape) >= rate, x * (1 / (1 - rate)), 0)

    def law(self, draw: Callable[[np.random.Generator, Any], Any], shape: Any, dtype: Any) -> Tensor:
        """Return a tensor of a shape of what a function of a NumPy generator and the shape draws."""
        size, kind = sizes(shape), as_dtype(dtype)
        return drawn(lambda: np.asarray(draw(self._source(), size), kind), size, kind)


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
        DataError: for an integer dtype without maxval, or with one that is not above minval.
        ShapeError: for a shape that is none.
    """
    return Generator(lambda: generator(seed)).uniform(shape, minval, maxval, dtype)


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return numbers drawn from the normal distribution."""
    return Generator(lambda: generator(seed)).normal(shape, mean, stddev, dtype)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""
    return Generator(lambda: generator(seed)).truncated_normal(shape, mean, stddev, dtype)


def categorical(
    logits: Any, num_samples: int, dtype: Any = None, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Return classes drawn for each row of logits.

    Args:
        logits: logarithms of probabilities, up to a constant: shape (rows, classes).
        num_samples: how many to draw for each row.
        dtype: int64 by default.
        seed: without one, numbers follow from `set_seed`.
        name: accepted for TensorFlow's sake.

    Returns:
        A tensor of shape (rows, num_samples).

    Raises:
        ShapeError: for logits that are no rows.

    Example:
        >>> import klods
        >>> klods.random.categorical([[0., -1e9], [-1e9, 0.]], 3).numpy()
        array([[0, 0, 0],
               [1, 1, 1]])
    """
    return Generator(lambda: generator(seed)).categorical(logits, num_samples, dtype or "int64")


def gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return numbers drawn from gamma distributions: `shape` of them for each of the parameters.

    Args:
        shape: comes before the parameters' own.
        alpha: the shape parameters.
        beta: the inverse scales; 1 by default.
        dtype: a floating one.
        seed: without one, numbers follow from `set_seed`.
        name: accepted for TensorFlow's sake.
    """
    a, scale = np.asarray(static(alpha), np.float64), 1 / np.asarray(static(1 if beta is None else beta), np.float64)
    whole = (*sizes(shape), *np.broadcast_shapes(a.shape, scale.shape))
    return Generator(lambda: generator(seed)).law(
        lambda source, size: source.gamma(a, scale, size), whole, _floating(dtype)
    )


def poisson(shape: Any, lam: Any, dtype: Any = "float32", seed: int | None = None, name: str | None = None) -> Tensor:
    """Return numbers drawn from Poisson distributions: `shape` of them for each of the means `lam`."""
    means = np.asarray(static(lam), np.float64)
    return Generator(lambda: generator(seed)).law(
        lambda source, size: source.poisson(means, size), (*sizes(shape), *means.shape), dtype
    )


def get_global_generator() -> Generator:
    """Return the generator that calls without a seed draw from."""
    return Generator(generator)


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
    count = x.value.shape[0]
    return gather(x, drawn(lambda: generator(seed).permutation(count), (count,), np.int64))


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


__getattr__ = reporter(
    __name__,
    found_in=dict.fromkeys(
        (
            "fold_in",
            "split",
            "stateless_binomial",
            "stateless_categorical",
            "stateless_gamma",
            "stateless_normal",
            "stateless_poisson",
            "stateless_truncated_normal",
            "stateless_uniform",
        ),
        "klods.stateless",
    ),
)


def _before_fork() -> None:
    """Wait for other threads to end their draws: a child process would find the locks of theirs taken for ever."""
    engine.acquire()  # first, as a step that draws holds it
    _held[:] = [source.bit_generator.lock for source in (_source.main, *_source.seeded.values())]
    for lock in _held:
        lock.acquire()


def _after_fork() -> None:
    for lock in _held:
        lock.release()
    engine.release()


_held: list[Any] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
