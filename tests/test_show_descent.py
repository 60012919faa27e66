"""Descent and landscapes: paths are those of training, contour lines lie where the loss has their height."""

from __future__ import annotations

import re
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest

import klods as tf
from klods import keras
from klods.errors import DataError, NameUnknownError, ShapeError, StateError
from klods.pictures.axes import axis
from klods.pictures.colours import COLOURS
from klods.pictures.contours import contour
from klods.pictures.plane import Plane
from klods.pictures.shapes import Circle, Line, Text

NAN, INF = float("nan"), float("inf")
optimizers = keras.optimizers


def texts(picture):
    svg = "{http://www.w3.org/2000/svg}"
    return [e.text for e in ElementTree.fromstring(picture.svg()).iter(f"{svg}text")]


class Axes:
    """The axes of a picture read back from the numbers beside them."""

    def __init__(self, picture) -> None:
        ticks = [s for s in picture.drawing.shapes if isinstance(s, Text) and s.size == 11 and _is_number(s.text)]
        bottom = max(s.y for s in ticks if s.anchor == "middle")
        self.x = self._scale([(s.x, float(s.text)) for s in ticks if s.anchor == "middle" and s.y == bottom])
        self.y = self._scale([(s.y - 4, float(s.text)) for s in ticks if s.anchor == "end"])

    @staticmethod
    def _scale(pairs):
        (a, low), (b, high) = pairs[0], pairs[-1]
        return lambda pixel: low + (pixel - a) * (high - low) / (b - a)

    def numbers(self, points):
        return [(self.x(x), self.y(y)) for x, y in points]


def _is_number(text):
    return re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", text) is not None


def marks(picture, colour=COLOURS[0]):
    """Return where the discs of the first path are, in numbers; that of the legend, the last one, left out."""
    discs = [(s.x, s.y) for s in picture.drawing.shapes if isinstance(s, Circle) and s.fill == colour]
    return Axes(picture).numbers(discs[:-1])


# ------------------------------------------------------------ contour lines


def surface(function, count=41, low=-2.0, high=2.0):
    xs = np.linspace(low, high, count)
    x, y = np.meshgrid(xs, xs)
    return xs, function(x, y)


def bumps(x, y):
    return np.sin(3 * x) * np.cos(2 * y) + 0.3 * x


@pytest.mark.parametrize("level", [-0.7, -0.31, 0.0, 0.2, 0.55, 1.1])
def test_contour_lines_are_those_of_an_independent_library(level):
    library = pytest.importorskip("contourpy")
    xs, heights = surface(bumps)
    heights[5, 7] = heights[30, 20] = NAN
    masked = np.ma.masked_invalid(heights)
    expected = library.contour_generator(xs, xs, masked).lines(level)
    found = contour(xs, xs, heights, level)

    def ordered(lines):
        return sorted(sorted({(round(float(x), 9), round(float(y), 9)) for x, y in line}) for line in lines)

    assert ordered(found) == ordered(expected)


def test_a_ring_is_one_closed_line_at_its_height():
    xs, heights = surface(lambda x, y: x**2 + y**2, 201)
    (line,) = contour(xs, xs, heights, 1.5)
    assert line[0] == line[-1]
    np.testing.assert_allclose(np.hypot(*np.array(line).T), 1.5**0.5, atol=1e-3)


@pytest.mark.parametrize(("middle", "ends"), [(1.0, [(0.0, 0.5), (0.5, 1.0)]), (-1.0, [(0.0, 0.5), (0.5, 0.0)])])
def test_at_a_saddle_the_mean_decides_what_is_joined(middle, ends):
    """The lower left and the upper right corner are higher; joined, where the mean is higher, too."""
    heights = np.array([[2.0, -2.0], [-2.0, 2.0]]) + middle
    lines = contour([0.0, 1.0], [0.0, 1.0], heights, 0.0)
    near = [sorted(line) for line in lines]
    corner = [line for line in near if any(x == 0 for x, _ in line)]
    assert len(lines) == 2
    assert (corner[0][-1][1] == 1.0) == (ends[1][1] == 1.0)


