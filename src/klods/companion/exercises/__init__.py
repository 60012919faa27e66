"""The exercises of the companion, which check their answers themselves."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from typing import Any

from klods.companion.exercises import (
    chain_rule,
    derivatives,
    experiments,
    first_look,
    from_scratch,
    geometry,
    looking_back,
    real_data,
    tensor_operations,
    tensors,
)
from klods.companion.exercises.comparing import Unanswered, is_open
from klods.errors import unknown_name

ROOMS = (
    first_look,
    tensors,
    real_data,
    tensor_operations,
    geometry,
    derivatives,
    chain_rule,
    looking_back,
    from_scratch,
    experiments,
)
JUDGES: ChainMap[str, Callable[..., str]] = ChainMap(*(room.JUDGES for room in ROOMS))


def check(name: str, answer: Any, *given: Any) -> None:
    """Print whether an answer is right, and if it isn't, a hint.

    Args:
        name: the exercise's name.
        answer: what the exercise asks for: a number, an array, a function ... `...` where it isn't answered yet.
        given: what else the exercise is about, such as a model.

    Raises:
        NameUnknownError: if there is no such exercise.

    Example:
        >>> check("scaled-pixels", ...)
        scaled-pixels: not answered yet.
        >>> check("scaled-pixels", lambda images: images.reshape(-1, 784) / 255)
        scaled-pixels: not yet. Its dtype is float64; the network computes in float32.
    """
    if name not in JUDGES:
        raise unknown_name("exercise", name, JUDGES)
    print(f"{name}: {verdict(JUDGES[name], answer, *given)}")


def verdict(judge: Callable[..., str], answer: Any, *given: Any) -> str:
    """Return what there is to say of an answer: `right.`, `not yet.` and a hint, or `not answered yet.`."""
    if is_open(answer):
        return "not answered yet."
    try:
        hint = judge(answer, *given)
    except Unanswered:
        return "not answered yet."
    return f"not yet. {hint}" if hint else "right."
