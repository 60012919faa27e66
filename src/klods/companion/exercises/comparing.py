"""What is wrong with an answer, told from how it differs from what is right; what is right is never told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from klods.structures import leaves

MISTAKES: dict[str, Callable[[Any], Any]] = {
    "The sign is the other way round.": lambda x: -x,
    "This is 100 times too large: is it in percent?": lambda x: x / 100,
    "This is 1 too large.": lambda x: x - 1,
    "This is 1 too small.": lambda x: x + 1,
    "This is the reciprocal, 1 divided by what is asked for.": lambda x: 1 / x,
    "This is the square of what is asked for.": np.sqrt,
    "This is the square root of what is asked for.": np.square,
}


class Unanswered(Exception):
    """There is no answer yet."""


def is_open(answer: Any) -> bool:
    """Tell whether something in an answer is still `...`."""
    return any(part is ... for part in leaves(answer))


def compared(answer: Any, expected: Any, tolerance: float = 1e-4) -> str:
    """Return an empty string where numbers agree, else a hint at how they differ.

    Args:
        answer: a number, tensor or array, or lists of numbers.
        expected: the same, right.
        tolerance: by how much they may differ, relative to the largest number expected.

    Example:
        >>> compared(0.5, 0.5)
        ''
        >>> compared([-1.0, -2.0], [1.0, 2.0])
        'The sign is the other way round.'
    """
    want = np.asarray(expected, np.float64)
    try:
        got = np.asarray(answer, np.float64)
    except (TypeError, ValueError):
        return f"{'A number is' if want.ndim == 0 else 'Numbers are'} asked for; this is {_described(answer)}."
    if got.shape != want.shape:
        return f"This has the shape {got.shape}; {want.shape} is asked for."
    if not np.isfinite(got).all():
        return "There is NaN or infinity in it: is something divided by 0, or the logarithm of 0 taken?"
    return _difference(got, want, tolerance * max(1e-30, np.abs(want).max(initial=0)))


def compared_function(
    answer: Any, reference: Callable[..., Any], *cases: Sequence[Any], tolerance: float = 1e-4
) -> str:
    """Return an empty string where a function gives what a reference gives, else a hint.

    Args:
        answer: the reader's function.
        reference: the right one.
        cases: arguments to call both with.
        tolerance: see `compared`.

    Raises:
        Unanswered: if the reader's function gives `...` or None.

    Example:
        >>> compared_function(lambda x: x * x, lambda x: x * x, (3.0,))
        ''
        >>> compared_function(lambda x: x + x, lambda x: x * x, (2.0,), (3.0,))
        'For 3.0: this is too small.'
    """
    if not callable(answer):
        return f"A function is asked for; this is {_described(answer)}."
    for case in cases:
        result, hint = called(answer, *case)
        hint = hint or compared(result, reference(*case), tolerance)
        if hint:
            return f"For {_listed(case)}: {hint[0].lower()}{hint[1:]}"
    return ""


def called(function: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    """Return what a reader's function gives, and a hint if it fails.

    Raises:
        Unanswered: if it gives `...` or None.
    """
    try:
        result = function(*arguments)
    except Exception as error:  # whatever the reader's code raises is theirs to mend
        return None, raised(error)
    if result is None or is_open(result):
        raise Unanswered
    return result, ""


def raised(error: Exception) -> str:
    """Return the hint for a reader's function that fails."""
    lines = str(error).splitlines()
    return f"Your function raised {type(error).__name__}" + (f": {lines[0]}" if lines else ".")


def slope(function: Callable[[float], float], x: float, step: float = 1e-5) -> float:
    """Return the derivative of a function of a number at x, by a central difference.

    Example:
        >>> round(slope(lambda x: x * x, 3.0), 6)
        6.0
    """
    return (function(x + step) - function(x - step)) / (2 * step)


def _difference(got: Any, want: Any, tolerance: float) -> str:
    wrong = np.abs(got - want) > tolerance
    if not wrong.any():
        return ""
    with np.errstate(all="ignore"):
        for hint, mended in MISTAKES.items():
            if (np.abs(mended(got) - want) <= tolerance).all():
                return hint
        ratios = (got / want)[want != 0]
    if got.ndim == 0:
        return "This is too large." if got > want else "This is too small."
    if len(ratios) > 1 and np.isfinite(ratios).all() and np.ptp(ratios) <= 1e-3 * abs(ratios[0]) != 0:
        return "Every number is off by the same factor."
    place = tuple(np.argwhere(wrong)[0].tolist())
    size = "large" if got[place] > want[place] else "small"
    return f"{wrong.sum()} of {wrong.size} numbers are wrong; the first, at {list(place)}, is too {size}."


def _described(answer: Any) -> str:
    return "a function" if callable(answer) else f"of type {type(answer).__name__}"


def _listed(case: Sequence[Any]) -> str:
    return ", ".join(f"an array of shape {x.shape}" if isinstance(x, np.ndarray) else str(x) for x in case)
