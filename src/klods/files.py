"""Writing files: whole or not at all, and asking beforehand whether that will work."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from klods.errors import FileError


def write_whole(path: Path, write: Callable[[Any], None]) -> None:
    """Write a file beside its place and move it there once it is complete.

    Args:
        path: the file's place.
        write: writes the content to the open binary file it is given.

    Raises:
        FileError: if that fails; what stood there before stays.
    """
    draft = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            draft = file.name
            write(file)
        os.chmod(draft, 0o666 & ~_umask())
        os.replace(draft, path)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None
    finally:
        if draft is not None and os.path.exists(draft):
            os.unlink(draft)


def check_writable(path: Path) -> None:
    """Find out, before long work, that its result can't be written.

    Raises:
        FileError: if the path is a folder, or its folder is missing or closed to writing.
    """
    if path.is_dir():
        raise _unwritable(path, "Is a directory")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None


def _unwritable(path: Path, reason: str) -> FileError:
    return FileError(f"'{path}' can't be written: {reason}.", "choose a folder that exists and that you may write to.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
