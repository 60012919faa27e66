"""Initializers: how the weights of a layer start."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from klods import random
from klods.dtypes import as_array, as_dtype
from klods.errors import DataError, DTypeError, ShapeError, unknown_name
from klods.keras.configuration import Configurable, by_name, resolve, serialize
from klods.missing import reporter
from klods.tensor import Tensor, TensorLike

Shape = tuple[int, ...]
Axes = Sequence[int] | None
Self = TypeVar("Self", bound="Initializer")


class Initializer(Configurable):
    """Base of all: a function of a shape that returns the starting values."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        raise NotImplementedError

    def clone(self: Self) -> Self:
        """Return another initializer with these arguments."""
        return type(self).from_config(self.get_config())


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return Tensor(np.zeros(shape, as_dtype(dtype)))


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return Tensor(np.ones(shape, as_dtype(dtype)))


class Constant(Initializer):
    """All one value, or the values of an array that broadcasts to the shape."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        value = as_array(self.value.value if isinstance(self.value, TensorLike) else self.value)
        return Tensor(np.broadcast_to(value, shape).astype(as_dtype(dtype)))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Constant:
        """Return the initializer that a configuration describes, whose value may be an array, described too."""
        value = config.get("value", 0.0)
        described = value.get("config", {}) if isinstance(value, Mapping) else {}
        return cls(np.array(described["value"], as_dtype(described["dtype"])) if described else value)


class Identity(Initializer):
    """Ones (times gain) on the diagonal of a matrix, zeros elsewhere."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise DataError(f"Identity makes matrices; got the shape {shape}.", "use another initializer.")
        return Tensor(np.eye(*shape, dtype=as_dtype(dtype)) * as_dtype(dtype).type(self.gain))


class RandomInitializer(Initializer):
    """Base of those that draw random numbers: one object gives the same values at every call.

    Args:
        seed: a whole number, for the same values in every run; None for others in each object.

    Raises:
        DataError: for another seed.
    """

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0):
            raise DataError(
                f"A seed is a whole number, 0 or more; got {seed!r}.", "write seed=1, say, or leave it out."
            )
        self.seed = seed
        self._chosen = int(random.generator().integers(2**63)) if seed is None else seed

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng(self._chosen)


class RandomUniform(RandomInitializer):
    """Numbers drawn evenly from minval to maxval."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        drawn = random.uniform_array(self._generator(), shape, self.minval, self.maxval)
        return Tensor(drawn.astype(_floating(dtype), copy=False))


class RandomNormal(RandomInitializer):
    """Numbers drawn from the normal distribution."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        drawn = self._generator().standard_normal(shape, np.float32)
        return Tensor(np.asarray(drawn * np.float32(self.stddev) + np.float32(self.mean), _floating(dtype)))


class TruncatedNormal(RandomInitializer):
    """Numbers drawn from the normal distribution, drawn again where beyond two standard deviations."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        drawn = random.truncated_array(self._generator(), shape)
        return Tensor(np.asarray(drawn * np.float32(self.stddev) + np.float32(self.mean), _floating(dtype)))


class VarianceScaling(RandomInitializer):
    """Numbers whose variance is scale / n, where n is the number of inputs, outputs, or their mean.

    Args:
        scale: the variance times n.
        mode: which n: `fan_in`, `fan_out` or `fan_avg`.
        distribution: `uniform`, `truncated_normal` (or `normal`), or `untruncated_normal`.
        seed: for the same values in every run.
        input_axes: the axes of a kernel that inputs run along, where `fans` guesses wrong.
        output_axes: those that outputs run along.

    Raises:
        NameUnknownError: for another mode or distribution.
        DataError: for a scale that is not positive.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
    ) -> None:
        super().__init__(seed)
        if mode not in MODES:
            raise unknown_name("mode", mode, MODES)
        if distribution.lower() not in DISTRIBUTIONS:
            raise unknown_name("distribution", distribution, DISTRIBUTIONS)
        if not scale > 0:
            raise DataError(f"VarianceScaling got scale={scale}.", "give a number above 0.")
        self.scale, self.mode = scale, mode
        self.distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
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
    """Base of the named cases of VarianceScaling."""

    case: tuple[float, str, str]

    def __init__(self, seed: int | None = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(*self.case, seed, input_axes, output_axes)


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
        super().__init__(seed)
        self.gain = gain

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


def fans(shape: Shape, input_axes: Axes = None, output_axes: Axes = None) -> tuple[float, float]:
    """Return the numbers of inputs and outputs of one unit whose kernel has this shape.

    Inputs run along the last axis but one and outputs along the last, unless both are told; a unit sees all places of
    the axes before.
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


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
ALIASES = {
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "normal": RandomNormal,
    "one": Ones,
    "uniform": RandomUniform,
    "zero": Zeros,
}


zeros, ones, constant, identity, orthogonal = Zeros, Ones, Constant, Identity, Orthogonal
random_uniform, random_normal, truncated_normal = RandomUniform, RandomNormal, TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal


def get(identifier: Any) -> Any:
    """Return the initializer of a name, configuration, class, function or array of values; None for None.

    Raises:
        NameUnknownError: for an unknown name.

    Example:
        >>> type(get("glorot_uniform")).__name__
        'GlorotUniform'
    """
    if isinstance(identifier, (TensorLike, np.ndarray, np.generic)):
        return _Values(identifier)
    return None if identifier is None else resolve("initializer", identifier, {**KNOWN, **ALIASES})


class _Values(Initializer):
    """The values of an array, for a weight of its shape.

    Raises:
        ShapeError: for a weight of another shape.
    """

    def __init__(self, values: Any) -> None:
        self.values = values

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        if tuple(shape) != tuple(self.values.shape):
            raise ShapeError(
                f"A weight of shape {tuple(shape)} can't start from values of shape {tuple(self.values.shape)}.",
                "give as many values as the layer has weights.",
            )
        return Constant(self.values)(shape, dtype)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the initializer of a name or configuration, which may be one of your own, given by its name."""
    return resolve("initializer", config, {**KNOWN, **ALIASES, **(custom_objects or {})})


__all__ = [*KNOWN, "IdentityInitializer", "Initializer", "OrthogonalInitializer", "deserialize", "get", "serialize"]
__getattr__ = reporter(__name__)
