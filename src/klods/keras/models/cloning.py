"""clone_model: the same layers, new ones, wired in the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from klods.errors import DataError
from klods.keras.layers.layer import Layer
from klods.keras.layers.simple import Input, InputLayer
from klods.keras.models.model import Functional, Model, takes_placeholders
from klods.keras.models.sequential import Sequential
from klods.keras.operations import Operation
from klods.keras.saving.serialization import compile_as, deserialize_keras_object, serialize_keras_object
from klods.keras.symbolic import KerasTensor, placeholders
from klods.structures import mapped


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """Return a model of new layers, with new weights, that are wired as those of another; compiled as it is.

    Args:
        model: the model.
        input_tensors: placeholders to put it on, in the structure of its inputs; new Inputs by default.
        clone_function: makes a layer of a layer; by default one of the same configuration.
        call_function: calls a layer, `call_function(layer, *args, **kwargs)`; not for a Sequential model.
        recursive: whether models inside are cloned layer by layer too.

    Raises:
        DataError: for what is no model, inputs of another structure, or options that the kind of model doesn't have.

    Example:
        >>> import klods
        >>> model = klods.keras.Sequential([klods.keras.Input((4,)), klods.keras.layers.Dense(2)])
        >>> klods.keras.models.clone_model(model).count_params()
        10
    """
    if not isinstance(model, Model):
        raise DataError(f"clone_model takes a model; got {model!r}.", "make a layer of layer.get_config() instead.")
    made: dict[int, Any] = {}

    def clone(layer: Any) -> Any:
        if id(layer) not in made:
            made[id(layer)] = _cloned(layer, clone_function, call_function, recursive)
        return made[id(layer)]

    twin: Model
    if isinstance(model, Sequential):
        twin = _stack(model, input_tensors, clone, call_function)
    elif model.own_calls:
        twin = _network(model, input_tensors, clone, call_function)
    else:
        return _of_its_class(model, (input_tensors, clone_function, call_function))
    if model.compiled:
        compile_as(twin, model.get_compile_config())
    return twin


def _cloned(layer: Any, clone_function: Any, call_function: Any, recursive: bool) -> Any:
    if isinstance(layer, Operation):
        return Operation(layer.function, layer.options, layer.name)
    if recursive and isinstance(layer, (Sequential, Functional)):
        calls = None if isinstance(layer, Sequential) else call_function
        return clone_model(layer, None, clone_function, calls, True)
    return clone_function(layer) if clone_function else type(layer).from_config(layer.get_config())


def _stack(model: Sequential, input_tensors: Any, clone: Callable[[Any], Any], call_function: Any) -> Sequential:
    if call_function is not None:
        raise DataError("A Sequential model takes no call_function: nobody calls its layers.", "leave it out.")
    given = placeholders([input_tensors])
    if input_tensors is not None and len(given) != 1:
        raise DataError(f"A Sequential model has one input; got {input_tensors!r}.", "pass one placeholder.")
    layers = [clone(layer) for layer in model.layers]
    if not given and model.built_in_input is not None:
        given = [_twin(model.built_in_input)]
    return Sequential([*given, *layers], name=model.name, trainable=model.trainable)


def _network(model: Model, input_tensors: Any, clone: Callable[[Any], Any], call_function: Any) -> Model:
    inputs = (
        mapped(lambda x: _twin(x.node.operation), model.input, KerasTensor) if input_tensors is None else input_tensors
    )
    given, wanted = placeholders(inputs), model.inputs
    if len(given) != len(wanted):
        raise DataError(
            f"Model '{model.name}' has {len(wanted)} inputs; got {len(given)} input_tensors.",
            "pass placeholders in the structure of model.input.",
        )

    def called(operation: Any) -> Any:
        twin = clone(operation)
        if call_function is None:
            return twin
        return lambda *args, **kwargs: call_function(twin, *args, **kwargs)

    outputs = model.known_network("layers").run_on(given, called)
    kind = type(model) if takes_placeholders(type(model)) else Functional
    return kind(inputs, outputs, name=model.name)


def _twin(layer: InputLayer) -> KerasTensor:
    return Input(batch_shape=layer.batch_shape, dtype=layer.dtype, name=layer.name)


def _of_its_class(model: Model, options: tuple[Any, ...]) -> Any:
    if any(option is not None for option in options):
        raise DataError(
            f"Model '{model.name}' can only be cloned as it is: what its `call` does isn't known.",
            "leave out input_tensors, clone_function and call_function.",
        )
    return deserialize_keras_object(serialize_keras_object(model), {type(model).__name__: type(model)})
