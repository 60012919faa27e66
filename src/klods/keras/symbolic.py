"""What models are put together from: placeholders of tensors, and the calls of layers and functions on them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from klods.dtypes import dtype_of
from klods.errors import DTypeError, StateError
from klods.graph import Untraceable, engine
from klods.keras.configuration import unique_name
from klods.passes.trace import GraphTracer
from klods.structures import leaves_by_key, mapped
from klods.tensor import Placeholder, Tensor, TensorLike

Shape = tuple[int | None, ...]
Key = tuple[int, int]

STAND_INS = (12, 24)  # sizes that stand for an unknown one when a call is tried: what differs is unknown, too


class KerasTensor(Placeholder):
    """Stands for a tensor of a model: a shape and a dtype, without values.

    Layers, operators and functions of klods called on it give further ones, and remember how: from what lies between
    some of them and others a model can be made.

    Args:
        shape: the shape of a batch, None standing for any size.
        dtype: the dtype's name.
        name: a name.

    Attributes:
        node: the call that gives it.
        place: its number among the outputs of that call.

    Example:
        >>> import klods
        >>> x = klods.keras.Input((4,))
        >>> (x[:, :2] * 2).shape
        (None, 2)
    """

    __array_ufunc__ = None  # so that `array + placeholder` asks the placeholder
    node: Node
    place: int

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape: Shape = tuple(shape)
        self.dtype = dtype_of(dtype).name
        self.name = name or unique_name("keras_tensor")

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def key(self) -> Key:
        """What tells whether two stand for the same tensor."""
        return id(self.node), self.place

    def twin(self) -> KerasTensor:
        """Return another of the same shape, dtype and name, that no call gives yet."""
        return KerasTensor(self.shape, self.dtype, self.name)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _unknown(self, *args: Any, **kwargs: Any) -> Any:
        raise StateError(
            f"'{self.name}' stands for a tensor of shape {self.shape}; it has no values before the model is called.",
            "compute with layers, operators and klods's functions, or inside the `call` of a layer of your own.",
        )

    def __bool__(self) -> bool:
        raise DTypeError(
            f"'{self.name}' stands for a tensor of shape {self.shape}, which is neither true nor false.",
            "choose with keras.ops.where rather than with `if`.",
        )

    __float__ = __int__ = __index__ = __array__ = __iter__ = __len__ = numpy = _unknown
    __hash__ = object.__hash__


class Node:
    """One call of a layer or function on placeholders.

    Placeholders hold the call that gives them, and it what it is made on, so all that a tensor needs lives as long as
    the tensor; what is called holds its calls weakly, so that models are freed when they are let go.

    Args:
        operation: what is called, whose `nodes` the call is added to.
        args: the arguments, placeholders and others in any structure.
        kwargs: the arguments by name.
        outputs: new placeholders for what the call gives, in any structure.

    Attributes:
        operation: see above.
        inputs: the placeholders among the arguments.
    """

    def __init__(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        self.operation, self.args, self.kwargs = operation, args, kwargs
        self.inputs = placeholders((args, kwargs))
        self._alone = not kwargs and len(args) == 1 and isinstance(args[0], KerasTensor)
        self._outputs = mapped(KerasTensor.twin, outputs, KerasTensor)
        self._give(outputs)
        operation.remember(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.operation.remember(self)

    @property
    def outputs(self) -> Any:
        """The placeholders that the call gives, in their structure."""
        return self._give(mapped(KerasTensor.twin, self._outputs, KerasTensor))

    def _give(self, outputs: Any) -> Any:
        for place, tensor in enumerate(placeholders(outputs)):
            tensor.node, tensor.place = self, place
        return outputs

    def filled(self, values: dict[Key, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with values, by the placeholders' keys, in place of the placeholders."""
        if self._alone:
            return (values[self.inputs[0].key],), {}
        return mapped(lambda x: values[x.key], (self.args, self.kwargs), KerasTensor)

    def note(self, made: Any, values: dict[Key, Any]) -> None:
        """Note what the call gave, by the keys of the placeholders for it."""
        for place, x in enumerate(_parts(self._outputs, made)):
            values[id(self), place] = x


class Called:
    """What can be called on placeholders: it knows those of its calls that something still depends on."""

    _calls: Sequence[weakref.ref[Node]] = ()

    @property
    def nodes(self) -> list[Node]:
        """The calls on placeholders, in order."""
        return [node for call in self._calls if (node := call()) is not None]

    def remember(self, node: Node) -> None:
        """Take notice of a call."""
        vars(self)["_calls"] = [*(call for call in self._calls if call() is not None), weakref.ref(node)]

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles hold: all but the calls, which come back with what depends on them."""
        return {name: value for name, value in vars(self).items() if name != "_calls"}


def outputs_of(function: Callable[..., Any], args: Any, kwargs: Any, known: Iterable[Any] = ()) -> Any:
    """Return placeholders for the result of a function of placeholders: it is traced, or else called on zeros.

    Each unknown size is stood for by a number, then by another: sizes of the result that differ are unknown.

    Args:
        function: the function.
        args: its arguments, with placeholders in any structure.
        kwargs: its arguments by name.
        known: the variables that the function reads.
    """
    unknown = any(None in x.shape for x in placeholders((args, kwargs)))
    results = [_traced(function, args, kwargs, size, known) for size in STAND_INS[: 1 + unknown]]
    others: list[Any] = []
    mapped(others.append, results[-1], TensorLike)
    return mapped(lambda x: _merged(x, others.pop(0)), results[0], TensorLike)


def _traced(function: Callable[..., Any], args: Any, kwargs: Any, size: int, known: Iterable[Any]) -> Any:
    """Return what a function gives for symbols, with a size in place of each unknown one."""
    stood_for = placeholders((args, kwargs))
    arrays = [np.broadcast_to(np.zeros((), x.dtype), [size if n is None else n for n in x.shape]) for x in stood_for]

    def call(*symbols: Tensor) -> Any:
        values = {id(x): symbol for x, symbol in zip(stood_for, symbols)}
        own_args, own_kwargs = mapped(lambda x: values[id(x)], (args, kwargs), KerasTensor)
        return function(*own_args, **own_kwargs)

    try:
        with engine:
            return GraphTracer(list(known)).run(call, arrays, lambda x: True).result
    except Untraceable:
        return call(*map(Tensor, arrays))


def _merged(one: Any, other: Any) -> KerasTensor:
    sizes = zip(one.value.shape, other.value.shape)
    return KerasTensor([a if a == b else None for a, b in sizes], one.value.dtype)


# ------------------------------------------------------------ structures


def placeholders(structure: Any) -> list[KerasTensor]:
    """Return the placeholders in a structure of lists, tuples and dicts; those of a dict in the order of its keys."""
    return [x for x in leaves_by_key(structure) if isinstance(x, KerasTensor)]


def _parts(form: Any, structure: Any) -> list[Any]:
    """Return what stands in a structure where another has its placeholders, in their order."""
    if isinstance(form, KerasTensor):
        return [structure]
    if isinstance(form, dict):
        return [part for key in sorted(form) for part in _parts(form[key], structure[key])]
    if isinstance(form, (list, tuple)):
        if len(form) == 1 and not isinstance(structure, (list, tuple)):
            return _parts(form[0], structure)  # a model gives the only one of its outputs, not a list of it
        return [part for one, other in zip(form, structure) for part in _parts(one, other)]
    return []
