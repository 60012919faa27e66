"""Pictures of maps of the plane: points stand where x·W + b and the activation put them, and words say so."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import klods
from klods.errors import DTypeError, NameUnknownError, ShapeError
from klods.pictures.colours import COLOURS
from klods.pictures.windows import Window

SVG = "{http://www.w3.org/2000/svg}"
W, B = np.array([[1.3, 0.5], [0.4, -0.8]]), np.array([0.4, -0.5])


class Panel:
    """A window of a picture: its shapes, back on the plane.

    Args:
        picture: the picture.
        place: of the window among those of the picture.
    """

    def __init__(self, picture, place):
        elements = list(ElementTree.fromstring(picture.svg()))
        frames = [i for i, e in enumerate(elements) if e.get("width") == "250.0"]
        start, end = frames[place], [*frames, None][place + 1]
        self.elements, frame = elements[start:end], elements[start]
        self.middle = np.array([float(frame.get("x")) + 125, float(frame.get("y")) + 125])
        told = picture.drawing.shapes[-1].text
        ends = list(map(float, re.findall(r"[\d.]*\d", told.split("reach")[1])))
        self.reach = ends[place] if "own" in told else ends[-1]

    def on_plane(self, points):
        return (np.array(points) - self.middle) * [1, -1] / 125 * self.reach

    def arrow(self, colour):
        """Return the ends of the arrow of a colour."""
        line = next(e for e in self.elements if e.get("stroke") == colour and e.get("stroke-width") == "2.4")
        head = next(e for e in self.elements if e.get("fill") == colour and e.tag == SVG + "polygon")
        return self.on_plane([points(line)[0], points(head)[0]])

    def letter(self):
        return self.on_plane(points(next(e for e in self.elements if e.get("opacity") == "0.45")))

    def dots(self):
        return self.on_plane(
            [(float(e.get("cx")), float(e.get("cy"))) for e in self.elements if e.tag == SVG + "circle"]
        )


def points(element):
    return [tuple(map(float, point.split(","))) for point in element.get("points").split()]


def relu(x):
    return np.maximum(x, 0)


MOVES = [lambda x: x, lambda x: x @ W, lambda x: x @ W + B, lambda x: relu(x @ W + B)]


@pytest.mark.parametrize("activation", ["relu", klods.nn.relu])
def test_points_and_arrows_stand_where_the_map_puts_them(activation):
    picture = klods.show.transform(klods.Variable(W), B.tolist(), activation)
    before = Panel(picture, 0).letter()
    for place, move in enumerate(MOVES):
        panel = Panel(picture, place)
        np.testing.assert_allclose(panel.letter(), move(before), atol=0.01)
        origin, first, second = move(np.array([[0, 0], [1, 0], [0, 1]]))
        np.testing.assert_allclose(panel.arrow(COLOURS[0]), [origin, first], atol=0.01)
        np.testing.assert_allclose(panel.arrow(COLOURS[1]), [origin, second], atol=0.01)


def test_the_grid_is_moved_too():
    picture = klods.show.transform(W)
    marks = np.linspace(-2, 2, 9)
    grid = np.array([(x, y) for y in marks for x in marks]) @ W
    panel = Panel(picture, 1)
    expected = grid[(np.abs(grid) <= panel.reach).all(axis=1)]
    np.testing.assert_allclose(panel.dots(), expected, atol=0.01)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([[0, 1], [-1, 0]], "det W = 1: areas keep their size, and letters aren't mirrored"),
        ([[0, 1], [1, 0]], "det W = -1: areas keep their size, and letters are mirrored"),
        ([[2, 0], [0, 0.25]], "det W = 0.5: areas become 0.5 times as large, and letters aren't mirrored"),
        ([[1, 2], [2, 4]], "det W = 0: the plane is pressed onto a line"),
        ([[0, 0], [0, 0]], "det W = 0: the plane is pressed onto a point"),
        ([[1000, 0], [0, 0.0005]], "det W = 0.5: areas become 0.5 times as large"),
        ([[0.1, 0.3], [0.2, 0.6]], "det W = 0: the plane is pressed onto a line"),
        ([[1e-4, 0], [0, 1e-4]], "det W = 1e-08: areas become 1e-08 times as large"),
        ([[np.nan, 0], [0, 1]], "W holds NaN or infinity"),
    ],
)
def test_words_say_what_becomes_of_areas_and_orientation(weights, words):
    picture = klods.show.transform(weights)
    assert words in str(picture)
    assert words in picture.drawing.description


def test_lines_are_cut_at_the_edges_of_the_window():
    window = Window((0, 0), 1, 100)
    lines = window.lines([[-3, 0.5], [3, 0.5], [3, -3], [-1, 1]], "#000000")
    assert [list(line.points) for line in lines] == [[(0, 25), (100, 25)], [(100, 100), (0, 0)]]
    assert not window.lines([[2, 2], [3, 9], [np.nan, 0], [0, 0]], "#000000")


def test_words_say_where_the_unit_vectors_go_and_what_the_activation_folds():
    picture = klods.show.transform([[1.0, 0.0], [0.0, 2.0]], [0.0, 1.0], "relu")
    text = str(picture)
    assert "to (1, 0) and (0, 2)" in text
    assert "b moves all points by (0, 1)" in text
    # x is one of -2, -1.5 ... 2, and 2 y + 1 one of -3, -2 ... 5: 4 of 9 and 3 of 9 are below 0.
    assert f"relu moves {81 - 5 * 6} of the grid's 81 points and lays 81 different ones on {5 * 6}" in text


def test_a_huge_map_gives_each_window_its_scale():
    picture = klods.show.transform([[30, 0], [0, 1]])
    assert "scales of their own" in picture.svg()
    np.testing.assert_allclose(Panel(picture, 1).arrow(COLOURS[0])[1], [30, 0], atol=0.1)


def test_what_becomes_nan_is_told_and_not_drawn():
    picture = klods.show.transform([[1, 0], [0, 1]], activation=klods.math.log)
    assert "nan" not in picture.svg().lower().replace("nan or infinite", "")
    marks = np.linspace(-2, 2, 9)
    lost = sum(x <= 0 or y <= 0 for x in marks for y in marks)
    assert f"{lost} become NaN or infinite and are not drawn" in picture.drawing.description


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([[1, 2, 3], [4, 5, 6]],), ShapeError),
        (([[1, 0], [0, 1]], [1, 2, 3]), ShapeError),
        (([[1, 0], [0, 1]], None, "rellu"), NameUnknownError),
        (([[1, 0], [0, 1]], None, klods.reduce_sum), ShapeError),
        ((np.eye(2) * 1j,), DTypeError),
    ],
)
def test_what_is_no_map_of_the_plane_is_refused(arguments, error):
    with pytest.raises(error):
        klods.show.transform(*arguments)
