"""Curves, confusion and misread samples: what is drawn is read back and compared with what was given."""

from __future__ import annotations

import base64
import itertools
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, StateError
from klods.pictures.colours import COLOURS
from klods.pictures.curves import curves, panels
from klods.pictures.plane import legend
from klods.pictures.png import png
from klods.pictures.shapes import Rectangle, Text, svg

SVG = "{http://www.w3.org/2000/svg}"
NAN, INF = math.nan, math.inf


def texts(picture):
    return [e.text for e in ElementTree.fromstring(picture.svg()).iter(f"{SVG}text")]


# ------------------------------------------------------------ curves


class Chart:
    """The drawing of one chart read back: pixels become numbers by the ticks that stand beside them."""

    def __init__(self, history) -> None:
        self.root = ElementTree.fromstring(svg(curves(history)))
        self.texts = [element.text for element in self.root.iter(f"{SVG}text")]
        self.y_ticks, self.x_ticks = self._ticks("end"), self._ticks("middle")
        self.x, self.y = self._scale(self.x_ticks, "x", 0), self._scale(self.y_ticks, "y", 4)

    def _ticks(self, anchor):
        found = [e for e in self.root.iter(f"{SVG}text") if e.get("font-size") == "11"]
        return [e for e in found if e.get("text-anchor") == anchor and "best" not in e.text]

    @staticmethod
    def _scale(ticks, attribute, offset):
        places = [float(e.get(attribute)) - offset for e in ticks]
        numbers = [float(e.text) for e in ticks]
        slope = (numbers[-1] - numbers[0]) / ((places[-1] - places[0]) or 1)
        return lambda pixel: numbers[0] + (pixel - places[0]) * slope

    def strokes(self, index=0):
        """Return the points of each unbroken line of a series by its number, the legend's line left out."""
        lines = [e for e in self.root.iter(f"{SVG}polyline") if e.get("stroke") == COLOURS[index]]
        pixels = [[tuple(map(float, point.split(","))) for point in line.get("points").split()] for line in lines]
        return [[(self.x(x), self.y(y)) for x, y in line] for line in pixels[:-1]]

    def dots(self):
        circles = [e for e in self.root.iter(f"{SVG}circle") if e.get("fill") == COLOURS[0]][:-1]
        return [(self.x(float(c.get("cx"))), self.y(float(c.get("cy")))) for c in circles]


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
    (line,) = Chart({"loss": values}).strokes()
    places, numbers = zip(*line)
    np.testing.assert_allclose(places, range(1, len(values) + 1), rtol=0, atol=0.1)
    np.testing.assert_allclose(numbers, values, rtol=0, atol=1e-3 * (max(values) - min(values)))


def test_validation_stands_beside_training_and_the_last_values_are_told():
    chart = Chart({"loss": [0.4, 0.2, 0.1], "val_loss": [0.5, 0.3, 0.35]})
    for index, values in enumerate(([0.4, 0.2, 0.1], [0.5, 0.3, 0.35])):
        (line,) = chart.strokes(index)
        np.testing.assert_allclose(line, list(enumerate(values, 1)), atol=2e-3)
    assert {"training, last 0.1", "validation, last 0.35", "epoch", "loss"} <= set(chart.texts)


@pytest.mark.parametrize(
    ("history", "epoch", "told"),
    [
        ({"loss": [0.4, 0.2, 0.1], "val_loss": [0.5, 0.3, 0.35]}, 2, "the lowest validation loss, 0.3."),
        ({"loss": [0.4, NAN, 0.1]}, 3, "the lowest training loss, 0.1."),
    ],
)
def test_the_best_epoch_is_marked(history, epoch, told):
    chart = Chart(history)
    assert f"Best epoch: {epoch}, with {told}" in chart.texts
    (line,) = [e for e in chart.root.iter(f"{SVG}polyline") if e.get("stroke") == "#52606b"]
    upright = [chart.x(float(point.split(",")[0])) for point in line.get("points").split()]
    np.testing.assert_allclose(upright, epoch, atol=0.01)


