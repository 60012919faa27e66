"""Arrays in notebooks: what is shown is read back and compared with what was given."""

from __future__ import annotations

import base64
import math
import re
import struct
import zlib

import numpy as np
import pytest

import klods
from klods.pictures.arrays import array_html

NAN, INF = math.nan, math.inf


def cells(html):
    """Return the texts of a table's cells, row by row; the first row and the first of each row are indices."""
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def image(data):
    """Return the pixels of a PNG file without filters, checking its checksums."""
    at, parts = 8, {}
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        parts[kind] = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + parts[kind])
        at += 12 + length
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:]


def images(html):
    return [image(base64.b64decode(data)) for data in re.findall(r'base64,([^"]+)"', html)]


@pytest.mark.parametrize(
    ("array", "caption"),
    [
        (np.arange(6, dtype=np.int32).reshape(2, 3), "shape (2, 3) · int32 · rank 2 · min 0 · max 5"),
        (np.array([1.5, -2.5], np.float32), "shape (2,) · float32 · rank 1 · min -2.5 · max 1.5"),
        (np.array([True, False]), "shape (2,) · bool · rank 1 · min False · max True"),
        (np.array([1, NAN, 3]), "shape (3,) · float64 · rank 1 · min 1 · max 3 · 1 NaN"),
        (np.array([NAN, NAN]), "shape (2,) · float64 · rank 1 · 2 NaN"),
        (np.float32(2), "shape () · float32 · rank 0"),
        (np.zeros((0, 3)), "shape (0, 3) · float64 · rank 2"),
    ],
)
def test_the_caption_tells_shape_dtype_rank_and_range(array, caption):
    assert f">{caption}</div>" in array_html(array)


def test_scalars_vectors_and_matrices_are_tables_of_their_values():
    assert cells(array_html(np.float32(0.1))) == [["0.1"]]
    assert cells(array_html(np.array(True))) == [["True"]]
    assert cells(array_html(np.array([7, 8]))) == [["", "0", "1"], ["", "7", "8"]]
    assert cells(array_html(np.array([[1.25, 2], [-3, 1e-7]]))) == [
        ["", "0", "1"], ["0", "1.25", "2"], ["1", "-3", "1e-07"]
    ]  # fmt: skip


def test_long_axes_are_cut_at_both_ends():
    rows = cells(array_html(np.arange(600).reshape(20, 30)))
    places = ["0", "1", "2", "3", "4", "5", "6", "…"]
    assert rows[0] == ["", *places, "28", "29"]
    assert [row[0] for row in rows[1:]] == [*places, "18", "19"]
    assert rows[1][1:] == ["0", "1", "2", "3", "4", "5", "6", "…", "28", "29"]
    assert rows[-1][1:] == [str(19 * 30 + i) if i != 7 else "…" for i in (*range(8), 28, 29)]
    assert set(rows[8]) == {"…"}
    assert cells(array_html(np.arange(10)))[1] == ["", *map(str, range(10))]


def test_nan_and_infinity_are_marked():
    marked = re.findall(r"#d55e00[^>]*>(.*?)<", array_html(np.array([1.0, NAN, -INF, INF])))
    assert marked == ["nan", "-inf", "inf"]


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 28, 28)])
def test_empty_arrays(shape):
    assert "no elements" in array_html(np.zeros(shape))


def test_higher_ranks_show_their_first_slices():
    array = np.arange(2 * 4 * 3 * 2).reshape(2, 4, 3, 2)
    html = array_html(array)
    tables = [cells(table) for table in re.findall(r"<table.*?</table>", html)]
    shown = np.array([[row[1:] for row in table[1:]] for table in tables], int)
    np.testing.assert_array_equal(shown, array[0, :3])
    assert re.findall(r">(\[[\d, ]+\])<", html) == ["[0, 0]", "[0, 1]", "[0, 2]"]
    assert "The first 3 of 8 slices." in html


def test_slices_are_counted_over_all_leading_axes():
    array = np.arange(2 * 1 * 2).reshape(2, 1, 1, 2)
    assert re.findall(r">(\[[\d, ]+\])<", array_html(array)) == ["[0, 0]", "[1, 0]"]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_are_shown_as_images(dtype):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 28, 28)).astype(np.uint8)
    pixels[:, 0, 0] = 255
    array = pixels if dtype is np.uint8 else pixels.astype(dtype) / 255
    html = array_html(array)
    for shown, given in zip(images(html), pixels[:10], strict=True):
        np.testing.assert_allclose(shown.astype(int), given, atol=1)
    assert "The first 10 of 12 images." in html
    assert len(images(array_html(array[3]))) == 1
    assert len(images(array_html(array[:2, :, :, None]))) == 2  # one channel


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(0).normal(size=(28, 28)),
        np.zeros((28, 28)),
        np.full((28, 28), NAN),
        np.where(np.eye(28), INF, 1.0),
        np.eye(28, dtype=bool),
        np.eye(10),
        np.eye(28)[:, :20],
        np.eye(512),
    ],
)
def test_other_matrices_are_shown_as_numbers(array):
    html = array_html(array)
    assert not images(html)
    assert len(cells(html)) == 11


def test_a_last_axis_of_one_is_kept_where_there_are_no_images():
    assert cells(array_html(np.arange(6).reshape(2, 3, 1)))[1:4] == [["0", "0"], ["1", "1"], ["2", "2"]]


def test_tensors_and_variables_show_their_values():
    assert cells(klods.constant([[1, 2]])._repr_html_()) == [["", "0", "1"], ["0", "1", "2"]]
    assert cells(klods.Variable(2.5)._repr_html_()) == [["2.5"]]
