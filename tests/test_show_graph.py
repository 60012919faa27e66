"""The graph of a computation: its numbers are those of NumPy and of the tape, and chain up to the gradient."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, StateError
from klods.show import graph


def shown(picture):
    """Return the texts in a picture's SVG."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture.svg())


def derivatives(picture):
    """Return the numbers of the local derivatives as the text has them: for each name, what it is made of and by."""
    found = defaultdict(list)
    for output, operand, value in re.findall(r"^d (\S+) / d (\S+) = (\S+)$", str(picture), re.MULTILINE):
        found[output].append((operand, float(value)))
    return found


def by_paths(local, output, source):
    """Return the sum, over the paths from a source to an output, of the products of local derivatives."""
    return 1.0 if output == source else sum(value * by_paths(local, x, source) for x, value in local[output])


def rows(picture):
    """Return the cells of the text's table by their row's name."""
    lines = str(picture).split("\n\n")[1].splitlines()
    return {line.split()[0]: re.split(r"\s{2,}", line) for line in lines[1:]}


def branching(x, y):
    a = x * y
    b = klods.sin(a) + x
    return klods.tanh(b * a) / (y + 2.0)


def test_products_along_paths_sum_up_to_the_tapes_gradient():
    given = {"x": 0.7, "y": -1.3}
    picture = graph(branching, *given.values())
    x, y = map(klods.constant, given.values())
    with klods.GradientTape() as tape:
        tape.watch([x, y])
        result = branching(x, y)
    local = derivatives(picture)
    for name, gradient in zip(given, tape.gradient(result, [x, y])):
        assert by_paths(local, "quotient", name) == pytest.approx(float(gradient), rel=2e-3)
        assert float(rows(picture)[name][-1]) == pytest.approx(float(gradient), rel=1e-3)
    labels = sorted(float(text[2:]) for text in shown(picture) if text.startswith("× "))
    assert labels == sorted(value for ways in local.values() for _, value in ways)


def test_a_value_used_twice_in_one_operation_has_two_arrows():
    picture = graph(lambda x: x * x, 3.0)
    assert derivatives(picture) == {"product": [("x", 3.0), ("x", 3.0)]}
    assert shown(picture).count("× 3") == 2
    assert rows(picture)["x"][-1] == "6"


def test_values_and_gradients_of_arrays_are_those_of_numpy():
    x = np.array([[1.0, -2.0], [3.0, 0.5], [2.0, 2.0]], np.float32)
    w = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]], np.float32)
    b = np.array([0.5, -0.25, 0.0], np.float32)

    def affine(x, w, b):
        z = x @ w + b
        return klods.reduce_sum(klods.nn.relu(z))

    picture = graph(affine, x, w, b)
    z = x @ w + b
    mask = (z > 0).astype(np.float32)
    table = rows(picture)
    assert table["z"][1:4] == ["matmul + b", "(3, 3)", f"{z.min():.4g} ... {z.max():.4g}"]
    expected = {"w": x.T @ mask, "x": mask @ w.T, "b": mask.sum(0)}
    for name, gradient in expected.items():
        ends = [f"{gradient.min():.4g} ... {gradient.max():.4g}", str([int(n) for n in gradient.ravel()])]
        assert table[name][-1] in ends
    labels = shown(picture)
    for label in (
        "G · wᵀ → (3, 2)",
        "xᵀ · G → (2, 3)",
        "× 1, summed → (3,)",
        "× 0 ... 1 → (3, 3)",
        "× 1, spread → (3, 3)",
    ):
        assert label in labels


def test_names_are_those_of_arguments_variables_and_the_functions_own():
    rate = klods.Variable(2.0)
    named = klods.Variable(3.0, name="steepness")

    def f(x):
        inner = rate * x
        return named * inner

    assert [*rows(graph(f, 1.5))] == ["x", "rate", "inner", "steepness", "product"]


class Affine:
    def __init__(self, w, b):
        self.w, self.b = klods.Variable(w), klods.Variable(b)

    def __call__(self, x):
        return self.w * x + self.b