def test_what_is_not_a_number_breaks_the_line_and_is_said():
    chart = Chart({"loss": [3.0, 2.0, NAN, 1.0, INF, -INF, 2.5, 3.0]})
    expected = [(1, 3.0), (2, 2.0), (4, 1.0), (7, 2.5), (8, 3.0)]  # 4 stands alone
    np.testing.assert_allclose(chart.dots(), expected, atol=0.02)
    assert [len(points) for points in chart.strokes()] == [2, 2]
    note = "loss, training: NaN or infinite at epoch 3, 5, 6."
    assert note in chart.texts
    assert note in chart.root.find(f"{SVG}desc").text


def test_many_missing_places_are_counted():
    chart = Chart({"loss": [1.0, *[NAN] * 10]})
    assert "loss, training: NaN or infinite at epoch 2, 3, 4, 5, 6, 7 and 4 more." in chart.texts


def test_a_lone_point_among_many_is_a_dot():
    values = [float(i) for i in range(60)]
    values[40] = values[42] = NAN
    assert [round(x) for x, _ in Chart({"loss": values}).dots()] == [42]


def test_a_single_value_is_a_dot():
    chart = Chart({"loss": [0.5]})
    (tick,) = chart.x_ticks
    assert tick.text == "1"
    circle = next(chart.root.iter(f"{SVG}circle"))
    assert float(circle.get("cx")) == pytest.approx(float(tick.get("x")), abs=0.1)
    assert chart.y(float(circle.get("cy"))) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "values", [[0.0, 0.0], [0.5] * 3, [5e-324, 0.0], [1.7e308, -1.7e308, 1.0], [-1e300, 1e300], [1.0, 1.0 + 1e-15]]
)
def test_extreme_values_stay_on_the_chart(values):
    chart = Chart({"loss": values})
    height = float(chart.root.get("height"))
    assert all(0 <= float(c.get("cy")) <= height for c in chart.root.iter(f"{SVG}circle"))


@pytest.mark.parametrize("count", [2, 5, 9, 30, 365])
def test_epochs_have_few_whole_ticks(count):
    ticks = [e.text for e in Chart({"loss": [1 / i for i in range(1, count + 1)]}).x_ticks]
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
    assert [e.text for e in Chart({"loss": values}).y_ticks] == labels


@pytest.mark.parametrize("values", RANGES)
def test_numbers_at_the_ticks_are_round_distinct_and_evenly_spaced(values):
    ticks = [float(e.text) for e in Chart({"loss": values}).y_ticks]
    steps = np.diff(ticks)
    assert 3 <= len(ticks) <= 8
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)
    assert f"{steps[0]:.0e}"[0] in "125"
    assert ticks[0] <= min(values)
    assert max(values) <= ticks[-1]


def test_names_are_escaped_and_told_to_screen_readers():
    chart = Chart({"<a> & b": [1.0, 2.0]})
    assert chart.root.get("role") == "img"
    assert "<a> & b, training: from 1 at epoch 1 to 2 at epoch 2." in chart.root.find(f"{SVG}desc").text


def test_series_differ_in_colour_and_in_dashes_and_marks():
    shapes = legend([str(i) for i in range(6)], 0, 0)
    rows = [shapes[3 * i : 3 * i + 3] for i in range(6)]
    assert len({line.colour for line, _, _ in rows}) == 6
    for (line, mark, _), (other, other_mark, _) in itertools.pairwise(rows):
        assert line.dashed != other.dashed
        assert type(mark) is not type(other_mark) or len(mark.points) != len(other_mark.points)


@pytest.mark.parametrize("page", [1.0, 0.0056])  # the luminance of white, and of #111111
def test_colours_are_seen_on_light_and_dark_pages(page):
    """The contrast of WCAG 2.2 for graphics, at least 3 to 1."""
    for colour in COLOURS:
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        luminance = linear @ [0.2126, 0.7152, 0.0722]
        assert (max(luminance, page) + 0.05) / (min(luminance, page) + 0.05) >= 3


