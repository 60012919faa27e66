"""Ctrl-C in fit: it says where training stopped, and leaves a model that can be used and trained on."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest
from small import classifier, inputs, labels

import klods
from klods import keras
from klods.keras.layers.layer import OUTSIDE, in_training
from klods.tensor import watching

x, y = inputs(), labels()

SCRIPT = """
import numpy as np
from klods import keras

x, y = np.random.default_rng(0).random((6400, 8), dtype="float32"), np.zeros(6400, int)
model = keras.Sequential([keras.layers.Dense(16), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")

class Ready(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print("ready", flush=True)

try:
    model.fit(x, y, epochs=100000, verbose=0, callbacks=[Ready()])
except KeyboardInterrupt:
    assert len(model.history.history["loss"]) >= 1
    assert len(model.history.epoch) == len(model.history.history["loss"])
    assert np.isfinite(model.predict(x, verbose=0)).all()
    assert all(np.isfinite(w.numpy()).all() for w in model.weights)
    model.fit(x[:64], y[:64], verbose=0)
    print("went on")
    raise
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert [process.stdout.readline() for _ in "12"] == ["ready\n"] * 2
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    lines = [line for line in out.splitlines() if line not in ("", "ready")]
    assert len(lines) == 2, (out, err)
    assert lines[0].startswith("Stopped in epoch ")
    assert "/100000, after step " in lines[0]
    assert " of 200. The model keeps what it learned; model.history has the epochs before." in lines[0]
    assert lines[1] == "went on"
    assert process.returncode == -signal.SIGINT
    assert err.splitlines()[-1] == "KeyboardInterrupt"
    assert len(err.splitlines()) <= 10
    assert "trainer.py" not in err


class Interrupting(keras.callbacks.Callback):
    """Interrupts the second epoch after its third step, as Ctrl-C does."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (1, 2):
            raise KeyboardInterrupt


def test_where(capsys):
    model = classifier()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, batch_size=16, epochs=5, verbose=0, callbacks=[Interrupting()])
    assert capsys.readouterr().out.startswith("\nStopped in epoch 2/5, after step 3 of 4.")
    assert model.history.epoch == [0]
    assert list(model.history.history) == ["accuracy", "loss"]
    assert int(model.optimizer.iterations) == 7


class Torn(keras.callbacks.Callback):
    """Interrupts where Ctrl-C rarely strikes: a call and a tape have begun, and nothing ends them."""

    def on_train_batch_end(self, batch, logs=None):
        in_training.set(True)
        klods.GradientTape().__enter__()
        raise KeyboardInterrupt


class InterruptedInside(keras.layers.Layer):
    def call(self, inputs, training=None):
        if training:
            raise KeyboardInterrupt
        return inputs


def test_no_call_or_tape_stays_open():
    model = keras.Sequential([InterruptedInside(), keras.layers.Dropout(0.5), keras.layers.Dense(3)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0)
    check_nothing_open()


def test_not_even_a_torn_one():
    with pytest.raises(KeyboardInterrupt):
        classifier().fit(x, y, verbose=0, callbacks=[Torn()])
    check_nothing_open()


def check_nothing_open():
    assert in_training.get() is OUTSIDE
    assert watching.get() == ()
    assert np.array_equal(keras.layers.Dropout(0.5)(klods.ones((3, 3))), np.ones((3, 3)))


@pytest.mark.parametrize(
    "hook", ["on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_test_end", "on_train_end"]
)
def test_an_exception_in_a_callback_passes_unchanged(hook):
    mine = RuntimeError("mine")

    def fail(*arguments):
        raise mine

    callback = keras.callbacks.LambdaCallback(**{hook: fail})
    model = classifier()
    with pytest.raises(RuntimeError) as caught:
        model.fit(x, y, verbose=0, validation_split=0.5, callbacks=[callback])
    assert caught.value is mine
    check_nothing_open()
    model.fit(x, y, verbose=0)
