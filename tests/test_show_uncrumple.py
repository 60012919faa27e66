"""Points on their way through a model: they stand where its layers put them, and the regions are its own answers."""

from __future__ import annotations

import base64
import re
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, ShapeError, StateError
from klods.pictures.colours import COLOURS
from klods.pictures.marks import mark, regions
from klods.pictures.shapes import Circle
from klods.show.stages import stages

SVG = "{http://www.w3.org/2000/svg}"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 2)).astype("float32")
Y = np.arange(12) % 2
KERNEL, BIAS = np.array([[1.0, 0.5], [-0.5, 2.0]]), np.array([0.5, -1.0])


def stack(*layers):
    return keras.Sequential([keras.Input((2,)), *layers])


def plane_model():
    model = stack(keras.layers.Dense(2, "relu", name="fold"), keras.layers.Dense(1, "sigmoid", name="out"))
    model.set_weights([KERNEL, BIAS, [[3.0], [-2.0]], [0.25]])
    return model


def marks(picture, kind):
    """Return the middles of a class's marks: discs or squares."""
    root = ElementTree.fromstring(picture.svg())
    if kind == 0:
        found = [e for e in root.iter(SVG + "circle") if e.get("fill") == COLOURS[0]]
        places = [(float(e.get("cx")), float(e.get("cy"))) for e in found]
    else:
        found = [e for e in root.iter(SVG + "polygon") if e.get("fill") == COLOURS[kind]]
        places = [np.mean([list(map(float, p.split(","))) for p in e.get("points").split()], axis=0) for e in found]
    return np.array(places)[:-1]  # the last one is the legend's


def assert_same_picture(places, values):
    """Assert that places in a drawing are values, scaled alike in both directions, turned up, and moved."""
    places, values = places * [1, -1], np.asarray(values, "float64")
    places, values = places - places.mean(axis=0), values - values.mean(axis=0)
    scale = (places * values).sum() / (values**2).sum()
    assert scale > 0
    np.testing.assert_allclose(places, scale * values, atol=0.15)


def test_points_stand_where_the_layers_put_them():
    slides = klods.show.uncrumple(plane_model(), X, Y)
    assert slides.captions[::4] == ["input", "fold: x·W + b", "fold: relu", "out: x·W + b", "out: sigmoid"]
    affine = X @ KERNEL + BIAS
    for place, values in [(0, X), (4, affine), (8, np.maximum(affine, 0))]:
        both = np.concatenate([marks(slides[place], kind) for kind in (0, 1)])
        assert_same_picture(both, np.concatenate([values[Y == 0], values[Y == 1]]))


def test_one_unit_is_a_row_for_each_class():
    slides = klods.show.uncrumple(plane_model(), X, Y)
    values = (np.maximum(X @ KERNEL + BIAS, 0) @ [3.0, -2.0] + 0.25)[:, None]
    rows = [marks(slides[12], kind) for kind in (0, 1)]
    across = np.concatenate(rows)[:, :1] * [1, 0]
    assert_same_picture(across, np.concatenate([values[Y == 0], values[Y == 1]]) * [1, 0])
    assert [len(set(row[:, 1].round(1))) for row in rows] == [1, 1]
    assert rows[0][0, 1] > rows[1][0, 1]


def test_pictures_on_the_way_are_straight_between():
    slides = klods.show.uncrumple(plane_model(), X, Y)
    start, quarter, end = (marks(slides[i], 0) for i in (0, 1, 4))
    np.testing.assert_allclose(quarter, 0.75 * start + 0.25 * end, atol=0.11)
    assert "of the way" not in str(slides)
    assert slides.captions[2] == "fold: x·W + b, 2/4 of the way"
    assert "no state of the model" in slides[2].svg()


