"""The dtypes by TensorFlow's names, and the rule by which two of them meet in one operation.

The promotion rule is Keras 3's (and JAX's), and it never widens silently:

- Python numbers, also in lists, are weak: `2 * x` and `x + 0.5` keep the dtype of a floating `x`.
  An integer tensor with a Python float becomes float32.
- An integer or boolean tensor with a floating tensor takes the floating tensor's dtype.
- Two floating or two integer tensors take the smallest dtype that holds both; uint64 with a signed integer becomes
  float32. (Keras narrows uint64 to uint32 first; klods doesn't.)
- A float64 NumPy array or number is weak beside a tensor, as a Python float is: NumPy makes float64 by default, so its
  precision was seldom chosen. `klods.constant(array)` keeps float64.
- Division, roots, exponentials and means of integers are float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.errors import DTypeError, KlodsError, unknown_name
from klods.missing import reporter


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
            return other is not None and self.dtype == as_dtype(other)
        except (TypeError, ValueError):
            return False

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"klods.{self.name}"

    def __str__(self) -> str:
        return self.name


def _limits(dtype: np.dtype) -> Any:
    return np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)


float16, float32, float64 = DType("float16"), DType("float32"), DType("float64")
int8, int16, int32, int64 = DType("int8"), DType("int16"), DType("int32"), DType("int64")
uint8, uint16, uint32, uint64 = DType("uint8"), DType("uint16"), DType("uint32"), DType("uint64")
bool_ = DType("bool")

ALL = (float32, float64, float16, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool_)
DTYPES = {known.dtype: known for known in ALL}
FLOAT32, FLOAT64, INT32, INT64, BOOL = (known.dtype for known in (float32, float64, int32, int64, bool_))
FROM_PYTHON = {None: FLOAT32, float: FLOAT32, int: INT32, "float": FLOAT32}


def as_dtype(spec: Any) -> np.dtype:
    """Return the NumPy dtype meant by a name, a `DType`, a NumPy dtype or a scalar type; float32 for None.

    Raises:
        NameUnknownError: for a dtype that klods doesn't have.
    """
    if isinstance(spec, DType):
        return spec.dtype
    try:
        dtype = FROM_PYTHON.get(spec) or np.dtype(spec)
    except TypeError:
        raise unknown_name("dtype", spec, [known.name for known in ALL]) from None
    if dtype not in DTYPES:
        raise unknown_name("dtype", dtype.name, [known.name for known in ALL])
    return dtype


def dtype_of(type_value: Any) -> DType:
    """Return the `DType` meant by a name, a NumPy dtype or a scalar type; TensorFlow calls this `as_dtype`.

    Example:
        >>> dtype_of("int8")
        klods.int8
    """
    return DTYPES[as_dtype(type_value)]


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
        DTypeError: for strings, objects, ragged lists, and Python floats where integers are asked for.
    """
    array = x if isinstance(x, np.ndarray) else _from_python(x, dtype)
    if array.dtype not in DTYPES:
        array = _native(array, x)
    if dtype is not None and array.dtype != dtype:
        return array.astype(dtype)
    return array


def is_weak(x: Any) -> bool:
    """Tell whether `x` is a Python number, or a nested list of them, which takes the dtype of a tensor beside it.

    Example:
        >>> is_weak(2), is_weak([[0.5, 1]]), is_weak(np.float32(2))
        (True, True, False)
    """
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return type(x) in (bool, int, float, list, tuple)


def _native(array: np.ndarray, x: Any) -> np.ndarray:
    """Return an array in the machine's byte order, if klods has its dtype."""
    if array.dtype.newbyteorder("=") in DTYPES:
        return array.astype(array.dtype.newbyteorder("="))
    raise DTypeError(
        f"Got {_describe(x)}, which holds {array.dtype} values; a tensor holds numbers or booleans.",
        "convert it first, for instance with x.astype('float32').",
    )


def _from_python(x: Any, dtype: np.dtype | None) -> np.ndarray:
    try:
        array = np.asarray(x)
    except KlodsError:
        raise
    except (ValueError, TypeError):
        raise DTypeError(
            f"Got {_describe(x)}, which is no array of numbers.", "give every row the same length, and numbers alone."
        ) from None
    kind = array.dtype.kind if is_weak(x) else ""
    if kind == "f" and dtype is not None and dtype.kind in "iu":
        raise DTypeError(
            f"Got {_describe(x)} for {dtype}: floats are not turned into integers unasked.",
            f"give integers, or ask for it: klods.cast(x, '{dtype}').",
        )
    if dtype is None and kind == "f":
        return array.astype(FLOAT32)
    if dtype is None and kind == "i" and _fits_int32(array):
        return array.astype(INT32)
    return array


def _fits_int32(array: np.ndarray) -> bool:
    limits = np.iinfo(INT32)
    return bool(array.min() >= limits.min and array.max() <= limits.max)


def _describe(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= 40 else f"{text[:37]}..."


__getattr__ = reporter(__name__)
