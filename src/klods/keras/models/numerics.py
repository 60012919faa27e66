"""Finding where NaN or infinity first appears when a loss is no number."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.errors import NumericsWarning, warn
from klods.tape import leaves
from klods.tensor import Tensor, TensorLike


def watch(model: Any, x: Any, y: Any, loss: Tensor) -> None:
    """Warn, once per model, when the loss is NaN or infinite, naming the data, weight or layer where it begins."""
    if np.isfinite(loss.value) or getattr(model, "_warned_of_numbers", False):
        return
    model._warned_of_numbers = True
    warn(NumericsWarning, f"The loss is {float(loss):g}. {_origin(model, x, y)}")


def _origin(model: Any, x: Any, y: Any) -> str:
    for role, part in (("input x", x), ("target y", y)):
        found = next((a for a in leaves(part) if a is not None and not _finite(a)), None)
        if found is not None:
            return f"The data has {_kind(found)} in the {role}: clean it, or leave those samples out."
    for weight in model.weights:
        if not _finite(weight):
            return (
                f"Weight '{getattr(weight, 'path', weight.name)}' holds {_kind(weight)}: try a smaller learning rate."
            )
    return _first_layer(model, x)


def _first_layer(model: Any, x: Any) -> str:
    for layer in getattr(model, "layers", []):
        x = layer(x)
        if isinstance(x, Tensor) and not _finite(x):
            return f"It first appears in the output of layer '{layer.name}': scale the inputs, or lower the learning rate."
    return "Inputs, weights and all layers' outputs are finite: it appears in the loss function."


def _array(x: Any) -> np.ndarray:
    return np.asarray(x.value if isinstance(x, TensorLike) else x)


def _finite(x: Any) -> bool:
    return bool(np.isfinite(_array(x)).all())


def _kind(x: Any) -> str:
    return "NaN" if np.isnan(_array(x)).any() else "infinity"
