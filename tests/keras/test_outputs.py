"""Models of several outputs: losses, metrics, targets and weights for each, and steps of the user's own."""

from __future__ import annotations

import warnings
from collections import namedtuple

import numpy as np
import pytest
from small import inputs, labels, regressor, state, targets
from test_bad_input import check_wording

import klods
from klods import keras
from klods.errors import DataError, KlodsError, ShapeError, TraceWarning
from klods.structures import leaves

x, y, t = inputs(), labels(), targets()
pytestmark = pytest.mark.filterwarnings("ignore:The gradient with respect to")  # of outputs without a loss
SPARSE = "sparse_categorical_crossentropy"
HOW = pytest.mark.parametrize("how", [{}, {"run_eagerly": True}], ids=["compiled", "eager"])


class Pair(keras.Model):
    """Gives numbers and classes, in a structure of its own."""

    def __init__(self, form=lambda a, b: {"price": a, "kind": b}):
        super().__init__()
        self.price, self.kind, self.form = keras.layers.Dense(3), keras.layers.Dense(3, activation="softmax"), form

    def call(self, inputs):
        return self.form(self.price(inputs), self.kind(inputs))


def pair(form=None, loss=None, rate=0.0, **settings):
    model = Pair(form) if form else Pair()
    model.compile(keras.optimizers.SGD(rate), loss or {"price": "mse", "kind": SPARSE}, **settings)
    return model


def expected(model):
    """Return the loss of each output, sample by sample."""
    price, kind = (layer(x).numpy() for layer in (model.price, model.kind))
    return ((price - t) ** 2).mean(-1), -np.log(kind[np.arange(len(y)), y])


@HOW
def test_figures_of_each_output(how):
    model = pair(loss_weights={"price": 0.5, "kind": 2.0}, metrics={"kind": "accuracy", "price": ["mae"]}, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TraceWarning)
        history = model.fit(x, {"kind": y, "price": t}, epochs=2, batch_size=10, verbose=0).history
    price, kind = (rows.mean() for rows in expected(model))
    hits = (model.kind(x).numpy().argmax(-1) == y).mean()
    mae = np.abs(model.price(x).numpy() - t).mean()
    figures = {
        "kind_accuracy": hits, "kind_loss": kind, "loss": 0.5 * price + 2 * kind, "price_loss": price, "price_mae": mae,
    }  # fmt: skip
    assert list(history) == list(figures)
    for name, figure in figures.items():
        assert history[name] == pytest.approx([figure] * 2, rel=1e-5), name


FORMS = {
    "list": (lambda a, b: [a, b], ["mse", SPARSE], [t, y]),
    "tuple": (lambda a, b: (a, b), ("mse", SPARSE), (t, y)),
    "tuple, targets in a list": (lambda a, b: (a, b), ["mse", SPARSE], [t, y]),
    "dict": (lambda a, b: {"z": a, "b": b}, {"b": SPARSE, "z": "mse"}, {"z": t, "b": y}),
    "dict, lists by the order of names": (lambda a, b: {"z": a, "b": b}, [SPARSE, "mse"], [y, t]),
    "nested": (lambda a, b: [[a], {"b": b}], [["mse"], {"b": SPARSE}], [[t], {"b": y}]),
    "nested, flat lists": (lambda a, b: [[a], {"b": b}], ["mse", SPARSE], [t, y]),
}


@HOW
@pytest.mark.parametrize("form", FORMS)
def test_any_structure(form, how):
    build, loss, given = FORMS[form]
    model = pair(build, loss, **how)
    total = model.fit(x, given, batch_size=10, verbose=0).history["loss"]
    assert total == pytest.approx([sum(rows.mean() for rows in expected(model))], rel=1e-5)
    outputs = model.predict(x, batch_size=10, verbose=0)
    whole = build(model.price(x).numpy(), model.kind(x).numpy())
    assert type(outputs) is type(whole)
    for mine, other in zip(leaves(outputs), leaves(whole), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5)


