"""Layers that make one tensor of several: sums, products, extremes, joins."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from klods.creation import ones_like
from klods.errors import DataError, ShapeError
from klods.keras.layers.layer import Layer
from klods.keras.ops.numbers import normalize
from klods.ops.arithmetic import add as plus, maximum_, minimum_, multiply as times
from klods.ops.comparison import logical_or, where
from klods.ops.movement import broadcast_to, concat, expand_dims, reshape, transpose
from klods.ops.product import matmul
from klods.ops.reduction import reduce_any
from klods.tensor import Tensor

Shape = tuple[int | None, ...]


class Merge(Layer):
    """Base of layers that take a list of tensors.

    Raises:
        ShapeError: for one tensor, and for shapes that don't fit.
    """

    supports_masking = True
    takes: int | None = None  # how many inputs; None for any number

    def checked(self, input_shape: Any) -> list[Shape]:
        """Return the shapes of the inputs; raise ShapeError if there aren't as many as the layer takes."""
        several = isinstance(input_shape, (list, tuple)) and all(isinstance(s, (list, tuple)) for s in input_shape)
        if not several or not input_shape or len(input_shape) != (self.takes or len(input_shape)):
            raise ShapeError(
                f"Layer '{self.name}' takes a list of {self.takes or 'several'} tensors; got {_said(input_shape)}.",
                f"write {type(self).__name__}()([a, b]).",
            )
        return [tuple(shape) for shape in input_shape]

    def misfit(self, shapes: list[Shape], why: str) -> ShapeError:
        """Return the error that says why shapes don't fit."""
        texts = " and ".join(str(tuple(shape)) for shape in shapes)
        return ShapeError(f"Layer '{self.name}' got shapes {texts}, which {why}.", "make them equal.")


