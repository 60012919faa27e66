"""Callbacks: which hooks are called, in what order and with what, as the real Keras does."""

from __future__ import annotations

import numpy as np
import pytest
from small import classifier, inputs, labels, regressor, targets

import klods
from klods import keras
from klods.keras.callbacks import HOOKS, Hooks

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


# ------------------------------------------------------------ callbacks that klods brings


def fitted(model, *callbacks, **options):
    """Train on the same data in the same order each time."""
    keras.utils.set_random_seed(1)
    return model.fit(x, targets(10), batch_size=4, verbose=0, callbacks=list(callbacks), **options)


def flat(rate=0.0):
    """Return a model whose figures stay what they are."""
    model = regressor(keras.optimizers.SGD(rate))
    model.set_weights([np.full(w.shape, 0.1) for w in model.weights])
    return model


@pytest.mark.parametrize("eagerly", [True, False])
def test_a_new_learning_rate_takes_effect_in_the_step(eagerly):
    model = flat()
    model.compile(keras.optimizers.SGD(1.0), "mse", run_eagerly=eagerly)
    before = model.get_weights()
    history = fitted(model, keras.callbacks.LearningRateScheduler(lambda epoch: 0.0), epochs=2)
    assert history.history["learning_rate"] == [0.0, 0.0]
    for old, new in zip(before, model.get_weights()):
        assert np.array_equal(old, new)


def test_a_schedule_that_returns_nothing():
    with pytest.raises(klods.errors.DataError, match="returns a number; got None"):
        fitted(flat(), keras.callbacks.LearningRateScheduler(lambda epoch, rate: None))


def test_a_schedule_of_klods_tensors():
    history = fitted(flat(0.5), keras.callbacks.LearningRateScheduler(lambda epoch, rate: klods.constant(rate) / 2))
    assert history.history["learning_rate"] == [0.25]


def test_what_is_said(capsys, tmp_path):
    callbacks = [
        keras.callbacks.EarlyStopping("loss", patience=2, verbose=1, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5, verbose=1),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate, verbose=1),
        keras.callbacks.ModelCheckpoint(tmp_path / "m.keras", "loss", save_best_only=True, verbose=1),
    ]
    fitted(flat(), *callbacks, epochs=9, shuffle=False)
    said = capsys.readouterr().out
    assert "Epoch 3: stopping early, loss no longer gets better." in said
    assert "Restoring the weights of the best epoch, 1." in said
    assert "Epoch 1: the learning rate is set to 0." in said
    assert "Epoch 1: loss got better, from nothing to " in said
    assert f"Epoch 1: the model is saved to {tmp_path / 'm.keras'}." in said
    assert "Epoch 2: loss is " in said
    model = flat(0.5)
    model.optimizer.learning_rate = 1e-9
    fitted(model, callbacks[1], epochs=2)
    assert "Epoch 2: loss no longer gets better; the learning rate is set to 5e-10." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau"])
def test_a_figure_that_is_missing(name):
    with pytest.warns(UserWarning, match=f"{name} finds no figure 'val_loss'; there are: .*loss, mae"):
        fitted(flat(), getattr(keras.callbacks, name)())


def test_a_checkpoint_without_its_figure_is_saved(tmp_path):
    with pytest.warns(UserWarning, match="ModelCheckpoint finds no figure 'val_loss'"):
        fitted(flat(), keras.callbacks.ModelCheckpoint(tmp_path / "m.keras", save_best_only=True))
    assert (tmp_path / "m.keras").exists()


def test_a_direction_that_nobody_knows():
    model = regressor()
    model.compile("sgd", "mse", metrics=[lambda y, p: y - p])
    with pytest.raises(klods.errors.DataError, match="mode='max' or mode='min'"):
        fitted(model, keras.callbacks.EarlyStopping(model.metrics_names[-1]), epochs=2)


BAD = {
    "mode": lambda callbacks: callbacks.EarlyStopping(mode="most"),
    "factor": lambda callbacks: callbacks.ReduceLROnPlateau(factor=1.0),
    "ending": lambda callbacks: callbacks.ModelCheckpoint("model.txt"),
    "ending of old files": lambda callbacks: callbacks.ModelCheckpoint("model.h5", save_weights_only=True),
    "ending of weights": lambda callbacks: callbacks.ModelCheckpoint("model.keras", save_weights_only=True),
    "frequency": lambda callbacks: callbacks.ModelCheckpoint("model.keras", save_freq="batch"),
    "frequency 0": lambda callbacks: callbacks.BackupAndRestore("backup", save_freq=0),
    "folder": lambda callbacks: callbacks.BackupAndRestore(""),
    "no callback": lambda callbacks: callbacks.CallbackList([print]),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_impossible_arguments(make):
    with pytest.raises(klods.errors.DataError, match="To mend it"):
        make(keras.callbacks)


def test_a_path_with_a_figure_that_is_not_there(tmp_path):
    with pytest.raises(klods.errors.DataError, match="holds 'val_acc', which isn't there"):
        fitted(flat(), keras.callbacks.ModelCheckpoint(tmp_path / "{val_acc}.keras"))


def test_a_table_that_can_not_be_written(tmp_path):
    with pytest.raises(klods.errors.FileError, match="can't be written"):
        fitted(flat(), keras.callbacks.CSVLogger(tmp_path / "none" / "a.csv"))


def test_a_table_of_arrays(tmp_path):
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(b=np.array([1.5, 2]), a="x"))
    fitted(flat(), note, keras.callbacks.CSVLogger(tmp_path / "a.csv"))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "epoch,a,b,loss,mae,val_a,val_b,val_loss,val_mae"
    assert lines[1].startswith('0,x,"""[1.5, 2.0]""",')


