"""`klods.function`: functions of tensors that are traced once per signature, and then run as a plan."""

from __future__ import annotations

import copy
import functools
import inspect
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from klods.backends import backend as chosen_backend, steps_of
from klods.backends.program import Program
from klods.dtypes import TEXT, as_array, dtype_of
from klods.errors import ArgumentError, DataError, DTypeError, ShapeError, TraceWarning, warn
from klods.graph import Graph, Untraceable, Value, engine, tracing
from klods.passes.fuse import fuse
from klods.passes.plan import Plan, plan
from klods.passes.simplify import simplify
from klods.passes.trace import Trace, trace
from klods.rows import Rows
from klods.structures import leaves, mapped, rebuilt
from klods.tensor import Tensor, TensorLike, Variable, convert_to_tensor, watching

TENSORFLOW_OPTIONS = {
    "autograph",
    "reduce_retracing",
    "experimental_implements",
    "experimental_autograph_options",
    "experimental_attributes",
    "experimental_compile",
    "experimental_follow_type_hints",
    "experimental_relax_shapes",
}
KEPT = 64  # signatures whose plans a function keeps: the last ones met


def function(
    func: Callable[..., Any] | None = None,
    input_signature: Sequence[Any] | None = None,
    jit_compile: bool | None = None,
    **options: Any,
) -> Any:
    """Compile a function of tensors: a decorator.

    At the first call for each signature (the shapes and dtypes of tensors, the values of everything else) the function
    is traced: it is called with symbols, and what it does to them is written down, simplified, fused into loops and
    compiled. Later calls run that. What can't be traced runs as it is, with one warning. Called while a GradientTape
    watches, or inside another traced function, it becomes part of what that writes down.

    Args:
        func: the function. Numbers, and arrays of them, that it returns come back as tensors; lists and dicts that it
            is given are not its own to change: a DataError.
        input_signature: a TensorSpec for each argument: Python numbers become tensors then, and nothing else is taken.
        jit_compile: False to run it in NumPy even where machine code is to be had.
        options: TensorFlow's other options, such as `reduce_retracing`, which change nothing here.

    Example:
        >>> import klods
        >>> @klods.function
        ... def affine(x, w, b):
        ...     return klods.nn.relu(klods.matmul(x, w) + b)
        >>> affine(klods.ones((1, 2)), klods.ones((2, 2)), klods.constant([0., -9.])).numpy()
        array([[2., 0.]], dtype=float32)
    """
    if unknown := options.keys() - TENSORFLOW_OPTIONS:
        raise ArgumentError(f"function has no option {', '.join(sorted(unknown))}.", "see help(klods.function).")
    if func is None:
        return functools.partial(function, input_signature=input_signature, jit_compile=jit_compile, **options)
    return Function(func, "numpy" if jit_compile is False else None, input_signature)


def executing_eagerly() -> bool:
    """Tell whether operations compute at once, as they do outside of functions that are being traced."""
    return tracing.get() is None


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Choose whether all functions, and the steps of all models, run as they are: slower, and open to a debugger.

    Example:
        >>> import klods
        >>> klods.config.run_functions_eagerly(True)
        >>> klods.config.functions_run_eagerly()
        True
        >>> klods.config.run_functions_eagerly(False)
    """
    _mode["eager"] = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Tell what `run_functions_eagerly` chose."""
    return _mode["eager"]


_mode = {"eager": False}


@dataclass(frozen=True)
class TensorSpec:
    """What a function takes as one argument.

    Args:
        shape: its shape, None standing for any size; None alone for any shape.
        dtype: its dtype.
        name: a name for people.

    Example:
        >>> TensorSpec((None, 784)).fitted([[0.5] * 784]).shape
        TensorShape([1, 784])
    """

    shape: Any = None
    dtype: Any = "float32"
    name: str | None = None

    def fitted(self, x: Any) -> Tensor:
        """Return an argument as a tensor.

        Raises:
            ShapeError: for another shape.
            DTypeError: for a tensor of another dtype.
        """
        tensor, dtype = convert_to_tensor(x, None if isinstance(x, TensorLike) else self.dtype), dtype_of(self.dtype)
        if tensor.dtype != dtype:
            raise DTypeError(
                f"{self._label} takes {dtype}; got {tensor.dtype}.", f"cast it: klods.cast(..., '{dtype}')."
            )
        sizes, wanted = tensor.value.shape, self.shape
        if wanted is not None and (len(sizes) != len(wanted) or any(w not in (None, n) for n, w in zip(sizes, wanted))):
            raise ShapeError(f"{self._label} takes shape {tuple(wanted)}; got {sizes}.", "reshape it before the call.")
        return tensor

    @property
    def _label(self) -> str:
        return f"Argument '{self.name}'" if self.name else "An argument"


