"""Charts and arrays in notebooks: what is shown is read back and compared with what was given."""

from __future__ import annotations

import base64
import itertools
import math
import re
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

import klods
from klods.pictures.arrays import array_html
from klods.pictures.curves import curves_html, panels
from klods.pictures.svg import lines

SVG = "{http://www.w3.org/2000/svg}"
NAN, INF = math.nan, math.inf


class Chart:
    """An SVG chart read back: pixels become numbers by the ticks that stand beside them."""

    def __init__(self, text: str) -> None:
        self.root = ElementTree.fromstring(text)
        self.texts = [element.text for element in self.root.iter(f"{SVG}text")]
        self.x, self.y = self._scale("x", "x"), self._scale("y", "y")

    def _scale(self, kind, attribute):
        ticks = [e for e in self.root.iter(f"{SVG}text") if e.get("class") == kind]
        places = [float(e.get(attribute)) - (4 if kind == "y" else 0) for e in ticks]
        numbers = [float(e.text) for e in ticks]
        slope = (numbers[-1] - numbers[0]) / ((places[-1] - places[0]) or 1)
        return lambda pixel: numbers[0] + (pixel - places[0]) * slope

    def groups(self):
        return {group.find(f"{SVG}title").text: group for group in self.root.iter(f"{SVG}g")}

    def strokes(self, name):
        """Return the points of each unbroken line of a series."""
        found = [line.get("points").split() for line in self.groups()[name].iter(f"{SVG}polyline")]
        return [[tuple(map(float, point.split(","))) for point in points] for points in found]

    def numbers(self, name):
        """Return a series read from its lines."""
        return [(self.x(x), self.y(y)) for points in self.strokes(name) for x, y in points]

    def dots(self, name):
        circles = self.groups()[name].iter(f"{SVG}circle")
        return [(self.x(float(c.get("cx"))), self.y(float(c.get("cy")))) for c in circles]


def numbered(values):
    return list(enumerate(values, 1))


RANGES = [
    [0.2583, 0.1031, 0.0689, 0.0497, 0.0376],
    [1e-9, 3e-9, 2.5e-9],
    [-4e9, 7e9, 1e9, 2e9],
    [1e6 + 0.125, 1e6 + 0.25, 1e6 + 0.1875],
    [-0.5, -0.25, -0.75],
    [float(np.sin(i / 9)) for i in range(100)],
]


@pytest.mark.parametrize("values", RANGES)
def test_the_points_of_a_line_are_the_numbers_of_its_series(values):
    chart = Chart(lines({"loss": values}, "Loss", "epoch"))
    places, numbers = zip(*chart.numbers("loss"))
    np.testing.assert_allclose(places, range(1, len(values) + 1), rtol=0, atol=0.05)
    np.testing.assert_allclose(numbers, values, rtol=0, atol=1e-3 * (max(values) - min(values)))


def test_two_series_share_the_axes():
    series = {"accuracy": [0.9, 0.95, 0.98, 1.0], "loss": [0.4, 0.2, 0.1, 0.0]}
    chart = Chart(lines(series, "Training", "epoch"))
    for name, values in series.items():
        np.testing.assert_allclose(chart.numbers(name), numbered(values), atol=2e-3)
        np.testing.assert_allclose(chart.dots(name), numbered(values), atol=2e-3)
    assert {"Training", "epoch", "accuracy", "loss"} <= set(chart.texts)


def test_the_dots_tell_their_numbers():
    text = lines({"loss": [0.25831, 0.1]}, "Loss", "epoch")
    assert "<title>loss 1: 0.25831</title>" in text
    assert "<title>loss 2: 0.1</title>" in text


def test_what_is_not_a_number_breaks_the_line_and_is_said():
    chart = Chart(lines({"loss": [3.0, 2.0, NAN, 1.0, INF, -INF, 2.5, 3.0]}, "Loss", "epoch"))
    np.testing.assert_allclose(
        chart.dots("loss"), [(1, 3.0), (2, 2.0), (4, 1.0), (7, 2.5), (8, 3.0)], atol=0.02
    )  # 4 stands alone
    assert [len(points) for points in chart.strokes("loss")] == [2, 2]
    note = "loss: NaN or infinite at epoch 3, 5, 6."
    assert note in chart.texts
    assert note in chart.root.find(f"{SVG}desc").text


def test_many_missing_places_are_counted():
    chart = Chart(lines({"loss": [1.0, *[NAN] * 10]}, "Loss", "epoch"))
    assert "loss: NaN or infinite at epoch 2, 3, 4, 5, 6, 7 and 4 more." in chart.texts


def test_a_lone_point_among_many_is_a_dot():
    values = [float(i) for i in range(60)]
    values[40] = values[42] = NAN
    chart = Chart(lines({"loss": values}, "Loss", "step"))
    assert [round(float(x)) for x, _ in chart.dots("loss")] == [42]


