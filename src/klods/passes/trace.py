"""Tracing: a function is called once with symbols in place of arrays, which yields its graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods.dtypes import TEXT, as_array
from klods.errors import StateError
from klods.graph import Graph, Node, Operand, Symbol, Untraceable, Value, tracing
from klods.ops.block import BLOCKS
from klods.structures import leaves, rebuilt
from klods.tensor import Tensor, TensorLike, Variable, watching


@dataclass(frozen=True)
class Trace:
    """What tracing a function gave.

    Attributes:
        graph: its inputs are the arguments' tensors and then the variables' values; its outputs the tensors returned
            and then the new values of the changed variables.
        variables: the variables that the function reads or assigns.
        changed: those that it assigns.
        result: what the function returned, a structure with tensors and other things in it.
    """

    graph: Graph
    variables: list[Variable]
    changed: list[Variable]
    result: Any

    def with_arrays(self, arrays: Sequence[Any]) -> Any:
        """Return the function's result with these arrays as its tensors."""
        made = iter(arrays)
        parts = leaves(self.result)
        return rebuilt(self.result, (Tensor(next(made)) if isinstance(x, TensorLike) else x for x in parts))


def trace(
    function: Callable[..., Any], arguments: Any, is_given: Callable[[Any], bool], known: Sequence[Variable] = ()
) -> Trace:
    """Return the graph of `function(*arguments)`.

    The function is called again for as long as it meets variables that were not known before, each of which then
    becomes an input.

    Args:
        function: takes and returns tensors in any structure; may read and assign variables.
        arguments: a list of the arguments.
        is_given: tells which leaves of the arguments are arrays; the others are passed on as they are.
        known: variables that the function is likely to meet.

    Raises:
        Untraceable: if the function asks for a tensor's value, or makes new variables each time it is called.
    """
    variables = list(known)
    for _ in range(TRIES):
        tracer = GraphTracer(variables, getattr(function, "__name__", "the function"))
        found = tracer.run(function, arguments, is_given)
        if not tracer.strangers:
            return found
        variables = [*variables, *tracer.strangers]
    raise Untraceable("It makes new variables at every call.", "make them once, before or at the first call.")


# What may be done with text, which has no place in buffers, as its length varies: it stays where it is.
HANDS_ON = ("call", "reshape")
TRIES = 8  # calls that may meet variables that the ones before didn't


