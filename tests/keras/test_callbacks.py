"""Callbacks: which hooks are called, in what order and with what, as the real Keras does."""

from __future__ import annotations

import numpy as np
import pytest
from small import classifier, inputs, labels, regressor, targets

from klods import keras
from klods.keras.callbacks import HOOKS

x, y = inputs(10), labels(10)


class Spy(keras.callbacks.Callback):
    """Writes down every hook and its arguments, figures by their names."""

    def __init__(self):
        super().__init__()
        self.log = []

    def set_model(self, model):
        super().set_model(model)
        self.log.append(("set_model", model))

    def set_params(self, params):
        super().set_params(params)
        self.log.append(("set_params", params))


def noting(name):
    def hook(self, *args):
        self.log.append((name, *(list(a) if isinstance(a, dict) else a for a in args)))
        getattr(keras.callbacks.Callback, name)(self, *args)

    return hook


for name in [*HOOKS, "on_batch_begin", "on_batch_end"]:
    setattr(Spy, name, noting(name))

FIGURES = ["accuracy", "loss"]
VALIDATED = [*FIGURES, "val_accuracy", "val_loss"]


def steps_of_training(count):
    return [
        event
        for step in range(count)
        for event in [
            ("on_train_batch_begin", step, []),
            ("on_batch_begin", step, []),
            ("on_train_batch_end", step, FIGURES),
            ("on_batch_end", step, FIGURES),
        ]
    ]


def steps(kind, count, figures):
    return [
        event
        for step in range(count)
        for event in [(f"on_{kind}_batch_begin", step, []), (f"on_{kind}_batch_end", step, figures)]
    ]


def test_fit():
    model, spy = classifier(), Spy()
    model.fit(x, y, batch_size=4, epochs=2, verbose=0, validation_data=(x, y), callbacks=[spy])
    epoch = [
        ("on_epoch_begin", []),
        *steps_of_training(3),
        ("on_test_begin", []),
        *steps("test", 3, FIGURES),
        ("on_test_end", FIGURES),
        ("on_epoch_end", VALIDATED),
    ]
    numbered = [
        (event[0], number, *event[1:]) if "epoch" in event[0] else event for number in (0, 1) for event in epoch
    ]
    assert spy.log == [
        ("set_model", model),
        ("set_params", {"verbose": 0, "epochs": 2, "steps": 3}),
        ("on_train_begin", []),
        *numbered,
        ("on_train_end", VALIDATED),
    ]


def test_evaluate_and_predict():
    model, spy = classifier(), Spy()
    model.evaluate(x, y, batch_size=4, verbose=0, callbacks=[spy])
    start = [("set_model", model), ("set_params", {"verbose": 0, "epochs": 1, "steps": 3})]
    assert spy.log == [
        *start, ("on_test_begin", []), *steps("test", 3, FIGURES), ("on_test_end", FIGURES),
    ]  # fmt: skip
    spy.log.clear()
    model.predict(x, batch_size=4, verbose=0, callbacks=[spy])
    assert spy.log == [
        *start, ("on_predict_begin", []), *steps("predict", 3, ["outputs"]), ("on_predict_end", []),
    ]  # fmt: skip


def test_predictions_are_told_batch_by_batch():
    parts = []
    callback = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: parts.append(logs["outputs"]))
    model = classifier()
    whole = model.predict(x, batch_size=4, verbose=0, callbacks=[callback])
    assert np.array_equal(np.concatenate(parts), whole)


def test_figures_are_python_floats():
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs)

        on_epoch_end = on_train_batch_end

    classifier().fit(x, y, verbose=0, callbacks=[Look()])
    assert {type(figure) for logs in seen for figure in logs.values()} == {float}


def test_stop_after_an_epoch():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    model = regressor()
    assert model.fit(x, targets(10), epochs=9, verbose=0, callbacks=[Stop()]).epoch == [0, 1]
    assert len(model.fit(x, targets(10), epochs=2, verbose=0).epoch) == 2  # a new fit starts afresh


def test_stop_within_an_epoch():
    class Stop(Spy):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            self.model.stop_training = batch == 1

    spy = Stop()
    history = classifier().fit(x, y, batch_size=2, epochs=3, verbose=0, validation_data=(x, y), callbacks=[spy])
    assert history.epoch == [0]
    assert list(history.history) == VALIDATED
    assert [event[1] for event in spy.log if event[0] == "on_train_batch_end"] == [0, 1]
    assert len([event for event in spy.log if event[0] == "on_test_batch_end"]) == 5
    assert spy.log[-1] == ("on_train_end", VALIDATED)


def test_several_callbacks_are_called_in_order_before_the_history():
    calls = []

    def named(name):
        def on_epoch_end(epoch, logs):
            calls.append(name)
            logs[name] = float(epoch)

        return keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)

    history = regressor().fit(x, targets(10), epochs=2, verbose=0, callbacks=[named("a"), named("b")])
    assert calls == ["a", "b"] * 2
    assert history.history["a"] == history.history["b"] == [0.0, 1.0]


def test_one_callback_alone():
    spy = Spy()
    classifier().fit(x, y, verbose=0, callbacks=spy)
    assert ("on_epoch_begin", 0, []) in spy.log


def test_lambda_callback():
    seen = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, sorted(logs))),
        on_train_batch_end=lambda batch, logs: seen.append(batch),
        on_train_end=None,
    )
    classifier().fit(x, y, batch_size=5, verbose=0, callbacks=[callback])
    assert seen == [0, 1, (0, FIGURES)]


def test_a_callback_that_forgets_its_base():
    class Forgetful(keras.callbacks.Callback):
        def __init__(self):
            self.epochs = 0

        def on_epoch_end(self, epoch, logs=None):
            self.epochs += self.params["epochs"] == 2 and self.model is not None

    callback = Forgetful()
    classifier().fit(x, y, epochs=2, verbose=0, callbacks=[callback])
    assert callback.epochs == 2


def test_history():
    model = classifier()
    assert not hasattr(model, "history")
    history = model.fit(x, y, epochs=2, verbose=0)
    assert model.history is history
    assert history.model is model
    assert history.params == {"verbose": 0, "epochs": 2, "steps": 1}
    assert history.epoch == [0, 1]
    second = model.fit(x, y, verbose=0)
    assert model.history is second
    assert len(history.history["loss"]) == 2


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_test_begin", "on_predict_begin"])
def test_the_model_may_be_used_inside_a_hook(hook):
    def use(*arguments):
        model.predict(x, verbose=0)
        model.evaluate(x, y, verbose=0)

    model = classifier()
    callback = keras.callbacks.LambdaCallback(**{hook: use})
    model.fit(x, y, verbose=0, validation_split=0.5, callbacks=[callback])
    model.predict(x, verbose=0, callbacks=[callback])
