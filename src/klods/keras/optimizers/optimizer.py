"""Optimizer, the base of all optimizers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from klods.errors import DataError, DTypeError
from klods.graph import tracing
from klods.keras.configuration import Configurable, snake_case, unique_name
from klods.ops.arithmetic import maximum_, minimum_, sqrt_, square
from klods.ops.reduction import reduce_sum
from klods.tensor import Reference, Tensor, Variable, convert_to_tensor

Self = TypeVar("Self", bound="Optimizer")

# Numbers updated at a time: their arrays stay in the processor's cache from one operation to the next, which makes
# an update five times faster than one pass over the whole of each array per operation.
CHUNK = 32768


class Optimizer(Configurable):
    """Base of all: changes weights by their gradients.

    An optimizer has `slots`, the names of the numbers it keeps beside each weight, and `update`, which returns the new
    weight and slots. `update` is element-wise, written in the vocabulary of the blocks' bodies, so it reads like its
    paper and is applied in pieces.

    Args:
        learning_rate: the size of a step.
        name: a name.
        weight_decay: the share of each weight that each step takes away, times the learning rate.
        clipnorm: the greatest length of a gradient.
        clipvalue: the greatest absolute value in a gradient.
        global_clipnorm: the greatest length of all gradients together.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        name: str | None = None,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise DataError("clipnorm, clipvalue and global_clipnorm exclude each other.", "give one of them.")
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.iterations = Variable(0, trainable=False, name="iteration", dtype="int64")
        self._learning_rate = Variable(_rate(learning_rate), trainable=False, name="learning_rate", dtype="float32")
        self._slots: dict[Reference, list[Variable]] = {}
        self._built_for: list[Variable] = []

    def slots(self) -> tuple[tuple[str, ...], ...]:
        """Return the names of the numbers kept beside each weight; they start at 0.

        They come in groups: `variables`, and with them files, hold one group for all weights, then the next.
        """
        raise NotImplementedError

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        """Return the new weight and slots.

        Args:
            rate: the learning rate.
            step: the number of this step, from 1.
            weight: the weight's elements.
            gradient: the gradient's.
            slots: the slots', in the order of their names.
        """
        raise NotImplementedError

    @property
    def learning_rate(self) -> Variable:
        """The learning rate, which may be set to a number."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._learning_rate.assign(_rate(value))

    @property
    def variables(self) -> list[Variable]:
        """The step count, the learning rate, and the slots of all weights, in Keras's order."""
        found, first = [self.iterations, self._learning_rate], 0
        for group in self.slots():
            for weight in self._built_for:
                found += self._slots[weight.ref()][first : first + len(group)]
            first += len(group)
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """The hyper-parameters, which a traced step has built in; not the learning rate, which is a variable."""
        return {k: v for k, v in vars(self).items() if v is None or isinstance(v, (bool, int, float, str))}

    @property
    def built(self) -> bool:
        """Whether the slots have been made."""
        return bool(self._built_for)

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots of these weights."""
        for variable in variables:
            if variable.ref() not in self._slots:
                path = getattr(variable, "path", variable.name).replace("/", "_")
                self._slots[variable.ref()] = [
                    Variable(np.zeros_like(variable.value), trainable=False, name=f"{path}_{name}")
                    for group in self.slots()
                    for name in group
                ]
                self._built_for.append(variable)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Change weights by pairs of gradient and weight, and return the step count.

        Raises:
            DataError: if no weight has a gradient, or for what is no pair.
            DTypeError: for a weight that is no variable.
        """
        pairs = list(grads_and_vars)
        if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
            raise DataError("apply_gradients takes pairs.", "write apply_gradients(zip(gradients, weights)).")
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Change weights by their gradients; weights whose gradient is None stay. Without any weights, do nothing.

        Raises:
            DataError: if no weight has a gradient.
        """
        weights = self._built_for if trainable_variables is None else list(trainable_variables)
        if len(grads) != len(weights):
            raise DataError(f"Got {len(grads)} gradients for {len(weights)} weights.", "give one gradient per weight.")
        if not weights:
            return
        pairs = [(convert_to_tensor(g), w) for g, w in zip(grads, weights) if g is not None]
        if not pairs:
            raise DataError(
                "No weight has a gradient: all are None.", "compute the loss from the weights, inside the tape."
            )
        for gradient, weight in pairs:
            _check_pair(gradient, weight)
        self.build(weights)
        gradients = self._clipped([g for g, _ in pairs])
        self.iterations.assign_add(1)
        for gradient, (_, weight) in zip(gradients, pairs):
            self._change(weight, gradient)

    def _change(self, weight: Variable, gradient: Tensor) -> None:
        """Assign the weight and its slots their new values."""
        cells = [weight, *self._slots[weight.ref()]]
        arrays = [cell.read_value().value for cell in cells]
        after = self._in_pieces if tracing.get() is None else self._traced
        for cell, array in zip(cells, after(gradient.value, *arrays)):
            cell.tensor = Tensor(array)
        constraint = getattr(weight, "constraint", None)
        if constraint is not None:
            weight.assign(constraint(weight))

    def _in_pieces(self, gradient: np.ndarray, *cells: np.ndarray) -> list[np.ndarray]:
        """Return the new values of a weight and its slots, computed a piece at a time."""
        rate, step = float(self._learning_rate.value), int(self.iterations.value)
        before, slopes = [array.reshape(-1) for array in cells], gradient.reshape(-1)
        after = [np.empty_like(array) for array in before]
        for start in range(0, slopes.size, CHUNK):
            piece = slice(start, start + CHUNK)
            results = self._decayed(rate, step, slopes[piece], *(array[piece] for array in before))
            for array, result in zip(after, results):
                array[piece] = result
        return [array.reshape(gradient.shape) for array in after]

    def _traced(self, gradient: Any, *cells: Any) -> tuple[Any, ...]:
        """Return symbols for the new values of a weight and its slots."""
        rate, step = self._learning_rate.read_value().value, self.iterations.read_value().value
        after = self._decayed(rate, step.astype("float32"), gradient, *cells)
        return tuple(new.astype(old.dtype) for new, old in zip(after, cells))  # a float16 weight stays one

    def _decayed(self, rate: Any, step: Any, gradient: Any, weight: Any, *slots: Any) -> tuple[Any, ...]:
        if self.weight_decay is not None:
            weight = weight - rate * self.weight_decay * weight
        return self.update(rate, step, weight, gradient, *slots)

    def _clipped(self, gradients: list[Tensor]) -> list[Tensor]:
        if self.clipvalue is not None:
            limit = self.clipvalue
            return [maximum_(minimum_(g, limit), -limit) for g in gradients]
        if self.clipnorm is not None:
            return [_shortened([g], self.clipnorm)[0] for g in gradients]
        return gradients if self.global_clipnorm is None else _shortened(gradients, self.global_clipnorm)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "learning_rate": float(self._learning_rate.value)}

    @classmethod
    def from_config(cls: type[Self], config: Mapping[str, Any]) -> Self:
        """Return an optimizer made with these arguments; Keras's `ema_momentum` means something with `use_ema` only."""
        return super().from_config({name: value for name, value in config.items() if name != "ema_momentum"})


def _rate(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(f"learning_rate is a number; got {value!r}.", "write learning_rate=0.001, say.") from None


def _shortened(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Return gradients scaled so that their common length is at most the limit."""
    length = sqrt_(sum((reduce_sum(square(g)) for g in gradients[1:]), reduce_sum(square(gradients[0]))))
    return [g * (limit / maximum_(length, limit)) for g in gradients]


def _check_pair(gradient: Tensor, weight: Any) -> None:
    if not isinstance(weight, Variable):
        raise DTypeError(
            f"A weight is a Variable; got a {type(weight).__name__}.", "pass the gradient first, then its variable."
        )
    if weight.value.dtype.kind != "f":
        raise DTypeError(
            f"Variable '{weight.name}' holds {weight.value.dtype}, which can't follow a gradient.",
            "make it floating: klods.Variable(x, dtype='float32').",
        )
    if gradient.value.shape != weight.value.shape:
        raise DataError(
            f"The gradient of '{weight.name}' has shape {gradient.shape}, the weight {weight.shape}.",
            "pass gradients and weights in the same order.",
        )
