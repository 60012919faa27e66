"""Data sets: what both libraries make of the same files. Keras is given them in its cache, klods by their paths."""

from __future__ import annotations

import importlib
import io
import json
import pickle
import tarfile

import numpy as np
import pytest
from beside import own

RANDOM = np.random.default_rng(11)
TEXTS = np.empty(40, object)
TEXTS[:] = [RANDOM.integers(1, 60, RANDOM.integers(1, 12)).tolist() for _ in range(40)]

FILES = {
    "imdb": {"x_train": TEXTS[:25], "y_train": np.arange(25), "x_test": TEXTS[25:], "y_test": np.arange(15)},
    "reuters": {"x": TEXTS, "y": np.arange(40)},
    "boston_housing": {"x": RANDOM.normal(size=(50, 13)), "y": RANDOM.normal(size=50)},
    "california_housing": {"x": RANDOM.normal(size=(700, 8)).astype("float32"), "y": np.arange(700, dtype="float32")},
}
WORDS = [
    {},
    {"num_words": 20},
    {"num_words": 30, "skip_top": 8},
    {"maxlen": 8},
    {"maxlen": 9, "num_words": 25, "seed": 3},
    {"start_char": None},
    {"start_char": None, "index_from": 0},
    {"start_char": 7, "index_from": 10, "oov_char": 4, "num_words": 40},
    {"oov_char": None, "num_words": 15},
    {"start_char": None, "index_from": None},
]
CASES = {
    "imdb": WORDS,
    "reuters": [*WORDS, {"test_split": 0.5}, {"test_split": 0.33, "maxlen": 7}],
    "boston_housing": [{}, {"test_split": 0.37}, {"seed": 5}, {"test_split": 0}],
    "california_housing": [{}, {"version": "small"}, {"version": "small", "test_split": 0.1, "seed": 9}],
}


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Return a function that loads a file by both libraries."""

    def load(name, **arguments):
        file = tmp_path / f"{name}.npz"
        np.savez(file, **FILES[name])
        module = importlib.import_module(f"keras.src.datasets.{name}")
        monkeypatch.setattr(module, "get_file", lambda *_, **__: str(file))
        return getattr(own.datasets, name).load_data(path=file, **arguments), module.load_data(**arguments)

    return load


@pytest.mark.parametrize(
    ("name", "arguments"), [(name, arguments) for name, cases in CASES.items() for arguments in cases], ids=str
)
def test_load_data(loaded, name, arguments):
    ours, theirs = loaded(name, **arguments)
    for (x, y), (their_x, their_y) in zip(ours, theirs):
        assert x.dtype == their_x.dtype
        assert x.tolist() == their_x.tolist()
        assert y.dtype == their_y.dtype
        assert y.tolist() == their_y.tolist()


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_word_index(tmp_path, monkeypatch, name):
    file = tmp_path / "words.json"
    file.write_text(json.dumps({"the": 1, "and": 2}))
    module = importlib.import_module(f"keras.src.datasets.{name}")
    monkeypatch.setattr(module, "get_file", lambda *_, **__: str(file))
    assert getattr(own.datasets, name).get_word_index(file) == module.get_word_index()
    if name == "reuters":
        assert own.datasets.reuters.get_label_names() == module.get_label_names()


@pytest.mark.parametrize("label_mode", ["fine", "coarse"])
def test_cifar100(tmp_path, monkeypatch, label_mode):
    with tarfile.open(tmp_path / "cifar.tar.gz", "w:gz") as archive:
        for part in ("train", "test"):
            batch = {
                b"data": RANDOM.integers(0, 256, (6, 3072), np.uint8),
                b"fine_labels": [1, 2, 3, 4, 5, 99],
                b"coarse_labels": [1, 1, 1, 2, 2, 19],
            }
            content = pickle.dumps(batch, 3)
            info = tarfile.TarInfo(f"cifar-100-python/{part}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    with tarfile.open(tmp_path / "cifar.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    module = importlib.import_module("keras.src.datasets.cifar100")
    monkeypatch.setattr(module, "get_file", lambda *_, **__: str(tmp_path))
    ours = own.datasets.cifar100.load_data(label_mode, tmp_path / "cifar.tar.gz")
    for mine, other in zip(ours, module.load_data(label_mode)):
        for array, their in zip(mine, other):
            assert array.dtype == their.dtype
            assert np.array_equal(array, their)
