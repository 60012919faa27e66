"""Callbacks under both libraries: the same epochs, weights, learning rates, figures, files and calls of hooks."""

from __future__ import annotations

import contextlib
import functools
import warnings

import jobs
import numpy as np
import pytest
import requests
from beside import close, own, real

X, Y = jobs.binary()
HALF = {"validation_data": (X[115:], Y[115:])}
EPOCHS = 9


def network(keras, rate=0.5):
    """Return a small network whose figures go up and down from epoch to epoch, as if it were new."""
    model = compiled_network(keras)
    jobs.fix_weights(model)
    for variable in model.optimizer.variables:
        variable.assign(np.zeros_like(np.asarray(variable)))
    model.optimizer.learning_rate = rate
    model._initial_epoch = None  # Keras goes on from a restored epoch in all later trainings, too
    return model


@functools.cache
def compiled_network(keras):
    """Return a network that is compiled once for all tests of this file."""
    model = jobs.network(keras, [8, 1], "sigmoid")
    model.compile(keras.optimizers.SGD(momentum=0.9), "binary_crossentropy", metrics=["accuracy", "mse"])
    model.optimizer.build(model.trainable_variables)
    return model


def fit(keras, model, callbacks, **options):
    options = {"epochs": EPOCHS, "batch_size": 32, "shuffle": False, "verbose": 0, **HALF, **options}
    return model.fit(X[:115], Y[:115], callbacks=callbacks, **options)


def state(model, history):
    """Return all that training leaves behind."""
    return {
        "epochs": np.asarray(history.epoch),
        "history": dict(history.history),
        "weights": [np.asarray(w) for w in model.get_weights()],
        "rate": np.asarray(model.optimizer.learning_rate),
        "steps": np.asarray(model.optimizer.iterations),
    }


def same(make, rtol=2e-3, **options):
    """Train with the callback that `make(keras)` returns, under both libraries, and return the two callbacks."""
    callbacks, states = [], []
    for keras in (own, real):
        model, callback = network(keras), make(keras)
        states.append(state(model, fit(keras, model, [callback], **options)))
        callbacks.append(callback)
    close(*states, rtol=rtol, atol=1e-4)
    return callbacks


STOPPING = {
    "as it comes": {},
    "patience": {"patience": 2},
    "restored": {"patience": 2, "restore_best_weights": True},
    "training's loss": {"monitor": "loss", "min_delta": 0.02, "patience": 1},
    "more is better": {"monitor": "val_accuracy", "patience": 1, "restore_best_weights": True},
    "less is better": {"monitor": "val_mse", "patience": 1},
    "the wrong way": {"monitor": "val_loss", "mode": "max", "patience": 1, "restore_best_weights": True},
    "a baseline not reached": {"baseline": 0.01, "patience": 3, "restore_best_weights": True},
    "a baseline reached": {"baseline": 0.9, "patience": 3},
    "a late start": {"start_from_epoch": 4, "patience": 0},
    "a late start, restored": {"start_from_epoch": 3, "patience": 1, "restore_best_weights": True, "mode": "max"},
    "validated now and then": {"patience": 1},
}


@pytest.mark.parametrize("options", STOPPING.values(), ids=STOPPING)
def test_early_stopping(options):
    mine, theirs = same(lambda keras: keras.callbacks.EarlyStopping(**options))
    for name in ("wait", "stopped_epoch", "best_epoch"):
        assert getattr(mine, name) == getattr(theirs, name), name
    close(float(mine.best), float(theirs.best), rtol=2e-3)


def test_a_figure_that_is_there_after_some_epochs_only():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(lambda keras: keras.callbacks.EarlyStopping(patience=1), validation_freq=3)


@pytest.mark.parametrize("again", [1, 2])
def test_a_stopping_is_used_again(again):
    for keras, seen in ((own, mine := []), (real, theirs := [])):
        stopping = keras.callbacks.EarlyStopping(patience=1)
        model = network(keras)
        for _ in range(again + 1):
            seen.append(fit(keras, model, [stopping]).epoch)
    assert mine == theirs


PLATEAUS = {
    "as it comes": {"patience": 1},
    "lowest": {"patience": 0, "factor": 0.5, "min_lr": 0.1},
    "cooldown": {"patience": 1, "factor": 0.5, "cooldown": 2},
    "more is better": {"monitor": "accuracy", "patience": 1, "factor": 0.3, "min_delta": 0.01},
    "the wrong way": {"monitor": "loss", "mode": "max", "patience": 2, "factor": 0.7},
}


@pytest.mark.parametrize("options", PLATEAUS.values(), ids=PLATEAUS)
def test_plateaus(options):
    mine, theirs = same(lambda keras: keras.callbacks.ReduceLROnPlateau(**options))
    for name in ("wait", "cooldown_counter"):
        assert getattr(mine, name) == getattr(theirs, name), name


