"""fit, evaluate and predict: arguments, figures, what is printed."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from small import classifier, inputs, labels, regressor, targets

import klods
from klods import keras

x, y, t = inputs(), labels(), targets()


def still(loss="mse", metrics=("mae",), weighted=()):
    """A model that stays as it is, whatever it is trained on."""
    model = regressor()
    model.compile(keras.optimizers.SGD(0.0), loss, metrics=list(metrics), weighted_metrics=list(weighted))
    return model


def errors(model, x=x, t=t):
    return ((model.predict(x, verbose=0) - t) ** 2).mean(1)


# ------------------------------------------------------------ figures


@pytest.mark.parametrize("size", [1, 7, 32, 64, 100])
def test_figures_are_means_over_all_samples_however_they_are_cut(size):
    model = still()
    expected = {"loss": errors(model).mean(), "mae": np.abs(model.predict(x, verbose=0) - t).mean()}
    history = model.fit(x, t, batch_size=size, verbose=0).history
    figures = model.evaluate(x, t, batch_size=size, return_dict=True, verbose=0)
    for name, figure in expected.items():
        assert history[name] == [pytest.approx(figure, rel=1e-5)]
        assert figures[name] == pytest.approx(figure, rel=1e-5)


def test_running_means():
    """While weights change: after each step, the mean of the batches' losses so far, weighted by their sizes."""
    batches, shown = [], []

    class Noting(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = super().compute_loss(x, y, y_pred, sample_weight)
            batches.append((float(loss), len(y)))
            return loss

    class Shown(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            batches.clear()
            shown.clear()

        def on_train_batch_end(self, batch, logs=None):
            shown.append(logs["loss"])

    model = Noting([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3)])
    model.compile("rmsprop", "mse")
    history = model.fit(x, t, batch_size=10, epochs=2, verbose=0, callbacks=[Shown()])
    losses, sizes = np.array(batches).T
    assert sizes.tolist() == [10] * 6 + [4]
    assert shown == pytest.approx(np.cumsum(losses * sizes) / np.cumsum(sizes))
    assert history.history["loss"][-1] == shown[-1]


def test_training_without_validation_is_forgotten_by_evaluate():
    model = still()
    model.fit(x, t, verbose=0)
    part = model.evaluate(x[:10], t[:10], verbose=0)
    assert part[0] == pytest.approx(errors(model)[:10].mean(), rel=1e-5)


def test_evaluate_gives_a_number_a_list_or_a_dict():
    model = still(metrics=())
    assert isinstance(model.evaluate(x, t, verbose=0), float)
    model = still()
    loss, mae = model.evaluate(x, t, verbose=0)
    assert model.evaluate(x, t, return_dict=True, verbose=0) == {"loss": loss, "mae": mae}


# ------------------------------------------------------------ weights of samples and classes


def test_sample_weight():
    model, weights = still(weighted=["mae"]), np.arange(64.0)
    expected = (errors(model) * weights).mean()
    history = model.fit(x, t, sample_weight=weights, batch_size=64, verbose=0).history
    assert history["loss"] == [pytest.approx(expected, rel=1e-5)]
    assert model.evaluate(x, t, sample_weight=weights, batch_size=64, verbose=0)[0] == pytest.approx(expected, rel=1e-5)
    assert model.train_on_batch(x, t, sample_weight=weights)[0] == pytest.approx(expected, rel=1e-5)
    rows = np.abs(model.predict(x, verbose=0) - t).mean(1)
    assert history["weighted_mae"] == [pytest.approx((rows * weights).sum() / weights.sum(), rel=1e-5)]
    assert history["mae"] == [pytest.approx(rows.mean(), rel=1e-5)]


@pytest.mark.parametrize("shape", [(64,), (64, 1)])
def test_class_weight_is_the_sample_weight_of_each_class(shape):
    def loss(**arguments):
        model = classifier(keras.losses.SparseCategoricalCrossentropy(), keras.optimizers.SGD(0.0))
        model.set_weights([np.full(w.shape, 0.1) * (np.arange(w.size).reshape(w.shape) % 3) for w in model.weights])
        return model.fit(x, y.reshape(shape), batch_size=64, verbose=0, **arguments).history["loss"]

    by_class = {0: 0.5, 2: 3.0}
    by_sample = np.array([by_class.get(label, 1.0) for label in y])
    assert loss(class_weight=by_class) == pytest.approx(loss(sample_weight=by_sample))
    both = loss(class_weight=by_class, sample_weight=np.full(64, 2.0))
    assert both == pytest.approx(loss(sample_weight=2 * by_sample))
    assert loss(class_weight=by_class) != pytest.approx(loss())


# ------------------------------------------------------------ epochs and steps


def test_initial_epoch(capsys):
    model = still()
    assert model.fit(x, t, epochs=5, initial_epoch=3, verbose=2).epoch == [3, 4]
    assert re.findall(r"^Epoch (.*)$", capsys.readouterr().out, re.M) == ["4/5", "5/5"]
    history = model.fit(x, t, epochs=3, initial_epoch=3, verbose=0)
    assert (history.epoch, history.history) == ([], {})


class Order(keras.Model):
    """Notes the numbers of the samples of each step."""

    def __init__(self):
        super().__init__()
        self.dense, self.seen = keras.layers.Dense(1), []

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        self.seen.append([int(n) for n in data[0].numpy()[:, 0]])
        return {"loss": 0.0}

    def test_step(self, data):
        return self.train_step(data)


NUMBERS = np.arange(10, dtype=np.float32)[:, None]


def order(call="fit", **arguments):
    model = Order()
    model.compile("sgd", "mse")
    in_order = {"shuffle": False} if call == "fit" else {}
    getattr(model, call)(NUMBERS, NUMBERS, verbose=0, **in_order, **arguments)
    return model.seen


def test_batches():
    assert order(batch_size=4) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert order(batch_size=np.int64(5)) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert [len(batch) for batch in order()] == [10]
    assert order("evaluate", batch_size=4, steps=2) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_steps_per_epoch_go_on_through_the_data():
    assert order(batch_size=3, steps_per_epoch=2, epochs=3) == [
        [0, 1, 2], [3, 4, 5], [6, 7, 8], [9], [0, 1, 2], [3, 4, 5],
    ]  # fmt: skip
    assert order(steps_per_epoch=2) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_more_steps_than_batches():
    with pytest.warns(UserWarning, match="Only 2 batches are left for 5 steps"):
        assert order(batch_size=5, steps_per_epoch=5) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_predict_some_steps():
    model = still()
    whole = model.predict(x, verbose=0)
    assert np.array_equal(model.predict(x, batch_size=10, steps=3, verbose=0), whole[:30])
    assert np.allclose(model.predict(x, batch_size=7, verbose=0), whole, atol=1e-6)


# ------------------------------------------------------------ validation


def test_validation_data():
    model = still()
    history = model.fit(x[:40], t[:40], validation_data=(x[40:], t[40:]), verbose=0).history
    assert history["val_loss"] == [pytest.approx(errors(model)[40:].mean(), rel=1e-5)]
    assert history["loss"] == [pytest.approx(errors(model)[:40].mean(), rel=1e-5)]
    assert list(history) == ["loss", "mae", "val_loss", "val_mae"]
    weights = np.arange(24.0)
    weighted = model.fit(x, t, validation_data=[x[40:], t[40:], weights], validation_batch_size=24, verbose=0).history
    assert weighted["val_loss"] == [pytest.approx((errors(model)[40:] * weights).mean(), rel=1e-5)]


def test_validation_split_takes_the_last_samples():
    model = still()
    history = model.fit(x, t, validation_split=0.25, verbose=0).history
    assert history["val_loss"] == [pytest.approx(errors(model)[48:].mean(), rel=1e-5)]
    assert history["loss"] == [pytest.approx(errors(model)[:48].mean(), rel=1e-5)]


@pytest.mark.parametrize(("frequency", "epochs"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4]), ([1, 5], [1, 5]), (9, [])])
def test_validation_freq(frequency, epochs):
    done = []
    callback = keras.callbacks.LambdaCallback(
        on_test_end=lambda logs: done.append("test"), on_epoch_end=lambda epoch, logs: done.append(epoch + 1)
    )
    still().fit(x, t, epochs=5, validation_data=(x, t), validation_freq=frequency, verbose=0, callbacks=[callback])
    assert [after for before, after in pairwise(done) if before == "test"] == epochs


