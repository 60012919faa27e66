"""Saving and loading: everything comes back, files are written whole, and a bad file is one clear error."""

from __future__ import annotations

import contextlib
import io
import json
import random
import zipfile

import h5py
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


@pytest.mark.filterwarnings("ignore:The optimizer starts anew")  # that of `other` has no slots yet, as in Keras
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


class Counting(keras.layers.Layer):
    """A layer that keeps a number beside its weights, in a way of its own."""

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        self.count = 0

    def call(self, inputs):
        return inputs * self.factor

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["count"] = np.array(self.count)

    def load_own_variables(self, store):
        self.factor.assign(store["0"])
        self.count = int(store["count"])


ENDINGS = ["a.weights.h5", "a.safetensors", "a.keras"]


@pytest.mark.parametrize("name", ENDINGS)
def test_weights_in_a_way_of_ones_own(name, tmp_path):
    one, two = (keras.Sequential([keras.Input((8,)), Counting(), keras.layers.Dense(2)]) for _ in range(2))
    one.layers[0].count = 7
    one.layers[0].factor.assign(np.arange(8))
    (one.save if name == "a.keras" else one.save_weights)(tmp_path / name)
    two.load_weights(tmp_path / name)
    assert two.layers[0].count == 7
    assert np.array_equal(two.predict(x, verbose=0), one.predict(x, verbose=0))


@pytest.mark.parametrize("name", ENDINGS[:2])
def test_the_optimizer_goes_on_from_a_file_of_weights(name, tmp_path):
    model, other = trained(), trained()
    model.fit(x, t, verbose=0)
    model.save_weights(tmp_path / name)
    other.load_weights(tmp_path / name)
    assert [v.numpy().tolist() for v in other.optimizer.variables] == [
        v.numpy().tolist() for v in model.optimizer.variables
    ]


def test_safetensors_by_their_names(tmp_path):
    """The library itself reads the arrays under the names of `.weights.h5`, and writes what klods reads."""
    from safetensors.numpy import load_file, save_file

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2), keras.layers.Dense(2)])
    model.save_weights(tmp_path / "a.safetensors")
    arrays = load_file(tmp_path / "a.safetensors")
    assert sorted(arrays) == [f"layers/{name}/vars/{n}" for name in ("dense", "dense_1") for n in "01"]
    assert np.array_equal(arrays["layers/dense_1/vars/0"], model.layers[1].kernel)
    save_file({name: array + 1 for name, array in arrays.items()}, tmp_path / "b.safetensors")
    before = model.get_weights()
    model.load_weights(tmp_path / "b.safetensors")
    assert all(np.array_equal(after, w + 1) for after, w in zip(model.get_weights(), before))


def test_layers_that_do_not_fit_may_be_passed_over(tmp_path):
    wider = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16), keras.layers.Dense(4)])
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16), keras.layers.Dense(3, name="last")])
    wider.save_weights(tmp_path / "a.weights.h5")
    last = model.layers[1].get_weights()
    with pytest.warns(UserWarning, match="layer 'last' has kernel of .* It keeps its weights"):
        model.load_weights(tmp_path / "a.weights.h5", skip_mismatch=True)
    assert all(map(np.array_equal, model.layers[0].get_weights(), wider.layers[0].get_weights()))
    assert all(map(np.array_equal, model.layers[1].get_weights(), last))


def test_a_model_of_ones_own_comes_back_with_its_optimizer(path):
    @keras.saving.register_keras_serializable("test")
    class Own(keras.Model):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.stack = [keras.layers.Dense(units, "relu"), keras.layers.Dense(3)]

        def call(self, inputs):
            for layer in self.stack:
                inputs = layer(inputs)
            return inputs

    model = Own(5, name="mine")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, t, epochs=2, verbose=0)
    model.save(path)
    loaded = keras.models.load_model(path)
    assert (type(loaded), loaded.units, loaded.name) == (Own, 5, "mine")
    for one in (model, loaded):
        one.fit(x, t, epochs=2, shuffle=False, verbose=0)
    assert state(loaded) == state(model)


# ------------------------------------------------------------ old files


