"""What the TensorBoard callback writes, read back from its files."""

from __future__ import annotations

import struct

import pytest
from small import inputs, regressor, targets

from klods import errors, keras

pytest.importorskip("tensorboardX")
x, y = inputs(10), targets(10)


def events(folder):
    """Return the scalars in a folder's file of events, as {name: {step: value}}, and the names of its histograms."""
    from tensorboardX.proto.event_pb2 import Event

    [path] = folder.iterdir()
    data, scalars, histograms = path.read_bytes(), {}, set()
    while data:  # records: length, its checksum, the event, its checksum
        (length,) = struct.unpack("<Q", data[:8])
        event = Event.FromString(data[12 : 12 + length])
        for value in event.summary.value:
            if value.HasField("histo"):
                histograms.add(value.tag)
            else:
                scalars.setdefault(value.tag, {})[event.step] = value.simple_value
        data = data[16 + length :]
    return scalars, histograms


def test_epochs(tmp_path):
    model = regressor()
    board = keras.callbacks.TensorBoard(tmp_path, histogram_freq=2, write_steps_per_second=True)
    history = model.fit(x, y, batch_size=4, epochs=3, verbose=0, validation_data=(x, y), callbacks=board).history
    scalars, histograms = events(tmp_path / "train")
    assert set(scalars) == {"epoch_loss", "epoch_mae", "epoch_learning_rate", "epoch_steps_per_second"}
    assert [*scalars["epoch_loss"].values()] == pytest.approx(history["loss"])
    assert scalars["epoch_learning_rate"] == pytest.approx(dict.fromkeys(range(3), 0.01))
    assert histograms == {f"{weight.path}/histogram" for weight in model.weights}
    scalars, _ = events(tmp_path / "validation")
    assert [*scalars["epoch_mae"].values()] == pytest.approx(history["val_mae"])
    assert scalars["evaluation_loss_vs_iterations"] == pytest.approx(dict(zip([3, 6, 9], history["val_loss"])))


@pytest.mark.parametrize(("frequency", "steps"), [("batch", [1, 2, 3, 4, 5, 6]), (2, [2, 4, 6])])
def test_steps(frequency, steps, tmp_path):
    board = keras.callbacks.TensorBoard(tmp_path, update_freq=frequency)
    regressor().fit(x, y, batch_size=4, epochs=2, verbose=0, callbacks=board)
    scalars, _ = events(tmp_path / "train")
    assert [*scalars["batch_loss"]] == steps
    assert not (tmp_path / "validation").exists()


def test_used_again(tmp_path):
    board = keras.callbacks.TensorBoard(tmp_path)
    for _ in range(2):
        regressor().fit(x, y, verbose=0, callbacks=board)
    assert board._writers == {}


def test_impossible_arguments(monkeypatch):
    with pytest.raises(errors.DataError, match="update_freq is"):
        keras.callbacks.TensorBoard(update_freq="step")
    monkeypatch.setattr("klods.extras.find_spec", lambda name: None)
    with pytest.raises(errors.StateError, match=r"pip install 'klods\[tensorboard\]'"):
        keras.callbacks.TensorBoard()
