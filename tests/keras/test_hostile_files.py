"""Files made to do harm, or damaged: each is one clear error, changes nothing, and takes no memory that isn't there."""

from __future__ import annotations

import contextlib
import io
import json
import random
import resource
import sys
import zipfile

import h5py
import numpy as np
import pytest
from small import inputs, regressor, state, targets

from klods import keras
from klods.errors import DataError, FileError, KlodsError, NameUnknownError

x, t = inputs(), targets()
HUGE = 2**40


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return the parts of a trained model's `.keras` file."""
    model = regressor("adam")
    model.fit(x, t, epochs=1, verbose=0)
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(autouse=True)
def little_memory():
    """Let the tests take no more than another 4 GB of address space."""
    if not sys.platform.startswith("linux"):
        yield
        return
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**32, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.keras"


def packed(parts, how=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def refused(call, *arguments, words=".", kind=KlodsError):
    with pytest.raises(kind, match=words) as caught:
        call(*arguments)
    assert len(str(caught.value).splitlines()) < 10
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def refused_config(saved, path, change, words, kind=KlodsError):
    config = json.loads(saved["config.json"])
    change(config)
    path.write_bytes(packed({**saved, "config.json": json.dumps(config)}))
    refused(keras.models.load_model, path, words=words, kind=kind)


# ------------------------------------------------------------ sizes


def test_a_zip_bomb(saved, path):
    parts = {**saved, "config.json": b" " * 2**20 + saved["config.json"]}
    path.write_bytes(packed(parts, zipfile.ZIP_LZMA))
    refused(keras.models.load_model, path, words="packed in a way", kind=FileError)
    whole = bytearray(packed(saved))
    at = whole.rindex(b"PK\x01\x02" + whole[whole.rindex(b"PK\x01\x02") + 4 : whole.rindex(b"PK\x01\x02") + 8])
    whole[at + 24 : at + 28] = (2**31).to_bytes(4, "little")  # the declared size of the last part
    path.write_bytes(whole)
    refused(keras.models.load_model, path, words=r"declares 2,147,483,648 bytes; only [\d,]+ bytes are there")


def h5_of(write):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


def with_dataset(**options):
    def write(file):
        file.create_group("layers/dense/vars").create_dataset("0", **options)

    return write


def with_link(link):
    def write(file):
        file.create_group("layers/dense/vars")["0"] = link

    return write


def with_virtual(file):
    layout = h5py.VirtualLayout(shape=(8, 16), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "data", shape=(8, 16))
    file.create_group("layers/dense/vars").create_virtual_dataset("0", layout)


def with_long_text(file):
    file.create_group("layers/dense/vars").create_dataset("0", data=["a" * 100], dtype=h5py.string_dtype())


BAD_H5 = {
    "huge, chunked": (with_dataset(shape=(HUGE,), dtype="f4", chunks=(1024,)), "declares"),
    "huge, compressed": (with_dataset(shape=(HUGE,), dtype="f4", chunks=(1024,), compression="gzip"), "declares"),
    "huge, never written": (with_dataset(shape=(2**30,), dtype="f4"), "declares"),
    "packed by other code": (with_dataset(shape=(8, 16), dtype="i4", scaleoffset=4), "packed in a way"),
    "a link to a file": (with_link(h5py.ExternalLink("/etc/hostname", "/x")), "is a link elsewhere"),
    "a link to a place": (with_link(h5py.SoftLink("/layers")), "is a link elsewhere"),
    "numbers of another file": (
        with_dataset(shape=(8, 16), dtype="f4", external=[("/etc/hostname", 0, 512)]),
        "stands in another file",
    ),
    "a virtual array": (with_virtual, "stands in another file"),
    "texts": (with_long_text, "is no kind of numbers"),
    "a group": (lambda file: file.create_group("layers/dense/vars/0"), "has no array"),
    "an array for a group": (lambda file: file.create_dataset("layers/dense/vars", data=[1.0]), "holds 0 weights"),
    "no shape": (with_dataset(data=h5py.Empty("f4")), "has no array"),
    "nothing": (lambda file: None, "holds 0 weights at 'layers/dense'; layer 'dense"),
}


@pytest.mark.parametrize("case", BAD_H5)
def test_weights_made_to_do_harm(case, saved, path, tmp_path):
    write, words = BAD_H5[case]
    model, data = regressor("adam"), h5_of(write)
    before = state(model)
    weights = tmp_path / "a.weights.h5"
    weights.write_bytes(data)
    refused(model.load_weights, weights, words=words, kind=FileError)
    path.write_bytes(packed({**saved, "model.weights.h5": data}))
    refused(keras.models.load_model, path, kind=KlodsError)
    assert state(model) == before


def test_a_configuration_that_asks_for_more_than_the_file_holds(saved, path):
    place = ["config", "layers", 1, "config", "units"]
    refused_config(saved, path, lambda config: put(config, place, HUGE), "wants a weight of shape", DataError)


def described(module, kind, **config):
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def stack_of(*layers):
    first = described("keras.layers", "InputLayer", batch_shape=[None, 2])
    return described("keras", "Sequential", name="stack", layers=[first, *layers])


MANY = [described("keras.layers", "Dense", units=1000, name=f"dense_{n}") for n in range(20)]
METRICS = [
    ("AUC", {"num_thresholds": HUGE}),
    ("AUC", {"num_thresholds": 10_000, "multi_label": True, "num_labels": 10_000}),
    ("MeanIoU", {"num_classes": HUGE}),
    ("MeanIoU", {"num_classes": 10_000}),
    ("SensitivityAtSpecificity", {"specificity": 0.5, "num_thresholds": HUGE}),
]


def test_many_layers_that_each_ask_for_little(saved, path):
    refused_config(saved, path, lambda config: config.update(stack_of(*MANY)), "'dense_1.' wants a weight of shape")


@pytest.mark.parametrize(("kind", "options"), METRICS)
def test_metrics_that_ask_for_more_than_the_file_holds(kind, options, saved, path):
    metrics = [described("keras.metrics", kind, **options)]
    words = "wants .*; the file holds fewer numbers in all"
    refused_config(saved, path, lambda config: put(config, ["compile_config", "metrics"], metrics), words, DataError)


def test_a_model_of_ones_own_built_for_huge_inputs(saved, path):
    @keras.saving.register_keras_serializable("hostile")
    class Whole(keras.Model):
        def call(self, inputs):
            return inputs

    own = {"module": "hostile", "class_name": "Whole", "config": {}, "registered_name": "hostile>Whole"}
    own["build_config"] = {"input_shape": [2**16, 2**16]}
    path.write_bytes(packed({**saved, "config.json": json.dumps(own)}))
    refused(keras.models.load_model, path, words="wants to be built for inputs of shape", kind=DataError)


def tensor(name, call=0):
    about = {"shape": [None, 2], "dtype": "float32", "keras_history": [name, call, 0]}
    return {"class_name": "__keras_tensor__", "config": about}


def chain(*operations, backwards=False):
    """Return a functional model of operations of Keras, each on what the one before gives."""
    layers = [{**described("keras.layers", "InputLayer", batch_shape=[None, 2], name="x"), "inbound_nodes": []}]
    for number, (kind, options, args) in enumerate(operations):
        args = [tensor(f"op{number - 1}" if number else "x"), *args] if args is not None else []
        call = {"args": args, "kwargs": {}}
        layers.append({**described("keras.src.ops.numpy", kind, **options), "inbound_nodes": [call]})
    for number, layer in enumerate(layers):
        layer["name"] = f"op{number - 1}" if number else "x"
    ends = {"input_layers": ["x", 0, 0], "output_layers": [layers[-1]["name"], 0, 0]}
    layers = [layers[0], *layers[:0:-1]] if backwards else layers
    return {**described("keras.src.models.functional", "Functional", layers=layers, **ends), "compile_config": None}


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (("OneHot", {"num_classes": 2**30}, []), "num_classes=1073741824; the file holds fewer"),
        (("Repeat", {"repeats": 2**30}, []), "repeats=1073741824; the file holds fewer"),
        (("Repeat", {}, [2**30]), "repeats=1073741824; the file holds fewer"),
        (("Ones", {"shape": [2**30]}, None), "'op0' is called on no output of a layer"),
        (("Arange", {"start": 0, "stop": 2**30, "step": 1}, None), "'op0' is called on no output of a layer"),
    ],
)
def test_operations_that_make_more_than_the_file_holds(operation, words, saved, path):
    refused_config(saved, path, lambda config: config.update(chain(operation)), words, DataError)


