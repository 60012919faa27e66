"""The errors klods raises: what was got, what was expected, how to mend it, and the user's own line."""

from __future__ import annotations

import difflib
import linecache
import os
import sys
import warnings
from collections.abc import Iterable

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class KlodsError(Exception):
    """Base of every error that klods raises.

    Args:
        what: what was got and what was expected, in a sentence or two.
        mend: what the user can do about it.

    Example:
        >>> import klods
        >>> try:
        ...     klods.matmul(klods.ones((2, 3)), klods.ones((2, 3)))
        ... except klods.errors.ShapeError as error:
        ...     print(str(error).splitlines()[0])
        matmul: shapes (2, 3) and (2, 3) don't fit: 3 columns on the left, 2 rows on the right.
    """

    def __init__(self, what: str, mend: str = "") -> None:
        self.what, self.mend, self.line = what, mend, user_line()
        parts = [what, f"To mend it: {mend}" if mend else "", f"At {self.line}" if self.line else ""]
        super().__init__("\n".join(part for part in parts if part))


class ShapeError(KlodsError, ValueError):
    """Shapes that don't fit an operation, a layer or a loss."""


class DTypeError(KlodsError, TypeError):
    """A dtype that an operation can't take, such as strings or objects."""


class DataError(KlodsError, ValueError):
    """Data or an argument of the right type with an impossible value: labels, lengths, sizes."""


class NameUnknownError(KlodsError, ValueError):
    """A name (of an optimizer, loss, metric, activation ...) that klods doesn't know."""


class StateError(KlodsError, RuntimeError, ValueError):
    """A call that comes too early or too late: `fit` before `compile`, a tape used twice."""


class FileError(KlodsError, OSError, ValueError):
    """A file that is missing, damaged, or can't be written."""


class GradientWarning(UserWarning):
    """A gradient is `None`; the text says why."""


class NumericsWarning(UserWarning):
    """NaN or infinity appeared; the text says where first."""


def user_line() -> str:
    """Return `file:line: source` of the innermost frame outside klods, or an empty string."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    if frame is None:
        return ""
    path, number = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(path, number).strip()
    return f"{os.path.basename(path)}:{number}: {source}".rstrip(": ")


def warn(category: type[Warning], text: str) -> None:
    """Warn at the user's own line rather than inside klods."""
    depth, frame = 2, sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(text, category, stacklevel=depth)


def unknown_name(kind: str, name: object, known: Iterable[str]) -> NameUnknownError:
    """Return the error for an unknown name, suggesting the nearest known one.

    Example:
        >>> print(unknown_name("optimizer", "rmspop", ["adam", "rmsprop"]).what)
        There is no optimizer 'rmspop'. Did you mean 'rmsprop'?
    """
    names = sorted(known)
    close = difflib.get_close_matches(str(name).lower(), [n.lower() for n in names], n=1, cutoff=0.5)
    nearest = next((n for n in names if close and n.lower() == close[0]), None)
    hint = f" Did you mean {nearest!r}?" if nearest else ""
    return NameUnknownError(f"There is no {kind} {name!r}.{hint}", f"use one of {shortened(names)}.")


def shortened(names: list[str], limit: int = 12) -> str:
    """Join names with commas, leaving out those past the limit."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
