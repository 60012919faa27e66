"""Block, the record of one operation, and how a block is called on tensors.

Everything klods knows of an operation stands in its record: what it computes on arrays, the same as plain loops, the
shape it gives, and its gradient, written in other blocks. `BLOCKS` is the table of all records, by name.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from klods.dtypes import BOOL, DTYPES, FLOAT32, FLOAT64, INT32, as_array, is_weak, promote
from klods.errors import ArgumentError, DataError, DTypeError, KlodsError, PositionError, ShapeError
from klods.graph.symbol import Symbol, engine, tracing
from klods.ops.vocabulary import naive
from klods.tensor import Placeholder, Tensor, TensorLike, Variable, convert_to_tensor, holds_tensors, watching

# Infinity and NaN are values like others here; `klods.keras` warns where they first appear in training.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"klods\.(ops|tensor)")

BOXES = (Tensor, Variable)
SEQUENCES = (list, tuple)
Shape = tuple[int, ...]
Rule = Callable[..., Tensor]
Gives = str | Callable[..., np.dtype] | None
Operation = TypeVar("Operation", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One operation.

    Attributes:
        name: its name in the table.
        compute: the vectorised reading, `compute(*arrays, **attributes) -> array`.
        naive: the same in plain Python loops, for reading and for tests.
        shape: `shape(*shapes, **attributes) -> shape`; raises ShapeError where shapes don't fit.
        gradient: one rule per input, or None where the block has no gradient with respect to it. A rule is
            `rule(cotangent, output, *inputs, **attributes) -> cotangent of that input`, in blocks; what
            broadcasting spread out, the tape sums up again.
        kind: how operands are aligned first: `same` (to one dtype), `number` (to one dtype, truths to int32), `float`
            (to one floating dtype), `select` (the first to bool, the others to one dtype), `as is`, `view` (as is;
            the result may share its memory).
        quiet: whether NumPy's floating-point warnings are silenced: infinity and NaN are results here.
        body: for a pointwise block, the function of scalars that its loop applies.
        gives: the name of the output's dtype, or a function of the operands' dtypes and the attributes; that of the
            aligned operands by default.
    """

    name: str
    compute: Callable[..., np.ndarray]
    naive: Callable[..., np.ndarray]
    shape: Callable[..., Shape]
    gradient: Sequence[Rule | None] = ()
    kind: str = "as is"
    quiet: bool = False
    body: Callable[..., Any] | None = None
    gives: Gives = None

    def dtype(self, *dtypes: Any, **attributes: Any) -> np.dtype:
        """Return the dtype of the output for operands of these dtypes; Python numbers are given as their types."""
        if callable(self.gives):
            return self.gives(*dtypes, **attributes)
        return aligned_dtype(self, dtypes) if self.gives is None else np.dtype(self.gives)


BLOCKS: dict[str, Block] = {}


def pointwise(
    *gradient: Rule | None, kind: str = "same", quiet: bool = False, gives: Gives = None
) -> Callable[[Operation], Operation]:
    """Make an element-wise operation of the function of scalars below: its body, in all readings.

    Args:
        gradient: one rule per input; see `Block`.
        kind: see `Block`.
        quiet: see `Block`.
        gives: see `Block`.

    Example:
        >>> import klods
        >>> from klods.ops.vocabulary import where
        >>> @pointwise(lambda c, y, x: klods.where(x > 0, c, 0))
        ... def ramp_up(x):
        ...     return where(x > 0, x, 0)
        >>> ramp_up(klods.constant([-1., 2.])).numpy()
        array([0., 2.], dtype=float32)
        >>> del BLOCKS["ramp_up"]
    """

    def define(body: Operation) -> Operation:
        loop = functools.partial(naive_loop, body)
        count = sum(p.default is p.empty for p in inspect.signature(body).parameters.values())
        return operation(
            Block(_name(body), body, loop, broadcast_shape, gradient, kind, quiet, body, gives), body, count
        )

    return define


