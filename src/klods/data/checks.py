"""What the steps of a dataset take and what their functions return, checked."""

from __future__ import annotations

from typing import Any

from klods.errors import ArgumentError, DataError, DTypeError
from klods.tensor import Tensor


def whole(name: str, value: Any, least: int | None = None) -> int:
    """Return an argument as an int.

    Raises:
        DataError: if it is no whole number, or too small.
    """
    number = value if isinstance(value, int) else getattr(value, "__index__", lambda: None)()
    if isinstance(value, bool) or number is None or (least is not None and number < least):
        wanted = "a whole number" if least is None else f"a whole number, {least} or more"
        raise DataError(f"{name} must be {wanted}; got {value!r}.", f"write {name}=32, say.")
    return int(number)


def function(step: str, given: Any) -> None:
    """Check that a step was given a function.

    Raises:
        ArgumentError: if it wasn't.
    """
    if not callable(given):
        raise ArgumentError(f"{step} takes a function; got {given!r}.", f"write {step}(lambda x: ...), say.")


def truth(step: str, answer: Any) -> bool:
    """Return what the function of a step answered as a bool.

    Raises:
        DTypeError: if it is none.
    """
    if not isinstance(answer, Tensor) or answer.value.shape or answer.value.dtype.kind != "b":
        raise DTypeError(
            f"{step}'s function returned {answer!r}, which is no truth value.", "return True or False, as x > 0 does."
        )
    return bool(answer.value)


def number(step: str, answer: Any) -> int:
    """Return a number that a step goes by as an int.

    Raises:
        DTypeError: if it is none.
    """
    if not isinstance(answer, Tensor) or answer.value.shape or answer.value.dtype.kind not in "iu":
        raise DTypeError(f"{step} got {answer!r}, which is no whole number.", "give one, of int64.")
    return int(answer.value)
