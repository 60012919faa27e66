"""The elements of a dataset: a tensor, or tuples and dicts of tensors, and what is known of their shapes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from klods.compiled import TensorSpec
from klods.dtypes import as_dtype
from klods.errors import ArgumentError, DataError, DTypeError, KlodsError
from klods.structures import leaves, mapped, sequence_like
from klods.tensor import Tensor, convert_to_tensor


def tensors(value: Any) -> Any:
    """Return tuples and dicts of arrays, numbers and lists as the same structure of tensors.

    Raises:
        DTypeError: for None, or other things that no tensor holds.
    """
    if value is None:
        raise DTypeError("None is no element of a dataset, nor a part of one.", "give arrays, or leave it out.")
    if hasattr(value, "__next__"):
        raise DTypeError(f"A {type(value).__name__} is no array.", "use from_generator, or make a list of it.")
    if isinstance(value, Mapping):
        return {key: tensors(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return sequence_like(value, [tensors(part) for part in value])
    return value if hasattr(value, "as_spec") else convert_to_tensor(value)


def applied(function: Callable[..., Any], element: Any) -> Any:
    """Return what a function makes of an element as a structure of tensors. It gets a tuple's parts as arguments.

    Raises:
        ArgumentError: for a function that takes another number of arguments.
        DTypeError: for one that returns nothing.
    """
    parts = element if isinstance(element, tuple) else (element,)
    return given_back(called(function, *parts))


def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns.

    Raises:
        ArgumentError: if it takes another number of arguments.
        DTypeError: if it returns nothing.
    """
    try:
        result = function(*arguments)
    except TypeError:
        _check_arguments(function, arguments)
        raise
    if result is None:
        raise DTypeError(f"{_name(function)} returned None.", "let it return what it makes of its arguments.")
    return result


def _check_arguments(function: Any, arguments: tuple[Any, ...]) -> None:
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        count = "1 argument" if len(arguments) == 1 else f"{len(arguments)} arguments"
        raise ArgumentError(
            f"{_name(function)} is called on {count}, which it can't take.",
            "give it one for each part of an element, as lambda x, y: ... has; a dict is one part.",
        ) from None
    except ValueError:
        return  # Python doesn't know its arguments


def _name(function: Any) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return "The lambda" if name == "<lambda>" else f"'{name}'"


def given_back(result: Any) -> Any:
    """Return what a function gave back as a structure of tensors."""
    return tensors(tuple(result) if isinstance(result, list) else result)


def spec(element: Any) -> Any:
    """Return the shapes and dtypes of an element."""
    return mapped(lambda x: TensorSpec(tuple(x.shape), x.dtype) if isinstance(x, Tensor) else x.as_spec(), element)


def same_kind(first: Any, second: Any) -> bool:
    """Tell whether two elements have the same structure and dtypes."""
    return bool(mapped(lambda x: str(x.dtype), first) == mapped(lambda x: str(x.dtype), second))


def outcome(function: Callable[..., Any], given: Any) -> Any:
    """Return the spec of what a function makes of elements of a spec, by calling it on zeros and on ones.

    Axes of unknown size have two sizes, one after the other; where the results differ, theirs are unknown, too.
    """
    with np.errstate(all="ignore"):
        return common(*(spec(applied(function, filled(given, n, n - 2))) for n in (2, 3)))


def common(first: Any, second: Any) -> Any:
    """Return the spec that two of the same structure have in common, with None for sizes that differ."""
    others = iter(leaves(second))
    return mapped(lambda s: _common(s, next(others)), first)


def filled(given: Any, size: int, number: int) -> Any:
    """Return an element of a spec whose numbers are all the same, with a size for axes of unknown size."""
    return mapped(lambda s: _filled(s, size, number) if isinstance(s, TensorSpec) else s.filled(size, number), given)


def fitted(wanted: Any, value: Any, place: str) -> Any:
    """Return a value as the structure of tensors that a structure of specs asks for.

    Args:
        wanted: the specs.
        value: what there is.
        place: what it is, for errors.

    Raises:
        DataError: for another structure or shape, or values that the dtype can't take.
    """
    if isinstance(wanted, Mapping):
        if not isinstance(value, Mapping) or set(value) != set(wanted):
            raise _unfit(place, f"a dict of {', '.join(map(str, wanted))}", value)
        return {key: fitted(part, value[key], f"{place}[{key!r}]") for key, part in wanted.items()}
    if isinstance(wanted, (tuple, list)):
        if not isinstance(value, (tuple, list)) or len(value) != len(wanted):
            raise _unfit(place, f"a tuple of {len(wanted)}", value)
        return tuple(fitted(part, item, f"{place}[{i}]") for i, (part, item) in enumerate(zip(wanted, value)))
    return _fitted_tensor(wanted, value, place)


def _fitted_tensor(wanted: TensorSpec, value: Any, place: str) -> Tensor:
    try:
        tensor = convert_to_tensor(value, wanted.dtype)
    except KlodsError:
        raise _unfit(place, f"a tensor of {wanted.dtype}", value) from None
    sizes = tensor.value.shape
    if wanted.shape is not None and not (
        len(sizes) == len(wanted.shape) and all(want in (None, n) for want, n in zip(wanted.shape, sizes))
    ):
        raise DataError(f"{place} has shape {sizes}; expected {tuple(wanted.shape)}.", "yield it, or change the spec.")
    return tensor


def _unfit(place: str, expected: str, value: Any) -> DataError:
    return DataError(f"{place} is {short(value)}; expected {expected}.", "make elements and their spec agree.")


def short(value: Any) -> str:
    """Return a value in one line of an error."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _filled(given: TensorSpec, size: int, number: int) -> Tensor:
    """Return a tensor of a number, of text a tensor of so many words."""
    shape, dtype = [size if n is None else n for n in given.shape], as_dtype(given.dtype)
    return Tensor((np.full(shape, b"0 " * size) if dtype.kind == "S" else np.full(shape, number, dtype))[()])


def _common(first: Any, second: Any) -> Any:
    if not isinstance(first, TensorSpec):
        return first.common(second)
    if first.shape is None or second.shape is None or len(first.shape) != len(second.shape):
        return TensorSpec(None, first.dtype)
    return TensorSpec(tuple(a if a == b else None for a, b in zip(first.shape, second.shape)), first.dtype)


def batch(given: Any, size: int | None) -> Any:
    """Return the spec of elements of a spec that are stacked along a new first axis."""
    return mapped(lambda s: TensorSpec(None if s.shape is None else (size, *s.shape), s.dtype), given)
