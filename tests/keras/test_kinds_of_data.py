"""Kinds of data: generators, iterators, PyDataset and datasets in place of arrays, in fit, evaluate and predict."""

from __future__ import annotations

import itertools
import sys
import warnings

import numpy as np
import pytest
from small import classifier, inputs, labels, regressor, state, targets
from test_bad_input import check_wording

import klods
from klods import keras
from klods.errors import DataError, DTypeError, KlodsError, ShapeError

x, y, t = inputs(), labels(), targets()
WEIGHTS = np.linspace(0, 3, 64)


def cut(*parts, size=10, times=1):
    """Yield batches of arrays, the last of each pass smaller."""
    for _ in range(times):
        for start in range(0, 64, size):
            yield tuple(part[start : start + size] for part in parts)


class Again:
    """Can be iterated again and again, as a dataset of another library."""

    def __init__(self, *parts, batches=7):
        self.parts, self.batches = parts, batches

    def __iter__(self):
        return itertools.islice(cut(*self.parts), self.batches)


class Sized(keras.utils.PyDataset):
    """Notes what it is asked for."""

    def __init__(self, *parts, **arguments):
        super().__init__(**arguments)
        self.parts, self.seen = parts, []

    def __len__(self):
        return 7

    def __getitem__(self, i):
        self.seen.append(i)
        return tuple(part[i * 10 : i * 10 + 10] for part in self.parts)

    def on_epoch_begin(self):
        self.seen.append("begin")

    def on_epoch_end(self):
        self.seen.append("end")


class Endless(Sized):
    @property
    def num_batches(self):
        return None

    def __getitem__(self, i):
        return super().__getitem__(i % 7)


KINDS = {
    "generator": lambda *parts: cut(*parts, times=2),
    "iterator": lambda *parts: iter(list(cut(*parts, times=2))),
    "lists": lambda *parts: iter([[part.tolist() for part in batch] for batch in cut(*parts, times=2)]),
    "tensors": lambda *parts: (tuple(map(klods.constant, batch)) for batch in cut(*parts, times=2)),
    "iterable": Again,
    "PyDataset": Sized,
    "endless PyDataset": Endless,
    "Dataset": lambda *parts: klods.data.Dataset.from_tensor_slices(parts).batch(10),
    "endless Dataset": lambda *parts: klods.data.Dataset.from_tensor_slices(parts).batch(10).repeat(),
}


