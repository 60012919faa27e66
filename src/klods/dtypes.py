"""The dtypes by TensorFlow's names, and the rule by which two of them meet in one operation.

The promotion rule is Keras 3's (and JAX's), and it never widens silently:

- Python numbers are weak: `2 * x` and `x + 0.5` keep the dtype of a floating `x`.
  An integer tensor with a Python float becomes float32.
- An integer or boolean tensor with a floating tensor takes the floating tensor's dtype.
- Two floating or two integer tensors take the smallest dtype that holds both;
  uint64 with a signed integer becomes float32.
- A float64 NumPy array is weak beside a floating tensor, as a Python float is: NumPy makes
  float64 by default, so its precision was seldom chosen. `klods.constant(array)` keeps float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.errors import DTypeError, unknown_name


class DType:
    """An element type, such as `klods.float32`; equal to its name and to NumPy's dtype.

    Example:
        >>> import klods
        >>> klods.float32, klods.float32 == "float32", klods.int8.max
        (klods.float32, True, 127)
    """

    __slots__ = ("dtype",)

    def __init__(self, name: str) -> None:
        self.dtype = np.dtype(name)

    @property
    def name(self) -> str:
        return self.dtype.name

    @property
    def as_numpy_dtype(self) -> type:
        return self.dtype.type

    @property
    def is_floating(self) -> bool:
        return self.dtype.kind == "f"

    @property
    def is_integer(self) -> bool:
        return self.dtype.kind in "iu"

    @property
    def is_bool(self) -> bool:
        return self.dtype.kind == "b"

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def min(self) -> Any:
        """The lowest finite value."""
        return False if self.is_bool else _limits(self.dtype).min

    @property
    def max(self) -> Any:
        """The highest finite value."""
        return True if self.is_bool else _limits(self.dtype).max

    def __eq__(self, other: object) -> bool:
        try:
            return self.dtype == np.dtype(other)  # type: ignore[call-overload]
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"klods.{self.name}"

    def __str__(self) -> str:
        return self.name


def _limits(dtype: np.dtype) -> Any:
    return np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)


NAMES = ("float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool").split()
DTYPES = {np.dtype(name): DType(name) for name in NAMES}
FLOAT32, FLOAT64, INT32, BOOL = (np.dtype(name) for name in ("float32", "float64", "int32", "bool"))


def as_dtype(spec: Any) -> np.dtype:
    """Return the NumPy dtype meant by a name, a `DType`, a NumPy dtype or a scalar type.

    Raises:
        NameUnknownError: for a dtype that klods doesn't have.
    """
    if spec is None:
        return FLOAT32
    if spec is float:
        return FLOAT32
    if spec is int:
        return INT32
    try:
        dtype = np.dtype(spec)
    except TypeError:
        raise unknown_name("dtype", spec, NAMES) from None
    if dtype not in DTYPES:
        raise unknown_name("dtype", dtype.name, NAMES)
    return dtype


def promote(dtypes: list[np.dtype], weak: str = "") -> np.dtype:
    """Return the dtype in which operands of these dtypes meet; see the rule at the top.

    Args:
        dtypes: those of tensors and arrays; may be empty.
        weak: the kinds of the Python numbers among the operands: any of `b`, `i`, `f`.

    Example:
        >>> promote([np.dtype("int32"), np.dtype("float16")]), promote([np.dtype("int32")], weak="f")
        (dtype('float16'), dtype('float32'))
    """
    floating = [d for d in dtypes if d.kind == "f"]
    if floating:
        return max(floating, key=lambda d: d.itemsize)
    if "f" in weak:
        return FLOAT32
    integers = [d for d in dtypes if d.kind in "iu"]
    if integers:
        joined = np.result_type(*integers)
        return FLOAT32 if joined.kind == "f" else joined
    return INT32 if "i" in weak else BOOL


def as_array(x: Any, dtype: np.dtype | None = None) -> np.ndarray:
    """Return `x` as an array: Python floats as float32, integers as int32, arrays as they are.

    Raises:
        DTypeError: for strings, objects and ragged lists.
    """
    array = x if isinstance(x, np.ndarray) else _from_python(x, dtype)
    if dtype is not None and array.dtype != dtype:
        return array.astype(dtype)
    if array.dtype not in DTYPES:
        raise DTypeError(
            f"Got {_describe(x)}, which holds {array.dtype} values; a tensor holds numbers or booleans.",
            "convert it first, for instance with x.astype('float32').",
        )
    return array


def _from_python(x: Any, dtype: np.dtype | None) -> np.ndarray:
    if isinstance(x, np.generic):
        return np.asarray(x)
    try:
        array = np.asarray(x)
    except (ValueError, TypeError) as error:
        raise DTypeError(f"Got {_describe(x)}, which is no array of numbers: {error}.",
                         "give every row the same length, and numbers alone.") from None
    if dtype is not None or hasattr(x, "__array__") or _holds_arrays(x):
        return array
    if array.dtype == np.float64:
        return array.astype(FLOAT32)
    if array.dtype == np.int64 and (array.size == 0 or _fits_int32(array)):
        return array.astype(INT32)
    return array


def _holds_arrays(x: Any) -> bool:
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return isinstance(x, (np.ndarray, np.generic))


def _fits_int32(array: np.ndarray) -> bool:
    limits = np.iinfo(INT32)
    return bool(array.min() >= limits.min and array.max() <= limits.max)


def _describe(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= 40 else f"{text[:37]}..."
