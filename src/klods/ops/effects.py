"""A block that runs a Python function: what a graph can't hold otherwise, such as drawing random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from klods.dtypes import as_array
from klods.graph import Node
from klods.ops.block import Shape, block

Function = TypeVar("Function", bound=Callable[..., Any])


def checks(function: Function) -> Function:
    """Mark a function for `call` that gives its array back or raises an error: an exported model does without it."""
    vars(function)["checks"] = True
    return function


def looks_at_rows(function: Function) -> Function:
    """Mark a function for `call` that seldom looks at what it is called on: it takes Rows as well as arrays."""
    vars(function)["looks_at_rows"] = True
    return function


def reads_rows(node: Node) -> bool:
    """Tell whether a node is a call that takes Rows as well as arrays."""
    return node.block == "call" and hasattr(node.attributes["function"], "looks_at_rows")


def _naive(*operands: np.ndarray, function: Callable[..., Any], shape: Shape, dtype: Any) -> np.ndarray:
    return np.array(function(*operands), dtype).reshape(shape)


@block(_naive, lambda *shapes, shape, **rest: shape, inputs=None, gives=lambda *dtypes, dtype, **rest: np.dtype(dtype))
def call(*operands: Any, function: Callable[..., Any], shape: Shape, dtype: Any) -> Any:
    """Return what a function of arrays returns; in a graph it is called at each run, and never left out or moved.

    Args:
        operands: what the function is called on.
        function: returns an array.
        shape: the shape of that array.
        dtype: its dtype.

    Example:
        >>> import klods
        >>> call(klods.constant([3., 4.]), function=np.linalg.norm, shape=(), dtype="float32").numpy()
        np.float32(5.0)
    """
    return as_array(function(*operands), np.dtype(dtype))