def test_wider_layers_are_seen_along_their_principal_components():
    keras.utils.set_random_seed(1)
    model = stack(keras.layers.Dense(7, "tanh"), keras.layers.Dense(3, "softmax"))
    slides = klods.show.uncrumple(model, X, np.arange(12) % 3)
    values = np.tanh(X @ model.layers[0].kernel.numpy())
    centred = values - values.mean(axis=0)
    power, directions = np.linalg.eigh(centred.T @ centred)
    seen = centred @ directions[:, -2:]
    places = np.concatenate([marks(slides[8], kind) for kind in (0, 1)])
    given = np.concatenate([seen[::3], seen[1::3]])
    distances = [np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (places, given)]
    np.testing.assert_allclose(distances[0] / distances[0].max(), distances[1] / distances[1].max(), atol=2e-3)
    assert f"7 units, seen along two principal components ({power[-2:].sum() / power.sum():.0%}" in str(slides[8])


def test_straight_cuts_tell_points_apart_that_a_line_parts():
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    model = stack(keras.layers.Dense(2, "relu"), keras.layers.Dense(1))
    model.set_weights([np.ones((2, 2)), [0.0, -1.0], [[1.0], [-2.0]], [0.0]])  # exclusive or
    slides = klods.show.uncrumple(model, x, [0, 1, 1, 0])
    assert "put 100% of 4 points" in str(slides[8])
    assert "put 100% of 4 points" not in str(slides[0])
    assert "The model gives 100% of the 4 points their class" in str(slides)


@pytest.mark.parametrize("classes", [2, 3])
def test_regions_are_what_the_model_answers(classes):
    model = stack(keras.layers.Dense(classes, "softmax"))
    angles = 1 + np.arange(classes) * 2 * np.pi / classes
    model.set_weights([[np.cos(angles), np.sin(angles)], np.zeros(classes)])
    labels = np.arange(12) % classes
    picture = klods.show.uncrumple(model, X, np.eye(classes)[labels])[-1]
    answers = np.asarray(model(X)).argmax(axis=1)
    assert f"{(answers == labels).mean():.0%} of the 12 points" in str(picture)
    data = base64.b64decode(re.search(r"base64,([^\"]+)", picture.svg())[1])
    rows = zlib.decompressobj().decompress(data[data.index(b"IDAT") + 4 :])
    pixels = np.frombuffer(rows, np.uint8).reshape(170, 1 + 3 * 170)[:, 1:].reshape(170, 170, 3)
    frame = next(e for e in ElementTree.fromstring(picture.svg()) if e.tag == SVG + "image")
    for kind in range(2):
        for (left, top), answer in zip(marks(picture, kind), answers[labels == kind]):
            at = [int((v - float(frame.get(k))) / 2) for v, k in ((top, "y"), (left, "x"))]
            near = pixels[at[0] - 3 : at[0] + 4, at[1] - 3 : at[1] + 4].reshape(-1, 3).mean(axis=0)
            shades = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in COLOURS[:classes]])
            tint = 255 - near
            fits = [tint @ (255 - s) / np.linalg.norm(tint) / np.linalg.norm(255 - s) for s in shades]
            assert np.argmax(fits) == answer


def test_classes_that_no_point_has_keep_their_numbers():
    model = stack(keras.layers.Dense(3))
    model.set_weights([[[-9.0, 0.0, 9.0], [0.0, 0.0, 0.0]], np.zeros(3)])
    slides = klods.show.uncrumple(model, [[-1.0, 0.0], [1.0, 0.0], [2.0, 1.0]], [0, 2, 2])
    assert "gives 100% of the 3 points their class" in str(slides[-1])
    assert "class 1 (0)" in slides[-1].svg()
    assert len(marks(slides[-1], 2)) == 2


def test_points_in_the_wrong_region_are_ringed():
    model = stack(keras.layers.Dense(1, "sigmoid"))
    model.set_weights([[[1.0], [0.0]], [0.0]])
    picture = klods.show.uncrumple(model, [[-1.0, 0.0], [1.0, 0.5], [2.0, 0.0]], [0, 0, 1])[-1]
    assert "Ringed: 1 of the points drawn" in picture.drawing.description
    rings = [shape for shape in picture.drawing.shapes if isinstance(shape, Circle) and shape.fill == "none"]
    discs = [s for s in picture.drawing.shapes if isinstance(s, Circle) and s.fill == COLOURS[0]]
    assert [(ring.x, ring.y) for ring in rings] == [(discs[1].x, discs[1].y)]


