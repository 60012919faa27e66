"""Network, the calls between a model's inputs and outputs: found from the outputs, checked, ordered and run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from klods.errors import DataError, ShapeError, StateError
from klods.keras.layers.layer import Layer
from klods.keras.layers.simple import Input, InputLayer
from klods.keras.masks import mask_of, put_mask
from klods.keras.symbolic import KerasTensor, Key, Node, placeholders
from klods.ops.movement import expand_dims, squeeze
from klods.structures import leaves_by_key, mapped
from klods.tensor import Tensor, convert_to_tensor


class Network:
    """The calls between inputs and outputs.

    Args:
        inputs: placeholders in any structure; those that no Input made get one, and the calls on them are repeated.
        outputs: placeholders in any structure.
        name: of the model, for the errors' texts.

    Attributes:
        inputs: the structure of inputs.
        outputs: the structure of outputs.
        flat_inputs: the inputs in a list.
        flat_outputs: the outputs in a list.
        nodes: the calls, each after those that it needs.
        operations: the layers and functions that are called, in Keras's order: those furthest from the outputs first.

    Raises:
        DataError: for what is no placeholder, an input twice, or two layers of one name.
        StateError: for outputs that don't depend on these inputs alone, or on themselves.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str) -> None:
        for role, given in (("inputs", inputs), ("outputs", outputs)):
            _check_placeholders(role, given)
        _check_once(placeholders(inputs), name)
        if not all(is_input(x) for x in placeholders(inputs)):
            inputs, outputs = cloned(inputs, outputs, name)
        # First of all attributes, so that copies and pickles go from call to call, and needn't dive.
        self.nodes, found = ordered(placeholders(inputs), placeholders(outputs), name)
        self.name, self.inputs, self.outputs = name, inputs, outputs
        self.flat_inputs, self.flat_outputs = placeholders(inputs), placeholders(outputs)
        self.operations = by_depth(self.nodes, found, self.flat_inputs)
        _check_names(self.operations)

    @property
    def layers(self) -> list[Layer]:
        """The layers that are called, functions left out."""
        return [x for x in self.operations if isinstance(x, Layer)]

    def run(self, inputs: Any) -> Any:
        """Return the outputs for inputs in the structure of the model's, or a list of them.

        Raises:
            DataError: for another structure.
            ShapeError: for an input of another shape.
        """
        return self.run_on(self._fitted(inputs))

    def run_on(self, tensors: Sequence[Any], call: Any = lambda operation: operation) -> Any:
        """Return the outputs for the inputs in a list.

        Args:
            tensors: the inputs.
            call: gives what to call in place of a layer or function.
        """
        values = {x.key: tensor for x, tensor in zip(self.flat_inputs, tensors)}
        for node in self.nodes:
            if node.inputs:
                args, kwargs = node.filled(values)
                node.note(call(node.operation)(*args, **kwargs), values)
        return mapped(lambda x: values[x.key], self.outputs, KerasTensor)

    def specs(self, inputs: Any) -> Any:
        """Return placeholders for the outputs for inputs like these."""
        given = placeholders(inputs)
        self._check_count(given, inputs)
        if [x.shape for x in given] == [x.shape for x in self.flat_inputs]:
            return mapped(lambda x: KerasTensor(x.shape, x.dtype), self.outputs, KerasTensor)
        given = [KerasTensor(x.shape, wanted.dtype) for x, wanted in zip(given, self.flat_inputs)]
        return self.run_on(given, lambda operation: operation.compute_output_spec)

    def _fitted(self, inputs: Any) -> list[Tensor]:
        """Return the inputs in a list, in the dtypes and with the number of axes that the model has them in."""
        given = self._in_order(inputs)
        return [self._one_fitted(x, wanted) for x, wanted in zip(given, self.flat_inputs)]

    def _in_order(self, inputs: Any) -> list[Any]:
        if isinstance(inputs, dict) and not isinstance(self.inputs, dict):
            names = [x.name for x in self.flat_inputs]
            if not set(names) <= inputs.keys():
                raise DataError(f"Model '{self.name}' has the inputs {names}; got {[*inputs]}.", "name them so.")
            return [inputs[name] for name in names]
        if isinstance(inputs, dict):
            known = {key: x for key, x in inputs.items() if key in self.inputs}
            inputs = known or inputs
        given = leaves_by_key(inputs)
        self._check_count(given, inputs)
        return given

    def _check_count(self, given: Sequence[Any], inputs: Any) -> None:
        if len(given) != len(self.flat_inputs) or (isinstance(inputs, dict) and inputs.keys() != self.inputs.keys()):
            got = [*inputs] if isinstance(inputs, dict) else len(given)
            names = sorted(self.inputs) if isinstance(self.inputs, dict) else [x.name for x in self.flat_inputs]
            count = "1 input" if len(names) == 1 else f"{len(names)} inputs"
            raise DataError(
                f"Model '{self.name}' takes {count}, {', '.join(names)}; got {got}.",
                "pass them in a list of that order, or in a dict by these names.",
            )

    def _one_fitted(self, x: Any, wanted: KerasTensor) -> Tensor:
        tensor = of_rank(convert_to_tensor(x, wanted.dtype), wanted.shape)
        sizes = tensor.value.shape
        if len(sizes) != len(wanted.shape) or any(w not in (None, n) for n, w in zip(sizes[1:], wanted.shape[1:])):
            raise ShapeError(
                f"Model '{self.name}' takes '{wanted.name}' of shape {wanted.shape}; got {sizes}.",
                "reshape the input, or make a model for inputs of this shape.",
            )
        if tensor is not x:
            put_mask(tensor, mask_of(x))
        return tensor


