"""Pictures of tensors: the numbers in the cells are the tensor's, the axes its shape, and NaN is marked."""

from __future__ import annotations

import base64
import re
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

import klods
from klods.errors import DataError, DTypeError, NameUnknownError, ShapeError
from klods.pictures.page import MARK

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture):
    return [
        (float(e.get("x")), float(e.get("y")), e.text) for e in ElementTree.fromstring(picture.svg()).iter(SVG + "text")
    ]


def numbers(picture):
    """Return the numbers in cells, from left to right and from top to bottom."""
    found = [(y, x, float(text)) for x, y, text in texts(picture) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", text)]
    return [value for _, _, value in sorted(found)]


def pixels(picture):
    """Return the images in a picture as arrays."""
    found = []
    for data in re.findall(r"base64,([^\"]+)", picture.svg()):
        png = base64.b64decode(data)
        width, height = (int.from_bytes(png[i : i + 4], "big") for i in (16, 20))
        rows = zlib.decompressobj().decompress(png[png.index(b"IDAT") + 4 :])
        found.append(np.frombuffer(rows, np.uint8).reshape(height, 1 + 3 * width)[:, 1:].reshape(height, width, 3))
    return found


@pytest.mark.parametrize(
    "make", [klods.constant, klods.Variable, np.array, lambda x: x], ids=["tensor", "variable", "array", "list"]
)
def test_a_matrix_is_a_grid_of_its_numbers(make):
    picture = klods.show.tensor(make([[1.0, 2.5, -3.0], [4.0, 0.25, 6.0]]), axes=("samples", "features"))
    assert numbers(picture) == [1, 2.5, -3, 4, 0.25, 6]
    words = [text for _, _, text in texts(picture)]
    assert {"axis 0", "samples: 2", "axis 1, features: 3"} < set(words)
    assert "rank 2 (a matrix) · shape (2, 3)" in words[0]
    assert "axis 0, samples: 2\naxis 1, features: 3\nmin -3 · max 6" in str(picture)


def test_a_scalar_is_one_cell_and_a_vector_a_row():
    assert numbers(klods.show.tensor(7.5)) == [7.5]
    row = klods.show.tensor([3, 1, 2])
    assert numbers(row) == [3, 1, 2]
    assert len({y for _, y, text in texts(row) if text in "312"}) == 1


def test_long_axes_are_cut_and_say_so():
    picture = klods.show.tensor(np.arange(12000).reshape(120, 100))
    assert numbers(picture) == [100 * row + column for row in range(6) for column in range(6)]
    words = [text for _, _, text in texts(picture)]
    assert words.count("…") == 6 + 7
    assert {"axis 0: 120", "axis 1: 100"} < set(words)


def test_of_a_stack_the_front_is_seen_whole_and_the_first_rows_of_those_behind():
    x = np.arange(24).reshape(2, 3, 4)
    picture = klods.show.tensor(x)
    assert numbers(picture) == [*x[1, 0], *x[0].ravel()]
    front, behind = (next(x for x, _, text in texts(picture) if text == word) for word in ("0", "12"))
    assert behind > front


@pytest.mark.parametrize("shape", [(3, 2, 2, 2), (2, 2, 2, 2, 2)])
def test_of_higher_ranks_stacks_stand_in_rows_and_columns(shape):
    x = np.arange(np.prod(shape)).reshape(shape)
    picture = klods.show.tensor(x)
    assert "…" not in picture.svg()
    stacks = x.reshape(-1, 2, 2, 2)
    assert sorted(numbers(picture)) == sorted(v for s in stacks for v in [*s[0].ravel(), *s[1, 0]])
    places = {text: (left, top) for left, top, text in texts(picture)}
    firsts = [places[str(8 * i)] for i in range(len(stacks))]
    columns = shape[-4]
    for i, (left, top) in enumerate(firsts):
        assert (left > firsts[i - 1][0]) if i % columns else (left == firsts[0][0])
        assert top == firsts[i // columns * columns][1]


def test_of_rank_6_the_first_entry_is_drawn_and_said_to_be():
    picture = klods.show.tensor(np.arange(7 * 32).reshape(7, 2, 2, 2, 2, 2))
    assert max(numbers(picture)) == 29
    assert "drawn: the first entry along axis 0: 7" in picture.drawing.description


def test_nan_and_infinity_are_marked_told_and_counted():
    x = np.zeros((30, 4))
    x[0, 1], x[2, 3], x[29, 0] = np.nan, -np.inf, np.inf
    picture = klods.show.tensor(x)
    marked = [e.text for e in ElementTree.fromstring(picture.svg()).iter(SVG + "text") if e.get("fill") == MARK]
    assert marked[:2] == ["NaN", "-inf"]
    sentence = "NaN or infinite: 3 of 120 values, the first at [0, 1]"
    assert " ".join(marked[2:]) == sentence
    assert sentence in str(picture)
    assert sentence in picture.drawing.description
    assert "min 0 · max 0" in str(picture)


def test_what_looks_like_images_is_shown_as_such():
    x = np.random.default_rng(0).integers(0, 256, (9, 14, 14)).astype("uint8")
    shown = pixels(klods.show.tensor(x))
    assert len(shown) == 5
    for image, array in zip(shown, x):
        assert (image == array[..., None]).all()


def test_images_have_colours_and_scales():
    x = np.random.default_rng(0).random((2, 5, 7, 3), "float32")
    x[1, 2, 3, 1] = np.nan
    picture = klods.show.tensor(x, kind="images")
    first, second = pixels(picture)
    assert (first == np.round(x[0] * 255)).all()
    assert second[2, 3].tolist() == [0xD5, 0x5E, 0x00]
    assert "black is 0, white is 1" in picture.drawing.description
    assert "axis 0, samples: 2" in [text for _, _, text in texts(picture)]
    stretched = pixels(klods.show.tensor([[-2.0, 0.0], [1.0, 2.0]], kind="images"))[0][..., 0]
    assert stretched.tolist() == [[0, 128], [191, 255]]


def test_a_terminal_gets_the_first_image_in_letters():
    x = np.zeros((3, 12, 12), "uint8")
    x[0, 2, 3:5] = 255, 128
    lines = str(klods.show.tensor(x)).split("\n")[-12:]
    assert lines == ["", "", "      @@++", *[""] * 9]


@pytest.mark.parametrize("rank", range(7))
def test_pictures_are_no_wider_than_a_page(rank):
    names = ["a long name"] * rank
    assert klods.show.tensor(np.full((9,) * rank, -1.2345e-100), axes=names).drawing.width <= 720


def test_extreme_integers_are_told_as_they_are():
    x = np.array([np.iinfo("int64").max, np.iinfo("int64").min])
    assert "min -9.22e+18 · max 9.22e+18" in str(klods.show.tensor(x))


def test_weights_are_no_images():
    assert not pixels(klods.show.tensor(np.random.default_rng(0).normal(size=(16, 16))))
    assert not pixels(klods.show.tensor(np.ones((16, 16))))


def test_a_video_is_film_strips():
    x = np.random.default_rng(0).integers(0, 256, (2, 8, 13, 15, 3)).astype("uint8")
    for given in (klods.show.tensor(x), klods.show.tensor(x, kind="video")):
        shown = pixels(given)
        assert [(image == frame).all() for image, frame in zip(shown, x[:, :6].reshape(12, 13, 15, 3))] == [True] * 12
        assert "frames: 8" in given.drawing.description


def test_a_sequence_is_a_line_for_each_feature_broken_at_nan():
    x = np.zeros((1, 8, 2))
    x[0, :, 0] = np.arange(8)
    x[0, 4, 1] = np.nan
    picture = klods.show.tensor(x, kind="sequence")
    lines = [e for e in ElementTree.fromstring(picture.svg()).iter(SVG + "polyline") if e.get("stroke-width") == "1.6"]
    points = [[tuple(map(float, p.split(","))) for p in e.get("points").split()] for e in lines]
    assert [len(line) for line in points] == [8, 4, 3]
    rises = np.diff([y for _, y in points[0]])
    np.testing.assert_allclose(rises, rises[0], atol=0.11)
    assert rises[0] < 0
    assert points[1][0][1] == points[0][0][1]
    assert "NaN or infinite: 1 of 16" in picture.drawing.description


def test_an_empty_tensor_says_so():
    picture = klods.show.tensor(np.zeros((0, 3)))
    assert "no elements" in str(picture)
    assert "no elements" in picture.svg()


@pytest.mark.parametrize(
    ("x", "arguments", "error"),
    [
        ([[1, 2]], {"axes": ("samples",)}, ShapeError),
        ([1, 2], {"axes": "n"}, ShapeError),
        ([1, 2], {"kind": "images"}, ShapeError),
        (np.zeros((2, 4, 4, 2)), {"kind": "images"}, ShapeError),
        ([1, 2], {"kind": "picture"}, NameUnknownError),
        (["word"], {}, DTypeError),
        (klods.keras.Input((2,)), {}, DataError),
    ],
)
def test_what_can_not_be_drawn_is_refused(x, arguments, error):
    with pytest.raises(error):
        klods.show.tensor(x, **arguments)


def test_one_sequence_has_no_axis_of_samples():
    picture = klods.show.tensor(np.arange(5.0), kind="sequence")
    assert "axis 0, timesteps: 5" in str(picture)
    assert "sample" not in picture.svg()


def test_rows_of_stacks_are_of_one_length():
    picture = klods.show.tensor(np.arange(2 * 9 * 8).reshape(2, 9, 2, 2, 2))
    tops = [y for _, y, text in texts(picture) if text.isdigit() and int(text) % 8 == 0]
    assert len(tops) == 2 * tops.count(tops[0])


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 2), (5,), (2, 2, 2, 2)])
def test_the_title_is_one_line(shape):
    assert f"{klods.show.tensor(np.ones(shape)).drawing.title}</text>" in klods.show.tensor(np.ones(shape)).svg()