# ------------------------------------------------------------ single batches


def test_train_on_batch_trains_as_fit_does():
    runs = []
    for by_hand in (False, True):
        keras.utils.set_random_seed(1)
        model = regressor(optimizer="adam")
        if by_hand:
            for start in range(0, 64, 16):
                model.train_on_batch(x[start : start + 16], t[start : start + 16])
        else:
            model.fit(x, t, batch_size=16, shuffle=False, verbose=0)
        runs.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*runs))


def test_figures_of_single_batches():
    model = still()
    first, second = errors(model)[:10].mean(), errors(model)[10:].mean()
    assert model.train_on_batch(x[:10], t[:10])[0] == pytest.approx(first, rel=1e-5)
    assert model.test_on_batch(x[10:], t[10:])[0] == pytest.approx(second, rel=1e-5)
    assert model.train_on_batch(x[:10], t[:10], return_dict=True)["loss"] == pytest.approx(first, rel=1e-5)
    assert np.array_equal(model.predict_on_batch(x), model.predict(x, batch_size=64, verbose=0))


# ------------------------------------------------------------ what may be passed


def test_lists_tensors_and_variables():
    model = still()
    expected = model.evaluate(x, t, verbose=0)
    assert model.evaluate(x.tolist(), t.tolist(), verbose=0) == pytest.approx(expected)
    assert model.evaluate(klods.constant(x), klods.Variable(t), verbose=0) == pytest.approx(expected)
    assert model.evaluate(x.astype(np.float64), t.astype(np.float64), verbose=0) == pytest.approx(expected)