def test_named_tuples_go_in_and_come_out():
    two = namedtuple("Two", "low high")
    model = pair(two, loss=["mse", SPARSE])
    predicted = model.predict(x, batch_size=10, verbose=0)
    assert type(predicted) is two
    assert len(predicted.high) == len(x)

    class Sum(keras.Model):
        def call(self, given):
            return given.low + 2 * given.high

    assert (Sum().predict(two(x, x), verbose=0) == x + 2 * x).all()


def test_a_model_that_returns_one_output_in_a_list():
    model = pair(lambda a, b: [a], "mse", metrics=["mae", "mse"])
    history = model.fit(x, t, verbose=0).history
    assert list(history) == ["loss", "mae", "mse"]
    assert history["loss"] == pytest.approx([expected(model)[0].mean()], rel=1e-5)


def test_one_loss_for_all_outputs_has_a_figure_for_each():
    """Keras shows the second under the name of the first, which is lost."""
    model = pair(lambda a, b: [a, 2 * a], "mse")
    model.fit(x, [t, t], verbose=0)
    price = model.price(x).numpy()
    losses = [((price - t) ** 2).mean(), ((2 * price - t) ** 2).mean()]
    figures = model.evaluate(x, [t, t], return_dict=True, verbose=0)
    assert figures == {
        "loss": pytest.approx(sum(losses), rel=1e-5),
        "mse_loss": pytest.approx(losses[0], rel=1e-5),
        "mse_loss_1": pytest.approx(losses[1], rel=1e-5),
    }
    assert model.evaluate(x, [t, t], verbose=0) == [figures["loss"], figures["mse_loss"], figures["mse_loss_1"]]


@HOW
def test_outputs_of_placeholders_go_by_the_names_of_their_layers(how):
    given = keras.Input((8,))
    price, kind = keras.layers.Dense(3, name="price"), keras.layers.Dense(3, activation="softmax", name="kind")
    model = keras.Model(given, [price(given), kind(given)])
    assert model.output_names == ["price", "kind"]
    settings = {"metrics": {"kind": ["accuracy"]}, "loss_weights": {"kind": 2.0, "price": 0.5}}
    model.compile(keras.optimizers.SGD(0.0), {"kind": SPARSE, "price": "mse"}, **settings, **how)
    history = model.fit(x, {"kind": y, "price": t}, verbose=0).history
    assert list(history) == ["kind_accuracy", "kind_loss", "loss", "price_loss"]
    a, b = ((price(x).numpy() - t) ** 2).mean(), -np.log(kind(x).numpy()[np.arange(64), y]).mean()
    hits = (kind(x).numpy().argmax(-1) == y).mean()
    assert model.evaluate(x, [t, y], verbose=0) == pytest.approx([0.5 * a + 2 * b, a, b, hits], rel=1e-5)


@HOW
def test_sample_weights(how):
    weights = np.linspace(0, 3, len(x))
    model = pair(**how)
    for given, (a, b) in {
        "one": (weights, (weights, weights)),
        "each": ({"price": weights, "kind": 3 - weights}, (weights, 3 - weights)),
        "some": ({"kind": weights}, (np.ones(len(x)), weights)),
    }.values():
        history = model.fit(x, {"price": t, "kind": y}, sample_weight=given, batch_size=64, verbose=0).history
        price, kind = expected(model)
        assert history["price_loss"] == pytest.approx([(price * a).mean()], rel=1e-5)
        assert history["kind_loss"] == pytest.approx([(kind * b).mean()], rel=1e-5)


def test_an_output_without_a_loss():
    model = pair(lambda a, b: [a, b], ["mse", None], metrics=[None, "accuracy"])
    history = model.fit(x, [t, y], verbose=0).history
    assert list(history) == ["accuracy", "loss"]
    assert history["loss"] == pytest.approx([expected(model)[0].mean()], rel=1e-5)
    model = pair(lambda a, b: [a, b], [None, SPARSE])
    for given in (y, [y], [t, y]):
        assert model.fit(x, given, verbose=0).history["loss"] == pytest.approx([expected(model)[1].mean()], rel=1e-5)


