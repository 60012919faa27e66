"""Subject: the plan that is explained, and what it is run on to be measured. What it comes from stays as it is."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods import random
from klods.backends import backend as default_backend
from klods.compiled import Function, Runner
from klods.dtypes import as_dtype
from klods.errors import DataError, StateError
from klods.explanation.terms import Term, literal
from klods.graph import Graph, Value, engine
from klods.keras import losses
from klods.keras.models.batches import ALL, make_data, packed, tensors
from klods.keras.models.outputs import at
from klods.keras.models.traced import traced_step
from klods.keras.models.trainer import Trainer
from klods.keras.symbolic import KerasTensor
from klods.passes.plan import Plan
from klods.structures import mapped
from klods.tensor import Variable

BATCH = 32  # samples of a batch that is made up, as in `fit`


@dataclass(frozen=True, eq=False)
class Subject:
    """What is explained.

    Attributes:
        title: a line about it.
        traced: its graph before the passes.
        plan: its plan.
        backend: what runs the plan's kernels.
        given: an array for each input of the plan, which runs may overwrite.
        names: what inputs are called.
    """

    title: str
    traced: Graph
    plan: Plan
    backend: str
    given: list[np.ndarray]
    names: dict[Value, str]

    @property
    def numbers(self) -> dict[Value, Term]:
        """The constants that are one number, which printed loops write as such."""
        return {v: literal(x.item(), x.dtype) for v, x in self.plan.graph.constants.items() if x.ndim == 0}


def subject_of(explained: Any, examples: Sequence[Any]) -> Subject:
    """Return the subject of a model or function, `apart` from which it is to be made and run.

    Args:
        explained: a compiled model, whose training step is meant, or a function.
        examples: a batch, or the arguments of a call.

    Raises:
        StateError: for a model that isn't built, or a function that has not been called.
        DataError: for data that don't fit.
        Untraceable: for what can't be traced.
    """
    return (_of_model if isinstance(explained, Trainer) else _of_function)(explained, examples)


@contextmanager
def apart(explained: Any) -> Iterator[None]:
    """Let what runs inside the `with` block leave a model or function as it is, with no other thread at work.

    Raises:
        StateError: for a model that isn't compiled.
        DataError: for what is neither model nor function.
    """
    if not isinstance(explained, Trainer) and not callable(explained):
        raise DataError(
            f"explain takes a model or a function; got a {type(explained).__name__}.",
            "pass a compiled model or a function decorated with @klods.function.",
        )
    with engine, np.errstate(all="ignore"), same_random_numbers():
        if not isinstance(explained, Trainer):
            yield
            return
        explained._check_compiled("explain")
        with unchanged(explained):
            explained.warned_of_numbers = True  # the runs to come are not the model's
            yield


def _of_function(function: Callable[..., Any], examples: Sequence[Any]) -> Subject:
    if not isinstance(function, Function):
        function = Function(function)
    python, backend = function.python_function, function.backend or default_backend()
    name, parameters = getattr(python, "__name__", None) or getattr(python, "name", "function"), _parameters(python)
    title = f"Function {name}"
    if examples:
        return _subject(title, *traced(function, examples), backend, parameters)
    if function.untraceable is not None:
        raise function.untraceable.with_traceback(None)
    if function.last is None:
        raise StateError(
            f"Function '{name}' has not been called yet, so there is no plan of it.",
            "call it first, or give arguments like those of a call: klods.explain(function, x).",
        )
    return _subject(title, function.last, arrays_of(function.last), backend, parameters)


def traced(function: Function, examples: Sequence[Any]) -> tuple[Runner, list[np.ndarray]]:
    """Return what would run for such arguments, traced anew, and the arrays among them."""
    anew = Function(function.python_function, function.backend, function.input_signature, function._known)
    return anew.runner((tuple(examples), {}) if anew.input_signature is None else anew._fitted(examples, {}))


def arrays_of(runner: Runner) -> list[np.ndarray]:
    """Return the arrays of the arguments that a runner was last called with; random ones for those it let go."""
    inputs, arrays = runner.plan.graph.inputs, runner.program.arrays
    given = inputs[: len(inputs) - len(runner.trace.variables)]
    return [arrays[v] if v in arrays else np.random.default_rng(0).random(v.shape, v.dtype) for v in given]


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _of_model(model: Any, examples: Sequence[Any]) -> Subject:
    backend = "numpy" if model.jit_compile is False else default_backend()
    runner = None if examples else _kept_runner(model)
    if runner is not None:
        arrays = arrays_of(runner)
    else:
        x, y, sample_weight = _batch(model, examples)
        model(x, training=False)  # makes weights that aren't there yet
        model.optimizer.build_new(model.trainable_weights)
        step = traced_step(model, "train_step", backend)
        runner, arrays = traced(step, [packed(x, y, sample_weight)])
    title = f"Training step of model '{model.name}', batch of {len(arrays[0])}"
    return _subject(title, runner, arrays, backend, ["x", "y", "sample_weight"], _names(model))


def _kept_runner(model: Any) -> Runner | None:
    """Return what `fit` has run, for the largest batch; None if it has not, or the model has changed since."""
    made_of, step = vars(model).get("_steps_known", {}).get("train_step", (None, None))
    if step is None or made_of != model._made_of():
        return None
    return max(step.runners.values(), key=lambda runner: runner.plan.graph.inputs[0].size, default=None)


def _batch(model: Any, examples: Sequence[Any]) -> tuple[Any, Any, Any]:
    if len(examples) > 3:
        raise DataError(
            f"A batch is x, y, sample_weight; got {len(examples)} arrays.", "write klods.explain(model, x, y)."
        )
    if examples:
        x, y, sample_weight = [*examples, None, None][:3]
        data = make_data(x, y, sample_weight, text=model._reads_text)
        x, y, sample_weight = (tensors(part, ALL) for part in (data.x, data.y, data.sample_weight))
        return x, _labels(model, model(x, training=False)) if y is None else y, sample_weight
    x = tensors(made_up(model, BATCH), ALL)
    return x, _labels(model, model(x, training=False)), None


def made_up(model: Any, samples: int) -> Any:
    """Return inputs that a model takes, nested as its inputs are: numbers from 0 to 1, whole ones 0, texts empty.

    Products leave zeros out where there are many, so zeros would be timed as no data are.

    Raises:
        StateError: if a shape isn't known.
    """
    network = model._graph() if model.built else None
    if network is not None:
        return mapped(lambda x: _made_up(model, x.shape, x.dtype, samples), network.inputs, KerasTensor)
    shape = model._build_shape if model.built else None
    if isinstance(shape, tuple) and all(n is None or isinstance(n, int) for n in shape):
        return _made_up(model, shape, "float32", samples)
    raise StateError(
        f"Nothing tells the shape of the inputs of model '{model.name}'.",
        "give a batch, klods.explain(model, x, y), or call model.build((None, 784)), say.",
    )


def _made_up(model: Any, shape: tuple[int | None, ...], dtype: str, samples: int) -> np.ndarray:
    sizes = [samples if n is None else n for n in shape]
    if None in shape[1:]:
        raise StateError(
            f"Model '{model.name}' takes inputs of many shapes, {shape}: the plan depends on which.",
            "give a batch, klods.explain(model, x, y).",
        )
    if dtype == "string":
        return np.full(sizes, "")
    kind = as_dtype(dtype)
    return np.random.default_rng(0).random(sizes).astype(kind) if kind.kind == "f" else np.zeros(sizes, kind)


def _labels(model: Any, outputs: Any) -> Any:
    """Return targets that a model's loss takes: zeros."""
    if model._compiled.loss is None:
        return None
    labels = [_zeros(part.loss, at(outputs, part.path).shape) for part in model._compiled.parts(outputs)]
    return labels[0] if len(labels) == 1 else labels


