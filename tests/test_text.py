"""Tensors of text: what they hold, what can be done with them, and that they are kept apart from numbers."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods.errors import DTypeError, TraceWarning

TEXT = klods.constant(["a", "bcd", "ä"])


@pytest.mark.parametrize(
    "given",
    [
        ["a", "bcd", "ä"],
        ("a", "bcd", "ä"),
        [b"a", b"bcd", "ä".encode()],
        np.array(["a", "bcd", "ä"]),
        np.array(["a", b"bcd", "ä"], object),
        np.array(["a", "bcd", "ä"], np.dtypes.StringDType()),
    ],
)
def test_text_is_kept_as_utf_8(given):
    text = klods.constant(given)
    assert text.dtype == klods.string == "string"
    assert [item.decode() for item in text.numpy()] == ["a", "bcd", "ä"]


def test_no_text():
    assert klods.constant([], "string").dtype == klods.constant(np.array([], str)).dtype == klods.string


def test_one_text():
    text = klods.constant("abc")
    assert (text.shape, text.numpy(), bool(text == "abc"), bool(text != "abc")) == ((), b"abc", True, False)
    assert (f"{TEXT[1]}", str(TEXT[1])) == ("b'bcd'", "klods.Tensor(b'bcd', shape=(), dtype=string)")
    assert repr(TEXT[1]) == "<klods.Tensor: shape=(), dtype=string, numpy=b'bcd'>"


def test_moving_and_comparing():
    both = klods.concat([TEXT, ["longer than these"]], 0)
    assert both.numpy().tolist() == [b"a", b"bcd", "ä".encode(), b"longer than these"]
    assert klods.reshape(both, (2, 2))[1, 1].numpy() == b"longer than these"
    assert klods.gather(TEXT, [2, 0]).numpy().tolist() == ["ä".encode(), b"a"]
    assert (TEXT == "ä").numpy().tolist() == [False, False, True]
    assert klods.where([True, False, True], TEXT, "no").numpy().tolist() == [b"a", b"no", "ä".encode()]
    assert klods.ones(2) != "a"  # as Python compares what can't be compared


@pytest.mark.parametrize(
    "call",
    [
        lambda: TEXT + 1,
        lambda: 2.0 * TEXT,
        lambda: klods.equal(TEXT, [True, False, True]),
        lambda: klods.exp(TEXT),
        lambda: klods.reduce_sum(TEXT),
        lambda: klods.matmul(TEXT, TEXT),
        lambda: klods.constant("1", "float32"),
        lambda: klods.constant(1, "string"),
        lambda: klods.add(klods.ones(3), ["a", "b", "c"]),
        lambda: klods.Variable("a"),
        lambda: klods.keras.layers.Dense(2)(klods.reshape(TEXT, (1, 3))),
    ],
)
def test_text_is_no_number(call):
    with pytest.raises(DTypeError, match=r"text|string"):
        call()


def test_datasets_of_text():
    data = klods.data.Dataset.from_tensor_slices((["a", "bb", "ccc"], [1, 2, 3]))
    assert data.element_spec[0] == klods.TensorSpec((), klods.string)
    batches = [(x.numpy().tolist(), y.numpy().tolist()) for x, y in data.map(lambda x, y: (x, y + 1)).batch(2)]
    assert batches == [([b"a", b"bb"], [2, 3]), ([b"ccc"], [4])]
    yielded = klods.data.Dataset.from_generator(lambda: iter(["a", "bc"]), klods.string)
    assert [x.numpy() for x in yielded] == [b"a", b"bc"]


def test_a_compiled_function_of_text_runs_as_it_is():
    @klods.function
    def is_a(text):
        return klods.equal(text, "a")

    with pytest.warns(TraceWarning, match="calls equal on text"):
        assert is_a(TEXT).numpy().tolist() == [True, False, False]

    @klods.function
    def column(text):
        return klods.reshape(text, (3, 1))

    @klods.function
    def words(numbers):
        return klods.cast(numbers, klods.string)

    with pytest.warns(TraceWarning, match="cast makes text"):
        assert words(klods.constant([1, 2])).numpy().tolist() == [b"1", b"2"]

    with pytest.warns(TraceWarning, match="returns text"):
        assert column(TEXT).numpy().tolist() == [[b"a"], [b"bcd"], ["ä".encode()]]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("backend", ["numpy", None])
def test_a_compiled_function_hands_text_to_layers(backend):
    hashing = klods.keras.layers.Hashing(7)

    @klods.function(jit_compile=backend != "numpy")
    def numbers(text):
        return 2 * hashing(klods.reshape(text, (3, 1)))

    longer = klods.constant(["longer words", "b", "ä"])
    for texts in (TEXT, longer, TEXT):
        expected = 2 * hashing(texts).numpy()[:, None]
        np.testing.assert_array_equal(numbers(texts).numpy(), expected)
    assert len(numbers.runners) == 1


def test_in_a_notebook():
    assert ">bcd<" in TEXT._repr_html_()
    assert "shape () · text" in TEXT[0]._repr_html_()
