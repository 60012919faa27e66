"""Tracking: what a layer is made of, found in its attributes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError, StateError
from klods.keras.configuration import Configurable
from klods.keras.metrics import Metric
from klods.tape import leaves
from klods.tensor import Variable

CONTAINERS = (list, tuple, dict)
LOOKED_AT = 16  # items of a container, to see whether it holds parts


class Tracking(Configurable):
    """Base of Layer. Variables, layers and metrics set as attributes, also those in lists and dicts, are its parts."""

    name: str
    built: bool
    _tracked: dict[Any, Any]  # the attributes that are parts or may hold some, by name; by id what has no name yet

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        object.__setattr__(self, "_tracked", {})
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, PARTS) or (isinstance(value, CONTAINERS) and may_hold_parts(value)):
            self._tracked.pop(id(value), None)
            self._tracked[name] = value
        else:
            self._tracked.pop(name, None)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._tracked.pop(name, None)
        object.__delattr__(self, name)

    def track(self, part: Any) -> None:
        """Make a variable, layer or metric a part that isn't set as an attribute, or not yet."""
        self._tracked[id(part)] = part

    def flattened(self) -> list[Any]:
        """Return this layer and all layers inside it, each once, outer ones first."""
        found: dict[int, Any] = {}
        waiting: list[Any] = [self]
        while waiting:
            layer = waiting.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                waiting += reversed([part for part in layer.parts() if isinstance(part, Tracking)])
        return list(found.values())

    def parts(self) -> list[Any]:
        """Return the variables, layers and metrics set as attributes, in order."""
        found = []
        for item in self._tracked.values():
            if isinstance(item, PARTS):
                found.append(item)
            elif may_hold_parts(item):
                found += [part for part in leaves(item) if isinstance(part, PARTS)]
        return found

    # ------------------------------------------------------------ weights

    @property
    def weights(self) -> list[Variable]:
        """All weights, each once: a layer's own before those of the layers inside it, trainable ones first."""
        return unique(variable for layer in self.flattened() for variable in layer.own_weights())

    variables = weights

    def own_weights(self) -> list[Variable]:
        """Return the weights that belong to no layer inside this one, those made to be trained first."""
        own = [part for part in self.parts() if isinstance(part, Variable)]
        return sorted(own, key=_made_untrainable) if any(map(_made_untrainable, own)) else own

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return [w for w in self.weights if w.trainable]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves as they are."""
        return [w for w in self.weights if not w.trainable]

    non_trainable_variables = non_trainable_weights

    _trainable = True

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets it for all layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.flattened():
            object.__setattr__(layer, "_trainable", bool(value))
            for variable in layer.own_weights():
                frozen = vars(variable).setdefault("frozen", not variable.trainable)
                variable.trainable = bool(value) and not frozen

    @staticmethod
    def freeze(variable: Variable) -> None:
        """Keep training from changing a weight, whatever `trainable` is set to."""
        variable.trainable = False
        vars(variable)["frozen"] = True

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all weights as NumPy arrays."""
        return [np.array(w.value) for w in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Set all weights from arrays of their shapes, or none of them.

        Raises:
            DataError: for another number of arrays.
            ShapeError: for an array of another shape, naming the weight.
        """
        mine, arrays = self.weights, [np.asarray(w) for w in weights]
        if len(arrays) != len(mine):
            raise DataError(
                f"'{self.name}' has {len(mine)} weights; got {len(arrays)} arrays.",
                "build the model first, and give one array for each of model.weights.",
            )
        for variable, array in zip(mine, arrays):
            if array.shape != variable.value.shape:
                path = getattr(variable, "path", variable.name)
                raise ShapeError(
                    f"Weight '{path}' has shape {variable.value.shape}; got {array.shape}.",
                    "give arrays in the order of model.weights.",
                )
        for variable, array in zip(mine, arrays):
            variable.assign(array)

    def count_params(self) -> int:
        """Return the number of numbers in all weights.

        Raises:
            StateError: if the layer isn't built.
        """
        if not self.built:
            raise StateError(f"'{self.name}' has no weights yet.", "call it or build it first.")
        return sum(w.size for w in self.weights)


PARTS = (Variable, Tracking, Metric)


def may_hold_parts(container: Any) -> bool:
    """Tell whether a list, tuple or dict has parts in it, or may come to have: an empty list may be filled.

    Only its first items are looked at, so that a long list of numbers costs nothing.
    """
    items = container.values() if isinstance(container, dict) else container
    if not items:
        return not isinstance(container, tuple)
    return any(
        isinstance(item, PARTS) or item is None or (isinstance(item, CONTAINERS) and may_hold_parts(item))
        for item in islice(items, LOOKED_AT)
    )


def unique(items: Iterable[Any]) -> list[Any]:
    """Return items without repetitions, compared by identity, in order."""
    return list({id(item): item for item in items}.values())


def _made_untrainable(variable: Variable) -> bool:
    return vars(variable).get("made_untrainable", not variable.trainable)
