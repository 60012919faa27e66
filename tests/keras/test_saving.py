"""Saving and loading: everything comes back, files are written whole, and a bad file is one clear error."""

from __future__ import annotations

import contextlib
import io
import json
import random
import zipfile

import numpy as np
import pytest
from small import inputs, regressor, state, targets

from klods import keras
from klods.errors import FileError, KlodsError

x, t = inputs(), targets()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.keras"


def trained(optimizer="adam"):
    model = regressor(optimizer)
    model.fit(x, t, epochs=2, verbose=0)
    return model


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_everything_comes_back(path, kind):
    model = trained()
    model.save(kind(path))
    loaded = keras.models.load_model(kind(path))
    assert [w.numpy().tobytes() for w in loaded.weights] == [w.numpy().tobytes() for w in model.weights]
    assert np.array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert [w.path for w in loaded.weights] == [w.path for w in model.weights]
    assert loaded.get_compile_config() == model.get_compile_config()
    assert loaded.evaluate(x, t, verbose=0) == model.evaluate(x, t, verbose=0)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam", keras.optimizers.SGD(0.1, momentum=0.9)])
def test_training_goes_on_as_if_nothing_had_happened(optimizer, path):
    model = trained(optimizer)
    model.save(path)
    loaded = keras.models.load_model(path)
    for one in (model, loaded):
        one.fit(x, t, epochs=2, shuffle=False, verbose=0)
    assert state(loaded)[:4] == state(model)[:4]


def test_all_layers(path):
    model = keras.Sequential(
        [
            keras.Input((2, 4)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.25, seed=1),
            keras.Sequential([keras.layers.Dense(5, "tanh", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2))]),
            keras.layers.Activation("relu"),
            keras.layers.Dense(3, kernel_constraint="non_neg", trainable=False),
        ],
        name="all",
    )
    model.save(path)
    loaded = keras.models.load_model(path)
    rows = x.reshape(64, 2, 4)
    assert np.array_equal(loaded.predict(rows, verbose=0), model.predict(rows, verbose=0))
    assert loaded.get_config() == model.get_config()
    assert not loaded.compiled
    assert [w.trainable for w in loaded.weights] == [w.trainable for w in model.weights]


def test_without_compiling(path):
    trained().save(path)
    assert not keras.models.load_model(path, compile=False).compiled


def test_weights_alone(tmp_path):
    model, other = trained(), regressor("adam")
    model.save_weights(tmp_path / "a.weights.h5")
    other.load_weights(tmp_path / "a.weights.h5")
    assert np.array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))


def test_weights_of_a_model_of_ones_own(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight(shape=(3,), initializer="random_normal", name="scale")
            self.stack = [keras.layers.Dense(4), keras.layers.Dense(3)]

        def call(self, inputs):
            for layer in self.stack:
                inputs = layer(inputs)
            return inputs * self.scale

    one, two = Own(), Own()
    for model in (one, two):
        model(x)
    one.save_weights(tmp_path / "a.weights.h5")
    two.load_weights(tmp_path / "a.weights.h5")
    assert len(one.weights) == 5
    assert np.array_equal(one(x), two(x))


# ------------------------------------------------------------ bad files


def test_an_existing_file(path):
    path.write_text("precious")
    with pytest.raises(FileError, match="exists"):
        regressor().save(path, overwrite=False)
    assert path.read_text() == "precious"
    regressor().save(path)
    keras.models.load_model(path)


def test_a_save_that_fails_leaves_what_was_there(path, monkeypatch):
    trained().save(path)
    before = path.read_bytes()

    def full(model):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("klods.keras.saving.archive.weights_bytes", full)
    with pytest.raises(FileError, match="No space left"):
        regressor().save(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["model.keras"]


def checked(path, words="."):
    with pytest.raises(KlodsError, match=words) as caught:
        keras.models.load_model(path)
    assert len(str(caught.value).splitlines()) == 3
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_missing_file_and_a_folder(path):
    checked(path, "There is no file")
    checked(path.parent, "can't be read: Is a directory")


@pytest.mark.parametrize("content", [b"", b"words", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
def test_a_file_of_another_kind(path, content):
    path.write_bytes(content)
    checked(path, "'.*model.keras' is damaged, or not what it should be")


def test_truncated(path):
    trained().save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 50):
        path.write_bytes(whole[:length])
        checked(path)


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    path.write_bytes(buffer.getvalue())


@pytest.mark.parametrize("seed", range(20))
def test_damaged_weights(path, seed):
    """Bytes of the HDF5 file changed at random inside a sound archive: klods's own error, or a model that works."""
    trained().save(path)
    parts, chance = parts_of(path), random.Random(seed)
    damaged = bytearray(parts["model.weights.h5"])
    for _ in range(20):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    write(path, {**parts, "model.weights.h5": bytes(damaged)})
    with contextlib.suppress(KlodsError):
        keras.models.load_model(path).predict(x, verbose=0)


def changed(config, *keys, to):
    *way, last = keys
    inner = config
    for key in way:
        inner = inner[key]
    inner[last] = to
    return json.dumps(config).encode()


@pytest.mark.parametrize(
    ("keys", "value", "words"),
    [
        (["class_name"], "Functionl", "There is no model 'Functionl'"),
        (["class_name"], None, "describes no model"),
        (["config", "layers", 1, "class_name"], "Dens", "no layer 'Dens'. Did you mean 'dense'"),
        (["config", "layers"], 7, "Sequential can't be made from its configuration"),
        (["config", "layers", 1, "config"], [], "describes no layer"),
        (["compile_config", "loss"], "my_loss", "can't be compiled as it was: There is no loss 'my_loss'"),
        (["config", "layers", 1, "config", "units"], 17, "holds layers/dense/vars/0 of shape"),
    ],
)
def test_a_changed_configuration(path, keys, value, words):
    trained().save(path)
    parts = parts_of(path)
    write(path, {**parts, "config.json": changed(json.loads(parts["config.json"]), *keys, to=value)})
    checked(path, words)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_missing_part(path, name):
    trained().save(path)
    parts = parts_of(path)
    del parts[name]
    write(path, parts)
    checked(path, "is damaged")


def test_weights_of_another_model_change_nothing(tmp_path):
    file = tmp_path / "a.weights.h5"
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(16), keras.layers.Dense(4)]).save_weights(file)
    model = trained()
    model.layers[-1].name = "last"
    before = state(model)
    with pytest.raises(
        FileError, match=r"holds layers/dense_1/vars/0 of shape \(16, 4\); layer 'last' has kernel of \(16, 3\)"
    ):
        model.load_weights(file)
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(FileError, match="is damaged"):
        model.load_weights(file)
    with pytest.raises(FileError, match="There is no file"):
        model.load_weights(tmp_path / "b.weights.h5")
    assert state(model) == before


def test_nothing_in_a_file_is_run(path):
    """A class's name can't reach out of klods's own."""
    trained().save(path)
    parts = parts_of(path)
    config = json.loads(parts["config.json"])
    evil = {"module": "os", "class_name": "system", "config": {"command": "false"}, "registered_name": None}
    for keys in (["config", "layers", 1], ["config", "layers", 1, "config", "activation"], ["compile_config", "loss"]):
        write(path, {**parts, "config.json": changed(json.loads(json.dumps(config)), *keys, to=evil)})
        checked(path, "system")