def trained(data, **arguments):
    keras.utils.set_random_seed(1)
    model = regressor("adam")
    history = model.fit(*data, epochs=2, shuffle=False, verbose=0, **arguments).history
    return model, history


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_that_on_arrays(kind):
    expected, history = trained((x, t), batch_size=10, sample_weight=WEIGHTS)
    model, figures = trained((KINDS[kind](x, t, WEIGHTS.astype(np.float32)),), steps_per_epoch=7)
    assert figures == {name: pytest.approx(figure, rel=1e-5) for name, figure in history.items()}
    for mine, other in zip(model.get_weights(), expected.get_weights()):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)
    weighed = model.evaluate(x, t, batch_size=10, sample_weight=WEIGHTS, verbose=0)
    assert model.evaluate(KINDS[kind](x, t, WEIGHTS), steps=7, verbose=0) == pytest.approx(weighed, rel=1e-5)
    predicted = model.predict(KINDS[kind](x), steps=7, verbose=0)
    np.testing.assert_allclose(predicted, model.predict(x, verbose=0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["iterable", "PyDataset", "Dataset"])
def test_what_ends_need_not_be_counted(kind):
    _expected, history = trained((x, t), batch_size=10, validation_data=(x, t), validation_batch_size=10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model, figures = trained((KINDS[kind](x, t),), validation_data=KINDS[kind](x, t))
    assert figures == {name: pytest.approx(figure, rel=1e-5) for name, figure in history.items()}
    assert model.predict(KINDS[kind](x), verbose=0).shape == (64, 3)


def test_what_a_batch_may_be():
    model = regressor()
    expected = model.predict(x, verbose=0)
    for batches in (
        (batch for (batch,) in cut(x)),
        cut(x),
        cut(x, t),
        cut(x, t, WEIGHTS),
        ([batch] for (batch,) in cut(x.astype(np.float64))),
    ):
        np.testing.assert_allclose(model.predict(batches, verbose=0), expected, rtol=1e-4, atol=1e-6)


def test_structures():
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, inputs):
            return {"out": self.dense(inputs["a"]) + inputs["b"]}

    def batches():
        for a, b in cut(x, t):
            yield {"a": a, "b": b}, {"out": b}

    model = Two()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    loss = model.fit(batches(), verbose=0).history["loss"]
    assert loss == pytest.approx([(model.dense(x).numpy() ** 2).mean()], rel=1e-5)
    assert model.evaluate({"a": x, "b": t}, {"out": t}, verbose=0) == pytest.approx(loss[0], rel=1e-5)
    assert model.predict(batches(), verbose=0)["out"].shape == (64, 3)


# ------------------------------------------------------------ epochs


def test_hooks_and_order_of_a_py_dataset():
    data = Sized(x, t)
    model = regressor()
    model.fit(data, epochs=2, shuffle=False, verbose=0)
    assert data.seen == ["begin", *range(7), "end"] * 2
    data.seen.clear()
    model.fit(data, epochs=3, shuffle=False, steps_per_epoch=3, verbose=0)
    assert data.seen == ["begin", 0, 1, 2, "end", "begin", 3, 4, 5, "end", "begin", 6, "end"]


def test_shuffle_gives_a_py_dataset_an_order_of_its_own_each_epoch():
    data = Sized(x, t)
    regressor().fit(data, epochs=2, verbose=0)
    first, second = data.seen[1:8], data.seen[10:17]
    assert sorted(first) == sorted(second) == list(range(7))
    assert first != list(range(7))
    assert first != second


def test_a_generator_that_ends_early():
    with pytest.warns(UserWarning, match=r"x ran out of data after 1 of 3 steps|The data ended after 3 epochs"):
        history = regressor().fit(cut(x, t), epochs=5, steps_per_epoch=3, verbose=0)
    assert history.epoch == [0, 1, 2]
    with pytest.warns(UserWarning, match="ended after 1 epochs; training stops"):
        assert regressor().fit(cut(x, t), epochs=2, verbose=0).epoch == [0]


def test_data_that_end_within_an_epoch_start_anew():
    with pytest.warns(UserWarning, match="x ran out of data after 1 of 3 steps"):
        history = regressor().fit(Again(x, t), epochs=5, steps_per_epoch=3, verbose=0)
    assert history.epoch == [0, 1, 2, 3, 4]


def test_a_validation_generator_goes_on():
    model = regressor(keras.optimizers.SGD(0.0))
    validation = cut(x, t)
    history = model.fit(x, t, epochs=2, validation_data=validation, validation_steps=3, verbose=0).history
    errors = ((model.predict(x, verbose=0) - t) ** 2).mean(1)
    assert history["val_loss"] == pytest.approx([errors[:30].mean(), errors[30:60].mean()], rel=1e-5)
    with pytest.warns(UserWarning, match="The validation data ended before epoch 2; it has no validation"):
        history = model.fit(x, t, epochs=2, validation_data=cut(x, t), verbose=0).history
    assert len(history["val_loss"]) == 1


def test_a_generator_that_raises():
    def failing():
        yield from itertools.islice(cut(x, t), 3)
        raise LookupError("mine")

    model, twin = regressor(), regressor()
    model.set_weights(twin.get_weights())
    with pytest.raises(LookupError, match="mine") as caught:
        model.fit(failing(), epochs=2, verbose=0)
    assert caught.value.__cause__ is None
    if sys.version_info >= (3, 11):  # which has notes
        assert caught.value.__notes__ == ["It came up in batch 3 of x, a generator."]
    twin.fit(x[:30], t[:30], batch_size=10, shuffle=False, verbose=0)
    for mine, other in zip(model.get_weights(), twin.get_weights()):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-7)
    model.fit(x, t, verbose=0)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python has no notes yet")
