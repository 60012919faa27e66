"""Numbers as colours: blue for what is below zero and orange for what is above, or white to blue for shares."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.pictures.page import FAINT, PALE
from klods.pictures.shapes import Image, Rectangle, Shape, Text

BELOW, ABOVE = (0x2B, 0x83, 0xC6), (0xD5, 0x5E, 0x00)
NO_NUMBER = (0x16, 0x20, 0x2A)  # NaN and infinity: a colour that no number has


def greatest(values: Any) -> float:
    """Return the greatest absolute value, NaN and infinity left out; 0 if there is none."""
    sizes = np.abs(np.asarray(values, float))
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def diverging(values: Any, limit: float) -> Any:
    """Return numbers as colours, an array of uint8 with an axis of 3 more: blue, at 0 white, orange at `limit`.

    Example:
        >>> diverging([-2.0, 0.0, 1.0], 2.0).tolist()
        [[43, 131, 198], [255, 255, 255], [234, 174, 128]]
    """
    values = np.asarray(values, float)
    shares = np.clip(np.nan_to_num(values / (limit or 1.0)), -1, 1)[..., None]
    colours = 255 + np.abs(shares) * (np.where(shares < 0, BELOW, ABOVE) - 255.0)
    return _marked(colours, values)


def _marked(colours: Any, values: Any) -> Any:
    return np.where(np.isfinite(values)[..., None], np.rint(colours), NO_NUMBER).astype(np.uint8)


def hexed(colour: Any) -> str:
    """Return a colour of three numbers in the way of pages.

    Example:
        >>> hexed([43, 131, 198])
        '#2b83c6'
    """
    return "#" + "".join(f"{int(part):02x}" for part in colour)


def scale(limit: float, left: float, top: float, width: float) -> list[Shape]:
    """Return the scale of `diverging`, with its numbers below; 30 pixels high."""
    steps = np.linspace(-1, 1, 101)
    bar = Image(left, top, width, 10, diverging(steps[None], 1.0))
    shapes: list[Shape] = [bar, Rectangle(left, top, width, 10, stroke=FAINT)]
    for share, text in ((0.0, f"-{limit:.3g}"), (0.5, "0"), (1.0, f"{limit:.3g}")):
        shapes.append(Text(left + share * width, top + 24, text, 11, PALE, anchor="middle"))
    return shapes
