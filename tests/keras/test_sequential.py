"""Sequential: stacking, building early and late, summaries."""

from __future__ import annotations

import numpy as np
import pytest
from small import inputs, layers, regressor, targets

import klods
from klods import keras
from klods.errors import DataError, ShapeError
from klods.keras.masks import put_mask

x, t = inputs(), targets()
Dense = keras.layers.Dense


def test_a_list_and_add_give_the_same_model():
    one = keras.Sequential([keras.Input((8,)), Dense(16, "relu"), Dense(3)])
    two = keras.Sequential()
    for layer in (keras.Input((8,)), Dense(16, "relu"), Dense(3)):
        two.add(layer)
    two.set_weights(one.get_weights())
    assert np.array_equal(one(x), two(x))
    assert one.output_shape == two.output_shape == (None, 3)


def test_each_layer_gets_the_output_of_the_one_before():
    model = regressor()
    h = np.maximum(x @ model.layers[0].kernel.numpy() + model.layers[0].bias.numpy(), 0)
    expected = h @ model.layers[1].kernel.numpy() + model.layers[1].bias.numpy()
    assert np.allclose(model(x), expected, atol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        lambda: keras.Sequential([keras.Input((8,)), Dense(3)]),
        lambda: keras.Sequential([keras.Input(shape=(8,)), Dense(3)]),
        lambda: keras.Sequential([Dense(3, input_shape=(8,))]),
        lambda: keras.Sequential([Dense(3, input_dim=8)]),
        lambda: keras.Sequential([keras.layers.InputLayer((8,)), Dense(3)]),
        lambda: keras.Sequential([keras.layers.InputLayer(input_shape=(8,)), Dense(3)]),
    ],
)
def test_built_at_once_when_the_input_is_known(model):
    model = model()
    assert model.built
    assert (model.input_shape, model.output_shape, model.count_params()) == ((None, 8), (None, 3), 27)
    assert len(model.layers) == 1
    assert model(x).shape == (64, 3)


def test_a_fixed_batch():
    model = keras.Sequential([keras.Input((8,), batch_size=5), Dense(3)])
    assert (model.input_shape, model.output_shape) == ((5, 8), (5, 3))


@pytest.mark.parametrize(
    "build",
    [
        lambda m: m(x),
        lambda m: m.build((None, 8)),
        lambda m: m.predict(x, verbose=0),
        lambda m: m.fit(x, t, verbose=0),
        lambda m: m.evaluate(x, t, verbose=0),
        lambda m: m.train_on_batch(x, t),
    ],
)
def test_built_late(build):
    model = keras.Sequential([Dense(16), Dense(3)])
    model.compile("sgd", "mse")
    assert (model.built, model.weights) == (False, [])
    assert not hasattr(model, "output_shape")
    assert not hasattr(model, "input_shape")
    build(model)
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, 8), (None, 3))
    assert [w.shape for w in model.weights] == [(8, 16), (16,), (16, 3), (3,)]


def test_add_to_a_built_model():
    model = keras.Sequential([Dense(5)])
    model(x)
    kernel = model.layers[0].kernel
    model.add(Dense(2))
    assert model.built
    assert model.layers[0].kernel is kernel
    assert (model.output_shape, len(model.weights)) == ((None, 2), 4)
    assert model(x).shape == (64, 2)


def test_pop():
    model = keras.Sequential([keras.Input((8,)), Dense(5), Dense(3)])
    last = model.layers[1]
    assert model.pop() is last
    assert (model.built, model.output_shape, len(model.weights)) == (True, (None, 5), 2)
    model.add(Dense(2))
    assert model.output_shape == (None, 2)
    assert model(x).shape == (64, 2)
    model.pop()
    model.pop()
    assert model.layers == []
    with pytest.raises(ValueError, match="no layers to take off"):
        model.pop()