def test_calls_in_the_worst_order():
    config = chain(*[("Relu", {}, [])] * 1000, backwards=True)
    layers = keras.models.model_from_json(json.dumps(config)).get_config()["layers"]
    assert [layer["name"] for layer in layers] == ["x", *[f"op{number}" for number in range(1000)]]


@pytest.mark.parametrize("dtype", ["S1000000000", "(1000000000,)u1", "V1000000000", "O"])
def test_arrays_of_large_elements(dtype, saved, path):
    array = {"class_name": "__numpy__", "config": {"value": 0, "dtype": dtype}}
    words = "which is no kind of numbers"
    refused_config(saved, path, lambda config: put(config, ["compile_config", "loss_weights"], [array]), words)


def test_a_configuration_packed_too_well(saved, path):
    path.write_bytes(packed({**saved, "config.json": b" " * 10**6 + saved["config.json"]}, zipfile.ZIP_DEFLATED))
    refused(keras.models.load_model, path, words="config.json in the archive declares")


def test_weights_packed_twice(saved, path):
    """Zeros packed in HDF5, and that packed by the archive: 100 MB in some 1,000 bytes."""
    data = h5_of(with_dataset(data=np.zeros(10**8, "i1"), chunks=(10**6,), compression="gzip"))
    wide = stack_of(described("keras.layers", "Dense", units=15_000_000))
    parts = {"metadata.json": "{}", "config.json": json.dumps(wide), "model.weights.h5": data}
    path.write_bytes(packed(parts, zipfile.ZIP_DEFLATED))
    assert len(path.read_bytes()) < 15_000
    refused(keras.models.load_model, path, words="wants a weight of shape")