def test_a_level_surface_has_no_contour_lines():
    assert contour([0.0, 1.0], [0.0, 1.0], np.ones((2, 2)), 1.0) == []


# ------------------------------------------------------------ the plane


def plane():
    return Plane(axis(0.0, 10.0, 0.0, 100.0), axis(0.0, 10.0, 100.0, 0.0))


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1, 1), (2, 3)], [[(10, 90), (20, 70)]]),
        ([(-5, 5), (15, 5)], [[(0, 50), (100, 50)]]),
        ([(5, -5), (5, 5), (20, 5)], [[(50, 100), (50, 50), (100, 50)]]),
        ([(5, 5), (5, 20), (6, 20), (6, 5)], [[(50, 50), (50, 0)], [(60, 0), (60, 50)]]),
        ([(1, 1), (NAN, 2), (3, 3), (4, 4), (INF, 5)], [[(30, 70), (40, 60)]]),
        ([(-1, -1), (-2, 5), (-1, 12)], []),
        ([(11, 0), (0, 11)], [[(100, 90), (10, 0)]]),
    ],
)
def test_lines_are_cut_at_the_edges_and_broken_where_there_is_no_number(points, expected):
    found = plane().strokes(points)
    assert len(found) == len(expected)
    for line, wanted in zip(found, expected):
        np.testing.assert_allclose(line, wanted, atol=1e-9)


# ------------------------------------------------------------ descent


def by_hand(optimizer, loss, start, steps):
    """Return the points of a training loop written out."""
    x = tf.Variable(start, dtype="float32")
    points = [x.numpy()]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            y = loss(x)
        optimizer.apply_gradients([(tape.gradient(y, x), x)])
        points.append(x.numpy())
    return np.array(points)


