"""Export to ONNX: what a model computes in prediction, each block as an operator, for batches of any size."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.extras import require
from klods.files import path_to_write, write_whole
from klods.graph import Graph, Node, Operand, Symbol, Value, engine
from klods.keras.export.operators import OPERATORS, Step
from klods.keras.export.writer import Batch, Size, Writer
from klods.keras.layers.layer import Layer
from klods.ops.block import BLOCKS, aligned_dtype
from klods.passes.simplify import drop, merge, shorten
from klods.passes.trace import Trace, trace
from klods.tensor import watching

SIZES = (1009, 1013)  # of two traced batches: what differs between them depends on the size of the batch
Spec = tuple[tuple[int | None, ...], np.dtype, str]


def export_onnx(model: Any, filepath: Any) -> None:
    """Write what a model computes in prediction to an `.onnx` file, which takes batches of any size.

    Args:
        model: a model that is built.
        filepath: the file.

    Raises:
        DataError: for a model that isn't built, or computes what ONNX has no operator for, naming block and layer.
        StateError: if the package onnx isn't installed.
        FileError: if the file can't be written.
    """
    require("onnx", "Export to ONNX", "onnx")
    path = path_to_write(filepath, (".onnx",), overwrite=True)
    if not model.built:
        raise DataError(f"Model '{model.name}' has no weights yet.", "fit it, call it or build it first.")
    content = _content(model)
    write_whole(path, lambda file: file.write(content))


def _content(model: Any) -> bytes:
    specs = _specs(model)
    makers: dict[Value, str] = {}
    first, second = (_traced(model, specs, size, makers) for size in SIZES)
    one, two = _tidy(first.graph), _tidy(second.graph)
    if [node.block for node in one.nodes] != [node.block for node in two.nodes]:
        raise _depending("what the model computes")
    writer = Writer(specs[0][2])
    names = _given(writer, specs, first, one, two)
    for number, (node, like) in enumerate(zip(one.nodes, two.nodes)):
        # What isn't noted, such as drawing random numbers, is part of what comes next.
        layer = next((makers[later.output] for later in one.nodes[number:] if later.output in makers), "")
        names[node.output] = _operator(writer, names, node, like, layer)
    for x, y in zip(one.outputs, two.outputs):
        dtype = np.dtype(_kind(x))
        writer.output(_named(writer, names, x, dtype), _sizes(x, y), dtype)
    return writer.to_bytes(model.name)


def _tidy(graph: Graph) -> Graph:
    for simpler in (shorten, merge, drop):
        graph = simpler(graph)
    return graph


# ------------------------------------------------------------ tracing


def _specs(model: Any) -> list[Spec]:
    """Return shape, dtype and name of each input."""
    described = getattr(model, "inputs", None)
    if described:
        if text := [x.name for x in described if x.dtype == "string"]:
            raise DataError(
                f"Input '{text[0]}' of model '{model.name}' takes text, which has no operators in the file.",
                "export a model of the layers behind those that make numbers of text.",
            )
        return [(tuple(x.shape), np.dtype(x.dtype), x.name) for x in described]
    shapes = model._build_shape
    named = shapes if isinstance(shapes, dict) else {f"input_{n}": x for n, x in enumerate(_listed(shapes))}
    return [(tuple(shape), np.dtype("float32"), name) for name, shape in named.items()]


def _listed(shapes: Any) -> Sequence[Any]:
    return shapes if isinstance(shapes, list) else [shapes]


def _traced(model: Any, specs: list[Spec], size: int, makers: dict[Value, str]) -> Trace:
    """Return the trace of a prediction for a batch of this size, and note which layer made each of its values."""
    arrays = [np.broadcast_to(np.zeros((), dtype), [n or size for n in shape]) for shape, dtype, _ in specs]
    inputs: Any = arrays if len(arrays) > 1 else arrays[0]
    if not getattr(model, "inputs", None) and isinstance(model._build_shape, dict):
        inputs = {name: array for (*_, name), array in zip(specs, arrays)}

    def predict(given: Any) -> Any:
        with _noting_layers(makers):
            return model(given, training=False)

    with engine:
        return trace(predict, [inputs], lambda x: isinstance(x, np.ndarray))


@contextmanager
def _noting_layers(makers: dict[Value, str]) -> Iterator[None]:
    token = watching.set((*watching.get(), _LayerNotes(makers)))
    try:
        yield
    finally:
        watching.reset(token)


class _LayerNotes:
    """Watches operations, as a tape does, and notes the layer whose call each is part of."""

    def __init__(self, makers: dict[Value, str]) -> None:
        self.makers = makers

    def see(self, variable: Any) -> None:
        """Take no notice: variables are no operations."""

    def record(self, block: Any, inputs: Any, output: Any, attributes: Any) -> None:
        if isinstance(output.value, Symbol):  # and no array, computed without any input
            self.makers[output.value.value] = _calling_layer()


def _calling_layer() -> str:
    """Return the name of the innermost layer that is being called."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not Layer.__call__.__code__:
        frame = frame.f_back
    return "" if frame is None else frame.f_locals["self"].name


