"""Lengths of vectors and matrices, and tensors made no longer than a limit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods.decompositions import svd
from klods.errors import DataError
from klods.ops.arithmetic import abs_, maximum_, power, sqrt_, square
from klods.ops.block import checked_axis, recordable
from klods.ops.movement import reshape, transpose
from klods.ops.reduction import reduce_max, reduce_sum
from klods.tensor import Tensor, convert_to_tensor

Axis = Any


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Axis = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """Return the length along axes; of the whole when `axis` is None.

    Args:
        tensor: the vector or vectors.
        ord: `"euclidean"`, `"fro"` or 2 for the root of the summed squares, 1 for the sum of absolute values,
            infinity for the largest absolute value, another number p for the p-th root of the summed p-th powers. Of
            matrices 2 is the greatest singular value, 1 the greatest of the columns' sums of absolute values, infinity
            the greatest of the rows' sums.
        axis: the axes along which a vector runs, or a list of the two along which a matrix's rows and columns are
            counted.
        keepdims: whether the axes stay, with size 1.
        name: accepted for TensorFlow's sake, and not used.

    Raises:
        DataError: for a matrix norm that klods does not have.
    """
    matrices = isinstance(axis, (list, tuple)) and len(axis) == 2
    if ord in ("euclidean", "fro") or (ord == 2 and not matrices):
        return sqrt_(reduce_sum(square(tensor), axis, keepdims))
    if isinstance(ord, str) or (matrices and ord not in (1, 2, math.inf)):
        raise DataError(f"norm: klods does not have ord={ord!r} here.", "use 'euclidean', or a number and one axis.")
    if matrices:
        return _matrix_norm(tensor, ord, axis, keepdims)
    sizes = abs_(tensor)
    if math.isinf(ord):
        return reduce_max(sizes, axis, keepdims)
    return power(reduce_sum(power(sizes, ord), axis, keepdims), 1 / ord)


@recordable
def _matrix_norm(tensor: Any, ord: float, axis: Axis, keepdims: bool) -> Tensor:
    x = convert_to_tensor(tensor)
    rows, columns = (checked_axis(a, x.value.shape) for a in axis)
    kept = [1 if a in (rows, columns) else n for a, n in enumerate(x.value.shape)]
    if ord == 2:
        others = [a for a in range(x.ndim) if a not in (rows, columns)]
        result = svd(transpose(x, [*others, rows, columns]), compute_uv=False)[..., 0]
    else:
        along, across = (rows, columns) if ord == 1 else (columns, rows)
        result = reduce_max(reduce_sum(abs_(x), along, True), across, True)
    return reshape(result, kept if keepdims else [n for a, n in enumerate(kept) if a not in (rows, columns)])


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """Return the length of several tensors together; None among them is passed over.

    Example:
        >>> import klods
        >>> float(klods.linalg.global_norm([[3.], None, [0., 4.]]))
        5.0
    """
    squares = [reduce_sum(square(t)) for t in t_list if t is not None]
    return sqrt_(sum(squares[1:], squares[0])) if squares else Tensor(np.float32(0))


def clip_by_norm(t: Any, clip_norm: Any, axes: Axis = None, name: str | None = None) -> Tensor:
    """Return a tensor no longer than clip_norm, as a whole or along axes."""
    return t * (clip_norm / maximum_(norm(t, axis=axes, keepdims=True), clip_norm))


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Tensor | None], Tensor]:
    """Return tensors together no longer than clip_norm (Pascanu et al. 2013, algorithm 1), and how long they were.

    Args:
        t_list: the tensors, with None where a gradient is none.
        clip_norm: the greatest length.
        use_norm: their length, if it is known already.
        name: accepted for TensorFlow's sake, and not used.
    """
    length = global_norm(t_list) if use_norm is None else convert_to_tensor(use_norm)
    scale = clip_norm / maximum_(length, clip_norm) * (length * 0 + 1)  # NaN for an infinite length
    return [None if t is None else t * scale for t in t_list], length
