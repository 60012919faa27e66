"""Text in `fit`, `evaluate` and `predict`: for models that begin with a layer which makes numbers of it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from small import state
from test_bad_input import check_wording

import klods
from klods import keras
from klods.errors import DataError, DTypeError, TraceWarning

TEXTS = ["the cat sat", "a dög ran", "cat cat dog", "the the"] * 4
LABELS = np.array([0, 1, 1, 0] * 4, np.float32)

pytestmark = pytest.mark.filterwarnings("error::klods.errors.TraceWarning")


def vectorization():
    layer = keras.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(TEXTS)
    return layer


def tail():
    return [keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")]


def compiled(model):
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return model


def reader(shape=(1,)):
    keras.utils.set_random_seed(1)
    return compiled(keras.Sequential([keras.Input(shape, dtype="string"), vectorization(), *tail()]))


@pytest.fixture(scope="module")
def expected():
    """What a model learns and predicts that gets the numbers of the words."""
    keras.utils.set_random_seed(1)
    numbers = vectorization()(TEXTS).numpy()
    model = compiled(keras.Sequential([keras.Input((4,)), *tail()]))
    history = model.fit(numbers, LABELS, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    return history, model.predict(numbers, verbose=0), model.evaluate(numbers, LABELS, verbose=0)


def batches(x):
    for start in range(0, 16, 5):
        yield x[start : start + 5], LABELS[start : start + 5]


KINDS = {
    "array of str": lambda x: (np.array(x), LABELS),
    "array of bytes": lambda x: (np.char.encode(np.array(x), "utf-8"), LABELS),
    "array of objects": lambda x: (np.array(x, object), LABELS),
    "array of StringDType": lambda x: (np.array(x, np.dtypes.StringDType()), LABELS),
    "column": lambda x: (np.array(x, object)[:, None], LABELS),
    "list": lambda x: (x, LABELS),
    "list of lists": lambda x: ([[text] for text in x], LABELS),
    "tensor": lambda x: (klods.constant(x), LABELS),
    "dataset": lambda x: (klods.data.Dataset.from_tensor_slices((x, LABELS)).batch(5),),
    "generator": lambda x: (batch for _ in range(2) for batch in batches(np.array(x, object))),
    "generator of lists": lambda x: (batch for _ in range(2) for batch in batches(x)),
}


@pytest.mark.parametrize("shape", [(1,), ()], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_training_is_that_on_numbers(kind, shape, expected):
    history, predicted, figures = expected
    model, data = reader(shape), KINDS[kind](TEXTS)
    arguments = {"batch_size": 5} if isinstance(data, tuple) and len(data) == 2 else {}
    if not isinstance(data, tuple):
        data, arguments = (data,), {"steps_per_epoch": 4}
    got = model.fit(*data, epochs=2, shuffle=False, verbose=0, **arguments).history
    assert got == {name: pytest.approx(values, rel=1e-5) for name, values in history.items()}
    np.testing.assert_allclose(model.predict(np.array(TEXTS), verbose=0), predicted, rtol=1e-5)
    assert model.evaluate(np.array(TEXTS), LABELS, verbose=0) == pytest.approx(figures, rel=1e-5)


def test_single_batches(expected):
    model, x = reader(), np.array(TEXTS)
    loss = model.evaluate(x, LABELS, verbose=0)[0]
    assert model.test_on_batch(x, LABELS)[0] == pytest.approx(loss)
    assert model.train_on_batch(x, LABELS)[0] == pytest.approx(loss)
    assert model.test_on_batch(x, LABELS)[0] < loss
    np.testing.assert_allclose(model.predict_on_batch(x), model(x).numpy(), rtol=1e-5)


def test_validation_and_weights():
    model = reader()
    data = klods.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(4)
    history = model.fit(np.array(TEXTS), LABELS, validation_data=data, class_weight={0: 1.0, 1: 2.0}, verbose=0).history
    assert history["val_loss"] == pytest.approx([model.evaluate(data, verbose=0)[0]])
    split = model.fit(TEXTS, LABELS, validation_split=0.25, verbose=0).history
    assert split["val_loss"] == pytest.approx([model.evaluate(TEXTS[12:], LABELS[12:], verbose=0)[0]])


def test_without_an_input_first(expected):
    keras.utils.set_random_seed(1)
    model = compiled(keras.Sequential([vectorization(), *tail()]))
    figures = model.fit(TEXTS, LABELS, batch_size=5, epochs=2, shuffle=False, verbose=0).history
    assert figures == {name: pytest.approx(values, rel=1e-5) for name, values in expected[0].items()}


def test_several_inputs_by_name():
    words, numbers = keras.Input((1,), dtype="string", name="words"), keras.Input((3,), name="numbers")
    encoded = keras.layers.Rescaling(1.0)(
        keras.layers.StringLookup(vocabulary=["x", "y"], output_mode="one_hot")(words)
    )
    model = keras.Model([words, numbers], keras.layers.concatenate([encoded, numbers]))
    given = {"words": np.array(["x", "z", "y"]), "numbers": np.ones((3, 3))}
    rows = [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    np.testing.assert_array_equal(model.predict(given, verbose=0), np.hstack([rows, np.ones((3, 3))]))


def test_a_model_of_ones_own():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.hashing = keras.layers.Hashing(5, output_mode="one_hot")

        def call(self, inputs):
            return self.hashing(inputs)

    words = np.array([["A"], ["B"], ["C"]])
    np.testing.assert_array_equal(
        Own().predict(words, verbose=0), keras.layers.Hashing(5, output_mode="one_hot")(words)
    )


def test_missing_values_in_a_frame():
    pandas = pytest.importorskip("pandas")
    model = reader()
    for dtype in (object, "string", "category"):
        model.fit(pandas.Series(TEXTS, dtype=dtype), LABELS, verbose=0)
        model.fit(pandas.DataFrame({"text": pandas.Series(TEXTS, dtype=dtype)}), LABELS, verbose=0)
    with pytest.raises(DTypeError, match=r"x holds nan at \[1, 0\], which is no text, among objects"):
        model.predict(pandas.Series(["a", np.nan], dtype=object), verbose=0)


# ------------------------------------------------------------ bad input

BAD = {
    "no text layer": (lambda: numbers_alone(), TEXTS, DTypeError, "x holds text; a model takes numbers"),
    "objects": (lambda: numbers_alone(), np.array(TEXTS, object), DTypeError, "x holds text; a model takes numbers"),
    "a missing text": (reader, ["a"] * 15 + [None], DTypeError, r"x holds None at \[15\], which is no text"),
    "a number": (reader, np.array(["a"] * 15 + [2.5], object), DTypeError, r"x holds 2\.5 at \[15\], which is no text"),
    "one text": (reader, "the cat", DTypeError, "x is a str; a model takes arrays"),
    "ragged": (reader, [["a"]] * 15 + [["b", "c"]], DataError, "x has rows of different lengths"),
}


def numbers_alone():
    return compiled(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))


@pytest.mark.parametrize("case", BAD)
def test_bad_text(case):
    make, x, kind, words = BAD[case]
    model = make()
    before = state(model)
    for call in (lambda: model.fit(x, LABELS, verbose=0), lambda: model.predict(x, verbose=0)):
        with pytest.raises(kind, match=words) as caught:
            call()
        check_wording(caught.value)
    np.testing.assert_equal(state(model), before)


def test_text_for_labels():
    with pytest.raises(DTypeError, match="y holds text; a model takes numbers"):
        reader().fit(TEXTS, TEXTS, verbose=0)
    with pytest.raises(DTypeError, match="sample_weight holds text"):
        reader().fit(TEXTS, LABELS, sample_weight=TEXTS, verbose=0)


def mean(options):
    layer = keras.layers.TextVectorization(**options)
    layer.adapt(TEXTS)
    means = keras.layers.Lambda(lambda x: klods.reduce_mean(klods.cast(x, "float32"), 1, keepdims=True))
    keras.utils.set_random_seed(1)
    return compiled(
        keras.Sequential([keras.Input((1,), dtype="string"), layer, means, keras.layers.Dense(1, "sigmoid")])
    )


@pytest.mark.parametrize(
    "options",
    [
        {"output_sequence_length": 3},
        {"output_mode": "multi_hot"},
        {"output_mode": "count", "max_tokens": 20, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf", "ngrams": 2},
        {"split": None},
        {"split": "character", "output_sequence_length": 5, "standardize": None},
    ],
    ids=str,
)
def test_compiled_and_eager_agree(options):
    model, eager = mean(options), mean(options)
    eager.compile("sgd", "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    histories = [m.fit(TEXTS, LABELS, batch_size=5, epochs=2, shuffle=False, verbose=0).history for m in (model, eager)]
    assert histories[0] == {name: pytest.approx(figures, rel=1e-5) for name, figures in histories[1].items()}
    assert model.step_to_run("train_step").untraceable is None
    assert len(model.step_to_run("train_step").runners) == 2  # batches of 5 and of 1, however long the texts


@pytest.mark.filterwarnings("default")
def test_rows_as_long_as_the_longest_text_run_as_they_are_which_is_said_once():
    model = mean({})
    with pytest.warns(
        TraceWarning, match=r"'train_step' runs as it is, not compiled: Layer '\w+' makes rows"
    ) as caught:
        model.fit(TEXTS, LABELS, epochs=2, verbose=0)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(TEXTS, LABELS, verbose=0)
