"""TextVectorization. Expected values are what Keras gives with TensorFlow, found there by hand."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, FileError, NameUnknownError, ShapeError, StateError

Vectorization = keras.layers.TextVectorization
TEXTS = ["I write, erase, rewrite", "Erase again, and then", "A poppy blooms."]
TWICE, ONCE = np.log(1 + 3 / (1 + 2)), np.log(1 + 3 / (1 + 1))  # of words that are in two of the texts, and in one
FOUND = ["erase", "write", "then", "rewrite", "poppy", "i", "blooms", "and", "again", "a"]


def adapted(**options):
    layer = Vectorization(**options)
    layer.adapt(TEXTS)
    return layer


@pytest.mark.parametrize(
    ("options", "words", "expected"),
    [
        ({}, FOUND, [[7, 3, 2, 5], [2, 10, 9, 4], [11, 6, 8, 0]]),
        ({"output_sequence_length": 3}, FOUND, [[7, 3, 2], [2, 10, 9], [11, 6, 8]]),
        ({"output_sequence_length": 5}, FOUND, [[7, 3, 2, 5, 0], [2, 10, 9, 4, 0], [11, 6, 8, 0, 0]]),
        ({"max_tokens": 5}, FOUND[:3], [[1, 3, 2, 1], [2, 1, 1, 4], [1, 1, 1, 0]]),
        ({"standardize": None},
         ["write,", "then", "rewrite", "poppy", "erase,", "blooms.", "and", "again,", "I", "Erase", "A"],
         [[10, 2, 6, 4], [11, 9, 8, 3], [12, 5, 7, 0]]),
        ({"standardize": "lower"},
         ["write,", "then", "rewrite", "poppy", "i", "erase,", "erase", "blooms.", "and", "again,", "a"],
         [[6, 2, 7, 4], [8, 11, 10, 3], [12, 5, 9, 0]]),
        ({"standardize": "strip_punctuation"},
         ["write", "then", "rewrite", "poppy", "erase", "blooms", "and", "again", "I", "Erase", "A"],
         [[10, 2, 6, 4], [11, 9, 8, 3], [12, 5, 7, 0]]),
        ({"split": None}, ["i write erase rewrite", "erase again and then", "a poppy blooms"], [[2], [3], [4]]),
        ({"ngrams": (2,)},
         ["write erase", "poppy blooms", "i write", "erase rewrite", "erase again", "and then", "again and", "a poppy"],
         [[4, 2, 5], [6, 8, 7], [9, 3, 0]]),
        ({"ngrams": 2, "max_tokens": 5}, ["erase", "write erase", "write"],
         [[1, 4, 2, 1, 1, 3, 1], [2, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0]]),
    ],
)  # fmt: skip
def test_numbers_of_words(options, words, expected):
    layer = adapted(**options)
    outputs = layer([[text] for text in TEXTS])
    assert layer.get_vocabulary() == ["", "[UNK]", *words]
    assert outputs.numpy().tolist() == expected
    assert outputs.dtype == klods.int64
    assert all(want in (None, n) for want, n in zip(layer.compute_output_shape((3, 1)), outputs.shape))


def test_shapes_of_texts():
    layer = adapted()
    assert layer(TEXTS[0]).numpy().tolist() == [7, 3, 2, 5]
    assert layer(TEXTS[:1]).numpy().tolist() == layer([TEXTS[:1]]).numpy().tolist() == [[7, 3, 2, 5]]
    assert layer(["", ""]).shape == (2, 0)


def test_characters():
    layer = Vectorization(split="character")
    layer.adapt(["äb", "b"])
    assert layer.get_vocabulary() == ["", "[UNK]", "b", "ä"]
    assert layer(["bä c"]).numpy().tolist() == [[2, 3, 1, 1]]


def test_letters_and_spaces_are_those_of_ascii():
    layer = Vectorization()
    layer.adapt(["ÄB\tb\u00a0c\u2003d\x0be"])
    assert layer.get_vocabulary() == ["", "[UNK]", "Äb", "e", "b\u00a0c\u2003d"]


@pytest.mark.parametrize(
    ("mode", "first", "unknown"),
    [
        ("multi_hot", [0, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0], 1),
        ("count", [0, 2, 1, 0, 1, 0, 1, 0, 0, 0, 0], 3),
        ("tf_idf", [0, 2 * TWICE, ONCE, 0, ONCE, 0, ONCE, 0, 0, 0, 0], 3 * (TWICE + 9 * ONCE) / 10),
    ],
)
def test_a_row_for_each_text(mode, first, unknown):
    layer = adapted(output_mode=mode)
    rows = layer(["Erase! I write, erase, rewrite", "none of these"])
    assert layer.get_vocabulary() == ["[UNK]", *FOUND]
    assert np.allclose(rows[0], first)
    assert np.allclose(rows[1], [unknown] + [0] * 10)  # what fills it up is no word
    assert layer.compute_output_shape((2, 1)) == (2, 11)
    wide = adapted(output_mode=mode, max_tokens=14, pad_to_max_tokens=True)
    assert wide(TEXTS).shape == (3, 14)


def test_texts_that_are_words_are_documents_each():
    layer = Vectorization(split=None, output_mode="tf_idf")
    layer.adapt(["a", "b", "b"])
    assert np.allclose(layer([["b", "a"]]), [[0, TWICE, ONCE]])


def test_functions_of_ones_own():
    """They get arrays of str, and give arrays or lists."""
    layer = Vectorization(
        standardize=lambda texts: np.char.replace(texts, "-", " "),
        split=lambda texts: [text.upper().split() for text in texts],
    )
    layer.adapt(["a-b", "b c"])
    assert layer.get_vocabulary() == ["", "[UNK]", "B", "C", "A"]
    assert layer([["b-a"]]).numpy().tolist() == [[2, 4]]


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_datasets(shape):
    texts = klods.data.Dataset.from_tensor_slices(np.array(TEXTS).reshape(shape)).batch(2)
    layer = Vectorization(output_sequence_length=2)
    layer.adapt(texts)
    assert layer.get_vocabulary(include_special_tokens=False) == FOUND
    assert [x.numpy().tolist() for x in texts.map(layer)] == [[[7, 3], [2, 10]], [[11, 6]]]
    assert texts.map(layer).element_spec == klods.TensorSpec((None, 2), "int64")
    assert texts.map(adapted()).element_spec == klods.TensorSpec((None, None), "int64")
    assert texts.map(adapted(output_mode="count")).element_spec == klods.TensorSpec((None, 11), "int64")


def test_trained_with():
    """From text to a trained model: the vectors of words go through a dataset."""
    layer = adapted(output_mode="multi_hot")
    data = klods.data.Dataset.from_tensor_slices((TEXTS, [[1.0], [1.0], [0.0]])).batch(3)
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    losses = model.fit(data.map(lambda x, y: (layer(x), y)), epochs=3, verbose=0).history["loss"]
    assert losses[0] > losses[-1]


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Vectorization(name="mine")(TEXTS), StateError, "'mine' has no vocabulary yet"),
        (lambda: adapted(name="mine")([["a", "b"]]), ShapeError, "'mine' splits texts"),
        (lambda: Vectorization(vocabulary=["a"]).adapt(TEXTS), DataError, "was given its vocabulary"),
        (lambda: Vectorization(output_mode="count", output_sequence_length=3), DataError, "have no length"),
        (lambda: Vectorization(standardize="upper"), NameUnknownError, "standardize 'upper'"),
        (lambda: Vectorization(split="words"), NameUnknownError, "split 'words'"),
        (lambda: Vectorization(ngrams="2"), DataError, "ngrams"),
        (lambda: Vectorization(ngrams=0), DataError, "ngrams"),
        (lambda: Vectorization(encoding="latin-1"), DataError, "UTF-8"),
    ],
)
def test_errors(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


# ------------------------------------------------------------ files


@keras.saving.register_keras_serializable("test_layers_text")
def shout(texts):
    return np.char.upper(texts)


def test_a_configuration_comes_back():
    layer = Vectorization(standardize=shout, ngrams=(1, 2), vocabulary=["A", "A B"])
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert again(["a b"]).numpy().tolist() == [[2, 1, 3]]


def saved(tmp_path):
    model = keras.Sequential([keras.Input((1,), dtype="string"), adapted(), keras.layers.Embedding(12, 2)])
    model.save(tmp_path / "m.keras")
    return model, tmp_path / "m.keras"


def test_a_file_holds_the_words_found(tmp_path):
    model, path = saved(tmp_path)
    with zipfile.ZipFile(path) as archive:
        words = archive.read("assets/layers/text_vectorization/vocabulary.txt").decode()
    assert words == "\n".join(["", "[UNK]", *FOUND])
    again = keras.models.load_model(path)
    x = klods.constant([["a poppy erased"]])
    assert np.array_equal(again(x), model(x))


def test_files_stay_in_their_folder(tmp_path):
    _, path = saved(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assets/layers/text_vectorization/../../../../../../escaped.txt", "a")
    with pytest.raises(FileError, match="leads out"):
        keras.models.load_model(path)
