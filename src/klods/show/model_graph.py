"""Pictures of models: their layers as boxes, and arrows for what flows between them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from klods.errors import DataError, StateError, warn
from klods.files import write_whole
from klods.keras.layers import InputLayer
from klods.keras.layers.layer import Layer
from klods.keras.models import Sequential
from klods.pictures.boxes import Box, Frame, draw
from klods.pictures.dot import dot
from klods.pictures.layered import Edge, Key
from klods.pictures.shapes import svg
from klods.show.picture import DRAWN, save_drawing
from klods.structures import leaves

DIRECTIONS = ("TB", "BT", "LR", "RL")


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> ModelGraph:
    """Draw a model's layers and what flows between them, and save the picture.

    Args:
        model: a model that is built.
        to_file: the picture's file: `.svg`, or, where matplotlib is installed, `.png`, `.pdf` or `.jpg`; `.dot` for
            Graphviz's language; None for no file.
        show_shapes: whether to show the shapes of what goes in and out.
        show_dtype: whether to show the dtype of what goes out.
        show_layer_names: whether to show the layers' names, beside their classes.
        rankdir: where arrows go from and to: `TB`, `BT`, `LR` or `RL`, of top, bottom, left and right.
        expand_nested: whether to show what is inside of models among the layers.
        dpi: dots per inch of a picture in pixels.
        show_layer_activations: whether to show activations.
        show_trainable: whether to show if training changes a layer's weights.
        splines: how Graphviz is to draw arrows, for a `.dot` file.

    Returns:
        The picture, which notebooks show.

    Raises:
        StateError: for a model that isn't built.
        DataError: for an unknown direction.
        FileError: for another suffix, or a file that can't be written.

    Example:
        >>> from klods import keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="relu")])
        >>> picture = keras.utils.plot_model(model, to_file=None, show_shapes=True)
        >>> picture.svg().startswith("<svg")
        True
    """
    graph = model_to_dot(
        model,
        show_shapes,
        show_dtype,
        show_layer_names,
        rankdir,
        expand_nested,
        dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
    )
    if to_file is not None:
        _save_if_possible(graph, Path(os.fspath(to_file)))
    return graph


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> ModelGraph:
    """Return a model's layers and what flows between them: `str()` of it is DOT, the language of Graphviz.

    See `plot_model` for the arguments.

    Raises:
        StateError: for a model that isn't built.
        DataError: for an unknown direction.
    """
    if not model.built:
        raise StateError(f"Model '{model.name}' is not built, so its layers aren't known.", "call it or build it.")
    if rankdir not in DIRECTIONS:
        raise DataError(f"rankdir is one of {DIRECTIONS}; got {rankdir!r}.", "write rankdir='TB'.")
    look = Look(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested)
    inside = _inside(model, look, (model.name,))
    return ModelGraph(model.name, inside.parts, inside.edges, rankdir, dpi, splines)


@dataclass(frozen=True)
class ModelGraph:
    """A model's layers as boxes, and the arrows between them.

    Attributes:
        title: the model's name.
        parts: boxes, and frames of boxes.
        edges: pairs of boxes' keys.
        direction: where arrows go from and to.
        dpi: dots per inch of a picture in pixels.
        splines: how Graphviz is to draw arrows.
    """

    title: str
    parts: list[Box | Frame]
    edges: list[Edge]
    direction: str
    dpi: float
    splines: str

    def to_string(self) -> str:
        """Return the graph in DOT."""
        return dot(self.title, self.parts, self.edges, self.direction, self.dpi, self.splines)

    __str__ = to_string

    def svg(self) -> str:
        """Return the picture as an SVG element."""
        return svg(draw(self.title, self.parts, self.edges, self.direction))

    _repr_svg_ = svg

    def save(self, path: Any) -> None:
        """Write the picture, or the graph in DOT, to a file; see `plot_model` for the suffixes.

        Raises:
            FileError: for another suffix, or a file that can't be written; what stood there before stays.
        """
        path = Path(path)
        if path.suffix.lower() == ".dot":
            write_whole(path, lambda file: file.write(self.to_string().encode()))
        else:
            save_drawing(draw(self.title, self.parts, self.edges, self.direction), path, self.dpi)


def _save_if_possible(graph: ModelGraph, path: Path) -> None:
    """Save a picture, or say what must be installed for that."""
    if path.suffix.lower() in DRAWN and find_spec("matplotlib") is None:
        warn(
            UserWarning,
            f"'{path}' is not written: {path.suffix} pictures are made by matplotlib, which is not installed here "
            "(pip install 'klods[plot]'). Name the file .svg to do without.",
        )
        return
    graph.save(path)


# ------------------------------------------------------------ what is inside a model


@dataclass(frozen=True)
class Look:
    """What the boxes tell, and whether models among the layers are opened."""

    shapes: bool
    dtype: bool
    names: bool
    activations: bool
    trainable: bool
    expand: bool


@dataclass(frozen=True)
class Inside:
    """What is inside a model or a layer.

    Attributes:
        parts: boxes and frames.
        edges: pairs of boxes.
        entries: the boxes that the inputs go to.
        exits: the boxes that the outputs come from.
    """

    parts: list[Box | Frame]
    edges: list[Edge]
    entries: list[Key]
    exits: list[Key]


def _inside(model: Any, look: Look, path: tuple[Key, ...]) -> Inside:
    if isinstance(model, Sequential):
        return _of_stack(model, look, path)
    network = getattr(model, "_network", None)
    if network is not None:
        return _of_network(network, look, path)
    box = Box(path, _title(model, look), _rows(model, look, None, None, model.dtype), "model")
    return Inside([box], [], [path], [path])


def _of_stack(model: Any, look: Look, path: tuple[Key, ...]) -> Inside:
    shape, stages = model.input_shape, []
    for number, layer in enumerate(model.layers):
        after = layer.compute_output_shape(shape)
        stages.append(_stage(layer, look, (*path, number), shape, after, layer.dtype))
        shape = after
    edges = [(a.exits[0], b.entries[0]) for a, b in pairwise(stages)]
    parts = [part for stage in stages for part in stage.parts]
    inner = [edge for stage in stages for edge in stage.edges]
    return Inside(parts, [*inner, *edges], stages[0].entries, stages[-1].exits)


def _of_network(network: Any, look: Look, path: tuple[Key, ...]) -> Inside:
    stages = {}
    for operation in network.operations:
        calls = [node for node in network.nodes if node.operation is operation]
        before, after, dtype = _flow(calls)
        stages[id(operation)] = _stage(operation, look, (*path, operation.name), before, after, dtype)

    def giver(x: Any) -> Key:
        exits = stages[id(x.node.operation)].exits
        return exits[x.place if len(exits) > 1 else 0]

    edges = [edge for stage in stages.values() for edge in stage.edges]
    for node in network.nodes:
        entries = stages[id(node.operation)].entries
        edges += [(giver(x), entries[i if len(entries) > 1 else 0]) for i, x in enumerate(node.inputs)]
    parts = [part for stage in stages.values() for part in stage.parts]
    entries = [stages[id(x.node.operation)].entries[0] for x in network.flat_inputs]
    return Inside(parts, edges, entries, [giver(x) for x in network.flat_outputs])


def _flow(calls: list[Any]) -> tuple[Any, Any, Any]:
    """Return the shapes that go in and out of a layer, and the dtype that goes out: `?` where calls differ."""
    seen: list[tuple[Any, Any, Any]] = []
    for node in calls:
        given = [x for x in leaves(node.outputs) if hasattr(x, "dtype")]
        flow = _shapes(node.inputs), _shapes(given), ", ".join(dict.fromkeys(x.dtype for x in given))
        if flow not in seen:
            seen.append(flow)
    return seen[0] if len(seen) == 1 else ("?", "?", "?")


def _shapes(tensors: list[Any]) -> Any:
    shapes = [tuple(x.shape) for x in tensors]
    return shapes[0] if len(shapes) == 1 else shapes


def _stage(layer: Any, look: Look, key: tuple[Key, ...], before: Any, after: Any, dtype: Any) -> Inside:
    """Return a layer as a box, or what is inside of a model as a frame."""
    known = isinstance(layer, Sequential) or getattr(layer, "_network", None) is not None
    if known and look.expand:
        inner = _inside(layer, look, key)
        frame = Frame(key, f"{layer.name} ({type(layer).__name__})", inner.parts)
        return Inside([frame], inner.edges, inner.entries, inner.exits)
    kind = "input" if isinstance(layer, InputLayer) else "model" if hasattr(layer, "layers") else "layer"
    return Inside([Box(key, _title(layer, look), _rows(layer, look, before, after, dtype), kind)], [], [key], [key])


def _title(layer: Any, look: Look) -> str:
    kind = type(layer).__name__ if isinstance(layer, Layer) else _camel_case(layer.function.__name__)
    return f"{layer.name} ({kind})" if look.names else kind


def _camel_case(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _rows(layer: Any, look: Look, before: Any, after: Any, dtype: Any) -> list[tuple[str, str]]:
    rows = []
    activation = getattr(layer, "activation", None)
    if look.activations and activation is not None:
        rows.append(("Activation", getattr(activation, "__name__", type(activation).__name__).rstrip("_")))
    if look.shapes and not isinstance(layer, InputLayer):
        rows.append(("Input shape", _shown(before)))
    if look.shapes:
        rows.append(("Output shape", _shown(after)))
    if look.dtype:
        rows.append(("Output dtype", _shown(dtype)))
    if look.trainable and getattr(layer, "weights", []):
        rows.append(("Trainable", "yes" if layer.trainable else "no"))
    return rows


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {part}" for name, part in value.items())
    return "?" if value is None else str(value)
