"""The errors klods raises: what was got, what was expected, how to mend it, the user's own line, and where to read on.

Each ends with `Docs:` and the name of its page in the documentation, which shows the mistake and ways out.
"""

from __future__ import annotations

import contextlib
import difflib
import linecache
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any, TypeVar, cast

import numpy as np

from klods.missing import reporter

LINES = 10  # of an error, at most, as Python prints it
Raised = TypeVar("Raised", bound=BaseException)
INSIDE = (*(os.path.dirname(os.path.abspath(path)) + os.sep for path in (__file__, np.__file__)), contextlib.__file__)


class KlodsError(Exception):
    """Base of every error that klods raises.

    Args:
        what: what was got and what was expected, in a sentence or two.
        mend: what the user can do about it.
        line: where it happened; the innermost line outside klods by default.

    Example:
        >>> import klods
        >>> try:
        ...     klods.matmul(klods.ones((2, 3)), klods.ones((2, 3)))
        ... except klods.errors.ShapeError as error:
        ...     print(str(error).splitlines()[0])
        matmul: shapes (2, 3) and (2, 3) don't fit: 3 columns on the left, 2 rows on the right.
    """

    def __init__(self, what: str, mend: str = "", line: str | None = None) -> None:
        self.what, self.mend, self.line = what, mend, user_line() if line is None else line
        mended, place = f"To mend it: {mend}" if mend else "", f"At {self.line}" if self.line else ""
        super().__init__("\n".join(part for part in (what, mended, place, f"Docs: {page(type(self))}") if part))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.mend, self.line)

    def _render_traceback_(self) -> list[str]:
        """Return the lines that Jupyter shows: the user's own frames and the message."""
        lines = _printed(shortened_error(self))
        return [re.sub('File "(.+)", line', lambda m: f"{_cell(m[1]) or m[1]}, line", line) for line in lines]


class ArgumentError(KlodsError, TypeError):
    """An argument that a function doesn't have, or lacks."""


class PositionError(KlodsError, IndexError):
    """An index outside a tensor's axis, or a key that can't be an index."""


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


class AbsentError(KlodsError, AttributeError, ValueError):
    """An attribute that an object doesn't have yet, such as the shapes of a model that isn't built."""


class FileError(KlodsError, OSError, ValueError):
    """A file that is missing, damaged, or can't be written."""


class GradientWarning(UserWarning):
    """A gradient is `None`; the text says why."""


class TraceWarning(UserWarning):
    """A function can't be traced and runs as it is; the text says why and where."""


class NumericsWarning(UserWarning):
    """NaN or infinity appeared; the text says where first."""


def page(kind: type[BaseException]) -> str:
    """Return the name of the page that explains a kind of error or warning of klods.

    Example:
        >>> page(ShapeError)
        'errors/shape-error'
    """
    own = next(base for base in kind.__mro__ if base.__module__ == __name__)
    return "errors/" + re.sub("(?<=[a-z])(?=[A-Z])", "-", own.__name__).lower()


_filtering = True


def filter_frames(yes: bool) -> None:
    """Set whether errors are shown without the frames inside klods and NumPy."""
    global _filtering
    _filtering = yes


def filters_frames() -> bool:
    """Tell whether errors are shown without the frames inside klods and NumPy."""
    return _filtering


def shortened_error(error: Raised) -> Raised:
    """Return an error with its own frames alone, and without the error it came after if both don't fit in ten lines."""
    if not _filtering:
        return error
    error = error.with_traceback(own_frames(error))
    if len(_printed(error)) > LINES:
        error.__cause__ = None  # which hides the context, too
    return error


def own_frames(error: BaseException) -> TracebackType | None:
    """Return an error's traceback without the frames inside klods and NumPy; all of it if there are no others.

    Of many frames the innermost are kept, as many as fit in ten lines with the message.
    """
    message = traceback.format_exception_only(type(error), error)
    frames, room = [], LINES - 1 - "".join(message).count("\n")
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    own = [f for f in frames if not _inside(f.tb_frame)]
    for frame in reversed(own or frames):
        longer = _joined(frame, trace)
        if trace is not None and _lines(longer) > room:
            return trace
        trace = longer
    return trace


