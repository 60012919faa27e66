"""InputSpec, what a layer accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
