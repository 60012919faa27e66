"""What layers ask of the shape of their inputs."""

from __future__ import annotations

from typing import Any

from klods.errors import ShapeError


def known_size(layer: Any, shape: Any, axis: int) -> int:
    """Return the size of an axis of a layer's inputs.

    Raises:
        ShapeError: if the inputs have no such axis, or one of no fixed size.
    """
    check_axes(layer, shape, (axis,))
    if shape[axis] is None:
        raise ShapeError(
            f"Layer '{layer.name}' got inputs of shape {tuple(shape)}, of no fixed size along axis {axis}.",
            "give that axis a size.",
        )
    return int(shape[axis])


def check_axes(layer: Any, shape: Any, axes: tuple[int, ...]) -> None:
    """Check that a layer's inputs have these axes.

    Raises:
        ShapeError: if not.
    """
    for axis in axes:
        if not -len(shape) <= axis < len(shape):
            raise ShapeError(
                f"Layer '{layer.name}' works along axis {axis}; got inputs of shape {tuple(shape)}.",
                f"name an axis from {-len(shape)} to {len(shape) - 1}.",
            )