def block(
    naive: Callable[..., np.ndarray],
    shape: Callable[..., Shape],
    *gradient: Rule | None,
    inputs: int | None = 1,
    kind: str = "as is",
    quiet: bool = False,
    rules: Sequence[Rule | None] | None = None,
    gives: Gives = None,
) -> Callable[[Operation], Operation]:
    """Make an operation of the function of arrays below, which is its vectorised reading.

    Args:
        naive: the same in plain loops.
        shape: the shape it gives.
        gradient: one rule per input; see `Block`.
        inputs: how many of the function's parameters, from the first on, are tensors; the others are attributes. None
            for any number of tensors.
        kind: see `Block`.
        quiet: see `Block`.
        rules: for a block of any number of inputs, an object whose item `i` is the rule of input `i`.
        gives: see `Block`.
    """

    def define(compute: Operation) -> Operation:
        record = Block(_name(compute), compute, naive, shape, rules or gradient, kind, quiet, None, gives)
        return operation(record, compute, inputs)

    return define


def operation(block: Block, like: Operation, count: int | None) -> Operation:
    """Enter a block of `count` inputs in the table and return the function that calls it on tensors.

    The function takes its parameters and documentation from `like`.
    """
    compute, kind = _silenced(block.compute) if block.quiet else block.compute, block.kind
    names, views = list(inspect.signature(like).parameters), kind == "view"

    @functools.wraps(like)
    def call(*inputs: Any, **attributes: Any) -> Tensor:
        if attributes or len(inputs) != count:
            inputs, attributes = _arranged(block.name, names, count, inputs, attributes)
        if views and type(inputs[0]) not in BOXES:
            inputs = (convert_to_tensor(inputs[0]),)  # a copy: the caller may write to theirs
        values = [x.value if type(x) in BOXES else x for x in inputs]
        try:
            if not prepared(values):
                if tracing.get() is not None and any(holds_tensors(x) for x in inputs):
                    return call(*[convert_to_tensor(x) if holds_tensors(x) else x for x in inputs], **attributes)
                symbol = next((v for v in values if type(v) is Symbol), None)
                if symbol is not None:
                    if symbol.tracer is not tracing.get():
                        await_trace(symbol)
                        return call(*inputs, **attributes)
                    return noted(block, inputs, Tensor(symbol.tracer.apply(block.name, values, attributes)), attributes)
                placeholder = next((x for x in inputs if isinstance(x, Placeholder)), None)
                if placeholder is not None:
                    return placeholder.record(call, inputs, attributes)
                inputs, values = aligned(inputs, values, kind)
            result = compute(*values, **attributes)
        except Exception as error:
            raise explained(error, block, values, attributes) from None
        return noted(block, inputs, Tensor(result), attributes)

    call.block = block  # type: ignore[attr-defined]
    BLOCKS[block.name] = block
    return call  # type: ignore[return-value]


