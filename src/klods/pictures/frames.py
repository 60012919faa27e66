"""Arrays of pixels as images: one, a row of them, or film strips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.pictures.blocks import Block, below, beside, dots, downwards, overhead, rightwards, shifted, words
from klods.pictures.boxes import GREY
from klods.pictures.shapes import Image, Rectangle, Shape

IMAGES, FRAMES, STRIPS = 5, 6, 3  # shown at most
SIDE, FRAME_SIDE, ALONE = 100.0, 76.0, 240.0  # of an image in a row, in a film, by itself
PIXELS = 256  # of an image along an axis; of larger ones every second, third ... is drawn
SHADES, ACROSS = " .:-=+*#%@", 32  # letters from black to white; pixels along a side of an image of letters
FILM, HOLE = "#2b3138", "#ffffff"
SPOILT = (213, 94, 0)  # the colour of pixels that are NaN or infinite
Range = tuple[float, float]


def images(array: Any, labels: Sequence[str], bounds: Range) -> Block:
    """Return images in a row, or one image, with an arrow along each axis but that of the channels.

    Args:
        array: an array of shape (height, width, channels) or (images, height, width, channels), with 1 or 3 channels.
        labels: what is written at the arrows.
        bounds: the numbers that are black and white.
    """
    if array.ndim == 3:
        return _measured(_image(array, bounds, ALONE), labels)
    shown = [_image(image, bounds, SIDE) for image in array[:IMAGES]]
    row = _measured(shown[0], labels[1:])
    more = [dots(shown[0].height)] if len(array) > IMAGES else []
    body = beside([row, *shown[1:], *more], 10)
    return below([overhead(labels[0], body.width), body], 4)


def films(array: Any, labels: Sequence[str], bounds: Range) -> Block:
    """Return videos as film strips, one below the other, with arrows along the axes.

    Args:
        array: an array of shape (videos, frames, height, width, channels), with 1 or 3 channels.
        labels: what is written at the arrows along the first four axes; the first may be empty, if it isn't there.
        bounds: the numbers that are black and white.
    """
    strips = [_strip(video[:FRAMES], bounds, len(video) > FRAMES) for video in array[:STRIPS]]
    more = [words("…", 16)] if len(array) > STRIPS else []
    body = below([*strips, *more], 8)
    inner = below([overhead(labels[1], body.width), body], 4)
    sides = words(f"each frame: {labels[2]} by {labels[3]}")
    arrow = [downwards(labels[0], body.height)] if labels[0] else []
    return below([beside([*arrow, inner], 4, "end"), sides], 4)


def bounds(array: Any) -> Range:
    """Return the numbers that are black and white: 0 and 255 of bytes, 0 and 1 of what lies there, else the extremes.

    Example:
        >>> import numpy as np
        >>> bounds(np.array([0.25, 0.5])), bounds(np.array([-2.0, 3.0])), bounds(np.array([7], np.uint8))
        ((0.0, 1.0), (-2.0, 3.0), (0.0, 255.0))
    """
    if array.dtype == np.uint8:
        return 0.0, 255.0
    low, high = map(float, extremes(array) or (0, 1))
    for top in (1.0, 255.0):
        if low >= 0 and high <= top:
            return 0.0, top
    return low, high


def extremes(array: Any) -> tuple[Any, Any] | None:
    """Return the least and the greatest finite number; None if there is none.

    Example:
        >>> import numpy as np
        >>> least, greatest = extremes(np.array([2, 1, np.nan]))
        >>> float(least), float(greatest)
        (1.0, 2.0)
    """
    finite = np.isfinite(array)
    if not finite.any():
        return None
    one = array.flat[finite.argmax()]
    return array.min(where=finite, initial=one), array.max(where=finite, initial=one)


def letters(array: Any, bounds: Range) -> str:
    """Return an image of shape (height, width, channels) as lines of letters: two of a kind to a pixel, `x` for NaN."""
    step = -(-max(array.shape[:2]) // ACROSS)
    array = array[::step, ::step]
    levels = (pixels(array, bounds).mean(axis=2) / 255 * (len(SHADES) - 1)).round().astype(int)
    finite = np.isfinite(array).all(axis=2)
    rows = ([2 * (SHADES[i] if ok else "x") for i, ok in zip(*row)] for row in zip(levels.tolist(), finite.tolist()))
    return "\n".join("".join(row).rstrip() for row in rows)


def _image(array: Any, bounds: Range, side: float) -> Block:
    """Return an image whose longer side has a length."""
    height, width, _ = array.shape
    scale = side / max(height, width)
    shape = Image(0, 0, width * scale, height * scale, pixels(array, bounds))
    frame = Rectangle(0, 0, width * scale, height * scale, stroke=GREY)
    return Block([shape, frame], width * scale, height * scale)


def pixels(array: Any, bounds: Range) -> Any:
    """Return bytes, red, green and blue, for an array of shape (height, width, 1 or 3); NaN and infinity in orange."""
    step = -(-max(array.shape[:2]) // PIXELS)
    array = array[::step, ::step].astype("float64")
    low, high = bounds
    finite = np.isfinite(array)
    share = (np.where(finite, array, low) / 2 - low / 2) / ((high / 2 - low / 2) or 1)
    colours = np.broadcast_to(np.clip(share * 255, 0, 255).round().astype("uint8"), (*array.shape[:2], 3)).copy()
    colours[~finite.all(axis=-1)] = SPOILT
    return colours


def _measured(image: Block, labels: Sequence[str]) -> Block:
    """Return an image with arrows along its height and width."""
    inner = below([image, rightwards(labels[1], image.width)], 2)
    return beside([downwards(labels[0], image.height), inner], 0)


def _strip(frames: Any, bounds: Range, more: bool) -> Block:
    """Return frames on a film with holes."""
    shown = [_image(frame, bounds, FRAME_SIDE) for frame in frames]
    inner = beside(shown, 8)
    width, height = inner.width + 16, inner.height + 28
    holes: list[Shape] = [
        Rectangle(x, y, 6, 6, HOLE, radius=1) for x in np.arange(6.0, width - 8, 14) for y in (4.0, height - 10)
    ]
    film = Block([Rectangle(0, 0, width, height, FILM), *holes, *shifted(inner.shapes, 8, 14)], width, height)
    return beside([film, dots(height)], 6) if more else film
