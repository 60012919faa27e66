"""Tracking: what a layer is made of, found in its attributes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from klods.errors import AbsentError, DataError, KlodsError, ShapeError, StateError
from klods.keras.configuration import Configurable, arguments
from klods.keras.metrics import Metric
from klods.keras.random import SeedGenerator
from klods.tensor import Variable

CONTAINERS = (list, tuple, dict)
LOOKED_AT = 16  # items of a container, to see whether it holds parts

Opened = list[tuple[Any, list[int]]]  # containers, and the ids of what was in them


class Anatomy(NamedTuple):
    """What a layer was made of when it was last looked at.

    Attributes:
        layers: the layers inside, also those inside them, each once, outer ones first.
        weights: all weights.
        variables: the same and, after those of each layer, the states of its SeedGenerators.
        metrics: all metrics.
        opened: the lists and dicts looked into, whose contents change unnoticed.
        change: the number of the last change to an attribute of any layer.
    """

    layers: list[Any]
    weights: list[Variable]
    variables: list[Variable]
    metrics: list[Metric]
    opened: Opened
    change: int

    def is_true(self) -> bool:
        """Tell whether nothing has changed since."""
        return self.change == _changes[0] and all(ids == [*map(id, items(held))] for held, ids in self.opened)


_changes = [0]  # how many attributes that are parts have been set or deleted, in all layers


class Tracking(Configurable):
    """Base of Layer. Variables, layers, metrics and SeedGenerators set as attributes, also in lists, are its parts."""

    name: str
    built: bool
    _tracked: dict[Any, Any]  # the attributes that are parts or may hold some, by name; by id what has no name yet
    _anatomy: Anatomy | None = None
    _trainable = True
    _hyper_parameters: frozenset[str] = frozenset()
    _settings = 0  # how often hyper-parameters have been set

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._hyper_parameters = frozenset(arguments(cls)) - {"name", "trainable"}

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        object.__setattr__(self, "_tracked", {})
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, PARTS) or (isinstance(value, CONTAINERS) and may_hold_parts(value)):
            self._tracked.pop(id(value), None)
            self._tracked[name] = value
            _changes[0] += 1
        elif name in self._tracked:
            self._untrack(name)
        if name in self._hyper_parameters:
            object.__setattr__(self, "_settings", self._settings + 1)
        object.__setattr__(self, name, value)

    if not TYPE_CHECKING:  # which would take any name for an attribute

        def __getattr__(self, name: str) -> Any:
            if "name" not in vars(self):
                raise self.not_set_up(AbsentError)
            return super().__getattribute__(name)

    def not_set_up(self, kind: type[KlodsError]) -> KlodsError:
        """Return the error for an object of a class whose constructor leaves out that of its base."""
        return kind(f"{type(self).__name__}.__init__ doesn't call that of its base.", "call super().__init__() first.")

    def __delattr__(self, name: str) -> None:
        if name in self._tracked:
            self._untrack(name)
        object.__delattr__(self, name)

    def track(self, part: Any) -> None:
        """Make a variable, layer or metric a part that isn't set as an attribute, or not yet."""
        self._tracked[id(part)] = part
        _changes[0] += 1

    def _untrack(self, name: str) -> None:
        del self._tracked[name]
        _changes[0] += 1

    # ------------------------------------------------------------ parts

    def parts(self) -> list[Any]:
        """Return the variables, layers and metrics set as attributes, in order."""
        return unique(_contents(self._tracked, []))

    def flattened(self) -> list[Any]:
        """Return this layer and all layers inside it, each once, outer ones first."""
        return [self, *self.anatomy().layers]

    def anatomy(self) -> Anatomy:
        """Return what this layer is made of. It is looked up again only if something has changed."""
        known = self._anatomy
        if known is None or not known.is_true():
            known = self._dissected()
            object.__setattr__(self, "_anatomy", known)
        return known

    def _dissected(self) -> Anatomy:
        opened: Opened = []
        found: dict[int, list[Any]] = {}
        waiting: list[Any] = [self]
        layers, weights, variables, metrics = [], [], [], []
        while waiting:
            layer = waiting.pop()
            if id(layer) in found:
                continue
            parts = found[id(layer)] = list(_contents(layer._tracked, opened))
            layers.append(layer)
            own = sorted((part for part in parts if isinstance(part, Variable)), key=_made_untrainable)
            weights += own
            variables += [*own, *(part.state for part in parts if isinstance(part, SeedGenerator))]
            metrics += [part for part in parts if isinstance(part, Metric)]
            waiting += reversed([part for part in parts if isinstance(part, Tracking)])
        return Anatomy(layers[1:], unique(weights), unique(variables), unique(metrics), opened, _changes[0])

    # ------------------------------------------------------------ weights

    @property
    def weights(self) -> list[Variable]:
        """All weights, each once: a layer's own before those of the layers inside it, trainable ones first."""
        return list(self.anatomy().weights)

    @property
    def variables(self) -> list[Variable]:
        """All weights, and the states of SeedGenerators, each once."""
        return list(self.anatomy().variables)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes; none if the layer is frozen as a whole."""
        return [w for w in self.anatomy().weights if w.trainable] if self._trainable else []

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves as they are."""
        return [w for w in self.anatomy().weights if not (w.trainable and self._trainable)]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves as they are: such weights, and the states of SeedGenerators."""
        return [v for v in self.anatomy().variables if not (v.trainable and self._trainable)]

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets it for all layers that are inside now."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.flattened():
            object.__setattr__(layer, "_trainable", bool(value))
        for variable in self.weights:
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
            DataError: for another number of arrays, or none at all.
            ShapeError: for an array of another shape, naming the weight.
        """
        if not isinstance(weights, Iterable):
            raise DataError(f"'{self.name}' takes a list of arrays; got {weights!r}.", "pass what get_weights returns.")
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

    def own_weights(self) -> list[Variable]:
        """Return the layer's own weights, without those of layers inside it, trainable ones first."""
        return sorted((part for part in self.parts() if isinstance(part, Variable)), key=_made_untrainable)

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own weights into a dict that a file is made of; a layer of your own may do it differently."""
        store.update({str(number): variable.value for number, variable in enumerate(self.own_weights())})

    def load_own_variables(self, store: Any) -> None:
        """Assign the layer's own weights from what a file holds for it; see `save_own_variables`."""
        for number, variable in enumerate(self.own_weights()):
            variable.assign(store[str(number)])

    def count_params(self) -> int:
        """Return the number of numbers in all weights.

        Raises:
            StateError: if the layer isn't built.
        """
        if not self.built:
            raise StateError(f"'{self.name}' has no weights yet.", "call it or build it first.")
        return sum(w.size for w in self.weights)