def recordable(function: Operation) -> Operation:
    """Make a function of blocks one call, as a block is, where a placeholder is among its arguments."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        placeholder = placeholder_in((*args, *kwargs.values()))
        return function(*args, **kwargs) if placeholder is None else placeholder.record(call, args, kwargs)

    return call  # type: ignore[return-value]


def placeholder_in(arguments: Sequence[Any]) -> Placeholder | None:
    """Return the first placeholder among arguments, or in lists among them."""
    for x in arguments:
        if isinstance(x, Placeholder):
            return x
        if type(x) in SEQUENCES and (found := placeholder_in(x)) is not None:
            return found
    return None


def noted(block: Block, inputs: Sequence[Any], output: Tensor, attributes: dict[str, Any]) -> Tensor:
    """Return the output, after every watching tape has written the operation down."""
    for tape in watching.get():
        tape.record(block, inputs, output, attributes)
    return output


def await_trace(symbol: Symbol) -> None:
    """Wait for another thread that traces a function, for as long as variables hold its symbols.

    Raises:
        StateError: if no thread does: the symbol has leaked out of its function.
    """
    symbol.tracer.check_open()
    with engine:
        pass


def prepared(values: list[Any]) -> bool:
    """Tell whether all operands are float32 arrays or Python numbers: the common case, where nothing needs aligning."""
    arrays = False
    for value in values:
        kind = type(value)
        if kind is np.ndarray or kind is np.float32:
            if value.dtype is not FLOAT32:
                return False
            arrays = True
        elif kind is not int and kind is not float:
            return False
    return arrays


def aligned(inputs: tuple[Any, ...], values: list[Any], kind: str) -> tuple[tuple[Any, ...], list[Any]]:
    """Return the inputs, lists among them turned into tensors or arrays, and their values ready to compute on.

    The values are arrays of one dtype, beside Python numbers that won't widen it.
    """
    if any(type(value) in SEQUENCES for value in values):
        inputs = tuple(convert_to_tensor(x) if holds_tensors(x) else x for x in inputs)
        values = _aligned([x.value if type(x) in BOXES else x for x in inputs], inputs, kind)
        return tuple(v if type(x) in SEQUENCES else x for x, v in zip(inputs, values)), values
    return inputs, _aligned(values, inputs, kind)


def aligned_dtype(block: Block, dtypes: Sequence[Any]) -> np.dtype:
    """Return the dtype in which a block computes on operands of these dtypes, or of these Python types."""
    if block.kind in ("as is", "view"):
        return dtypes[0]
    joined = dtypes[1:] if block.kind == "select" else dtypes
    weak = "".join({bool: "b", int: "i", float: "f"}[d] for d in joined if isinstance(d, type))
    return _computing_dtype(promote([d for d in joined if not isinstance(d, type)], weak), block.kind)


def static(x: Any) -> Any:
    """Return an attribute as plain Python data: lists as tuples, tensors and NumPy numbers as numbers."""
    if isinstance(x, TensorLike):
        x = x.value
    if isinstance(x, (np.generic, np.ndarray)):
        x = x.tolist()
    if isinstance(x, (list, tuple)):
        return tuple(item if isinstance(item, np.ndarray) else static(item) for item in x)
    return x


def naive_loop(body: Callable[..., Any], *arrays: Any, **attributes: Any) -> np.ndarray:
    """Apply a body to broadcast operands in a nested Python loop: the naive reading of a pointwise block."""
    scalar = naive(body)
    operands = np.broadcast_arrays(*arrays)
    results = [scalar(*(x[index].item() for x in operands), **attributes) for index in np.ndindex(operands[0].shape)]
    return np.array(results).reshape(operands[0].shape)


def broadcast_shape(*shapes: Shape, **attributes: Any) -> Shape:
    """Return the shape that operands of these shapes broadcast to.

    Example:
        >>> broadcast_shape((32, 10), (10,))
        (32, 10)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(
            f"shapes {' and '.join(map(str, shapes))} don't broadcast: from the right, axes must be equal or 1.",
            "reshape one operand, or insert an axis with klods.expand_dims.",
        ) from None


def checked_axis(axis: int, shape: Sequence[int]) -> int:
    """Return the axis counted from the first.

    Raises:
        ShapeError: if the shape has no such axis.
    """
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(f"shape {tuple(shape)} has no axis {axis}.", f"it has {len(shape)}, numbered from 0.")
    return axis % len(shape)


def explained(error: Exception, block: Block, values: list[Any], attributes: dict[str, Any]) -> Exception:
    """Return klods's own words for what NumPy or a block raised on these operands."""
    if isinstance(error, KlodsError):
        return type(error)(_named(block, error.what), error.mend)
    try:
        block.shape(*(np.shape(v) for v in values), **attributes)
    except KlodsError as better:
        return type(better)(_named(block, better.what), better.mend)
    except Exception:
        pass  # the first error says more
    if any(getattr(getattr(v, "dtype", None), "kind", "") == "S" for v in values):
        return DTypeError(f"{block.name} works on numbers; got text.", "make numbers of the text first.")
    kind = next((own for python, own in OWN_ERRORS.items() if isinstance(error, python)), None)
    shapes = ", ".join(f"{np.shape(v)} {getattr(v, 'dtype', type(v).__name__)}" for v in values)
    return kind(f"{block.name} can't work on {shapes or 'nothing'}: {str(error).rstrip('.')}.") if kind else error