class Elementwise(Merge):
    """Base of layers that work element by element: inputs broadcast, new axes come behind that of the batch."""

    def call(self, inputs: list[Tensor], mask: Any = None) -> Tensor:
        self.compute_output_shape(_shapes(inputs))
        rank = max(x.ndim for x in inputs)
        masks = [m if m is None else _lifted(m, rank - 1) for m in mask or [None] * len(inputs)]
        return self.merge([_lifted(x, rank) for x in inputs], masks)

    def merge(self, inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor:
        """Return what tensors of one rank give; each has a mask, which may be None."""
        raise NotImplementedError(f"{type(self).__name__} has no `merge`.")

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = self.checked(input_shape)
        rest = functools.reduce(self._broadcast, (shape[1:] for shape in shapes))
        batches = {shape[0] for shape in shapes if shape} - {None}
        if len(batches) > 1:
            raise self.misfit(shapes, "differ in the size of the batch")
        return (batches.pop() if batches else None, *rest)

    def compute_mask(self, inputs: list[Tensor], previous_mask: Any = None) -> Any:
        """Return where any input is there; None if one has no mask."""
        if previous_mask is None or any(mask is None for mask in previous_mask):
            return None
        return functools.reduce(logical_or, previous_mask)

    def _broadcast(self, a: Shape, b: Shape) -> Shape:
        long, short = (a, b) if len(a) >= len(b) else (b, a)
        head = len(long) - len(short)
        if any(None not in (m, n) and m != n and 1 not in (m, n) for m, n in zip(long[head:], short)):
            raise self.misfit([a, b], "don't broadcast, without the batch")
        return (*long[:head], *(_joint(m, n) for m, n in zip(long[head:], short)))


class Add(Elementwise):
    """The sum of the inputs.

    Example:
        >>> import klods
        >>> klods.keras.layers.Add()([klods.ones((1, 2)), klods.ones((1, 2))]).numpy()
        array([[2., 2.]], dtype=float32)
    """

    def merge(self, inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor:
        return functools.reduce(plus, inputs)


class Subtract(Elementwise):
    """The first input without the second."""

    takes = 2

    def merge(self, inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor:
        return inputs[0] - inputs[1]


class Multiply(Elementwise):
    """The product of the inputs. Where an input is masked, it counts as 1; where all are, the product is 0."""

    def merge(self, inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor:
        wide = [None if m is None else expand_dims(m, -1) for m in masks]
        product = functools.reduce(times, (x if m is None else where(m, x, 1) for x, m in zip(inputs, wide)))
        there = [m for m in wide if m is not None]
        return where(functools.reduce(logical_or, there), product, 0) if len(there) == len(inputs) else product


class Average(Elementwise):
    """The mean of the inputs."""

    def merge(self, inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor:
        return functools.reduce(plus, inputs) / len(inputs)


class Maximum(Elementwise):
    """The largest of the inputs, of those that aren't masked."""

    def merge(self, inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor:
        return _extreme(maximum_, inputs, masks)


class Minimum(Elementwise):
    """The smallest of the inputs, of those that aren't masked."""

    def merge(self, inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor:
        return _extreme(minimum_, inputs, masks)


class Concatenate(Merge):
    """The inputs joined along an axis.

    Args:
        axis: the axis, along which sizes may differ.

    Example:
        >>> import klods
        >>> klods.keras.layers.Concatenate()([klods.ones((1, 2)), klods.zeros((1, 1))]).numpy()
        array([[1., 1., 0.]], dtype=float32)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: list[Tensor]) -> Tensor:
        self.compute_output_shape(_shapes(inputs))
        return concat(inputs, self.axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        first, *others = shapes = self.checked(input_shape)
        if not -len(first) <= self.axis < len(first):
            raise self.misfit(shapes, f"have no axis {self.axis}")
        axis, sizes = self.axis % len(first), list(first)
        for shape in others:
            rest = [m == n or None in (m, n) for k, (m, n) in enumerate(zip(first, shape)) if k != axis]
            if len(shape) != len(first) or not all(rest):
                raise self.misfit(shapes, f"differ besides axis {self.axis}")
            sizes = [m if n is None else n for m, n in zip(sizes, shape)]
        along = [shape[axis] for shape in shapes]
        sizes[axis] = None if None in along else sum(along)  # type: ignore[arg-type]
        return tuple(sizes)

    def compute_mask(self, inputs: list[Tensor], previous_mask: Any = None) -> Any:
        """Return the masks joined in the same way; inputs without a mask count as there."""
        if previous_mask is None or all(mask is None for mask in previous_mask):
            return None
        joined = concat([_spread(mask, x) for x, mask in zip(inputs, previous_mask)], self.axis)
        return reduce_any(joined, -1)


class Dot(Merge):
    """The sum of products of two inputs over one axis of each, for each sample.

    Args:
        axes: the axis of both inputs, or a pair; not that of the batch.
        normalize: whether to divide each vector by its length first, which gives the cosine of the angle.

    Shapes:
        (batch, ...) and (batch, ...) to (batch, the axes that are left of the first and then of the second); 1 if none.

    Raises:
        DataError: for axes that are none.
        ShapeError: at the call, for axes of different sizes.

    Example:
        >>> import klods
        >>> klods.keras.layers.Dot(axes=1)([klods.ones((1, 3)), klods.ones((1, 3))]).numpy()
        array([[3.]], dtype=float32)
    """

    takes = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = [axes, axes] if isinstance(axes, int) else axes
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            raise DataError(
                f"Dot's axes are a whole number or a pair of them; got {axes!r}.", "write Dot(axes=1), say."
            )
        self.axes, self.normalize = axes, normalize

    def call(self, inputs: list[Tensor]) -> Tensor:
        shape = self.compute_output_shape(_shapes(inputs))
        a, b = (normalize(x, axis) if self.normalize else x for x, axis in zip(inputs, self._axes(_shapes(inputs))))
        left, right = self._axes(_shapes(inputs))
        batch, size = a.value.shape[0], a.value.shape[left]
        rows = transpose(a, [*(i for i in range(a.ndim) if i != left), left])
        columns = transpose(b, [0, right, *(i for i in range(1, b.ndim) if i != right)])
        matrices = [(batch, math.prod(rows.value.shape[1:-1]), size), (batch, size, math.prod(columns.value.shape[2:]))]
        return reshape(matmul(*map(reshape, (rows, columns), matrices)), shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = a, b = self.checked(input_shape)
        left, right = self._axes(shapes)
        if len({a[0], b[0]} - {None}) > 1:
            raise self.misfit(shapes, "differ in the size of the batch")
        if len({a[left], b[right]} - {None}) > 1:
            raise self.misfit(shapes, f"differ along axes {left} and {right}")
        rest = [n for i, n in enumerate(a) if i not in (0, left)] + [n for i, n in enumerate(b) if i not in (0, right)]
        return (a[0], *(rest or [1]))

    def compute_mask(self, inputs: list[Tensor], previous_mask: Any = None) -> None:
        """Return None: the axes that masks belong to may be gone."""

    def _axes(self, shapes: list[Shape]) -> list[int]:
        pair = [self.axes, self.axes] if isinstance(self.axes, int) else self.axes
        if not all(-len(shape) < axis < len(shape) and axis for axis, shape in zip(pair, shapes)):
            raise self.misfit(shapes, f"have no axes {tuple(pair)} behind that of the batch")
        return [axis % len(shape) for axis, shape in zip(pair, shapes)]


def _extreme(larger: Callable[..., Tensor], inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor:
    best, best_mask = inputs[0], None if masks[0] is None else expand_dims(masks[0], -1)
    for x, mask in zip(inputs[1:], masks[1:]):
        wide = None if mask is None else expand_dims(mask, -1)
        here = x if wide is None else where(wide, x, best)
        best = larger(best if best_mask is None else where(best_mask, best, here), here)
        best_mask = None if wide is None or best_mask is None else logical_or(best_mask, wide)
    return best


def _lifted(x: Tensor, rank: int) -> Tensor:
    """Return a tensor with new axes behind that of the batch, up to a number of axes."""
    shape = x.value.shape
    return x if len(shape) >= rank else reshape(x, (*shape[:1], *[1] * (rank - len(shape)), *shape[1:]))


def _spread(mask: Tensor | None, x: Tensor) -> Tensor:
    """Return a mask in the shape of its tensor."""
    if mask is None:
        return ones_like(x, "bool")
    return mask if mask.ndim == x.ndim else broadcast_to(expand_dims(mask, -1), tuple(x.shape))


def _joint(m: int | None, n: int | None) -> int | None:
    return None if None in (m, n) else n if m == 1 else m


def _shapes(inputs: Any) -> Any:
    return [x.value.shape for x in inputs] if isinstance(inputs, (list, tuple)) else inputs.value.shape


def _said(shapes: Any) -> str:
    if isinstance(shapes, (list, tuple)) and shapes and all(isinstance(s, (list, tuple)) for s in shapes):
        return f"{len(shapes)}"
    return f"one of shape {tuple(shapes)}" if shapes else "none"


def add(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the sum of tensors; see `Add`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the first of two tensors without the second; see `Subtract`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the product of tensors; see `Multiply`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the mean of tensors; see `Average`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the largest of tensors; see `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the smallest of tensors; see `Minimum`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: list[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Return tensors joined along an axis; see `Concatenate`."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: list[Any], axes: Any = -1, **kwargs: Any) -> Any:
    """Return the sum of products of two tensors over axes; see `Dot`."""
    return Dot(axes, **kwargs)(inputs)