PARTS = (Variable, Tracking, Metric, SeedGenerator)


def may_hold_parts(container: Any) -> bool:
    """Tell whether a list, tuple or dict has parts in it, or may come to have: an empty list may be filled.

    Only its first items are looked at, so that a long list of numbers costs nothing.
    """
    changeable = not isinstance(container, tuple)
    if not container:
        return changeable
    return any(
        isinstance(item, PARTS)
        or (item is None and changeable)
        or (isinstance(item, CONTAINERS) and may_hold_parts(item))
        for item in islice(items(container), LOOKED_AT)
    )


def items(container: Any) -> Collection[Any]:
    """Return the items of a list or tuple, the values of a dict."""
    return container.values() if isinstance(container, dict) else container


def unique(given: Iterable[Any]) -> list[Any]:
    """Return items without repetitions, compared by identity, in order."""
    return list({id(item): item for item in given}.values())


def _contents(container: Any, opened: Opened) -> Iterator[Any]:
    """Yield the parts in a container and those inside it, and note which were opened."""
    for item in items(container):
        if isinstance(item, PARTS):
            yield item
        elif isinstance(item, CONTAINERS) and may_hold_parts(item):
            opened.append((item, [*map(id, items(item))]))
            yield from _contents(item, opened)


def _made_untrainable(variable: Variable) -> bool:
    return vars(variable).get("made_untrainable", not variable.trainable)
