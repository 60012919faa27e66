"""The wiring of a model, its layers and the calls of them, as plain data in Keras's format, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from klods.errors import DataError
from klods.keras.configuration import serialize
from klods.keras.models.functional import Network
from klods.keras.operations import Operation, operation_from
from klods.keras.symbolic import KerasTensor, Node, placeholders
from klods.structures import mapped

Place = tuple[str, int]  # a layer's name, and which of its calls
Given = dict[Place, list[KerasTensor]]

OF_OPERATIONS = "keras.src.ops."  # what the names of Keras's modules of operations begin with


def described(network: Network) -> dict[str, Any]:
    """Return the layers, each with the calls of it, and where the inputs and outputs come from."""
    calls: dict[int, list[Node]] = {id(x): [] for x in network.operations}
    for node in network.nodes:
        calls[id(node.operation)].append(node)
    for nodes in calls.values():
        nodes.sort(key=lambda node: node.operation.nodes.index(node))
    number = {id(node): i for nodes in calls.values() for i, node in enumerate(nodes)}

    def history(x: KerasTensor) -> list[Any]:
        return [x.node.operation.name, number.get(id(x.node), 0), x.place]

    def end(x: KerasTensor) -> list[Any]:
        name, call, place = history(x)
        return [name, call + getattr(x.node.operation, "own_calls", 0), place]

    layers = []
    for x in network.operations:
        inbound = [_call(node, history) for node in calls[id(x)] if node.inputs]
        layers.append({**serialize(x), "name": x.name, "inbound_nodes": inbound})
    ends = {"input_layers": network.inputs, "output_layers": network.outputs}
    return {"layers": layers, **{name: mapped(end, tensors, KerasTensor) for name, tensors in ends.items()}}


def _call(node: Node, history: Callable[[KerasTensor], list[Any]]) -> dict[str, Any]:
    def plain(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            about = {"shape": list(x.shape), "dtype": x.dtype, "keras_history": history(x)}
            return {"class_name": "__keras_tensor__", "config": about}
        if isinstance(x, dict):
            return {name: plain(item) for name, item in x.items()}
        return [plain(item) for item in x] if isinstance(x, (list, tuple)) else serialize(x)

    return {"args": plain(node.args), "kwargs": plain(node.kwargs)}


# ------------------------------------------------------------ back


def connected(config: Mapping[str, Any], made: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return the inputs and outputs that a configuration describes, with the layers between them made and called.

    Args:
        config: what `described` gives.
        made: makes an object of its description.

    Raises:
        DataError: for calls that need each other, or layers that aren't there.
    """
    layers = {layer["name"]: _made_layer(layer, made) for layer in config["layers"]}
    if len(layers) < len(config["layers"]):
        raise DataError("Two layers of the configuration have one name.", "check the file.")
    given = {(layer["name"], 0): [layers[layer["name"]].output] for layer in config["layers"] if not _calls(layer)}
    for call in _when_ready([call for layer in config["layers"] for call in _calls(layer)], given):
        given[call.place] = _called(layers[call.place[0]], call.arguments, given, made)
    inputs, outputs = (_ends(config[name], layers, given) for name in ("input_layers", "output_layers"))
    return inputs, outputs


@dataclass
class _Call:
    """A call in a configuration: the layer's name and which of its calls, the arguments, the calls that they need."""

    place: Place
    arguments: Any
    needed: list[Place]


def _calls(layer: Mapping[str, Any]) -> list[_Call]:
    calls = enumerate(layer["inbound_nodes"])
    return [_Call((layer["name"], n), call, _needed([call["args"], call["kwargs"]])) for n, call in calls]


def _needed(x: Any) -> list[Place]:
    if _is_placeholder(x):
        return [tuple(x["config"]["keras_history"][:2])]
    inner = x.values() if isinstance(x, dict) and "class_name" not in x else x if isinstance(x, list) else ()
    return [place for item in inner for place in _needed(item)]


def _is_placeholder(x: Any) -> bool:
    return isinstance(x, dict) and x.get("class_name") == "__keras_tensor__"


def _when_ready(calls: list[_Call], given: Given) -> Iterator[_Call]:
    """Yield the calls in their order, but each once all that it needs is given.

    Raises:
        DataError: for calls that need each other, or layers that aren't there.
    """
    waiting: dict[Place, list[_Call]] = {}  # by what they wait for
    for first in calls:
        ready = [first]
        while ready:
            call = ready.pop()
            while call.needed and call.needed[-1] in given:
                call.needed.pop()
            if call.needed:
                waiting.setdefault(call.needed[-1], []).append(call)
                continue
            yield call
            ready += reversed(waiting.pop(call.place, []))
    if waiting:
        names = ", ".join(sorted({call.place[0] for some in waiting.values() for call in some}))
        raise DataError(f"The calls of {names} need each other or layers that aren't there.", "check the file.")


def _made_layer(layer: Mapping[str, Any], made: Callable[[Any], Any]) -> Any:
    if str(layer.get("module", "")).startswith(OF_OPERATIONS):
        options = {name: made(x) for name, x in layer["config"].items()}
        return operation_from(layer["class_name"], {**options, "name": layer["name"]})
    return made({name: x for name, x in layer.items() if name not in ("name", "inbound_nodes")})


def _called(operation: Any, call: Any, given: Given, made: Callable[[Any], Any]) -> list[KerasTensor]:
    """Call a layer or function as described, and return the placeholders that it gives."""

    def filled(x: Any) -> Any:
        if _is_placeholder(x):
            return _found(x["config"]["keras_history"], given)
        if isinstance(x, dict) and "class_name" not in x:
            return {key: filled(item) for key, item in x.items()}
        return [filled(item) for item in x] if isinstance(x, list) else made(x)

    args, kwargs = filled(call["args"]), filled(call["kwargs"])
    if not placeholders((args, kwargs)):
        raise DataError(f"'{operation.name}' is called on no output of a layer.", "check the file.")
    if isinstance(operation, Operation):
        args = [tuple(x) if isinstance(x, list) and not placeholders(x) else x for x in args]
    return placeholders(operation(*args, **kwargs))


def _found(place: Any, given: Given) -> KerasTensor | None:
    name, call, output = place
    return given[name, call][output] if (name, call) in given else None


def _ends(places: Any, layers: Any, given: Given) -> Any:
    """Return the placeholders at the places of inputs or outputs, in their structure."""
    if isinstance(places, dict):
        return {key: _ends(place, layers, given) for key, place in places.items()}
    if not (len(places) == 3 and isinstance(places[0], str)):
        return type(places)(_ends(place, layers, given) for place in places)
    name, call, output = places
    found = _found((name, call - getattr(layers.get(name), "own_calls", 0), output), given)
    if found is None:
        raise DataError(f"The configuration has no output {output} of call {call} of '{name}'.", "check the file.")
    return found