def test_variables_in_objects_of_ones_own_are_named_by_the_way_to_them():
    layers = [Affine(2.0, 1.0), Affine(3.0, -1.0)]

    def network(x):
        for layer in layers:
            x = layer(x)
        return x

    weights = [name for name in rows(graph(network, 1.5)) if name.startswith("layer")]
    assert weights == ["layers[0].w", "layers[0].b", "layers[1].w", "layers[1].b"]
    assert {"w", "b"} <= set(rows(graph(Affine(2.0, 1.0).__call__, 1.5)))


def test_a_tape_is_drawn_with_the_names_around_it_and_can_still_give_its_gradient():
    weight = klods.Variable(3.0)
    with klods.GradientTape() as tape:
        squared = weight * weight
        loss = squared + 2.0 * weight
        unrelated = klods.exp(weight)
    picture = graph(tape, target=loss, sources=[weight])
    table = rows(picture)
    gradient = float(tape.gradient(loss, weight))
    assert gradient == 8.0
    assert table["weight"] == ["weight", "variable", "()", "3", "8"]
    assert by_paths(derivatives(picture), "loss", "weight") == gradient
    assert "Left out, since the result doesn't depend on them: 1 operation." in str(picture)
    with pytest.raises(StateError, match="persistent=True"):
        graph(tape, target=loss)
    assert float(unrelated) > 1


def test_a_tapes_sources_alone_get_gradients():
    a, b = klods.Variable(2.0), klods.Variable(5.0)
    with klods.GradientTape(persistent=True) as tape:
        product = a * b
    assert rows(graph(tape, target=product, sources=a))["b"][-1] == "none"
    assert rows(graph(tape, target=product))["b"][-1] == "2"


def dense_model():
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(5, activation="relu", name="hidden"),
            keras.layers.Dense(3, activation="softmax", name="out"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


X = np.random.default_rng(3).normal(size=(6, 4)).astype(np.float32)
Y = np.array([0, 1, 2, 0, 1, 2])


def test_a_model_folds_into_layers_with_the_lengths_of_the_tapes_gradients():
    model = dense_model()
    picture = graph(model, X, Y)
    with klods.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy()(Y, model(X, training=True))
    gradients = tape.gradient(loss, model.trainable_weights)
    lengths = [f"{np.sqrt(np.square(g.numpy()).sum()):.4g}" for g in gradients]
    texts = shown(picture)
    found = [texts[i + 1] for i, text in enumerate(texts) if text in ("‖∂ kernel‖", "‖∂ bias‖")]
    assert found == lengths
    assert f"{float(loss):.4g}" in texts
    assert {"hidden (Dense)", "out (Dense)", "sparse_categorical_crossentropy (loss)"} <= set(texts)
    assert "folded into boxes" in str(picture)


def test_an_unfolded_model_has_its_operations_and_its_weights_gradients():
    model = dense_model()
    picture = graph(model, X, Y, fold=False)
    with klods.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy()(Y, model(X, training=True))
    table = rows(picture)
    for weight, gradient in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights)):
        name = "/".join(weight.path.split("/")[-2:])
        values = [float(x) for x in re.findall(r"-?\d[\d.e-]*", table[name][-1])]
        assert (min(values), max(values)) == pytest.approx((gradient.numpy().min(), gradient.numpy().max()), rel=1e-3)
    assert "matmul = x @ hidden/kernel" in shown(picture)


def test_what_flows_back_on_two_ways_out_of_a_layer_is_told_apart():
    inputs = keras.Input((4,))
    first = keras.layers.Dense(3, name="first")(inputs)
    twice = keras.layers.Dense(3, name="second")(first)
    model = keras.Model(inputs, keras.layers.Add(name="sum")([first, 2.0 * twice]))
    picture = graph(model, X, fold=True)
    kernel = model.get_layer("second").kernel.numpy()
    ones = np.ones((6, 3), np.float32)
    direct, through = np.linalg.norm(ones), np.linalg.norm(2 * ones @ kernel.T)
    labels = [text for text in shown(picture) if text.startswith("‖G‖") and text.endswith("→ (6, 3)")]
    assert f"‖G‖ {direct:.4g} → (6, 3)" in labels
    assert f"‖G‖ {through:.4g} → (6, 3)" in labels


class Both(keras.layers.Layer):
    """Gives a value, and another that is made of it."""

    def call(self, inputs):
        first = klods.tanh(inputs)
        return first, first * 3.0


