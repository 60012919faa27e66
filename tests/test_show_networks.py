"""Weights and activations: what is drawn is read back and compared with the weights and with what the layers give."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import AbsentError, DataError, StateError
from klods.pictures.shades import diverging, greatest
from klods.pictures.shapes import Image, Line, Rectangle

NAN = float("nan")
GENERATOR = np.random.default_rng(0)


def texts(picture):
    svg = "{http://www.w3.org/2000/svg}"
    return [e.text for e in ElementTree.fromstring(picture.svg()).iter(f"{svg}text")]


def images(picture):
    """Return the images in colours, but those of the scales."""
    return [s.pixels for s in picture.drawing.shapes if isinstance(s, Image) and s.pixels.shape[0] > 1]


def network(*sizes, shape=(64,), last="softmax"):
    layers = [keras.layers.Dense(size, "relu") for size in sizes[:-1]]
    model = keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), *layers, keras.layers.Dense(sizes[-1], last)], name="net"
    )
    for weight in model.weights:
        weight.assign(GENERATOR.normal(size=weight.shape))
    return model


def numbers(pixels, limit):
    """Return the numbers that colours stand for."""
    pixels = pixels.astype(float)
    below = pixels[..., 0] < pixels[..., 2]
    shares = np.where(below, -(255 - pixels[..., 0]) / (255 - 0x2B), (255 - pixels[..., 2]) / 255)
    return shares * limit


# ------------------------------------------------------------ colours


def test_colours_are_white_at_0_blue_below_and_orange_above():
    assert diverging([-2.0, 0.0, 2.0, -9.0], 2.0).tolist() == [[43, 131, 198], [255] * 3, [213, 94, 0], [43, 131, 198]]


def test_what_is_no_number_has_a_colour_of_its_own():
    spoilt = diverging([NAN, np.inf, -np.inf], 1.0).tolist()
    assert spoilt == [[22, 32, 42]] * 3
    assert greatest([NAN, -3.0, np.inf]) == 3.0
    assert greatest([NAN]) == 0.0


# ------------------------------------------------------------ weights


@pytest.mark.parametrize("shape", [(64,), (8, 8), (8, 8, 1), (4, 16)])
def test_each_unit_is_the_image_of_its_weights(shape):
    model = network(5, 3, shape=shape)
    picture, kernel = klods.show.weights(model), model.weights[0].numpy()
    drawn = images(picture)
    assert len(drawn) == 5
    limit = np.abs(kernel).max()
    for unit, pixels in enumerate(drawn):
        expected = kernel[:, unit].reshape(shape[:2] if len(shape) > 1 else (8, 8))
        np.testing.assert_allclose(numbers(pixels, limit), expected, atol=limit / 200)
    assert {f"{limit:.3g}", f"-{limit:.3g}", "0"} <= set(texts(picture))


def test_of_many_units_the_first_40_are_drawn_and_that_is_said():
    picture = klods.show.weights(network(50, 3))
    assert len(images(picture)) == 40
    assert "Weights of each unit, the first 40 of 50" in texts(picture)
    assert str(picture).splitlines()[-1] == "and 10 more"


def test_the_text_tells_the_extremes():
    model = network(2, 3)
    kernel = model.weights[0].numpy()
    low, high = kernel[:, 1].argmin(), kernel[:, 1].argmax()
    line = f"unit 1: from {kernel[low, 1]:.3g} (input {low}) to {kernel[high, 1]:.3g} (input {high})"
    assert line in str(klods.show.weights(model)).splitlines()


def test_without_hidden_layers_the_columns_are_the_classes():
    model = network(3)
    picture = klods.show.weights(model, np.ones((4, 64)))
    assert len(images(picture)) == 3
    assert "Which pixels speak for each class: its weights" in texts(picture)


def slopes_by_differences(model, x):
    """Return the mean gradient of each class's logit by the inputs, from finite differences in float64."""
    *hidden, (kernel, bias) = [
        [w.numpy().astype(float) for w in layer.weights] for layer in model.layers if layer.weights
    ]

    def score(inputs):
        for k, b in hidden:
            inputs = np.maximum(inputs @ k + b, 0)
        return inputs @ kernel + bias

    step = 1e-6
    moves = step * np.eye(x.shape[1])
    return np.array([(score(x + move) - score(x - move)).mean(0) / (2 * step) for move in moves]).T