SCHEDULES = {
    "of both": lambda epoch, rate: rate * 0.9 if epoch > 2 else rate,
    "of the epoch": lambda epoch: 0.1 / (1 + epoch),
    "of NumPy's": lambda epoch, rate: np.float32(0.05 * (epoch % 2)),
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_schedules(schedule):
    same(lambda keras: keras.callbacks.LearningRateScheduler(schedule))


CHECKPOINTS = {
    "each epoch": {"filepath": "model-{epoch:02d}.keras"},
    "figures in the name": {"filepath": "{epoch}-{val_loss:.1f}-{accuracy:.1f}.weights.h5", "save_weights_only": True},
    "a folder to make": {"filepath": "deep/er/model.keras"},
    "the best": {"filepath": "{epoch:03d}.keras", "save_best_only": True},
    "the most": {"filepath": "{epoch}.keras", "save_best_only": True, "monitor": "val_accuracy"},
    "better than nothing": {
        "filepath": "{epoch}.keras",
        "save_best_only": True,
        "monitor": "accuracy",
        "initial_value_threshold": 0.8,
    },
    "batches": {"filepath": "{epoch}-{batch}.weights.h5", "save_weights_only": True, "save_freq": 3},
}


@pytest.mark.parametrize("options", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_checkpoints(options, tmp_path):
    def make(keras):
        path = tmp_path / keras.__name__ / options["filepath"]
        return keras.callbacks.ModelCheckpoint(**{**options, "filepath": path})

    same(make)
    mine, theirs = (files(tmp_path / keras.__name__) for keras in (own, real))
    assert mine == theirs
    assert mine


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_checkpoint_opens_under_the_other_library(tmp_path):
    for writer, reader in ((own, real), (real, own)):
        path = tmp_path / f"{writer.__name__}.weights.h5"
        model = network(writer)
        fit(writer, model, [writer.callbacks.ModelCheckpoint(path, save_weights_only=True)], epochs=2)
        again = network(reader)
        again.load_weights(path)
        close(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-4)


@pytest.mark.parametrize("options", [{}, {"separator": ";"}, {"append": True}])
@pytest.mark.parametrize("validated", [True, False])
def test_tables(options, validated, tmp_path):
    tables = []
    for keras in (own, real):
        path = tmp_path / f"{keras.__name__}.csv"
        for _ in range(2):
            logger = keras.callbacks.CSVLogger(path, **options)
            fit(keras, network(keras), [logger], epochs=3, **({} if validated else {"validation_data": None}))
        tables.append([line.split(options.get("separator", ",")) for line in path.read_bytes().decode().split("\r\n")])
    mine, theirs = tables
    assert [len(row) for row in mine] == [len(row) for row in theirs]
    for row, other in zip(mine, theirs):
        for cell, expected in zip(row, other):
            with contextlib.suppress(ValueError):
                cell, expected = round(float(cell), 3), pytest.approx(float(expected), abs=2e-3)
            assert cell == expected


def test_order_of_tables_and_rates():
    """A callback's figures are in the table of a callback after it, and in the history."""

    def make(keras):
        return [keras.callbacks.LearningRateScheduler(lambda epoch: 0.1), keras.callbacks.ReduceLROnPlateau(patience=0)]

    histories = [fit(keras, network(keras), make(keras)).history for keras in (own, real)]
    close(*histories, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("raising", [False, True])
def test_a_loss_that_is_no_number(raising, capsys):
    x = np.where(np.arange(115)[:, None] == 70, np.inf, X[:115]).astype("float32")
    seen = []
    for keras in (own, real):
        batches = []
        spy = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs, b=batches: b.append(batch))
        guard = keras.callbacks.TerminateOnNaN(raise_error=raising)
        model = network(keras)
        with warnings.catch_warnings(), pytest.raises(RuntimeError) if raising else contextlib.nullcontext():
            warnings.simplefilter("ignore")
            model.fit(x, Y[:115], shuffle=False, epochs=3, verbose=0, callbacks=[spy, guard])
        seen.append(batches)
    assert seen[0] == seen[1] == [0, 1, 2]


class Stop(Exception):
    """What ends a training early."""


def interrupted(keras, folder, after, **options):
    """Train until the given hook of the given number, and then anew; return what the second training leaves behind."""

    def end(number, logs=None):
        seen.append(number)
        if len(seen) == after[1]:
            raise Stop

    seen: list[int] = []
    keras.utils.set_random_seed(3)
    model = network(keras)
    ending = keras.callbacks.LambdaCallback(**{after[0]: end})
    backup = keras.callbacks.BackupAndRestore(folder / keras.__name__, **options)
    with pytest.raises(Stop):
        fit(keras, model, [backup, ending], epochs=6)
    left = files(folder / keras.__name__)
    model = network(keras)
    backup = keras.callbacks.BackupAndRestore(folder / keras.__name__, **options)
    return state(model, fit(keras, model, [backup], epochs=6)), left


@pytest.mark.parametrize("options", [{}, {"double_checkpoint": True}, {"delete_checkpoint": False}])
def test_training_goes_on_after_an_epoch(options, tmp_path):
    mine, theirs = (interrupted(keras, tmp_path, ("on_epoch_end", 4), **options) for keras in (own, real))
    close(mine[0], theirs[0], rtol=2e-3, atol=1e-4)
    assert mine[1] == theirs[1]
    assert files(tmp_path / own.__name__) == files(tmp_path / real.__name__)


@pytest.mark.parametrize("on_epoch", [False, True])
def test_running_means_of_the_weights(on_epoch):
    """What is validated, what stands in the model for a callback after this one, and what is left in the end."""
    mine, theirs = (averaged(keras, on_epoch) for keras in (own, real))
    close(mine, theirs, rtol=1e-3, atol=1e-4)


def averaged(keras, on_epoch):
    model, seen = jobs.network(keras, [4, 1], "sigmoid"), []
    model.compile(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9), "binary_crossentropy")

    def look(epoch, logs):
        seen.append([np.array(w) for w in model.get_weights()])

    callbacks = [keras.callbacks.SwapEMAWeights(on_epoch), keras.callbacks.LambdaCallback(on_epoch_end=look)]
    history = fit(keras, model, callbacks, epochs=3)
    return [dict(history.history), seen, [np.array(w) for w in model.get_weights()]]


def spy(keras, log):
    """Return a callback that writes down each hook with its number and the names of its figures."""

    def noting(name):
        def hook(self, *args, **kwargs):
            values = [*args, *kwargs.values()]
            log.append((name, *(list(v) if isinstance(v, dict) else v for v in values if v is not None)))
            getattr(keras.callbacks.Callback, name)(self, *args, **kwargs)

        return hook

    hooks = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]
    return type("Spy", (keras.callbacks.Callback,), {name: noting(name) for name in hooks})()


