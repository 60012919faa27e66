"""The local derivative of an operation with respect to one operand: as a number where it is one, or else in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from klods.show.computation.watcher import Step, unwatched
from klods.show.numbers import number, range_of, shape_of
from klods.tensor import Tensor, TensorLike

NONE = "no gradient"
LENGTH = "‖G‖"  # of the gradient that flows back into something folded


@dataclass(frozen=True)
class Derivative:
    """How a gradient passes through an operation, on its way to one of the operands.

    Attributes:
        words: what is done to it, such as `× 0.5` or `G · Wᵀ`.
        value: the derivative, if output and operand are one number each.
    """

    words: str
    value: float | None = None


def derivative(step: Step, place: int, names: Sequence[str]) -> Derivative:
    """Return the derivative of a step's output with respect to an operand.

    Args:
        step: the operation.
        place: the operand's place.
        names: what the operands are called, and last the output.
    """
    operand, output, rule = step.operands[place], step.output, step.block.gradient[place]
    if rule is None or output is None or not isinstance(operand, TensorLike):
        return Derivative(NONE)
    if operand.value.size == output.value.size == 1:
        value = float(np.sum(_passed(step, place)))
        return Derivative(f"× {number(value)}", value)
    words = WORDS.get(step.block.name, _elementwise if step.block.body is not None else _by_name)
    return Derivative(f"{words(step, place, names)} → {shape_of(operand.value)}")


def _passed(step: Step, place: int) -> np.ndarray:
    """Return what becomes of a gradient of ones."""
    assert step.output is not None
    ones = Tensor(np.ones_like(step.output.value))
    with unwatched():
        return step.block.gradient[place](ones, step.output, *step.operands, **step.attributes).value  # type: ignore[misc]


def _elementwise(step: Step, place: int, names: Sequence[str]) -> str:
    summed = ", summed" if step.operands[place].value.shape != step.output.value.shape else ""  # type: ignore[union-attr]
    return f"× {range_of(_passed(step, place))}{summed}"


def _by_name(step: Step, place: int, names: Sequence[str]) -> str:
    return f"rule of {step.block.name}"


def _matmul(step: Step, place: int, names: Sequence[str]) -> str:
    """Return the product that gives the gradient of a factor, for y = a · b, with either of them transposed."""
    turned = [bool(step.attributes.get("transpose_a")), bool(step.attributes.get("transpose_b"))]
    other, flipped = names[1 - place], turned[1 - place]
    if turned[place]:
        other = f"{other}{'ᵀ' if flipped else ''}"
        return f"{other} · Gᵀ" if place == 0 else f"Gᵀ · {other}"
    other = f"{other}{'' if flipped else 'ᵀ'}"
    return f"G · {other}" if place == 0 else f"{other} · G"


def _mean(step: Step, place: int, names: Sequence[str]) -> str:
    assert step.output is not None
    return f"× 1/{step.operands[place].value.size // max(1, step.output.value.size)}, spread"


def _said(words: str) -> Callable[..., str]:
    """Return what fills the operands' and the output's names into words."""
    return lambda step, place, names: words.format(y=names[-1])


WORDS: dict[str, Callable[[Step, int, Sequence[str]], str]] = {
    "matmul": _matmul,
    "reduce_mean": _mean,
    **{
        name: _said(words)
        for name, words in {
            "reduce_sum": "× 1, spread",
            "reduce_prod": "× product of the others",
            "reduce_max": "to the largest",
            "reduce_min": "to the smallest",
            "running_sum": "summed from behind",
            "softmax": "{y} × (G - Σ G × {y})",
            "log_softmax": "G - exp({y}) × Σ G",
            "cast": "× 1, cast",
            "identity": "× 1",
            "reshape": "× 1, reshaped",
            "transpose": "× 1, axes put back",
            "broadcast_to": "× 1, summed",
            "reverse": "× 1, reversed",
            "pad_constant": "× 1, cut back",
            "concatenate": "× 1, its part",
            "item": "to the elements taken",
            "gather": "to the rows taken",
            "pick": "to the elements picked",
            "put": "where it was put",
            "put_labels": "where it was put",
            "segment_sum": "× 1, to each row of the sum",
            "einsum": "einsum with the other factors",
        }.items()
    },
}