@pytest.mark.parametrize("last", ["softmax", "sigmoid", None])
def test_what_speaks_for_a_class_is_the_mean_gradient_of_its_score(last):
    model = network(6, 3, last=last)
    x = GENERATOR.normal(size=(300, 64))
    picture = klods.show.weights(model, x.astype(np.float32))
    drawn, expected = images(picture)[6:], slopes_by_differences(model, x)
    limit = np.abs(expected).max()
    assert f"{limit:.3g}" in texts(picture)
    for pixels, slope in zip(drawn, expected, strict=True):
        np.testing.assert_allclose(numbers(pixels, limit), slope.reshape(8, 8), atol=limit / 100)


def test_softmax_as_a_layer_of_its_own_counts_as_the_last_activation():
    model = network(6, 3, last=None)
    x = GENERATOR.normal(size=(20, 64)).astype(np.float32)
    expected = [pixels.tobytes() for pixels in images(klods.show.weights(model, x))]
    for layer in (keras.layers.Softmax(), keras.layers.Activation("softmax")):
        model.add(layer)
        assert [pixels.tobytes() for pixels in images(klods.show.weights(model, x))] == expected
        model.pop()


def test_inputs_that_are_no_images_give_a_heat_map():
    model = network(3, 2, shape=(4,))
    picture, kernel = klods.show.weights(model), model.weights[0].numpy()
    (pixels,) = images(picture)
    np.testing.assert_allclose(numbers(pixels, np.abs(kernel).max()), kernel, atol=0.02)
    assert {"input", "unit", "3"} <= set(texts(picture))


def test_weights_that_are_no_numbers_are_black_and_told():
    model = network(3, 2, shape=(4,))
    kernel = model.weights[0].numpy()
    kernel[1, 2], kernel[:, 0] = np.inf, NAN
    model.weights[0].assign(kernel)
    picture = klods.show.weights(model)
    assert images(picture)[0][1, 2].tolist() == [22, 32, 42]
    assert "NaN or infinite: 5 of 12 weights, drawn black." in texts(picture)
    assert "unit 0: no numbers" in str(picture)


