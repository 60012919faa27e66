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
    refused_config(saved, path, lookup(**options), "more places than the file holds")