class GraphTracer:
    """Writes down as nodes what is done to symbols.

    Args:
        variables: the variables that are inputs.
        name: the function's name.

    Attributes:
        graph: the graph so far.
        strangers: the variables met that are not among these.
    """

    def __init__(self, variables: Sequence[Variable] = (), name: str = "") -> None:
        self.graph, self.name = Graph(), name
        self.variables = list(variables)
        self.strangers: list[Variable] = []
        self._before = {id(v): (v, v.tensor) for v in variables}
        self._constants: dict[int, tuple[Any, Value]] = {}
        self._closed = False

    def run(self, function: Callable[..., Any], arguments: Any, is_given: Callable[[Any], bool]) -> Trace:
        """Call the function on symbols and return what it did; variables hold afterwards what they held before."""
        given = iter([self.given(x) if is_given(x) else x for x in leaves(arguments)])
        symbols = [self.given(v.value) for v in self.variables]
        tracer, tapes = tracing.set(self), watching.set((self,))
        try:
            for variable, symbol in zip(self.variables, symbols):
                variable.tensor = symbol
            result = function(*rebuilt(arguments, given))
            after = [variable.tensor for variable in self.variables]
            returned = [x.tensor if isinstance(x, Variable) else x for x in leaves(result) if isinstance(x, TensorLike)]
        finally:
            self._closed = True
            tracing.reset(tracer)
            watching.reset(tapes)
            for variable, tensor in self._before.values():
                variable.tensor = tensor
        changed = [(v, new) for v, old, new in zip(self.variables, symbols, after) if new is not old]
        self.graph.outputs = [self.operand(t.value) for t in [*returned, *(new for _, new in changed)]]
        if any(map(_is_text, self.graph.outputs)):
            raise Untraceable("It returns text, which isn't compiled.", "make numbers of the text before.")
        assigned = [v for v, _ in changed]
        return Trace(self.graph, self._met(assigned), assigned, result)

    def _met(self, assigned: list[Variable]) -> list[Variable]:
        """Return the variables that were read or assigned, and make the others no inputs of the graph."""
        graph, count = self.graph, len(self.variables)
        used = {x for node in graph.nodes for x in node.values} | {x for x in graph.outputs if isinstance(x, Value)}
        first = len(graph.inputs) - count
        ids = set(map(id, assigned))
        pairs = [(v, x) for v, x in zip(self.variables, graph.inputs[first:]) if x in used or id(v) in ids]
        graph.inputs[first:] = [x for _, x in pairs]
        return [v for v, _ in pairs]

    def given(self, like: Any) -> Tensor:
        """Return a tensor that stands for an input of this shape and dtype."""
        array = like.value if isinstance(like, TensorLike) else like
        return Tensor(Symbol(self, self.graph.given(array.shape, TEXT if array.dtype.kind == "S" else array.dtype)))

    def apply(self, block: str, values: Sequence[Any], attributes: dict[str, Any]) -> Symbol:
        """Add a node and return its output.

        Raises:
            OverflowError: as NumPy does, for a whole number that is to be computed in a dtype that hasn't got it.
        """
        self.check_open()
        if block not in BLOCKS:
            raise Untraceable(f"NumPy's function {block} has no block.", "use klods's functions on tensors.")
        operands = tuple(self.operand(x) for x in values)
        if block not in HANDS_ON and any(map(_is_text, operands)):
            raise Untraceable(f"It calls {block} on text, which isn't compiled.", "make numbers of it before the call.")
        shape, dtype = result_of(block, operands, attributes)
        if dtype.kind == "S" and block != "reshape":
            raise Untraceable(f"{block} makes text, which isn't compiled.", "make numbers, or call it undecorated.")
        if BLOCKS[block].kind in ("same", "number") and BLOCKS[block].gives is None and dtype.kind in "iu":
            np.array([x for x in operands if type(x) is int], dtype)
        output = self.graph.value(shape, dtype)
        self.graph.nodes.append(Node(block, operands, attributes, output))
        return Symbol(self, output)

    def check_open(self) -> None:
        """Raise StateError if the trace is over: its symbols stand for nothing then."""
        if self._closed:
            raise StateError(
                f"This tensor stands for a value inside the traced function '{self.name}', and has none outside it.",
                "return it from the function, or keep it in a klods.Variable.",
            )

    def operand(self, x: Any) -> Operand:
        """Return what stands for a symbol, an array or a number in the graph."""
        if isinstance(x, Symbol):
            if x.tracer is not self:
                x.tracer.check_open()
            return x.value
        if isinstance(x, (bool, int, float)) and not isinstance(x, np.generic):
            return x
        if id(x) not in self._constants:
            self._constants[id(x)] = (x, self.graph.constant(as_array(x)))
        return self._constants[id(x)][1]

    def meet(self, variable: Variable) -> None:
        """Take notice of a variable that is read or assigned."""
        if id(variable) not in self._before:
            self._before[id(variable)] = (variable, variable.tensor)
            self.strangers.append(variable)

    def see(self, variable: Variable) -> None:
        """Take notice of a variable whose value is read, as a tape does."""
        self.meet(variable)

    def record(self, block: Any, inputs: Sequence[Any], output: Any, attributes: dict[str, Any]) -> None:
        """Take notice of the variables that an operation reads, as a tape does."""
        for x in inputs:
            if type(x) is Variable:
                self.meet(x)


def _is_text(x: Operand) -> bool:
    return isinstance(x, Value) and x.dtype.kind == "S"


def result_of(block: str, operands: Sequence[Operand], attributes: dict[str, Any]) -> tuple[tuple[int, ...], np.dtype]:
    """Return the shape and dtype that a block gives for its operands."""
    record = BLOCKS[block]
    shape = record.shape(*(x.shape if isinstance(x, Value) else () for x in operands), **attributes)
    dtype = record.dtype(*(x.dtype if isinstance(x, Value) else type(x) for x in operands), **attributes)
    return tuple(shape), dtype