@pytest.mark.parametrize(("shape", "kind"), [(4, DataError), ((None,), ShapeError), ((None, 4), ShapeError)])
def test_a_build_that_fails_leaves_no_shape_behind(shape, kind):
    model = keras.Sequential([Dense(3), keras.layers.Reshape((5,))] if shape == (None, 4) else [Dense(3)])
    with pytest.raises(kind):
        model.build(shape)
    assert (model.built, model.built_in_input) == (False, None)


def test_a_layer_that_does_not_fit_is_not_added():
    model = keras.Sequential([keras.Input((8,)), Dense(5)])
    with pytest.raises(ShapeError, match="expected 3 axes"):
        model.add(keras.layers.GlobalMaxPooling1D())
    assert ([layer.name for layer in model.layers], model.output_shape) == ([model.layers[0].name], (None, 5))
    model.add(Dense(2))
    assert model(x).shape == (64, 2)


def test_training_goes_on_after_pop_and_add():
    model = regressor(optimizer="adam")
    model.fit(x, t, verbose=0)
    model.pop()
    model.add(Dense(3))
    model.compile("adam", "mse")
    before = model.evaluate(x, t, verbose=0)
    model.fit(x, t, epochs=20, verbose=0)
    assert model.evaluate(x, t, verbose=0) < before


def test_one_layer_twice():
    layer = Dense(8)
    model = keras.Sequential([keras.Input((8,)), layer, layer])
    assert (len(model.layers), len(model.weights)) == (2, 2)
    assert np.allclose(model(x), layer(layer(x)))


def test_a_model_inside():
    inner = keras.Sequential([Dense(4), Dense(3)], name="inner")
    model = keras.Sequential([inner, Dense(2)])
    model.compile("sgd", "mse")
    model.fit(x, t[:, :2], verbose=0)
    assert len(model.weights) == 6
    assert model.weights[0] is inner.weights[0]
    assert model.layers[0].name == "inner"
    assert np.allclose(model(x), model.layers[1](inner(x)))


def test_a_model_inside_brings_its_input():
    model = keras.Sequential([keras.Sequential([keras.Input((8,)), Dense(4)]), Dense(2)])
    assert (model.built, model.input_shape, model.output_shape) == (True, (None, 8), (None, 2))


def test_a_function_of_ones_own_as_a_layer():
    model = keras.Sequential([Dense(3, activation=lambda h: h * 2, kernel_initializer="ones", use_bias=False)])
    assert np.allclose(model(x), 2 * x.sum(1, keepdims=True).repeat(3, 1), rtol=1e-5)


def test_get_layer():
    model = keras.Sequential([Dense(3, name="first"), Dense(3, name="second")])
    assert model.get_layer("second") is model.layers[1]
    assert model.get_layer(index=0) is model.layers[0]
    assert model.get_layer(index=-1) is model.layers[1]


def test_set_weights_copies_and_is_all_or_nothing():
    model = regressor()
    new = [np.full(w.shape, 2.0, np.float32) for w in model.weights]
    model.set_weights(new)
    new[0][:] = 7
    assert (model.get_weights()[0] == 2).all()
    model.get_weights()[0][:] = 7
    assert (model.get_weights()[0] == 2).all()
    with pytest.raises(ValueError, match="bias"):
        model.set_weights([np.zeros((8, 16)), np.zeros(9), np.zeros((16, 3)), np.zeros(3)])
    assert all((w == 2).all() for w in model.get_weights())


def test_compute_output_shape_builds_nothing():
    model = keras.Sequential(layers())
    assert model.compute_output_shape((None, 8)) == (None, 3)
    assert not model.built


# ------------------------------------------------------------ summary


def summary(model, **arguments):
    lines = []
    model.summary(print_fn=lines.append, line_length=70, **arguments)
    return "\n".join(lines)


