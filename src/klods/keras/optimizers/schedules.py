"""Schedules: the learning rate as a function of the step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from klods.errors import DataError
from klods.keras.configuration import Configurable, by_name, resolve, serialize
from klods.keras.ops import cast, ceil, cos, floor, log, maximum, minimum, multiply, power, where
from klods.keras.registration import custom_object_scope
from klods.missing import reporter
from klods.tensor import Tensor


class LearningRateSchedule(Configurable):
    """Base of all: gives the learning rate of a step, counted from 0.

    Write it with operations on tensors, not with `if`: a training step is traced once, with the step's number unknown.

    Example:
        >>> import klods
        >>> class Inverse(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1 / (step + 1)
        >>> klods.keras.optimizers.SGD(Inverse()).learning_rate
        <klods.Tensor: shape=(), dtype=float32, numpy=0.1>
    """

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        raise NotImplementedError(f"{type(self).__name__} lacks __call__(self, step).")


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate ^ (step / decay_steps).

    Args:
        initial_learning_rate: the rate of step 0.
        decay_steps: steps in which the rate is multiplied by decay_rate once.
        decay_rate: the factor.
        staircase: whether the rate stays the same for decay_steps.
        name: a name.

    Raises:
        DataError: unless decay_steps is positive.

    Example:
        >>> float(ExponentialDecay(0.5, decay_steps=10, decay_rate=0.5)(20))
        0.125
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        _check_positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps, self.decay_rate = initial_learning_rate, decay_steps, decay_rate
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Tensor:
        return self.initial_learning_rate * power(self.decay_rate, _periods(step, self.decay_steps, self.staircase))


class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps).

    Args:
        initial_learning_rate: the rate of step 0.
        decay_steps: steps in which the divisor grows by decay_rate.
        decay_rate: how fast the divisor grows.
        staircase: whether the rate stays the same for decay_steps.
        name: a name.

    Raises:
        DataError: unless decay_steps is positive.

    Example:
        >>> float(InverseTimeDecay(0.5, decay_steps=10, decay_rate=1)(10))
        0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        _check_positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps, self.decay_rate = initial_learning_rate, decay_steps, decay_rate
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Tensor:
        return self.initial_learning_rate / (1 + self.decay_rate * _periods(step, self.decay_steps, self.staircase))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and with step boundaries[0], then values[1] up to and with boundaries[1], and so on.

    Args:
        boundaries: the last step of each value but the last, in rising order.
        values: the rates, one more than boundaries.
        name: a name.

    Raises:
        DataError: unless there is one value more than boundaries.

    Example:
        >>> rate = PiecewiseConstantDecay([10, 20], [0.5, 0.25, 0.125])
        >>> [float(rate(step)) for step in (0, 10, 11, 21)]
        [0.5, 0.5, 0.25, 0.125]
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(values) != len(boundaries) + 1:
            raise DataError(f"Got {len(values)} values for {len(boundaries)} boundaries.", "give one value more.")
        self.boundaries, self.values, self.name = boundaries, values, name

    def __call__(self, step: Any) -> Tensor:
        rate = multiply(cast(step, "float32"), 0) + self.values[0]
        for boundary, value in zip(self.boundaries, self.values[1:]):
            rate = where(cast(step, "float32") > boundary, value, rate)
        return rate


class PolynomialDecay(LearningRateSchedule):
    """(initial_learning_rate - end_learning_rate) * (1 - step / decay_steps) ^ power + end_learning_rate.

    Args:
        initial_learning_rate: the rate of step 0.
        decay_steps: the step from which on the rate is end_learning_rate.
        end_learning_rate: the last rate.
        power: the power of the polynomial.
        cycle: whether the rate, once at its end, goes on as if decay_steps were twice, three times ... as many.
        name: a name.

    Raises:
        DataError: unless decay_steps is positive.

    Example:
        >>> float(PolynomialDecay(0.5, decay_steps=10, end_learning_rate=0.25)(5))
        0.375
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        _check_positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle, self.name = end_learning_rate, power, cycle, name

    def __call__(self, step: Any) -> Tensor:
        periods = _periods(step, self.decay_steps)
        done = periods / maximum(ceil(periods), 1) if self.cycle else minimum(periods, 1)
        spread = self.initial_learning_rate - self.end_learning_rate
        return spread * power(1 - done, self.power) + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Half a wave of the cosine, from the first rate down to alpha times it (Loshchilov & Hutter 2016, equation 5).

    Args:
        initial_learning_rate: the rate of step 0.
        decay_steps: the steps that the decay takes.
        alpha: the last rate, as a share of the first.
        name: a name.
        warmup_target: a rate to rise to in a straight line, before the decay, which then starts from it.
        warmup_steps: the steps that the rise takes.

    Raises:
        DataError: unless decay_steps is positive.

    Example:
        >>> rate = CosineDecay(0.0, decay_steps=10, warmup_target=0.5, warmup_steps=2)
        >>> [float(rate(step)) for step in (0, 1, 2, 12)]
        [0.0, 0.25, 0.5, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        _check_positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps, self.alpha = initial_learning_rate, decay_steps, alpha
        self.name, self.warmup_target, self.warmup_steps = name, warmup_target, warmup_steps

    def __call__(self, step: Any) -> Tensor:
        step, start, target = cast(step, "float32"), self.initial_learning_rate, self.warmup_target
        if target is None:
            return start * self._wave(step)
        decaying = target * self._wave(step - self.warmup_steps)
        if not self.warmup_steps:
            return decaying
        return where(step < self.warmup_steps, start + (target - start) * (step / self.warmup_steps), decaying)

    def _wave(self, step: Any) -> Tensor:
        """Return the share of the rate that is left."""
        return _cosine(minimum(step / self.decay_steps, 1)) * (1 - self.alpha) + self.alpha


class CosineDecayRestarts(LearningRateSchedule):
    """CosineDecay begun anew again and again (Loshchilov & Hutter 2016, section 3).

    Args:
        initial_learning_rate: the rate of step 0.
        first_decay_steps: the steps of the first period.
        t_mul: how many times longer each period is than the one before.
        m_mul: the first rate of each period, as a share of that of the one before.
        alpha: the least rate, as a share of the first.
        name: a name.

    Raises:
        DataError: unless first_decay_steps is positive.

    Example:
        >>> rate = CosineDecayRestarts(0.5, first_decay_steps=2, m_mul=0.5)
        >>> [round(float(rate(step)), 3) for step in (0, 1, 2, 4)]
        [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        _check_positive(first_decay_steps=first_decay_steps)
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def __call__(self, step: Any) -> Tensor:
        periods = _periods(step, self.first_decay_steps)
        if self.t_mul == 1:
            restarts = floor(periods)
            done = periods - restarts
        else:  # k periods take 1 + t + ... + t^(k - 1) = (1 - t^k) / (1 - t) times the first one's steps
            restarts = floor(log(1 - periods * (1 - self.t_mul)) / math.log(self.t_mul))
            length = power(self.t_mul, restarts)
            done = (periods - (1 - length) / (1 - self.t_mul)) / length
        wave = power(self.m_mul, restarts) * _cosine(done)
        return self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha)


def _check_positive(**steps: float) -> None:
    for name, count in steps.items():
        if count <= 0:
            raise DataError(f"{name} is a positive number of steps; got {count}.", f"write {name}=1000, say.")


def _periods(step: Any, length: float, whole: bool = False) -> Tensor:
    """Return how many times a period of this length has passed."""
    periods = cast(step, "float32") / length
    return floor(periods) if whole else periods


def _cosine(done: Any) -> Tensor:
    """Return half a wave of the cosine, from 1 at 0 to 0 at 1."""
    return 0.5 * (1 + cos(math.pi * done))


CLASSES = ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts
KNOWN: dict[str, Any] = by_name(*CLASSES)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the schedule that a configuration describes.

    Raises:
        NameUnknownError: for a class that is neither klods's nor registered.
    """
    with custom_object_scope(custom_objects):
        return resolve("learning rate schedule", config, KNOWN)


__all__ = [*(kind.__name__ for kind in CLASSES), "LearningRateSchedule", "deserialize", "serialize"]
__getattr__ = reporter(__name__)
