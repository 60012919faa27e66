"""StringLookup and IntegerLookup. Expected values are what Keras gives with TensorFlow, found there by hand."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, FileError, NameUnknownError, StateError

StringLookup, IntegerLookup = keras.layers.StringLookup, keras.layers.IntegerLookup
WORDS, TEXTS = ["a", "b", "c", "d"], [["a", "c", "d", "d"], ["d", "z", "b", "z"]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[1, 3, 4, 4], [4, 0, 2, 0]]),
        ({"mask_token": ""}, [[2, 4, 5, 5], [5, 1, 3, 1]]),
        ({"mask_token": "z"}, [[2, 4, 5, 5], [5, 0, 3, 0]]),
        ({"num_oov_indices": 2}, [[2, 4, 5, 5], [5, 1, 3, 1]]),
        ({"num_oov_indices": 3, "salt": 5}, [[3, 5, 6, 6], [6, 2, 4, 2]]),
        ({"output_mode": "multi_hot"}, [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]]),
        ({"output_mode": "count"}, [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]]),
        ({"output_mode": "count", "mask_token": "z"}, [[0, 1, 0, 1, 2], [0, 0, 1, 0, 1]]),
        ({"output_mode": "count", "max_tokens": 7, "pad_to_max_tokens": True},
         [[0, 1, 0, 1, 2, 0, 0], [2, 0, 1, 0, 1, 0, 0]]),
        ({"output_mode": "tf_idf", "idf_weights": [0.25, 0.75, 0.5, 0.5]},
         [[0, 0.25, 0, 0.5, 1], [1, 0, 0.75, 0, 0.5]]),
        ({"output_mode": "tf-idf", "idf_weights": [0.25, 0.75, 0.5, 0.5], "max_tokens": 6, "pad_to_max_tokens": True},
         [[0, 0.25, 0, 0.5, 1, 0], [1, 0, 0.75, 0, 0.5, 0]]),
    ],
)  # fmt: skip
def test_text(options, expected):
    layer = StringLookup(vocabulary=WORDS, **options)
    outputs = layer(TEXTS)
    assert outputs.numpy().tolist() == expected
    assert outputs.dtype == ("float32" if "idf_weights" in options else "int64")
    assert layer.compute_output_shape((2, 4)) == outputs.shape
    again = StringLookup.from_config(layer.get_config())
    assert again(TEXTS).numpy().tolist() == expected
    assert again.get_config() == layer.get_config()


def test_one_hot():
    """Each word has a row of its own; an axis of size 1 is replaced."""
    layer = StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    assert layer(["b", "z"]).numpy().tolist() == layer([["b"], ["z"]]).numpy().tolist() == [[0, 0, 1], [1, 0, 0]]
    assert layer([["b", "z"]]).shape == (1, 2, 3)
    assert layer("a").numpy().tolist() == [[0, 1, 0]]


def test_weights_of_unknown_words():
    layer = StringLookup(vocabulary=["[UNK]", "a", "b"], output_mode="tf_idf", idf_weights=[0.5, 0.25, 0.75])
    assert layer([["a", "z", "z"]]).numpy().tolist() == [[1.0, 0.25, 0.0]]


def test_numbers_into_words():
    layer = StringLookup(vocabulary=WORDS, invert=True)
    assert layer([[1, 4], [0, 9]]).numpy().tolist() == [[b"a", b"d"], [b"[UNK]", b"[UNK]"]]
    masked = StringLookup(vocabulary=WORDS, invert=True, mask_token="")
    assert masked([0, 1, 2, -1]).numpy().tolist() == [b"", b"[UNK]", b"a", b"[UNK]"]
    numbers = IntegerLookup(vocabulary=[12, 36], invert=True, mask_token=0)
    assert numbers([[0, 1], [2, 9]]).numpy().tolist() == [[0, -1], [12, -1]]


def test_words_beyond_ascii():
    assert StringLookup(vocabulary=["ä", "ö"])(["ö", "ä", "o"]).numpy().tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[1, 3, 4], [4, 0, 0]]),
        ({"mask_token": 0}, [[2, 4, 5], [5, 1, 1]]),
        ({"num_oov_indices": 2}, [[2, 4, 5], [5, 1, 1]]),  # 37 % 2 and -5 % 2
        ({"num_oov_indices": 2, "mask_token": 37}, [[3, 5, 6], [6, 0, 2]]),
    ],
)
def test_whole_numbers(options, expected):
    layer = IntegerLookup(vocabulary=[12, 36, 1138, 42], **options)
    assert layer(np.array([[12, 1138, 42], [42, 37, -5]])).numpy().tolist() == expected


@pytest.mark.parametrize(("options", "expected"), [({}, [3, 3, 2, 2, 0, 1]), ({"salt": (3, 4)}, [2, 3, 1, 2, 3, 0])])
def test_unknown_numbers_by_a_hash(options, expected):
    layer = IntegerLookup(vocabulary=[10, 20, 30], num_oov_indices=4, oov_method="farmhash", **options)
    assert layer([100, 300, 700, 1100, 1700, -2000]).numpy().tolist() == expected


def test_in_a_model():
    """Numbers are looked up in the compiled step, each time it runs."""
    inputs = keras.Input((3,), dtype="int64")
    lookup = IntegerLookup(output_mode="multi_hot")
    lookup.adapt(np.arange(5))
    model = keras.Model(inputs, keras.layers.Dense(1)(lookup(inputs)))
    model.compile("sgd", "mse")
    x = np.array([[4, 4, 9], [0, 1, 2]])
    model.fit(x, np.ones(2), verbose=0)
    kernel, bias = model.get_weights()
    assert lookup.get_vocabulary() == [-1, 4, 3, 2, 1, 0]
    assert np.allclose(model.predict(x, verbose=0), [[1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1]] @ kernel + bias)


# ------------------------------------------------------------ adapting


def test_the_most_frequent_words_come_first_and_of_equals_the_last():
    layer = StringLookup()
    layer.adapt([["a", "c", "d"], ["d", "z", "b"]])
    assert layer.get_vocabulary() == ["[UNK]", "d", "z", "c", "b", "a"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["d", "z", "c", "b", "a"]
    assert (layer.vocabulary_size(), layer.get_config()["vocabulary"]) == (6, None)
    layer.adapt(["x"])
    assert layer.get_vocabulary() == ["[UNK]", "x"]


def test_what_is_no_word_is_not_learnt():
    layer = StringLookup(max_tokens=4, mask_token="")
    layer.adapt(np.array(["a", "", "", "[UNK]", "c", "d", "d"]))
    assert layer.get_vocabulary() == ["", "[UNK]", "d", "c"]
    numbers = IntegerLookup()
    numbers.adapt([-1, -1, 3])
    assert numbers.get_vocabulary() == [-1, 3]


def batched(words):
    return klods.data.Dataset.from_tensor_slices(words).batch(2)


@pytest.mark.parametrize(
    "data",
    [
        [["a", "b"], ["b", "c"], ["c", "c"]],
        np.array([["a", "b"], ["b", "c"], ["c", "c"]]),
        klods.constant([["a", "b"], ["b", "c"], ["c", "c"]]),
        batched([["a", "b"], ["b", "c"], ["c", "c"]]),
        iter([[["a", "b"], ["b", "c"]], [["c", "c"]]]),
    ],
    ids=lambda data: type(data).__name__,
)
def test_rows_are_documents(data):
    """log(1 + documents / (1 + documents with the word)), of unknown words the mean."""
    layer = StringLookup(output_mode="tf_idf")
    layer.adapt(data)
    assert layer.get_vocabulary() == ["[UNK]", "c", "b", "a"]
    weights = np.log(1 + 3 / (1 + np.array([2, 2, 1])))
    assert np.allclose(layer([["?", "c", "b", "a"]]), [[weights.mean(), *weights]])


def test_steps():
    layer = StringLookup()
    layer.adapt(batched(["a", "b", "c", "d"]).repeat(), steps=1)
    assert layer.get_vocabulary() == ["[UNK]", "b", "a"]


def test_a_vocabulary_in_a_file(tmp_path):
    (tmp_path / "words.txt").write_text("b\nä\n", "utf-8")
    layer = StringLookup(vocabulary=str(tmp_path / "words.txt"))
    assert layer.get_vocabulary() == ["[UNK]", "b", "ä"]
    with pytest.raises(FileError):
        StringLookup(vocabulary=str(tmp_path / "none.txt"))


def test_a_vocabulary_with_what_stands_before_it():
    layer = StringLookup(vocabulary=["", "[UNK]", "a"], mask_token="")
    assert layer.get_vocabulary() == ["", "[UNK]", "a"]
    layer.set_vocabulary(["b", "c"])
    assert layer.get_vocabulary() == ["", "[UNK]", "b", "c"]


def test_in_a_dataset():
    layer = StringLookup(vocabulary=WORDS)
    data = klods.data.Dataset.from_tensor_slices((["a", "z", "d"], [1, 2, 3]))
    rows = data.map(lambda x, y: (layer(x), y)).batch(3)
    assert [x.numpy().tolist() for x, _ in rows] == [[1, 0, 4]]
    assert rows.element_spec[0] == klods.TensorSpec((None,), "int64")


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: StringLookup(vocabulary=["a"], num_oov_indices=0, name="one")(["a", "q"]), DataError, "'one' got 'q'"),
        (lambda: StringLookup(name="mine")(["a"]), StateError, "'mine' has no vocabulary yet"),
        (lambda: StringLookup(vocabulary=["a", "b", "a"]), DataError, "got 'a' twice"),
        (lambda: StringLookup(vocabulary=[]), DataError, "without words"),
        (lambda: StringLookup(vocabulary=["a", ""], mask_token=""), DataError, "got '' as a word"),
        (lambda: StringLookup(vocabulary=["a", "[UNK]"], invert=True), DataError, r"'\[UNK\]' as a word"),
        (lambda: StringLookup(vocabulary=WORDS, max_tokens=3), DataError, "got 4 words; there is room for 2"),
        (lambda: StringLookup(max_tokens=1), DataError, "max_tokens=1"),
        (lambda: StringLookup(pad_to_max_tokens=True), DataError, "max_tokens"),
        (lambda: StringLookup(num_oov_indices=-1), DataError, "num_oov_indices=-1"),
        (lambda: StringLookup(invert=True, output_mode="count"), DataError, "is no count"),
        (lambda: StringLookup(output_mode="rows"), NameUnknownError, "'rows'"),
        (lambda: StringLookup(vocabulary=["a"], output_mode="tf_idf"), DataError, "idf_weights"),
        (lambda: StringLookup(vocabulary=["a"], idf_weights=[1.0]), DataError, "idf_weights"),
        (lambda: StringLookup(vocabulary=["a"], output_mode="tf_idf", idf_weights=[1.0, 2.0]), DataError, "1 words"),
        (lambda: StringLookup(vocabulary=["a"]).adapt(["b"]), DataError, "was given its vocabulary"),
        (lambda: StringLookup().adapt([]), DataError, "no words"),
        (lambda: StringLookup(encoding="latin-1"), DataError, "UTF-8"),
        (lambda: IntegerLookup(salt=3), DataError, "farmhash"),
        (lambda: IntegerLookup(oov_method="other"), DataError, "oov_method"),
        (lambda: IntegerLookup(vocabulary_dtype="int32"), DataError, "int64"),
    ],
)  # fmt: skip
def test_errors(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


# ------------------------------------------------------------ files


@pytest.mark.parametrize("mode", ["int", "multi_hot", "tf_idf"])
def test_a_file_holds_the_words_found(mode, tmp_path):
    lookup = StringLookup(output_mode=mode)
    lookup.adapt(TEXTS)
    model = keras.Sequential([keras.Input((4,), dtype="string"), lookup, keras.layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    x = klods.constant([["a", "d", "?", "d"]])
    assert again.layers[0].get_vocabulary() == lookup.get_vocabulary()
    assert np.array_equal(again(x), model(x))
