"""Data sets: small files in the real formats, from a server on this machine or a folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from klods.errors import FileError
from klods.keras import config, datasets
from klods.keras.datasets.archives import read_arrays, unpickled
from klods.keras.datasets.sources import KERAS, TORONTO, Published

RANDOM = np.random.default_rng(3)


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def ragged(*lists) -> np.ndarray:
    array = np.empty(len(lists), object)
    array[:] = lists
    return array


def idx(array: np.ndarray) -> bytes:
    """Return an array in the format of MNIST's own files."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes())


def text_of_python_2(content: bytes) -> bytes:
    return (b"U" + bytes([len(content)]) if len(content) < 256 else b"T" + struct.pack("<i", len(content))) + content


def pickle_of_python_2(**values) -> bytes:
    """Return a dict with text as keys as Python 2 pickles it: CIFAR's format, which Python 3 no longer writes."""
    parts = [b"\x80\x02}("]
    for key, value in values.items():
        parts.append(text_of_python_2(key.encode()))
        if isinstance(value, list):
            parts.append(b"](" + b"".join(b"K" + bytes([number]) for number in value) + b"e")
            continue
        parts += [
            b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text_of_python_2(b"b") + b"\x87R",
            b"(K\x01" + b"".join(b"J" + struct.pack("<i", size) for size in value.shape) + b"\x86",
            b"cnumpy\ndtype\n" + text_of_python_2(b"u1") + b"K\x00K\x01\x87R",
            b"(K\x03" + text_of_python_2(b"|") + b"NNN" + 2 * b"J\xff\xff\xff\xff" + b"K\x00tb",
            b"\x89" + text_of_python_2(value.tobytes()) + b"tb",
        ]
    return b"".join([*parts, b"u."])


