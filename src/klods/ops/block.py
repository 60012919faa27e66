"""Block, the record of one operation, and how a block is called on tensors.

Everything klods knows of an operation stands in its record: what it computes on arrays, the same as plain loops, the
shape it gives, and its gradient, written in other blocks. `BLOCKS` is the table of all records, by name.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from klods.dtypes import BOOL, FLOAT32, FLOAT64, as_array, promote
from klods.errors import DTypeError, KlodsError, ShapeError
from klods.ops.vocabulary import naive
from klods.tensor import Tensor, TensorLike, Variable, watching

BOXES = (Tensor, Variable)
Shape = tuple[int, ...]
Rule = Callable[..., Tensor]
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
        kind: how operands are aligned first: `same` (to one dtype), `float` (to one floating dtype), `select` (the first
            to bool, the others to one dtype), `as is`.
        quiet: whether NumPy's floating-point warnings are silenced: infinity and NaN are results here.
        body: for a pointwise block, the function of scalars that its loop applies.
    """

    name: str
    compute: Callable[..., np.ndarray]
    naive: Callable[..., np.ndarray]
    shape: Callable[..., Shape]
    gradient: Sequence[Rule | None] = ()
    kind: str = "as is"
    quiet: bool = False
    body: Callable[..., Any] | None = None


BLOCKS: dict[str, Block] = {}


def pointwise(*gradient: Rule | None, kind: str = "same", quiet: bool = False) -> Callable[[Operation], Operation]:
    """Make an element-wise operation of the function of scalars below: its body, in all readings.

    Args:
        gradient: one rule per input; see `Block`.
        kind: see `Block`.
        quiet: see `Block`.

    Example:
        >>> import klods
        >>> from klods.ops.vocabulary import where
        >>> @pointwise(lambda c, y, x: where(x > 0, c, 0 * c))
        ... def ramp_up(x):
        ...     return where(x > 0, x, 0 * x)
        >>> ramp_up(klods.constant([-1., 2.])).numpy()
        array([0., 2.], dtype=float32)
        >>> del BLOCKS["ramp_up"]
    """

    def define(body: Operation) -> Operation:
        name = body.__name__.rstrip("_")
        loop = functools.partial(naive_loop, body)
        return operation(Block(name, body, loop, broadcast_shape, gradient, kind, quiet, body), like=body)

    return define


def block(
    naive: Callable[..., np.ndarray],
    shape: Callable[..., Shape],
    *gradient: Rule | None,
    kind: str = "as is",
    quiet: bool = False,
    rules: Sequence[Rule | None] | None = None,
) -> Callable[[Operation], Operation]:
    """Make an operation of the function of arrays below, which is its vectorised reading.

    Args:
        naive: the same in plain loops.
        shape: the shape it gives.
        gradient: one rule per input; see `Block`.
        kind: see `Block`.
        quiet: see `Block`.
        rules: for a block of any number of inputs, an object whose item `i` is the rule of input `i`.
    """

    def define(compute: Operation) -> Operation:
        name = compute.__name__.rstrip("_")
        return operation(Block(name, compute, naive, shape, rules or gradient, kind, quiet), like=compute)

    return define


def operation(block: Block, like: Operation) -> Operation:
    """Enter a block in the table and return the function that calls it on tensors, documented like `like`."""
    compute, kind = _silenced(block.compute) if block.quiet else block.compute, block.kind
    names, count = _parameters(like)

    @functools.wraps(like)
    def call(*inputs: Any, **attributes: Any) -> Tensor:
        if attributes or len(inputs) != count:
            inputs, attributes = _arranged(block.name, names, count, inputs, attributes)
        values = [x.value if type(x) in BOXES else x for x in inputs]
        try:
            result = compute(*(values if prepared(values) else aligned(values, inputs, kind)), **attributes)
        except Exception as error:
            raise explained(error, block, values, attributes) from None
        output = Tensor(result)
        for tape in watching.get():
            tape.record(block, inputs, output, attributes)
        return output

    call.block = block  # type: ignore[attr-defined]
    BLOCKS[block.name] = block
    return call  # type: ignore[return-value]


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


