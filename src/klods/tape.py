"""GradientTape: reverse-mode differentiation of what ran while it watched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import Enum
from math import prod
from typing import Any

import numpy as np

from klods.errors import DataError, GradientWarning, ShapeError, StateError, warn
from klods.ops.block import Block
from klods.ops.movement import cast, reshape, stack, transpose
from klods.ops.reduction import reduce_sum
from klods.structures import leaves, rebuilt
from klods.tensor import Tensor, TensorLike, Variable, convert_to_tensor, watching

Record = tuple[Block, list[Any], Tensor, dict[str, Any]]


class UnconnectedGradients(str, Enum):
    """What `gradient` gives for a source that the target doesn't depend on."""

    NONE = "none"
    ZERO = "zero"


MODES = tuple(mode.value for mode in UnconnectedGradients)


class GradientTape:
    """Writes down the operations on watched tensors, so that gradients can be read off backwards.

    Trainable variables are watched by themselves, tensors after `watch`. Gradients are made of the same operations,
    so an outer tape differentiates them again.

    Args:
        persistent: whether `gradient` may be called more than once.
        watch_accessed_variables: whether trainable variables are watched by themselves.

    Example:
        >>> import klods
        >>> x = klods.Variable(3.)
        >>> with klods.GradientTape() as tape:
        ...     y = x * x + 2 * x
        >>> float(tape.gradient(y, x))
        8.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_variables = watch_accessed_variables
        self.reset()

    def reset(self) -> None:
        """Forget all that was written down."""
        self._records: list[Record] = []
        self._watched: dict[int, Any] = {}  # id of a watched tensor -> the tensor, which keeps the id its own
        self._variables: dict[int, tuple[Variable, list[Tensor]]] = {}  # id of a variable -> it and its values seen
        self._spent = False

    def __enter__(self) -> GradientTape:
        if self in watching.get():
            raise StateError("This GradientTape is already recording.", "make a second tape for a nested `with`.")
        if self._spent and not self._persistent:
            self.reset()
        watching.set((*watching.get(), self))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def _stop(self) -> None:
        tapes = watching.get()
        if self in tapes:
            watching.set(tuple(tape for tape in tapes if tape is not self))

    def watch(self, tensor: Any) -> None:
        """Watch a tensor, or each in a list, tuple or dict, from here on."""
        for x in leaves(tensor):
            if isinstance(x, Variable):
                self._watch_variable(x)
            elif isinstance(x, Tensor):
                self._watched[id(x)] = x
            else:
                raise DataError(f"watch: got {type(x).__name__}, not a tensor.", "wrap it: x = klods.constant(x).")

    def watches(self, tensor: Tensor) -> bool:
        """Tell whether a tensor is watched, or follows from one that is."""
        return id(tensor) in self._watched

    def watched_variables(self) -> tuple[Variable, ...]:
        """Return the variables watched so far."""
        return tuple(variable for variable, _ in self._variables.values())

    def stop_recording(self) -> AbstractContextManager[None]:
        """Write nothing down inside the `with` block.

        Raises:
            StateError: if the tape is not recording.
        """
        if self not in watching.get():
            raise StateError("This GradientTape is not recording.", "call stop_recording() inside `with tape:`.")
        return self._paused()

    @contextmanager
    def _paused(self) -> Iterator[None]:
        before = watching.get()
        self._stop()
        try:
            yield
        finally:
            watching.set(before)

    def record(self, block: Block, inputs: Sequence[Any], output: Tensor, attributes: dict[str, Any]) -> None:
        """Write one operation down if it works on anything watched: variables as the tensors they now hold."""
        watched, connected, operands = self._watched, False, []
        for x in inputs:
            operand = x.tensor if type(x) is Variable else x
            operands.append(operand)
            if id(operand) in watched or (operand is not x and self.see(x)):
                connected = True
        if connected and block.gradient and output.value.dtype.kind == "f":
            watched[id(output)] = output
            self._records.append((block, operands, output, attributes))

    def see(self, variable: Variable) -> bool:
        """Watch the value that a variable now holds, if the tape watches the variable; tell whether it does."""
        known = id(variable) in self._variables or (self._watch_variables and variable.trainable)
        if known and id(variable.tensor) not in self._watched:
            self._watch_variable(variable)
        return known

    def _watch_variable(self, variable: Variable) -> None:
        tensor, variable.lent = variable.tensor, True
        self._watched[id(tensor)] = tensor
        self._variables.setdefault(id(variable), (variable, []))[1].append(tensor)

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """Return the gradient of a target with respect to each source, in the sources' own structure.

        Args:
            target: a tensor, or several, whose sum is differentiated.
            sources: a tensor or variable, or a list, tuple or dict of them.
            output_gradients: the cotangent of each target; ones by default.
            unconnected_gradients: `"none"` or `"zero"`, what stands for a source the target doesn't depend on.

        Raises:
            StateError: at the second call, unless the tape is persistent.
            DataError: for another word than `"none"` or `"zero"`, or too many or few output gradients.
            ShapeError: for an output gradient of another shape than its target.
        """
        targets, wanted = leaves(target), leaves(sources)
        self._spend(unconnected_gradients)
        gradients = [
            self._unconnected(x, targets, unconnected_gradients) if gradient is None else gradient
            for x, gradient in zip(wanted, self._derivatives(_seeds(targets, output_gradients), wanted))
        ]
        self._release()
        return rebuilt(sources, iter(gradients))

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: str = "none",
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """Return the derivatives of each element of a target, in the sources' own structure.

        The records are walked backwards once for each element.

        Args:
            target: one tensor.
            sources: a tensor or variable, or a list, tuple or dict of them.
            unconnected_gradients: as for `gradient`.
            parallel_iterations: accepted for TensorFlow's sake.
            experimental_use_pfor: accepted for TensorFlow's sake.

        Returns:
            For each source a tensor whose shape is the target's followed by the source's.

        Raises:
            StateError: at the second call, unless the tape is persistent.
            DataError: for another word than `"none"` or `"zero"`.
            ShapeError: for a target without elements.

        Example:
            >>> import klods
            >>> x = klods.Variable([1., 2.])
            >>> with klods.GradientTape() as tape:
            ...     y = x * x
            >>> tape.jacobian(y, x).numpy()
            array([[2., 0.],
                   [0., 4.]], dtype=float32)
        """
        tensor, wanted = convert_to_tensor(target), leaves(sources)
        shape, size = tensor.value.shape, tensor.size
        stacks = self._stacked(tensor, np.eye(size).reshape(size, *shape), wanted, unconnected_gradients)
        jacobians = [None if rows is None else reshape(rows, (*shape, *rows.value.shape[1:])) for rows in stacks]
        return rebuilt(sources, iter(jacobians))

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: str = "none",
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
    ) -> Tensor | None:
        """Return for each sample of a batch the derivatives of its targets with respect to its own source.

        The records are walked backwards once for each element of a sample's target.

        Args:
            target: a tensor of shape (batch, ...), each sample of which depends on that of the source alone.
            source: a tensor or variable of shape (batch, ...).
            unconnected_gradients: as for `gradient`.
            parallel_iterations: accepted for TensorFlow's sake.
            experimental_use_pfor: accepted for TensorFlow's sake.

        Returns:
            A tensor whose shape is the target's followed by that of one sample of the source.

        Raises:
            StateError: at the second call, unless the tape is persistent.
            DataError: for another word than `"none"` or `"zero"`.
            ShapeError: for batches of different sizes, or a target without elements.

        Example:
            >>> import klods
            >>> x = klods.constant([[1.], [2.]])
            >>> with klods.GradientTape() as tape:
            ...     tape.watch(x)
            ...     y = klods.concat([x * x, 3 * x], 1)
            >>> tape.batch_jacobian(y, x).numpy().tolist()
            [[[2.0], [3.0]], [[4.0], [3.0]]]
        """
        tensor, like = convert_to_tensor(target), np.shape(source)
        shape = tensor.value.shape
        if not shape or shape[:1] != like[:1]:
            raise ShapeError(
                f"batch_jacobian: the target's shape is {shape}, the source's {tuple(like)}.", "give equal first axes."
            )
        size = prod(shape[1:])
        seeds = np.eye(size).reshape(size, 1, *shape[1:]).repeat(shape[0], 1)
        (rows,) = self._stacked(tensor, seeds, [source], unconnected_gradients)
        if rows is None:
            return None
        of_samples = transpose(rows, [1, 0, *range(2, rows.ndim)])
        return reshape(of_samples, (*shape, *like[1:]))

    def _stacked(self, target: Tensor, seeds: np.ndarray, sources: list[Any], mode: str) -> list[Tensor | None]:
        """Return for each source what each of the seeds comes to at it, along a new first axis."""
        if not target.size:
            raise ShapeError(f"jacobian: the target's shape {target.value.shape} has no elements.", "give some.")
        self._spend(mode)
        rows = [self._derivatives({id(target): Tensor(seed)}, sources) for seed in seeds.astype(target.value.dtype)]
        stacks = []
        for x, parts in zip(sources, zip(*rows)):
            if parts[0] is None:
                parts = (self._unconnected(x, [target], mode),) * len(seeds)
            stacks.append(None if parts[0] is None else stack(parts))
        self._release()
        return stacks

    def _derivatives(self, seeds: dict[int, Tensor], wanted: list[Any]) -> list[Tensor | None]:
        """Return what the seeds, by their tensors' ids, come to at each source; None where they don't reach it."""
        values = [self._values(x) for x in wanted]
        watched = {id(tensor) for seen in values for tensor in seen if id(tensor) in self._watched}
        found = backward(self._records, seeds, watched)
        return [total([found[id(tensor)] for tensor in seen if id(tensor) in found]) for seen in values]

    def _release(self) -> None:
        if not self._persistent:
            self._records, self._watched = [], {}

    def _spend(self, unconnected_gradients: str) -> None:
        """Note that the tape gives gradients, of that mode, or say why it can't."""
        if unconnected_gradients not in MODES:
            raise DataError(f"unconnected_gradients is {unconnected_gradients!r}.", "make it 'none' or 'zero'.")
        if self._spent and not self._persistent:
            raise StateError(
                "This GradientTape has already given its gradient.",
                "make it with GradientTape(persistent=True) to call gradient() more than once.",
            )
        self._spent = True
        if not self._persistent:
            self._stop()

    def _values(self, source: Any) -> list[Tensor]:
        """Return the tensors that stand for a source: all that a variable held while the tape watched."""
        if not isinstance(source, TensorLike) or source.value.dtype.kind != "f":
            return []
        if isinstance(source, Variable):
            return self._variables.get(id(source), (source, [source.tensor]))[1]
        return [source]  # type: ignore[list-item]

    def _unconnected(self, source: Any, targets: list[Any], mode: str) -> Tensor | None:
        if mode == UnconnectedGradients.ZERO:
            like = convert_to_tensor(source).value
            return Tensor(np.zeros(like.shape, like.dtype))
        warn(GradientWarning, f"The gradient with respect to {_label(source)} is None: {self._reason(source, targets)}")
        return None

    def _reason(self, source: Any, targets: list[Any]) -> str:
        if not isinstance(source, TensorLike):
            return "it is not a tensor; wrap it in klods.constant or klods.Variable and use that."
        if source.value.dtype.kind != "f":
            return f"its dtype is {source.value.dtype}, and only floating tensors have gradients; cast it to float32."
        if not any(id(t) in self._watched for t in self._values(source)):
            return self._unwatched(source)
        return self._unreached([convert_to_tensor(t) for t in targets])

    def _unwatched(self, source: TensorLike) -> str:
        if not isinstance(source, Variable):
            return "the tape doesn't watch it; call tape.watch(x) before using it, or make it a klods.Variable."
        if not source.trainable:
            return "it is not trainable, so the tape doesn't watch it; call tape.watch(variable)."
        return "no operation of klods inside the tape used it; x.numpy() and NumPy's functions leave no record."

    def _unreached(self, targets: list[Tensor]) -> str:
        if not any(t.value.dtype.kind == "f" for t in targets):
            return f"the target's dtype is {targets[0].value.dtype}, and only floating targets have gradients."
        if not any(id(t) in self._watched for t in targets):
            return (
                "the target was computed outside the tape, from nothing it watches, or by operations without a "
                "gradient, such as argmax; compute it inside `with GradientTape()`, with klods rather than NumPy."
            )
        return (
            "the target does not depend on it (the two are not connected), or only through operations without a "
            "gradient, such as stop_gradient, rounding, argmax or a comparison."
        )


