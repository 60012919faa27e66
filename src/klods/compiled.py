"""`klods.function`: functions of tensors that are traced once per signature, and then run as a plan."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from klods.backends import default_backend, steps_of
from klods.backends.program import Program
from klods.errors import TraceWarning, warn
from klods.graph import Untraceable, Value
from klods.passes.fuse import fuse
from klods.passes.plan import Plan, plan
from klods.passes.simplify import simplify
from klods.passes.trace import Trace, trace
from klods.tape import leaves
from klods.tensor import Tensor, TensorLike


def function(func: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function of tensors: a decorator.

    At the first call for each signature (the shapes and dtypes of tensors, the values of everything else) the function
    is traced: it is called with symbols, and what it does to them is written down, simplified, fused into loops and
    compiled. Later calls run that. What can't be traced runs as it is, with one warning.

    Args:
        func: the function.
        options: TensorFlow's options, such as `input_signature` and `reduce_retracing`, which change nothing here.

    Example:
        >>> import klods
        >>> @klods.function
        ... def affine(x, w, b):
        ...     return klods.nn.relu(klods.matmul(x, w) + b)
        >>> affine(klods.ones((1, 2)), klods.ones((2, 2)), klods.constant([0., -9.])).numpy()
        array([[2., 0.]], dtype=float32)
    """
    return functools.partial(function, **options) if func is None else Function(func)


class Function:
    """A function that is traced once per signature.

    Args:
        python_function: the function itself.
        backend: `llvm` or `numpy`; the default of `klods.backends` if None.
    """

    def __init__(self, python_function: Callable[..., Any], backend: str | None = None) -> None:
        functools.update_wrapper(self, python_function)
        self.python_function = python_function
        self.backend = backend
        self.runners: dict[Any, Runner] = {}
        self._untraceable = False

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the function's result for these arguments."""
        if self._untraceable:
            return self.python_function(*args, **kwargs)
        arguments = [args, kwargs]
        parts = leaves(arguments)
        arrays = [np.asarray(x.value if isinstance(x, TensorLike) else x) for x in parts if is_array(x)]
        key = signature(parts)
        if key not in self.runners:
            try:
                found = trace(lambda a, k: self.python_function(*a, **k), arguments, is_array)
            except Untraceable as error:
                return self._run_as_it_is(error, args, kwargs)
            self.runners[key] = Runner(found, self.backend or default_backend())
        return self.runners[key](arrays)

    def _run_as_it_is(self, error: Untraceable, args: Any, kwargs: Any) -> Any:
        name = getattr(self.python_function, "__name__", "the function")
        warn(TraceWarning, f"'{name}' runs as it is, not compiled: {error.what} At {error.line}")
        self._untraceable = True
        return self.python_function(*args, **kwargs)


class Runner:
    """One trace of a function, ready to run.

    Attributes:
        trace: the function's trace.
        plan: what runs.
    """

    def __init__(self, trace: Trace, backend: str) -> None:
        self.trace, self.plan = trace, planned(trace)
        self.program = Program(self.plan, steps_of(backend))
        self._own: dict[int, Tensor] = {}  # the tensors of changed variables that this runner made

    def __call__(self, arrays: list[np.ndarray]) -> Any:
        """Run on these arrays, put the new values in the variables, and return the function's result."""
        outputs = self.program.run([*map(contiguous, arrays), *self._state()])
        count = len(outputs) - len(self.trace.changed)
        for variable, array in zip(self.trace.changed, outputs[count:]):
            if array is not variable.value:
                variable.tensor = self._own[id(variable)] = Tensor(array)
        return self.trace.with_arrays(outputs[:count])

    def _state(self) -> list[np.ndarray]:
        """Return the variables' arrays; those to be overwritten are copies, since others may hold their tensors."""
        for variable in self.trace.changed:
            if variable.lent or variable.tensor is not self._own.get(id(variable)):
                variable.tensor = self._own[id(variable)] = Tensor(np.array(variable.value))
                variable.lent = False
        return [contiguous(variable.value) for variable in self.trace.variables]


def planned(trace: Trace) -> Plan:
    """Return the plan of a trace, after all passes."""
    graph = simplify(trace.graph)
    before = graph.inputs[len(graph.inputs) - len(trace.variables) :]
    held = {id(variable): value for variable, value in zip(trace.variables, before)}
    after = graph.outputs[len(graph.outputs) - len(trace.changed) :]
    updates = {new: held[id(v)] for v, new in zip(trace.changed, after) if isinstance(new, Value)}
    return plan(graph, fuse(graph), updates)


def contiguous(x: Any) -> np.ndarray:
    """Return an array whose elements lie one behind the other; a copy only if they don't."""
    array = np.asarray(x)
    return array if array.flags.c_contiguous else array.copy()


def is_array(x: Any) -> bool:
    """Tell whether an argument is traced; others are part of the signature. Variables are met, not passed."""
    return isinstance(x, (Tensor, np.ndarray, np.generic))


def signature(parts: list[Any]) -> tuple[Any, ...]:
    """Return what calls that share a trace have in common."""
    return tuple((_value(x).shape, _value(x).dtype) if is_array(x) else (type(x), _fixed(x)) for x in parts)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def _fixed(x: Any) -> Any:
    try:
        hash(x)
    except TypeError:
        return id(x)
    return x
