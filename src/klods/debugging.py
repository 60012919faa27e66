"""TensorFlow's `tf.debugging`: assertions on tensors' values and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.missing import reporter
from klods.tensor import Tensor, convert_to_tensor


def assert_equal(x: Any, y: Any, message: str = "") -> None:
    """Raise DataError unless x equals y everywhere."""
    _assert(np.equal, "equal to", x, y, message)


def assert_less(x: Any, y: Any, message: str = "") -> None:
    """Raise DataError unless x is below y everywhere."""
    _assert(np.less, "less than", x, y, message)


def assert_less_equal(x: Any, y: Any, message: str = "") -> None:
    """Raise DataError unless x is at most y everywhere."""
    _assert(np.less_equal, "at most", x, y, message)


def assert_greater(x: Any, y: Any, message: str = "") -> None:
    """Raise DataError unless x is above y everywhere."""
    _assert(np.greater, "greater than", x, y, message)


def assert_greater_equal(x: Any, y: Any, message: str = "") -> None:
    """Raise DataError unless x is at least y everywhere."""
    _assert(np.greater_equal, "at least", x, y, message)


def assert_near(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-5, message: str = "") -> None:
    """Raise DataError unless x and y differ by at most atol + rtol |y| everywhere."""
    _assert(lambda a, b: np.isclose(a, b, rtol, atol), "near", x, y, message)


def assert_positive(x: Any, message: str = "") -> None:
    """Raise DataError unless x is above 0 everywhere."""
    _assert(np.greater, "greater than", x, 0, message)


def assert_shapes(shapes: list[tuple[Any, tuple[Any, ...]]]) -> None:
    """Raise ShapeError unless each tensor has the shape beside it; equal letters stand for equal sizes."""
    sizes: dict[Any, int] = {}
    for tensor, expected in shapes:
        got = convert_to_tensor(tensor).value.shape
        fits = [e is None or (sizes.setdefault(e, n) if isinstance(e, str) else e) == n for e, n in zip(expected, got)]
        if len(got) != len(expected) or not all(fits):
            raise ShapeError(f"Got shape {got}, expected {tuple(expected)}.", "reshape the tensor.")


def check_numerics(tensor: Any, message: str = "") -> Tensor:
    """Return the tensor, or raise DataError if it holds NaN or infinity."""
    x = convert_to_tensor(tensor)
    if not np.isfinite(x.value).all():
        raise DataError(f"{message or 'The tensor'} holds NaN or infinity.", "look for a division by 0 or a log of 0.")
    return x


def _assert(holds: Any, relation: str, x: Any, y: Any, message: str) -> None:
    a, b = convert_to_tensor(x).value, convert_to_tensor(y).value
    result = np.asarray(holds(a, b))
    if not result.all():
        where = tuple(int(i) for i in np.argwhere(~result)[0])
        got, wanted = (np.broadcast_to(v, result.shape)[where] for v in (a, b))
        raise DataError(f"{message or 'Assertion failed'}: {got} is not {relation} {wanted}, at index {where}.")


__getattr__ = reporter(__name__)