def aligned(values: list[Any], inputs: Sequence[Any], kind: str) -> list[Any]:
    """Return the operands ready to compute on: arrays of one dtype, beside Python numbers that won't widen it."""
    if kind == "as is":
        return [v if type(v) is np.ndarray else as_array(v) for v in values]
    dtype, kinds = None, "f"
    for value in values:
        weak = type(value)
        if weak is int:
            kinds += "iu" if kind == "same" else ""
        elif weak is float:
            kinds = "f"
        elif dtype is None:
            dtype = getattr(value, "dtype", None)
            if dtype is None:
                return _converted(inputs, kind)
        elif getattr(value, "dtype", None) is not dtype:
            return _converted(inputs, kind)
    return values if dtype is not None and dtype.kind in kinds else _converted(inputs, kind)


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


def explained(error: Exception, block: Block, values: list[Any], attributes: dict[str, Any]) -> Exception:
    """Return klods's own words for what NumPy or a block raised on these operands."""
    if isinstance(error, KlodsError):
        return type(error)(_named(block, error.what), error.mend)
    try:
        block.shape(*(np.shape(v) for v in values), **attributes)
    except KlodsError as better:
        return type(better)(_named(block, better.what), better.mend)
    except Exception:
        pass
    shapes = ", ".join(f"{np.shape(v)} {getattr(v, 'dtype', type(v).__name__)}" for v in values)
    kind = DTypeError if isinstance(error, TypeError) else ShapeError if isinstance(error, ValueError) else None
    text = f"{block.name} can't work on {shapes or 'nothing'}: {error}"
    return kind(text) if kind else type(error)(text)


def _named(block: Block, what: str) -> str:
    return what if what.startswith(block.name) else f"{block.name}: {what}"


def _converted(operands: Sequence[Any], kind: str) -> list[Any]:
    if kind == "select":
        condition, *branches = operands
        return [as_array(_value(condition), BOOL), *_converted(branches, "same")]
    arrays = {i: as_array(_value(x)) for i, x in enumerate(operands) if not _weak_kind(x)}
    tensors = [x.value.dtype for x in operands if isinstance(x, TensorLike)]
    dtypes = tensors + [arrays[i].dtype for i in arrays if not isinstance(operands[i], TensorLike)]
    if any(d.kind == "f" for d in tensors):
        dtypes = [d for i, d in enumerate(dtypes) if i < len(tensors) or d != FLOAT64]
    dtype = promote(dtypes, "".join(map(_weak_kind, operands)))
    if kind == "float" and dtype.kind != "f":
        dtype = FLOAT32
    return [as_array(arrays.get(i, x), dtype) for i, x in enumerate(operands)]


def _parameters(function: Callable[..., Any]) -> tuple[list[str], int | None]:
    """Return the parameters' names and how many are inputs (those before `*`); None for any number of inputs."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY], None
    return [p.name for p in parameters], sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)


def _arranged(
    name: str, names: list[str], count: int | None, inputs: tuple[Any, ...], attributes: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return inputs and attributes apart, whichever way the caller passed them."""
    attributes.pop("name", None)
    if count is None:
        return inputs, {key: static(x) for key, x in attributes.items()}
    given = dict(zip(names, inputs))
    if len(inputs) > len(names) or given.keys() & attributes.keys() or attributes.keys() - set(names):
        raise TypeError(f"{name} takes {', '.join(names)}; got {len(inputs)} values and {', '.join(attributes)}")
    given.update(attributes)
    missing = [n for n in names[:count] if n not in given]
    if missing:
        raise TypeError(f"{name} needs {' and '.join(missing)}")
    return tuple(given[n] for n in names[:count]), {n: static(given[n]) for n in names[count:] if n in given}


def _value(x: Any) -> Any:
    return x.value if isinstance(x, TensorLike) else x


def _weak_kind(value: Any) -> str:
    return {bool: "b", int: "i", float: "f"}.get(type(value), "")


def _silenced(compute: Callable[..., Any]) -> Callable[..., Any]:
    def quiet(*arrays: Any, **attributes: Any) -> Any:
        with np.errstate(all="ignore"):
            return compute(*arrays, **attributes)

    return quiet
