"""Functions that run functions: choices, loops and maps as Python does them, under TensorFlow's names.

Inside a traced function, loops whose number of rounds is known are unrolled; a choice that depends on a tensor's value
can't be traced, so that the function runs as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from klods.compiled import TensorSpec
from klods.creation import zeros
from klods.dtypes import as_dtype
from klods.errors import ArgumentError, DataError, DTypeError, ShapeError
from klods.ops.movement import stack
from klods.structures import leaves, mapped, rebuilt
from klods.tensor import Tensor, convert_to_tensor

# ---------------------------------------------------------------- choices


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None) -> Any:
    """Return what the first function returns if `pred` holds, else what the second does; the other isn't called.

    Example:
        >>> import klods
        >>> x = klods.constant(-3.)
        >>> float(klods.cond(x < 0, lambda: -x, lambda: x))
        3.0
    """
    return _tensors(true_fn() if pred else false_fn())


def case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str | None = None,
) -> Any:
    """Return what the function of the first condition that holds returns.

    Args:
        pred_fn_pairs: pairs of a condition and a function, in a list.
        default: the function to call if no condition holds.
        exclusive: whether more than one condition that holds is an error.
        strict: accepted for TensorFlow's sake.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: if no condition holds and there is no default, or several hold that exclude each other.

    Example:
        >>> import klods
        >>> x = klods.constant(5)
        >>> int(klods.case([(x < 3, lambda: 1), (x < 9, lambda: 2)], default=lambda: 3))
        2
    """
    holding = [function for condition, function in pred_fn_pairs if condition]
    if exclusive and len(holding) > 1:
        raise DataError(f"case: {len(holding)} conditions hold.", "let them exclude each other.")
    chosen = holding[0] if holding else default
    if chosen is None:
        raise DataError("case: no condition holds, and there is no default.", "give default=.")
    return _tensors(chosen())


def switch_case(
    branch_index: Any, branch_fns: Any, default: Callable[[], Any] | None = None, name: str | None = None
) -> Any:
    """Return what the function of a number returns; for another number `default`, or the last function.

    Args:
        branch_index: the number.
        branch_fns: functions in a list, or by their numbers in a dict or in pairs.
        default: the function for other numbers.
        name: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> int(klods.switch_case(klods.constant(1), [lambda: 10, lambda: 20]))
        20
    """
    pairs = branch_fns.items() if isinstance(branch_fns, dict) else branch_fns
    functions = dict(pairs if not callable(next(iter(pairs))) else enumerate(pairs))
    last = functions[max(functions)] if default is None else default
    return _tensors(functions.get(int(branch_index), last)())


# ---------------------------------------------------------------- loops


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: str | None = None,
) -> Any:
    """Return the variables of a loop after its last round.

    Args:
        cond: tells, from the variables, whether there is another round.
        body: makes the next variables of the variables.
        loop_vars: a list or tuple of tensors, or of structures of tensors.
        shape_invariants: accepted for TensorFlow's sake: shapes may change.
        parallel_iterations: accepted for TensorFlow's sake.
        back_prop: accepted for TensorFlow's sake.
        swap_memory: accepted for TensorFlow's sake.
        maximum_iterations: how many rounds there are at most.
        name: accepted for TensorFlow's sake.

    Raises:
        ArgumentError: for variables that are no list or tuple, or a body that returns more or fewer.

    Example:
        >>> import klods
        >>> count, total = klods.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), [0, 0])
        >>> int(total)
        10
    """
    if not isinstance(loop_vars, (list, tuple)):
        raise ArgumentError(f"loop_vars is a {type(loop_vars).__name__}.", "give a list of tensors.")
    state, rounds = _tensors(loop_vars), 0
    limit = float("inf") if maximum_iterations is None else int(maximum_iterations)
    while rounds < limit and cond(*state):
        following = body(*state)
        parts = list(following) if isinstance(following, (list, tuple)) else [following]
        if len(parts) != len(state):
            raise ArgumentError(f"while_loop: {len(state)} variables, body returned {len(parts)}.", "return as many.")
        state, rounds = _tensors(parts), rounds + 1
    return list(state) if isinstance(loop_vars, list) else tuple(state)


def map_fn(
    fn: Callable[..., Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: Any = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """Return what a function makes of each slice along the first axis, stacked.

    A function of the whole tensor, where there is one, does the same in far less time.

    Args:
        fn: gets a slice, of several tensors in the structure that they have, and returns tensors in any structure.
        elems: a tensor, or several of one length.
        dtype: the dtypes that fn returns, in its structure; found out by default.
        parallel_iterations: accepted for TensorFlow's sake.
        back_prop: accepted for TensorFlow's sake.
        swap_memory: accepted for TensorFlow's sake.
        infer_shape: accepted for TensorFlow's sake.
        name: accepted for TensorFlow's sake.
        fn_output_signature: dtypes, or each a TensorSpec; instead of `dtype`.

    Raises:
        ShapeError: for tensors of different lengths.
        DTypeError: if fn returns tensors of other dtypes.

    Example:
        >>> import klods
        >>> klods.map_fn(lambda row: klods.reduce_max(row), klods.constant([[1, 5], [7, 2]])).numpy()
        array([5, 7], dtype=int32)
    """
    wanted = dtype if fn_output_signature is None else fn_output_signature
    results = [_typed(fn(element), wanted) for element in _slices("map_fn", elems)]
    return _stacked(results) if results else _empty(_typed(fn(_zero_slice(elems)), wanted))


def vectorized_map(fn: Callable[..., Any], elems: Any, fallback_to_while_loop: bool = True, warn: bool = True) -> Any:
    """Return what a function makes of each slice along the first axis, stacked: `map_fn`, by another name.

    Tensors of length 1 are used for all slices.

    Args:
        fn: see `map_fn`.
        elems: see `map_fn`.
        fallback_to_while_loop: accepted for TensorFlow's sake.
        warn: accepted for TensorFlow's sake.
    """
    length = max(len(convert_to_tensor(x)) for x in leaves(elems))
    alike = mapped(lambda x: x if len(x) == length else stack([x[0]] * length), mapped(convert_to_tensor, elems))
    return map_fn(fn, alike)


def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """Return all that a function makes, one after the other, of what it made before and the next slice; stacked.

    Args:
        fn: gets what it made before and a slice.
        elems: a tensor, or several of one length in any structure.
        initializer: what comes before the first slice; without it, the first slice is the first result.
        parallel_iterations: accepted for TensorFlow's sake.
        back_prop: accepted for TensorFlow's sake.
        swap_memory: accepted for TensorFlow's sake.
        infer_shape: accepted for TensorFlow's sake.
        reverse: whether to go from the last slice to the first; results stay at their slices' places.
        name: accepted for TensorFlow's sake.

    Raises:
        DataError: for tensors of length 0.

    Example:
        >>> import klods
        >>> klods.scan(lambda before, x: before + x, klods.constant([1, 2, 3])).numpy()
        array([1, 3, 6], dtype=int32)
    """
    results = list(_states("scan", fn, elems, initializer, reverse))
    if initializer is not None:
        results = results[1:]
    if not results:
        raise DataError("scan: there are no slices.", "give tensors of length 1 or more.")
    return _stacked(results[::-1] if reverse else results)


def foldl(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Return the last thing that a function makes of what it made before and the next slice; see `scan`.

    Example:
        >>> import klods
        >>> int(klods.foldl(lambda before, x: 10 * before + x, klods.constant([1, 2, 3])))
        123
    """
    return list(_states("foldl", fn, elems, initializer, False))[-1]