class Function:
    """A function that is traced once per signature.

    Args:
        python_function: the function itself.
        backend: `llvm` or `numpy`; that of `klods.backend()` if None.
        input_signature: see `function`.
        known: returns the variables that the function is likely to meet, which then need not be found by a first call.

    Attributes:
        runners: by signature, what runs.
        last: the runner of the last call.
        untraceable: why the function can't be traced, once that is known.
    """

    def __init__(
        self,
        python_function: Callable[..., Any],
        backend: str | None = None,
        input_signature: Sequence[Any] | None = None,
        known: Callable[[], Sequence[Variable]] = list,
    ) -> None:
        if not callable(python_function):
            raise ArgumentError(f"{python_function!r} is no function.", "decorate a function of tensors.")
        functools.update_wrapper(self, python_function)
        self.python_function = python_function
        self.backend, self.input_signature, self._known = backend, named(input_signature, python_function), known
        self.runners: dict[Any, Runner] = {}
        self.last: Runner | None = None
        self.untraceable: Untraceable | None = None

    def __get__(self, instance: Any, owner: type) -> Any:
        """Return the method of an instance, which traces for this instance alone."""
        if instance is None:
            return self
        method = self.python_function.__get__(instance, owner)
        kept = getattr(instance, "__dict__", None)
        if not isinstance(kept, dict):  # a class, or an object with slots, has nowhere to keep traces
            return Function(method, self.backend, self.input_signature)
        name = f"_function_{id(self)}"
        if (
            name not in kept or getattr(kept[name].python_function, "__self__", instance) is not instance
        ):  # copies bring their original's
            kept[name] = Function(method, self.backend, self.input_signature)
        return kept[name]

    def __deepcopy__(self, memo: dict[int, Any]) -> Function:
        """Return a function with no traces: they hold the buffers and the machine code of this one."""
        return Function(copy.deepcopy(self.python_function, memo), self.backend, self.input_signature, self._known)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the function's result for these arguments."""
        if self.input_signature is not None:
            args, kwargs = self._fitted(args, kwargs)
        if self.untraceable is not None or watching.get() or functions_run_eagerly():
            return self._as_it_is(args, kwargs)
        with engine:
            try:
                runner, arrays = self.runner((args, kwargs))
            except Untraceable as error:
                self._warn(error)
            else:
                return runner(arrays)
        return self._as_it_is(args, kwargs)

    def _as_it_is(self, args: Any, kwargs: Any) -> Any:
        if any(isinstance(x, Rows) for x in leaves([args, kwargs])):  # other lists and dicts stay the caller's own
            args, kwargs = side_by_side((args, kwargs))
        return self._result(args, kwargs)

    def _result(self, args: Any, kwargs: Any) -> Any:
        """Return what the function itself gives, its numbers and arrays of numbers as tensors."""
        return mapped(tensor_of, self.python_function(*args, **kwargs), (bool, int, float, np.ndarray, np.generic))

    def runner(self, arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> tuple[Runner, list[np.ndarray]]:
        """Return what runs for arguments like these, traced if there is none yet, and the arrays among them.

        Raises:
            Untraceable: if it can't be traced.
        """
        arrays: list[np.ndarray] = []
        key = (self.backend or chosen_backend(), signature(arguments, arrays))
        if key not in self.runners:
            while len(self.runners) >= KEPT:
                del self.runners[next(iter(self.runners))]
            self.runners[key] = Runner(trace(self._named, arguments, is_array, self._known()), key[0], arguments)
        self.last = self.runners[key]
        return self.last, arrays

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> Function:
        """Return the function for arguments like these alone.

        Args:
            args: a TensorSpec or a tensor where the function takes a tensor; other things are kept as they are, and
                are not passed any more. Without any, the input signature.
            kwargs: the same by name.

        Raises:
            ArgumentError: for a list or dict that holds tensors beside other things.

        Example:
            >>> import klods
            >>> @klods.function
            ... def scaled(x, factor):
            ...     return x * factor
            >>> doubled = scaled.get_concrete_function(klods.TensorSpec((None,)), 2)
            >>> doubled([1., 5.]).numpy()
            array([ 2., 10.], dtype=float32)
        """
        given = inspect.signature(self.python_function).bind(*(args or self.input_signature or ()), **kwargs)
        specs = {name: mapped(spec_like, x) for name, x in given.arguments.items() if holds_specs(x)}

        @functools.wraps(self.python_function)
        def concrete(*tensors: Any) -> Any:
            arguments = {**given.arguments, **dict(zip(specs, tensors))}
            call = inspect.BoundArguments(given.signature, arguments)
            return self.python_function(*call.args, **call.kwargs)

        concrete.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in specs]
        )
        return Function(concrete, self.backend, tuple(specs.values()), self._known)

    @property
    def _name(self) -> str:
        return getattr(self.python_function, "__name__", "the function")

    @property
    def _named(self) -> Callable[..., Any]:
        """Return the function of positional arguments and a dict of those by name, for a trace."""

        @functools.wraps(self.python_function)
        def spread(args: Any, kwargs: Any) -> Any:
            before = leaves([args, kwargs])
            result = self._result(args, kwargs)
            after = leaves([args, kwargs])
            if [*map(id, before)] != [*map(id, after)]:
                raise DataError(
                    f"'{self._name}' changes a list or dict that it was given, which only the trace would see.",
                    "let it change a copy, and return that.",
                )
            return result

        return spread

    def _fitted(self, args: Any, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        structure = tuple(self.input_signature or ())
        if kwargs or len(args) < len(structure):
            bound = inspect.signature(self.python_function).bind_partial(*args, **kwargs)
            count = max(len(structure), len(bound.args))
            bound.apply_defaults()
            args, kwargs = bound.args[:count], bound.kwargs
        return rebuilt(structure, iter(fitted(structure, args))), kwargs

    def _warn(self, error: Untraceable) -> None:
        warn(TraceWarning, f"'{self._name}' runs as it is, not compiled: {error.what} At {error.line}")
        self.untraceable = error.with_traceback(None)  # whose frames would hold all that the trace did


class Runner:
    """One trace of a function, ready to run.

    Args:
        trace: the function's trace.
        backend: what runs the kernels.
        arguments: what the function was traced with.

    Attributes:
        plan: what runs.
        program: the plan with its buffers.
    """

    def __init__(self, trace: Trace, backend: str, arguments: Any) -> None:
        self.trace, self.plan = trace, planned(trace)
        self.program = Program(self.plan, steps_of(backend))
        self._fixed = [x for x in leaves(list(arguments)) if not is_array(x)]  # kept, so that ids in keys stay theirs
        self._dtypes = [x.dtype for x in trace.graph.outputs if isinstance(x, Value)]
        self._tensors: list[Tensor | None] = [None] * len(trace.variables)  # what the variables held at the last run
        self._state: list[np.ndarray] = [np.empty(0)] * len(trace.variables)
        in_place = updated_in_place(trace, self.plan)
        self._overwritten = [id(variable) in in_place for variable in trace.variables]
        self._renewed = [(returned(trace) + i, v) for i, v in enumerate(trace.changed) if id(v) not in in_place]
        self._copied = [i for i in (*range(returned(trace)), *(i for i, _ in self._renewed)) if is_kept(self.plan, i)]

    def __call__(self, arrays: list[np.ndarray]) -> Any:
        """Run on these arrays, put the new values in the variables, and return the function's result."""
        for i, variable in enumerate(self.trace.variables):
            if variable.tensor is not self._tensors[i] or (variable.lent and self._overwritten[i]):
                self._take(i, variable)
        outputs = self.program.run([*arrays, *self._state])
        for i in self._copied:
            outputs[i] = np.array(outputs[i], self._dtypes[i])
        for i, variable in self._renewed:
            variable.tensor = Tensor(outputs[i])
        return self.trace.with_arrays(outputs)

    def _take(self, i: int, variable: Variable) -> None:
        """Note what a variable holds now; if it is to be overwritten, a copy, since others may hold the tensor."""
        if self._overwritten[i]:
            variable.tensor, variable.lent = Tensor(np.array(variable.value, order="C")), False
        self._tensors[i], self._state[i] = variable.tensor, array_of(variable.tensor)


def named(specs: Sequence[Any] | None, function: Callable[..., Any]) -> Sequence[Any] | None:
    """Return an input signature whose TensorSpecs without a name have that of the function's argument."""
    if specs is None:
        return None
    taken = [name for name in inspect.signature(function).parameters if name != "self"]
    names = itertools.chain(taken, itertools.repeat(None))
    return [replace(x, name=x.name or name) if isinstance(x, TensorSpec) else x for x, name in zip(specs, names)]


def fitted(specs: Any, given: Any) -> list[Tensor]:
    """Return arguments as the tensors that an input signature of the same structure asks for, in its order.

    Raises:
        ArgumentError: for another structure, such as more or fewer arguments.
    """
    if isinstance(specs, TensorSpec):
        return [specs.fitted(given)]
    kind: Any = dict if isinstance(specs, dict) else (list, tuple)
    if not isinstance(given, kind) or len(given) != len(specs):
        got = len(given) if isinstance(given, kind) else f"a {type(given).__name__}"
        raise ArgumentError(
            f"The input signature has {len(specs)} tensors; got {got}.", "give one for each TensorSpec."
        )
    if not isinstance(specs, dict):
        return [tensor for spec, x in zip(specs, given) for tensor in fitted(spec, x)]
    if specs.keys() != given.keys():
        raise ArgumentError(
            f"The input signature has the keys {[*specs]}; got {[*given]}.", "give one for each TensorSpec."
        )
    return [tensor for name, spec in specs.items() for tensor in fitted(spec, given[name])]


def holds_specs(x: Any) -> bool:
    """Tell whether there is a tensor, or what stands for one, in an argument."""
    return any(isinstance(leaf, TensorSpec) or is_array(leaf) for leaf in leaves(x))


def spec_like(x: Any) -> TensorSpec:
    """Return what describes a tensor, which may be given in its place.

    Raises:
        ArgumentError: for what is no tensor.
    """
    if isinstance(x, TensorSpec):
        return x
    if not is_array(x):
        raise ArgumentError(f"A concrete function got {x!r} beside tensors in one argument.", "pass it by itself.")
    tensor = convert_to_tensor(x)
    return TensorSpec(tensor.value.shape, tensor.dtype)


def tensor_of(x: Any) -> Any:
    """Return numbers as a tensor; anything else that an array may hold as it is."""
    return convert_to_tensor(x) if np.asarray(x).dtype.kind in "biuf" else x


def side_by_side(structure: Any) -> Any:
    """Return a structure with tensors for Rows."""
    return mapped(lambda rows: Tensor(rows.taken()), structure, Rows)


def returned(trace: Trace) -> int:
    """Return how many tensors a traced function returns; the graph's other outputs are new values of variables."""
    return len(trace.graph.outputs) - len(trace.changed)


def updated_in_place(trace: Trace, plan: Plan) -> set[int]:
    """Return the ids of the variables whose new value is written over the old one."""
    shared = plan.shared
    return {id(variable) for variable, old, new in updates_of(trace, plan.graph) if shared.get(new) is old}


def is_kept(plan: Plan, i: int) -> bool:
    """Tell whether output i is a number, or an array that outlives the run and may change: others get a copy of it."""
    value = plan.graph.outputs[i]
    if not isinstance(value, Value):
        return True
    return value in (*plan.graph.inputs, *plan.graph.constants, *plan.shared)


def planned(trace: Trace) -> Plan:
    """Return the plan of a trace, after all passes."""
    graph = simplify(trace.graph)
    return plan(graph, fuse(graph), {new: old for _, old, new in updates_of(trace, graph)})


def updates_of(trace: Trace, graph: Graph) -> list[tuple[Variable, Value, Value]]:
    """Return the changed variables with the values that hold them before and after, in a trace's simplified graph.

    Those whose new value is a number are left out.
    """
    before = graph.inputs[len(graph.inputs) - len(trace.variables) :]
    held = dict(zip(map(id, trace.variables), before))
    after = zip(trace.changed, graph.outputs[returned(trace) :])
    return [(variable, held[id(variable)], new) for variable, new in after if isinstance(new, Value)]


def is_array(x: Any) -> bool:
    """Tell whether an argument is traced; others are part of the signature. Variables are met, not passed."""
    return isinstance(x, (Tensor, np.ndarray, np.generic, Rows))


def array_of(x: Any) -> Any:
    """Return an argument, if it isn't Rows, as an array of aligned elements in a row; a copy only if they aren't."""
    if isinstance(x, Rows):
        return x
    array = np.asarray(x.value) if isinstance(x, TensorLike) else as_array(np.asarray(x))
    return array if array.flags.c_contiguous and array.flags.aligned else array.copy()


def signature(x: Any, arrays: list[np.ndarray]) -> Any:
    """Return what arguments that share a trace have in common, and add the arrays among them to `arrays`.

    Of arrays that is shape and dtype, of anything else type and value, in the same structure.
    """
    if is_array(x):
        array = array_of(x)
        arrays.append(array)
        return array.shape, TEXT if array.dtype.kind == "S" else array.dtype
    if isinstance(x, (list, tuple)):
        return type(x), *[signature(item, arrays) for item in x]
    if isinstance(x, dict):
        return dict, *x, *[signature(item, arrays) for item in x.values()]
    if isinstance(x, float):
        return type(x), repr(x)  # -0.0 equals 0.0, and NaN not even itself
    try:
        hash(x)
    except TypeError:
        return type(x), id(x)
    return type(x), x


# A child process starts with no step half done.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=engine.acquire, after_in_parent=engine.release, after_in_child=engine.release)