def test_training_on_single_batches():
    model = pair(metrics={"kind": ["accuracy"]}, rate=0.1)
    before = [rows.mean() for rows in expected(model)]
    loss, price, kind, _ = model.train_on_batch(x, {"price": t, "kind": y})
    assert [price, kind, loss] == pytest.approx([*before, sum(before)], rel=1e-5)
    figures = model.test_on_batch(x, {"price": t, "kind": y}, return_dict=True)
    assert figures["loss"] < loss
    assert model.metrics_names == ["loss", "price_loss", "kind_loss", "kind_accuracy"]


def test_targets_that_nothing_needs_may_have_any_structure():
    class Own(Pair):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return klods.reduce_mean((y[0] - y_pred["price"]) ** 2)

    model = Own()
    model.compile(keras.optimizers.SGD(0.0))
    loss = model.fit(x, [t, t, t], verbose=0).history["loss"]
    assert loss == pytest.approx([expected(model)[0].mean()], rel=1e-5)


@HOW
def test_loss_and_metrics_of_one_output_alone(how):
    class Own(Pair):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return super().compute_loss(x, y["price"], y_pred["price"], sample_weight, training)

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            return super().compute_metrics(x, y["price"], y_pred["price"], sample_weight)

    model = Own()
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mae"], **how)
    history = model.fit(x, {"price": t, "kind": y, "more": y}, batch_size=16, verbose=0).history
    assert history == {
        "loss": [pytest.approx(expected(model)[0].mean(), rel=1e-5)],
        "mae": [pytest.approx(np.abs(model.price(x).numpy() - t).mean(), rel=1e-5)],
    }
    assert model.metrics_names == ["loss", "mae"]


def test_a_step_of_ones_own_may_predict_a_number_for_each_batch():
    class Own(Pair):
        def predict_step(self, data):
            outputs = self(data)["price"]
            return klods.reduce_sum(outputs), outputs

    model = Own()
    sums, outputs = model.predict(x, batch_size=40, verbose=0)
    np.testing.assert_allclose(sums, [outputs[:40].sum(), outputs[40:].sum()], rtol=1e-5)


def test_a_metric_needs_targets_too():
    model = pair(lambda a, b: [a, b], [None, SPARSE], metrics=["mae", "accuracy"])
    with pytest.raises(DataError, match="Output '0': There are no targets y for the metric 'mae'"):
        model.fit(x, y, verbose=0)


# ------------------------------------------------------------ bad input

