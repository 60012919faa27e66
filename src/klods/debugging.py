"""TensorFlow's `tf.debugging`: assertions on tensors' values, shapes and dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from klods.dtypes import as_dtype
from klods.errors import DataError, DTypeError, ShapeError
from klods.graph import tracing
from klods.missing import reporter
from klods.ops.effects import call, checks
from klods.tensor import Tensor, convert_to_tensor


def assert_equal(x: Any, y: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x equals y everywhere.

    Example:
        >>> import klods
        >>> klods.debugging.assert_equal(klods.constant([1, 2]) * 2, [2, 4])
    """
    _assert(np.equal, "equal to", x, y, message)


def assert_none_equal(x: Any, y: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError if x equals y anywhere."""
    _assert(np.not_equal, "different from", x, y, message)


def assert_less(x: Any, y: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x is below y everywhere."""
    _assert(np.less, "less than", x, y, message)


def assert_less_equal(x: Any, y: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x is at most y everywhere."""
    _assert(np.less_equal, "at most", x, y, message)


def assert_greater(x: Any, y: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x is above y everywhere."""
    _assert(np.greater, "greater than", x, y, message)


def assert_greater_equal(x: Any, y: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x is at least y everywhere."""
    _assert(np.greater_equal, "at least", x, y, message)


def assert_near(
    x: Any, y: Any, rtol: float | None = None, atol: float | None = None, message: str = "", name: str | None = None
) -> None:
    """Raise DataError unless x and y differ by at most atol + rtol |y| everywhere; both are 10 units of rounding."""
    rounding = 10 * np.finfo(np.result_type(convert_to_tensor(x).value, np.float16)).eps
    relative, absolute = (rounding if t is None else t for t in (rtol, atol))
    _assert(lambda a, b: np.isclose(a, b, relative, absolute), "near", x, y, message)


def assert_positive(x: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x is above 0 everywhere."""
    _assert(np.greater, "greater than", x, 0, message)


def assert_negative(x: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x is below 0 everywhere."""
    _assert(np.less, "less than", x, 0, message)


def assert_non_negative(x: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x is at least 0 everywhere."""
    _assert(np.greater_equal, "at least", x, 0, message)


def assert_non_positive(x: Any, message: str = "", name: str | None = None) -> None:
    """Raise DataError unless x is at most 0 everywhere."""
    _assert(np.less_equal, "at most", x, 0, message)


def assert_rank(x: Any, rank: int, message: str = "", name: str | None = None) -> None:
    """Raise ShapeError unless x has `rank` axes."""
    shape = convert_to_tensor(x).value.shape
    if len(shape) != int(rank):
        raise ShapeError(f"{_led(message)}shape {shape} has {len(shape)} axes, expected {int(rank)}.", "reshape it.")


def assert_type(tensor: Any, tf_type: Any, message: str = "", name: str | None = None) -> None:
    """Raise DTypeError unless the tensor has the dtype."""
    got, expected = convert_to_tensor(tensor).value.dtype, as_dtype(tf_type)
    if got != expected:
        raise DTypeError(f"{_led(message)}got dtype {got}, expected {expected}.", "cast it with klods.cast.")


def assert_shapes(shapes: Iterable[tuple[Any, tuple[Any, ...]]], message: str = "", name: str | None = None) -> None:
    """Raise ShapeError unless each tensor has the shape beside it.

    Args:
        shapes: pairs of a tensor and its shape, in which equal letters stand for equal sizes and None for any.
        message: what the error begins with.
        name: accepted for TensorFlow's sake, and not used.
    """
    sizes: dict[Any, int] = {}
    for tensor, expected in shapes:
        got = convert_to_tensor(tensor).value.shape
        fits = [e is None or (sizes.setdefault(e, n) if isinstance(e, str) else e) == n for e, n in zip(expected, got)]
        if len(got) != len(expected) or not all(fits):
            raise ShapeError(f"{_led(message)}got shape {got}, expected {tuple(expected)}.", "reshape the tensor.")


def check_numerics(tensor: Any, message: str = "", name: str | None = None) -> Tensor:
    """Return the tensor, or raise DataError if it holds NaN or infinity."""
    x = convert_to_tensor(tensor)

    @checks
    def look(a: np.ndarray) -> np.ndarray:
        if not np.isfinite(a).all():
            raise DataError(
                f"{_led(message)}the tensor holds NaN or infinity.", "look for a division by 0 or a log of 0."
            )
        return a

    _run(look, x)
    return x


def assert_all_finite(x: Any, message: str = "", name: str | None = None) -> Tensor:
    """Return the tensor, or raise DataError if it holds NaN or infinity."""
    return check_numerics(x, message)


def _assert(holds: Any, relation: str, x: Any, y: Any, message: str) -> None:
    a, b = convert_to_tensor(x), convert_to_tensor(y)
    sizes = a.value.shape, b.value.shape
    try:
        np.broadcast_shapes(*sizes)
    except ValueError:
        raise ShapeError(f"{_led(message)}shapes {sizes[0]} and {sizes[1]} don't broadcast.", "reshape one.") from None

    @checks
    def look(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        result = np.asarray(holds(a, b))
        if not result.all():
            where = tuple(int(i) for i in np.argwhere(~result)[0])
            got, wanted = (np.broadcast_to(v, result.shape)[where] for v in (a, b))
            raise DataError(f"{_led(message)}{got} is not {relation} {wanted}, at index {where}.", "check the values.")
        return a

    _run(look, a, b)


def _run(look: Callable[..., np.ndarray], *tensors: Tensor) -> None:
    """Have a function look at tensors' values; inside a traced function, at those of each run."""
    if tracing.get() is None:
        look(*[x.value for x in tensors])
    else:
        call(*tensors, function=look, shape=tensors[0].value.shape, dtype=tensors[0].dtype)


def _led(message: str) -> str:
    return f"{message}: " if message else ""


__getattr__ = reporter(__name__)