class Own(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.inner = keras.layers.Dense(2)
        self.outer = keras.layers.Dense(2)

    def call(self, x):
        return self.outer(self.inner(x))


def test_models_that_cannot_be_drawn():
    with pytest.raises(StateError, match="not built"):
        klods.show.weights(keras.Sequential([keras.layers.Dense(2)]))
    with pytest.raises(StateError, match="not built"):
        klods.show.activations(keras.Sequential([keras.layers.Dense(2)]), [1.0])
    with pytest.raises(DataError, match="no Dense layer"):
        klods.show.weights(keras.Sequential([keras.Input((2,)), keras.layers.Activation("relu")]))
    own = Own()
    own(np.ones((1, 64), np.float32))
    assert len(images(klods.show.weights(own))) == 2
    with pytest.raises(AbsentError):
        klods.show.weights(own, np.ones((1, 64)))
    with pytest.raises(AbsentError):
        klods.show.activations(own, np.ones(64))
    a, b = keras.Input((2,)), keras.Input((2,))
    with pytest.raises(DataError, match="2 inputs and 1 outputs"):
        klods.show.activations(keras.Model([a, b], a + b), [1.0, 2.0])


# ------------------------------------------------------------ activations


def outputs(model, x):
    """Return what each layer gives for a sample, by its name."""
    given, x = {}, x[None].astype(np.float32)
    for layer in model.layers:
        x = np.asarray(layer(x))
        given[layer.name] = x.ravel()
    return given


def cells(picture):
    """Return the colours of the layers' cells."""
    return [pixels for pixels in images(picture) if pixels.ndim == 3]


def test_the_cells_are_what_the_layers_give():
    model, x = network(9, 7, 3), GENERATOR.uniform(size=64)
    given = [values for name, values in outputs(model, x).items() if name != model.layers[0].name]
    drawn = cells(klods.show.activations(model, x))
    assert len(drawn) == 2  # Flatten leaves the numbers as they are; the last layer has bars
    for pixels, values in zip(drawn, given):
        flat = numbers(pixels, np.abs(values).max()).ravel()
        np.testing.assert_allclose(flat[: len(values)], values, atol=np.abs(values).max() / 100)
        assert not flat[len(values) :].any()


def test_the_bars_are_the_probabilities():
    model, x = network(9, 4), GENERATOR.uniform(size=64)
    picture = klods.show.activations(model, x)
    probabilities = outputs(model, x)[model.layers[-1].name]
    assert [text for text in texts(picture) if text.endswith("%")] == [f"{p:.1%}" for p in probabilities]
    bars = [s.width for s in picture.drawing.shapes if isinstance(s, Rectangle) and s.fill == "#d55e00"]
    np.testing.assert_allclose(bars, np.maximum(84 * probabilities / probabilities.max(), 0.5), rtol=1e-4)
    most = probabilities.argmax()
    assert picture.drawing.title == f"'net' gives {probabilities[most]:.1%} to output {most}"


def test_the_lines_lead_from_the_units_that_matter_most():
    model, x = network(20, 4), GENERATOR.uniform(size=64)
    picture = klods.show.activations(model, x)
    given = outputs(model, x)
    target = given[model.layers[-1].name].argmax()
    shares = given[model.layers[1].name] * model.weights[2].numpy()[:, target]
    order = [i for i in np.argsort(-np.abs(shares))[:8] if shares[i]]
    lines = [s for s in picture.drawing.shapes if isinstance(s, Line) and s.opacity != 1]
    assert len(lines) == len(order) > 4
    assert [line.dashed for line in lines] == [bool(shares[i] < 0) for i in order]
    told = [int(n) for n in re.findall(r"unit (\d+) by", str(picture))]
    assert told == order[:4]
    image = next(s for s in picture.drawing.shapes if isinstance(s, Image) and s.pixels.ndim == 3)
    columns = image.pixels.shape[1]
    for line, unit in zip(lines, order):
        x0, y0 = line.points[0]
        size = image.width / columns
        assert (int((x0 - image.x) // size), int((y0 - image.y) // size)) == (unit % columns, unit // columns)


def test_the_input_is_drawn_as_an_image_if_it_is_one():
    x = np.arange(64.0).reshape(8, 8)
    picture = klods.show.activations(network(5, 2, shape=(8, 8)), x)
    pixels = images(picture)[0]
    np.testing.assert_allclose(pixels, 255 - 255 * x / 63, atol=0.51)
    picture = klods.show.activations(network(5, 2, shape=(4,)), [1.0, -2.0, 0.5, 0.0])
    np.testing.assert_allclose(numbers(images(picture)[0], 2.0).ravel(), [1.0, -2.0, 0.5, 0.0], atol=0.02)


@pytest.mark.parametrize("x", [np.ones(64), np.ones((1, 64)), np.ones(64, np.uint8)])
def test_a_sample_or_a_batch_of_one(x):
    klods.show.activations(network(5, 2), x)


@pytest.mark.parametrize("x", [np.ones(63), np.ones((2, 64)), 1.0])
def test_what_is_no_sample(x):
    with pytest.raises(DataError, match=r"one sample of shape \(64,\)"):
        klods.show.activations(network(5, 2), x)


def test_large_networks_are_folded_and_that_is_said():
    model = network(3000, 5, 6, 7, 40)
    picture = klods.show.activations(model, np.ones(64))
    notes = " ".join(texts(picture))
    assert f"Not drawn, 1 of 4 hidden layers: {model.layers[3].name}." in notes
    assert re.search(rf"Of '{model.layers[1].name}' the first \d+ of 3000 units are drawn.", notes)
    assert "Of 40 outputs the 16 greatest are drawn." in notes


def test_what_is_no_number_is_marked_and_told():
    model = network(5, 2)
    bias = model.weights[1].numpy()
    bias[3] = NAN
    model.weights[1].assign(bias)
    picture = klods.show.activations(model, np.ones(64))
    assert picture.drawing.title == "'net' gives no number"
    assert f"NaN or infinite in '{model.layers[1].name}': 1 of 5 units, drawn black." in texts(picture)
    assert "NaN" in texts(picture)


def test_a_functional_model_is_drawn_in_the_order_of_its_calls():
    inputs = keras.Input((2,))
    first = keras.layers.Dense(3, name="first")(inputs)
    outputs = keras.layers.Dense(2, name="last")(first + 1.0)
    picture = klods.show.activations(keras.Model(inputs, outputs), [1.0, 2.0])
    assert [text for text in texts(picture) if text in ("input", "first", "last")] == ["input", "first", "last"]
