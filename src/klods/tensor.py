"""Tensor, an immutable array, and Variable, a named cell that holds a tensor and can be assigned another."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np

from klods.dtypes import DTYPES, DType, as_array, as_dtype
from klods.errors import DataError, DTypeError, ShapeError
from klods.graph.symbol import tracing

# The tapes that are watching, innermost last; every operation asks for them.
watching: ContextVar[tuple[Any, ...]] = ContextVar("watching", default=())


class TensorShape(tuple):
    """The sizes of a tensor's axes: a tuple with TensorFlow's conveniences.

    Example:
        >>> import klods
        >>> shape = klods.zeros((2, 3)).shape
        >>> shape, shape.rank, shape.as_list(), shape == [2, 3]
        (TensorShape([2, 3]), 2, [2, 3], True)
    """

    __slots__ = ()

    @property
    def rank(self) -> int:
        return len(self)

    ndims = rank

    def as_list(self) -> list[int]:
        return list(self)

    def num_elements(self) -> int:
        count = 1
        for size in self:
            count *= size
        return count

    def __getitem__(self, key: Any) -> Any:
        part = tuple.__getitem__(self, key)
        return TensorShape(part) if isinstance(key, slice) else part

    def __add__(self, other: Any) -> TensorShape:
        return TensorShape((*self, *other))

    def __radd__(self, other: Any) -> TensorShape:
        return TensorShape((*other, *self))

    def __eq__(self, other: object) -> bool:
        return tuple.__eq__(self, tuple(other)) if isinstance(other, (tuple, list)) else False

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self) -> str:
        return f"TensorShape({list(self)})"

    def __str__(self) -> str:
        return tuple.__repr__(self)


class TensorLike:
    """What Tensor and Variable share: reading, and the operators, which `klods.ops.operators` binds to their blocks."""

    __slots__ = ()
    __array_priority__ = 100  # so that `ndarray + tensor` asks the tensor

    value: Any

    __add__: ClassVar[Any]
    __radd__: ClassVar[Any]
    __sub__: ClassVar[Any]
    __rsub__: ClassVar[Any]
    __mul__: ClassVar[Any]
    __rmul__: ClassVar[Any]
    __truediv__: ClassVar[Any]
    __rtruediv__: ClassVar[Any]
    __floordiv__: ClassVar[Any]
    __rfloordiv__: ClassVar[Any]
    __mod__: ClassVar[Any]
    __rmod__: ClassVar[Any]
    __pow__: ClassVar[Any]
    __rpow__: ClassVar[Any]
    __matmul__: ClassVar[Any]
    __rmatmul__: ClassVar[Any]
    __neg__: ClassVar[Any]
    __abs__: ClassVar[Any]
    __invert__: ClassVar[Any]
    __and__: ClassVar[Any]
    __rand__: ClassVar[Any]
    __or__: ClassVar[Any]
    __ror__: ClassVar[Any]
    __xor__: ClassVar[Any]
    __rxor__: ClassVar[Any]
    __lt__: ClassVar[Any]
    __le__: ClassVar[Any]
    __gt__: ClassVar[Any]
    __ge__: ClassVar[Any]
    __getitem__: ClassVar[Any]
    __hash__: ClassVar[None]  # type: ignore[assignment]
    stacked: ClassVar[Any]
    cast_to: ClassVar[Any]

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self.value.shape)

    @property
    def dtype(self) -> DType:
        return DTYPES[self.value.dtype]

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.value.size

    @property
    def device(self) -> str:
        return "/device:CPU:0"

    def get_shape(self) -> TensorShape:
        return self.shape

    def _repr_html_(self) -> str:
        from klods.pictures.arrays import array_html

        return array_html(np.asarray(self.value))

    def numpy(self) -> Any:
        """Return a copy of the values as a NumPy array, or as a NumPy scalar for a scalar tensor."""
        return self.value.copy() if self.value.ndim else _single(self.value)

    def ref(self) -> Reference:
        """Return a hashable stand-in for this object, to use as a dictionary's key."""
        return Reference(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.array(self.value, dtype=dtype, copy=copy)
        if array is not self.value:
            return array
        shared = array.view()
        shared.flags.writeable = False
        return shared

    def __len__(self) -> int:
        if not self.value.shape:
            raise DTypeError("A scalar tensor has no len(): it has no axes.", "use klods.size(x) for its one element.")
        return self.value.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.value.shape:
            raise DTypeError("A scalar tensor has no axis to iterate over.", "use float(x) or x.numpy().")
        return (self[i] for i in range(self.value.shape[0]))

    def __bool__(self) -> bool:
        return bool(self._scalar("a truth value", "use klods.reduce_any(x) or klods.reduce_all(x)."))

    def __float__(self) -> float:
        return float(self._scalar("a float", "reduce it first, for instance with klods.reduce_mean(x)."))

    def __int__(self) -> int:
        return int(self._scalar("an integer", "reduce it or index into it first."))

    def __index__(self) -> int:
        if self.value.dtype.kind not in "iu":
            raise DTypeError(f"A {self.value.dtype} tensor can't be an index.", "cast it: klods.cast(x, 'int32').")
        return int(self)

    def __format__(self, spec: str) -> str:
        if spec and self.value.ndim:
            raise DTypeError(
                f"A tensor of shape {self.value.shape} can't be formatted with ':{spec}' as a number can.",
                "reduce it or index into it first.",
            )
        return format(_single(self.value), spec)

    def _scalar(self, wanted: str, mend: str) -> Any:
        if self.value.size != 1:
            raise ShapeError(f"A tensor of shape {self.value.shape} has no single value to make {wanted} of.", mend)
        return _single(self.value.reshape(()))


class Tensor(TensorLike):
    """An immutable multi-dimensional array of one dtype.

    Attributes:
        value: the NumPy array (or NumPy scalar) inside; not to be written to.

    Example:
        >>> import klods
        >>> x = klods.constant([[1., 2.], [3., 4.]])
        >>> x @ x
        <klods.Tensor: shape=(2, 2), dtype=float32, numpy=
        array([[ 7., 10.],
               [15., 22.]], dtype=float32)>
    """

    # `assign` is set on what indexing a variable gives, `_keras_mask` on what layers that mask give, and only there.
    __slots__ = ("__weakref__", "_keras_mask", "assign", "value")

    value: Any
    assign: Any
    _keras_mask: Any

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"<klods.Tensor: {_summary(self.value)}>"

    def __str__(self) -> str:
        return f"klods.Tensor({self.value}, shape={self.value.shape}, dtype={DTYPES[self.value.dtype]})"


class Variable(TensorLike):
    """A cell that holds a tensor and can be assigned another: what training changes.

    Args:
        initial_value: a tensor, array, number or nested list, or a function without arguments that returns one.
        trainable: whether tapes watch it by themselves.
        name: a name for people.
        dtype: the dtype to convert to; that of the value by default.

    Example:
        >>> import klods
        >>> w = klods.Variable([1., 2.], name="w")
        >>> w.assign_sub([0.5, 0.5])
        <klods.Variable 'w' shape=(2,) dtype=float32, numpy=array([0.5, 1.5], dtype=float32)>
    """

    __slots__ = ("__dict__", "__weakref__", "lent", "name", "tensor", "trainable")

    def __init__(self, initial_value: Any, trainable: bool = True, name: str | None = None, dtype: Any = None) -> None:
        start = initial_value() if callable(initial_value) else initial_value
        start = start.value if isinstance(start, TensorLike) else start
        array = as_array(start, None if dtype is None else as_dtype(dtype))
        if array.dtype.kind == "S":
            raise DTypeError("A Variable holds numbers; got text.", "keep text in a tensor, a list or a Dataset.")
        self.tensor = Tensor(_owned(array))
        self.lent = False  # whether others hold the tensor: a compiled step overwrites only what nobody else holds
        self.trainable = trainable
        self.name = name or "Variable"

    @property
    def value(self) -> Any:
        self.lent = True
        return self.tensor.value

    def read_value(self) -> Tensor:
        """Return the present value as a tensor, which later assignments don't change."""
        for tape in watching.get():
            tape.see(self)
        self.lent = True
        return self.tensor

    def assign(self, value: Any, name: str | None = None) -> Variable:
        """Set the value. Shape and dtype stay as they are.

        Raises:
            ShapeError: if the shapes differ.
            DTypeError: if a floating value would lose its fraction in an integer variable.
        """
        self._announce()
        array = value.value if isinstance(value, TensorLike) else _owned(as_array(value))
        self.tensor = Tensor(self._checked(array, self.value.shape).astype(self.value.dtype, copy=False))
        return self

    def assign_add(self, delta: Any, name: str | None = None) -> Variable:
        """Add `delta`, of the same shape or broadcast to it."""
        return self._assign_changed(np.add, delta)

    def assign_sub(self, delta: Any, name: str | None = None) -> Variable:
        """Subtract `delta`, of the same shape or broadcast to it."""
        return self._assign_changed(np.subtract, delta)

    def assign_at(self, key: Any, value: Any) -> Variable:
        """Set the elements at a NumPy-style key; `variable[key].assign(value)` does this."""
        array, part = np.array(self.value), value.value if isinstance(value, TensorLike) else as_array(value)
        array[key] = self._checked(part, array[key].shape)
        self.tensor = Tensor(_owned(array))
        return self

    def _assign_changed(self, change: Any, delta: Any) -> Variable:
        self._announce()
        array = delta.value if isinstance(delta, TensorLike) else as_array(delta)
        shape = self.value.shape
        self._checked(array, array.shape if _broadcasts(array.shape, shape) else shape)
        changed = change(self.value, array)
        self.tensor = Tensor(changed.astype(self.value.dtype, copy=False))
        return self

    def _announce(self) -> None:
        """Tell the tracer at work, if there is one, that this variable is assigned."""
        tracer = tracing.get()
        if tracer is not None:
            tracer.meet(self)

    def _checked(self, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        if array.shape != shape:
            raise ShapeError(
                f"Variable '{self.name}' takes a value of shape {shape} here; got one of {array.shape}.",
                "give it a value of that shape; make a new Variable for another shape.",
            )
        if array.dtype.kind == "f" and self.value.dtype.kind != "f":
            raise DTypeError(
                f"Variable '{self.name}' holds {self.value.dtype}; got a {array.dtype} value.",
                "cast the value, or make the variable floating: klods.Variable(x, dtype='float32').",
            )
        return array

    def __format__(self, spec: str) -> str:
        return super().__format__(spec) if spec else repr(self)

    def __repr__(self) -> str:
        summary = _summary(self.value).replace(", dtype", " dtype", 1)
        return f"<klods.Variable '{self.name}' {summary}>"


class Placeholder:
    """Stands for a tensor of a model that is being put together: what is called on it is recorded, not computed."""

    def record(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Write down the call of a function with this among its arguments; return what stands for its result."""
        raise NotImplementedError


class Reference:
    """A hashable stand-in for a tensor or variable, equal to another of the same object."""

    __slots__ = ("_target",)

    def __init__(self, target: TensorLike) -> None:
        self._target = target

    def deref(self) -> TensorLike:
        return self._target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other._target is self._target

    def __hash__(self) -> int:
        return id(self._target)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Tensor:
    """Return a tensor of a number, a nested list or an array. Python floats become float32, integers int32.

    Args:
        value: what it holds.
        dtype: the dtype to convert to.
        shape: the shape to give it; a single value fills it.
        name: accepted for TensorFlow's sake, and not used.

    Example:
        >>> import klods
        >>> klods.constant([1, 2, 3]).dtype, klods.constant(0.5).dtype
        (klods.int32, klods.float32)
    """
    if isinstance(value, TensorLike):
        value = value.value
    array = as_array(value, None if dtype is None else as_dtype(dtype))
    if shape is not None:
        array = _filled(array, tuple(shape))
    return Tensor(_owned(array))


def convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return `value` as a tensor; a tensor of the right dtype comes back as it is.

    Gradients flow through it, also where it casts a tensor, or stacks the tensors in a list.

    Example:
        >>> import klods
        >>> klods.convert_to_tensor([klods.constant(1.), 2.]).numpy()
        array([1., 2.], dtype=float32)
    """
    if isinstance(value, Variable):
        value = value.read_value()
    elif holds_tensors(value):
        value = TensorLike.stacked(value)
    if isinstance(value, Placeholder):
        return value if dtype is None else value.record(TensorLike.cast_to, (value, dtype), {})  # type: ignore[return-value]
    if not isinstance(value, Tensor):
        return constant(value, dtype)
    return value if dtype is None or value.value.dtype == as_dtype(dtype) else TensorLike.cast_to(value, dtype)


def holds_tensors(x: Any) -> bool:
    """Tell whether `x` is a list or tuple, however nested, with a tensor in it."""
    return isinstance(x, (list, tuple)) and any(isinstance(item, TensorLike) or holds_tensors(item) for item in x)


def is_tensor(x: Any) -> bool:
    """Tell whether `x` is a klods tensor or variable."""
    return isinstance(x, TensorLike)


def _owned(array: np.ndarray) -> Any:
    """Return a copy, for the caller may write to theirs; of a scalar as a NumPy scalar, which computes faster."""
    return array.copy() if array.ndim else array[()]


def _filled(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.size == 1:
        return np.full(shape, array.reshape(())[()])
    try:
        return array.reshape(shape)
    except ValueError:
        raise DataError(f"{array.size} values don't fill the shape {shape}.", "leave shape out or match it.") from None


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    fits = zip(reversed(shape), reversed(target))
    return len(shape) <= len(target) and all(a == b or a == 1 for a, b in fits)


def _summary(value: Any) -> str:
    text = repr(value) if value.ndim else str(_single(value))
    separator = "\n" if "\n" in text else ""
    return f"shape={value.shape}, dtype={DTYPES[value.dtype]}, numpy={separator}{text}"


def _single(value: Any) -> Any:
    """Return the number or text of an array without axes, or of a NumPy scalar."""
    return value if isinstance(value, np.bytes_) else value[()]