NAMES = r"the model has 2 outputs: kind, price\."
GOOD = {"price": t, "kind": y}
# y, sample_weight, and what the error says.
BAD_DATA = {
    "one target": (t, None, DataError, f"y is a single one; {NAMES}"),
    "three targets": ([t, y, y], None, DataError, f"y is a list of 3; {NAMES}"),
    "another name": ({"prize": t, "kind": y}, None, DataError, f"y names the output 'prize'; {NAMES}"),
    "a target missing": ({"kind": y}, None, DataError, "Output 'price': There are no targets y for the loss 'mse'"),
    "None": ([y, None], None, DataError, "Output 'price': There are no targets y for the loss 'mse'"),
    "targets in targets": ({"price": [t, t], "kind": y}, None, DataError, f"y is a dict of 2; {NAMES}"),
    "a label": ({"price": t, "kind": y + 1}, None, DataError, "Output 'kind': Label 3 is outside the 3 classes"),
    "a width": (
        {"price": t[:, :2], "kind": y}, None, ShapeError, r"Output 'price': mse got targets of shape \(64, 2\)",
    ),
    "a length": ({"price": t[:9], "kind": y}, None, DataError, r"y\['kind'\] has 64, y\['price'\] has 9"),
    "weights, another name": (GOOD, {"prize": y}, DataError, f"sample_weight names the output 'prize'; {NAMES}"),
    "weights, too few": (GOOD, [y * 1.0], DataError, f"sample_weight is a list of 1; {NAMES}"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_DATA)
def test_an_error_comes_before_any_change(case, capsys):
    given, weights, kind, words = BAD_DATA[case]
    model = pair(rate=0.1)
    model.fit(x, GOOD, verbose=0)
    before = state(model)
    for call in (model.fit, model.evaluate, *([] if kind is ShapeError else [model.train_on_batch])):
        with pytest.raises(KlodsError, match=words) as caught:
            call(x, given, sample_weight=weights)
        assert type(caught.value) is kind
        check_wording(caught.value)
    assert state(model) == before
    assert capsys.readouterr().out == ""
    model.fit(x, GOOD, verbose=0)


def in_batches(labels):
    """Yield batches of 16, of which the first alone is looked at before anything is changed."""
    for start in range(0, len(x), 16):
        piece = slice(start, start + 16)
        yield x[piece], {"price": t[piece], "kind": labels[piece]}


@pytest.mark.parametrize("backend", ["numpy", "machine code"])
@pytest.mark.parametrize("call", ["fit", "evaluate", "validation"])
@HOW
def test_a_late_label_outside_the_classes_names_its_output(call, how, backend):
    model, late = pair(rate=0.1, **how, jit_compile="auto" if backend == "machine code" else False), y.copy()
    late[50] = 7
    calls = {
        "fit": lambda: model.fit(in_batches(late), verbose=0),
        "evaluate": lambda: model.evaluate(in_batches(late), verbose=0),
        "validation": lambda: model.fit(in_batches(y), validation_data=in_batches(late), verbose=0),
    }
    with pytest.raises(DataError, match="Output 'kind': Label 7 is outside the 3 classes 0 to 2") as caught:
        calls[call]()
    check_wording(caught.value)


BAD_SETTINGS = {
    "loss, too few": ({"loss": ["mse"]}, f"loss is a list of 1; {NAMES}"),
    "loss, another name": ({"loss": {"prize": "mse"}}, f"loss names the output 'prize'; {NAMES}"),
    "loss_weights": ({"loss": ["mse", "mse"], "loss_weights": [1]}, f"loss_weights is a list of 1; {NAMES}"),
    "loss_weights, alone": ({"loss": ["mse", "mse"], "loss_weights": 2.0}, f"loss_weights is a single one; {NAMES}"),
    "metrics": ({"metrics": ["mae"]}, f"metrics is a list of 1; {NAMES}"),
    "metrics, another name": ({"metrics": {"prize": "mae"}}, f"metrics names the output 'prize'; {NAMES}"),
    "weighted_metrics": ({"weighted_metrics": {"a": "mae"}}, f"weighted_metrics names the output 'a'; {NAMES}"),
}


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_settings_that_fit_no_output(case):
    settings, words = BAD_SETTINGS[case]
    model = pair(**settings)
    with pytest.raises(DataError, match=words) as caught:
        model.fit(x, GOOD, verbose=0)
    check_wording(caught.value)
    assert not model.built


# ------------------------------------------------------------ steps of one's own


class OwnStep(keras.Model):
    """A step as Keras's guide writes it."""

    def __init__(self):
        super().__init__()
        self.dense, self.mae = keras.layers.Dense(3), keras.metrics.MeanAbsoluteError(name="mae")

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        x, y = data
        with klods.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class OldStep(OwnStep):
    """The same in the words of Keras 2."""

    def train_step(self, data):
        x, y = data
        with klods.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred)
        self.mae.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


@HOW
@pytest.mark.parametrize("kind", [OwnStep, OldStep])
def test_a_step_of_ones_own_trains_as_ours(kind, how):
    outcomes = []
    for build in (lambda: keras.Sequential([keras.layers.Dense(3)]), kind):
        keras.utils.set_random_seed(1)
        model = build()
        model.compile("sgd", "mse", metrics=["mse"], **how)
        with warnings.catch_warnings():
            warnings.simplefilter("error", TraceWarning)
            history = model.fit(x, t, batch_size=16, epochs=2, shuffle=False, verbose=0).history
        outcomes.append((*model.get_weights(), history["loss"], history["mse"]))
        mae = history.get("mae")
    for ours, theirs in zip(*outcomes):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert len(mae) == 2


