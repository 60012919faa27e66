"""Datasets of the texts in folders."""

from __future__ import annotations

import pytest

import klods
from klods import keras
from klods.errors import DataError, FileError, NameUnknownError


@pytest.fixture
def folder(tmp_path):
    """Six texts of two classes, and a file that is no text."""
    for name, words in (("neg", ["awful", "bäd", ""]), ("pos", ["good", "great", "fine"])):
        (tmp_path / name).mkdir()
        for number, word in enumerate(words):
            (tmp_path / name / f"{number}.txt").write_text(word, "utf-8")
    (tmp_path / "pos" / "notes.md").write_text("none")
    return tmp_path


def made(folder, **options):
    options = {"shuffle": False, "verbose": False, **options}
    return keras.utils.text_dataset_from_directory(folder, **options)


def pairs(dataset):
    return [(x.numpy().tolist(), y.numpy().tolist()) for x, y in dataset]


def test_texts_and_classes(folder):
    data = made(folder, batch_size=4)
    assert pairs(data) == [([b"awful", "bäd".encode(), b"", b"good"], [0, 0, 0, 1]), ([b"great", b"fine"], [1, 1])]
    assert data.class_names == ["neg", "pos"]
    assert [path[-9:] for path in data.file_paths[::5]] == ["neg/0.txt", "pos/2.txt"]
    assert data.element_spec == (klods.TensorSpec((None,), "string"), klods.TensorSpec((None,), "int32"))


def test_single_texts_and_their_length(folder):
    texts = [x.numpy() for x in made(folder, batch_size=None, max_length=3, label_mode=None)]
    assert texts == [b"awf", b"b\xc3\xa4", b"", b"goo", b"gre", b"fin"]
    with_labels = pairs(made(folder, batch_size=None, label_mode="categorical", class_names=["pos", "neg"]))
    assert with_labels[0] == (b"good", [1.0, 0.0])


def test_parts(folder):
    options = {"validation_split": 0.34, "shuffle": True, "seed": 3, "label_mode": "binary"}
    train, val = made(folder, subset="both", **options)
    texts = [text for data in (train, val) for x, _ in pairs(data) for text in x]
    assert sorted(texts) == sorted([b"awful", "bäd".encode(), b"", b"good", b"great", b"fine"])
    [(alone, _)], [(beside, _)] = pairs(made(folder, subset="validation", **options)), pairs(val)
    assert sorted(alone) == sorted(beside)  # the only one asked for is shuffled too
    assert len(val.file_paths) == 2


def test_from_folders_to_a_model(folder, capsys):
    data = keras.preprocessing.text_dataset_from_directory(folder, batch_size=2, seed=1)
    assert "Found 6 files of 2 classes." in capsys.readouterr().out
    layer = keras.layers.TextVectorization(output_mode="multi_hot", max_tokens=10, pad_to_max_tokens=True)
    layer.adapt(data.map(lambda x, y: x))
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(data.map(lambda x, y: (layer(x), y)).cache(), epochs=30, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"label_mode": "ints"}, NameUnknownError, "label_mode 'ints'"),
        ({"label_mode": "binary", "class_names": ["neg"]}, DataError, "2 classes"),
        ({"validation_split": 0.2}, DataError, "go together"),
        ({"class_names": ["pos", "none"]}, DataError, "no folder none"),
    ],
)
def test_errors(folder, options, kind, words):
    with pytest.raises(kind, match=words):
        made(folder, **options)


def test_no_texts(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="no texts"):
        made(tmp_path)