# ------------------------------------------------------------ writing


def _given(writer: Writer, specs: list[Spec], traced: Trace, one: Graph, two: Graph) -> dict[Value, str]:
    """Write inputs, weights and constants, and return the names of their values."""
    names = {}
    for value, like, (*_, name) in zip(one.inputs, two.inputs, specs):
        names[value] = writer.input(name, _sizes(value, like), value.dtype)
    for value, variable in zip(one.inputs[len(specs) :], traced.variables):
        names[value] = writer.constant(np.asarray(variable.value), getattr(variable, "path", variable.name))
    for (value, array), other in zip(one.constants.items(), two.constants.values()):
        names[value] = _constant(writer, array, other)
    return names


def _constant(writer: Writer, array: np.ndarray, other: np.ndarray) -> str:
    """Write what is the same in both traces, or the same for each sample of the batch."""
    sizes = _merged(array.shape, other.shape)
    first = array[tuple(slice(1) if isinstance(n, Batch) else slice(None) for n in sizes)]
    if not (np.array_equal(np.broadcast_to(first, array.shape), array) and (other == first).all()):
        raise _depending("a constant")
    name = writer.constant(first)
    return name if first.shape == array.shape else writer.add("Expand", name, writer.shape(sizes))


def _operator(writer: Writer, names: dict[Value, str], node: Node, like: Node, layer: str) -> str:
    """Write a node, and return the name of its output."""
    if node.block == "call" and getattr(node.attributes["function"], "checks", False):
        return _named(writer, names, node.operands[0], node.output.dtype)
    if node.block not in OPERATORS:
        of_layer = f" of layer '{layer}'" if layer else ""
        raise DataError(
            f"The block '{node.block}'{of_layer} has no operator in ONNX that klods knows.",
            "export a model without it, up to the layer before.",
        )
    record = BLOCKS[node.block]
    dtype = aligned_dtype(record, [_kind(x) for x in node.operands])
    inputs = []
    for place, (x, y) in enumerate(zip(node.operands, like.operands)):
        if not isinstance(x, Value) and x != y:
            raise _depending(f"a number in layer '{layer}'")
        wanted = np.dtype(bool) if record.kind == "select" and place == 0 else dtype
        if record.kind in ("as is", "view") and isinstance(x, Value):
            wanted = x.dtype
        inputs.append(_named(writer, names, x, wanted))
    attributes = {name: _merged(x, like.attributes[name]) for name, x in node.attributes.items()}
    return OPERATORS[node.block](writer, Step(inputs, attributes, node.operands, node.output, dtype))


def _named(writer: Writer, names: dict[Value, str], x: Operand, dtype: np.dtype) -> str:
    """Return the name of an operand in a dtype."""
    if not isinstance(x, Value):
        return writer.constant(np.asarray(x, dtype))
    return names[x] if x.dtype == dtype else writer.add("Cast", names[x], to=dtype)


def _kind(x: Operand) -> Any:
    """Return the dtype of a value, the type of a number."""
    return x.dtype if isinstance(x, Value) else type(x)


def _sizes(x: Operand, like: Operand) -> tuple[Size, ...]:
    return _merged(x.shape, like.shape) if isinstance(x, Value) and isinstance(like, Value) else ()


def _merged(one: Any, two: Any) -> Any:
    """Return an attribute of both traces, with Batch for sizes that grow with the batch."""
    if isinstance(one, (tuple, list)) and len(one) == len(two):
        return tuple(_merged(x, y) for x, y in zip(one, two))
    if isinstance(one, slice):
        return slice(*(_merged(getattr(one, end), getattr(two, end)) for end in ("start", "stop", "step")))
    if type(one) is int and one != two and (one % SIZES[0], two % SIZES[1]) == (0, 0):
        return Batch(one // SIZES[0])
    if one != two:
        raise _depending("an argument")
    return one


def _depending(what: str) -> DataError:
    return DataError(
        f"Export to ONNX: {what} depends on the size of the batch.",
        "give the Input a batch_size to export for one size.",
    )
