"""Arrays out of `.npz` archives, and the little that is read of pickles.

Files of ragged data hold arrays of objects, which NumPy writes as pickles; a pickle may call any function there is.
These are read by an unpickler that knows arrays, lists, dicts, text and numbers and nothing else. Anywhere else, klods
reads no pickles.
"""

from __future__ import annotations

import math
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from klods.errors import FileError
from klods.keras.saving.arrays import DEFLATED

Read = TypeVar("Read")


def read_arrays(file: Path, *names: str, ragged: bool = False, known: bool = False) -> list[np.ndarray]:
    """Return arrays of a `.npz` archive.

    Args:
        file: the archive.
        names: the arrays.
        ragged: whether they may hold lists of different lengths instead of numbers.
        known: whether the file's checksum is that of the published one.

    Raises:
        FileError: if the archive is damaged, lacks one of them, or holds anything else.
    """
    wanted = f"expected a NumPy .npz file with the arrays {', '.join(names)}"

    def read() -> list[np.ndarray]:
        with zipfile.ZipFile(file) as archive:
            there = archive.namelist()
            lacking = [name for name in names if f"{name}.npy" not in there]
            if lacking:
                raise unfit(file, f"has no {', '.join(lacking)}", wanted)
            unpickler = (_Quick if known else _Careful) if ragged else None
            return [_array(archive, archive.getinfo(f"{name}.npy"), unpickler, file, wanted) for name in names]

    return reading(file, wanted, read)


def reading(file: Path, wanted: str, read: Callable[[], Read]) -> Read:
    """Return what a function reads of a file; any error is about the file.

    Raises:
        FileError: if it can't be read or is not what is wanted.
    """
    try:
        return read()
    except FileError:
        raise
    except PermissionError as error:
        raise FileError(f"'{file}' can't be read: {error.strerror}.", "change its permissions.") from None
    except ForeignError as error:
        raise unfit(file, f"holds {error}, which no data set needs", wanted) from None
    except Exception:  # NumPy, zipfile, zlib and pickle each have their own kinds of error for an altered byte
        raise unfit(file, "is damaged, or another kind of file", wanted) from None


def unfit(file: Path, problem: str, wanted: str) -> FileError:
    """Return the error for a file that is not what is wanted."""
    return FileError(f"'{file}' {problem}; {wanted}.", "get the file again, or call load_data() without a path.")


def _array(archive: zipfile.ZipFile, part: zipfile.ZipInfo, unpickler: Any, file: Path, wanted: str) -> np.ndarray:
    with archive.open(part) as stream:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(stream)
        if unpickler and dtype.kind == "O":
            array = unpickler(stream).load()
            if not isinstance(array, np.ndarray) or array.shape != shape:
                raise ForeignError("an array of another shape than it says")
            return np.asarray(array)
    if math.prod(shape) * dtype.itemsize > min(part.file_size, part.compress_size * DEFLATED):
        raise unfit(file, f"declares an array of shape {shape}, which is more than there is", wanted)
    with archive.open(part) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def unpickled(stream: IO[bytes], encoding: str = "ASCII") -> Any:
    """Return what a pickle holds: arrays, lists, dicts, text and numbers.

    Args:
        stream: the pickle.
        encoding: how to read the text of Python 2's pickles: `bytes` to leave it as it is.

    Raises:
        UnpicklingError: for anything else, if no other error comes first.
    """
    return _Careful(stream, encoding=encoding).load()


class ForeignError(pickle.UnpicklingError):
    """A pickle holds what no data set needs."""


class _Names:
    """Knows the three names by which NumPy's arrays are pickled, and gives each a meaning that can do no harm."""

    def find_class(self, module: str, name: str) -> Any:
        def new_array(*_: Any) -> np.ndarray:  # a function of its own, whose attributes a pickle may change
            return np.ndarray.__new__(_Array, (0,), np.int8)

        meaning = {
            ("numpy.core.multiarray", "_reconstruct"): new_array,
            ("numpy._core.multiarray", "_reconstruct"): new_array,
            ("numpy", "ndarray"): None,  # the argument that says what to make
            ("numpy", "dtype"): _Kind,
        }
        if (module, name) not in meaning:
            raise ForeignError(f"{module}.{name}")
        return meaning[module, name]


class _Quick(_Names, pickle.Unpickler):
    """Reads a known file: in a few bytes others could have it take all memory, by the places of its memo."""


class _Careful(_Names, pickle._Unpickler):
    """Reads any file, four times as slowly."""


class _Kind:
    """A dtype in a pickle: its name, and the byte order that its state adds."""

    def __init__(self, name: str | bytes, *_: Any) -> None:
        self._name, self._order = _text(name), "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = _text(state[1])

    def dtype(self) -> np.dtype:
        if not re.fullmatch(r"[biuf]\d{1,2}|O8?", self._name) or self._order not in ("<", ">", "|", "="):
            raise ForeignError(f"an array of {self._name!r}")
        return np.dtype(self._order + self._name)


class _Array(np.ndarray):
    """An array in a pickle, whose content has to be as large as it says."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        version, shape, kind, by_columns, content = state
        dtype, count = kind.dtype(), 1
        for size in shape:
            count *= size
        form, size_of_one = (list, 1) if dtype.kind == "O" else ((bytes, str), dtype.itemsize)
        if not isinstance(content, form) or min(shape, default=0) < 0 or len(content) != count * size_of_one:
            raise ForeignError("an array of another size than it says")
        super().__setstate__((version, shape, dtype, by_columns, content))  # type: ignore[arg-type]


def _text(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)
