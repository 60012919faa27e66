"""Datasets of datasets, and steps that carry a state. Expected values were seen in TensorFlow 2.21."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods.data import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from klods.errors import ArgumentError, DataError, DTypeError

ROWS = [[0], [1, 2, 3, 4], [5, 6, 7], [7, 8, 9, 10, 11], [13, 14, 15, 16, 17, 18], [19, 20]]


def listed(dataset):
    """Return the elements as plain Python values, those that are datasets too."""
    return [plain(element) for element in dataset]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(part) for part in value)
    return listed(value) if isinstance(value, Dataset) else value.numpy().tolist()


def tens(n):
    return Dataset.range(n).map(lambda y: y + 10 * n)


def int64(n):
    return klods.constant(n, klods.int64)


def ragged():
    return Dataset.from_generator(lambda: iter(ROWS), output_signature=klods.TensorSpec((None,), klods.int64))


def bucketed(boundaries, sizes, **options):
    return ragged().bucket_by_sequence_length(lambda row: klods.shape(row)[0], boundaries, sizes, **options)


SEEN = {
    "window": (lambda: Dataset.range(7).window(3), [[0, 1, 2], [3, 4, 5], [6]]),
    "window of full ones": (lambda: Dataset.range(7).window(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]]),
    "window by 1": (lambda: Dataset.range(5).window(3, 1, 1), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4], [4]]),
    "window with a stride": (
        lambda: Dataset.range(7).window(2, 1, 2),
        [[0, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5], [6]],
    ),
    "window of full ones with a stride": (
        lambda: Dataset.range(7).window(2, 1, 2, True),
        [[0, 2], [1, 3], [2, 4], [3, 5], [4, 6]],
    ),
    "window that skips": (lambda: Dataset.range(10).window(2, 4, 1), [[0, 1], [4, 5], [8, 9]]),
    "window that skips with a stride": (lambda: Dataset.range(11).window(2, 4, 3), [[0, 3], [4, 7], [8]]),
    "window larger than all": (lambda: Dataset.range(2).window(5, 1, 1), [[0, 1], [1]]),
    "window of pairs": (
        lambda: Dataset.zip(Dataset.range(4), Dataset.range(10, 14)).window(2),
        [([0, 1], [10, 11]), ([2, 3], [12, 13])],
    ),
    "window of dicts": (lambda: Dataset.from_tensor_slices({"a": [1, 2, 3]}).window(2), [{"a": [1, 2]}, {"a": [3]}]),
    "windows as batches": (
        lambda: Dataset.range(5).window(3, 1, drop_remainder=True).flat_map(lambda w: w.batch(3)),
        [[0, 1, 2], [1, 2, 3], [2, 3, 4]],
    ),
    "windows of pairs as batches": (
        lambda: (
            Dataset.zip(Dataset.range(4), Dataset.range(10, 14))
            .window(2)
            .flat_map(lambda a, b: Dataset.zip(a.batch(2), b.batch(2)))
        ),
        [([0, 1], [10, 11]), ([2, 3], [12, 13])],
    ),
    "interleave": (
        lambda: Dataset.range(1, 6).interleave(
            lambda x: Dataset.from_tensors(x).repeat(6), cycle_length=2, block_length=4
        ),
        [1] * 4 + [2] * 4 + [1, 1, 2, 2] + [3] * 4 + [4] * 4 + [3, 3, 4, 4] + [5] * 6,
    ),
    "interleave 3": (lambda: Dataset.range(1, 5).interleave(tens, 3), [10, 20, 30, 21, 31, 40, 32, 41, 42, 43]),
    "interleave with an empty one": (
        lambda: Dataset.range(5).interleave(tens, cycle_length=2, block_length=2),
        [10, 20, 21, 30, 31, 32, 40, 41, 42, 43],
    ),
    "flat_map": (lambda: Dataset.range(4).flat_map(tens), [10, 20, 21, 30, 31, 32]),
    "group_by_window": (
        lambda: Dataset.range(10).group_by_window(lambda x: x % 2, lambda key, group: group.batch(3), window_size=3),
        [[0, 2, 4], [1, 3, 5], [6, 8], [7, 9]],
    ),
    "bucket_by_sequence_length": (
        lambda: bucketed([3, 5], [2, 2, 2]),
        [[[1, 2, 3, 4], [5, 6, 7, 0]], [[7, 8, 9, 10, 11, 0], [13, 14, 15, 16, 17, 18]], [[0, 0], [19, 20]]],
    ),
    "buckets filled to their limits": (
        lambda: bucketed([4, 8], [2, 2, 2], pad_to_bucket_boundary=True).take(1),
        [[[0, 0, 0], [5, 6, 7]]],
    ),
    "take_while": (lambda: Dataset.range(5).take_while(lambda x: x < 3), [0, 1, 2]),
    "scan": (lambda: Dataset.range(5).scan(int64(0), lambda s, x: (s + x, s * 10 + x)), [0, 1, 12, 33, 64]),
    "shard": (lambda: Dataset.range(10).shard(3, 1), [1, 4, 7]),
    "unique": (lambda: Dataset.from_tensor_slices([1, 37, 2, 37, 2, 1]).unique(), [1, 37, 2]),
    "rebatch": (lambda: Dataset.range(10).batch(3).rebatch(4), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]),
    "rebatch whole": (lambda: Dataset.range(10).batch(3).rebatch(4, True), [[0, 1, 2, 3], [4, 5, 6, 7]]),
    "rebatch by turns": (lambda: Dataset.range(5).batch(3).rebatch([2, 1]), [[0, 1], [2], [3, 4]]),
    "apply": (lambda: Dataset.range(3).apply(lambda dataset: dataset.map(lambda x: x * 2)), [0, 2, 4]),
    "counter": (lambda: Dataset.counter(2, 3).take(3), [2, 5, 8]),
    "choose": (
        lambda: Dataset.choose_from_datasets([Dataset.range(3), Dataset.range(10, 12)], numbers(0, 1, 1, 0, 0, 0)),
        [0, 10, 11, 1, 2],
    ),
    "choose until one ends": (
        lambda: Dataset.choose_from_datasets([Dataset.range(3), Dataset.range(10, 12)], numbers(1, 1, 1, 0, 1, 0)),
        [10, 11],
    ),
    "choose until all end": (
        lambda: Dataset.choose_from_datasets(
            [Dataset.range(3), Dataset.range(10, 12)], numbers(1, 1, 1, 0, 1, 0, 0), stop_on_empty_dataset=False
        ),
        [10, 11, 0, 1, 2],
    ),
}  # fmt: skip


def numbers(*values):
    return Dataset.from_tensor_slices(np.array(values, np.int64))


@pytest.mark.parametrize("name", SEEN)
def test_elements(name):
    dataset, expected = SEEN[name][0](), SEEN[name][1]
    assert listed(dataset) == listed(dataset) == expected
    assert dataset.cardinality() in (len(expected), UNKNOWN_CARDINALITY)


@pytest.mark.parametrize(
    ("size", "shift", "stride"),
    [(3, 3, 1), (3, 1, 1), (2, 1, 2), (2, 4, 1), (2, 4, 3), (5, 1, 1), (1, 1, 4), (9, 9, 1)],
)
@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("count", [0, 2, 7, 10, 11])
def test_windows_are_slices(size, shift, stride, drop, count):
    dataset = Dataset.range(count).window(size, shift, stride, drop)
    slices = [list(range(count))[start : start + size * stride : stride] for start in range(0, count, shift)]
    expected = [part for part in slices if len(part) == size or not drop]
    assert listed(dataset) == expected
    assert len(dataset) == len(expected)


def test_a_window_knows_its_length_and_is_looked_up_at_once():
    windows = Dataset.range(7).window(3)
    assert [len(window) for window in windows] == [3, 3, 1]
    x = np.arange(12.0).reshape(6, 2)
    batches = Dataset.from_tensor_slices((x, x[:, 0])).window(2).flat_map(lambda x, y: Dataset.zip(x, y).batch(9))
    first = next(iter(batches))
    np.testing.assert_array_equal(first[0], x[:2])


def test_specs():
    windows = Dataset.range(7).window(3)
    assert windows.element_spec.element_spec == klods.TensorSpec((), klods.int64)
    assert windows.flat_map(lambda w: w.batch(3)).element_spec == klods.TensorSpec((None,), klods.int64)
    whole = Dataset.range(7).window(3, drop_remainder=True).map(lambda w: w.batch(3, True).get_single_element())
    assert whole.element_spec == klods.TensorSpec((3,), klods.int64)
    assert listed(whole) == [[0, 1, 2], [3, 4, 5]]
    assert bucketed([3], [2, 2]).element_spec == klods.TensorSpec((None, None), klods.int64)
    sums = Dataset.range(3).scan(int64(0), lambda s, x: (s + x, (s, klods.cast(x, "float32"))))
    assert sums.element_spec == (klods.TensorSpec((), klods.int64), klods.TensorSpec((), klods.float32))
    assert Dataset.range(9).batch(2).rebatch(4, drop_remainder=True).element_spec == klods.TensorSpec((4,), klods.int64)


def test_reduce():
    assert int(Dataset.range(5).reduce(int64(0), lambda total, x: total + x)) == 10
    assert int(Dataset.range(5).reduce(0, lambda count, _: count + 1)) == 5
    total, power = Dataset.range(5).reduce((int64(0), int64(1)), lambda s, x: (s[0] + x, s[1] * 2))
    assert (int(total), int(power)) == (10, 32)
    pairs = Dataset.zip(Dataset.range(5), Dataset.range(5))
    assert int(pairs.reduce(int64(0), lambda s, pair: s + pair[0] * pair[1])) == 30
    with pytest.raises(DTypeError, match=r"reduce: the state is .*int32.*the next one .*float32"):
        Dataset.range(5).reduce(0, lambda s, x: s + klods.cast(x, "float32"))


def test_single_element():
    assert int(Dataset.range(1).get_single_element()) == 0
    for count, text in ((2, "more than one"), (0, "none")):
        with pytest.raises(DataError, match=text):
            Dataset.range(count).get_single_element()


def test_asserted_lengths():
    experimental = klods.data.experimental
    small = Dataset.range(9).filter(lambda x: x < 3)
    assert listed(small.apply(experimental.assert_cardinality(3))) == [0, 1, 2]
    assert experimental.cardinality(small.apply(experimental.assert_cardinality(3))) == 3
    for wrong, text in ((2, "more elements, not 2"), (4, "3 elements, not 4")):
        with pytest.raises(DataError, match=text):
            listed(small.apply(experimental.assert_cardinality(wrong)))
    assert experimental.AUTOTUNE == klods.data.AUTOTUNE


def test_shards_are_all_elements():
    assert sorted(x for i in range(3) for x in listed(Dataset.range(10).shard(3, i))) == list(range(10))
    assert [len(Dataset.range(10).shard(3, i)) for i in range(3)] == [4, 3, 3]


def test_samples_are_all_elements_by_their_weights():
    parts = [Dataset.range(1000), Dataset.range(1000, 2000)]
    mixed = Dataset.sample_from_datasets(parts, [0.9, 0.1], seed=1)
    drawn = listed(mixed)
    assert drawn == listed(mixed)
    assert sorted(drawn) == list(range(2000))
    assert [x for x in drawn if x < 1000] == list(range(1000))
    assert sum(x < 1000 for x in drawn[:1000]) == pytest.approx(900, abs=50)
    stopped = listed(Dataset.sample_from_datasets(parts, [0.9, 0.1], seed=1, stop_on_empty_dataset=True))
    assert stopped == drawn[: len(stopped)]
    assert stopped[-1] == 999
    again = Dataset.sample_from_datasets(parts, seed=1, rerandomize_each_iteration=True)
    assert listed(again) != listed(again)


def test_random_numbers_follow_from_the_seed():
    first, second = (listed(Dataset.random(seed).take(3)) for seed in (1, 2))
    assert first == listed(Dataset.random(1).take(3)) != second
    assert all(0 <= x < 2**32 for x in first)
    assert Dataset.random().cardinality() == INFINITE_CARDINALITY
    again = Dataset.random(1, rerandomize_each_iteration=True).take(3)
    assert listed(again) != listed(again)


def test_fit_on_windows():
    series = np.arange(20, dtype=np.float32)
    windows = Dataset.from_tensor_slices(series).window(4, 1, drop_remainder=True).flat_map(lambda w: w.batch(4))
    samples = windows.map(lambda w: (w[:-1], w[-1:])).batch(8)
    model = klods.keras.Sequential([klods.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(samples, verbose=0)
    assert model.predict(samples, verbose=0).shape == (17, 1)


BAD = [
    (lambda: listed(Dataset.range(3).flat_map(lambda x: x)), ArgumentError, "returned Tensor, not a dataset"),
    (lambda: Dataset.range(3).window(0), DataError, "size must be a whole number, 1 or more; got 0"),
    (lambda: Dataset.range(3).interleave(tens, 0), DataError, "cycle_length must be"),
    (lambda: Dataset.range(9).shard(3, 3), DataError, "index 3 of 3 shards"),
    (lambda: listed(Dataset.range(3).take_while(lambda x: x)), DTypeError, "take_while's function returned"),
    (lambda: listed(Dataset.range(3).group_by_window(lambda x: 0.5, tens, 2)), DTypeError, "no whole number"),
    (lambda: Dataset.range(3).group_by_window(lambda x: x, tens), ArgumentError, "window_size or window_size_func"),
    (lambda: bucketed([3], [2]), ArgumentError, "1 batch sizes for 1 boundaries"),
    (lambda: listed(bucketed([3], [1, 1], pad_to_bucket_boundary=True)), DataError, "an element is of 3 or longer"),
    (lambda: Dataset.sample_from_datasets([Dataset.range(2)], [0.5, 0.5]), ArgumentError, "1 datasets, weights"),
    (lambda: Dataset.choose_from_datasets([[1, 2]], Dataset.range(1)), ArgumentError, "takes a list of datasets"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), BAD, ids=[text for *_, text in BAD])
def test_bad_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
