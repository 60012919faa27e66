"""Keras's `Variable`: another way to make those of klods, by an initializer and a shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods import tensor
from klods.errors import DataError
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
        DataError: for an initializer without a shape.
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
            value = initializers.get(initializer)(tuple(shape), dtype)
        else:
            value = initializer
            is_floating = np.asarray(getattr(value, "value", value)).dtype.kind == "f"
            dtype = config.floatx() if dtype is None and is_floating else dtype
        tensor.Variable.__init__(self, value, trainable, name or unique_name("variable"), dtype)