def test_the_order_of_hooks():
    logs = []
    for keras in (own, real):
        log = []
        model = network(keras)
        fit(keras, model, [spy(keras, log), keras.callbacks.EarlyStopping(patience=0)], epochs=4)
        model.evaluate(X, Y, verbose=0, callbacks=[spy(keras, log)])
        model.predict(X, verbose=0, callbacks=[spy(keras, log)])
        logs.append([tuple(part for part in event if part != []) for event in log])
    assert logs[0] == logs[1]


def test_callback_list():
    """A loop of one's own, with a CallbackList."""
    results = []
    for keras in (own, real):
        log = []
        model = network(keras)
        callbacks = keras.callbacks.CallbackList([spy(keras, log)], add_history=True, model=model, epochs=2, steps=1)
        callbacks.on_train_begin()
        for epoch in range(2):
            callbacks.on_epoch_begin(epoch)
            callbacks.on_train_batch_begin(0)
            callbacks.on_train_batch_end(0, {"loss": 0.5})
            callbacks.on_epoch_end(epoch, {"loss": 0.25})
        callbacks.on_train_end({"loss": 0.25})
        results.append((log, model.history.history, callbacks.params))
    assert results[0] == results[1]


@pytest.mark.parametrize("call", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"])
def test_directions_of_metrics(call):
    """Metrics that `auto` knows the direction of, and those that it doesn't."""
    mine, theirs = (directions(keras, call) for keras in (own, real))
    assert mine == theirs


def directions(keras, call):
    names = ["accuracy", "mse", "mae", "binary_crossentropy", "sum", "mean"]
    model = jobs.network(keras, [1], "sigmoid")
    metrics = [*names[:4], keras.metrics.MeanMetricWrapper(lambda t, p: t - p, name="sum")]
    model.compile("sgd", "mse", metrics=metrics, run_eagerly=True)
    model.train_on_batch(X[:8], Y[:8, None])
    found = {}
    for name in ["loss", *names]:
        first = {"filepath": "x.keras", "save_best_only": True} if call == "ModelCheckpoint" else {}
        callback = getattr(keras.callbacks, call)(monitor=f"val_{name}", **first)
        callback.set_model(model)
        try:
            found[name] = better_than(callback)
        except ValueError:
            found[name] = None
    return found


def better_than(callback):
    if hasattr(callback, "_set_monitor_op"):
        callback._set_monitor_op()
        return bool(callback._is_improvement(2.0, 1.0))
    return callback.improves(2.0, 1.0)


@pytest.mark.parametrize("options", [{}, {"path": "/here", "field": "figures"}, {"send_as_json": True}], ids=str)
def test_what_is_sent_to_a_server(options, monkeypatch):
    sent = []

    def post(url, data=None, json=None, headers=None, timeout=None):
        sent.append(requests.Request("POST", url, data=data, json=json, headers=headers).prepare())
        return requests.models.Response()

    monkeypatch.setattr(requests, "post", post)
    monkeypatch.setattr(requests.models.Response, "raise_for_status", lambda response: None)
    for keras in (own, real):
        monitor = keras.callbacks.RemoteMonitor("http://localhost:1", headers={"Mine": "1"}, **options)
        monitor.on_epoch_end(3, {"loss": 0.5, "acc": np.float32(0.25), "all": np.float32(2)})
    ours, theirs = ((each.url, each.body, dict(each.headers)) for each in sent)
    assert ours == theirs
