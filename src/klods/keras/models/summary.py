"""The table of a model's layers, as text and as HTML."""

from __future__ import annotations

from typing import Any

from klods.pictures.tables import html_table, text_table

HEADER = ["Layer (type)", "Output Shape", "Param #"]


def text(model: Any, line_length: int | None = None) -> str:
    """Return the table in Keras's form."""
    table = text_table(HEADER, rows(model), align="llr", line_length=line_length)
    return "\n".join([f'Model: "{model.name}"', table, *totals(model)])


def html(model: Any) -> str:
    """Return the table for a notebook."""
    return html_table(HEADER, rows(model), caption=f"{model.name}: {totals(model)[0].strip()}", align="llr")


def rows(model: Any) -> list[list[str]]:
    """Return name, output shape and number of weights of each layer."""
    shape = model.input_shape if model.built and hasattr(model, "input_shape") else None
    table = []
    for layer in model.layers:
        shape = _output_shape(layer, shape)
        params = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        table.append([f"{layer.name} ({type(layer).__name__})", "?" if shape is None else str(shape), params])
    return table


def _output_shape(layer: Any, shape: Any) -> Any:
    known = shape if shape is not None else getattr(layer, "_build_shape", None)
    return None if known is None or not layer.built else tuple(layer.compute_output_shape(known))


def totals(model: Any) -> list[str]:
    """Return the lines under the table."""
    trainable = sum(w.size for w in model.trainable_weights)
    frozen = sum(w.size for w in model.non_trainable_weights)
    lines = [("Total params", trainable + frozen), ("Trainable params", trainable), ("Non-trainable params", frozen)]
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        slots = sum(v.size for v in optimizer.variables)
        lines[0] = ("Total params", trainable + frozen + slots)
        lines.append(("Optimizer params", slots))
    return [f" {name}: {count:,} ({_bytes(4 * count)})" for name, count in lines]


def _bytes(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} GB"
