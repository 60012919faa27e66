"""What a tensor shows in a notebook: its size, its range and its first values, as numbers or as grey images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from klods.pictures.png import data_url
from klods.pictures.tables import CELL, LINE, TABLE

AXIS = 10  # values shown along an axis
SLICES = 3  # tables shown of a tensor of rank 3 and more
IMAGES = 10
IMAGE_SIDES = range(12, 129)  # pixels
PALE = "opacity:0.6;font-weight:normal"
MARK = "color:#d55e00;font-weight:600"  # NaN and infinity, at a contrast of 3.9 on white and on near-black


def array_html(array: Any) -> str:
    """Return the caption and the values of an array in HTML, in the colours of the page around it.

    Up to rank 2, a table. From rank 3 on, the first slices along the last two axes. Slices that could be images
    (squares of 12 to 128 a side, without negative values) are shown as such. Long axes are cut.

    Args:
        array: a NumPy array of numbers, truth values or text.
    """
    if not array.size:
        return _block(_caption(array), ["<div>no elements</div>"])
    images = _images(array)
    if images is not None:
        return _block(_caption(array), *_slices(images, _image, IMAGES, "images"))
    if array.ndim <= 2:
        return _block(_caption(array), [_table(array)])
    return _block(_caption(array), *_slices(array, _table, SLICES, "slices"))


def _caption(array: Any) -> str:
    shape = f"({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"
    kind = "text" if array.dtype.kind == "S" else array.dtype
    return f"shape {shape} · {kind} · rank {array.ndim}{_range(array)}"


def _range(array: Any) -> str:
    if array.size < 2 or array.dtype.kind not in "biuf":
        return ""
    numbers = array[array == array]  # NaN is equal to nothing
    missing = array.size - numbers.size
    ends = f" · min {_number(numbers.min())} · max {_number(numbers.max())}" if numbers.size else ""
    return ends + (f" · {missing} NaN" if missing else "")


def _block(caption: str, parts: Iterable[str], note: str = "") -> str:
    notes = f'<div style="{PALE}">{escape(note)}</div>' if note else ""
    return (
        f'<div style="background:transparent;color:inherit"><div style="margin-bottom:0.4em">{escape(caption)}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:1em;align-items:flex-start">{"".join(parts)}</div>{notes}</div>'
    )


# ------------------------------------------------------------ slices


def _slices(array: Any, draw: Callable[[Any], str], limit: int, kind: str) -> tuple[list[str], str]:
    """Return the first slices along the last two axes, and a note on those left out."""
    count = array.size // (array.shape[-1] * array.shape[-2])
    places = [_place(i, array.shape[:-2]) for i in range(min(count, limit))]
    note = f"The first {limit} of {count:,} {kind}." if count > limit else ""
    return [_figure(draw(array[place]), place) for place in places], note


def _place(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the indices of a slice by its number, the last axis running fastest."""
    place: list[int] = []
    for size in reversed(shape):
        number, index = divmod(number, size)
        place.insert(0, index)
    return tuple(place)


def _figure(body: str, place: tuple[int, ...]) -> str:
    if not place:
        return f"<div>{body}</div>"
    return f'<div><div style="{PALE}">[{", ".join(map(str, place))}]</div>{body}</div>'


def _images(array: Any) -> Any:
    """Return an array whose last two axes are the height and width of what could be images; None if they aren't."""
    if array.ndim >= 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.dtype.kind not in "uif" or array.ndim < 2:
        return None
    height, width = array.shape[-2:]
    if height != width or width not in IMAGE_SIDES:
        return None
    first = array.reshape(-1, height, width)[:IMAGES]
    return array if 0 <= first.min() < first.max() < float("inf") else None


def _image(array: Any) -> str:
    """Return a matrix as an image, its greatest value white."""
    height, width = array.shape
    grey = (array / (array.max() or 1) * 255).astype("uint8")
    scale = max(1, 84 // max(width, height))
    return (
        f'<img src="{data_url(grey)}" alt="image of {height} by {width} pixels" width="{scale * width}" '
        f'height="{scale * height}" style="image-rendering:pixelated;border:{LINE};max-width:none">'
    )


# ------------------------------------------------------------ numbers


def _table(array: Any) -> str:
    """Return up to two axes as a table with the indices beside the values."""
    if not array.ndim:
        return f'<table style="{TABLE}"><tr>{_cell(_number(array[()]))}</tr></table>'
    matrix = array.reshape(-1, array.shape[-1])
    rows, columns = _shown(matrix.shape[0]), _shown(matrix.shape[1])
    head = "".join(_cell(_index(i), "th") for i in columns)
    body = [_row("" if array.ndim == 1 else _index(i), _values(matrix, i, columns)) for i in rows]
    corner = _cell("", "th")
    return f'<table style="{TABLE}"><thead><tr>{corner}{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def _shown(size: int) -> list[int | None]:
    """Return the indices of an axis to show; None stands for those left out."""
    if size <= AXIS:
        return list(range(size))
    return [*range(AXIS - 3), None, size - 2, size - 1]


def _index(index: int | None) -> str:
    return "…" if index is None else str(index)


def _values(matrix: Any, row: int | None, columns: Sequence[int | None]) -> list[str]:
    return ["…" if row is None or column is None else _number(matrix[row, column]) for column in columns]


def _row(index: str, values: Sequence[str]) -> str:
    return f"<tr>{_cell(index, 'th')}{''.join(_cell(value) for value in values)}</tr>"


def _cell(text: str, tag: str = "td") -> str:
    look = PALE if tag == "th" else MARK if text in ("nan", "inf", "-inf") else ""
    return f'<{tag} style="text-align:right;{CELL};{look}">{escape(text)}</{tag}>'


def _number(value: Any) -> str:
    if value.dtype.kind == "S":
        return value.decode(errors="replace")
    return f"{value:.4g}" if value.dtype.kind in "fc" else str(value)