def _zeros(loss: Any, shape: Any) -> Any:
    """Return labels that a loss takes for outputs of a shape, None for no loss."""
    if loss is None:
        return None
    classes = getattr(loss, "fn", None) is losses.sparse_categorical_crossentropy
    return tensors(np.zeros(shape[:-1], np.int64) if classes else np.zeros(shape, np.float32), ALL)


def _names(model: Any) -> dict[int, str]:
    """Return names of a model's metrics' and optimizer's variables, by their ids."""
    names = {id(v): f"{metric.name}_{v.name}" for metric in model.single_metrics().values() for v in metric.variables}
    scopes = {f"{getattr(w, 'path', '').rpartition('/')[0].replace('/', '_')}_" for w in model.weights}
    for variable in model.optimizer.variables:
        prefix = max((s for s in scopes if variable.name.startswith(s)), key=len, default="")
        names[id(variable)] = variable.name.removeprefix(prefix)
    return names


def _subject(
    title: str,
    runner: Runner,
    arrays: list[np.ndarray],
    backend: str,
    parameters: Sequence[str],
    known: Mapping[int, str] | None = None,
) -> Subject:
    """Return the subject of a runner, with copies of the arrays and of the variables' values."""
    plan, variables, known = runner.plan, runner.trace.variables, known or {}
    given = [np.array(x) for x in [*arrays, *(v.value for v in variables)]]
    called = list(parameters[: len(arrays)]) if len(parameters) >= len(arrays) else ["input"] * len(arrays)
    called += [known.get(id(v), v.name) for v in variables]
    names = dict(zip(plan.graph.inputs, called))
    for call in plan.calls:
        names.update({new: f"new_{names[old]}" for new, old in call.shared.items()})
    return Subject(title, runner.trace.graph, plan, backend, given, names)


@contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """Put back, after the `with` block, everything that it changed in a model, its optimizer, loss and metrics."""
    parts = [*model.flattened(), model.optimizer, model._compiled, *model.single_metrics().values()]
    objects = [x for x in parts if x is not None]
    attributes = [(x, {name: _kept(part) for name, part in vars(x).items()}) for x in objects]
    values = [(variable, variable.tensor, variable.lent) for variable in model.all_variables()]
    try:
        yield
    finally:
        for x, kept in attributes:
            vars(x).clear()
            vars(x).update(kept)
        for variable, tensor, lent in values:
            _put_back(variable, tensor, lent)


def _put_back(variable: Variable, tensor: Any, lent: bool) -> None:
    variable.tensor, variable.lent = tensor, lent


def _kept(x: Any) -> Any:
    """Return an attribute as it is now: a list or dict is copied, what is in it isn't."""
    if isinstance(x, np.random.Generator):
        return copy.deepcopy(x)
    return copy.copy(x) if type(x) in (list, dict, set) else x


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """Let what is drawn inside the `with` block be drawn again after it."""
    before = copy.deepcopy(vars(random._source))
    try:
        yield
    finally:
        vars(random._source).update(before)
