"""Symbol, what a tensor holds while a function is traced."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from klods.errors import StateError
from klods.graph.graph import Graph, Shape, Value


class Tracer(Protocol):
    """What writes nodes down while a function is traced."""

    graph: Graph

    def check_open(self) -> None:
        """Raise StateError if the trace is over: its symbols stand for nothing then."""

    def apply(self, block: str, values: Any, attributes: dict[str, Any]) -> Symbol:
        """Add a node and return its output."""

    def meet(self, variable: Any) -> None:
        """Take notice of a variable that is read or assigned."""


class Untraceable(StateError):
    """A function asks for a value that is not known while it is traced."""


# The tracer at work, for what makes arrays from nothing, such as random numbers; None outside traces.
tracing: ContextVar[Tracer | None] = ContextVar("tracing", default=None)

# Held by the thread that traces a function or runs a plan: meanwhile variables hold symbols, or change in place.
engine = threading.RLock()


class Symbol(NDArrayOperatorsMixin):
    """Stands for an array while a function is traced: what is done to it becomes a node of the graph.

    It answers to NumPy's functions and operators too, so a body or an optimizer's update that is called on symbols is
    traced as it stands.
    """

    __slots__ = ("tracer", "value")

    def __init__(self, tracer: Tracer, value: Value) -> None:
        self.tracer, self.value = tracer, value

    @property
    def shape(self) -> Shape:
        return self.value.shape

    @property
    def dtype(self) -> np.dtype:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return len(self.value.shape)

    @property
    def size(self) -> int:
        return self.value.size

    def astype(self, dtype: Any, copy: bool = True) -> Symbol:
        return self if self.dtype == dtype else self.tracer.apply("cast", (self,), {"dtype": np.dtype(dtype).name})

    def reshape(self, *shape: Any) -> Symbol:
        sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        return self.tracer.apply("reshape", (self,), {"shape": sizes})

    def _unknown(self, *args: Any, **kwargs: Any) -> Any:
        self.tracer.check_open()
        raise Untraceable(
            f"The value of a {self.dtype} tensor of shape {self.shape} is not known while the function is traced.",
            "choose with klods.where rather than with `if`, or call the function undecorated.",
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._unknown()

    __array__ = __bool__ = __float__ = __int__ = __index__ = __getitem__ = __iter__ = __len__ = _unknown
    item = tolist = copy = _unknown

    def __repr__(self) -> str:
        return "known when the function runs"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Symbol:
        return self._traced(ufunc, inputs) if method == "__call__" else NotImplemented

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        known = {np.shape: self.shape, np.ndim: self.ndim, np.size: self.size}
        return known[function] if function in known else self._traced(function, inputs)

    def _traced(self, function: Any, inputs: Any) -> Symbol:
        name = function.__name__
        return self.tracer.apply(BLOCK_OF.get(name, name), inputs, {})


# The blocks that have other names than NumPy's functions.
BLOCK_OF = {
    "true_divide": "divide",
    "absolute": "abs",
    "remainder": "floormod",
    "isnan": "is_nan",
    "isinf": "is_inf",
    "rint": "round",
}
