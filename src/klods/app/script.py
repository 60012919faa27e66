"""Running a Python script that was written for TensorFlow."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from klods.errors import KlodsError


def run_script(path: Path, args: Sequence[str]) -> None:
    """Run a script as `python path args...` would, with `tensorflow` and `keras` meaning klods.

    This process becomes the script's: its `__main__`, `sys.argv` and import path.

    Raises:
        SystemExit: with status 1 when the script fails, after showing why; as the script says when it exits.
    """
    import_module("klods.as_tensorflow")
    main = ModuleType("__main__")
    main.__file__ = os.path.abspath(path)
    sys.modules["__main__"] = main
    sys.argv = [str(path), *args]
    sys.path.insert(0, os.path.dirname(main.__file__))
    try:
        exec(compile(path.read_bytes(), main.__file__, "exec", dont_inherit=True), vars(main))
    except KlodsError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    except Exception as error:
        _show(error, main.__file__)
        sys.exit(1)


def _show(error: Exception, file: str) -> None:
    """Print a traceback that starts in the script, as Python's own does."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != file:
        frames = frames.tb_next
    traceback.print_exception(type(error), error, frames)
