"""Finding where NaN or infinity first appears when a loss is no number."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from klods.errors import NumericsWarning, warn
from klods.graph import Symbol
from klods.keras.models.outputs import at, paths
from klods.keras.models.rehearsal import check_targets
from klods.ops.effects import call, looks_at_rows
from klods.rows import Rows, taken
from klods.structures import leaves, mapped
from klods.tensor import Tensor, TensorLike


def watch(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Tensor) -> None:
    """Warn, once per `fit`, when the loss is NaN or infinite, naming the data, weight or layer where it begins.

    In a traced step, the look at the loss becomes part of the graph.

    Args:
        model: the model.
        x: its inputs; None if they aren't known.
        y: the targets, or None.
        y_pred: what the model returned.
        sample_weight: the weight of each sample, or None.
        loss: the loss of these.

    Raises:
        DataError: if it is NaN because a label is none of the classes.
    """
    batch = (x, y, sample_weight)
    if not isinstance(loss.value, Symbol):
        return None if math.isfinite(loss.value) else _look(model, batch, y_pred, loss.value)
    given, reference = [leaf for leaf in leaves(batch) if leaf is not None], weakref.ref(model)
    is_given, outputs = mapped(lambda leaf: leaf is not None, batch), mapped(_blank, y_pred, Tensor)

    @looks_at_rows
    def look(value: np.ndarray, *arrays: np.ndarray | Rows) -> np.ndarray:
        if not math.isfinite(value):
            left = iter([Tensor(taken(array)) for array in arrays])
            _look(reference(), mapped(lambda it_is: next(left) if it_is else None, is_given), outputs, value)
        return value

    call(loss, *given, function=look, shape=(), dtype=loss.value.dtype)
    return None


def _blank(output: Tensor) -> Tensor:
    """Return a tensor of an output's shape, which takes no memory."""
    return Tensor(np.broadcast_to(np.float32(0), output.value.shape))


def _look(model: Any, batch: Any, y_pred: Any, loss: Any) -> None:
    if model.warned_of_numbers:
        return
    check_targets(model, batch[1], y_pred)
    model.warned_of_numbers = True
    warn(NumericsWarning, f"The loss is {float(loss):g}. {_origin(model, batch)}")


def _origin(model: Any, batch: Any) -> str:
    for role, part in zip(("input x", "target y", "sample weights"), batch):
        for path in paths(part):
            if (array := at(part, path)) is not None and not _finite(array):
                which = "".join(f"[{key!r}]" for key in path)
                return f"The data have {_kind(array)} in the {role}{which}: clean them, or leave those samples out."
    for weight in model.weights:
        if not _finite(weight):
            path = getattr(weight, "path", weight.name)
            return f"Weight '{path}' holds {_kind(weight)}: try a smaller learning rate."
    if batch[0] is None:
        return "Targets and weights are finite: give compute_loss the inputs x as well, to be told more."
    layer = _first_layer(model, batch[0])
    if layer is None:
        return "Data, weights and the outputs of all layers are finite: it appears in the loss function."
    return f"It first appears in the output of layer '{layer.name}': scale the inputs or try a smaller learning rate."


def _first_layer(model: Any, x: Any) -> Any:
    """Return the first layer that outputs NaN or infinity for inputs, None if no layer does."""
    found: list[Any] = []
    layers = model.flattened()
    for layer in layers:
        object.__setattr__(layer, "call", _spying(layer, found))
    try:
        model(x, training=False)
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")
    return found[0] if found else None


def _spying(layer: Any, found: list[Any]) -> Callable[..., Any]:
    """Return the layer's `call`, which also notes the layer if what comes out isn't finite."""
    call = layer.call

    def spy(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        if not all(_finite(x) for x in leaves(outputs)):
            found.append(layer)
        return outputs

    return spy


def _array(x: Any) -> np.ndarray:
    return np.asarray(x.value if isinstance(x, TensorLike) else x)


def _finite(x: Any) -> bool:
    return bool(np.isfinite(_array(x)).all())


def _kind(x: Any) -> str:
    return "NaN" if np.isnan(_array(x)).any() else "infinity"