def test_a_run_has_one_chart_per_figure_the_loss_first():
    history = {"accuracy": [0.8, 0.9], "loss": [0.5, 0.3], "val_accuracy": [0.7, 0.75], "val_loss": [0.6, 0.55]}
    assert list(panels(history)) == ["loss", "accuracy"]
    picture = klods.show.history(history)
    headings = [e.text for e in ElementTree.fromstring(picture.svg()).iter(f"{SVG}text") if e.get("font-size") == "13"]
    assert headings == ["loss", "accuracy"]
    assert "2       0.9   0.3          0.75      0.55" in str(picture)


def test_a_history_of_fit_is_drawn_and_shows_itself_the_same_way():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    run = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=2, verbose=0)
    picture = klods.show.history(run)
    assert picture.svg() == run._repr_html_() == klods.show.history(run.history).svg()
    assert f"{run.history['loss'][1]:.4g}" in str(picture)


def test_validation_at_some_epochs_only_is_told():
    notes = " ".join(texts(klods.show.history({"loss": [3.0, 2.0, 1.0], "val_loss": [2.0]})))
    assert "3 of training, 1 of validation; drawn one after the other" in notes
    assert "Best epoch: 3, with the lowest training loss, 1." in notes


def test_epochs_have_the_numbers_that_fit_gave_them():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    run = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=7, initial_epoch=4, verbose=0)
    picture = klods.show.history(run)
    assert [line.split()[0] for line in str(picture).splitlines()[2:5]] == ["5", "6", "7"]
    ticks = [s.text for s in picture.drawing.shapes if isinstance(s, Text) and s.anchor == "middle"]
    assert ticks[:3] == ["5", "6", "7"]
    assert f"Best epoch: 7, with the lowest training loss, {run.history['loss'][2]:.4g}." in str(picture)
    assert picture.svg() == run._repr_html_()


@pytest.mark.parametrize("wrong", [{}, {"loss": []}, [0.5], None, keras.callbacks.History()])
def test_what_is_no_history(wrong):
    with pytest.raises(DataError, match="history"):
        klods.show.history(wrong)


# ------------------------------------------------------------ confusion


class Given(keras.Model):
    """A model whose inputs are the probabilities."""

    def call(self, x):
        return x


def given():
    model = Given(name="given")
    model(np.ones((1, 2), np.float32))
    return model


GENERATOR = np.random.default_rng(3)
PROBABILITIES = GENERATOR.dirichlet(np.ones(3), 50).astype(np.float32)
LABELS = GENERATOR.integers(0, 3, 50)
COUNTS = [[sum((i == LABELS) & (PROBABILITIES.argmax(1) == j)) for j in range(3)] for i in range(3)]


def matrix(picture):
    """Return the numbers in the cells of a matrix and the fills below them."""
    shapes = picture.drawing.shapes
    pairs = [(a, b) for a, b in itertools.pairwise(shapes) if isinstance(a, Rectangle) and a.height == 29]
    count = math.isqrt(len(pairs))
    numbers = np.array([int(text.text) for _, text in pairs]).reshape(count, count)
    return numbers, [rectangle.fill for rectangle, _ in pairs]


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], np.eye(3)[LABELS], LABELS.astype(float), list(LABELS)])
def test_the_cells_are_the_counts_with_totals(labels):
    numbers, _ = matrix(klods.show.confusion(given(), PROBABILITIES, labels))
    np.testing.assert_array_equal(numbers[:3, :3], COUNTS)
    np.testing.assert_array_equal(numbers[3, :3], np.sum(COUNTS, 0))
    np.testing.assert_array_equal(numbers[:3, 3], np.sum(COUNTS, 1))
    assert numbers[3, 3] == 50


def test_the_title_tells_how_many_are_right_and_the_text_holds_the_matrix():
    picture = klods.show.confusion(given(), PROBABILITIES, LABELS, ["ant", "bee", "cat"])
    right = sum(COUNTS[i][i] for i in range(3))
    assert picture.drawing.title == f"Confusion matrix: {right} of 50 read right ({right / 50:.1%})"
    assert str(picture).splitlines()[3].split() == ["bee", *map(str, COUNTS[1]), str(sum(COUNTS[1]))]
    assert {"ant", "bee", "cat"} <= set(texts(picture))


