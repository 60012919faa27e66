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
from klods.structures import leaves

TEXT = np.dtype("S")  # of any length, as UTF-8: that of an array is as long as its longest text


class DType:
    """An element type, such as `klods.float32`; equal to its name and to NumPy's dtype.

    Example:
        >>> import klods
        >>> klods.float32, klods.float32 == "float32", klods.int8.max
        (klods.float32, True, 127)
    """

    __slots__ = ("dtype",)

    def __init__(self, name: str) -> None:
        self.dtype = TEXT if name == "string" else np.dtype(name)

    @property
    def name(self) -> str:
        return "string" if self.dtype is TEXT else self.dtype.name

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
bool_, string = DType("bool"), DType("string")

NUMBERS = (float32, float64, float16, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool_)
ALL = (*NUMBERS, string)


class _ByDtype(dict[np.dtype, DType]):
    """The dtypes by NumPy's, among which text of each length has its own."""

    def __missing__(self, dtype: np.dtype) -> DType:
        if dtype.kind == "S":
            return string
        raise KeyError(dtype)


DTYPES = _ByDtype({known.dtype: known for known in NUMBERS})
FLOAT32, FLOAT64, INT32, INT64, BOOL = (known.dtype for known in (float32, float64, int32, int64, bool_))
FROM_PYTHON = {None: FLOAT32, float: FLOAT32, int: INT32, "float": FLOAT32, "string": TEXT, str: TEXT, bytes: TEXT}


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
    if dtype.kind == "S":
        return TEXT
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
    if dtypes and dtypes[0].kind == "S":
        return TEXT
    return INT32 if "i" in weak else BOOL


def as_array(x: Any, dtype: np.dtype | None = None) -> np.ndarray:
    """Return `x` as an array: Python floats as float32, integers as int32, text as UTF-8, arrays as they are.

    Raises:
        DTypeError: for objects, ragged lists, text where numbers are asked for, numbers where text is, and Python
            floats where integers are.
    """
    array = x if isinstance(x, np.ndarray) else _from_python(x, dtype)
    if array.dtype not in DTYPES:
        array = _native(array, x)
        if array.dtype.kind == "S" and (dtype is None or dtype.kind == "S"):
            return array
    if dtype is not None and array.dtype != dtype:
        if array.size and "S" in (array.dtype.kind, dtype.kind):
            raise DTypeError(
                f"Got {_describe(x)}, which holds {DTYPES[array.dtype]}, where {DTYPES[dtype]} is expected.",
                "give numbers or booleans alone, or text alone.",
            )
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
    """Return an array of numbers in the machine's byte order, of text as UTF-8."""
    if array.dtype.kind not in "SUTO" and array.dtype.newbyteorder("=") in DTYPES:
        return array.astype(array.dtype.newbyteorder("="))
    if not _is_text(array, x):
        raise DTypeError(
            f"Got {_describe(x)}, which holds {array.dtype} values; a tensor holds numbers, booleans or text.",
            "convert it first, for instance with x.astype('float32').",
        )
    if array.dtype.kind == "S":
        return array
    encoded = [item.encode() if isinstance(item, str) else item for item in array.flat]
    return np.array(encoded, TEXT).reshape(array.shape)


def _is_text(array: np.ndarray, x: Any) -> bool:
    """Tell whether an array made of `x` holds text alone: NumPy makes text of numbers in a list with text."""
    if array.dtype.kind == "O":
        return array.size > 0 and all(isinstance(item, (str, bytes)) for item in array.flat)
    items = leaves(x) if isinstance(x, (list, tuple)) else []
    return array.dtype.kind in "SUT" and all(isinstance(item, (str, bytes)) for item in items)


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
    if kind == "f" and array.size and dtype is not None and dtype.kind in "iu":
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
    text = " ".join(repr(x).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


__getattr__ = reporter(__name__)
