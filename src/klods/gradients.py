"""`custom_gradient`: a function of tensors with a gradient of its own."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from klods.creation import zeros_like
from klods.errors import ArgumentError, DataError
from klods.ops.block import noted, recordable
from klods.ops.movement import cast, identity, pad_constant, reshape
from klods.structures import leaves, mapped, rebuilt
from klods.tape import GradientTape
from klods.tensor import Tensor, Variable, convert_to_tensor, watching


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function of tensors the gradient that it says itself: a decorator.

    Args:
        f: takes tensors, and options by keyword; returns what it computes, a tensor or several, and a function from the
            cotangents of these to those of the arguments, in their order; None for one stands for 0. If f reads
            trainable variables, that function also takes `variables`, the list of them, and returns two lists: the
            cotangents of the arguments, and those of the variables.

    Raises:
        ArgumentError: when called, for a function f that returns something else, or that reads variables of which its
            gradient doesn't know.
        DataError: when differentiated, for more or fewer gradients than arguments.

    Example:
        >>> import klods
        >>> @klods.custom_gradient
        ... def clipped(x):
        ...     return klods.identity(x), lambda cotangent: klods.clip_by_norm(cotangent, 1.)
        >>> x = klods.constant(3.)
        >>> with klods.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = 100 * clipped(x)
        >>> float(tape.gradient(y, x))
        1.0
    """

    @recordable
    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        inputs = mapped(convert_to_tensor, list(args))
        reads = Reads()
        before = watching.set((*watching.get(), reads))
        try:
            returned = f(*inputs, **kwargs)
        finally:
            watching.reset(before)
        result, gradient = _parted(f, returned)
        return _recorded(result, reads, _Rules(f.__name__, gradient, leaves(inputs), list(reads.variables.values())))

    return call