def test_the_shade_is_the_share_of_the_row_blue_where_right_and_orange_where_wrong():
    probabilities = np.eye(2, dtype=np.float32)[[0, 0, 0, 1, 1, 1, 1, 1]]
    _, fills = matrix(klods.show.confusion(given(), probabilities, [0, 0, 0, 0, 1, 1, 1, 1]))
    assert fills[0] == "#60a2d4"  # three quarters of the way from white to blue: 255 - 0.75 * (255 - 0x2B) ...
    assert fills[1] == "#eaae80"  # half, the root of a quarter, of the way to orange
    assert fills[3] == "#ffffff"
    assert fills[4] == "#2b83c6"


def test_one_probability_is_that_of_the_second_of_two_classes():
    numbers, _ = matrix(klods.show.confusion(given(), np.array([[0.9], [0.2], [0.8]], np.float32), [1, 0, 0]))
    np.testing.assert_array_equal(numbers[:2, :2], [[1, 1], [0, 1]])


def test_of_many_classes_those_with_the_fewest_errors_are_taken_together():
    read = np.r_[np.arange(30), 5, 5, 29]
    true = np.r_[np.arange(30), 6, 6, 28]
    picture = klods.show.confusion(given(), np.eye(30, dtype=np.float32)[read], true)
    numbers, fills = matrix(picture)
    assert numbers.shape == (13, 13)
    assert numbers[12, 12] == 33
    assert {"5", "6", "28", "29", "others"} <= set(texts(picture))
    assert "19 of 30 classes" in str(picture)
    assert numbers[11, 11] == 19
    assert fills[11 * 13 + 11] == "#ffffff"  # some of these may be misread as one another
    assert fills[0] == "#2b83c6"


def test_what_has_no_reading_is_left_out_and_told():
    spoilt = np.array([[0.5, NAN], [0.9, 0.1], [0.8, 0.2]], np.float32)
    picture = klods.show.confusion(given(), spoilt, [0, 0, 1])
    assert matrix(picture)[0][2, 2] == 2
    assert "Left out, their probabilities being NaN or infinite: 1 of 3." in str(picture)
    sheet = klods.show.misread(given(), spoilt, [0, 0, 1])
    assert sheet.drawing.title == "Misread: all 1, among 3 samples"
    assert all("Left out, their probabilities being NaN or infinite: 1 of 3." in texts(p) for p in (picture, sheet))


@pytest.mark.parametrize(
    ("x", "y", "names", "words"),
    [
        (PROBABILITIES, LABELS[:5], None, "Labels of shape"),
        (PROBABILITIES, LABELS + 1, None, "0 to 2; got 1 to 3"),
        (PROBABILITIES, LABELS - 0.5, None, "numbers of 3 classes"),
        (PROBABILITIES, LABELS.astype(str), None, "numbers of 3 classes; got <U"),
        (PROBABILITIES, np.full(50, NAN), None, "numbers of 3 classes"),
        (PROBABILITIES, LABELS, ["a", "b"], "3 classes; got 2 names"),
        (np.ones((5, 2, 2), np.float32), [0] * 5, None, "one output of shape"),
    ],
)
def test_what_does_not_fit(x, y, names, words):
    for draw in (klods.show.confusion, klods.show.misread):
        with pytest.raises(DataError, match=words):
            draw(given(), x, y, names)


def test_a_model_that_is_not_built():
    for draw in (klods.show.confusion, klods.show.misread):
        with pytest.raises(StateError, match="not built"):
            draw(keras.Sequential([keras.layers.Dense(2)]), np.ones((2, 3)), [0, 1])


# ------------------------------------------------------------ misread