MAKERS = {
    "SGD 0.1": lambda: optimizers.SGD(0.1),
    "SGD 0.05, momentum 0.9": lambda: optimizers.SGD(0.05, momentum=0.9),
    "RMSprop 0.2": lambda: optimizers.RMSprop(0.2),
    "Adam 0.3": lambda: optimizers.Adam(0.3),
    "Adam ExponentialDecay": lambda: optimizers.Adam(optimizers.schedules.ExponentialDecay(0.5, 2, 0.5)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_the_points_on_a_curve_are_those_of_a_training_loop(name):
    def loss(x):
        return x**2 + tf.sin(3 * x)

    picture = tf.show.descent(loss, MAKERS[name](), start=2.0, steps=12)
    points = by_hand(MAKERS[name](), loss, 2.0, 12)
    expected = [(x, x**2 + np.sin(3 * x)) for x in points]
    np.testing.assert_allclose(marks(picture), expected, atol=0.02)
    assert any(text.startswith(f"{name}: ends at {points[-1]:.4g}, loss ") for text in texts(picture))


@pytest.mark.parametrize("name", MAKERS)
def test_the_points_on_a_plane_are_those_of_a_training_loop(name):
    picture = tf.show.descent(lambda a, b: a * a + 3 * b * b, MAKERS[name](), start=(3.0, 1.0), steps=12)
    points = by_hand(MAKERS[name](), lambda w: w[0] * w[0] + 3 * w[1] * w[1], [3.0, 1.0], 12)
    np.testing.assert_allclose(marks(picture), points, atol=0.02)
    (ring,) = [s for s in picture.drawing.shapes if isinstance(s, Circle) and s.fill == "none"]
    np.testing.assert_allclose(Axes(picture).numbers([(ring.x, ring.y)]), points[:1], atol=0.02)
    same = tf.show.descent(lambda w: w[0] ** 2 + 3 * w[1] ** 2, MAKERS[name](), start=(3.0, 1.0), steps=12)
    np.testing.assert_allclose(marks(same), points, atol=0.02)


def test_the_curve_is_the_loss_and_the_text_a_table_of_steps():
    picture = tf.show.descent(lambda x: x**2, optimizers.SGD(0.25), start=2.0, steps=2)
    curve = max((s for s in picture.drawing.shapes if isinstance(s, Line)), key=lambda s: len(s.points))
    numbers = np.array(Axes(picture).numbers(curve.points))
    assert len(numbers) == 241
    np.testing.assert_allclose(numbers[:, 1], numbers[:, 0] ** 2, atol=0.01)
    assert [line.split() for line in str(picture).splitlines()[2:]] == [
        ["step", "x", "loss", "slope"],
        ["0", "2", "4", "4"],
        ["1", "1", "1", "2"],
        ["2", "0.5", "0.25", "1"],
    ]


def test_tangents_have_the_slope_that_is_written_and_arrows_point_downhill():
    picture = tf.show.descent(lambda x: x**2, optimizers.SGD(0.25), start=-2.0, steps=3)
    axes = Axes(picture)
    lines = [s for s in picture.drawing.shapes if isinstance(s, Line)]
    tangents = [axes.numbers(s.points) for s in lines if s.colour == "#d55e00"]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in tangents]
    np.testing.assert_allclose(slopes, [-4.0, -2.0, -1.0], rtol=1e-6)
    for (a, b), x in zip(tangents, (-2.0, -1.0, -0.5)):
        np.testing.assert_allclose((np.array(a) + b) / 2, [x, x * x], atol=1e-6)
    assert {"slope -4", "slope -2", "slope -1"} <= set(texts(picture))
    arrows = [axes.numbers(s.points) for s in lines if s.arrow]
    assert len(arrows) == 3
    assert all(b[0] > a[0] for a, b in arrows)


def test_arrows_on_a_plane_point_against_the_gradient():
    picture = tf.show.descent(lambda a, b: a * a + 5 * b * b, start=(2.0, 1.0), steps=5)
    arrows = [s.points for s in picture.drawing.shapes if isinstance(s, Line) and s.arrow]
    axes = Axes(picture)
    assert len(arrows) == 88
    for points in arrows:
        a, b = (np.array(point) for point in axes.numbers(points))
        middle, way = (a + b) / 2, b - a
        downhill = -np.array([2 * middle[0], 10 * middle[1]])
        assert way @ downhill / (np.linalg.norm(way) * np.linalg.norm(downhill)) > 0.9999


def test_a_unit_is_as_long_on_both_axes_and_contour_lines_lie_at_their_height():
    picture = tf.show.descent(lambda a, b: a * a + 5 * b * b, start=(2.0, 1.0), steps=5)
    axes = Axes(picture)
    assert axes.x(10) - axes.x(0) == pytest.approx(-(axes.y(10) - axes.y(0)))
    lines = [s for s in picture.drawing.shapes if isinstance(s, Line) and s.colour == "#4a6b85"]
    levels = set()
    for line in lines:
        heights = [a * a + 5 * b * b for a, b in axes.numbers(line.points)]
        np.testing.assert_allclose(heights, np.mean(heights), rtol=0.02)
        levels.add(float(f"{np.mean(heights):.2g}"))
    written = {float(f"{float(s.text.replace(',', '')):.2g}") for s in picture.drawing.shapes if _is_height(s)}
    assert written
    assert written <= levels


def _is_height(shape):
    return isinstance(shape, Text) and shape.colour == "#4a6b85"


def test_several_optimizers_are_told_apart_and_their_ends_are_listed():
    chosen = [make() for make in MAKERS.values()]
    picture = tf.show.descent(lambda a, b: a * a + b * b, chosen, start=(1.0, 1.0), steps=4)
    for name, make in MAKERS.items():
        end = by_hand(make(), lambda w: tf.reduce_sum(w * w), [1.0, 1.0], 4)[-1]
        listed = f"{name}: ends at ({end[0]:.4g}, {end[1]:.4g}), loss {(end.astype(float) ** 2).sum():.4g}"
        assert listed[:-1] in " ".join(texts(picture))
    paths = [s for s in picture.drawing.shapes if isinstance(s, Line) and s.colour in COLOURS and s.width == 2]
    assert len({s.colour for s in paths}) == 5


def test_on_a_curve_each_of_several_paths_has_a_line_of_its_own():
    picture = tf.show.descent(lambda x: x * x, {"slow": optimizers.SGD(0.1), "fast": "adam"}, start=1.0, steps=3)
    axes, shapes = Axes(picture), picture.drawing.shapes
    discs = [s for s in shapes if isinstance(s, Circle) and s.fill == COLOURS[0] and s.radius == 4]
    assert len({s.y for s in discs}) == 1
    np.testing.assert_allclose([axes.x(s.x) for s in discs], [1, 0.8, 0.64, 0.512], atol=1e-3)
    squares = [s for s in shapes if isinstance(s, Line) and s.fill == COLOURS[1]]
    middles = [np.mean([x for x, _ in s.points]) for s in squares]
    np.testing.assert_allclose([axes.x(x) for x in middles][:4], [1, 0.999, 0.998, 0.997], atol=1e-3)
    assert [text.split(":")[0] for text in texts(picture) if "ends at" in text] == ["slow", "fast"]


def test_two_of_one_kind_have_names_of_their_own():
    picture = tf.show.descent(lambda x: x * x, ["sgd", "sgd", "sgd"], start=1.0, steps=1)
    names = [text.split(":")[0] for text in texts(picture) if "ends at" in text]
    assert names == ["SGD 0.01", "SGD 0.01 #2", "SGD 0.01 #3"]


def test_the_given_optimizer_is_left_as_it_is():
    mine = optimizers.Adam(0.1)
    tf.show.descent(lambda x: x * x, mine, start=1.0, steps=3)
    assert int(mine.iterations) == 0
    assert len(mine.variables) == 2


def test_a_path_that_goes_up_and_leaves_the_picture_is_told():
    picture = tf.show.descent(lambda x: x**2, optimizers.SGD(1.1), start=3.0, steps=20)
    told = " ".join(texts(picture))
    assert "SGD 1.1 goes up: the loss grows from 9 to 1.323e+04. A smaller learning rate may help." in told
    curve = max((s for s in picture.drawing.shapes if isinstance(s, Line)), key=lambda s: len(s.points))
    (low, _), *_, (high, _) = Axes(picture).numbers(curve.points)
    points = [3 * (-1.2) ** i for i in range(21)]
    first = next(i for i in range(21) if not low <= points[i] <= high)
    assert f"SGD 1.1 is outside the picture from step {first} on." in told
    np.testing.assert_allclose([x for x, _ in marks(picture)], points[:first], atol=0.02)
    assert first > 5


def test_a_path_that_diverges_is_told():
    picture = tf.show.descent(lambda x: x**4, optimizers.SGD(1.0), start=3.0, steps=20)
    told = " ".join(texts(picture))
    assert re.search(r"SGD 1 diverges: NaN or infinity at step [3-6]\. A smaller learning rate may help\.", told)
    assert "diverges" in str(picture)
    assert "diverges" in picture.drawing.description


def test_where_the_loss_is_no_number_the_curve_has_a_gap_and_that_is_said():
    picture = tf.show.descent(lambda x: tf.math.log(x), optimizers.SGD(0.1), start=1.0, steps=3, view=(-1, 2))
    assert re.search(r"The loss is NaN or infinite at 8\d of the 241 places computed.", " ".join(texts(picture)))
    plane = tf.show.descent(lambda a, b: tf.sqrt(a) + b * b, start=(1.0, 1.0), steps=2, view=(-1, 2))
    assert "The loss is NaN or infinite at" in " ".join(texts(plane))


def test_the_view_holds_what_is_asked_for():
    picture = tf.show.descent(lambda x: x * x, start=1.0, steps=3, view=(-4, 4))
    axes = Axes(picture)
    curve = max((s for s in picture.drawing.shapes if isinstance(s, Line)), key=lambda s: len(s.points))
    numbers = axes.numbers(curve.points)
    assert (numbers[0][0], numbers[-1][0]) == (pytest.approx(-4), pytest.approx(4))
    outside = tf.show.descent(lambda x: x * x, optimizers.SGD(0.25), start=1.0, steps=2, view=(-0.6, 0.6))
    assert "SGD 0.25 is outside the picture at step 0." in texts(outside)


def test_long_paths_have_all_steps_in_the_picture_and_few_in_the_text():
    picture = tf.show.descent(lambda x: x * x, start=1.0, steps=60)
    assert len(marks(picture)) == 61
    assert [line.split()[0] for line in str(picture).splitlines()[3:]] == ["0", "1", "2", "3", "4", "5", "6", "60"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"start": (1.0, 2.0, 3.0)}, DataError, "start is one number or two"),
        ({"start": NAN}, DataError, "start is one number or two"),
        ({"start": "one"}, DataError, "start is one number or two; got 'one'"),
        ({"start": 1.0, "view": "wide"}, DataError, r"view is \(low, high\)"),
        ({"start": 1.0, "steps": 0}, DataError, "steps is a whole number"),
        ({"start": 1.0, "view": (2, 1)}, DataError, r"view is \(low, high\)"),
        ({"start": 1.0, "view": [(0, 1), (0, 1), (0, 1)]}, DataError, r"view is \(low, high\)"),
        ({"start": 1.0, "optimizer": "sdg"}, NameUnknownError, "sdg"),
        ({"start": 1.0, "optimizer": []}, DataError, "no optimizer"),
        ({"start": 1.0, "optimizer": None}, DataError, "None is no optimizer"),
    ],
)
def test_what_cannot_be_drawn(arguments, error, words):
    with pytest.raises(error, match=words):
        tf.show.descent(lambda x: x * x, **arguments)


