"""What ran, operation by operation, with its values: under a watch of its own, or as a GradientTape wrote it down."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from klods.compiled import Function
from klods.errors import DataError, KlodsError, StateError
from klods.explanation.subject import same_random_numbers, unchanged
from klods.graph import Symbol, engine
from klods.keras.models.batches import ALL, make_data, tensors
from klods.keras.models.rehearsal import check_targets
from klods.show.computation.scope import names_in
from klods.show.computation.watcher import Failure, Step, Watcher, failing, unwatched
from klods.structures import leaves, mapped
from klods.tape import GradientTape, backward
from klods.tensor import Tensor, TensorLike, Variable, convert_to_tensor

UNNAMED = "Variable"  # what a Variable is called that nobody named


@dataclass(eq=False)
class Recording:
    """What ran.

    Attributes:
        title: a line about it.
        steps: the operations, in order.
        names: what tensors are called, by their ids.
        variables: the variables whose tensors were used, by the tensors' ids.
        arguments: the tensors that were given, by their ids.
        targets: what came out.
        error: what stopped it.
        failed: the operation that the error came up in; the layer or loss if it came up before one; None if in neither.
        gradients: by the ids of tensors, the gradients of the targets' sum.
    """

    title: str
    steps: list[Step] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    variables: dict[int, Variable] = field(default_factory=dict)
    arguments: dict[int, Any] = field(default_factory=dict)
    targets: list[Tensor] = field(default_factory=list)
    error: KlodsError | None = None
    failed: Failure | None = None
    gradients: dict[int, Any] = field(default_factory=dict)

    def differentiate(self, sources: set[int]) -> None:
        """Find the gradients of all that lies between the sources, given by their ids, and the targets.

        The rules are walked as `GradientTape.gradient` walks them.
        """
        records = [record for step in self.steps for record in step.records]
        wanted = set(sources)
        for _, operands, output, _ in records:
            if any(id(x) in wanted for x in operands):
                wanted.add(id(output))
        seeds = {id(t): Tensor(np.ones_like(t.value)) for t in self.targets if t.value.dtype.kind == "f"}
        with unwatched():
            found = backward(records, seeds, wanted)
        self.gradients = {key: x.value for key, x in found.items() if key in wanted}

    def keep_what_matters(self) -> int:
        """Drop the operations that the targets don't depend on; return how many they were."""
        needed, kept = {id(t) for t in self.targets}, []
        for step in reversed(self.steps):
            if id(step.output) in needed:
                kept.append(step)
                needed |= {id(x) for x in step.operands}
        dropped = len(self.steps) - len(kept)
        self.steps = kept[::-1]
        return dropped


# ------------------------------------------------------------ of a function, a tape


def of_function(function: Callable[..., Any], arguments: Sequence[Any]) -> Recording:
    """Return what a function does with arguments.

    Arrays and Python's floating numbers become tensors. An error of klods's own ends the recording, and is part of it.
    """
    plain = function.python_function if isinstance(function, Function) else function
    named = _parameters(plain, arguments)
    name = getattr(plain, "__name__", type(plain).__name__)
    recording = Recording(f"{'function' if name == '<lambda>' else name}({', '.join(n for n, _ in named)})")
    given = [mapped(_as_tensor, x) for _, x in named]
    _give(recording, zip((word for word, _ in named), given))
    watched(recording, plain, given)
    recording.differentiate(_floating(recording.arguments) | _trainable(recording))
    return recording


