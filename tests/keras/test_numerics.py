"""NaN and infinity: one warning, at once, that says where they begin."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from small import classifier, inputs, labels, layers, regressor, targets

import klods
from klods import keras
from klods.errors import DataError, GradientWarning, NumericsWarning

x, y, t = inputs(), labels(), targets()


def spoilt(array, value, row=40):
    copy = array.astype(np.float32)
    copy[row] = value
    return copy


def told(call):
    """Return the texts of the warnings of numbers that a call gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert {warning.category for warning in caught} <= {NumericsWarning}
    assert all(warning.filename == __file__ for warning in caught)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((spoilt(x, np.nan), t), "The data have NaN in the input x"),
        ((spoilt(x, np.inf), t), "The data have infinity in the input x"),
        ((spoilt(x, -np.inf), t), "The data have infinity in the input x"),
        ((x, spoilt(t, np.nan)), "The data have NaN in the target y"),
        ((x, spoilt(t, np.inf)), "The data have infinity in the target y"),
        ((x, t, spoilt(np.ones(64), np.nan)), "The data have NaN in the sample weights"),
    ],
)
@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_data(call, arguments, words):
    model = regressor()
    names = dict(zip(("x", "y", "sample_weight"), arguments))
    quiet = {"verbose": 0} if call in ("fit", "evaluate") else {}
    (text,) = told(lambda: getattr(model, call)(**names, **quiet))
    assert words in text


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        ({"x": {"left": x, "right": spoilt(x, np.nan)}}, "NaN in the input x['right']: clean"),
        ({"y": [t, spoilt(x, np.inf)]}, "infinity in the target y[1]: clean"),
        ({"sample_weight": [np.ones(64), spoilt(np.ones(64), np.nan)]}, "NaN in the sample weights[1]: clean"),
    ],
)
@pytest.mark.parametrize("call", ["fit", "evaluate"])
def test_which_of_several_data(call, spoiled, words):
    left, right = (keras.Input((8,), name=name) for name in ("left", "right"))
    model = keras.Model({"left": left, "right": right}, [keras.layers.Dense(3)(left + right), left])
    model.compile("sgd", ["mse", "mse"])
    data = {"x": {"left": x, "right": x}, "y": [t, x], "sample_weight": [np.ones(64), np.ones(64)], **spoiled}
    (text,) = told(lambda: getattr(model, call)(**data, verbose=0))
    assert words in text


def test_a_gradient_of_none_names_the_layer():
    first, second = keras.layers.Dense(3, name="used"), keras.layers.Dense(3, name="unused")
    given = keras.Input((8,))
    model = keras.Model(given, [first(given), second(given)])
    model.compile("sgd", ["mse", None])
    with pytest.warns(GradientWarning) as caught:
        model.fit(x, [t, t], batch_size=64, verbose=0)
    assert [re.search("'(.+)' is None", str(warning.message))[1] for warning in caught] == [
        "unused/kernel", "unused/bias",
    ]  # fmt: skip


class Stepping(keras.Sequential):
    """A step of one's own, which may keep x from `compute_loss`, as Keras's guide does."""

    x_too = False

    def train_step(self, data):
        x, y = data
        with klods.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x if self.x_too else None, y, y_pred)
        self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
        return {"loss": loss}


HOW = pytest.mark.parametrize("how", [{}, {"run_eagerly": True}], ids=["compiled", "eager"])


@HOW
@pytest.mark.parametrize(
    ("x_too", "target", "words"),
    [
        (False, t, "Targets and weights are finite: give compute_loss the inputs x as well"),
        (True, t, "It first appears in the output of layer 'bang'"),
        (False, spoilt(t, np.inf), "The data have infinity in the target y: clean"),
    ],
)
def test_a_step_of_ones_own(x_too, target, words, how):
    model = Stepping([keras.Input((8,)), keras.layers.Dense(8), Exponential(name="bang"), keras.layers.Dense(3)])
    model.compile("sgd", "mse", **how)
    model.x_too = x_too
    (text,) = told(lambda: model.fit(x + 1, target, batch_size=64, verbose=0))
    assert words in text


@HOW
def test_once_in_the_validation_of_a_step_of_ones_own(how):
    model = Stepping([keras.Input((8,)), *layers(activation=None)])
    model.compile("sgd", "mse", **how)
    (text,) = told(lambda: model.fit(x, t, validation_data=(spoilt(x, np.nan, row=0), t), verbose=0))
    assert "NaN in the input x" in text