def test_batches_between_savings_are_counted_through_the_epochs(tmp_path):
    saving = keras.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=2
    )
    fitted(flat(), saving, epochs=3)  # of 3 batches
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{n}.weights.h5" for n in ("1-2", "2-1", "2-3", "3-2")]


def test_a_run_that_is_not_a_number_ends(capsys):
    wrong = x.copy()
    wrong[5] = np.nan
    model = flat(0.1)
    with pytest.warns(klods.errors.NumericsWarning):
        history = model.fit(
            wrong,
            targets(10),
            batch_size=4,
            epochs=5,
            shuffle=False,
            verbose=0,
            callbacks=keras.callbacks.TerminateOnNaN(),
        )
    assert history.epoch == [0]
    assert "Batch 1: the loss is nan; training ends." in capsys.readouterr().out


class Stop(Exception):
    """What ends a training early."""


@pytest.mark.parametrize(
    "hook", ["on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_epoch_end", "on_test_end"]
)
def test_an_error_in_a_hook_reaches_the_user_and_the_model_goes_on(hook):
    def fail(*arguments):
        raise Stop

    model = regressor()
    with pytest.raises(Stop):
        fitted(model, keras.callbacks.LambdaCallback(**{hook: fail}), epochs=2, validation_split=0.5)
    assert fitted(model, epochs=2, validation_split=0.5).epoch == [0, 1]


def dropping(seed=1):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.5, seed=seed), keras.layers.Dense(3)])
    model.compile("rmsprop", "mse")
    model.set_weights([np.full(w.shape, 0.1) for w in model.weights])
    return model


@pytest.mark.parametrize(
    ("frequency", "end", "starts"), [("epoch", 8, (2, 0)), (2, 8, (2, 2)), (5, 11, (3, 1)), (3, 8, (2, 0))]
)
def test_interrupted_training_ends_like_training_in_one_go(frequency, end, starts, tmp_path):
    """The same weights, bit for bit, with shuffled batches, dropout and an optimizer with memory."""
    whole = dropping()
    fitted(whole, epochs=5)
    seen = []

    def interrupt(batch, logs):
        seen.append(batch)
        if len(seen) == end:
            raise Stop

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=frequency)

    with pytest.raises(Stop):
        fitted(dropping(), backup(), keras.callbacks.LambdaCallback(on_train_batch_end=interrupt), epochs=5)
    again, steps = dropping(seed=2), []
    epochs = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: steps.append(epoch))
    batches = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: steps.append(batch))
    history = again.fit(x, targets(10), batch_size=4, epochs=5, verbose=0, callbacks=[backup(), epochs, batches])
    assert history.epoch == list(range(starts[0], 5))
    assert tuple(steps[:2]) == starts
    for one, other in zip(whole.get_weights(), again.get_weights()):
        assert np.array_equal(one, other)
    assert not (tmp_path / "backup").exists()


def test_a_damaged_backup(tmp_path):
    options = {"backup_dir": tmp_path, "double_checkpoint": True, "delete_checkpoint": False}
    fitted(flat(), keras.callbacks.BackupAndRestore(**options), epochs=3)
    (tmp_path / "latest.weights.h5").write_bytes(b"nothing")
    assert fitted(flat(), keras.callbacks.BackupAndRestore(**options), epochs=4).epoch == [2, 3]
    (tmp_path / "latest.weights.h5").write_bytes(b"nothing")
    (tmp_path / "latest.weights.h5.bkp").unlink()
    with pytest.raises(klods.errors.FileError, match="damaged"):
        fitted(flat(), keras.callbacks.BackupAndRestore(**options))


def test_a_restored_epoch_is_not_remembered(tmp_path):
    kept = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    model = flat()
    fitted(model, kept, epochs=2)
    assert fitted(model, kept, epochs=3).epoch == [2]
    assert fitted(model, epochs=2).epoch == [0, 1]


def test_one_progress_bar(capsys):
    regressor().fit(x, targets(10), epochs=2, callbacks=keras.callbacks.ProgbarLogger())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["Epoch", "1/1", "Epoch", "1/1"]
    regressor().predict(x, callbacks=keras.callbacks.ProgbarLogger())
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_list_in_fit():
    spy = Spy()
    callbacks = keras.callbacks.CallbackList(
        [[spy], keras.callbacks.EarlyStopping("loss", min_delta=1)], add_history=True
    )
    history = flat().fit(x, targets(10), epochs=9, verbose=0, callbacks=callbacks)
    assert history.epoch == [0, 1]
    assert spy.log[0][0] == "set_model"


def test_hooks_that_nobody_defines_are_not_called():
    hooks = Hooks([keras.callbacks.EarlyStopping(), keras.callbacks.ModelCheckpoint("a.keras")], flat(), {})
    assert not hooks.wanted("on_train_batch_begin")
    assert not hooks.wanted("on_test_batch_end")
    assert hooks.wanted("on_epoch_end")
    assert not hooks.wanted("on_train_batch_end")


def test_running_means_that_nobody_keeps():
    with pytest.raises(klods.errors.StateError, match=r"Adam\(use_ema=True\)"):
        fitted(flat(), keras.callbacks.SwapEMAWeights(), validation_split=0.5)


def test_a_server_that_does_not_take_figures(web):
    """Training goes on, with a warning."""
    model = regressor()
    with pytest.warns(UserWarning, match=r"RemoteMonitor: http://127.* doesn't take the figures of epoch 2"):
        history = model.fit(x, targets(10), epochs=2, verbose=0, callbacks=[keras.callbacks.RemoteMonitor(web.url)])
    assert history.epoch == [0, 1]