def tar(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


REVIEWS = ragged([1, 14, 22], [1, 7, 5, 3000], [9], [2, 2])
IMDB = npz(x_train=REVIEWS, y_train=np.array([1, 0, 1, 0]), x_test=REVIEWS[:2], y_test=np.array([0, 1]))
REUTERS = npz(x=REVIEWS, y=np.array([3, 4, 5, 45]))
HOUSES = npz(x=np.arange(1300.0).reshape(100, 13), y=np.arange(100.0))
PICTURES = RANDOM.integers(0, 256, (7, 3072), np.uint8)
CIFAR10 = tar(
    **{
        f"cifar-10-batches-py/{name}": pickle_of_python_2(data=PICTURES[i : i + 2], labels=[i, 9])
        for i, name in enumerate(
            ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
        )
    }
)
CIFAR100 = tar(
    **{
        f"cifar-100-python/{name}": pickle_of_python_2(data=PICTURES[:2], fine_labels=fine, coarse_labels=[1, 2])
        for name, fine in (("train", [50, 99]), ("test", [3, 4]))
    }
)


@pytest.fixture
def published(web, home, monkeypatch):
    """Return a function that has a module's file published by the server on this machine."""

    def publish(module, name, content, checksum=True):
        file = getattr(module, name)
        own = Published(file.name, web.url + file.url.rpartition("/")[2], folder=file.folder)
        if checksum:
            own = replace(own, checksum=hashlib.sha256(content).hexdigest())
        monkeypatch.setattr(module, name, own)
        web.files[own.url.rpartition("/")[2]] = content

    return publish


def test_where_the_files_are_published():
    """The places and checksums are those of Keras 3.15, src/datasets."""
    assert KERAS == "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
    known = {
        datasets.imdb.REVIEWS: (KERAS + "imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
        datasets.imdb.WORDS: (KERAS + "imdb_word_index.json", "bfafd718b763782e994055a2d397834f"),
        datasets.reuters.NEWS: (
            KERAS + "reuters.npz",
            "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
        ),
        datasets.reuters.WORDS: (KERAS + "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921"),
        datasets.boston_housing.DISTRICTS: (
            KERAS + "boston_housing.npz",
            "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
        ),
        datasets.california_housing.DISTRICTS: (
            KERAS + "california_housing.npz",
            "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
        ),
        datasets.cifar10.ARCHIVE: (
            TORONTO + "cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
        datasets.cifar100.ARCHIVE: (
            TORONTO + "cifar-100-python.tar.gz",
            "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        ),
    }
    assert {file: (file.url, file.checksum) for file in known} == known


# ---------------------------------------------------------------- imdb and reuters


def test_imdb(published, web, home):
    published(datasets.imdb, "REVIEWS", IMDB)
    (x_train, y_train), (x_test, y_test) = datasets.imdb.load_data(num_words=100)
    assert sorted(zip(x_train, y_train.tolist())) == [
        ([1, 4, 10, 8, 2], 0),
        ([1, 4, 17, 25], 1),
        ([1, 5, 5], 0),
        ([1, 12], 1),
    ]
    assert sorted(zip(x_test, y_test.tolist())) == [([1, 4, 10, 8, 2], 1), ([1, 4, 17, 25], 0)]
    assert x_train.dtype == object
    assert type(x_train[0]) is list
    assert type(x_train[0][0]) is int
    datasets.imdb.load_data()
    assert len(web.asked) == 1
    assert (home / "datasets" / "imdb.npz").read_bytes() == IMDB


@pytest.fixture
def reviews(tmp_path):
    (tmp_path / "imdb.npz").write_bytes(IMDB)
    return tmp_path / "imdb.npz"


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({}, [[1, 4, 10, 8, 2], [1, 4, 17, 25], [1, 5, 5], [1, 12]]),
        ({"index_from": 0, "start_char": None, "num_words": 4000}, [[1, 7, 5, 3000], [1, 14, 22], [2, 2], [9]]),
        ({"skip_top": 5, "num_words": 20}, [[2, 2, 10, 8, 2], [2, 2, 17, 2], [2, 5, 5], [2, 12]]),
        ({"oov_char": None, "num_words": 20}, [[1, 4, 10, 8], [1, 4, 17], [1, 5, 5], [1, 12]]),
        ({"maxlen": 4, "start_char": 7}, [[7, 5, 5], [7, 2]]),
    ],
)
def test_what_is_done_to_texts(reviews, arguments, texts):
    """By Keras's documentation: words below skip_top or from num_words on are 2; only texts below maxlen are kept."""
    if "maxlen" in arguments:
        content = npz(x_train=REVIEWS, y_train=np.arange(4), x_test=REVIEWS[2:], y_test=np.arange(2))
        reviews.write_bytes(content)
    (x_train, y_train), _ = datasets.imdb.load_data(reviews, **arguments)
    assert sorted(x_train.tolist()) == sorted(texts)
    assert len(y_train) == len(x_train)


def test_texts_of_one_length_stay_lists(tmp_path):
    """Keras makes an array of two axes of them."""
    file = tmp_path / "reuters.npz"
    file.write_bytes(npz(x=ragged([1, 2], [3, 4], [5, 6]), y=np.arange(3)))
    (x, _), _ = datasets.reuters.load_data(file, test_split=0)
    assert x.shape == (3,)
    assert type(x[0]) is list


def test_maxlen_that_leaves_nothing(reviews):
    with pytest.raises(ValueError, match="No text has fewer than maxlen=2 words"):
        datasets.imdb.load_data(reviews, maxlen=2)


def test_orders(reviews):
    def labels(seed):
        (x, _), _ = datasets.imdb.load_data(reviews, seed=seed)
        return x.tolist()

    assert labels(1) == labels(1)
    assert any(labels(1) != labels(seed) for seed in range(2, 9))


def test_reuters(published):
    published(datasets.reuters, "NEWS", REUTERS)
    (x_train, y_train), (x_test, y_test) = datasets.reuters.load_data(test_split=0.25)
    assert (x_train.shape, x_test.shape) == ((3,), (1,))
    assert sorted([*y_train, *y_test]) == [3, 4, 5, 45]
    assert datasets.reuters.get_label_names()[45] == "lead"
    assert len(datasets.reuters.get_label_names()) == 46


@pytest.mark.parametrize("module", [datasets.imdb, datasets.reuters])
def test_word_index(published, module):
    words = {"the": 1, "crème": 88}
    published(module, "WORDS", json.dumps(words, ensure_ascii=False).encode())
    assert module.get_word_index() == words


# ---------------------------------------------------------------- numbers and pictures


@pytest.mark.parametrize("module", [datasets.boston_housing, datasets.california_housing])
def test_houses(published, module):
    published(module, "DISTRICTS", HOUSES)
    (x_train, y_train), (x_test, y_test) = module.load_data(test_split=0.3)
    assert (x_train.shape, x_test.shape) == ((70, 13), (30, 13))
    assert sorted([*y_train, *y_test]) == list(range(100))
    assert all(13 * y == row[0] for row, y in zip(x_train, y_train))
    with pytest.raises(ValueError, match="test_split is a share"):
        module.load_data(test_split=1)


def test_the_small_version_of_california(tmp_path):
    file = tmp_path / "houses.npz"
    file.write_bytes(npz(x=np.zeros((700, 8)), y=np.arange(700)))
    (_, y_train), (_, y_test) = datasets.california_housing.load_data("small", file)
    assert sorted([*y_train, *y_test]) == list(range(600))
    with pytest.raises(ValueError, match="no version 'tiny'"):
        datasets.california_housing.load_data("tiny", file)


def test_fashion_mnist(web, home, monkeypatch, tmp_path):
    arrays = [
        PICTURES[:6, :784].reshape(6, 28, 28),
        np.arange(6, dtype=np.uint8),
        PICTURES[:2, 9:793].reshape(2, 28, 28),
    ]
    arrays.append(np.array([9, 8], np.uint8))
    files = [replace(file, url=web.url + file.name) for file in datasets.fashion_mnist.FILES]
    monkeypatch.setattr(datasets.fashion_mnist, "FILES", files)
    web.files = {file.name: idx(array) for file, array in zip(files, arrays)}
    for path in (None, home / "datasets" / "fashion-mnist"):
        (x_train, y_train), (x_test, y_test) = datasets.fashion_mnist.load_data(path)
        assert all((a == b).all() for a, b in zip((x_train, y_train, x_test, y_test), arrays))
        assert x_train.dtype == y_train.dtype == np.uint8
    assert len(web.asked) == 4
    with pytest.raises(FileError, match=r"train-images-idx3-ubyte\.gz' does not exist"):
        datasets.fashion_mnist.load_data(tmp_path)


def test_the_pickles_of_these_tests_are_pickles():
    batch = pickle.loads(pickle_of_python_2(data=PICTURES, labels=[1, 2]), encoding="bytes")
    assert batch[b"labels"] == [1, 2]
    assert (batch[b"data"] == PICTURES).all()


def test_cifar10(published):
    published(datasets.cifar10, "ARCHIVE", CIFAR10)
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert (x_train.shape, x_test.shape) == ((10, 32, 32, 3), (2, 32, 32, 3))
    assert y_train.tolist() == [[0], [9], [1], [9], [2], [9], [3], [9], [4], [9]]
    assert y_test.tolist() == [[5], [9]]
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert (x_train[3, 5, 7] == PICTURES[2, [5 * 32 + 7, 1024 + 5 * 32 + 7, 2048 + 5 * 32 + 7]]).all()


def test_cifar100(published, tmp_path):
    published(datasets.cifar100, "ARCHIVE", CIFAR100)
    (x_train, y_train), (_, y_test) = datasets.cifar100.load_data()
    assert x_train.shape == (2, 32, 32, 3)
    assert type(x_train) is type(y_train) is np.ndarray
    assert (y_train.tolist(), y_test.tolist()) == ([[50], [99]], [[3], [4]])
    (tmp_path / "local.tar.gz").write_bytes(CIFAR100)
    (_, y_train), _ = datasets.cifar100.load_data("coarse", tmp_path / "local.tar.gz")
    assert y_train.tolist() == [[1], [2]]
    with pytest.raises(ValueError, match="no label_mode 'both'"):
        datasets.cifar100.load_data("both")


def test_channels_first(tmp_path):
    (tmp_path / "local").write_bytes(CIFAR100)
    config.set_image_data_format("channels_first")
    try:
        (x, _), _ = datasets.cifar100.load_data(path=tmp_path / "local")
    finally:
        config.set_image_data_format("channels_last")
    assert (x == PICTURES[:2].reshape(2, 3, 32, 32)).all()


# ---------------------------------------------------------------- files that are not what they should be


@pytest.mark.parametrize("name", ["./imdb.npz", "folder/imdb.npz", "/nowhere/imdb.npz"])
def test_a_local_file_that_is_missing(tmp_path, monkeypatch, home, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError, match="does not exist"):
        datasets.imdb.load_data(name)


def test_a_published_file_is_checked_before_it_is_read(published, web):
    published(datasets.imdb, "REVIEWS", IMDB)
    web.files["imdb.npz"] = IMDB + b"altered"
    with pytest.raises(FileError, match="sha256 differs"):
        datasets.imdb.load_data()


SPOILED = {
    "empty": b"",
    "text": b"hello",
    "cut short": IMDB[:300],
    "altered": IMDB[:200] + bytes(20) + IMDB[220:],
    "lacking arrays": npz(x_train=np.zeros(3)),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_damaged_files(tmp_path, kind):
    for name, load in (("x.npz", datasets.imdb.load_data), ("x.npz", datasets.boston_housing.load_data)):
        (tmp_path / name).write_bytes(SPOILED[kind])
        with pytest.raises(FileError, match=r"x\.npz.*expected a NumPy .npz file with the arrays"):
            load(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"hello", idx(PICTURES)[:200], gzip.compress(b"\0\0\x08\x01\0\0\0\x09abc")])
def test_damaged_pictures(tmp_path, content):
    for name in datasets.fashion_mnist.NAMES:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match="IDX"):
        datasets.fashion_mnist.load_data(tmp_path)
    (tmp_path / "cifar").write_bytes(content)
    with pytest.raises(FileError, match="expected the archive with cifar-10-batches-py/data_batch_1"):
        datasets.cifar10.load_data(tmp_path / "cifar")


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self):
        return Path.touch, (self.sprung,)


