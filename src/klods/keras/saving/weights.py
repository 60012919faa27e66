"""Weights by their places, as Keras 3 lays them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from klods.errors import DataError, FileError, KlodsError, warn
from klods.keras.configuration import Configurable, snake_case
from klods.keras.layers.layer import Layer
from klods.keras.layers.tracking import CONTAINERS, items
from klods.keras.optimizers import Optimizer
from klods.keras.saving.arrays import Store, Stored
from klods.tensor import Variable

FORMAT = 1  # of the layout of weights; a file of a higher one is refused

StoredAt = Callable[[str], dict[str, Stored]]


def check_built(model: Any) -> None:
    """Raise DataError for a model that has no weights yet."""
    if not model.built:
        raise DataError(f"Model '{model.name}' has no weights yet.", "fit it, call it or build it first.")


def check_format(version: Any, source: Any) -> None:
    """Raise FileError for a file of a newer layout than this klods reads."""
    if int(version) > FORMAT:
        raise FileError(
            f"'{source}' has format version {int(version)}; this klods reads versions up to {FORMAT}.",
            "load it with a newer klods: pip install --upgrade klods.",
        )


# ------------------------------------------------------------ places


def places(model: Any) -> dict[str, Any]:
    """Return the layers and the optimizer by their places in a file.

    A place is a path of attributes; layers in lists and dicts go by their classes, numbered: `layers/dense_1`. What
    stands in several places counts at the first: a stack of layers before attributes, those by name, private ones last.
    """
    found: dict[str, Any] = {}
    seen: dict[int, Any] = {}
    waiting: list[tuple[str, Any]] = [("", model)]
    while waiting:
        place, item = waiting.pop()
        if id(item) in seen:
            continue
        seen[id(item)] = item
        if not isinstance(item, CONTAINERS):
            found[place] = item
        children = _numbered(items(item)) if isinstance(item, CONTAINERS) else _attributes(item)
        waiting += [(f"{place}/{name}".lstrip("/"), child) for name, child in reversed(children)]
    return found


HOLDERS = (Layer, Optimizer)


def _numbered(held: Iterable[Any]) -> list[tuple[str, Any]]:
    """Return what a container holds by the names of classes, the second of a class with `_1` and so on."""
    counts: Counter[str] = Counter()
    named = []
    for item in held:
        if not isinstance(item, (Configurable, *CONTAINERS)):
            continue
        kind = "container" if isinstance(item, CONTAINERS) else snake_case(type(item).__name__)
        name = f"{kind}_{counts[kind]}" if counts[kind] else kind
        counts[kind] += 1
        if isinstance(item, (*HOLDERS, *CONTAINERS)):
            named.append((name, item))
    return named


def _attributes(holder: Any) -> list[tuple[str, Any]]:
    """Return the attributes of a layer or an optimizer that weights may be in, by name, in the order of places."""
    names = {name for name in getattr(holder, "_tracked", vars(holder)) if isinstance(name, str)}
    names |= {name for kind in _ones_own(holder) for name, value in vars(kind).items() if isinstance(value, property)}
    names |= {name for name in ("layers", "optimizer") if hasattr(holder, name)}
    is_stack = hasattr(holder, "_stack") or getattr(holder, "_network", None) is not None
    ordered = sorted(names, key=lambda name: (is_stack and name != "layers", name.startswith("_"), name))
    values = [(name, _value(holder, name)) for name in ordered]
    return [(name, value) for name, value in values if isinstance(value, (*HOLDERS, *CONTAINERS))]


def _value(holder: Any, name: str) -> Any:
    """Return an attribute, None where a property of somebody's own has none yet."""
    try:
        return getattr(holder, name)
    except Exception:
        return None


def _ones_own(holder: Any) -> list[type]:
    return [kind for kind in type(holder).__mro__ if not kind.__module__.startswith(("klods.", "builtins"))]


# ------------------------------------------------------------ states


