"""A step as a function that is traced once, and what each of its runs leaves behind as an eager step does."""

from __future__ import annotations

import weakref
from itertools import islice
from typing import Any

import numpy as np

from klods.compiled import Function, executing_eagerly
from klods.keras.models.figures import figures_of
from klods.ops.effects import call
from klods.structures import mapped
from klods.tensor import Tensor


def traced_step(model: Any, name: str, backend: str | None) -> Function:
    """Return a step of a model as a function of a batch, which doesn't keep the model alive.

    Args:
        model: the model.
        name: `train_step`, `test_step` or `predict_step`.
        backend: what runs it; the usual one if None.
    """
    reference: Any = weakref.ref(model)

    def step(data: Any) -> Any:
        model = reference()
        before, unbuilt = [(layer, layer._added_losses) for layer in model.flattened()], not model.built
        try:
            result = getattr(model, name)(mapped(lambda x: x, data))  # its own lists and dicts, which it may change
        finally:
            if unbuilt:
                model.keep_step(name)
        if name != "predict_step":
            figures_of(name, result)  # while it is what the step returned: a function's numbers become tensors
        if not executing_eagerly():
            if name != "predict_step":
                _hand_out_losses(model)
            model._forget_losses()  # they are symbols
            for layer, losses in before:
                layer._added_losses = losses
        return result

    step.__name__ = name
    return Function(step, backend, known=lambda: reference().all_variables())


def _hand_out_losses(model: Any) -> None:
    """Let each run leave in the layers what they added to the loss, for `model.losses`."""
    adding = [layer for layer in model.flattened() if layer._added_losses]
    losses = [loss for layer in adding for loss in layer._added_losses]
    counts: list[tuple[Any, int]] = [(weakref.ref(layer), len(layer._added_losses)) for layer in adding]

    def hand_out(*values: np.ndarray) -> np.ndarray:
        left = iter(values)
        for layer, count in counts:
            layer()._added_losses = tuple(Tensor(np.array(value)) for value in islice(left, count))
        return values[0]

    if losses:
        call(*losses, function=hand_out, shape=losses[0].value.shape, dtype=losses[0].value.dtype)