def test_a_pickle_that_calls_functions(tmp_path):
    file, sprung = tmp_path / "trap.npz", tmp_path / "sprung"
    content = {"x": ragged([1], Trap(sprung)), "y": np.arange(2)}
    file.write_bytes(npz(**content))
    for load in (datasets.reuters.load_data, datasets.boston_housing.load_data):
        with pytest.raises(FileError, match=r"trap\.npz"):
            load(file)
    assert not sprung.exists()
    np.load(file, allow_pickle=True)["x"]
    assert sprung.exists(), "the trap itself works"
    sprung.unlink()
    batch = pickle.dumps({b"data": PICTURES, b"labels": Trap(sprung)}, 2)
    file.write_bytes(tar(**{"cifar-10-batches-py/data_batch_1": batch}))
    with pytest.raises(FileError, match=r"trap\.npz"):
        datasets.cifar10.load_data(file)
    assert not sprung.exists()


NEW, OBJECT, BYTES = (
    b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR",
    b"cnumpy\ndtype\n(X\x02\x00\x00\x00O8K\x00K\x01tR",
    b"cnumpy\ndtype\n(X\x02\x00\x00\x00u1K\x00K\x01tR",
)
HOSTILE = {
    "a function": b"cposix\nsystem\n(X\x04\x00\x00\x00truetR.",
    "eval": b"cbuiltins\neval\n(X\x01\x00\x00\x001tR.",
    "getattr": b"cbuiltins\ngetattr\n(X\x01\x00\x00\x001X\x01\x00\x00\x00atR.",
    "another of NumPy's": b"cnumpy\nload\n(X\x01\x00\x00\x00atR.",
    "the array's class": b"cnumpy\nndarray\n(K\x05tR.",
    "a class of ours": b"cklods.keras.datasets.archives\n_Array\n)R.",
    "a persistent object": b"X\x01\x00\x00\x00aQ.",
    "more than there is": NEW + b"(K\x01J\xff\xff\xff\x7f\x85" + BYTES + b"\x89C\x04abcdtb.",
    "less than there is": NEW + b"(K\x01K\x03\x85" + BYTES + b"\x89C\x04abcdtb.",
    "a negative size": NEW + b"(K\x01J\xff\xff\xff\xffJ\xfc\xff\xff\xff\x86" + BYTES + b"\x89C\x04abcdtb.",
    "addresses for objects": NEW + b"(K\x01K\x01\x85" + OBJECT + b"\x89C\x08\x00\x00\x00\x00\x00\x00\x00\x00tb.",
    "bytes for objects": NEW + b"(K\x01K\x01\x85" + OBJECT + b"\x89C\x01atb.",
    "a dtype of parts": NEW + b"(K\x01K\x01\x85cnumpy\ndtype\n(X\x03\x00\x00\x00V99tR\x89C\x04abcdtb.",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_pickles(kind):
    with pytest.raises(TypeError if kind == "the array's class" else pickle.UnpicklingError):
        unpickled(io.BytesIO(b"\x80\x04" + HOSTILE[kind]))


NO_TEXTS = {
    "text": ragged("abc", "d"),
    "digits": ragged(["1"], ["2"]),
    "dicts": ragged({"a": 1}, {"b": 2}),
    "numbers of dicts": ragged({1: 1}, {2: 2}),
    "bytes": ragged(b"ab", b"c"),
    "nothing": ragged(None, None),
    "lists in lists": ragged([[1, 2], [3, 4]], [[1], [2]]),
    "fractions": ragged([1.5], [2.0]),
    "no numbers": ragged([float("nan")], [1]),
    "too large": ragged([10**30], [1]),
    "one list twice": ragged(*[[1, 2]] * 2),
    "arrays of arrays": ragged(np.ones((2, 2), int), [1]),
    "another number of them": ragged([1], [2], [3]),
}


@pytest.mark.parametrize("kind", NO_TEXTS)
def test_texts_that_are_none(tmp_path, kind):
    file = tmp_path / "x.npz"
    x, y = NO_TEXTS[kind], np.arange(2)
    file.write_bytes(npz(x=x, y=y, x_train=x, y_train=y, x_test=x, y_test=y))
    for load in (datasets.imdb.load_data, datasets.reuters.load_data):
        with pytest.raises(FileError, match="expected texts that are lists of word numbers, and a label for each"):
            load(file)


def test_lists_that_would_unfold_without_end(tmp_path):
    """Forty lists, each with the one before twice: 2^40 numbers for whoever looks inside."""
    inner = [1]
    for _ in range(40):
        inner = [inner, inner]
    (tmp_path / "x.npz").write_bytes(npz(x=ragged(inner, [1]), y=np.arange(2)))
    with pytest.raises(FileError, match="expected texts"):
        datasets.reuters.load_data(tmp_path / "x.npz")


def test_a_pickle_takes_no_memory_that_it_does_not_fill():
    """It may name any place of the unpickler's memo, for which Python's own takes all the room up to it."""
    tracemalloc.start()
    try:
        assert unpickled(io.BytesIO(b"\x80\x02]r" + (2**25).to_bytes(4, "little") + b".")) == []
        assert tracemalloc.get_traced_memory()[1] < 10**6
    finally:
        tracemalloc.stop()


def test_a_pickle_leaves_nothing_behind():
    function = b"cnumpy.core.multiarray\n_reconstruct\n"
    unpickled(io.BytesIO(function + b"}S'left'\nI7\nsb."))
    assert not hasattr(unpickled(io.BytesIO(function + b".")), "left")


@pytest.mark.parametrize(("shape", "dtype"), [((2**40,), "<i8"), ((2**20,), "|S100000")])
def test_an_array_that_declares_more_than_there_is(tmp_path, shape, dtype):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + b"abc")
    with pytest.raises(FileError, match=r"declares an array of shape .*, which is more than there is"):
        read_arrays(tmp_path / "x.npz", "x")


def test_harmless_pickles():
    values = {"a": [1, 2.5, "text", b"bytes", None, True, (1, 2)], "b": 2**70}
    for protocol in (3, 4):
        assert unpickled(io.BytesIO(pickle.dumps(values, protocol))) == values
        for dtype in ("uint8", "<i4", ">i8", "float32", "bool"):
            array = np.arange(6).reshape(2, 3).astype(dtype)
            for given in (array, np.asfortranarray(array), array[:0]):
                read = unpickled(io.BytesIO(pickle.dumps(given, protocol)))
                assert read.dtype == given.dtype.newbyteorder("=")
                assert read.shape == given.shape
                assert (read == given).all()


def test_arrays_of_lists_are_plain_arrays(tmp_path):
    (tmp_path / "x.npz").write_bytes(npz(x=REVIEWS))
    (array,) = read_arrays(tmp_path / "x.npz", "x", ragged=True)
    assert type(array) is np.ndarray
    assert array.tolist() == REVIEWS.tolist()