@HOW
@pytest.mark.parametrize("form", ["list", "dict"])
def test_a_step_of_ones_own_hands_all_metrics_the_whole_batch(form, how):
    """Those of `compile` are one, which knows the outputs; the losses' means have been told by `compute_loss`."""

    class Stepping(Pair):
        def train_step(self, data):
            x, y, sample_weight = data
            with klods.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(x, y, y_pred, sample_weight)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred, sample_weight)
            return {metric.name: metric.result() for metric in self.metrics}

    as_form = {"list": lambda a, b: [a, b], "dict": lambda a, b: {"price": a, "kind": b}}[form]
    model = Stepping(as_form)
    model.compile(
        keras.optimizers.SGD(0.0), as_form("mse", SPARSE), metrics=as_form(["mae"], ["accuracy"]),
        weighted_metrics=as_form(["mae"], None), **how,
    )  # fmt: skip
    assert [metric.name for metric in model.metrics] == ["loss", "compile_metrics"]
    weights = np.linspace(0, 3, len(x), dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TraceWarning)
        history = model.fit(x, as_form(t, y), sample_weight=weights, batch_size=16, epochs=2, verbose=0).history
    price, kind = ((rows * weights).mean() for rows in expected(model))
    errors = np.abs(model.price(x).numpy() - t).mean(-1)
    hits = (model.kind(x).numpy().argmax(-1) == y).mean()
    figures = [hits, errors.mean(), (errors * weights).sum() / weights.sum(), price + kind, price, kind]
    names = {
        "list": ["accuracy", "mae", "weighted_mae", "loss", "mse_loss", "sparse_categorical_crossentropy_loss"],
        "dict": ["kind_accuracy", "price_mae", "price_weighted_mae", "loss", "price_loss", "kind_loss"],
    }[form]
    assert {name: history[name] for name in names} == {
        name: pytest.approx([figure] * 2, rel=1e-5) for name, figure in zip(names, figures)
    }
    assert len(history) == len(names)


def test_a_loss_of_ones_own_has_no_means_for_outputs():
    class Stepping(Pair):
        def train_step(self, data):
            x, y = data
            self.compiled_metrics.update_state(y, self(x))
            return {metric.name: metric.result() for metric in self.metrics}

    model = Stepping()
    model.compile("sgd", {"price": "mse", "kind": SPARSE}, metrics={"kind": ["accuracy"]})
    assert list(model.fit(x, {"price": t, "kind": y}, verbose=0).history) == ["kind_accuracy", "loss"]


def test_metrics_names_are_those_of_what_evaluate_returns():
    model = pair(metrics={"kind": ["accuracy"], "price": ["mae"]}, weighted_metrics={"price": ["mae"]})
    figures = model.evaluate(x, {"price": t, "kind": y}, verbose=0)
    named = model.evaluate(x, {"price": t, "kind": y}, return_dict=True, verbose=0)
    assert dict(zip(model.metrics_names, figures, strict=True)) == named
    assert model.metrics_names == [
        "loss", "price_loss", "kind_loss", "kind_accuracy", "price_mae", "price_weighted_mae",
    ]  # fmt: skip


def test_metrics_without_any_targets():
    model = keras.Sequential([keras.layers.Dense(3), keras.layers.ActivityRegularization(l2=1.0)])
    model.compile("sgd", metrics=["mae"])
    with pytest.raises(DataError, match="There are no targets y for the metric 'mae'"):
        model.fit(x, verbose=0)


