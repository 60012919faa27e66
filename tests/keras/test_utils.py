"""Utilities: seeds, one-hot labels, names."""

from __future__ import annotations

import random

import numpy as np
import pytest

import klods
from klods import keras


def test_set_random_seed_seeds_python_numpy_and_klods():
    def draw():
        return random.random(), np.random.random(), float(klods.random.normal(()))

    keras.utils.set_random_seed(5)
    first = draw()
    assert first != draw()
    keras.utils.set_random_seed(np.int64(5))
    assert first == draw()


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, None])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(ValueError, match="A seed is a whole number"):
        keras.utils.set_random_seed(seed)


@pytest.mark.parametrize(
    "labels", [[0, 2, 1], np.array([[0], [2], [1]]), klods.constant([0, 2, 1]), np.array([0.0, 2, 1])]
)
def test_to_categorical(labels):
    rows = keras.utils.to_categorical(labels)
    assert rows.dtype == "float32"
    assert np.array_equal(rows, [[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    assert keras.utils.to_categorical(labels, 5).shape == (3, 5)


def test_to_categorical_keeps_other_axes():
    assert np.array_equal(keras.utils.to_categorical([[0, 1], [1, 0]]), [[[1, 0], [0, 1]], [[0, 1], [1, 0]]])


@pytest.mark.parametrize(("labels", "classes"), [([0, 3], 3), ([-1, 0], None), ([0, -2], 3)])
def test_to_categorical_refuses_labels_outside(labels, classes):
    with pytest.raises(ValueError, match=r"Label -?\d is outside the \d classes"):
        keras.utils.to_categorical(labels, classes)


def test_normalize():
    rows = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert np.allclose(keras.utils.normalize(rows), [[0.6, 0.8], [0, 0]])
    assert np.allclose(keras.utils.normalize(rows, axis=0), [[1, 1], [0, 0]])
    assert np.allclose(keras.utils.normalize(rows, order=1)[0], [3 / 7, 4 / 7])


def test_tensors_give_tensors():
    rows = keras.utils.normalize(klods.constant([[3.0, 4.0], [0.0, 0.0]]))
    assert klods.is_tensor(rows)
    assert np.allclose(rows, [[0.6, 0.8], [0, 0]])
    assert klods.is_tensor(keras.utils.to_categorical(klods.constant([0, 1])))


def test_to_categorical_takes_no_more_memory_than_its_rows():
    assert keras.utils.to_categorical([0, 10**6]).shape == (2, 10**6 + 1)


@pytest.mark.parametrize(("labels", "classes"), [([np.nan, 1.0], None), ([np.inf], 3), ([0], -3), ([0], 2.5)])
def test_to_categorical_refuses_what_is_no_number_of_classes(labels, classes):
    with pytest.raises(ValueError, match=r"Among the labels is NaN or infinity|num_classes must be a whole number"):
        keras.utils.to_categorical(labels, classes)


@pytest.mark.parametrize(
    ("x", "arguments", "message"),
    [
        ([1.0], {"order": "x"}, "The order of a norm is a number; got 'x'"),
        (["a"], {}, "normalize takes numbers"),
        ([1.0], {"axis": 1}, r"axis 1 of an array of shape \(1,\)"),
        (3.0, {}, r"axis -1 of an array of shape \(\)"),
    ],
)
def test_normalize_refuses(x, arguments, message):
    with pytest.raises(klods.errors.KlodsError, match=message):
        keras.utils.normalize(x, **arguments)


@pytest.mark.parametrize("data", [(1,), (1, 2), (1, 2, 3), ([1, 2],), ([1, 2], 3)])
def test_packing(data):
    unpacked = keras.utils.unpack_x_y_sample_weight(data)
    assert unpacked == (*data, None, None)[:3]
    packed = keras.utils.pack_x_y_sample_weight(*unpacked)
    assert packed == (1 if data == (1,) else data)
    assert keras.utils.unpack_x_y_sample_weight(list(data)) == unpacked


def test_batches_that_are_none():
    assert keras.utils.unpack_x_y_sample_weight(5) == (5, None, None)
    assert keras.utils.pack_x_y_sample_weight(1, None, 3) == 1
    for data in ((), (1, 2, 3, 4)):
        with pytest.raises(ValueError, match=f"a tuple of {len(data)}"):
            keras.utils.unpack_x_y_sample_weight(data)


def test_clear_session():
    keras.layers.Dense(1)
    keras.utils.clear_session()
    assert [keras.layers.Dense(1).name for _ in "12"] == ["dense", "dense_1"]


# ---------------------------------------------------------------- sequences, splits and time series


def test_pad_sequences_as_documented():
    sequences = [[1], [2, 3], [4, 5, 6]]
    padded = keras.utils.pad_sequences(sequences)
    assert padded.dtype == "int32"
    assert padded.tolist() == [[0, 0, 1], [0, 2, 3], [4, 5, 6]]
    assert keras.utils.pad_sequences(sequences, value=-1).tolist() == [[-1, -1, 1], [-1, 2, 3], [4, 5, 6]]
    assert keras.utils.pad_sequences(sequences, padding="post").tolist() == [[1, 0, 0], [2, 3, 0], [4, 5, 6]]
    assert keras.utils.pad_sequences(sequences, maxlen=2).tolist() == [[0, 1], [2, 3], [5, 6]]
    assert keras.preprocessing.sequence.pad_sequences is keras.utils.pad_sequences


@pytest.mark.parametrize(
    ("sequences", "arguments", "message"),
    [
        ([[1], 2], {}, "Sequence 1 is 2, which has no length"),
        (5, {}, "takes a list of sequences"),
        ([[1]], {"padding": "middle"}, "padding is 'pre' or 'post'"),
        ([[1]], {"truncating": "both"}, "truncating is 'pre' or 'post'"),
        ([[[1, 2]], [[1, 2, 3]]], {}, "Sequence 1 has elements of shape"),
        ("abc", {}, "Sequence 0 is 'a', a text"),
        ([[1]], {"maxlen": 2.5}, "maxlen must be a whole number, 0 or more; got 2.5"),
        ([[1]], {"maxlen": -1}, "maxlen must be a whole number"),
        ([[1], [2**40]], {}, "Sequence 1 has 1099511627776, which int32 can't hold"),
        (np.array([[300]]), {"dtype": "uint8"}, "Sequence 0 has 300, which uint8 can't hold"),
        ([["a"]], {}, "Sequence 0 doesn't fit dtype 'int32'"),
        ([[None]], {}, "Sequence 0 doesn't fit dtype 'int32'"),
        ([[1]], {"value": ""}, "value='' doesn't fit dtype 'int32'"),
        ([[1]], {"value": -1, "dtype": "uint8"}, "value=-1 doesn't fit dtype 'uint8'"),
        ([[1]], {"dtype": "int23"}, "doesn't fit dtype 'int23'"),
    ],
)
def test_pad_sequences_refuses(sequences, arguments, message):
    with pytest.raises(klods.errors.KlodsError, match=message):
        keras.utils.pad_sequences(sequences, **arguments)


def listed(dataset):
    return [np.asarray(x).tolist() for x in dataset]


def test_split_dataset():
    left, right = keras.utils.split_dataset(np.arange(10), left_size=0.8)
    assert (listed(left), listed(right)) == ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])
    left, right = keras.utils.split_dataset(np.arange(10), right_size=3)
    assert (len(left), len(right)) == (7, 3)
    left, right = keras.utils.split_dataset(np.arange(10), left_size=2, right_size=0.3)
    assert (listed(left), listed(right)) == ([0, 1], [7, 8, 9])


def test_split_dataset_keeps_structure_and_batches():
    pair = (np.arange(6), np.arange(12.0).reshape(6, 2))
    left, _ = keras.utils.split_dataset(pair, 0.5)
    assert [(int(x), y.numpy().tolist()) for x, y in left] == [(0, [0, 1]), (1, [2, 3]), (2, [4, 5])]
    batched = klods.data.Dataset.from_tensor_slices({"a": np.arange(7)}).batch(3).prefetch(1)
    left, right = keras.utils.split_dataset(batched, left_size=4)
    assert [batch["a"].numpy().tolist() for batch in left] == [[0, 1, 2], [3]]
    assert [batch["a"].numpy().tolist() for batch in right] == [[4, 5, 6]]


def test_split_dataset_shuffles_by_a_seed_of_its_own():
    random.seed(1)
    before = random.getstate()
    splits = [keras.utils.split_dataset(np.arange(20), 0.5, shuffle=True, seed=3) for _ in range(2)]
    assert random.getstate() == before
    orders = [listed(left) + listed(right) for left, right in splits]
    assert orders[0] == orders[1] != list(range(20))
    assert sorted(orders[0]) == list(range(20))


@pytest.mark.parametrize(
    ("dataset", "arguments", "message"),
    [
        (np.arange(4), {}, "needs left_size or right_size"),
        (np.arange(4), {"left_size": 4}, "left_size=4 is neither"),
        (np.arange(4), {"left_size": 1.0}, "left_size=1.0 is neither"),
        (np.arange(4), {"right_size": -1}, "right_size=-1 is neither"),
        (np.arange(4), {"left_size": "2"}, "left_size is a number or a share"),
        (np.arange(4), {"left_size": 0.7, "right_size": 0.7}, "more than 4 samples"),
        (np.arange(4), {"left_size": 0.01}, "leave one part of 4 samples empty"),
        (5, {"left_size": 1}, "takes a Dataset"),
        ((np.arange(4), np.arange(3)), {"left_size": 1}, "lengths differ"),
        (klods.data.Dataset.range(3).repeat(), {"left_size": 0.5}, "without end"),
    ],
)
def test_split_dataset_refuses(dataset, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        keras.utils.split_dataset(dataset, **arguments)


def test_timeseries_as_documented():
    """The examples of Keras's documentation."""
    windows = keras.utils.timeseries_dataset_from_array(
        np.arange(99), None, sequence_length=10, sampling_rate=2, sequence_stride=3, batch_size=None
    )
    rows = listed(windows)
    assert rows[0] == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert rows[1] == [3, 5, 7, 9, 11, 13, 15, 17, 19, 21]
    assert rows[-1] == [78, 80, 82, 84, 86, 88, 90, 92, 94, 96]
    data = np.arange(100.0)
    inputs, targets = next(iter(keras.utils.timeseries_dataset_from_array(data[:-10], data[10:], sequence_length=10)))
    assert np.array_equal(inputs[0], data[:10])
    assert np.array_equal(targets[0], data[10])
    assert (inputs.shape, targets.shape) == ((81, 10), (81,))


def test_timeseries_of_fewer_targets():
    (batch,) = keras.utils.timeseries_dataset_from_array(np.arange(10), np.arange(3), 2)
    assert [part.numpy().tolist() for part in batch] == [[[0, 1], [1, 2], [2, 3]], [0, 1, 2]]


def test_timeseries_options():
    series = np.arange(40.0).reshape(20, 2)
    make = keras.utils.timeseries_dataset_from_array
    part = make(series, np.arange(20), 3, start_index=4, end_index=10, batch_size=3)
    batches = [(x.numpy()[:, :, 0].tolist(), y.numpy().tolist()) for x, y in part]
    assert batches == [([[8, 10, 12], [10, 12, 14], [12, 14, 16]], [4, 5, 6]), ([[14, 16, 18]], [7])]
    assert len(part) == 2
    assert part.element_spec[0].shape == (None, 3, 2)
    shuffled = [make(series, None, 3, shuffle=True, seed=1, batch_size=None) for _ in range(2)]
    orders = [[int(x[0, 0]) for x in dataset] for dataset in shuffled]
    assert orders[0] == orders[1] != sorted(orders[0])
    assert sorted(orders[0]) == list(range(0, 36, 2))


@pytest.mark.parametrize(
    "arguments",
    [
        {"sampling_rate": 0},
        {"sampling_rate": 10},
        {"sequence_stride": -1},
        {"start_index": 10},
        {"start_index": -1},
        {"end_index": 11},
        {"start_index": 5, "end_index": 5},
        {"sequence_length": 0},
        {"sequence_length": 2.5},
        {"sequence_length": 11},
        {"end_index": 6, "sampling_rate": 3, "sequence_length": 3},
    ],
    ids=str,
)
def test_timeseries_refuses(arguments):
    with pytest.raises(ValueError, match=next(reversed(arguments))):
        keras.utils.timeseries_dataset_from_array(np.arange(10), None, **{"sequence_length": 2, **arguments})


# ---------------------------------------------------------------- progress bars


def test_progbar(capsys):
    bar = keras.utils.Progbar(4, stateful_metrics=["last"])
    bar.update(1, [("loss", 4.0), ("last", 1.0)])
    bar.add(2, [("loss", 1.0), ("last", 7.0)])
    assert capsys.readouterr().out == "", "nobody watches: one line at the end"
    assert bar._figures() == {"loss": 2.0, "last": 7.0}
    bar.update(4, [("loss", 0.5)])
    assert capsys.readouterr().out.endswith("- loss: 0.5000 - last: 7.0000\n")


def test_progbar_without_a_target(capsys):
    bar = keras.utils.Progbar(None, stateless_metrics=["mean"])
    bar.update(1, [("mean", 1.0), ("other", 1.0)])
    bar.update(2, [("mean", 2.0), ("other", 2.0)])
    bar.update(3, finalize=True)
    assert capsys.readouterr().out.endswith("- mean: 1.5000 - other: 2.0000\n")


def test_progbar_keeps_silent(capsys):
    with pytest.raises(TypeError, match="stateful_metrics or stateless_metrics"):
        keras.utils.Progbar(2, stateful_metrics=[], stateless_metrics=[])
    keras.utils.disable_interactive_logging()
    try:
        keras.utils.Progbar(1).update(1)
    finally:
        keras.utils.enable_interactive_logging()
    keras.utils.Progbar(1, verbose=0).update(1)
    assert capsys.readouterr().out == ""
