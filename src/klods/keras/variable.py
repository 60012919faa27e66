"""Keras's `Variable`: another way to make those of klods, by an initializer and a shape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from klods import tensor
from klods.errors import DataError, ShapeError
from klods.keras import config, initializers
from klods.keras.configuration import unique_name


class _Making(type):
    """What makes calls of a class make variables of klods, which are its instances."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made: Any = object.__new__(tensor.Variable)
        Variable.__init__(made, *args, **kwargs)
        return made

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, tensor.Variable)


class Variable(tensor.Variable, metaclass=_Making):
    """A cell that holds a tensor and can be assigned another, as Keras makes it.

    Args:
        initializer: what makes the first value, or its name; or that value.
        shape: the shape that an initializer gets.
        dtype: the dtype; that of `keras.config.floatx()` for an initializer and for floating values by default.
        trainable: whether tapes watch it by themselves.
        name: a name for people.

    Raises:
        DataError: for an initializer without a shape, or a name with a slash.
        ShapeError: for a shape with sizes that are none.
        NameUnknownError: for an unknown initializer.

    Example:
        >>> from klods import keras
        >>> w = keras.Variable(shape=(2, 3), initializer="uniform")
        >>> w.shape, w.dtype, isinstance(w, keras.Variable)
        (TensorShape([2, 3]), klods.float32, True)
    """

    __slots__ = ()

    def __init__(
        self, initializer: Any, shape: Any = None, dtype: Any = None, trainable: bool = True, name: str | None = None
    ) -> None:
        if isinstance(initializer, str) or callable(initializer):
            if shape is None:
                raise DataError("A Variable made by an initializer needs a shape.", "give shape, () for one number.")
            dtype = dtype or config.floatx()
            value = initializers.get(initializer)(checked_shape("A Variable", shape), dtype)
        else:
            value = initializer
            is_floating = np.asarray(getattr(value, "value", value)).dtype.kind == "f"
            dtype = config.floatx() if dtype is None and is_floating else dtype
        own_name = checked_name(name) if name else unique_name("variable")
        tensor.Variable.__init__(self, value, trainable, own_name, dtype)


def checked_name(name: Any) -> str:
    """Return the name of a layer or variable.

    Raises:
        DataError: for what is no text, or has a slash in it, which paths and files put between names.
    """
    if not isinstance(name, str) or "/" in name:
        raise DataError(f"A name is text without a slash; got {name!r}.", "write name='hidden', say.")
    return name


def checked_shape(owner: str, given: Any) -> tuple[int, ...]:
    """Return the shape of a new variable; a number alone is that of a vector.

    Args:
        owner: whose variable it is, for the error.
        given: the shape.

    Raises:
        DataError: for what is no shape.
        ShapeError: for sizes that are unknown or none.
    """
    if isinstance(given, str) or not isinstance(given, (int, np.integer, Iterable)):
        mend = f"write shape=..., name={given!r}." if isinstance(given, str) else "write shape=(4, 3), say."
        raise DataError(f"{owner} takes a shape; got {given!r}.", mend)
    sizes = (given,) if isinstance(given, (int, np.integer)) else tuple(given)
    if not all(isinstance(n, (int, np.integer)) and n >= 0 for n in sizes):
        raise ShapeError(
            f"{owner} can't have the shape {sizes}: sizes are whole numbers, 0 or more.",
            "take sizes that are known, such as input_shape[-1]; None stands for any number of samples.",
        )
    return tuple(map(int, sizes))
