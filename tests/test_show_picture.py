"""Pictures: what is drawn is in the file, slides hold every picture, and a bad path changes nothing."""

from __future__ import annotations

import base64
import re
import zlib

import numpy as np
import pytest

from klods.errors import FileError
from klods.pictures.png import png
from klods.pictures.shapes import Circle, Drawing, Image, Line, Rectangle, Text
from klods.show.picture import Picture, Slides

PIXELS = np.array([[0, 255], [128, 64]], np.uint8)


def picture(word="one"):
    shapes = [
        Rectangle(0, 0, 100, 60, fill="#ffffff"),
        Line([(10, 50), (90, 50)], "#d55e00", arrow=True),
        Circle(20, 20, 5, fill="#2b83c6"),
        Image(40, 10, 20, 20, PIXELS),
        Text(90, 20, word, 12, "#16202a", anchor="end"),
    ]
    return Picture(Drawing(shapes, 100, 60, f"title of {word}", "a description"), f"text of {word}")


def test_the_svg_holds_each_shape_the_title_and_the_description():
    text = picture()._repr_svg_()
    for part in (
        "<title>title of one</title>",
        "<desc>a description</desc>",
        'role="img"',
        '<circle cx="20.0" cy="20.0" r="5"',
        'points="90.0,50.0 82.0,54.0 82.0,46.0"',
        'text-anchor="end">one<',
    ):
        assert part in text
    data = base64.b64decode(re.search(r"base64,([^\"]+)", text)[1])
    assert data == png(PIXELS)


@pytest.mark.parametrize("channels", [0, 3])
def test_a_png_holds_the_pixels(channels):
    pixels = np.arange(6 * (channels or 1), dtype=np.uint8).reshape(2, 3, *([channels] if channels else []))
    data = png(pixels)
    start = data.index(b"IDAT") + 4
    rows = zlib.decompressobj().decompress(data[start:])
    assert rows == b"\0" + pixels[0].tobytes() + b"\0" + pixels[1].tobytes()


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_save_writes_the_picture_in_the_format_of_the_suffix(tmp_path, suffix, start):
    path = tmp_path / f"picture.{suffix}"
    picture().save(path)
    assert path.read_bytes().startswith(start)


def test_pixels_of_a_saved_picture_have_the_colours_of_its_shapes(tmp_path):
    image = pytest.importorskip("PIL.Image")
    picture().save(tmp_path / "picture.png")
    pixels = np.asarray(image.open(tmp_path / "picture.png").convert("RGB"))
    assert pixels.shape == (120, 200, 3)
    assert pixels[40, 40].tolist() == [0x2B, 0x83, 0xC6]  # the disc
    assert pixels[30, 110].tolist() == [255, 255, 255]  # the image's top right pixel
    assert pixels[100, 40].tolist() == [0xD5, 0x5E, 0x00]  # the line


@pytest.mark.parametrize("name", ["picture.bmp", "picture", "missing/picture.svg"])
def test_a_path_that_can_not_be_written_is_refused(tmp_path, name):
    with pytest.raises(FileError):
        picture().save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_slides_show_the_last_and_hold_all(tmp_path):
    slides = Slides([picture("one"), picture("two")], ["first & foremost", "last"])
    page = slides._repr_html_()
    assert page.count("<svg") == 2
    assert re.findall(r"<figure style=\"margin:0\"( hidden)?>", page) == [" hidden", ""]
    assert "1 of 2: first &amp; foremost" in page
    slides.save(tmp_path / "slides.html")
    assert (tmp_path / "slides.html").read_text().count("<svg") == 2
    slides.save(tmp_path / "last.svg")
    assert "title of two" in (tmp_path / "last.svg").read_text()
    assert str(slides) == "first & foremost\ntext of one\n\nlast\ntext of two"


def test_a_terminal_without_the_characters_gets_question_marks(monkeypatch):
    class Plain:
        encoding = "ascii"

    monkeypatch.setattr("sys.stdout", Plain())
    assert str(Picture(picture().drawing, "3 \u2192 4")) == "3 ? 4"