def test_groups_inside_each_other_without_end(saved, path):
    def write(file):
        for _ in range(5000):
            file = file.create_group("a")

    path.write_bytes(packed({**saved, "model.weights.h5": h5_of(write)}))
    refused(keras.models.load_model, path, words="holds 0 weights at")


def test_safetensors_that_declare_more_than_they_hold(tmp_path):
    pytest.importorskip("safetensors")
    model, path = regressor(), tmp_path / "a.safetensors"
    header = {"layers/dense/vars/0": {"dtype": "F32", "shape": [HUGE], "data_offsets": [0, 4 * HUGE]}}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    refused(model.load_weights, path, words="is damaged", kind=FileError)
    path.write_bytes((2**60).to_bytes(8, "little"))
    refused(model.load_weights, path, words="is damaged", kind=FileError)


# ------------------------------------------------------------ what is never run


LAMBDA = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}


def test_a_lambda_is_refused(saved, path):
    place = ["config", "layers", 1, "config", "activation"]
    words = "is a lambda, whose code stands in the file; klods runs no code"
    refused_config(saved, path, lambda config: put(config, place, LAMBDA), words)
    with pytest.raises(DataError, match="is a lambda"):
        keras.models.load_model(path, safe_mode=False)


@pytest.mark.parametrize("module", ["os", "builtins", "keras.src.saving", "keras.layers", "klods.errors", None])
@pytest.mark.parametrize("name", ["system", "eval", "load_model", "function"])
def test_names_reach_nothing_but_known_classes(module, name, saved, path):
    evil = {"module": module, "class_name": name, "config": {"command": "false"}, "registered_name": None}
    for place in (["config", "layers", 1], ["config", "layers", 1, "config", "activation"], ["compile_config", "loss"]):
        refused_config(saved, path, lambda config, place=place: put(config, place, evil), name)


def test_an_unregistered_class_says_how_to_register(saved, path):
    own = {"module": "shop", "class_name": "Scale", "config": {}, "registered_name": "shop>Scale"}
    words = r"register_keras_serializable\(package='shop'\) before Scale.*custom_objects=\{'Scale': Scale\}"
    refused_config(saved, path, lambda config: put(config, ["config", "layers", 1], own), words, NameUnknownError)


# ------------------------------------------------------------ versions and nonsense


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"keras_version": "4.0.1"}, "was written by Keras 4.0.1"),
        ({"keras_version": "3.15.0", "format_version": 99}, "has format version 99"),
        ({"keras_version": None}, "is damaged"),
        ([], "is damaged"),
    ],
)
def test_versions(metadata, words, saved, path):
    path.write_bytes(packed({**saved, "metadata.json": json.dumps(metadata)}))
    refused(keras.models.load_model, path, words=words, kind=FileError)