OWN_ERRORS: dict[type[Exception], type[KlodsError]] = {
    TypeError: DTypeError,
    ValueError: DataError,
    IndexError: PositionError,
    OverflowError: DataError,
}


def _name(function: Callable[..., Any]) -> str:
    return function.__name__.strip("_")


def _named(block: Block, what: str) -> str:
    return what if what.startswith(block.name) else f"{block.name}: {what}"


def _aligned(values: list[Any], inputs: Sequence[Any], kind: str) -> list[Any]:
    if kind == "select":
        branches = values[1:] if prepared(values[1:]) else _aligned(values[1:], inputs[1:], "same")
        return [as_array(values[0], BOOL), *branches]
    if kind in ("as is", "view"):
        return [v if type(v) is np.ndarray and v.dtype in DTYPES else as_array(v) for v in values]
    return values if _agree(values, kind) else _converted(values, inputs, kind)


def _agree(values: list[Any], kind: str) -> bool:
    """Tell whether all arrays have one dtype, which the Python numbers beside them won't widen."""
    dtype, kinds = None, "f"
    for value in values:
        python = type(value)
        if python is int:
            kinds += "iu" if kind in ("same", "number") else ""
        elif python is float:
            kinds = "f"
        elif dtype is None:
            dtype = getattr(value, "dtype", None)
            if dtype not in DTYPES:
                return False
        elif getattr(value, "dtype", None) is not dtype:
            return False
    return dtype is not None and dtype.kind in kinds


def alike(*inputs: Any) -> list[Tensor]:
    """Return the inputs as tensors of one dtype, by the rule in `klods.dtypes`."""
    parts = [convert_to_tensor(x) if holds_tensors(x) else x for x in inputs]
    dtype = _common_dtype(parts)
    return [convert_to_tensor(x, dtype) for x in parts]


def _converted(values: list[Any], inputs: Sequence[Any], kind: str) -> list[Any]:
    dtype = _computing_dtype(_common_dtype(inputs), kind)
    return [as_array(value, dtype) for value in values]


def _computing_dtype(dtype: np.dtype, kind: str) -> np.dtype:
    if kind == "number" and dtype == BOOL:
        return INT32
    return FLOAT32 if kind == "float" and dtype.kind != "f" else dtype


def _common_dtype(inputs: Sequence[Any]) -> np.dtype:
    beside = any(isinstance(x, TensorLike) for x in inputs)
    strong, weak = [], ""
    for x in inputs:
        dtype = x.value.dtype if isinstance(x, TensorLike) else as_array(x).dtype
        if is_weak(x) or (beside and dtype == FLOAT64 and not isinstance(x, TensorLike)):
            weak += dtype.kind
        else:
            strong.append(dtype)
    return promote(strong, weak)


def _arranged(
    name: str, names: list[str], count: int | None, inputs: tuple[Any, ...], attributes: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return inputs and attributes apart, whichever way the caller passed them."""
    attributes.pop("name", None)
    if count is None:
        return inputs, {key: static(x) for key, x in attributes.items()}
    given = dict(zip(names, inputs))
    if len(inputs) > len(names) or given.keys() & attributes.keys() or attributes.keys() - set(names):
        passed = ", ".join([f"{len(inputs)} by position", *attributes])
        raise ArgumentError(f"{name} takes {', '.join(names)}; got {passed}.", "pass each once, by these names.")
    given.update(attributes)
    missing = [n for n in names[:count] if n not in given]
    if missing:
        raise ArgumentError(f"{name} takes {', '.join(names)}; got no {' and no '.join(missing)}.")
    return tuple(given[n] for n in names[:count]), {n: static(given[n]) for n in names[count:] if n in given}


def _silenced(compute: Callable[..., Any]) -> Callable[..., Any]:
    def quiet(*arrays: Any, **attributes: Any) -> Any:
        with np.errstate(all="ignore"):
            return compute(*arrays, **attributes)

    return quiet
