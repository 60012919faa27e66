"""A picture of a tensor: its rank, shape, axes, dtype and values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.errors import DataError, DTypeError, ShapeError, unknown_name
from klods.pictures.blocks import Block, on_page
from klods.pictures.cells import cells, number
from klods.pictures.frames import IMAGES, bounds, extremes, films, images, letters
from klods.pictures.traces import LINES, PANELS, STEPS, traces
from klods.show.picture import Picture
from klods.tensor import Placeholder, convert_to_tensor

RANKS = {"images": (2, 3, 4), "sequence": (1, 2, 3), "video": (4, 5)}  # that a kind can have
NAMES = {
    "images": ("samples", "height", "width", "channels"),
    "sequence": ("samples", "timesteps", "features"),
    "video": ("samples", "frames", "height", "width", "channels"),
}
SHAPES = {0: "a scalar", 1: "a vector", 2: "a matrix", 3: "a stack of matrices", 4: "a row of stacks"}
DEEPEST = 5  # rank that is drawn; of more axes, the first entries
COLOURS = {1: "grey", 3: "red, green, blue"}
PRINTED = 60  # values of a small tensor, all of which are printed
SMALLEST = 12  # side of what is taken for images without being told


def tensor(x: Any, axes: Sequence[str] | None = None, kind: str | None = None) -> Picture:
    """Draw a tensor: its rank, its shape, its dtype, and its first values in cells, with an arrow along each axis.

    A vector is a row, a matrix a grid, a tensor of rank 3 sheets one behind the other, of rank 4 a row of those. What
    looks like images or videos is shown as such. NaN and infinity are marked.

    Args:
        x: a tensor, variable, array or nested list of numbers or truth values.
        axes: what the axes are called, such as `("samples", "height", "width")`.
        kind: what the values are: `cells` for numbers; `images`, of shape (height, width), (samples, height, width), or
            one of these and 1 or 3 channels; `sequence`, of shape (samples, timesteps, features), drawn as lines;
            `video`, of shape (samples, frames, height, width, channels). Found out by default, sequences excepted.

    Raises:
        ShapeError: for a rank that the kind can't have, or another number of names than of axes.
        DTypeError: for strings, objects and ragged lists.
        DataError: for a placeholder, which has no values.

    Example:
        >>> import klods
        >>> print(klods.show.tensor([[1, 2, 3], [4, 5, 6]], axes=("samples", "features")))
        rank 2 (a matrix) · shape (2, 3) · int32
        axis 0, samples: 2
        axis 1, features: 3
        min 1 · max 6
        [[1 2 3]
         [4 5 6]]
    """
    array = _values(x)
    kind = _kind(array, kind)
    names = _names(array, axes, kind)
    labels = [f"axis {i}{name and f', {name}'}: {array.shape[i]:,}" for i, name in enumerate(names)]
    body, notes = _body(array, kind, labels)
    title, mark = _title(array), _mark(array)
    told = [*labels, *_range(array)]
    description = f"{'. '.join([title, *labels])}."
    text = "\n".join([title, *told, *([mark] if mark else []), _printed(array, kind)])
    return Picture(on_page(title, description, body, [*_range(array), *notes], mark), text)


def _values(x: Any) -> np.ndarray:
    given = convert_to_tensor(x)
    if isinstance(given, Placeholder):
        raise DataError(f"{given!r} is a placeholder: it has no values to draw.", "pass a tensor.")
    if given.value.dtype.kind not in "biuf":
        raise DTypeError(f"A tensor of {given.dtype} values holds no numbers to draw.", "pass numbers.")
    return np.asarray(given.value)


def _title(array: np.ndarray) -> str:
    shape = f"({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"
    return f"rank {array.ndim}{_called(array.ndim)} · shape {shape} · {array.dtype}"


def _called(rank: int) -> str:
    return f" ({SHAPES[rank]})" if rank in SHAPES else ""


def _range(array: np.ndarray) -> list[str]:
    ends = extremes(array) if array.size > 1 and array.dtype.kind in "iuf" else None
    return [f"min {number(ends[0])} · max {number(ends[1])}"] if ends else []


def _mark(array: np.ndarray) -> str:
    """Return a sentence on NaN and infinity, if there are any."""
    spoilt = np.argwhere(~np.isfinite(array)) if array.dtype.kind == "f" else np.empty((0, 0))
    if not len(spoilt):
        return ""
    first = ", ".join(map(str, spoilt[0]))
    return f"NaN or infinite: {len(spoilt):,} of {array.size:,} values{f', the first at [{first}]' if first else ''}"


def _printed(array: np.ndarray, kind: str) -> str:
    """Return the first values, or the first image in letters."""
    if not array.size:
        return "no elements"
    if kind in ("images", "video"):
        image = array if _has_channels(array) or kind == "video" else array[..., None]
        return letters(image[(0,) * (image.ndim - 3)], bounds(array))
    few = array.size <= PRINTED
    edge = {3: 2}.get(array.ndim, 3 if array.ndim < 3 else 1)
    return np.array2string(array, precision=3, threshold=array.size if few else 0, edgeitems=edge)


# ------------------------------------------------------------ kinds


def _kind(array: np.ndarray, kind: str | None) -> str:
    """Return what an array is drawn as."""
    if kind is None:
        return _found(array)
    if kind not in ("cells", *RANKS):
        raise unknown_name("kind of tensor", kind, ["cells", *RANKS])
    channels = (1, 3) if kind == "video" or (kind == "images" and array.ndim == 4) else ()
    if array.ndim not in RANKS.get(kind, (array.ndim,)) or (channels and array.shape[-1] not in channels):
        expected = ", ".join(NAMES[kind])
        raise ShapeError(f"kind='{kind}' is ({expected}); got the shape {array.shape}.", "leave `kind` out.")
    return kind


def _found(array: np.ndarray) -> str:
    """Return `images` or `video` for what looks like them: sides of a dozen pixels and more, no negative numbers."""
    coloured = array.ndim >= 3 and array.shape[-1] in (1, 3)
    sides = array.shape[-3:-1] if coloured else array.shape[-2:]
    if not array.size or array.ndim not in ((3, 4, 5) if coloured else (2, 3)):
        return "cells"
    square = array.ndim > 3 or sides[0] == sides[1] or array.dtype == np.uint8
    if array.dtype.kind not in "uif" or min(sides) < SMALLEST or not square:
        return "cells"
    first = array.reshape(-1)[: IMAGES * 3 * sides[0] * sides[1]]
    low, high = np.nanmin(first), np.nanmax(first)
    return ("video" if array.ndim == 5 else "images") if 0 <= low < high < np.inf else "cells"


def _names(array: np.ndarray, axes: Sequence[str] | None, kind: str) -> Sequence[str]:
    """Return a name for each axis, empty for those that have none."""
    if axes is not None:
        if isinstance(axes, str) or len(axes) != array.ndim:
            raise ShapeError(f"A tensor of shape {array.shape} has {array.ndim} axes; got {axes!r}.", "name each axis.")
        return axes
    if kind == "cells":
        return [""] * array.ndim
    names = NAMES[kind]
    if kind == "images" and not _has_channels(array):
        names = names[:-1]
    if kind == "sequence" and array.ndim == 1:
        names = names[:-1]
    return names[len(names) - array.ndim :]


def _has_channels(images: np.ndarray) -> bool:
    return images.ndim == 4 or (images.ndim == 3 and images.shape[-1] in (1, 3))


def _body(array: np.ndarray, kind: str, labels: list[str]) -> tuple[Block, list[str]]:
    """Return what is drawn of an array, and notes on it."""
    if not array.size:
        return Block([], 0, 0), [*labels, "no elements"]
    if kind == "cells":
        return _cells(array, labels)
    if kind == "sequence":
        return _sequence(array, labels)
    low, high = (number(np.float64(value)) for value in bounds(array))
    scale = f"black is {low}, white is {high}"
    if kind == "video":
        videos = array if array.ndim == 5 else array[None]
        names = labels if array.ndim == 5 else ["", *labels]
        return films(videos, names, bounds(array)), [f"{labels[-1]} ({COLOURS[array.shape[-1]]})", scale]
    if _has_channels(array):
        return images(array, labels, bounds(array)), [f"{labels[-1]} ({COLOURS[array.shape[-1]]})", scale]
    return images(array[..., None], labels, bounds(array)), [scale]


def _cells(array: np.ndarray, labels: list[str]) -> tuple[Block, list[str]]:
    outer = max(0, array.ndim - DEEPEST)
    if not outer:
        return cells(array, labels), []
    note = f"drawn: the first entry along {' and '.join(labels[:outer])}"
    return cells(array[(0,) * outer], labels[outer:]), [note]


def _sequence(array: np.ndarray, labels: list[str]) -> tuple[Block, list[str]]:
    sequences = array[:, None] if array.ndim == 1 else array
    sequences = sequences[None] if sequences.ndim == 2 else sequences
    names = {1: ["", *labels, ""], 2: ["", *labels]}.get(array.ndim, labels)
    limits = zip(("sequences", "timesteps", "features"), sequences.shape, (PANELS, STEPS, LINES))
    notes = [f"drawn: the first {limit} of {size:,} {what}" for what, size, limit in limits if size > limit]
    return traces(sequences, names), notes
