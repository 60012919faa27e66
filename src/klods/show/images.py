"""Samples as images."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

LEAST = 8  # pixels along a side of a flat image


def as_images(x: Any) -> Any:
    """Return samples as uint8 pixels, ink on white, of shape (samples, height, width) with a last 3 for colours.

    Samples of shape (height, width), (height, width, 1), (height, width, 3), or flat squares of 8 by 8 and more are
    taken for images; for others, None is returned. The least value of all is white and the greatest black; colours
    stay as they are.
    """
    x = np.asarray(x)
    shape = image_shape(x.shape[1:])
    if shape is None or x.dtype.kind not in "biuf":
        return None
    values = np.nan_to_num(x.reshape(len(x), *shape).astype(float), posinf=0.0, neginf=0.0)
    low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
    shares = (values - low) / ((high - low) or 1.0)
    return np.rint(255 * (shares if len(shape) == 3 else 1 - shares)).astype(np.uint8)


def image_shape(shape: Any) -> tuple[int, ...] | None:
    """Return the shape of the image that a sample of a shape is, or None.

    Example:
        >>> image_shape((784,)), image_shape((28, 28, 1)), image_shape((4,))
        ((28, 28), (28, 28), None)
    """
    if None in shape:
        return None
    if len(shape) == 3 and shape[-1] == 1:
        shape = shape[:2]
    if len(shape) == 2 or (len(shape) == 3 and shape[-1] == 3):
        return tuple(shape)
    side = isqrt(shape[0]) if len(shape) == 1 else 0
    return (side, side) if side >= LEAST and side * side == shape[0] else None