@HOW
def test_losses_that_layers_add_may_be_all_there_is(how):
    class Added(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(klods.reduce_mean(inputs**2, -1))  # one number per row, of which the sum counts
            return inputs

    model = keras.Sequential([keras.layers.Dense(3), Added()])
    model.compile(keras.optimizers.SGD(0.0), **how)
    history = model.fit(x, batch_size=64, verbose=0).history
    assert history == {"loss": [pytest.approx((model.predict(x, verbose=0) ** 2).mean(-1).sum(), rel=1e-5)]}


@HOW
def test_the_losses_that_layers_added_at_the_last_step_can_be_read(how):
    """Keras has none after a compiled step, or symbols without a value."""

    class Added(keras.layers.Layer):
        def call(self, inputs, training=False):
            self.add_loss(klods.reduce_mean(inputs))
            if training:
                self.add_loss(klods.reduce_max(inputs, 0))
            return inputs

    first, second = Added(), Added()
    model = keras.Sequential([keras.Input((8,)), first, keras.layers.Dense(3, kernel_regularizer="l2"), second])
    model.compile(keras.optimizers.SGD(0.0), "mse", **how)
    for _ in range(2):  # traced, then run again
        model.fit(x, t, batch_size=48, shuffle=False, verbose=0)
        (mean, greatest, *_, squares), outputs = model.losses, model.layers[1](x[48:]).numpy()
        assert len(model.losses) == 5
        assert float(mean) == pytest.approx(x[48:].mean())
        np.testing.assert_allclose(greatest.numpy(), x[48:].max(0))
        np.testing.assert_allclose(second.losses[1].numpy(), outputs.max(0), rtol=1e-5)
        assert float(squares) == pytest.approx(0.01 * (model.weights[0].numpy() ** 2).sum(), rel=1e-5)
        model.evaluate(x, t, batch_size=16, verbose=0)
        assert [float(loss) for loss in first.losses] == [pytest.approx(x[48:].mean())]
        model.fit(2 * x, t, batch_size=48, shuffle=False, verbose=0)
        assert float(mean) == pytest.approx(x[48:].mean())  # what was read stays
        np.testing.assert_allclose(greatest.numpy(), x[48:].max(0))
    model.evaluate(x, t, batch_size=16, verbose=0)
    model.predict(x[:5], verbose=0)
    assert len(model.losses) == 3
    total = model.losses[0] + 1.0  # no symbol
    assert float(total) == pytest.approx(1 + (x[:5] if how else x[48:]).mean())
    model(x)
    assert float(model.losses[0]) == pytest.approx(x.mean())


def test_compute_loss_is_told_whether_it_is_for_training():
    told = []

    class Told(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            told.append(training)
            return super().compute_loss(x, y, y_pred, sample_weight, training=training)

    model = Told([keras.layers.Dense(3)])
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(x, t, batch_size=64, verbose=0)
    assert told[-1] is True
    model.evaluate(x, t, batch_size=64, verbose=0)
    assert told[-1] is False


RETURNED = {
    "compute_loss": [
        (None, DataError, "compute_loss returned nothing; training needs a number"),
        (t, ShapeError, r"The loss has shape \(64, 3\); training needs one number"),
        (1.0, DataError, "No weight has a gradient"),
    ],
    "train_step": [
        (None, DataError, "train_step returned nothing; it gives figures by their names"),
        ([1.0], DataError, "train_step returned a list; it gives figures"),
    ],
    "test_step": [(1.0, DataError, "test_step returned a float; it gives figures")],
    "compute_metrics": [(None, DataError, "t(rain|est)_step returned nothing; it gives figures")],
}


@HOW
@pytest.mark.parametrize(
    ("method", "returned", "kind", "words"), [(method, *case) for method in RETURNED for case in RETURNED[method]]
)
def test_what_methods_of_ones_own_must_return(method, returned, kind, words, how):
    own = type("Own", (keras.Sequential,), {method: lambda *arguments, **more: returned})
    model = own([keras.Input((8,)), keras.layers.Dense(3)])
    model.compile("sgd", "mse", **how)
    calls = [lambda: model.evaluate(x, t, batch_size=64, verbose=0), lambda: model.test_on_batch(x, t)]
    if method != "test_step":
        calls = [lambda: model.fit(x, t, batch_size=64, verbose=0), lambda: model.train_on_batch(x, t)]
    for call in calls:
        with pytest.raises(KlodsError, match=words) as caught:
            call()
        assert type(caught.value) is kind
        check_wording(caught.value)


def test_what_keras_accepts():
    model = regressor()
    model.compile("sgd", "mse", steps_per_execution=4, auto_scale_loss=False)
    assert model.get_compile_config()["steps_per_execution"] == 4
    model.fit(x, t, verbose=0)