def test_summary_before_and_after_build():
    model = keras.Sequential([Dense(3, name="one"), Dense(2, name="two")], name="net")
    text = summary(model)
    assert text.startswith('Model: "net"\n')
    assert text.count("0 (unbuilt)") == 2
    assert " Total params: 0 (0.00 B)" in text
    model.build((None, 4))
    text = summary(model)
    rows = [line for line in text.splitlines() if line.startswith("│")]
    assert [row.split("│")[1].strip() for row in rows] == ["one (Dense)", "two (Dense)"]
    assert [row.split("│")[2].strip() for row in rows] == ["(None, 3)", "(None, 2)"]
    assert [row.split("│")[3].strip() for row in rows] == ["15", "8"]
    assert " Total params: 23 (92.00 B)" in text
    assert " Trainable params: 23 (92.00 B)" in text


def test_summary_of_a_trained_and_of_a_frozen_model():
    model = keras.Sequential([keras.Input((4,)), Dense(3)])
    model.compile("adam", "mse")
    model.fit(x[:, :4], t, verbose=0)
    text = summary(model)
    assert " Total params: 47 (188.00 B)" in text  # 15 weights, two slots each, step count and learning rate
    assert " Optimizer params: 32 (128.00 B)" in text
    model.trainable = False
    assert " Non-trainable params: 15 (60.00 B)" in summary(model)


def test_summary_prints(capsys):
    keras.Sequential([Dense(3)], name="net").summary()
    assert 'Model: "net"' in capsys.readouterr().out


def test_pictures_in_notebooks():
    model = keras.Sequential([keras.Input((4,)), Dense(3, name="<one>")], name="net")
    html = model._repr_html_()
    assert "&lt;one&gt; (Dense)" in html
    assert "(None, 3)" in html
    assert "15" in html
    assert "net" in keras.Sequential([Dense(3)], name="net")._repr_html_()
    model.compile("sgd", "mse", metrics=["mae"])
    picture = model.fit(x[:, :4], t, epochs=2, validation_split=0.5, verbose=0)._repr_html_()
    assert picture.count("<svg") == 1
    assert "mae" in picture
    assert keras.callbacks.History()._repr_html_() is not None


def test_tensors_pass_through_in_order():
    doubled = keras.Sequential([keras.layers.Activation(lambda h: h + 1), keras.layers.Activation(lambda h: 2 * h)])
    assert np.array_equal(doubled(klods.ones((1, 2))), [[4.0, 4.0]])


def test_an_input_in_a_list():
    """As in Keras."""
    model, x = regressor(), inputs()
    expected = model.predict(x, verbose=0)
    for given in ([x], (x,)):
        np.testing.assert_array_equal(model.predict(given, verbose=0), expected)
        assert model.evaluate(given, targets(), verbose=0) == model.evaluate(x, targets(), verbose=0)
    np.testing.assert_array_equal(model([x]).numpy(), model(x).numpy())


def test_an_input_of_more_axes_is_refused():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(
        klods.errors.ShapeError, match=r"'sequential\w*' takes inputs of shape \(None, 4\); got \(2, 3, 4\)"
    ):
        model(np.ones((2, 3, 4)))


def test_numbers_in_a_row_are_a_column_where_the_input_is_one():
    """As in Keras, which adds or takes away an axis of size 1 behind."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    row = np.linspace(0, 1, 6, dtype=np.float32)
    expected = model(row[:, None]).numpy()
    np.testing.assert_array_equal(model(row).numpy(), expected)
    np.testing.assert_array_equal(model.predict(row, verbose=0), expected)
    batches = klods.data.Dataset.from_tensor_slices(row).batch(4)
    np.testing.assert_allclose(model.predict(batches, verbose=0), expected, rtol=1e-6)
    np.testing.assert_array_equal(model(row[:, None, None]).numpy(), expected)
    model.compile("sgd", "mse")
    assert model.fit(row, expected, verbose=0).history["loss"] == [0]


def test_an_input_that_is_cast_keeps_its_mask():
    class Seen(keras.layers.Layer):
        supports_masking = True

        def call(self, inputs, mask=None):
            self.mask = mask
            return inputs

    layer, given, mask = Seen(), klods.constant([[1, 2]]), klods.constant([True])
    put_mask(given, mask)
    assert keras.Sequential([keras.Input((2,)), layer])(given).dtype == "float32"
    assert layer.mask is mask
