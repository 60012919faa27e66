"""Models of one's own: call, train_step, test_step, losses and metrics."""

from __future__ import annotations

import re

import numpy as np
import pytest
from small import classifier, inputs, labels, one_hot, regressor, targets

import klods
from klods import keras

x, y, t = inputs(), labels(), targets()


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(16, activation="relu")
        self.dropout = keras.layers.Dropout(0.5)
        self.last = keras.layers.Dense(3)

    def call(self, inputs, training=False):
        return self.last(self.dropout(self.hidden(inputs), training=training))


def test_subclass():
    keras.utils.set_random_seed(2)
    model = Net(name="net")
    assert (model.built, model.weights, [layer.name[:5] for layer in model.layers]) == (
        False, [], ["dense", "dropo", "dense"],
    )  # fmt: skip
    model.compile("rmsprop", "mse", metrics=["mae"])
    history = model.fit(x, t, epochs=3, verbose=0)
    assert list(history.history) == ["loss", "mae"]
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.built
    assert [w.path for w in model.weights] == [f"net/{layer.name}/{w}" for layer in (model.hidden, model.last)
                                               for w in ("kernel", "bias")]  # fmt: skip
    assert np.array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
    assert not np.array_equal(model(x, training=True), model(x, training=True))


def test_built_by_shape():
    model = Net()
    model.build((None, 8))
    assert [w.shape for w in model.weights] == [(8, 16), (16,), (16, 3), (3,)]
    model.summary(print_fn=lambda text: None)


def test_a_build_of_ones_own():
    class Own(keras.Model):
        builds = 0

        def build(self, input_shape):
            self.builds += 1
            self.dense = keras.layers.Dense(input_shape[-1])
            super().build(input_shape)

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    assert model(x).shape == (64, 8)
    model.predict(x, verbose=0)
    assert (model.builds, len(model.weights)) == (1, 2)