def test_what_flows_back_through_a_layers_inner_ways_counts_once():
    layer = Both(name="both")
    x = np.array([0.5, -1.0, 0.25, 0.0, 2.0], np.float32)
    picture = graph(lambda x: klods.reduce_sum(klods.add(*layer(x))), x, fold=True)
    expected = np.linalg.norm(4 * (1 - np.tanh(x) ** 2))
    assert f"‖G‖ {expected:.4g} → (5,)" in shown(picture)


def test_a_result_that_is_given_is_drawn():
    assert rows(graph(lambda x: x, 2.0)) == {"x": ["x", "given", "()", "2", "1"]}
    assert "constant" in rows(graph(lambda x: klods.constant(3.0), 2.0))


def test_a_model_stays_as_it_is():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse", metrics=["mae"])
    before = [variable.numpy() for variable in model.all_variables()]
    state = klods.random.uniform((3,))
    keras.utils.set_random_seed(5)
    graph(model, X, Y.astype(np.float32)[:, None])
    after = klods.random.uniform((3,)).numpy()
    keras.utils.set_random_seed(5)
    np.testing.assert_array_equal(after, klods.random.uniform((3,)).numpy())
    assert len(before) == len(model.all_variables())
    for variable, value in zip(model.all_variables(), before):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert state.shape == (3,)


def test_steps_show_values_first_and_then_gradients_with_their_sums():
    slides = graph(branching, 0.7, -1.3, steps=True)
    whole = graph(branching, 0.7, -1.3)
    assert len(slides) == 1 + 7 + 9  # what is given, seven operations, nine gradients
    assert slides[0].svg().count("× ") == 0
    assert "gradient" in slides[0].svg()
    assert "0.7" in shown(slides[0])
    assert rows(whole)["quotient"][3] not in shown(slides[0])
    gradient = rows(whole)["x"][-1]
    assert [place for place, slide in enumerate(slides) if gradient in shown(slide)] == [
        len(slides) - 2,
        len(slides) - 1,
    ]  # y comes last
    assert sorted(shown(slides[-1])) == sorted(shown(whole))
    terms = next(caption for caption in slides.captions if caption.startswith("Backward: the gradient of x = "))
    left, right = terms.removesuffix(".").rpartition(" = ")[::2]
    products = re.findall(r"(-?[\d.e-]+) × (-?[\d.e-]+)", left)
    assert len(products) == 2
    assert sum(float(a) * float(b) for a, b in products) == pytest.approx(float(right), rel=5e-3)


def test_a_gradient_is_shown_after_those_that_it_is_made_of():
    slides = graph(branching, 0.7, -1.3, steps=True)
    order = re.findall(r"Backward: the gradient of (\w+)", "\n".join(slides.captions))
    for output, ways in derivatives(graph(branching, 0.7, -1.3)).items():
        for operand, _ in ways:
            assert order.index(output) < order.index(operand)


def test_slides_mark_the_arrows_that_a_value_comes_by_and_those_that_its_gradient_comes_back_by():
    slides = graph(lambda x: klods.sin(x) * x, 1.0, steps=True)
    lines = [slide.svg().count('fill="none" stroke="#d55e00"') for slide in slides]
    # an arrow is two lines, into its label and out of it: sin has one, the product two; x goes into both
    assert lines == [0, 2, 4, 0, 2, 4]


def test_what_is_given_stands_just_above_what_takes_it():
    svg = graph(lambda x, w, b: klods.tanh(w * x) + b, 1.0, 2.0, 3.0).svg()
    height = {name: float(y) for y, name in re.findall(r'y="([\d.]+)"[^>]*>(\w+) (?:\(given|=)', svg)}
    assert height["x"] == height["w"] < height["product"] < height["b"] < height["added"]
    assert height["b"] == height["tanh"]


def test_a_shape_error_is_drawn_where_it_happens():
    def f(x, w):
        h = klods.nn.relu(x)
        return h @ w

    picture = graph(f, np.ones((2, 3), np.float32), np.ones((4, 5), np.float32))
    texts = shown(picture)
    assert [texts[i + 1] for i, text in enumerate(texts) if text == "got"] == ["h (2, 3)", "w (4, 5)"]
    assert "h = relu(x)" in texts
    assert "#b3261e" in picture.svg()
    assert "3 columns on the left, 4 rows on the right" in picture.drawing.description
    assert "3 columns on the left, 4 rows on the right" in " ".join(texts)
    assert "matmul failed" in str(picture)


