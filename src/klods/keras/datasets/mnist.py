"""MNIST: 70,000 handwritten digits. Copyright Yann LeCun and Corinna Cortes, CC BY-SA 3.0; see LICENSE-mnist.txt."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from klods.errors import FileError
from klods.missing import reporter

Split = tuple[np.ndarray, np.ndarray]
PACKAGED = Path(__file__).with_name("mnist.npz")
NAMES = ("x_train", "y_train", "x_test", "y_test")


def load_data(path: str | os.PathLike[str] = "mnist.npz") -> tuple[Split, Split]:
    """Return the images and labels of MNIST's training and test sets.

    Args:
        path: an `.npz` file with the arrays x_train, y_train, x_test and y_test. The bare name `mnist.npz`, Keras's
            default, means the file that comes with klods; `./mnist.npz` is one in the current folder.

    Returns:
        ((x_train, y_train), (x_test, y_test)), all uint8: images of shape (60000, 28, 28) and (10000, 28, 28), 0 where
        the paper is blank and 255 where the ink is full, and their digits of shape (60000,) and (10000,).

    Raises:
        FileError: if the file is missing, damaged, or holds something else.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_train.dtype, y_train[:3]
        ((60000, 28, 28), dtype('uint8'), array([5, 0, 4], dtype=uint8))
    """
    file = PACKAGED if os.fspath(path) == PACKAGED.name else _found(Path(path))
    arrays = _read(file)
    for images, labels in (NAMES[:2], NAMES[2:]):
        if arrays[images].shape[:1] != arrays[labels].shape:
            raise _unfit(file, f"has {images} of shape {arrays[images].shape} and {labels} of {arrays[labels].shape}")
    x_train, y_train, x_test, y_test = (arrays[name] for name in NAMES)
    return (x_train, y_train), (x_test, y_test)


def _found(path: Path) -> Path:
    if path.is_file():
        return path
    problem = "is a folder" if path.is_dir() else "does not exist"
    raise FileError(f"The MNIST file '{path}' {problem}.", "check the path, or call load_data() for klods's own copy.")


def _read(file: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in NAMES}
    except PermissionError as error:
        raise FileError(f"'{file}' can't be read: {error.strerror}.", "change its permissions.") from None
    except KeyError as error:
        raise _unfit(file, f"is no MNIST archive: {error.args[0]}") from None
    except Exception:  # NumPy, zipfile and zlib each have their own kinds of error for an altered byte
        raise _unfit(file, "is damaged, or no .npz archive") from None


def _unfit(file: Path, problem: str) -> FileError:
    return FileError(
        f"'{file}' {problem}; expected a NumPy .npz file with the arrays {', '.join(NAMES)}.",
        "get the file again, or call load_data() for klods's own copy.",
    )


__all__ = ["load_data"]
__getattr__ = reporter(__name__)