def test_structures_in_and_out():
    class Both(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = keras.layers.Dense(3), keras.layers.Dense(2)

        def call(self, inputs):
            return self.one(inputs["a"]), {"two": self.two(inputs["b"])}

    first, second = Both().predict({"a": x, "b": x}, batch_size=10, verbose=0)
    assert (first.shape, second["two"].shape) == ((64, 3), (64, 2))


def test_fit_with_named_inputs():
    class Sum(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, inputs):
            return self.dense(inputs["a"] + inputs["b"])

    losses = []
    for model, data in ((Sum(), {"a": x, "b": x}), (keras.Sequential([keras.layers.Dense(3)]), 2 * x)):
        model(data)
        model.set_weights([np.ones((8, 3)), np.zeros(3)])
        model.compile("sgd", "mse")
        losses.append(model.fit(data, t, batch_size=10, epochs=2, shuffle=False, verbose=0).history["loss"])
    assert losses[0] == pytest.approx(losses[1])


# ------------------------------------------------------------ steps of one's own


class Looking(keras.Model):
    """Notes what its steps get."""

    def __init__(self):
        super().__init__()
        self.dense, self.got = keras.layers.Dense(3), []

    def call(self, inputs):
        return self.dense(inputs[0] if isinstance(inputs, (list, tuple)) else inputs)

    def note(self, data):
        self.got.append(shapes(data))
        return {"loss": klods.constant(1.0)}

    train_step = test_step = note

    def predict_step(self, data):
        self.note(data)
        return self(data[0] if isinstance(data, tuple) else data)


def shapes(data):
    if isinstance(data, (list, tuple)):
        return type(data)(shapes(part) for part in data)
    assert isinstance(data, klods.Tensor)
    return str(data.shape)


ROWS, LABELS, TARGETS = "(64, 8)", "(64,)", "(64, 3)"


@pytest.mark.parametrize(
    ("call", "got"),
    [
        (lambda m: m.fit(x, batch_size=64, verbose=0), ROWS),
        (lambda m: m.fit(x, t, batch_size=64, verbose=0), (ROWS, TARGETS)),
        (lambda m: m.fit(x, t, sample_weight=np.ones(64), batch_size=64, verbose=0), (ROWS, TARGETS, LABELS)),
        (lambda m: m.fit(x, y, class_weight={0: 2.0}, batch_size=64, verbose=0), (ROWS, LABELS, LABELS)),
        (lambda m: m.fit([x, x], t, batch_size=64, verbose=0), ([ROWS, ROWS], TARGETS)),
        (lambda m: m.fit([x, x], batch_size=64, verbose=0), ([ROWS, ROWS],)),
        (lambda m: m.evaluate(x, t, batch_size=64, verbose=0), (ROWS, TARGETS)),
        (lambda m: m.evaluate(x, batch_size=64, verbose=0), ROWS),
        (lambda m: m.predict(x, batch_size=64, verbose=0), ROWS),
        (lambda m: m.predict([x, x], batch_size=64, verbose=0), ([ROWS, ROWS],)),
        (lambda m: m.train_on_batch(x, t), (ROWS, TARGETS)),
        (lambda m: m.test_on_batch(x), ROWS),
        (lambda m: m.predict_on_batch(x), ROWS),
    ],
)
def test_what_a_step_gets(call, got):
    """As Keras packs it: x alone, (x, y), or (x, y, sample_weight)."""
    model = Looking()
    model.compile("sgd", "mse")
    call(model)
    assert model.got[-1] == got


@pytest.mark.parametrize(
    ("dtype", "seen"),
    [("float64", "float32"), ("float16", "float32"), ("float32", "float32"), ("uint8", "uint8"), ("int64", "int64")],
)
@pytest.mark.parametrize("shuffle", [True, False])
def test_floats_come_as_float32(dtype, seen, shuffle):
    class Dtypes(Net):
        def train_step(self, data):
            self.seen = [part.dtype.name for part in data]
            return {}

    model = Dtypes()
    model.compile("sgd", "mse")
    model.fit(x.astype(dtype), t.astype(dtype), sample_weight=np.ones(64), shuffle=shuffle, verbose=0)
    assert model.seen == [seen, seen, "float32"]


class Written(Net):
    """Trains as the default does, written by hand."""

    def train_step(self, data):
        x, y = data
        with klods.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=len(x))
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


def test_train_step_written_by_hand():
    runs = []
    for kind in (Net, Written):
        keras.utils.set_random_seed(3)
        model = kind()
        model.build((None, 8))
        model.compile("adam", "mse", metrics=["mae"])
        keras.utils.set_random_seed(4)
        runs.append((model.fit(x, t, epochs=2, batch_size=10, verbose=0).history, model.get_weights()))
    for name, figures in runs[0][0].items():
        assert figures == pytest.approx(runs[1][0][name])
    assert all(np.array_equal(a, b) for a, b in zip(runs[0][1], runs[1][1]))


def test_evaluation_of_a_model_with_its_own_train_step():
    model = Written()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, t, verbose=0)
    figures = model.evaluate(x, t, return_dict=True, verbose=0)
    assert figures["mae"] == pytest.approx(np.abs(model.predict(x, verbose=0) - t).mean(), rel=1e-5)


