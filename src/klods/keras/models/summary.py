"""The table of a model's layers, as text and as HTML."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from typing import Any

from klods.errors import DataError
from klods.keras.layers.shapes import specs
from klods.keras.operations import Operation
from klods.keras.symbolic import KerasTensor, placeholders
from klods.pictures.tables import html_table, text_table

# Header, alignment, where columns end as shares of a line, and the characters of a line, as Keras has them.
PLAIN = (["Layer (type)", "Output Shape", "Param #"], "llr", (0.45, 0.80, 1.0), 88)
WIRED = (["Layer (type)", "Output Shape", "Param #", "Connected to"], "llrl", (0.3, 0.56, 0.74, 1.0), 108)
LEVEL = "   "  # before the name of a layer inside a layer


def text(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> str:
    """Return the table in Keras's form; see `Model.summary` for the arguments."""
    header, align, edges, longest = WIRED if is_wired(model) else PLAIN
    ends = list(positions or edges)
    if show_trainable:
        header, align, ends = [*header, "Trainable"], f"{align}c", [*(0.9 * end for end in ends), 1.0]
        longest += 12
    if len(ends) < len(header):
        raise DataError(
            f"The table has {len(header)} columns; positions says where {len(ends)} end.",
            "give the end of each as a share of the line, such as [0.3, 0.5, 0.8, 1.0].",
        )
    length = line_length or min(longest, shutil.get_terminal_size().columns - 4)
    rows = table(model, expand_nested, show_trainable, layer_range)
    return "\n".join([f'Model: "{model.name}"', text_table(header, rows, align, length, ends), *totals(model)])


def html(model: Any) -> str:
    """Return the table for a notebook."""
    header, align, _, _ = WIRED if is_wired(model) else PLAIN
    return html_table(header, table(model), caption=f"{model.name}: {totals(model)[0].strip()}", align=align)


def table(
    model: Any, expand_nested: bool = False, show_trainable: bool = False, layer_range: Sequence[str] | None = None
) -> list[list[str]]:
    """Return the cells of each row."""
    network = model.own_calls and model._network
    own = {id(node) for node in network.nodes} if network else set()
    rows = []
    for layer, level in _listed(_within(network.operations if network else model.layers, layer_range), expand_nested):
        prefix = f"{LEVEL * level}└ " if level else ""
        row = [f"{prefix}{layer.name} ({_kind(layer)})", _output_shape(layer), _params(layer)]
        row += [_connections(layer, own)] if is_wired(model) else []
        rows.append(row + ([_trainable(layer)] if show_trainable else []))
    return rows


def is_wired(model: Any) -> bool:
    """Tell whether a model is more than a chain of layers, each called once on what the one before gives."""
    network = model.own_calls and model._network
    if not network:
        return False
    nodes = network.nodes
    chain = all([x.node for x in node.inputs] == nodes[i : i + 1] for i, node in enumerate(nodes[1:]))
    return not chain or len(nodes) != len(network.operations)


def _listed(layers: Sequence[Any], expand_nested: bool, level: int = 0) -> list[tuple[Any, int]]:
    """Return layers, and those inside them if wanted, with how deep they are."""
    found = []
    for layer in layers:
        found.append((layer, level))
        if expand_nested:
            found += _listed(getattr(layer, "layers", []), True, level + 1)
    return found


def _within(layers: Sequence[Any], names: Sequence[str] | None) -> Sequence[Any]:
    """Return the layers from the first whose name one pattern matches to the last that the other matches."""
    if names is None:
        return layers
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise DataError(f"layer_range is the names of two layers; got {names!r}.", "write ['dense', 'dense_2'], say.")
    places = [[i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in names]
    if not all(places):
        known = ", ".join(layer.name for layer in layers)
        raise DataError(f"layer_range={[*names]!r} names no layers of this model.", f"its layers are {known}.")
    first, last = places if min(places[0]) <= max(places[1]) else reversed(places)
    return layers[min(first) : max(last) + 1]


def _kind(layer: Any) -> str:
    return layer.described_as[1] if isinstance(layer, Operation) else type(layer).__name__


def _output_shape(layer: Any) -> str:
    nodes = layer.nodes
    if nodes:
        return _shapes([x.shape for x in placeholders(nodes[-1].outputs)])
    known = getattr(layer, "_build_shape", None)
    if known is None or not layer.built:
        return "?"
    try:
        shape = layer.compute_output_shape(known)
    except Exception:  # a `call` of one's own, with arguments besides the inputs
        return "?"
    return _shapes([x.shape for x in placeholders(specs(shape, layer.dtype))])


def _shapes(given: list[Any]) -> str:
    shown = [f"({', '.join(map(str, shape))})" for shape in given]
    return shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"


def _params(layer: Any) -> str:
    if isinstance(layer, Operation):
        return "0"
    return f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"


def _connections(layer: Any, own: set[int]) -> str:
    """Return where a layer's inputs come from: layer, number of its call, number of the output."""
    inputs: list[KerasTensor] = [x for node in layer.nodes if id(node) in own for x in node.inputs]
    places = [(x.node.operation, x.node, x.place) for x in inputs]
    return ", ".join(f"{source.name}[{source.nodes.index(node)}][{place}]" for source, node, place in places) or "-"


def _trainable(layer: Any) -> str:
    if not getattr(layer, "weights", []):
        return "-"
    return "Y" if layer.trainable else "N"


def totals(model: Any) -> list[str]:
    """Return the lines under the table."""
    parts = {"Trainable": model.trainable_weights, "Non-trainable": model.non_trainable_weights}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        parts["Optimizer"] = optimizer.variables
    everything = {"Total": [v for variables in parts.values() for v in variables], **parts}
    return [f" {name} params: {_size(variables)}" for name, variables in everything.items()]


def _size(variables: Sequence[Any]) -> str:
    count = sum(v.size for v in variables)
    return f"{count:,} ({_bytes(sum(v.size * _item_size(v) for v in variables))})"


def _item_size(variable: Any) -> int:
    """Return the bytes of a number: whole ones have 4, as in Keras, though klods counts in 8."""
    return 4 if variable.value.dtype.kind in "iu" else variable.value.dtype.itemsize


def _bytes(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} GB"
