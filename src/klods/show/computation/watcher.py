"""Watching operations as they run, with the layers and losses that they run in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from klods.errors import KlodsError
from klods.keras.layers.layer import Layer
from klods.keras.losses.loss import Loss
from klods.keras.models.rehearsal import check_targets
from klods.ops.block import Block, operation
from klods.structures import leaves
from klods.tape import Record
from klods.tensor import Tensor, Variable, watching

# The code that runs when a block is called.
BLOCK_CALL = next(c for c in operation.__code__.co_consts if getattr(c, "co_name", "") == "call")
# What calls of layers and losses take, by their code; and the comparison of targets with outputs before a loss.
PARTS = {Layer.__call__.__code__: ("inputs",), Loss.__call__.__code__: ("y_true", "y_pred")}
CHECKS = {**PARTS, check_targets.__code__: ("y", "y_pred")}


@dataclass(frozen=True, eq=False)
class Step:
    """One operation that ran.

    Attributes:
        block: the operation.
        operands: its inputs; a variable as the tensor that it held.
        output: what it gave; None if it failed.
        attributes: its further arguments.
        parts: the layers and losses in whose calls it ran, outermost first, each with the number of the call.
    """

    block: Block
    operands: list[Any]
    output: Tensor | None
    attributes: dict[str, Any]
    parts: tuple[tuple[int, Any], ...] = ()

    @property
    def records(self) -> list[Record]:
        """What a tape would write down: the operation, or nothing if it has no gradient."""
        if self.output is None or not self.block.gradient or self.output.value.dtype.kind != "f":
            return []
        return [(self.block, self.operands, self.output, self.attributes)]

    @property
    def part(self) -> tuple[int, Any] | None:
        """The outermost loss, or layer that is no model, in whose call it ran, with the number of the call."""
        return next(((call, part) for call, part in self.parts if not hasattr(part, "layers")), None)


@dataclass(frozen=True, eq=False)
class Failure:
    """What stopped a computation.

    Attributes:
        title: the operation's name, or that of the layer or loss.
        operands: what it got.
    """

    title: str
    operands: list[Any]


@contextmanager
def unwatched() -> Iterator[None]:
    """Let no tape write down what runs inside the `with` block, and NumPy not warn of infinity and NaN."""
    token = watching.set(())
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        watching.reset(token)


class Watcher:
    """Writes down every operation that runs, as a tape does those on what it watches."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.variables: dict[int, Variable] = {}
        self.frame: FrameType | None = None  # of the function that is watched
        self._calls: dict[FrameType, int] = {}

    def run(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        """Return what a function returns."""
        token = watching.set((*watching.get(), self))
        try:
            return function(*arguments)
        finally:
            watching.reset(token)

    def record(self, block: Block, inputs: Sequence[Any], output: Tensor, attributes: dict[str, Any]) -> None:
        """Write one operation down."""
        for x in inputs:
            if isinstance(x, Variable):
                self.see(x)
        operands = [x.tensor if isinstance(x, Variable) else x for x in inputs]
        self.steps.append(Step(block, operands, output, attributes, self._parts()))

    def see(self, variable: Variable) -> None:
        """Take notice of a variable that is read."""
        variable.lent = True  # what it holds now is shown later
        self.variables[id(variable.tensor)] = variable

    def _parts(self) -> tuple[tuple[int, Any], ...]:
        """Return the layers and losses that are being called, and note the frame of the function that is watched."""
        found, frame = [], sys._getframe(1)
        while frame is not None and frame.f_code is not Watcher.run.__code__:
            if frame.f_code in PARTS:
                found.append((self._calls.setdefault(frame, len(self._calls)), frame.f_locals["self"]))
            self.frame, frame = frame, frame.f_back  # type: ignore[assignment]
        return tuple(reversed(found))


def titled(part: Any) -> str:
    """Return the name and class of a layer, or the name of a loss."""
    return f"{part.name} ({kind_of(part)})"


def kind_of(part: Any) -> str:
    """Return the class of a layer; a loss is a `loss`."""
    return "loss" if isinstance(part, Loss) else type(part).__name__


def failing(error: KlodsError, watcher: Watcher) -> Failure | None:
    """Return the operation in whose call an error came up; or else the layer."""
    failed, trace = None, error.__traceback__
    while trace is not None:
        frame, held = trace.tb_frame, trace.tb_frame.f_locals
        if frame.f_code in CHECKS:
            title = titled(held["self"]) if "self" in held else "the comparison of y and y_pred"
            failed = Failure(title, [x for name in CHECKS[frame.f_code] for x in leaves(held[name])])
        elif frame.f_code is BLOCK_CALL:
            failed = Failure(held["block"].name, list(held["inputs"]))
        elif frame.f_back is not None and frame.f_back.f_code is Watcher.run.__code__:
            watcher.frame = frame
        trace = trace.tb_next
    if failed is None:
        return None
    for x in failed.operands:
        if isinstance(x, Variable):
            watcher.see(x)
    return Failure(failed.title, [x.tensor if isinstance(x, Variable) else x for x in failed.operands])