def test_an_error_of_the_sources_own_says_at_which_batch():
    class Broken(Sized):
        def __getitem__(self, i):
            if i == 2:
                raise OSError("no such file") from KeyError("why")
            return super().__getitem__(i)

    def checked(row):
        klods.debugging.assert_less(row, 2.0)
        return row

    rows = klods.data.Dataset.from_tensor_slices(np.concatenate([x[:25], x[25:] * 100])).map(checked).batch(10)
    model = regressor()
    calls = [
        (lambda: model.fit(Broken(x, t), shuffle=False, verbose=0), "batch 2 of x, a Broken."),
        (lambda: model.fit(x, t, validation_data=Broken(x, t), verbose=0), "validation batch 2 of x, a Broken."),
        (lambda: model.evaluate(Broken(x, t), verbose=0), "batch 2 of x, a Broken."),
        (lambda: model.predict(rows, verbose=0), f"batch 2 of x, a {type(rows).__name__}."),
    ]
    for call, words in calls:
        with pytest.raises((OSError, ValueError)) as caught:
            call()
        assert caught.value.__notes__ == [f"It came up in {words}"]
        assert type(caught.value) is not OSError or type(caught.value.__cause__) is KeyError


def test_a_batch_size_beside_batches_goes_unheeded():
    """As in Keras, which says nothing of it."""
    model = regressor()
    data = KINDS["Dataset"](x, t)
    for call in (model.fit, model.evaluate, model.predict):
        with pytest.warns(
            UserWarning, match=r"batch_size=4 goes unheeded: x is a \w+, which yields batches of its own"
        ):
            call(data, batch_size=4, verbose=0)
    with pytest.warns(UserWarning, match="batch_size=4 goes unheeded: validation x is a"):
        model.fit(x, t, validation_data=data, validation_batch_size=4, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(x, t, batch_size=4, validation_data=data, verbose=0)
        model.fit(data, validation_data=(x, t), validation_batch_size=4, verbose=0)


SLICES = klods.data.Dataset.from_tensor_slices
AUTOENCODER = [keras.Input((8,)), keras.layers.Dense(8)]
UNBATCHED = {
    "labels": (lambda: classifier(), lambda: SLICES((x, y)), "batch 0: y is a single number: "),
    "numbers": (lambda: regressor(), lambda: SLICES((x[:, 0], t)), "batch 0: x is a single number: "),
    "in a dict": (lambda: regressor(), lambda: SLICES(({"a": x, "b": y}, t)), "batch 0: x is a single number: "),
    "in a tuple": (lambda: regressor(), lambda: SLICES(((x, y), t)), "batch 0: x is a single number: "),
    "rows": (lambda: regressor(), lambda: SLICES((x, t)), "batch 0: x has 8, batch 0: y has 3"),
    "equal rows": (
        lambda: compiled(keras.Sequential(AUTOENCODER)),
        lambda: SLICES((x, x)),
        r"The first batch's x has shape \(8,\); model '\w+' takes \(None, 8\): x yields samples one by one",
    ),
}


def compiled(model):
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("case", UNBATCHED)
def test_a_dataset_of_single_samples(case):
    make, data, words = UNBATCHED[case]
    model = make()
    for call in (model.fit, model.evaluate, *([model.predict] if "shape" in words else [])):
        with pytest.raises(DataError, match=words) as caught:
            call(data())
        assert "batch the dataset, dataset.batch(32), say" in caught.value.mend
        check_wording(caught.value)
    model = compiled(keras.Sequential(AUTOENCODER))
    with pytest.raises(DataError, match=r"x has shape \(8,\); model"):
        model.predict(SLICES(x), verbose=0)
    assert model.predict(SLICES(x).batch(32), verbose=0).shape == (64, 8)


def test_steps_in_the_bar_are_known_from_the_second_epoch(capsys):
    regressor().fit(Again(x, t), epochs=2, verbose=1)
    assert capsys.readouterr().out.count("7/7 ━") == 2


def test_class_weight():
    def loss(data, **arguments):
        model = classifier(optimizer=keras.optimizers.SGD(0.0))
        model.set_weights([np.full(w.shape, 0.1) * (np.arange(w.size).reshape(w.shape) % 3) for w in model.weights])
        return model.fit(*data, class_weight={0: 0.5, 2: 3.0}, verbose=0, **arguments).history["loss"]

    expected = pytest.approx(loss([x, y], batch_size=10), rel=1e-5)
    assert loss([Sized(x, y)]) == expected
    assert loss([cut(x, y[:, None])]) == expected


def test_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(x.astype("float64"), columns=list("abcdefgh"))
    model = regressor()
    np.testing.assert_allclose(model.predict(frame, verbose=0), model.predict(x, verbose=0))
    figures = model.evaluate(frame, frame[["a", "b", "c"]], sample_weight=frame["d"], batch_size=64, verbose=0)
    expected = model.evaluate(x, x[:, :3], sample_weight=x[:, 3], batch_size=64, verbose=0)
    assert figures == pytest.approx(expected)


def test_columns_of_several_dtypes():
    pandas = pytest.importorskip("pandas")
    truths, numbers = x[:, 0] > 0.5, np.arange(64)
    frame = pandas.DataFrame({"a": x[:, 0], "b": truths, "c": numbers, "d": pandas.array(numbers, dtype="Int64")})
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    expected = model.predict(np.stack([x[:, 0], truths, numbers, numbers], 1), verbose=0)
    np.testing.assert_allclose(model.predict(frame, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict(frame[["b", "c", "b", "c"]], verbose=0).shape, expected.shape)
    others = {
        "text in the column 'e'": pandas.Categorical(["u", "v"] * 32),
        r"datetime64\[\w+\] values in the column 'e'": [pandas.Timestamp("2020")] * 64,
        r"\w+ values in the column 'e'": ["u", None] * 32,
    }
    for words, column in others.items():
        with pytest.raises(DTypeError, match=f"x holds {words}; a model takes numbers") as caught:
            model.predict(frame.assign(e=column), verbose=0)
        check_wording(caught.value)


def test_a_column_of_a_frame_is_a_column():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})

    class Added(keras.Model):
        def call(self, inputs):
            return inputs["a"] + inputs["b"]

    np.testing.assert_array_equal(Added().predict(dict(frame), verbose=0), [[4.0], [6.0]])