def _joined(frame: TracebackType, rest: TracebackType | None) -> TracebackType:
    """Return a frame with others after it. Of a call over several lines, it shows one: the place in it is left out."""
    alone = TracebackType(None, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    place = -1 if _lines(alone) > 3 else frame.tb_lasti
    return TracebackType(rest, frame.tb_frame, place, frame.tb_lineno)


def _printed(error: BaseException) -> list[str]:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines()


def _lines(trace: TracebackType) -> int:
    return "".join(traceback.format_tb(trace)).count("\n")


def shorten_tracebacks() -> None:
    """Have scripts print klods's errors and Ctrl-C without the frames inside klods, by whatever printed them before."""
    print_error = sys.excepthook

    def print_own_frames(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, (KlodsError, KeyboardInterrupt)):
            error = shortened_error(error.with_traceback(trace))
        print_error(kind, error, error.__traceback__)

    sys.excepthook = print_own_frames


def user_line() -> str:
    """Return `file:line: source` of the innermost frame outside klods, or an empty string."""
    frame = user_frame()
    if frame is None:
        return ""
    path, number = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(path, number).strip()
    shown = source if len(source) <= 80 else f"{source[:77]}..."
    return f"{_cell(path) or os.path.basename(path)}:{number}: {shown}".rstrip(": ")


def user_frame() -> FrameType | None:
    """Return the innermost frame outside klods."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _inside(frame):
        frame = frame.f_back
    return frame


def _inside(frame: FrameType) -> bool:
    """Tell whether a frame is none of the user's: in klods, in what klods calls, or in what runs a notebook's cells."""
    path = frame.f_code.co_filename
    return path.startswith(INSIDE) or os.path.join("IPython", "core") in path


def _cell(path: str) -> str:
    """Return the name of the notebook's cell that a file stands for, such as `In[3]`; nothing for other files."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    names = getattr(getattr(shell, "compile", None), "format_code_name", lambda path: None)(path)
    return names[1] if names else ""


def warn(category: type[Warning], text: str) -> None:
    """Warn at the user's own line rather than inside klods; klods's own kinds of warning name their page."""
    if category.__module__ == __name__:
        text = f"{text}\nDocs: {page(category)}"
    depth, frame = 2, cast("FrameType | None", sys._getframe(1))
    while frame is not None and _inside(frame):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(text, category, stacklevel=depth)


def unknown_name(kind: str, name: object, known: Iterable[str]) -> NameUnknownError:
    """Return the error for an unknown name, suggesting the nearest known one.

    Example:
        >>> print(unknown_name("optimizer", "rmspop", ["adam", "rmsprop"]).what)
        There is no optimizer 'rmspop'. Did you mean 'rmsprop'?
    """
    names = sorted(n for n in known if n.islower()) or sorted(known)
    close = difflib.get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return NameUnknownError(f"There is no {kind} {name!r}.{hint}", f"use one of {shortened(names)}.")


@contextlib.contextmanager
def in_layer(name: str) -> Iterator[None]:
    """Let errors, inside the `with` block, say in which layer they came up."""
    try:
        yield
    except KlodsError as error:
        raise of_layer(error, name) from None


def of_layer(error: KlodsError, name: str) -> KlodsError:
    """Return an error that says in which layer it came up: the innermost of layers inside each other."""
    if name in error.what or error.what.startswith(("Layer ", "Model ")):
        return error
    named = type(error)(f"Layer '{name}': {error.what}", error.mend, error.line)
    return named.with_traceback(error.__traceback__)


def shortened(names: list[str], limit: int = 12) -> str:
    """Join names with commas, leaving out those past the limit."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


shorten_tracebacks()
__getattr__ = reporter(__name__)
