"""What a learning rate may be: a number, which a variable holds, a schedule, or a function without arguments."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError
from klods.keras.optimizers.schedules import LearningRateSchedule
from klods.tensor import Variable


def as_rate(value: Any) -> Any:
    """Return a number as a new variable, and a schedule or function as it is.

    Raises:
        DataError: for anything else.
    """
    if callable(value):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise DataError(f"learning_rate is a number; got {value!r}.", "write learning_rate=0.001, say.") from None
    return Variable(number, trainable=False, name="learning_rate", dtype="float32")


def current(rate: Any, step: Variable) -> Any:
    """Return the rate of a step: the variable, or what the schedule or function gives."""
    if isinstance(rate, LearningRateSchedule):
        return rate(step)
    return rate if isinstance(rate, Variable) else rate()


def settings_of(rate: Any) -> Any:
    """Return what a traced step has built in of a rate: nothing of a variable, which it reads."""
    if isinstance(rate, Variable):
        return None
    return id(rate), {name: str(value) for name, value in getattr(rate, "__dict__", {}).items()}