def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does what f does, and through which gradients go as if it gave its arguments back.

    For steps without a useful slope, such as rounding (the straight-through estimator of Bengio et al. 2013).

    Example:
        >>> import klods
        >>> x = klods.constant(2.4)
        >>> with klods.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = 3 * klods.grad_pass_through(klods.round)(x)
        >>> float(y), float(tape.gradient(y, x))
        (6.0, 3.0)
    """

    def gradient(*cotangents: Tensor, variables: Sequence[Variable] = ()) -> Any:
        return (cotangents, [None] * len(variables)) if variables else cotangents

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return f(*args, **kwargs), gradient

    return custom_gradient(call)


class Reads:
    """Takes notice of the trainable variables that are read while it watches, and of what is made, as a tape does."""

    def __init__(self) -> None:
        self.variables: dict[int, Variable] = {}
        self.made: dict[int, Tensor] = {}

    def see(self, variable: Variable) -> None:
        """Take notice of a variable whose value is read."""
        if variable.trainable:
            self.variables[id(variable)] = variable

    def record(self, block: Any, inputs: Sequence[Any], output: Any, attributes: dict[str, Any]) -> None:
        """Take notice of the variables that an operation reads, and of what it gives."""
        self.made[id(output)] = output
        for x in inputs:
            if isinstance(x, Variable):
                self.see(x)


class _Rules:
    """The gradient rules of one call: item `i` is that of input `i`. The function is asked once for all inputs."""

    def __init__(
        self, name: str, function: Callable[..., Any], inputs: list[Tensor], variables: list[Variable]
    ) -> None:
        self.name, self.function, self.inputs, self.variables = name, function, inputs, variables
        self.outputs: Callable[[Tensor], Sequence[Tensor]] = lambda cotangent: (cotangent,)
        self._asked: Any = None
        if variables and "variables" not in inspect.signature(function).parameters:
            raise ArgumentError(
                f"custom_gradient: '{name}' reads variable '{variables[0].name}', of which its gradient doesn't know.",
                "pass it as an argument, or let the gradient function take `variables` and return two lists.",
            )

    def __getitem__(self, i: int) -> Callable[..., Tensor]:
        return functools.partial(self.rule, i)

    def rule(self, i: int, cotangent: Tensor, output: Tensor, *inputs: Tensor) -> Tensor:
        asked = [id(cotangent), *map(id, watching.get())]
        if asked != self._asked:
            self._parts, self._asked, self._kept = self._gradients(self.outputs(cotangent)), asked, cotangent
        return zeros_like(inputs[i]) if self._parts[i] is None else convert_to_tensor(self._parts[i])

    def _gradients(self, cotangents: Sequence[Tensor]) -> list[Any]:
        count = len(self.inputs)
        if not self.variables:
            return self._checked(self.function(*cotangents), count, "argument")
        of_inputs, of_variables = self.function(*cotangents, variables=self.variables)
        return [
            *self._checked(of_inputs, count, "argument"),
            *self._checked(of_variables, len(self.variables), "variable"),
        ]

    def _checked(self, given: Any, count: int, kind: str) -> list[Any]:
        gradients = leaves(given)
        if len(gradients) != count:
            raise DataError(
                f"custom_gradient: {len(gradients)} gradients for the {count} {kind}s of '{self.name}'.",
                f"return one for each {kind}, None where there is none.",
            )
        return gradients


def _parted(f: Callable[..., Any], returned: Any) -> tuple[Any, Callable[..., Any]]:
    if not (isinstance(returned, tuple) and len(returned) == 2 and callable(returned[1])):
        raise ArgumentError(
            f"custom_gradient: '{f.__name__}' returned {type(returned).__name__}, not a result and its gradient.",
            "end it with `return result, gradient`, where gradient is a function.",
        )
    return returned


def _recorded(result: Any, reads: Reads, rules: _Rules) -> Any:
    """Return the result as tensors of which the tapes know the rules alone."""
    outputs = [_own(convert_to_tensor(x), reads) for x in leaves(result)]
    floating = [x for x in outputs if x.value.dtype.kind == "f"]
    if len(floating) == 1:
        _note(rules, [*rules.inputs, *rules.variables], floating[0])
    elif floating:  # the cotangents of several are gathered in a row, so that the function is asked once for all
        row, ends = _row_like(floating)
        rules.outputs = functools.partial(_cut, ends=ends, like=floating)
        _note(rules, [*rules.inputs, *rules.variables], row)
        for (start, end), x in zip(ends, floating):
            _note([functools.partial(_placed, start, end)], [row], x)
    return rebuilt(result, iter(outputs))


def _own(x: Tensor, reads: Reads) -> Tensor:
    """Return a tensor of these values that no tape knows yet: the same one if it was made by what tapes don't record.

    The gradient may use it: then its own gradient follows from the rules.
    """
    known = any(isinstance(tape, GradientTape) and tape.watches(x) for tape in watching.get())
    return x if id(x) in reads.made and not known else Tensor(x.value)


def _note(rules: Any, inputs: list[Any], output: Tensor) -> None:
    noted(replace(identity.block, name="custom_gradient", gradient=rules), inputs, output, {})  # type: ignore[attr-defined]


Ends = list[tuple[int, int]]


def _row_like(tensors: list[Tensor]) -> tuple[Tensor, Ends]:
    """Return what stands for all elements of tensors in a row, and where each begins and ends there."""
    sizes = list(accumulate((math.prod(x.value.shape) for x in tensors), initial=0))
    dtype = np.result_type(*[x.value.dtype for x in tensors])
    return Tensor(np.broadcast_to(np.zeros((), dtype), sizes[-1:])), list(pairwise(sizes))


def _placed(start: int, end: int, cotangent: Tensor, output: Tensor, row: Tensor) -> Tensor:
    """Return a cotangent at its place in the row, between zeros."""
    return pad_constant(reshape(cast(cotangent, row.dtype), (-1,)), ((start, row.size - end),))


def _cut(row: Tensor, ends: Ends, like: list[Tensor]) -> list[Tensor]:
    """Return the parts of a row in the shapes and dtypes of other tensors."""
    return [cast(reshape(row[a:b], x.value.shape), x.dtype) for (a, b), x in zip(ends, like)]