def backward(records: list[Record], cotangents: dict[int, Tensor], sources: set[int]) -> dict[int, Tensor]:
    """Walk the records backwards and return the cotangents of the sources, by id.

    Only what lies between the sources and the seeds is differentiated. What broadcasting spread out is summed up here,
    once for all blocks.
    """
    needed = _between(records, sources)
    for block, operands, output, attributes in reversed(records[:]):
        if id(output) not in cotangents or id(output) not in needed:
            continue
        cotangent = cotangents[id(output)] if id(output) in sources else cotangents.pop(id(output))
        for i, operand in enumerate(operands):
            if id(operand) not in needed or (rule := block.gradient[i]) is None:
                continue
            part = _fitted(rule(cotangent, output, *operands, **attributes), operand)
            seen = cotangents.get(id(operand))
            cotangents[id(operand)] = part if seen is None else seen + part
    return cotangents


def _between(records: list[Record], sources: set[int]) -> set[int]:
    needed = set(sources)
    for _, operands, output, _ in records:
        for operand in operands:
            if id(operand) in needed:
                needed.add(id(output))
                break
    return needed


def _fitted(cotangent: Any, operand: Tensor) -> Tensor:
    """Return a cotangent summed and cast to the shape and dtype of the operand it belongs to."""
    value, like = cotangent.value, operand.value
    if value.shape != like.shape:
        extra = value.ndim - like.ndim
        spread = tuple(i for i, n in enumerate(value.shape) if i < extra or (like.shape[i - extra] == 1 and n != 1))
        cotangent = reduce_sum(cotangent, axis=spread)
        if cotangent.value.shape != like.shape:
            cotangent = reshape(cotangent, like.shape)
    return cotangent if cotangent.value.dtype is like.dtype else cast(cotangent, like.dtype)