def test_a_newer_version_of_weights(tmp_path):
    model, path = regressor(), tmp_path / "a.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        file.attrs["format_version"] = 2
    refused(model.load_weights, path, words="has format version 2; this klods reads versions up to 1", kind=FileError)


NONSENSE = ["", "null", "7", "[]", "{}", '"model"', "[" * 100_000, '{"class_name": "Sequential"}', "{" * 10, "NaN"]


@pytest.mark.parametrize("text", NONSENSE, ids=range(len(NONSENSE)))
def test_a_nonsensical_configuration(text, saved, path):
    path.write_bytes(packed({**saved, "config.json": text}))
    refused(keras.models.load_model, path)


@pytest.mark.filterwarnings("ignore:The optimizer starts anew")
def test_nonsense_at_every_place_of_a_configuration(saved, path):
    chance = random.Random(0)
    for place in places_in(json.loads(saved["config.json"])):
        for nonsense in chance.sample([None, 7, "x", [], {}, [[]], {"class_name": []}, HUGE, -1, 0.5], 2):
            config = json.loads(saved["config.json"])
            put(config, place, nonsense)
            path.write_bytes(packed({**saved, "config.json": json.dumps(config)}))
            with contextlib.suppress(KlodsError):
                keras.models.load_model(path)


def put(config, place, value):
    *way, last = place
    for key in way:
        config = config[key]
    config[last] = value


def places_in(config, way=()):
    inner = config.items() if isinstance(config, dict) else enumerate(config) if isinstance(config, list) else ()
    for key, value in inner:
        yield [*way, key]
        yield from places_in(value, (*way, key))


# ------------------------------------------------------------ damage


def damaged(data, chance):
    """Return data with some bytes changed, or an end or a middle cut off."""
    data = bytearray(data)
    if chance.random() < 0.3:
        start = chance.randrange(len(data))
        del data[start : start + chance.choice([1, 10, len(data)])]
    for _ in range(chance.choice([1, 5, 50])):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


ENDINGS = [".keras", ".weights.h5", ".safetensors"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_give_an_error_or_a_whole_model(ending, seed, tmp_path):
    """What comes back is klods's own error, with the model as it was, or all weights of a file that can be read."""
    if ending == ".safetensors":
        pytest.importorskip("safetensors")
    model, path, chance = regressor("adam"), tmp_path / f"a{ending}", random.Random(seed)
    model.fit(x, t, epochs=1, verbose=0)
    (model.save if ending == ".keras" else model.save_weights)(path)
    whole = path.rename(tmp_path / f"whole{ending}")
    sound, before = whole.read_bytes(), state(model)
    for _ in range(25):
        path.write_bytes(damaged(sound, chance))
        error = error_of(model.load_weights, path)
        if error is not None:
            assert len(str(error).splitlines()) < 10
            assert state(model) == before
        if ending == ".keras":
            error_of(keras.models.load_model, path)
        model.load_weights(whole)


def error_of(call, *arguments):
    """Return klods's error if a call ends in one; any other error is a failure of the test."""
    try:
        call(*arguments)
    except KlodsError as error:
        return error
    return None


# ------------------------------------------------------------ vocabularies


def lookup(kind="StringLookup", **options):
    """Return what puts such a layer in the place of the model's first."""
    layer = {"module": "keras.layers", "class_name": kind, "config": options, "registered_name": None}
    return lambda config: config["config"]["layers"].__setitem__(1, layer)


@pytest.mark.parametrize("kind", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_no_other_file_is_read_because_a_file_says_so(kind, saved, path, tmp_path):
    (tmp_path / "secret.txt").write_text("1\n2")
    refused_config(saved, path, lookup(kind, vocabulary=str(tmp_path / "secret.txt")), "doesn't read", DataError)


@pytest.mark.parametrize(
    "options",
    [{"num_oov_indices": HUGE}, {"max_tokens": HUGE, "pad_to_max_tokens": True, "output_mode": "count"}],
)
def test_a_vocabulary_without_end(options, saved, path):
    refused_config(saved, path, lookup(**options), "wants [0-9]+ places; the file holds fewer numbers")