def test_a_single_value_is_a_dot():
    chart = Chart(lines({"loss": [0.5]}, "Loss", "epoch"))
    circle = next(chart.root.iter(f"{SVG}circle"))
    (tick,) = (e for e in chart.root.iter(f"{SVG}text") if e.get("class") == "x")
    assert tick.text == "1"
    assert float(circle.get("cx")) == pytest.approx(float(tick.get("x")), abs=0.1)
    assert chart.dots("loss")[0][1] == pytest.approx(0.5)


@pytest.mark.parametrize("series", [{}, {"loss": []}])
def test_nothing_to_draw(series):
    assert "Nothing to draw yet." in Chart(lines(series, "Loss", "epoch")).texts


@pytest.mark.parametrize(
    "values", [[0.0, 0.0], [0.5] * 3, [5e-324, 0.0], [1.7e308, -1.7e308, 1.0], [-1e300, 1e300], [1.0, 1.0 + 1e-15]]
)
def test_extreme_values_stay_on_the_chart(values):
    chart = Chart(lines({"loss": values}, "Loss", "epoch"))
    height = float(chart.root.get("height"))
    assert all(0 <= float(c.get("cy")) <= height for c in chart.root.iter(f"{SVG}circle"))


@pytest.mark.parametrize("count", [2, 5, 9, 30, 365])
def test_epochs_have_few_whole_ticks(count):
    chart = Chart(lines({"loss": [1 / i for i in range(1, count + 1)]}, "Loss", "epoch"))
    ticks = [e.text for e in chart.root.iter(f"{SVG}text") if e.get("class") == "x"]
    assert 2 <= len(ticks) <= 9
    assert all(tick.isdecimal() and 1 <= int(tick) <= count for tick in ticks)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.26, 0.04], ["0.00", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30"]),
        ([120.0, 870.0], ["0", "200", "400", "600", "800", "1000"]),
        ([-4e9, 4e9], ["-4e+09", "-2e+09", "0", "2e+09", "4e+09"]),
        ([1e-9, 3e-9], ["1e-09", "1.5e-09", "2e-09", "2.5e-09", "3e-09"]),
    ],
)
def test_ticks_are_written_with_the_digits_they_need(values, labels):
    chart = Chart(lines({"loss": values}, "Loss", "epoch"))
    assert [e.text for e in chart.root.iter(f"{SVG}text") if e.get("class") == "y"] == labels


@pytest.mark.parametrize("values", RANGES)
def test_numbers_at_the_ticks_are_round_distinct_and_evenly_spaced(values):
    chart = Chart(lines({"loss": values}, "Loss", "epoch"))
    ticks = [float(e.text) for e in chart.root.iter(f"{SVG}text") if e.get("class") == "y"]
    steps = np.diff(ticks)
    assert 3 <= len(ticks) <= 8
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)
    assert f"{steps[0]:.0e}"[0] in "125"
    assert ticks[0] <= min(values)
    assert max(values) <= ticks[-1]


def test_names_are_escaped_and_told_to_screen_readers():
    chart = Chart(lines({"<a> & b": [1.0, 2.0]}, 'Title "<x>"', "epoch"))
    assert chart.root.get("role") == "img"
    assert chart.root.find(f"{SVG}title").text == 'Title "<x>"'
    assert "<a> & b: from 1 at epoch 1 to 2 at epoch 2." in chart.root.find(f"{SVG}desc").text


def test_series_differ_in_colour_and_dashes():
    text = lines({str(i): [i, i + 1] for i in range(12)}, "Twelve", "epoch")
    looks = re.findall(r'<polyline [^>]*stroke="(\S+)" stroke-dasharray="([^"]+)"', text)
    assert len(set(looks)) == 12
    for a, b in itertools.pairwise(looks):
        assert a[0] != b[0]
        assert a[1] != b[1]


@pytest.mark.parametrize("page", [1.0, 0.0056])  # the luminance of white, and of #111111
def test_colours_are_seen_on_light_and_dark_pages(page):
    """The contrast of WCAG 2.2 for graphics, at least 3 to 1."""
    colours = set(re.findall(r'stroke="(#\w{6})"', lines({str(i): [i, 1] for i in range(12)}, "", "epoch")))
    assert len(colours) == 6
    for colour in colours:
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        luminance = linear @ [0.2126, 0.7152, 0.0722]
        assert (max(luminance, page) + 0.05) / (min(luminance, page) + 0.05) >= 3


# ------------------------------------------------------------ the figures of a training run


def test_the_curves_of_a_run_are_one_chart_per_figure():
    history = {"accuracy": [0.8, 0.9], "loss": [0.5, 0.3], "val_accuracy": [0.7, 0.75], "val_loss": [0.6, 0.55]}
    assert list(panels(history)) == ["loss", "accuracy"]
    charts = re.findall(r"<svg.*?</svg>", curves_html(history), re.S)
    for text, (name, validation) in zip(charts, [("loss", "val_loss"), ("accuracy", "val_accuracy")], strict=True):
        chart = Chart(text)
        np.testing.assert_allclose(chart.dots("training"), numbered(history[name]), atol=2e-3)
        np.testing.assert_allclose(chart.dots("validation"), numbered(history[validation]), atol=2e-3)


# ------------------------------------------------------------ arrays


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