def old_file(path, config, weights, training=None):
    """Write a file as Keras 2 did: the configuration as text, weights by layers' and their own names."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.11.0", "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [f"{name}/{kind}:0".encode() for kind in arrays]
            for kind, array in arrays.items():
                inner.create_dataset(f"{name}/{kind}:0", data=array)


def old_dense(name, units, **more):
    config = {"name": name, "trainable": True, "dtype": "float32", "units": units, "activation": "relu"}
    initializer = {"class_name": "GlorotUniform", "config": {"seed": None}}
    config.update({"use_bias": True, "kernel_initializer": initializer, "kernel_regularizer": None})
    return {"class_name": "Dense", "config": {**config, **more}}


KERNEL, BIAS = np.arange(24.0, dtype="float32").reshape(8, 3) - 9, np.ones(3, np.float32)
FIRST = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 8], "dtype": "float32", "name": "in"}}
OPTIMIZER = {"class_name": "SGD", "config": {"name": "SGD", "learning_rate": 0.25, "decay": 0.0, "momentum": 0.5}}
OLD_CONFIGS = {
    "2.11": {"name": "old", "layers": [FIRST, old_dense("dense", 3)]},
    "the shape in the first layer": {"name": "old", "layers": [old_dense("dense", 3, batch_input_shape=[None, 8])]},
    "a list of layers": [old_dense("dense", 3, batch_input_shape=[None, 8])],
}


@pytest.mark.parametrize("case", OLD_CONFIGS)
def test_an_old_file(case, tmp_path):
    config = {"class_name": "Sequential", "config": OLD_CONFIGS[case]}
    loss = {"class_name": "MeanSquaredError", "config": {"reduction": "auto", "name": "mean_squared_error"}}
    training = {"loss": loss, "metrics": [["mae"]], "loss_weights": None, "optimizer_config": OPTIMIZER}
    old_file(tmp_path / "old.h5", config, {"dense": {"kernel": KERNEL, "bias": BIAS}}, training)
    model = keras.models.load_model(tmp_path / "old.h5")
    np.testing.assert_allclose(model.predict(x, verbose=0), np.maximum(x @ KERNEL + BIAS, 0), rtol=1e-5)
    assert (float(model.optimizer.learning_rate), model.optimizer.momentum) == (0.25, 0.5)
    assert list(model.evaluate(x, t, verbose=0, return_dict=True)) == ["loss", "mae"]
    other = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, "relu")])
    other.load_weights(tmp_path / "old.h5")
    assert np.array_equal(other.get_weights()[0], KERNEL)


def old_call(kind, name, *calls, **config):
    config = {"name": name, "trainable": True, "dtype": "float32", **config}
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": [list(call) for call in calls]}


@pytest.mark.parametrize("kind", ["Functional", "Model"])
def test_an_old_file_of_a_functional_model(kind, tmp_path):
    sources = [{**FIRST, "name": "in", "inbound_nodes": []}]
    shared = {**old_dense("dense", 3), "name": "dense", "inbound_nodes": [[["in", 0, 0, {}]], [["twice", 0, 0, {}]]]}
    twice = old_call("Rescaling", "twice", [["in", 0, 0, {}]], scale=2.0, offset=0.0)
    both = old_call("Concatenate", "both", [["dense", 0, 0, {}], ["dense", 1, 0, {}]], axis=-1)
    config = {"name": "old", "layers": [*sources, shared, twice, both]}
    config.update(input_layers=[["in", 0, 0]], output_layers=[["both", 0, 0]])
    path = tmp_path / "old.h5"
    old_file(path, {"class_name": kind, "config": config}, {"dense": {"kernel": KERNEL, "bias": BIAS}})
    expected = np.maximum(np.concatenate([x @ KERNEL + BIAS, 2 * x @ KERNEL + BIAS], 1), 0)
    np.testing.assert_allclose(keras.models.load_model(path).predict(x, verbose=0), expected, rtol=1e-5)


@pytest.mark.parametrize("ending", ["h5", "hdf5"])
def test_an_old_file_is_written(ending, tmp_path):
    model, path = regressor("rmsprop"), tmp_path / f"a.{ending}"
    model.fit(x, t, verbose=0)
    model.save(path)
    loaded = keras.models.load_model(path)
    assert state(loaded)[: len(model.weights)] == state(model)[: len(model.weights)]
    for one in (model, loaded):
        one.fit(x, t, epochs=2, shuffle=False, verbose=0)
    assert state(loaded) == state(model)
    with h5py.File(path) as file:
        assert json.loads(file.attrs["training_config"])["loss"] == "mean_squared_error"


def test_an_old_file_of_many_layers_with_long_names(tmp_path):
    """HDF5 keeps 64 KiB of attributes with a group: the names are cut into several."""
    names = [f"layer_{number}_{'x' * 200}" for number in range(400)]
    model = keras.Sequential([keras.Input((1,)), *[keras.layers.PReLU(name=name) for name in names]])
    model.save(tmp_path / "a.h5")
    assert [layer.name for layer in keras.models.load_model(tmp_path / "a.h5").layers] == names


def test_an_old_file_of_weights_of_one_name(tmp_path):
    class Twins(keras.layers.Layer):
        def build(self, input_shape):
            self.a, self.b = (self.add_weight((2,), start, name="w") for start in ("zeros", "ones"))

        def call(self, inputs):
            return inputs * self.a + self.b

    model = keras.Sequential([keras.Input((2,)), Twins()])
    model.save(tmp_path / "a.h5")
    other = keras.models.load_model(tmp_path / "a.h5", custom_objects={"Twins": Twins})
    assert [w.numpy().tolist() for w in other.weights] == [[0, 0], [1, 1]]


def test_wrong_old_files(tmp_path):
    path = tmp_path / "old.h5"
    config = {"class_name": "Sequential", "config": OLD_CONFIGS["2.11"]}
    old_file(path, config, {"dense": {"kernel": KERNEL[:, :2], "bias": BIAS}})
    checked(path, r"dense/vars/0 of shape \(8, 2\); layer 'dense' has kernel of \(8, 3\)")
    old_file(path, config, {})
    checked(path, "holds weights of 0 layers; the model has 1")
    for function, words in ((["4wEAAAA=", None, None], "takes a function"), ("eval", "'eval' is none of Keras's")):
        code = {"class_name": "Lambda", "config": {"name": "l", "function": function}}
        old_file(path, {"class_name": "Sequential", "config": {"layers": [FIRST, code]}}, {})
        checked(path, words)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
    model.save_weights(tmp_path / "a.weights.h5")
    checked(tmp_path / "a.weights.h5", "holds weights alone")


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


def test_a_link_to_a_file_and_permissions_stay(tmp_path):
    target, link = tmp_path / "target.keras", tmp_path / "link.keras"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    trained().save(link)
    assert link.is_symlink()
    keras.models.load_model(target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.keras", "target.keras"]


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, MemoryError, RuntimeError])
def test_a_save_that_is_stopped_leaves_what_was_there(path, monkeypatch, stopped):
    model = trained()
    model.save(path)
    before = path.read_bytes()

    def write(archive, name, content):
        raise stopped

    monkeypatch.setattr("zipfile.ZipFile.writestr", write)
    with pytest.raises(stopped):
        model.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["model.keras"]


def test_a_name_nearly_as_long_as_may_be(tmp_path):
    path = tmp_path / ("x" * 249 + ".keras")
    trained().save(path)
    keras.models.load_model(path)


@pytest.mark.parametrize("name", [None, 7, b"a.keras", "a\0b.keras"])
def test_what_is_no_path(name):
    model = trained()
    for call in (model.save, model.save_weights, model.load_weights, keras.models.load_model):
        with pytest.raises(KlodsError, match="is no path of a file"):
            call(name)


@pytest.mark.parametrize("text", ["[" * 100_000, "{", 7, None, '{"class_name": "__slice__", "config": {}}'])
def test_a_description_that_is_none(text):
    with pytest.raises(KlodsError, match=r"no JSON|__slice__ can't be made"):
        keras.models.model_from_json(text)


def checked(path, words="."):
    with pytest.raises(KlodsError, match=words) as caught:
        keras.models.load_model(path)
    assert len(str(caught.value).splitlines()) == 4
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