# ------------------------------------------------------------ bad input


def odd(*last):
    """Return what yields two good batches and then another."""
    return lambda: iter([*itertools.islice(cut(x, y), 2), last])


BAD = {
    "no batches": (lambda: iter([]), DataError, "x is a list_iterator without batches"),
    "an empty PyDataset": (lambda: Empty(), DataError, "x is a Empty without batches"),
    "four parts": (lambda: iter([(x, y, y, y)]), DataError, "batch 0: a tuple of 4"),
    "lengths": (lambda: iter([(x, y[:3])]), DataError, "batch 0: x has 64, .*batch 0: y has 3"),
    "no samples": (lambda: iter([(x[:0], y[:0])]), DataError, "batch 0: x is empty"),
    "text": (lambda: iter([(x.astype(str), y)]), DTypeError, "batch 0: x holds text"),
    "no targets": (lambda: iter([x]), DataError, "no targets y for the loss"),
    "single samples": (
        lambda: zip(x, y),
        DataError,
        "batch 0: y is a single number: (validation )?x yields samples one by one, it seems; a model takes batches",
    ),
    "a label": (lambda: iter([(x, y + 1)]), DataError, "Label 3 is outside the 3 classes"),
    "a width": (lambda: iter([(x[:, :5], y)]), ShapeError, r"'dense\w*' got inputs of shape \(64, 5\)"),
    "an endless PyDataset": (lambda: Endless(x, y), DataError, "x never ends"),
    "None": (lambda: iter([None]), DataError, "batch 0: None, where inputs are expected"),
    "no inputs": (lambda: iter([(None, y)]), DataError, "batch 0: None, where inputs are expected"),
    "a PyDataset without a length": (
        lambda: keras.utils.PyDataset(),
        DataError,
        "(?:validation )?PyDataset has neither `__len__` nor",
    ),
    "a PyDataset of half a batch": (lambda: Counted(2.5), DataError, "Counted says that it has 2.5 batches"),
    "a PyDataset of -1 batches": (lambda: Counted(-1), DataError, "Counted says that it has -1 batches"),
}


