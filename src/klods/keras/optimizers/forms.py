"""The two forms that an optimizer's formula is written in, element by element or on whole tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods.graph import tracing
from klods.keras.ops import cast
from klods.keras.optimizers.optimizer import Optimizer
from klods.tensor import Reference, Tensor, Variable

# Numbers updated at a time: their arrays stay in the processor's cache from one operation to the next, which makes
# an update five times faster than one pass over the whole of each array per operation.
CHUNK = 32768


@dataclass(frozen=True)
class Slot:
    """Numbers kept beside a weight.

    Attributes:
        name: what they are; of a slot with a shape of its own, its whole name.
        start: the number, or numbers, that they start as.
        shape: their shape; the weight's if None.
    """

    name: str
    start: Any = 0.0
    shape: tuple[int, ...] | None = None


class Slotted(Optimizer):
    """What both forms have: slots.

    Attributes:
        shared: a slot that is kept once for all weights.
    """

    shared: Slot | None = None

    def __init__(self, learning_rate: Any, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self._slots: dict[Reference, list[Variable]] = {}
        self._shared: list[Variable] = []

    def slots(self, weight: Variable) -> Sequence[Sequence[str | Slot]]:
        """Return the slots of a weight; a name alone is that of a slot of zeros.

        They come in groups: `variables`, and with them files, hold one group for all weights, then the next.
        """
        raise NotImplementedError

    def advance(self, step: Any, shared: Any) -> Any:
        """Return the new value of the slot that is shared, before a change of the weights."""
        raise NotImplementedError

    def update(self, rate: Any, step: Any, weight: Any, gradient: Any, *slots: Any) -> tuple[Any, ...]:
        """Return the new weight and slots.

        Args:
            rate: the learning rate.
            step: the number of this change, from 1.
            weight: the weight.
            gradient: the gradient.
            slots: its slots, in their order, and last the one that is shared, whose new value is not returned.
        """
        raise NotImplementedError

    def build(self, variables: Sequence[Variable]) -> None:
        variables = self.unknown(variables)
        super().build(variables)
        groups = [list(self.slots(weight)) for weight in variables]
        for weight in variables:
            self._slots[weight.ref()] = []
        for k in range(max(map(len, groups), default=0)):
            for weight, own in zip(variables, groups):
                self._slots[weight.ref()] += [self._made(slot, weight) for slot in own[k]]
        if self.shared is not None and variables and not self._shared:
            self._shared = [self._made(self.shared, variables[0])]

    def _made(self, slot: str | Slot, weight: Variable) -> Variable:
        slot = Slot(slot) if isinstance(slot, str) else slot

        def start(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
            return np.broadcast_to(np.asarray(slot.start), shape)

        if slot.shape is None:
            return self.add_variable_from_reference(weight, slot.name, start)
        return self.add_variable(slot.shape, start, weight.dtype, slot.name)

    def begin_step(self) -> None:
        for shared in self._shared:
            shared.assign(self.advance(cast(self.iterations + 1, "float32"), shared))

    def _cells(self, weight: Variable) -> list[Variable]:
        return [weight, *self._slots[weight.ref()]]


class ElementWise(Slotted):
    """The formula of one element: `update` is written in the vocabulary of the blocks' bodies.

    It is applied in pieces, and compiled it is one loop over the weight and its slots.
    """

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        cells = self._cells(variable)
        arrays = [cell.read_value().value for cell in cells]
        results = (self._in_pieces if tracing.get() is None else self._traced)(learning_rate, gradient.value, arrays)
        for cell, result in zip(cells, results):
            cell.tensor = Tensor(result)

    def _in_pieces(self, rate: Tensor, gradient: np.ndarray, cells: list[np.ndarray]) -> Iterable[np.ndarray]:
        """Return the new values of a weight and its slots, computed a piece at a time."""
        known, shared = (float(rate), int(self.iterations) + 1), [slot.value for slot in self._shared]
        before, slopes = [array.reshape(-1) for array in cells], gradient.reshape(-1)
        after = [np.empty_like(array) for array in before]
        for start in range(0, slopes.size, CHUNK):
            piece = slice(start, start + CHUNK)
            weight, *slots = (array[piece] for array in before)
            for array, result in zip(after, self.update(*known, weight, slopes[piece], *slots, *shared)):
                array[piece] = result
        return [array.reshape(gradient.shape) for array in after]

    def _traced(self, rate: Tensor, gradient: Any, cells: list[Any]) -> Iterable[Any]:
        """Return symbols for the new values of a weight and its slots."""
        step, (weight, *slots) = cast(self.iterations + 1, "float32").value, cells
        shared = [slot.read_value().value for slot in self._shared]
        after = self.update(rate.value, step, weight, gradient, *slots, *shared)
        return [new.astype(old.dtype) for new, old in zip(after, cells)]  # a float16 weight stays one


class WholeTensor(Slotted):
    """The formula of a whole weight, where that takes lengths or products: `update` is written in operations."""

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        cells, dtype = self._cells(variable), variable.dtype
        rate, step = cast(learning_rate, dtype), cast(self.iterations + 1, dtype)
        weight, *slots = (cell.read_value() for cell in cells)
        shared = [slot.read_value() for slot in self._shared]
        for cell, new in zip(cells, self.update(rate, step, weight, cast(gradient, dtype), *slots, *shared)):
            cell.assign(new)
