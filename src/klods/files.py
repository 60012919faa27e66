"""Files: written whole or not at all, with the question beforehand whether that will work; damage told in words."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from klods.errors import DataError, FileError, KlodsError


def write_whole(path: Path, write: Callable[[Any], None]) -> None:
    """Write a file beside its place and move it there once it is complete.

    A file that is replaced hands on its permissions; a link to it stays.

    Args:
        path: the file's place.
        write: writes the content to the open binary file it is given.

    Raises:
        FileError: if that fails; what stood there before stays.
    """
    draft, place = None, Path(os.path.realpath(path))
    try:
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=place.name[:50], delete=False) as file:
            draft = file.name
            write(file)
        os.chmod(draft, stat.S_IMODE(place.stat().st_mode) if place.exists() else 0o666 & ~_umask())
        os.replace(draft, place)
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


def path_to_write(filepath: Any, endings: tuple[str, ...], overwrite: bool) -> Path:
    """Return where to write a file, once its name and what stands there allow it.

    Raises:
        DataError: for what is no path, or a name with none of these endings.
        FileError: for a file that is there already and mustn't be overwritten.
    """
    path = as_path(filepath)
    if not path.name.endswith(endings):
        raise DataError(
            f"This writes {' and '.join(endings)} files; got '{path}'.", f"name it '{path.stem}{endings[0]}'."
        )
    if os.path.exists(path) and not overwrite:
        raise FileError(f"'{path}' exists.", "pass overwrite=True to replace it.")
    return path


def as_path(filepath: Any) -> Path:
    """Return the path that an argument names.

    Raises:
        DataError: for what is no path.
    """
    if not isinstance(filepath, (str, os.PathLike)) or "\0" in (text := str(os.fspath(filepath))):
        raise DataError(f"{filepath!r:.60} is no path of a file.", "give its name as text, or a pathlib.Path.")
    return Path(text)


def read_whole(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        FileError: if it is missing or can't be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"There is no file '{path}'.", "check the path.") from None
    except OSError as error:
        raise FileError(f"'{path}' can't be read: {error.strerror or error}.", "check what it is.") from None


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Say that a file is damaged, whatever the libraries that read it inside the `with` block raise.

    Raises:
        FileError: for any error but klods's own.
    """
    try:
        yield
    except KlodsError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:100]
        raise FileError(f"'{path}' is damaged, or not what it should be: {reason}.", "save the model again.") from None


def _unwritable(path: Path, reason: str) -> FileError:
    return FileError(f"'{path}' can't be written: {reason}.", "choose a folder that exists and that you may write to.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