def test_what_is_no_loss():
    with pytest.raises(ShapeError, match=r"the function gives shape \(2,\)"):
        tf.show.descent(lambda x: x * x, start=(1.0, 2.0))
    with pytest.warns(tf.errors.GradientWarning), pytest.raises(DataError, match="doesn't depend"):
        tf.show.descent(lambda x: tf.constant(2.0), start=1.0)
    with pytest.raises(DataError, match="takes two numbers"):
        tf.show.descent(lambda a, b: a * b, start=1.0)


# ------------------------------------------------------------ landscape


def linear(name="line"):
    """Return a model y = a x + b whose mean squared error is known."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name=name)
    model.compile("sgd", "mse", metrics=["mae"])
    model.set_weights([np.array([[2.0]], np.float32), np.array([-1.0], np.float32)])
    return model


X = np.array([[0.0], [1.0], [2.0]], np.float32)
Y = np.array([[1.0], [2.0], [0.0]], np.float32)


def losses_of(picture):
    """Return the losses in the rows of the text."""
    return np.array([[float(n) for n in row.split(": ")[1].split()] for row in str(picture).splitlines()[3:]])


def test_the_loss_along_a_direction_is_that_of_weights_so_far_away():
    """In one dimension a direction is the sign of a random number times the weight."""
    picture = tf.show.landscape(linear(), X, Y, directions=1, points=11, span=1.0)
    expected = []
    for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        steps = np.linspace(-1, 1, 11)
        a, b = 2 + 2 * signs[0] * steps, -1 - signs[1] * steps
        expected.append([np.mean((p * X + q - Y) ** 2) for p, q in zip(a, b)])
    (found,) = losses_of(picture)
    assert any(np.allclose(found, each, rtol=1e-3) for each in expected)
    axes = Axes(picture)
    (line,) = [s for s in picture.drawing.shapes if isinstance(s, Line) and s.colour == COLOURS[0]]
    np.testing.assert_allclose(axes.numbers(line.points), list(zip(np.linspace(-1, 1, 11), found)), atol=0.02)


def test_along_two_directions_the_middle_is_the_loss_of_the_model():
    model = linear()
    picture = tf.show.landscape(model, X, Y, points=5)
    found = losses_of(picture)
    assert found.shape == (5, 5)
    assert found[2, 2] == pytest.approx(model.evaluate(X, Y, verbose=0)[0], rel=1e-3)
    assert f"Loss {found[2, 2]:.4g} at the weights" in str(picture)
    assert any(isinstance(s, Line) and s.colour == "#9db4c6" for s in picture.drawing.shapes)


def test_directions_are_as_long_as_the_weights_column_by_column():
    from klods.show.landscapes import _direction

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    ways = [_direction(model, np.random.default_rng([0, i])) for i in range(2)]
    for way in ways:
        for part, weight in zip(way, model.weights):
            np.testing.assert_allclose(np.linalg.norm(part, axis=0), np.linalg.norm(weight.numpy(), axis=0), rtol=1e-5)
    assert not np.allclose(ways[0][0], ways[1][0])


def test_the_same_seed_gives_the_same_picture_and_another_another():
    first, again = (tf.show.landscape(linear(), X, Y, points=5, seed=3).svg() for _ in range(2))
    assert first == again
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="m")
    model.compile("sgd", "mse")
    pictures = [tf.show.landscape(model, np.ones((2, 3)), np.ones((2, 2)), points=5, seed=s).svg() for s in (1, 2)]
    assert pictures[0] != pictures[1]
    losses = losses_of(tf.show.landscape(model, np.ones((2, 3)), np.ones((2, 2)), points=5))
    assert not np.allclose(losses, losses.T)  # the second direction is another one


def test_weights_are_put_back_whatever_happens():
    model = linear()
    before = model.get_weights()
    tf.show.landscape(model, X, Y, points=3)
    for weight, value in zip(model.get_weights(), before):
        np.testing.assert_array_equal(weight, value)

    def fails(*args, **kwargs):
        if not np.array_equal(model.get_weights()[0], before[0]):
            raise KeyboardInterrupt
        return {"loss": 1.0}

    model.evaluate = fails
    with pytest.raises(KeyboardInterrupt):
        tf.show.landscape(model, X, Y, points=3)
    for weight, value in zip(model.get_weights(), before):
        np.testing.assert_array_equal(weight, value)


def test_weights_that_training_does_not_change_stay():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1), keras.layers.Dense(1, trainable=False)])
    model.compile("sgd", "mse")
    frozen, seen = model.layers[1].kernel.numpy(), []
    evaluate = model.evaluate

    def watched(*args, **kwargs):
        seen.append(model.layers[1].kernel.numpy())
        return evaluate(*args, **kwargs)

    model.evaluate = watched
    tf.show.landscape(model, X, Y, points=3)
    assert len(seen) == 9
    assert all(np.array_equal(each, frozen) for each in seen)


def test_losses_that_are_no_numbers_are_told():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="root")
    model.compile("sgd", lambda y, p: tf.sqrt(p))
    model.set_weights([np.array([[1.0]], np.float32), np.array([1.0], np.float32)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = tf.show.landscape(model, X, Y, points=5, span=3.0)
    assert re.search(r"The loss is NaN or infinite at \d+ of the 25 places computed.", " ".join(texts(picture)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"directions": 3}, "directions is 1 or 2"),
        ({"points": 4}, "points is an odd number"),
        ({"points": 1}, "points is an odd number"),
        ({"span": 0}, "span is a number above 0"),
    ],
)
def test_a_landscape_that_cannot_be(arguments, words):
    with pytest.raises(DataError, match=words):
        tf.show.landscape(linear(), X, Y, **arguments)


def test_a_model_without_weights_or_loss():
    with pytest.raises(StateError, match="not built"):
        tf.show.landscape(keras.Sequential([keras.layers.Dense(1)]), X, Y)
    with pytest.raises(StateError, match="not compiled"):
        tf.show.landscape(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), X, Y)