class Adversaries(keras.Model):
    """Two models in one, without a call; compile and metrics of its own."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([keras.layers.Dense(8)])
        self.loss_mean = keras.metrics.Mean(name="g_loss")

    def compile(self, generator_optimizer):
        super().compile()
        self.generator_optimizer = generator_optimizer

    @property
    def metrics(self):
        return [self.loss_mean]

    def train_step(self, real):
        with klods.GradientTape() as tape:
            loss = klods.reduce_mean(klods.square(self.generator(real) - real))
        weights = self.generator.trainable_weights
        self.generator_optimizer.apply(tape.gradient(loss, weights), weights)
        self.loss_mean.update_state(loss)
        return {"g_loss": self.loss_mean.result()}


def test_a_model_without_a_call():
    model = Adversaries()
    model.compile(keras.optimizers.SGD(0.1))
    history = model.fit(x, epochs=5, verbose=0).history
    assert list(history) == ["g_loss"]
    assert history["g_loss"] == sorted(history["g_loss"], reverse=True)  # each epoch starts its mean anew


def test_test_step_of_ones_own():
    class Own(Net):
        def __init__(self):
            super().__init__()
            self.worst = keras.metrics.Mean(name="worst")

        def test_step(self, data):
            x, y = data
            self.worst.update_state(klods.reduce_max(klods.abs(self(x, training=False) - y)))
            return {"worst": self.worst.result()}

    model = Own()
    model.compile("sgd", "mse")
    expected = np.abs(model.predict(x, verbose=0) - t).max()
    assert model.evaluate(x, t, batch_size=64, verbose=0) == pytest.approx(expected)
    assert model.evaluate(x, t, batch_size=64, return_dict=True, verbose=0) == {"worst": pytest.approx(expected)}


def test_metrics_as_attributes():
    class Own(Net):
        def __init__(self):
            super().__init__()
            self.one = keras.metrics.Mean(name="one")
            self.many = [keras.metrics.Mean(name="two")]

        def call(self, inputs, training=False):
            outputs = super().call(inputs, training)
            self.one.update_state(1.0)
            self.many[0].update_state(2.0)
            return outputs

    model = Own()
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(x, t, verbose=0).history
    assert [metric.name for metric in model.metrics] == ["loss", "compile_metrics", "one", "two"]
    assert (history["one"], history["two"]) == ([1.0], [2.0])
    assert len(model.weights) == 4  # metrics have no weights


def test_loss_and_metrics_of_ones_own():
    def cubed(y_true, y_pred):
        return klods.abs(y_true - y_pred) ** 3

    class Cubed(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return cubed(y_true, y_pred)

    class Largest(keras.metrics.Metric):
        def __init__(self, name="largest"):
            super().__init__(name=name)
            self.value = self.add_weight(name="value")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(klods.maximum(self.value, klods.reduce_max(y_pred)))

        def result(self):
            return self.value

    for loss in (cubed, Cubed()):
        model = regressor()
        model.compile("sgd", loss, metrics=[cubed, Largest()])
        predictions = model.predict(x, verbose=0)
        expected = (np.abs(t - predictions) ** 3).mean()
        figures = model.evaluate(x, t, return_dict=True, verbose=0)
        assert figures == pytest.approx({"loss": expected, "cubed": expected, "largest": predictions.max()}, rel=1e-5)


def test_compute_loss_and_compute_metrics_of_ones_own():
    class Own(Net):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return klods.reduce_sum(klods.square(y - y_pred))

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "extra": klods.constant(3.0)}

    model = Own()
    model.compile("sgd", metrics=["mae"])
    expected = ((t - model.predict(x, verbose=0)) ** 2).sum()
    figures = model.evaluate(x, t, batch_size=64, return_dict=True, verbose=0)
    assert (figures["loss"], figures["extra"]) == (pytest.approx(expected, rel=1e-5), 3.0)
    assert list(model.fit(x, t, verbose=0).history) == ["extra", "loss", "mae"]


def test_a_step_may_return_plain_numbers():
    class Own(Net):
        def train_step(self, data):
            return {"b": 1.5, "a": klods.constant(2)}

    model = Own()
    model.compile("sgd", "mse")
    assert model.fit(x, t, verbose=0).history == {"a": [2.0], "b": [1.5]}


# ------------------------------------------------------------ compile


def test_compile_twice_keeps_a_given_optimizer():
    model, optimizer = regressor(), keras.optimizers.SGD(0.1, momentum=0.9)
    for steps in (2, 4):
        model.compile(optimizer, "mse")
        model.fit(x, t, verbose=0)
        assert int(optimizer.iterations) == steps
    assert model.optimizer is optimizer


def test_before_compile_there_is_nothing_to_tell_of_it():
    assert keras.Sequential([keras.layers.Dense(3)]).get_compile_config() == {}


def test_a_compile_that_fails_changes_nothing():
    model = regressor()
    before = model.optimizer, model.loss, model.metrics_names, model.get_compile_config()
    for arguments in (("adam", "msee"), ("adamm", "mse"), ("adam", "mse", None, ["nonsense"]), ("adam", "mse", [1, 2])):
        with pytest.raises(ValueError, match=r"There is no|loss_weights is a number"):
            model.compile(*arguments)
    assert (model.optimizer, model.loss, model.metrics_names, model.get_compile_config()) == before


def test_learning_rate_may_change():
    model = regressor(keras.optimizers.SGD(0.5))
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    model.fit(x, t, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


@pytest.mark.parametrize(
    ("loss", "last", "y_true", "expected"),
    [
        ("sparse_categorical_crossentropy", {}, y, lambda p: (p.argmax(1) == y).mean()),
        ("sparse_categorical_crossentropy", {}, y[:, None], lambda p: (p.argmax(1) == y).mean()),
        ("categorical_crossentropy", {}, one_hot(), lambda p: (p.argmax(1) == y).mean()),
        (
            "binary_crossentropy", {"units": 1, "activation": "sigmoid"}, y[:, None] > 0,
            lambda p: ((p[:, 0] > 0.5) == (y > 0)).mean(),
        ),
        (
            "binary_crossentropy", {"units": 1, "activation": "sigmoid"}, (y > 0).astype(int),
            lambda p: ((p[:, 0] > 0.5) == (y > 0)).mean(),
        ),
    ],
)  # fmt: skip
def test_accuracy_is_chosen_by_shape(loss, last, y_true, expected):
    model = classifier(loss, **last)
    figures = model.evaluate(x, y_true, return_dict=True, verbose=0)
    assert figures["accuracy"] == pytest.approx(expected(model.predict(x, verbose=0)))


def test_labels_may_be_floats_or_a_column():
    model = classifier()
    expected = model.evaluate(x, y, verbose=0)
    for other in (y.astype(np.float32), y[:, None], y[:, None].astype(np.float64), y.astype(np.uint8), y.tolist()):
        assert model.evaluate(x, other, verbose=0) == pytest.approx(expected)


def test_a_loss_of_one_and_metrics_in_a_list():
    model = regressor()
    model.compile("sgd", ["mse"], [2.0], [["mae"]])
    figures = model.evaluate(x, t, return_dict=True, verbose=0)
    error = t - model.predict(x, verbose=0)
    assert figures == pytest.approx({"loss": 2 * (error**2).mean(), "mae": np.abs(error).mean()}, rel=1e-5)


def test_metrics_of_one_name_are_told_apart():
    model = regressor()
    model.compile("sgd", "mse", metrics=["mae", "mae"], weighted_metrics=["mae"])
    weights = np.arange(64.0)
    figures = model.evaluate(x, t, sample_weight=weights, return_dict=True, verbose=0)
    errors = np.abs(t - model.predict(x, verbose=0)).mean(1)
    plain, weighted = errors.mean(), (errors * weights).sum() / weights.sum()
    assert figures["mae"] == figures["mae_1"] == pytest.approx(plain, rel=1e-5)
    assert figures["weighted_mae"] == pytest.approx(weighted, rel=1e-5)


def test_summary_of_a_layer_of_several_arguments(capsys):
    class Join(keras.layers.Layer):
        def call(self, first, second):
            return first + second

    class Joined(keras.Model):
        def __init__(self):
            super().__init__()
            self.join = Join()

        def call(self, inputs):
            return self.join(inputs, 2 * inputs)

    model = Joined()
    model(x)
    model.summary()
    assert re.search(r"join \(Join\) +│ \? +│ +0 │", capsys.readouterr().out)
