"""Keras's `keras.ops` that run functions: choices, loops and maps, as Python does them; see `klods.control`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from klods import control, gradients
from klods.errors import ArgumentError
from klods.keras.ops.shapes import concatenate, flip
from klods.ops.movement import along, stack
from klods.structures import leaves, mapped, rebuilt
from klods.tape import GradientTape
from klods.tensor import convert_to_tensor


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Return what the first function returns if `pred` holds, else what the second does; the other isn't called."""
    return control.cond(pred, true_fn, false_fn)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Return what the function of a number returns for the operands: below 0 the first one, past the end the last.

    Example:
        >>> float(switch(1, [lambda x: x + 1, lambda x: x * 10], 3.))
        30.0
    """
    place = min(max(int(index), 0), len(branches) - 1)
    return _tensors(branches[place](*_tensors(operands)))


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Return the variables of a loop after its last round.

    Args:
        cond: tells, from the variables, whether there is another round.
        body: makes the next variables of the variables.
        loop_vars: a list or tuple of tensors, or of structures of tensors; or one tensor.
        maximum_iterations: how many rounds there are at most.

    Raises:
        ArgumentError: for a body that returns more or fewer variables.

    Example:
        >>> int(while_loop(lambda i: i < 5, lambda i: i + 2, 0))
        6
    """
    several = isinstance(loop_vars, (list, tuple))
    state = tuple(loop_vars) if several else (loop_vars,)
    end = control.while_loop(cond, body, state, maximum_iterations=maximum_iterations)
    return end if several else end[0]


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """Return what becomes of a value when `body_fun(i, value)` takes its place for each i from lower to below upper.

    Example:
        >>> int(fori_loop(1, 4, lambda i, product: product * i, 1))
        6
    """
    value = _tensors(init_val)
    for i in range(int(lower), int(upper)):
        value = _tensors(body_fun(convert_to_tensor(i, "int32"), value))
    return value


def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple[Any, Any]:
    """Return what a function carries from slice to slice, at the end, and what it gives for each, stacked.

    Args:
        f: gets what is carried and a slice; returns what is carried on and what it gives for the slice.
        init: what is carried to the first slice.
        xs: a tensor, or several of one length in any structure, cut along the first axis; None for no slices.
        length: how many rounds there are without `xs`.
        reverse: whether to go from the last slice to the first; results stay at their slices' places.
        unroll: accepted for Keras's sake: loops of a known length are always unrolled in a trace.

    Raises:
        ArgumentError: without `xs` and `length`, or for a length that isn't that of `xs`.

    Example:
        >>> total, sums = scan(lambda total, x: (total + x, total + x), 0., convert_to_tensor([1., 2., 3.]))
        >>> float(total), sums.numpy().tolist()
        (6.0, [1.0, 3.0, 6.0])
    """
    columns = [list(convert_to_tensor(x)) for x in leaves(xs) if x is not None]
    count = length if not columns else len(columns[0])
    if count is None or any(len(column) != count for column in columns) or length not in (None, count):
        raise ArgumentError(
            f"scan: length is {length}, the lengths of xs are {[len(column) for column in columns]}.",
            "give xs of one length, or length alone.",
        )
    slices = [rebuilt(xs, iter(row)) for row in zip(*columns)] if columns else [None] * count
    carried, given = _tensors(init), []
    for x in slices[::-1] if reverse else slices:
        carried, result = f(carried, x)
        given.append(result)
    given = given[::-1] if reverse else given
    if not given or given[0] is None:
        return _tensors(carried), None
    stacked = [stack(parts) for parts in zip(*(leaves(result) for result in given))]
    return _tensors(carried), rebuilt(given[0], iter(stacked))


def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Return what an associative function makes of the first slices along an axis: of one, two, three ... of them.

    Source: Hillis and Steele 1986: in each round, twice as many slices are taken together.

    Args:
        f: takes two tensors of slices, or two structures of such, and combines them slice by slice.
        elems: a tensor, or several of one length in any structure.
        reverse: whether to begin with the last slice.
        axis: the axis of slices.

    Example:
        >>> associative_scan(lambda a, b: a * b, convert_to_tensor([1., 2., 3., 4.])).numpy()
        array([ 1.,  2.,  6., 24.], dtype=float32)
    """

    def part(structure: Any, start: int | None, end: int | None) -> Any:
        return mapped(lambda x: x[along(axis, slice(start, end), x.value.shape)], structure)

    turned = (lambda structure: mapped(lambda x: flip(x, axis), structure)) if reverse else _tensors
    state, step = turned(_tensors(elems)), 1
    count = leaves(state)[0].value.shape[axis]
    while step < count:
        joined = leaves(_tensors(f(part(state, None, -step), part(state, step, None))))
        pairs = zip(leaves(part(state, None, step)), joined)
        state, step = rebuilt(state, iter([concatenate(pair, axis) for pair in pairs])), 2 * step
    return turned(state)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Return what a function makes of each slice along the first axis, stacked; see `klods.map_fn`."""
    return control.map_fn(f, xs)


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Return what a function makes of each slice along the first axis, stacked: `map`, by another name."""
    return control.map_fn(function, elements)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function of tensors the gradient that it says itself: a decorator; see `klods.custom_gradient`."""
    return gradients.custom_gradient(f)


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """Return what a function returns, and its derivative along tangents of its arguments.

    The derivative is that of the gradient with respect to its cotangent, in which the gradient is linear.

    Args:
        fun: takes tensors and returns one, or several in a structure.
        primals: a list or tuple of the arguments.
        tangents: the direction, one tensor for each argument.
        has_aux: whether `fun` returns a pair, of which the second part is handed on as it is, as a third result.

    Example:
        >>> [float(x) for x in jvp(lambda x: x * x, [3.], [1.])]
        [9.0, 6.0]
    """
    inputs, direction = _tensors(list(primals)), _tensors(list(tangents))
    with GradientTape() as outer:
        with GradientTape() as inner:
            inner.watch(inputs)
            result = fun(*inputs)
            outputs, aux = result if has_aux else (result, None)
            outputs = _tensors(outputs)
        cotangents = mapped(lambda x: x * 0, outputs)
        outer.watch(cotangents)
        slopes = inner.gradient(leaves(outputs), leaves(inputs), leaves(cotangents), unconnected_gradients="zero")
        along_direction = [slope * way for slope, way in zip(slopes, leaves(direction))]
    derivative = outer.gradient(along_direction, cotangents, unconnected_gradients="zero")
    return (outputs, derivative, aux) if has_aux else (outputs, derivative)


def _tensors(structure: Any) -> Any:
    return mapped(convert_to_tensor, structure)