def of_rank(x: Tensor, shape: Any) -> Tensor:
    """Return a tensor with an axis of size 1 more or less behind, if that gives it as many axes as a shape has."""
    if x.ndim == len(shape) + 1 and x.value.shape[-1] == 1:
        return squeeze(x, -1)
    return expand_dims(x, -1) if x.ndim == len(shape) - 1 and shape[-1] == 1 else x


def is_input(x: KerasTensor) -> bool:
    """Tell whether an Input made this placeholder."""
    return isinstance(x.node.operation, InputLayer)


def cloned(inputs: Any, outputs: Any, name: str) -> tuple[Any, Any]:
    """Return new Inputs in place of placeholders that calls gave, and what the calls between them and outputs give."""
    flat = placeholders(inputs)
    new: dict[Key, Any] = {}
    for x in flat:
        new[x.key] = x if is_input(x) else Input(batch_shape=x.shape, dtype=x.dtype, name=f"{x.name}CLONE")
    for node in ordered(flat, placeholders(outputs), name)[0]:
        if node.inputs:
            twins = mapped(lambda x: KerasTensor(x.shape, x.dtype, f"{x.name}_clone"), node.outputs, KerasTensor)
            Node(node.operation, *node.filled(new), twins)
            node.note(twins, new)
    return mapped(lambda x: new[x.key], inputs, KerasTensor), mapped(lambda x: new[x.key], outputs, KerasTensor)


def ordered(inputs: list[KerasTensor], outputs: list[KerasTensor], name: str) -> tuple[list[Node], list[Any]]:
    """Return the calls that outputs need, each after those that it needs, and their layers in the order they are met.

    The search goes from the outputs to the inputs, deeper first, without recursion.

    Raises:
        StateError: if an output needs an Input that isn't among the inputs, or itself.
    """
    given = {x.key for x in inputs}
    nodes: list[Node] = []
    met: dict[int, Any] = {}
    state: dict[int, bool] = {}  # by the node's id: whether all that it needs is done
    waiting: list[tuple[KerasTensor, bool]] = [(x, False) for x in reversed(outputs)]
    while waiting:
        tensor, done = waiting.pop()
        node = tensor.node
        if done:
            state[id(node)] = True
            nodes.append(node)
            continue
        if tensor.key in given and not is_input(tensor):
            continue
        if id(node) in state:
            if not state[id(node)]:
                raise StateError(
                    f"Model '{name}' has a cycle: '{tensor.name}', an output of '{node.operation.name}', "
                    "depends on itself.",
                    "compute each tensor from earlier ones.",
                )
            continue
        if not node.inputs and tensor.key not in given:
            raise StateError(
                f"Model '{name}' is disconnected: its outputs need '{tensor.name}', which is not among its inputs.",
                f"add '{tensor.name}' to the inputs.",
            )
        state[id(node)] = False
        met.setdefault(id(node.operation), node.operation)
        waiting.append((tensor, True))
        waiting += [(x, False) for x in reversed(node.inputs)]
    return nodes, list(met.values())


def by_depth(nodes: list[Node], met: list[Any], inputs: list[KerasTensor]) -> list[Any]:
    """Return layers and functions in Keras's order, which is that of a model's weights.

    The further from the outputs, the earlier; of equals, those that the search from the outputs met first.
    """
    depths: dict[int, int] = {}
    operations: dict[int, int] = {}
    for node in reversed(nodes):
        depth = max(depths.get(id(node), 0), operations.get(id(node.operation), 0))
        depths[id(node)] = operations[id(node.operation)] = depth
        for x in node.inputs:
            depths[id(x.node)] = max(depth + 1, depths.get(id(x.node), 0))
    unused = [x.node.operation for x in inputs if id(x.node.operation) not in operations]
    order = {id(x): place for place, x in enumerate(met)}
    return sorted([*unused, *met], key=lambda x: (-operations.get(id(x), 0), order.get(id(x), -1)))


def _check_placeholders(role: str, given: Any) -> None:
    wrong = [x for x in leaves_by_key(given) if not isinstance(x, KerasTensor)]
    if wrong or not placeholders(given):
        what = f"a {type(wrong[0]).__name__}" if wrong else "none"
        raise DataError(
            f"A model's {role} are placeholders, such as Input gives; got {what}.",
            "write x = Input((784,)), call layers on it, and pass the first and the last.",
        )


def _check_once(inputs: list[KerasTensor], name: str) -> None:
    keys = [x.key for x in inputs]
    if len(set(keys)) < len(keys):
        twice = next(x.name for place, x in enumerate(inputs) if x.key in keys[:place])
        raise DataError(f"Model '{name}' has '{twice}' twice among its inputs.", "name each input once.")


def _check_names(operations: list[Any]) -> None:
    names = [x.name for x in operations]
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise DataError(f"Two layers are named '{twice}'.", "give each layer a name of its own.")
