"""Initializers: how the weights of a layer start."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods import random
from klods.dtypes import as_array, as_dtype
from klods.errors import DataError, DTypeError
from klods.keras.configuration import Configurable, by_name, resolve, serialize
from klods.missing import reporter
from klods.tensor import Tensor, TensorLike

Shape = tuple[int, ...]


class Initializer(Configurable):
    """Base of all: a function of a shape that returns the starting values."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        raise NotImplementedError


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return Tensor(np.zeros(shape, as_dtype(dtype)))


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return Tensor(np.ones(shape, as_dtype(dtype)))


class Constant(Initializer):
    """All one value."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        value = as_array(self.value.value if isinstance(self.value, TensorLike) else self.value)
        return Tensor(np.broadcast_to(value, shape).astype(as_dtype(dtype)))


class Identity(Initializer):
    """Ones (times gain) on the diagonal of a matrix, zeros elsewhere."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise DataError(f"Identity makes matrices; got the shape {shape}.", "use another initializer.")
        return Tensor(np.eye(*shape, dtype=as_dtype(dtype)) * as_dtype(dtype).type(self.gain))


class RandomInitializer(Initializer):
    """Base of those that draw random numbers: the same seed gives the same values at every call."""

    seed: int | None

    def _generator(self) -> np.random.Generator:
        return random.generator() if self.seed is None else np.random.default_rng(self.seed)


class RandomUniform(RandomInitializer):
    """Numbers drawn evenly from minval to maxval."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        drawn = random.uniform_array(self._generator(), shape, self.minval, self.maxval)
        return Tensor(drawn.astype(_floating(dtype), copy=False))


class RandomNormal(RandomInitializer):
    """Numbers drawn from the normal distribution."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        drawn = self._generator().standard_normal(shape, np.float32)
        return Tensor(np.asarray(drawn * np.float32(self.stddev) + np.float32(self.mean), _floating(dtype)))


class TruncatedNormal(RandomInitializer):
    """Numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        drawn = random.truncated_array(self._generator(), shape)
        return Tensor(np.asarray(drawn * np.float32(self.stddev) + np.float32(self.mean), _floating(dtype)))


class VarianceScaling(RandomInitializer):
    """Numbers whose variance is scale / n, where n is the number of inputs, outputs, or their mean.

    Args:
        scale: the variance times n.
        mode: which n: `fan_in`, `fan_out` or `fan_avg`.
        distribution: `uniform`, `truncated_normal` (or `normal`), or `untruncated_normal`.
        seed: for the same values at every call.

    Raises:
        DataError: for another mode or distribution.
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: int | None = None
    ) -> None:
        _check_choice("mode", mode, MODES)
        _check_choice("distribution", distribution, DISTRIBUTIONS)
        self.scale, self.mode, self.seed = scale, mode, seed
        self.distribution = "truncated_normal" if distribution == "normal" else distribution

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        return Tensor(self._drawn(shape, variance).astype(_floating(dtype), copy=False))

    def _drawn(self, shape: Shape, variance: float) -> np.ndarray:
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform_array(generator, shape, -limit, limit)
        if self.distribution == "untruncated_normal":
            return generator.standard_normal(shape, np.float32) * np.float32(math.sqrt(variance))
        return random.truncated_array(generator, shape) * np.float32(math.sqrt(variance) / TRUNCATED_DEVIATION)


class _Named(VarianceScaling):
    """Base of the named cases of VarianceScaling, whose only argument is the seed."""

    case: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.case, seed)


class GlorotUniform(_Named):
    """Uniform within sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010, equation 16)."""

    case = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    """Truncated normal with variance 2 / (inputs + outputs) (Glorot & Bengio 2010, equation 12)."""

    case = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    """Uniform within sqrt(6 / inputs) (He et al. 2015, equation 10)."""

    case = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    """Truncated normal with variance 2 / inputs (He et al. 2015, equation 10)."""

    case = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Named):
    """Uniform within sqrt(3 / inputs) (LeCun et al. 1998, equation 16)."""

    case = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    """Truncated normal with variance 1 / inputs (LeCun et al. 1998, equation 16)."""

    case = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """A matrix with orthonormal rows or columns, times gain (Saxe et al. 2013)."""

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        if len(shape) < 2:
            raise DataError(f"Orthogonal needs two axes; got the shape {shape}.", "use another initializer.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = self._generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(drawn)
        q = q * np.sign(np.diag(r))
        return Tensor((self.gain * (q if rows >= columns else q.T).reshape(shape)).astype(_floating(dtype)))


MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("uniform", "truncated_normal", "normal", "untruncated_normal")
# The standard deviation of a standard normal distribution cut off at -2 and 2.
TRUNCATED_DEVIATION = 0.8796256610342398


def fans(shape: Shape) -> tuple[float, float]:
    """Return the numbers of inputs and outputs of one unit whose kernel has this shape."""
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _check_choice(argument: str, got: Any, choices: tuple[str, ...]) -> None:
    if got not in choices:
        raise DataError(f"VarianceScaling has no {argument} {got!r}.", f"use one of {', '.join(choices)}.")


def _floating(dtype: Any) -> np.dtype:
    kind = as_dtype(dtype)
    if kind.kind != "f":
        raise DTypeError(f"Random weights are floating; got the dtype {kind}.", "use float32.")
    return kind


KNOWN = by_name(
    Zeros,
    Ones,
    Constant,
    Identity,
    RandomUniform,
    RandomNormal,
    TruncatedNormal,
    VarianceScaling,
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
    Orthogonal,
)
ALIASES = {"uniform": RandomUniform, "normal": RandomNormal, "zero": Zeros, "one": Ones}


zeros, ones, constant, identity, orthogonal = Zeros, Ones, Constant, Identity, Orthogonal
random_uniform, random_normal, truncated_normal = RandomUniform, RandomNormal, TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal


def get(identifier: Any) -> Any:
    """Return the initializer of a name, configuration, class or function; None for None.

    Raises:
        NameUnknownError: for an unknown name.

    Example:
        >>> type(get("glorot_uniform")).__name__
        'GlorotUniform'
    """
    return None if identifier is None else resolve("initializer", identifier, {**KNOWN, **ALIASES})


__all__ = [*KNOWN, "Initializer", "get", "serialize"]
__getattr__ = reporter(__name__)