def test_the_users_arrays_are_neither_changed_nor_kept():
    mine = x.copy()
    model = keras.Sequential([keras.layers.Activation("linear"), keras.layers.Dense(3)])
    model.compile("sgd", "mse")
    model.fit(mine, t, verbose=0)
    assert np.array_equal(mine, x)
    outputs = keras.Sequential([keras.layers.Activation("linear")]).predict(mine, batch_size=64, verbose=0)
    outputs[:] = 0
    assert np.array_equal(mine, x)


class Frame:
    """Stands for a table of another library, which NumPy can read."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype)


def test_tables_of_other_libraries():
    model = still()
    assert model.evaluate(Frame(x), Frame(t), verbose=0) == pytest.approx(model.evaluate(x, t, verbose=0))


# ------------------------------------------------------------ what is printed


def test_nothing(capsys):
    model = still()
    model.fit(x, t, epochs=2, verbose=0, validation_split=0.5)
    model.evaluate(x, t, verbose=0)
    model.predict(x, verbose=0)
    model.train_on_batch(x, t)
    assert capsys.readouterr() == ("", "")


FIGURE = r"\d\.\d{4}(?:e[-+]\d+)?"


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_a_bar_per_epoch(verbose, capsys):
    still().fit(x, t, epochs=2, batch_size=10, verbose=verbose, validation_split=0.5)
    figures = " - ".join(f"{name}: {FIGURE}" for name in ("loss", "mae", "val_loss", "val_mae"))
    line = rf"4/4 ━{{20}} \d+s \d+[mu]s/step - {figures}\n"
    assert re.fullmatch(f"Epoch 1/2\n{line}Epoch 2/2\n{line}", capsys.readouterr().out)


def test_a_line_per_epoch(capsys):
    still().fit(x, t, epochs=2, batch_size=10, verbose=2)
    line = rf"7/7 - \d+s - \d+[mu]s/step - loss: {FIGURE} - mae: {FIGURE}\n"
    assert re.fullmatch(f"Epoch 1/2\n{line}Epoch 2/2\n{line}", capsys.readouterr().out)


def test_a_single_epoch_has_no_heading(capsys):
    still().fit(x, t, verbose=2)
    assert capsys.readouterr().out.startswith("2/2 - ")


def test_evaluate_and_predict(capsys):
    model = still()
    model.evaluate(x, t)
    assert re.fullmatch(rf"2/2 ━{{20}} \d+s \d+[mu]s/step - loss: {FIGURE} - mae: {FIGURE}\n", capsys.readouterr().out)
    model.predict(x)
    assert re.fullmatch(r"2/2 ━{20} \d+s \d+[mu]s/step\n", capsys.readouterr().out)