class Counted(keras.utils.PyDataset):
    def __init__(self, count):
        super().__init__()
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        return x, y


class Empty(Sized):
    def __len__(self):
        return 0


@pytest.mark.parametrize("case", BAD)
def test_an_error_comes_before_any_change(case, capsys):
    make, kind, words = BAD[case]
    model = classifier()
    model.fit(x, y, verbose=0)
    before = state(model)
    for call in (model.fit, model.evaluate):
        with pytest.raises(KlodsError, match=words) as caught:
            call(make())
        assert type(caught.value) is kind
        check_wording(caught.value)
    with pytest.raises(KlodsError, match=f"validation {words}" if words.startswith(("x", "batch")) else words):
        model.fit(x, y, validation_data=make())
    assert state(model) == before
    assert capsys.readouterr().out == ""


LATER = {
    "a structure": (odd({"a": x}, y), DataError, "batch 2: x is a dict of 'a'; the first batch had an array of 2 axes"),
    "no targets": (odd(x), DataError, "batch 2: y is nothing; the first batch had an array of 1 axes"),
    "axes": (odd(x, y[:, None]), DataError, "batch 2: y is an array of 2 axes; the first batch had an array of 1 axes"),
    "lengths": (odd(x, y[:3]), DataError, "batch 2: x has 64, batch 2: y has 3"),
    "a width": (odd(x[:, :5], y), ShapeError, r"'dense\w*' got inputs of shape \(64, 5\)"),
    "a label": (odd(x, y + 1), DataError, "(?i:label) 3 is outside the 3 classes"),  # in NumPy mode the block says it
}


@pytest.mark.parametrize("case", LATER)
def test_a_batch_unlike_the_first(case):
    make, kind, words = LATER[case]
    model, twin = classifier(optimizer="sgd"), classifier(optimizer="sgd")
    model.set_weights(twin.get_weights())
    with pytest.raises(KlodsError, match=words) as caught:
        model.fit(make(), verbose=0)
    assert type(caught.value) is kind
    check_wording(caught.value)
    twin.fit(x[:20], y[:20], batch_size=10, shuffle=False, verbose=0)
    for mine, other in zip(model.get_weights(), twin.get_weights()):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-7)
    model.fit(x, y, verbose=0)


BESIDE = {
    "y": (lambda m: m.fit(cut(x, y), y), r"x is a generator, which yields whole batches; y was given beside it"),
    "weights": (lambda m: m.evaluate(Sized(x, y), sample_weight=WEIGHTS), "x is a Sized.*sample_weight was given"),
    "split": (lambda m: m.fit(cut(x, y), validation_split=0.1), "validation_split needs arrays; x is a generator"),
    "steps": (lambda m: m.fit(cut(x, y), steps_per_epoch=0), "steps_per_epoch must be|steps must be"),
    "class_weight": (lambda m: m.fit(cut(x, y), class_weight=[1]), "class_weight is a dict"),
}


@pytest.mark.parametrize("case", BESIDE)
def test_arguments_that_do_not_go_with_batches(case):
    call, words = BESIDE[case]
    model = classifier()
    before = state(model)
    with pytest.raises(DataError, match=words) as caught:
        call(model)
    check_wording(caught.value)
    assert state(model) == before