def reader(size):
    """Return a model that reads the class from the first pixels of an image."""
    model = keras.Sequential([keras.Input(size), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
    kernel = np.zeros(model.weights[0].shape, np.float32)
    kernel[:3] = np.eye(3)
    model.set_weights([kernel, np.zeros(3, np.float32)])
    return model


def samples():
    """Return 12 images of 8 by 8 whose first pixels tell a class, and labels of which those at 2, 5 and 7 differ."""
    images = np.random.default_rng(0).uniform(0, 1, (12, 8, 8)).astype(np.float32)
    images[:, 0, :3] = 0
    for i in range(12):
        images[i, 0, i % 3] = {2: 3.0, 5: 7.0, 7: 5.0}.get(i, 1.0)
    labels = np.arange(12) % 3
    labels[[2, 5, 7]] = 0
    return images, labels


def test_the_sheet_holds_the_misread_samples_surest_first():
    images, labels = samples()
    picture = klods.show.misread(reader((8, 8)), images, labels, ["ant", "bee", "cat"])
    captions = [text for text in texts(picture) if re.match("true|read|.*%", text)]
    sure = [math.exp(z) / (math.exp(z) + 2) for z in (7.0, 5.0, 3.0)]
    expected = [("cat", sure[0]), ("bee", sure[1]), ("cat", sure[2])]
    assert captions == [part for name, p in expected for part in ("true ant", f"read {name}", f"{p:.1%}")]
    assert picture.drawing.title == "Misread: all 3, among 12 images"
    assert "sample 5: true ant, read cat" in str(picture)


@pytest.mark.parametrize("shape", [(12, 8, 8), (12, 8, 8, 1), (12, 64)])
def test_the_pixels_are_those_of_the_samples_ink_on_white(shape):
    images, labels = samples()
    picture = klods.show.misread(reader(shape[1:]), images.reshape(shape), labels)
    hrefs = [e.get("href") for e in ElementTree.fromstring(picture.svg()).iter(f"{SVG}image")]
    scale = 255 - np.rint(255 * images / images.max())
    drawn = [base64.b64decode(href.split(",")[1]) for href in hrefs]
    assert len(drawn) == 3
    for data, place in zip(drawn, (5, 7, 2)):
        shapes = [s for s in picture.drawing.shapes if hasattr(s, "pixels") and png(s.pixels) == data]
        np.testing.assert_allclose(shapes[0].pixels, scale[place], atol=1)


def test_each_class_has_its_count_and_a_bar():
    images, labels = samples()
    picture = klods.show.misread(reader((8, 8)), images, labels)
    assert "misread of each class: 0: 3 of 7, 1: 0 of 3, 2: 0 of 2" in str(picture)
    assert {"of 7", "of 3", "of 2"} <= set(texts(picture))
    bars = [s.height for s in picture.drawing.shapes if isinstance(s, Rectangle) and s.fill == COLOURS[0]]
    assert bars == [40, 0, 0]


def test_samples_that_are_no_images_are_named_by_their_places():
    picture = klods.show.misread(given(), PROBABILITIES, LABELS)
    wrong = np.flatnonzero(PROBABILITIES.argmax(1) != LABELS)
    first = wrong[np.argmax(PROBABILITIES[wrong].max(1))]
    assert next(text for text in texts(picture) if text.startswith("sample")) == f"sample {first}"
    assert f"among {len(LABELS)} samples" in picture.drawing.title


def test_colours_stay_as_they_are():
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)
    images[0, 0, 0] = [0, 255, 128]
    picture = klods.show.misread(reader((8, 8, 3)), images, (images[:, 0, 0].argmax(1) + 1) % 3)
    pixels = [s.pixels for s in picture.drawing.shapes if hasattr(s, "pixels")]
    assert {p.tobytes() for p in pixels} == {image.tobytes() for image in images}


def test_nothing_misread():
    images, _ = samples()
    picture = klods.show.misread(reader((8, 8)), images, np.arange(12) % 3)
    assert picture.drawing.title == "None of the 12 images is misread."
    assert not [s for s in picture.drawing.shapes if hasattr(s, "pixels")]
