"""Writer, which gathers the parts of an ONNX model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

OPSET, IR_VERSION = 18, 10


@dataclass(frozen=True)
class Batch:
    """A size that is so many times that of the batch."""

    times: int


Size = int | Batch


class Writer:
    """Gathers nodes, weights, inputs and outputs, and names what they give.

    Args:
        first: the name of the first input, which tells the size of the batch.
    """

    def __init__(self, first: str) -> None:
        self._first = first
        self._nodes: list[Any] = []
        self._arrays: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._names: set[str] = set()
        self._batch = ""

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        from onnx import helper

        output = self._new(operator.lower())
        plain: dict[str, Any] = {name: _type(x) if isinstance(x, np.dtype) else x for name, x in attributes.items()}
        self._nodes.append(helper.make_node(operator, inputs, [output], **plain))
        return output

    def constant(self, array: np.ndarray, name: str = "constant") -> str:
        """Add an array and return its name."""
        from onnx import numpy_helper

        name = self._new(name)
        self._arrays.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def integers(self, *numbers: int) -> str:
        """Add a list of whole numbers, such as axes, and return its name."""
        return self.constant(np.array(numbers, np.int64))

    def input(self, name: str, sizes: tuple[Size, ...], dtype: np.dtype) -> str:
        """Add an input and return its name."""
        self._names.add(name)
        self._inputs.append(_described(name, sizes, dtype))
        return name

    def output(self, value: str, sizes: tuple[Size, ...], dtype: np.dtype) -> None:
        """Make a value an output, `output_0` and so on."""
        from onnx import helper

        name = f"output_{len(self._outputs)}"
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(_described(name, sizes, dtype))

    def shape(self, sizes: tuple[Size, ...]) -> str:
        """Return the name of a shape, as the operators that take one want it."""
        if not any(isinstance(n, Batch) for n in sizes):
            return self.integers(*sizes)  # type: ignore[arg-type]
        parts = [self._batch_times(n.times) if isinstance(n, Batch) else self.integers(n) for n in sizes]
        return self.add("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

    def _batch_times(self, times: int) -> str:
        if not self._batch:
            self._batch = self.add("Shape", self._first, start=0, end=1)
        return self._batch if times == 1 else self.add("Mul", self._batch, self.integers(times))

    def _new(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._names:
            name, number = f"{wanted}_{number}", number + 1
        self._names.add(name)
        return name

    def to_bytes(self, name: str) -> bytes:
        """Return the model as a file, once the library has checked it."""
        from onnx import checker, helper

        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._arrays)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="klods")
        checker.check_model(model)
        return model.SerializeToString()


def _described(name: str, sizes: tuple[Size, ...], dtype: np.dtype) -> Any:
    from onnx import helper

    dimensions = [("batch" if n.times == 1 else f"{n.times}*batch") if isinstance(n, Batch) else n for n in sizes]
    return helper.make_tensor_value_info(name, _type(dtype), dimensions)


def _type(dtype: np.dtype) -> int:
    from onnx import helper

    return helper.np_dtype_to_tensor_dtype(dtype)