def test_a_layer_that_refuses_its_inputs_is_drawn_as_failed():
    picture = graph(dense_model(), np.ones((2, 7), np.float32), np.array([0, 1]))
    assert "hidden (Dense) failed" in shown(picture)
    assert "x (2, 7)" in shown(picture)


def test_a_label_outside_the_classes_is_drawn_as_failed():
    picture = graph(dense_model(), X, Y + 1)
    assert "the comparison of y and y_pred failed" in shown(picture)
    assert "Label 3" in str(picture)


def test_nan_and_infinity_are_told_where_they_begin():
    def f(x):
        a = klods.math.log(x)
        return klods.reduce_sum(a * 2.0)

    picture = graph(f, np.array([1.0, -1.0, 0.0], np.float32))
    assert "NaN or infinity begins in a: 1 NaN, 1 infinite." in picture.drawing.description
    assert "[0, NaN, -infinity]" in shown(picture)


def test_a_long_computation_is_folded_in_the_middle():
    def f(x):
        for _ in range(200):
            x = klods.sin(x)
        return x

    picture = graph(f, 0.5)
    x = klods.constant(0.5)
    with klods.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert "160 operations" in shown(picture)
    assert "160 of 200 operations are folded" in str(picture)
    assert rows(picture)["x"][-1] == f"{float(tape.gradient(y, x)):.4g}"


def test_the_text_needs_no_letters_but_those_of_terminals():
    for picture in (
        graph(dense_model(), X, Y),
        graph(dense_model(), X, Y, fold=False),
        *graph(branching, 1.0, 2.0, steps=True),
    ):
        assert picture.text.replace("…", "").isascii()
    assert "d matmul / d x: G @ hidden/kernel.T -> (6, 4)" in str(graph(dense_model(), X, Y, fold=False))


def test_what_has_no_gradient_says_none():
    picture = graph(lambda x, y: klods.stop_gradient(x) * y, 2.0, 3.0)
    assert rows(picture)["x"][-1] == "none"
    assert rows(picture)["y"][-1] == "2"
    assert "There are no gradients" in str(graph(lambda x: klods.argmax(x), np.arange(3.0)))


def test_wrong_uses_say_what_to_do():
    with pytest.raises(DataError, match="takes a function, a GradientTape or a model"):
        graph(klods.constant(1.0))
    with pytest.raises(DataError, match="no tensor"):
        graph(lambda x: None, 1.0)
    with pytest.raises(StateError, match="not built"):
        graph(keras.Sequential([keras.layers.Dense(1)]), X)
    with pytest.raises(StateError, match="compile"):
        graph(keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]), X, Y)
    with klods.GradientTape() as tape:
        y = klods.Variable(1.0) * 2.0
    with pytest.raises(DataError, match="needs a target"):
        graph(tape)
    with pytest.raises(DataError, match="not computed inside this tape"):
        graph(tape, target=y + 1)


@pytest.mark.parametrize("flags", [(False, False), (True, False), (False, True), (True, True)])
def test_the_words_for_a_products_gradients_give_them(flags):
    rng = np.random.default_rng(0)
    a = rng.normal(size=(4, 2) if flags[0] else (2, 4)).astype(np.float32)
    b = rng.normal(size=(3, 4) if flags[1] else (4, 3)).astype(np.float32)
    given = rng.normal(size=(2, 3)).astype(np.float32)
    tensors = klods.constant(a), klods.constant(b)
    with klods.GradientTape() as tape:
        tape.watch(tensors)
        y = klods.matmul(*tensors, transpose_a=flags[0], transpose_b=flags[1])
    gradients = tape.gradient(y, tensors, output_gradients=given)
    picture = graph(lambda a, b: klods.matmul(a, b, transpose_a=flags[0], transpose_b=flags[1]), a, b)
    words = [text.split(" → ")[0] for text in shown(picture) if " → " in text]
    for text, gradient in zip(words, gradients):
        left, right = text.replace("ᵀ", ".T").split(" · ")
        np.testing.assert_allclose(eval(f"{left} @ {right}", {"G": given, "a": a, "b": b}), gradient, rtol=1e-5)