def foldr(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Return what `foldl` does, from the last slice to the first."""
    return list(_states("foldr", fn, elems, initializer, True))[-1]


def _states(name: str, fn: Callable[..., Any], elems: Any, start: Any, reverse: bool) -> Iterator[Any]:
    """Yield the start and then what the function makes of each slice."""
    slices = _slices(name, elems)
    if reverse:
        slices = slices[::-1]
    if start is None:
        if not slices:
            raise DataError(f"{name}: there are no slices.", "give tensors of length 1 or more, or an initializer.")
        start, slices = slices[0], slices[1:]
    state = _tensors(start)
    yield state
    for element in slices:
        state = _tensors(fn(state, element))
        yield state


# ---------------------------------------------------------------- Python functions


def numpy_function(
    func: Callable[..., Any], inp: Sequence[Any], Tout: Any, stateful: bool = True, name: str | None = None
) -> Any:
    """Return what a function of NumPy arrays returns, as tensors.

    No gradient flows through it, and it can't be traced.

    Args:
        func: takes and returns arrays.
        inp: the tensors to call it on.
        Tout: the dtype of its result, or a list of those of its results.
        stateful: accepted for TensorFlow's sake.
        name: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> klods.numpy_function(np.median, [klods.constant([1., 5., 2.])], klods.float32).numpy()
        np.float32(2.0)
    """
    return _given(func(*[convert_to_tensor(x).numpy() for x in inp]), Tout)


def py_function(func: Callable[..., Any], inp: Sequence[Any], Tout: Any, name: str | None = None) -> Any:
    """Return what a function of tensors returns, as tensors of the dtypes `Tout`."""
    return _given(func(*map(convert_to_tensor, inp)), Tout)


def _given(result: Any, wanted: Any) -> Any:
    if not isinstance(wanted, (list, tuple)):
        return convert_to_tensor(result, wanted)
    return [convert_to_tensor(x, kind) for x, kind in zip(result, wanted)]


# ---------------------------------------------------------------- slices


def _tensors(structure: Any) -> Any:
    return mapped(convert_to_tensor, structure)


def _slices(name: str, elems: Any) -> list[Any]:
    """Return the slices of tensors along their first axis, in the structure that they have."""
    whole = _tensors(elems)
    lengths = {len(x) for x in leaves(whole)}
    if len(lengths) != 1:
        raise ShapeError(f"{name}: the lengths differ: {sorted(lengths)}.", "give tensors of one length.")
    (length,) = lengths
    return [mapped(lambda x: x[i], whole) for i in range(length)]  # noqa: B023


def _zero_slice(elems: Any) -> Any:
    return mapped(lambda x: zeros(x.value.shape[1:], x.dtype), _tensors(elems))


def _stacked(results: list[Any]) -> Any:
    return rebuilt(results[0], iter([stack(parts) for parts in zip(*map(leaves, results))]))


def _empty(like: Any) -> Any:
    return mapped(lambda x: Tensor(np.zeros((0, *x.value.shape), x.value.dtype)), like)


def _typed(result: Any, wanted: Any) -> Any:
    """Return a function's result as tensors, after a look at their dtypes."""
    if wanted is None:
        return _tensors(result)
    kinds = [as_dtype(x.dtype if isinstance(x, TensorSpec) else x) for x in leaves(wanted)]
    tensors = [x if isinstance(x, Tensor) else convert_to_tensor(x, kind) for x, kind in zip(leaves(result), kinds)]
    found = [x.value.dtype for x in tensors]
    if found != kinds:
        raise DTypeError(
            f"map_fn: the function returned {', '.join(map(str, found))}; expected {', '.join(map(str, kinds))}.",
            "give fn_output_signature as it is, or cast what the function returns.",
        )
    return rebuilt(result, iter(tensors))
