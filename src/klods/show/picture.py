"""What `klods.show` returns: a picture, or several to step through, for notebooks, files and the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from klods.errors import FileError
from klods.extras import require
from klods.files import check_writable, write_whole
from klods.pictures.shapes import Drawing, svg

DRAWN = (".png", ".pdf", ".jpg", ".jpeg")  # by matplotlib
DPI = 192.0  # of pictures in pixels: two to each unit of a drawing


@dataclass(frozen=True)
class Picture:
    """A picture: in a notebook it shows itself, in a terminal it prints as text.

    Attributes:
        drawing: the picture as plain shapes.
        text: what it shows, in lines of letters.
    """

    drawing: Drawing
    text: str

    def svg(self) -> str:
        """Return the picture as an SVG element."""
        return svg(self.drawing)

    _repr_svg_ = svg

    def __str__(self) -> str:
        return printable(self.text)

    def save(self, path: Any) -> None:
        """Write the picture to a file: `.svg`, or, where matplotlib is installed, `.png`, `.pdf` or `.jpg`.

        Raises:
            FileError: for another suffix, or a file that can't be written; what stood there before stays.
            StateError: where matplotlib is needed and isn't installed.
        """
        save_drawing(self.drawing, path, DPI)


@dataclass(frozen=True)
class Slides:
    """Pictures to step through with a slider: in a notebook, or as a page of their own.

    Attributes:
        pictures: the pictures, in order.
        captions: a line about each; printed with the text of its picture, if it has one.
    """

    pictures: Sequence[Picture]
    captions: Sequence[str]

    def __getitem__(self, place: int) -> Picture:
        return self.pictures[place]

    def __len__(self) -> int:
        return len(self.pictures)

    def __str__(self) -> str:
        told = zip(self.captions, self.pictures)
        parts = (f"{caption}\n{picture.text}" for caption, picture in told if picture.text)
        return printable("\n\n".join(parts))

    def html(self) -> str:
        """Return the pictures and their slider as an element of a page; without scripts the last one shows."""
        last = len(self) - 1
        figures = [self._figure(i, hidden=i < last) for i in range(len(self))]
        move = "const f=this.parentNode.querySelectorAll('figure');f.forEach((x,i)=>x.hidden=i!=this.value)"
        label = f"Step through {len(self)} pictures"
        slider = (
            f'<input type="range" min="0" max="{last}" value="{last}" aria-label="{label}" '
            f'style="width:100%;max-width:30em;display:block;margin:0.4em 0" oninput="{escape(move)}">'
        )
        return f'<div class="klods-slides">{slider}{"".join(figures)}</div>'

    _repr_html_ = html

    def save(self, path: Any) -> None:
        """Write the pictures and their slider as a page (`.html`), or the last picture (see `Picture.save`).

        Raises:
            FileError: for another suffix, or a file that can't be written; what stood there before stays.
            StateError: where matplotlib is needed and isn't installed.
        """
        path = Path(path)
        if path.suffix.lower() != ".html":
            return self.pictures[-1].save(path)
        title = escape(self.pictures[-1].drawing.title)
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
        page = f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{self.html()}</body></html>'
        write_whole(path, lambda file: file.write(page.encode()))

    def _figure(self, place: int, hidden: bool) -> str:
        caption = f"<figcaption>{place + 1} of {len(self)}: {escape(self.captions[place])}</figcaption>"
        return f'<figure style="margin:0"{" hidden" if hidden else ""}>{caption}{self.pictures[place].svg()}</figure>'


def save_drawing(drawing: Drawing, path: Any, dpi: float) -> None:
    """Write a drawing to a file; its suffix chooses the format.

    Args:
        drawing: the drawing.
        path: the file.
        dpi: dots per inch of a picture in pixels.

    Raises:
        FileError: for an unknown suffix, or a file that can't be written; what stood there before stays.
        StateError: where matplotlib is needed and isn't installed.
    """
    path = Path(path)
    check_path(path)
    if path.suffix.lower() == ".svg":
        write_whole(path, lambda file: file.write(svg(drawing).encode()))
    else:
        from klods.show import drawings

        drawings.save(drawing, path, dpi)


def check_path(path: Path) -> None:
    """Find out, before long work, that no picture can be written to a path.

    Raises:
        FileError: for an unknown suffix, or a place that can't be written to.
        StateError: where matplotlib is needed and isn't installed.
    """
    suffix = path.suffix.lower()
    if suffix not in (".svg", *DRAWN):
        raise FileError(f"Pictures are .svg, .png, .pdf or .jpg; got '{path}'.", f"name it '{path.stem or 'it'}.svg'.")
    if suffix in DRAWN:
        require("plot", f"A {suffix} picture", "matplotlib")
    check_writable(path)


def printable(text: str) -> str:
    """Return a text with the characters that the terminal lacks replaced by question marks.

    Example:
        >>> printable("a plain text")
        'a plain text'
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
