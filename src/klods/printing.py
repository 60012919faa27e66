"""TensorFlow's `tf.print`: values shown each time that a program runs, traced or not."""

from __future__ import annotations

import sys
from typing import Any, TextIO

import numpy as np

from klods.graph import tracing
from klods.structures import leaves, rebuilt
from klods.tensor import TensorLike


class Shown:
    """What stands for a tensor inside of lists and dicts that are shown.

    Args:
        text: the tensor's text.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def print_(
    *inputs: Any,
    output_stream: TextIO | None = None,
    sep: str = " ",
    end: str = "\n",
    summarize: int = 3,
    name: str | None = None,
) -> None:
    """Print tensors' values; in a traced function at each run, where Python's `print` shows the trace once.

    Args:
        inputs: tensors, lists and dicts of them, and anything else, which is shown as it was when traced.
        output_stream: where to write; standard error by default, as TensorFlow does.
        sep: what stands between the inputs.
        end: what stands after the last.
        summarize: how many elements are shown at each end of an axis; -1 for all.
        name: accepted for TensorFlow's sake, and not used.

    Example:
        >>> import sys, klods
        >>> klods.print("row:", klods.range(9) / 2, output_stream=sys.stdout)
        row: [0 0.5 1 ... 3 3.5 4]
    """
    parts = leaves(list(inputs))
    values = [part.value for part in parts if isinstance(part, TensorLike)]
    tracer = tracing.get()

    def show(*arrays: Any) -> int:
        texts = (Shown(_text(np.asarray(array), summarize)) for array in arrays)
        filled = rebuilt(inputs, iter([next(texts) if isinstance(part, TensorLike) else part for part in parts]))
        words = [part if isinstance(part, str) else repr(part) for part in filled]
        print(*words, sep=sep, end=end, file=output_stream or sys.stderr)
        return 0

    if tracer is None:
        show(*values)
    else:
        tracer.apply("call", values, {"function": show, "shape": (), "dtype": np.dtype("int32")})


def _text(array: np.ndarray, summarize: int) -> str:
    if summarize < 0:
        summarize = array.size
    formats = {"float_kind": _number, "bool": lambda value: str(int(value)), "int_kind": str}
    return np.array2string(array, sys.maxsize, separator=" ", threshold=0, edgeitems=summarize, formatter=formats)  # type: ignore[arg-type]


def _number(value: np.floating) -> str:
    """Return the shorter of two texts that reads as the same number."""
    kind, short, long = (np.float64, 15, 17) if value.dtype.itemsize == 8 else (np.float32, 6, 9)
    text = f"{float(value):.{short}g}"
    return text if kind(text) == value or np.isnan(value) else f"{float(value):.{long}g}"