@HOW
def test_a_label_outside_the_classes_in_a_step_of_ones_own(how):
    model = Stepping([keras.Input((8,)), *layers()])
    model.compile("sgd", "sparse_categorical_crossentropy", **how)
    model.fit(x, y, verbose=0)
    with pytest.raises(DataError, match=r"[Ll]abel 3 is outside the 3 classes 0 to 2"):
        model.fit(x, y + 1, verbose=0)


@HOW
def test_a_loss_of_the_models_own(how):
    class Own(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return klods.reduce_mean(klods.math.log(y_pred - 1e9))

    model = Own([keras.Input((8,)), *layers()])
    model.compile("sgd", **how)
    (text,) = told(lambda: model.fit(x, t, verbose=0))
    assert "it appears in the loss function" in text


def test_some_samples_weights_may_be_missing():
    given = keras.Input((8,))
    model = keras.Model(given, [keras.layers.Dense(3)(given), given])
    model.compile("sgd", ["mse", "mse"])
    weights = [np.linspace(0, 1, 64), None]
    assert told(lambda: model.fit(x, [t, x], sample_weight=weights, verbose=0)) == []
    (text,) = told(lambda: model.fit(x, [t, spoilt(x, np.nan)], sample_weight=weights, batch_size=64, verbose=0))
    assert "NaN in the target y[1]" in text


def test_whole_numbers_are_finite():
    assert told(lambda: classifier().fit((x * 255).astype(np.uint8), y, verbose=0)) == []


@pytest.mark.parametrize(("value", "kind"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_weight(value, kind):
    model = regressor()
    model.layers[1].bias.assign(spoilt(np.zeros(3), value, row=1))
    (text,) = told(lambda: model.fit(x, t, verbose=0))
    assert f"Weight '{model.layers[1].bias.path}' holds {kind}: try a smaller learning rate" in text


def test_a_diverging_run_names_the_weight():
    model = regressor(keras.optimizers.SGD(1e20))
    texts = told(lambda: model.fit(x, t, epochs=20, verbose=0))
    assert len(texts) == 1


class Exponential(keras.layers.Layer):
    def call(self, inputs):
        return klods.exp(1000 * inputs)


def test_first_layer():
    model = keras.Sequential([keras.layers.Dense(8), Exponential(name="bang"), keras.layers.Dense(3)])
    model.compile("sgd", "mse")
    (text,) = told(lambda: model.fit(x + 1, t, verbose=0))
    assert "It first appears in the output of layer 'bang'" in text


def test_first_layer_of_a_model_of_ones_own():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(3, name="last")  # not called in the order of the attributes
            self.inner = keras.Sequential([keras.layers.Dense(8), Exponential(name="bang")])

        def call(self, inputs):
            return self.last(self.inner(inputs))

    model = Own()
    model.compile("sgd", "mse")
    (text,) = told(lambda: model.fit(x + 1, t, verbose=0))
    assert "layer 'bang'" in text
    assert "call" not in vars(model.last)  # nothing is left behind


def test_loss():
    model = classifier(lambda y_true, y_pred: klods.reduce_mean(klods.math.log(y_pred - 2)), metrics=())
    (text,) = told(lambda: model.fit(x, t, verbose=0))
    assert "it appears in the loss" in text


def test_the_warning_comes_with_the_batch():
    """The batch with the NaN is the third: nothing is said before it, and nothing after."""
    seen = []

    class Watching(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(len(caught))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        regressor().fit(
            spoilt(x, np.nan, row=40), t, batch_size=16, epochs=2, shuffle=False, verbose=0, callbacks=[Watching()]
        )
    assert seen == [0, 0, 1, 1, 1, 1, 1, 1]


def test_once_per_fit():
    model = regressor()
    assert len(told(lambda: model.fit(spoilt(x, np.nan), t, epochs=3, verbose=0))) == 1
    model.set_weights([np.ones(w.shape) for w in model.weights])
    assert told(lambda: model.fit(x, t, verbose=0)) == []
    assert len(told(lambda: model.fit(spoilt(x, np.nan), t, verbose=0))) == 1


def test_numpy_says_nothing_of_its_own():
    model = keras.Sequential([*layers(activation=None), Exponential()])
    model.compile("sgd", "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", NumericsWarning)
        model.fit(100 * x, t, verbose=0)
        model.evaluate(100 * x, t, verbose=0)
        model.predict(100 * x, verbose=0)
        model.train_on_batch(100 * x, t)
        model.predict_on_batch(100 * x)