def watched(recording: Recording, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Run a function and write down in a recording what it does, and the error that stops it; return its result."""
    watcher, result = Watcher(), None
    try:
        result = watcher.run(function, arguments)
    except KlodsError as error:
        recording.error = error
        recording.failed = failing(error, watcher)
    recording.steps, recording.variables = watcher.steps, {**recording.variables, **watcher.variables}
    recording.targets = _tensors(result)
    if recording.error is None and not recording.targets:
        raise DataError(
            f"{recording.title} returned {'nothing' if result is None else f'a {type(result).__name__}'}, no tensor.",
            "return the tensor whose computation is to be seen.",
        )
    _name(recording, watcher.frame)
    return result


def of_model(model: Any, batch: Sequence[Any]) -> Recording:
    """Return what a model does with a batch; with targets its loss too, as in training. The model stays as it is.

    Raises:
        StateError: for a model that isn't built, or that isn't compiled where there are targets.
        DataError: for a batch of other than one to three parts, or parts of several lengths.
    """
    if not model.built:
        raise StateError(f"Model '{model.name}' is not built, so its weights aren't there.", "call it or build it.")
    if not 1 <= len(batch) <= 3:
        raise DataError(f"A batch is x, y, sample_weight; got {len(batch)} arrays.", "write graph(model, x, y).")
    if len(batch) > 1:
        model._check_compiled("graph of a model and targets")
    data = make_data(*batch)
    arguments = [tensors(part, ALL) for part in (data.x, data.y, data.sample_weight)]
    training = data.y is not None

    def step(x: Any, y: Any, sample_weight: Any) -> Any:
        y_pred = model(x, training=training)
        if not training:
            return y_pred
        check_targets(model, y, y_pred)
        return model.loss_of(x, y, y_pred, sample_weight, training=True)

    recording = Recording(f"model '{model.name}', batch of {len(leaves(arguments[0])[0])}")
    _give(recording, zip(("x", "y", "sample_weight"), arguments))
    with engine, np.errstate(all="ignore"), same_random_numbers(), unchanged(model):
        model.warned_of_numbers = True  # of NaN the picture tells
        watched(recording, step, arguments)
    inputs = {id(x): x for x in leaves(arguments[0])}
    recording.differentiate(_floating(inputs) | _trainable(recording))
    return recording


def of_tape(tape: GradientTape, target: Any, sources: Any, frame: FrameType | None) -> Recording:
    """Return what a tape wrote down on the way to a target.

    Args:
        tape: the tape.
        target: a tensor, or several.
        sources: what gradients are taken with respect to; what the tape watches by default.
        frame: where the tensors' names are looked up.

    Raises:
        DataError: without a target, or for one that the tape hasn't written down.
        StateError: for a tape that has given its gradient and with it let go of what it wrote down.
    """
    targets = _tensors(target)
    if not targets:
        raise DataError("graph of a tape needs a target.", "write klods.show.graph(tape, target=loss).")
    if not tape._records:
        raise StateError(
            "This GradientTape holds no operations: it has given its gradient, or watched nothing.",
            "call graph before gradient, or make it with GradientTape(persistent=True).",
        )
    recording = Recording("the tape", [Step(*record) for record in tape._records])
    made = {id(x.output) for x in recording.steps}
    if any(id(t) not in made for t in targets):
        raise DataError("The target was not computed inside this tape.", "give a tensor made inside its `with` block.")
    recording.targets = targets
    recording.variables = {id(t): v for v, seen in tape._variables.values() for t in seen}
    recording.arguments = {key: x for key, x in tape._watched.items() if key not in made | recording.variables.keys()}
    _name(recording, frame)
    given = leaves(sources) if sources is not None else []
    wanted = {id(t) for x in given for t in tape._values(x)}
    recording.differentiate(wanted if given else {*recording.arguments, *recording.variables})
    return recording


def _parameters(function: Callable[..., Any], arguments: Sequence[Any]) -> list[tuple[str, Any]]:
    """Return the arguments of a call with their names."""
    try:
        bound = inspect.signature(function).bind(*arguments)
    except ValueError:  # no signature is known
        return [(f"x{i}" if len(arguments) > 1 else "x", x) for i, x in enumerate(arguments)]
    pairs: list[tuple[str, Any]] = []
    for name, x in bound.arguments.items():
        several = bound.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        pairs += [(f"{name}{i}", part) for i, part in enumerate(x)] if several else [(name, x)]
    return pairs


def _as_tensor(x: Any) -> Any:
    """Return a floating number or an array as a tensor; what else there is stays."""
    if isinstance(x, TensorLike) and isinstance(x.value, Symbol):
        raise StateError("Inside a traced function tensors have no values yet.", "call graph outside of it.")
    return convert_to_tensor(x) if isinstance(x, (float, np.ndarray, np.generic)) else x


def _give(recording: Recording, arguments: Iterable[tuple[str, Any]]) -> None:
    """Write down the tensors among arguments."""
    for word, x in arguments:
        keys = [*x] if isinstance(x, dict) else range(len(x)) if isinstance(x, (list, tuple)) else []
        for key in keys:
            _give(recording, [(f"{word}[{key!r}]", x[key])])
        if isinstance(x, TensorLike):
            tensor: Any = x.tensor if isinstance(x, Variable) else x
            recording.names[id(tensor)] = word
            recording.arguments[id(tensor)] = tensor
            if isinstance(x, Variable):
                recording.variables[id(tensor)] = x


def _tensors(structure: Any) -> list[Any]:
    """Return the tensors in a structure; for a variable, what it holds."""
    return [x.tensor if isinstance(x, Variable) else x for x in leaves(structure) if isinstance(x, TensorLike)]


def _trainable(recording: Recording) -> set[int]:
    return _floating({key: v for key, v in recording.variables.items() if v.trainable})


def _floating(tensors: dict[int, Any]) -> set[int]:
    return {key for key, x in tensors.items() if x.value.dtype.kind == "f"}


def _name(recording: Recording, frame: FrameType | None) -> None:
    """Give tensors the names that they have: as variables, or in the function that ran."""
    named = {} if frame is None else names_in(frame)
    for key, variable in recording.variables.items():
        path = getattr(variable, "path", variable.name)
        own = "/".join(path.split("/")[-2:]) if path != UNNAMED else named.get(id(variable), UNNAMED)
        recording.names.setdefault(key, own)
    for step in recording.steps:
        for x in (step.output, *step.operands):
            if id(x) in named:
                recording.names.setdefault(id(x), named[id(x)])