def test_logits_are_cut_at_0_and_labels_may_be_minus_1_and_1():
    model = stack(keras.layers.Dense(1))
    model.set_weights([[[1.0], [0.0]], [0.0]])
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    x = [[-1.0, 0.0], [0.3, 0.0]]
    assert "output above 0: class 1" in str(klods.show.uncrumple(model, x, [0, 1]))
    model.compile("sgd", "mse")
    assert "output above 0: class 1" in str(klods.show.uncrumple(model, x, [[-1], [1]]))
    assert "50% of the 2 points their class (output above 0.5" in str(klods.show.uncrumple(model, x, [0, 1]))


def test_of_many_points_some_are_drawn_and_said_to_be():
    x = RNG.normal(size=(3000, 2))
    slides = klods.show.uncrumple(plane_model(), x, np.arange(3000) % 2)
    assert sum(len(marks(slides[0], kind)) for kind in (0, 1)) == 200
    assert "Drawn: 200 of 3,000 points." in slides[0].drawing.description
    assert "of 2,000 points on their side" in slides[0].drawing.description
    assert "of the 3,000 points their class" in slides[-1].drawing.description
    assert {len(marks(slides[i], 0)) for i in range(len(slides))} == {len(marks(slides[0], 0))}


def test_nan_is_told_and_not_drawn():
    x = X.copy()
    x[3] = np.nan
    slides = klods.show.uncrumple(plane_model(), x, Y)
    assert "1 of 12 points are NaN or infinite here and are not drawn." in slides[4].drawing.description
    assert len(marks(slides[4], 1)) == 5
    assert "nan" not in slides.html().replace("NaN", "")


def test_marks_of_classes_differ_in_shape():
    shapes = [mark(i, 0, 0) for i in range(6)]
    assert len({shape.radius if isinstance(shape, Circle) else tuple(shape.points) for shape in shapes}) == 6
    assert len({str(mark(i, 0, 0)) for i in range(12)}) == 12
    assert len({regions(np.full((8, 8), i)).tobytes() for i in range(12)}) == 12


def test_stages_of_models_in_models_and_without_dropout():
    inner = keras.Sequential([keras.layers.Dense(3, "relu", name="one"), keras.layers.Dropout(0.5)])
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.ReLU(name="two")(inner(inputs)))
    found = stages(model, X)
    assert [stage.name for stage in found] == ["input", "one: x·W + b", "one: relu", "two (ReLU)"]
    np.testing.assert_allclose(found[-1].values, model(X).numpy(), rtol=1e-6)


def test_stages_are_before_and_after_the_activation():
    _, affine, folded, *_ = stages(plane_model(), X)
    np.testing.assert_allclose(affine.values, X @ KERNEL + BIAS, rtol=1e-5)
    np.testing.assert_allclose(folded.values, np.maximum(X @ KERNEL + BIAS, 0), rtol=1e-5)


def branched():
    inputs = keras.Input((2,))
    return keras.Model(inputs, keras.layers.Add()([keras.layers.Dense(2)(inputs), inputs]))


def two_outputs():
    inputs = keras.Input((2,))
    first = keras.layers.Dense(2)(inputs)
    return keras.Model(inputs, [first, keras.layers.Dense(2)(first)])


@pytest.mark.parametrize(
    ("model", "x", "y", "error"),
    [
        (lambda: keras.Sequential([keras.layers.Dense(2)]), X, Y, StateError),
        (branched, X, Y, DataError),
        (two_outputs, X, Y, DataError),
        (lambda: keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]), X, Y, ShapeError),
        (lambda: keras.layers.Dense(2), X, Y, DataError),
        (lambda: stack(keras.layers.Reshape((2, 1))), X, Y, ShapeError),
        (plane_model, X[:, :1], Y, ShapeError),
        (plane_model, X, Y[:-1], ShapeError),
        (plane_model, X, np.arange(12) % 3, DataError),
        (plane_model, X, Y + 0.5, DataError),
        (lambda: stack(keras.layers.Dense(2)), X, Y + 1, DataError),
    ],
)
def test_what_can_not_be_shown_is_refused(model, x, y, error):
    with pytest.raises(error):
        klods.show.uncrumple(model(), x, y)
