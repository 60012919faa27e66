"""InputSpec, what a layer accepts, and whether shapes fit it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from klods.errors import ShapeError
from klods.keras.layers.shapes import is_shape

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class InputSpec:
    """What a layer accepts: a shape, a number of axes, or the sizes of some axes. None stands for any size."""

    dtype: Any = None
    shape: Shape | None = None
    ndim: int | None = None
    max_ndim: int | None = None
    min_ndim: int | None = None
    axes: dict[int, int] = field(default_factory=dict)

    def accepts(self, shape: Shape) -> bool:
        """Tell whether a tensor of this shape fits.

        Example:
            >>> InputSpec(min_ndim=2, axes={-1: 784}).accepts((32, 784))
            True
        """
        rank = len(shape)
        if self.shape is not None and (len(self.shape) != rank or not all(map(_same, self.shape, shape))):
            return False
        if self.ndim not in (None, rank) or rank < (self.min_ndim or 0) or rank > (self.max_ndim or rank):
            return False
        return all(-rank <= axis < rank and _same(size, shape[axis]) for axis, size in self.axes.items())

    def __str__(self) -> str:
        if self.shape is not None:
            return f"shape {self.shape}"
        if list(self.axes) == [-1]:
            return f"shape (..., {self.axes[-1]})"
        if self.axes:
            return "sizes " + ", ".join(f"{size} along axis {axis}" for axis, size in self.axes.items())
        if self.ndim is not None:
            return f"{self.ndim} axes"
        return f"at most {self.max_ndim} axes" if self.min_ndim is None else f"at least {self.min_ndim} axes"


def _same(expected: int | None, got: int | None) -> bool:
    return expected is None or got is None or expected == got


def check_fits(name: str, shape: Any, spec: Any) -> None:
    """Check the shape of a layer's inputs, or the shapes of several, against its spec, or one for each.

    Raises:
        ShapeError: for a shape that the layer doesn't accept, or another number of inputs.
    """
    if isinstance(spec, InputSpec) and not isinstance(shape, dict) and is_shape(shape):
        _check_one(name, shape, spec)
    elif isinstance(spec, InputSpec):
        raise ShapeError(
            f"Layer '{name}' takes one tensor; got a {type(shape).__name__} of {len(shape)}.",
            "pass one array, or join them first with layers.Concatenate.",
        )
    elif spec is not None:
        _check_several(name, shape, spec)


def _check_several(name: str, shape: Any, specs: Any) -> None:
    given = [shape] if not isinstance(shape, dict) and is_shape(shape) else shape
    keys = [*specs] if isinstance(specs, dict) else range(len(specs))
    if len(given) != len(specs) or isinstance(given, dict) != isinstance(specs, dict):
        raise ShapeError(
            f"Layer '{name}' takes a {type(specs).__name__} of {len(specs)} tensors; "
            f"got {'one' if given is not shape else f'a {type(shape).__name__} of {len(shape)}'}.",
            "pass them in that structure.",
        )
    for key in keys:
        if isinstance(given, dict) and key not in given:
            raise ShapeError(f"Layer '{name}' has no input {key!r}; got {[*given]}.", "name it so.")
        _check_one(name, given[key], specs[key])


def _check_one(name: str, shape: Any, spec: InputSpec) -> None:
    if not spec.accepts(shape):
        raise ShapeError(
            f"Layer '{name}' got inputs of shape {shape}, expected {spec}.",
            "reshape the inputs (layers.Flatten makes rows), or make a new layer for inputs of this shape.",
        )