def state(model: Any) -> dict[str, dict[str, np.ndarray]]:
    """Return the arrays of each place that has any."""
    found = {place: _arrays(holder) for place, holder in places(model).items()}
    return {place: arrays for place, arrays in found.items() if arrays}


def _arrays(holder: Any) -> dict[str, np.ndarray]:
    store: dict[str, Any] = {}
    if isinstance(holder, Layer):
        holder.save_own_variables(store)
    else:
        store = {str(number): variable for number, variable in enumerate(holder.variables)}
    return {name: np.asarray(getattr(value, "value", value)) for name, value in store.items()}


def set_state(model: Any, stored_at: StoredAt, source: Any, skip_mismatch: bool = False) -> None:
    """Assign the arrays that stand at each place of a model, all or none.

    Args:
        model: the model.
        stored_at: returns the arrays at a place.
        source: the file, for errors.
        skip_mismatch: whether layers whose weights don't fit keep theirs, with a warning.

    Raises:
        FileError: for a layer whose weights are missing or have other shapes.
    """
    with all_or_none(model):
        for place, holder in places(model).items():
            stored = stored_at(place)
            if isinstance(holder, Layer):
                passing_over(skip_mismatch, _set_layer, holder, place, stored, source)
            elif len(stored) == len(holder.variables):
                assign(place, holder.variables, stored, source)
            elif len(stored) > 2:  # of an optimizer that had been trained with; others hold step and rate alone
                warn(UserWarning, f"The optimizer starts anew: '{source}' holds the state of another kind, or of none.")


@contextmanager
def all_or_none(model: Any) -> Iterator[None]:
    """Give all variables of a model back what they held if the `with` block ends in an error."""
    before = [(variable, variable.tensor) for variable in model.all_variables()]
    try:
        yield
    except BaseException:
        for variable, tensor in before:
            variable.tensor = tensor
        raise


def passing_over(skip_mismatch: bool, set_one: Callable[..., None], *arguments: Any) -> None:
    """Call a function that sets the weights of a layer; warn rather than raise where mismatches are to be skipped."""
    try:
        set_one(*arguments)
    except FileError as error:
        if not skip_mismatch:
            raise
        warn(UserWarning, f"{error.what} It keeps its weights.")


def _set_layer(layer: Layer, place: str, stored: Mapping[str, Stored], source: Any) -> None:
    if type(layer).load_own_variables is Layer.load_own_variables:
        assign(place, layer.own_weights(), stored, source, layer)
        return
    try:
        layer.load_own_variables(Store(stored))
    except KlodsError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise FileError(f"Layer '{layer.name}' can't take what '{source}' holds for it: {reason}.") from None


def assign(
    place: str, variables: list[Variable], stored: Mapping[str, Stored], source: Any, layer: Layer | None = None
) -> None:
    """Assign arrays to the variables of a layer or the optimizer, once all shapes fit.

    Raises:
        FileError: for another number of arrays, or another shape.
    """
    owner = "the optimizer" if layer is None else f"layer '{layer.name}'"
    if len(stored) != len(variables):
        raise FileError(
            f"'{source}' holds {len(stored)} weights at '{place or 'vars'}'; {owner} has {len(variables)}.",
            "load it into the model it was saved from, built for the same inputs.",
        )
    arrays = [stored.get(str(number)) for number in range(len(variables))]
    for number, (variable, array) in enumerate(zip(variables, arrays)):
        if array is None or array.shape != variable.value.shape:
            shape = "no such weight" if array is None else f"shape {array.shape}"
            raise FileError(
                f"'{source}' holds {place}/vars/{number} of {shape}; {owner} has {variable.name} of "
                f"{variable.value.shape}.",
                "load it into the model it was saved from.",
            )
    for variable, array in zip(variables, arrays):
        variable.assign(np.asarray(array.read(), variable.value.dtype))  # type: ignore[union-attr]
