"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.keras.ops import expand_dims, maximum, mean, minimum, rsqrt, sqrt, square
from klods.keras.optimizers.forms import Slot, WholeTensor
from klods.tensor import Variable


class Adafactor(WholeTensor):
    """Adam's mean squares of a matrix from those of its rows and columns (Shazeer & Stern 2018, algorithms 4 and 5).

    Args:
        learning_rate: the size of a step, as a share of the weight's; it is at most 1 / sqrt(step).
        beta_2_decay: the power of the step's number that the share of the newest square falls with.
        epsilon_1: keeps the division finite.
        epsilon_2: the least size that a weight counts as.
        clip_threshold: the greatest root mean square of a step, before it is scaled.
        relative_step: accepted for Keras's sake, where the rate is at most 1 / sqrt(step) either way.
        kwargs: what every optimizer takes.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        shape = weight.value.shape
        shapes = (shape[:-1], (*shape[:-2], shape[-1])) if len(shape) > 1 else ((), ())  # without use below two axes
        return ((*(Slot(weight.name, shape=shape) for shape in shapes), "velocity"),)

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        rows, columns, squares = slots
        share, new = 1 - step**self.beta_2_decay, square(gradient) + self.epsilon_1
        if len(weight.shape) < 2:
            squares = share * squares + (1 - share) * new
        else:
            rows = share * rows + (1 - share) * mean(new, -1)
            columns = share * columns + (1 - share) * mean(new, -2)
            squares = expand_dims(rows / mean(rows, -1, keepdims=True), -1) * expand_dims(columns, -2)
        change = gradient / sqrt(squares)
        change = change / maximum(1.0, _size(change) / self.clip_threshold)
        scale = maximum(self.epsilon_2, _size(weight)) * minimum(rate, rsqrt(step))
        return weight - scale * change, rows, columns, squares


def _size(x: Any) -> Any:
    """Return the root mean square."""
    return sqrt(mean(square(x)))