def _seeds(targets: list[Any], output_gradients: Any) -> dict[int, Tensor]:
    """Return the cotangents to start from, by the targets' ids."""
    given = [None] * len(targets) if output_gradients is None else leaves(output_gradients)
    if len(given) != len(targets):
        raise DataError(f"Got {len(given)} output_gradients for {len(targets)} targets.", "give one for each target.")
    seeds: dict[int, Tensor] = {}
    for tensor, cotangent in zip(map(convert_to_tensor, targets), given):
        seed = Tensor(_ones(tensor.value)) if cotangent is None else _given(cotangent, tensor)
        seeds[id(tensor)] = seeds[id(tensor)] + seed if id(tensor) in seeds else seed
    return seeds


def _ones(value: Any) -> Any:
    return np.ones(value.shape, value.dtype) if value.ndim else value.dtype.type(1)


def _given(cotangent: Any, target: Tensor) -> Tensor:
    seed = convert_to_tensor(cotangent, target.dtype)
    if seed.value.shape != target.value.shape:
        raise ShapeError(
            f"output_gradients has shape {seed.shape}, its target {target.shape}.",
            "give one number for each of the target's.",
        )
    return seed


def total(parts: list[Tensor]) -> Tensor | None:
    """Return the sum of tensors, None if there are none."""
    result: Tensor | None = None
    for part in parts:
        result = part if result is None else result + part
    return result


def _label(source: Any) -> str:
    if isinstance(source, Variable):
        return f"variable '{getattr(source, 'path', source.name)}'"  # a weight's path names its layer
    return f"a tensor of shape {source.value.shape}" if isinstance(source, TensorLike) else f"a {type(source).__name__}"
