"""Datasets. Expected values are those of TensorFlow's documentation of `tf.data.Dataset`."""

from __future__ import annotations

from collections import Counter, namedtuple

import numpy as np
import pytest

import klods
from klods.data import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset

Pair = namedtuple("Pair", "left right")


def listed(dataset):
    """Return the elements as plain Python values."""
    return [plain(element) for element in dataset.as_numpy_iterator()]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return tuple(plain(part) for part in value) if isinstance(value, tuple) else value.tolist()


def made(dataset):
    """Return the same elements out of a `map`, so that they are looked up nowhere."""
    return dataset.map(lambda *parts: parts if len(parts) > 1 else parts[0])


@pytest.fixture
def samples():
    x = np.arange(20, dtype=np.float32).reshape(10, 2)
    return Dataset.from_tensor_slices((x, np.arange(10)))


DOCUMENTED = {
    "slices": (lambda: Dataset.from_tensor_slices([1, 2, 3]), [1, 2, 3]),
    "rows": (lambda: Dataset.from_tensor_slices([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "tuples": (lambda: Dataset.from_tensor_slices(([1, 2], [3, 4], [5, 6])), [(1, 3, 5), (2, 4, 6)]),
    "dicts": (lambda: Dataset.from_tensor_slices({"a": [1, 2], "b": [3, 4]}), [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
    "nested": (lambda: Dataset.from_tensor_slices(({"a": [1]}, ([2], [3]))), [({"a": 1}, (2, 3))]),
    "whole": (lambda: Dataset.from_tensors([1, 2, 3]), [[1, 2, 3]]),
    "whole pair": (lambda: Dataset.from_tensors(([1, 2], 3)), [([1, 2], 3)]),
    "range": (lambda: Dataset.range(5), [0, 1, 2, 3, 4]),
    "range from": (lambda: Dataset.range(2, 5), [2, 3, 4]),
    "range by": (lambda: Dataset.range(1, 5, 2), [1, 3]),
    "range down": (lambda: Dataset.range(5, 1, -2), [5, 3]),
    "zip": (lambda: Dataset.zip((Dataset.range(1, 4), Dataset.range(4, 7))), [(1, 4), (2, 5), (3, 6)]),
    "zip shortest": (lambda: Dataset.zip(Dataset.range(1, 4), Dataset.range(13, 15)), [(1, 13), (2, 14)]),
    "zip dict": (
        lambda: Dataset.zip({"a": Dataset.range(2), "b": Dataset.range(2)}),
        [{"a": 0, "b": 0}, {"a": 1, "b": 1}],
    ),
    "zip nested": (lambda: Dataset.zip((Dataset.range(1), (Dataset.range(1), Dataset.range(1)))), [(0, (0, 0))]),
    "batch": (lambda: Dataset.range(8).batch(3), [[0, 1, 2], [3, 4, 5], [6, 7]]),
    "batch whole": (lambda: Dataset.range(8).batch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]]),
    "batch twice": (lambda: Dataset.range(4).batch(2).batch(2), [[[0, 1], [2, 3]]]),
    "batch of zip": (
        lambda: Dataset.zip((Dataset.range(3), Dataset.range(5, 8))).batch(2),
        [([0, 1], [5, 6]), ([2], [7])],
    ),
    "unbatch": (lambda: Dataset.from_tensors([[1, 2], [3, 4]]).unbatch(), [[1, 2], [3, 4]]),
    "unbatch batches": (lambda: Dataset.range(3).batch(2).unbatch(), [0, 1, 2]),
    "map": (lambda: Dataset.range(1, 6).map(lambda x: x + 1), [2, 3, 4, 5, 6]),
    "map parts": (lambda: Dataset.from_tensor_slices(([1, 2], [3, 4])).map(lambda a, b: a * b), [3, 8]),
    "map dict": (lambda: Dataset.from_tensor_slices({"a": [1, 2]}).map(lambda d: d["a"] + 1), [2, 3]),
    "map to parts": (
        lambda: Dataset.range(2).map(lambda x: (x, {"b": [x, 7]})),
        [(0, {"b": [0, 7]}), (1, {"b": [1, 7]})],
    ),
    "map in parallel": (
        lambda: Dataset.range(3).map(lambda x: -x, num_parallel_calls=AUTOTUNE, deterministic=False),
        [0, -1, -2],
    ),
    "filter": (lambda: Dataset.from_tensor_slices([1, 2, 3]).filter(lambda x: x < 3), [1, 2]),
    "filter pairs": (lambda: Dataset.from_tensor_slices(([1, 2], [0, 1])).filter(lambda x, y: y == 1), [(2, 1)]),
    "take": (lambda: Dataset.range(10).take(3), [0, 1, 2]),
    "take all": (lambda: Dataset.range(3).take(-1), [0, 1, 2]),
    "skip": (lambda: Dataset.range(10).skip(7), [7, 8, 9]),
    "skip all": (lambda: Dataset.range(3).skip(-1), []),
    "repeat": (lambda: Dataset.from_tensor_slices([1, 2, 3]).repeat(3), [1, 2, 3, 1, 2, 3, 1, 2, 3]),
    "repeat without end": (lambda: Dataset.range(2).repeat().take(5), [0, 1, 0, 1, 0]),
    "repeat nothing": (lambda: Dataset.range(0).repeat(), []),
    "cache": (lambda: Dataset.range(5).map(lambda x: x**2).cache(), [0, 1, 4, 9, 16]),
    "enumerate": (lambda: Dataset.from_tensor_slices([1, 2, 3]).enumerate(start=5), [(5, 1), (6, 2), (7, 3)]),
    "enumerate pairs": (
        lambda: Dataset.from_tensor_slices(([7, 8], [9, 10])).enumerate(),
        [(0, (7, 9)), (1, (8, 10))],
    ),
    "concatenate": (lambda: Dataset.range(1, 4).concatenate(Dataset.range(4, 8)), [1, 2, 3, 4, 5, 6, 7]),
    "prefetch": (lambda: Dataset.range(3).prefetch(2), [0, 1, 2]),
    "generator": (lambda: Dataset.from_generator(lambda: [1, 2], klods.int32), [1, 2]),
    "generator of pairs": (
        lambda: Dataset.from_generator(
            lambda: ((n, [1.0] * n) for n in range(2)),
            output_signature=(klods.TensorSpec((), klods.int32), klods.TensorSpec((None,), klods.float32)),
        ),
        [(0, []), (1, [1.0])],
    ),
    "generator of dicts": (
        lambda: Dataset.from_generator(lambda n: iter([{"a": n}]), {"a": "int64"}, {"a": ()}, args=(3,)),
        [{"a": 3}],
    ),
    "padded": (
        lambda: Dataset.range(1, 5).map(lambda x: klods.fill([int(x)], x)).padded_batch(2),
        [[[1, 0], [2, 2]], [[3, 3, 3, 0], [4, 4, 4, 4]]],
    ),
    "padded to a size": (
        lambda: (
            Dataset.range(1, 4).map(lambda x: klods.fill([int(x)], x)).padded_batch(2, [5], -1, drop_remainder=True)
        ),
        [[[1, -1, -1, -1, -1], [2, 2, -1, -1, -1]]],
    ),
    "padded parts": (
        lambda: (
            Dataset.range(1, 3)
            .map(lambda x: (klods.fill([int(x)], x), x))
            .padded_batch(2, padded_shapes=([None], []), padding_values=(-1, 100))
        ),
        [([[1, -1], [2, 2]], [1, 2])],
    ),
}


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_as_documented(kind):
    make, expected = DOCUMENTED[kind]
    dataset = make()
    assert listed(dataset) == expected
    assert listed(dataset) == expected, "each iteration starts anew"
    assert dataset.cardinality().numpy() in (len(expected), UNKNOWN_CARDINALITY)


COUNTED = {
    "range": (lambda d: d, 5),
    "take more": (lambda d: d.take(9), 5),
    "skip more": (lambda d: d.skip(9), 0),
    "batch": (lambda d: d.batch(2), 3),
    "batch whole": (lambda d: d.batch(2, drop_remainder=True), 2),
    "shuffle and map": (lambda d: d.shuffle(3).map(lambda x: x).prefetch(1).cache(), 5),
    "repeat": (lambda d: d.repeat(3), 15),
    "repeat 0": (lambda d: d.repeat(0), 0),
    "concatenate": (lambda d: d.concatenate(d), 10),
    "enumerate": (lambda d: d.enumerate(), 5),
    "repeat without end": (lambda d: d.repeat(), INFINITE_CARDINALITY),
    "skip of that": (lambda d: d.repeat(-1).skip(3).batch(2), INFINITE_CARDINALITY),
    "take of that": (lambda d: d.repeat().take(7), 7),
    "zip with that": (lambda d: Dataset.zip((d, d.repeat())), 5),
    "concatenate that": (lambda d: d.concatenate(d.repeat()), INFINITE_CARDINALITY),
    "filter": (lambda d: d.filter(lambda x: x > 1), UNKNOWN_CARDINALITY),
    "unbatch": (lambda d: d.batch(2).unbatch(), UNKNOWN_CARDINALITY),
    "zip with unknown": (lambda d: Dataset.zip((d, d.filter(lambda x: x > 1))), UNKNOWN_CARDINALITY),
}


@pytest.mark.parametrize("kind", COUNTED)
def test_cardinality_and_len(kind):
    make, count = COUNTED[kind]
    dataset = make(Dataset.range(5))
    assert dataset.cardinality().dtype == "int64"
    assert dataset.cardinality().numpy() == count
    assert dataset, "a dataset is true, even an empty one"
    if count >= 0:
        assert len(dataset) == len(list(dataset)) == count
    else:
        with pytest.raises(TypeError, match=r"no len\(\)"):
            len(dataset)


SPEC = klods.TensorSpec
SPECS = {
    "slices": (lambda s: s, (SPEC((2,), "float32"), SPEC((), "int64"))),
    "batch": (lambda s: s.batch(3), (SPEC((None, 2), "float32"), SPEC((None,), "int64"))),
    "batch whole": (lambda s: s.batch(3, True), (SPEC((3, 2), "float32"), SPEC((3,), "int64"))),
    "unbatch": (lambda s: s.batch(3).unbatch(), (SPEC((2,), "float32"), SPEC((), "int64"))),
    "map": (
        lambda s: s.map(lambda x, y: {"x": x[:1], "y": y / 2}),
        {"x": SPEC((1,), "float32"), "y": SPEC((), "float32")},
    ),
    "map after batch": (lambda s: s.batch(4).map(lambda x, y: x * 2), SPEC((None, 2), "float32")),
    "enumerate": (lambda s: s.map(lambda x, y: y).enumerate(), (SPEC((), "int64"), SPEC((), "int64"))),
    "padded": (lambda s: s.padded_batch(2, ([3], [])), (SPEC((None, 3), "float32"), SPEC((None,), "int64"))),
}


@pytest.mark.parametrize("kind", SPECS)
def test_element_spec(samples, kind):
    make, expected = SPECS[kind]
    assert make(samples).element_spec == expected


def test_elements_are_tensors_and_named_tuples_stay(samples):
    x, y = next(iter(samples))
    assert klods.is_tensor(x)
    assert klods.is_tensor(y)
    batch = next(iter(Dataset.from_tensor_slices(Pair([1, 2], [3, 4])).batch(2)))
    assert type(batch) is Pair
    assert batch.right.numpy().tolist() == [3, 4]


def test_the_users_array_is_copied():
    array = np.zeros(3)
    dataset = Dataset.from_tensor_slices(array)
    array[:] = 1
    assert listed(dataset) == [0, 0, 0]


# ---------------------------------------------------------------- orders

CHAINS = {
    "shuffle": lambda d: d.shuffle(4, seed=3),
    "shuffle all": lambda d: d.shuffle(10),
    "shuffle and repeat": lambda d: d.shuffle(3).repeat(2).batch(4),
    "filter": lambda d: d.shuffle(10, seed=1).filter(lambda x, y: y > 2).batch(3),
    "skip and take": lambda d: d.skip(1).take(7).shuffle(7).batch(2, drop_remainder=True),
    "cache": lambda d: d.shuffle(10).cache().batch(4),
    "zip": lambda d: Dataset.zip((d, d.shuffle(10, seed=2))).batch(3),
    "enumerate": lambda d: d.shuffle(5).enumerate().batch(3),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_looking_elements_up_late_changes_nothing(samples, chain):
    results = []
    for dataset in (samples, made(samples)):
        klods.random.set_seed(5)
        ordered = CHAINS[chain](dataset)
        results.append(listed(ordered) + listed(ordered))
    assert results[0] == results[1]


def test_shuffle_gives_each_element_once_from_the_buffer():
    klods.random.set_seed(1)
    for size in (1, 3, 50, 200, UNKNOWN_CARDINALITY):
        order = listed(Dataset.range(100).shuffle(size))
        assert sorted(order) == list(range(100))
        if size > 0:
            assert all(number < place + size for place, number in enumerate(order)), "it was in the buffer by then"
        assert (order == list(range(100))) == (size == 1)


def test_all_orders_are_equally_likely():
    klods.random.set_seed(2)
    dataset = Dataset.range(3).shuffle(3)
    counts = Counter(tuple(listed(dataset)) for _ in range(1200))
    assert len(counts) == 6
    assert sum((n - 200) ** 2 / 200 for n in counts.values()) < 20.5  # chi-squared, 5 degrees of freedom, p = 0.001


def test_orders_of_iterations():
    anew, fixed = Dataset.range(20).shuffle(20, seed=1), Dataset.range(20).shuffle(20, None, False)
    assert listed(anew) != listed(anew)
    assert listed(fixed) == listed(fixed)
    twice = listed(Dataset.range(20).shuffle(20).repeat(2))
    assert twice[:20] != twice[20:]
    once = Dataset.range(20).shuffle(20).cache()
    assert listed(once) == listed(once)


def test_orders_follow_from_seeds():
    def orders(number, **options):
        klods.random.set_seed(number)
        dataset = Dataset.range(20).shuffle(7, **options)
        return listed(dataset), listed(dataset)

    for options in (
        {},
        {"seed": 3},
        {"reshuffle_each_iteration": False},
        {"seed": 3, "reshuffle_each_iteration": False},
    ):
        assert orders(1, **options) == orders(1, **options)
        assert orders(1, **options) != orders(2, **options)


def test_two_datasets_with_one_seed_have_one_order():
    x, y = (Dataset.range(20).shuffle(20, seed=4) for _ in "xy")
    assert all(a == b for a, b in listed(Dataset.zip((x, y))))


def test_a_cache_is_filled_by_a_whole_iteration_only():
    calls = []
    dataset = Dataset.range(4).map(lambda x: calls.append(int(x)) or x).cache()
    next(iter(dataset))
    assert listed(dataset) == listed(dataset) == [0, 1, 2, 3]
    assert calls == [0, 0, 1, 2, 3]


def test_nothing_is_computed_before_it_is_asked_for():
    calls = []
    dataset = Dataset.range(10).map(lambda x: calls.append(1) or x).batch(2).prefetch(AUTOTUNE)
    assert calls == []
    next(iter(dataset))
    assert len(calls) == 2


# ---------------------------------------------------------------- mistakes

REFUSED = {
    "batch of 0": (lambda: Dataset.range(3).batch(0), ValueError, "batch_size must be a whole number, 1 or more"),
    "batch of 1.5": (lambda: Dataset.range(3).batch(1.5), ValueError, "batch_size must be a whole number"),
    "buffer of 0": (lambda: Dataset.range(3).shuffle(0), ValueError, "buffer_size must be"),
    "a count of None": (lambda: Dataset.range(3).take(None), ValueError, "count must be a whole number"),
    "unequal lengths": (
        lambda: Dataset.from_tensor_slices((np.ones(3), np.ones(4))),
        ValueError,
        "lengths differ: 3 and 4",
    ),
    "a number": (lambda: Dataset.from_tensor_slices(3), ValueError, "no slices"),
    "nothing": (lambda: Dataset.from_tensor_slices(()), ValueError, "no arrays"),
    "objects": (lambda: Dataset.from_tensor_slices([{"a"}]), TypeError, "holds numbers"),
    "zip of arrays": (lambda: Dataset.zip(([1], [2])), TypeError, "takes datasets"),
    "a generator that runs": (lambda: Dataset.from_generator(iter([])), TypeError, "without calling it"),
    "no signature": (lambda: Dataset.from_generator(list), TypeError, "output_signature"),
    "a cache file": (lambda: Dataset.range(3).cache("x"), ValueError, "in memory"),
    "other dtypes": (lambda: Dataset.range(3).concatenate(Dataset.from_tensors(1.0)), TypeError, "elements differ"),
    "a filter's number": (lambda: Dataset.range(3).filter(lambda x: x), TypeError, "return True or False"),
    "a batch of shapes": (
        lambda: Dataset.range(1, 3).map(lambda x: klods.zeros(int(x))).batch(2),
        ValueError,
        r"shapes: \(1,\) and \(2,\).*\n.*padded_batch",
    ),
    "a batch of structures": (
        lambda: Dataset.range(2).map(lambda x: (x, x) if int(x) else x).batch(2),
        ValueError,
        r"differ in structure: tensor and \(tensor, tensor\)",
    ),
    "padding to less": (lambda: Dataset.from_tensors([1, 2]).padded_batch(2, [1]), ValueError, "is larger than"),
    "padding other axes": (lambda: Dataset.from_tensors([1, 2]).padded_batch(2, [1, 2]), ValueError, "axes"),
    "padding values": (lambda: Dataset.range(3).padded_batch(2, None, (1, 2)), ValueError, "2 padding values for 1"),
    "half a number": (lambda: Dataset.range(3).padded_batch(2, None, 0.5), TypeError, "int64 can't hold .* 0.5"),
    "a number for text": (lambda: Dataset.from_tensors(["a"]).padded_batch(2, None, 0), TypeError, "can't hold"),
    "other structures": (
        lambda: Dataset.range(3).concatenate(Dataset.zip(Dataset.range(3), Dataset.range(3))),
        TypeError,
        "elements differ",
    ),
    "concatenated arrays": (lambda: Dataset.range(3).concatenate([1, 2]), TypeError, "takes a dataset; got list"),
    "None": (lambda: Dataset.from_tensor_slices(([1, 2], None)), TypeError, "None is no element of a dataset, nor"),
    "a map that returns nothing": (lambda: Dataset.range(3).map(lambda x: None), TypeError, "The lambda returned None"),
    "a map of one argument": (
        lambda: Dataset.zip(Dataset.range(3), Dataset.range(3)).map(lambda x: x),
        TypeError,
        "The lambda is called on 2 arguments, which it can't take",
    ),
    "a filter of two": (lambda: Dataset.range(3).filter(max_of), TypeError, "'max_of' is called on 1 argument, which"),
    "a map without a function": (lambda: Dataset.range(3).map(7), TypeError, "map takes a function; got 7"),
    "a filter without": (lambda: Dataset.range(3).filter("x"), TypeError, "filter takes a function; got 'x'"),
    "a flat_map without": (lambda: Dataset.range(3).flat_map(None), TypeError, "flat_map takes a function"),
    "an interleave without": (lambda: Dataset.range(3).interleave(3), TypeError, "interleave takes a function; got 3"),
    "a seed": (lambda: Dataset.range(3).shuffle(3, seed="a"), ValueError, "seed must be a whole number, 0 or more"),
    "a range of halves": (lambda: Dataset.range(2.5), ValueError, "limit must be a whole number; got 2.5"),
    "a range of steps of 0": (lambda: Dataset.range(0, 5, 0), ValueError, "a step of 0"),
    "a range of nothing": (lambda: Dataset.range(), TypeError, "range takes stop, or start, stop and step"),
    "slices of a generator": (lambda: Dataset.from_tensor_slices(iter([1])), TypeError, "is no array.*\n.*generator"),
    "slices of a dataset": (lambda: Dataset.from_tensor_slices(Dataset.range(3)), TypeError, "A Dataset has no slices"),
    "a dtype for a signature": (
        lambda: Dataset.from_generator(list, output_signature=klods.int32),
        TypeError,
        "output_signature is a TensorSpec",
    ),
    "an unknown dtype": (lambda: Dataset.from_generator(list, "int23"), ValueError, "no dtype 'int23'"),
    "too few shapes": (lambda: Dataset.from_generator(list, ("int32",) * 2, ((),)), ValueError, "2 types and 1 shapes"),
    "an argument alone": (lambda: Dataset.from_generator(list, "int32", args=3), TypeError, r"write args=\(3,\)"),
    "a function that yields nothing": (lambda: Dataset.from_generator(lambda: 5, "int32"), TypeError, "yields nothing"),
    "no shape to pad to": (lambda: Dataset.range(3).padded_batch(2, "a"), ValueError, "expected a shape; got 'a'"),
    "shapes of others": (
        lambda: Dataset.from_tensor_slices({"a": [1]}).padded_batch(2, {"b": []}),
        ValueError,
        "a dict of a shape for each of a; got",
    ),
    "one shape of two": (
        lambda: Dataset.zip(Dataset.range(3), Dataset.range(3)).padded_batch(2, ((),)),
        ValueError,
        "a tuple of 2 shapes",
    ),
    "a start": (lambda: Dataset.range(3).enumerate("a"), ValueError, "start must be a whole number"),
    "a reduce without": (lambda: Dataset.range(3).reduce(0, None), TypeError, "reduce takes a function"),
    "a reduce of one": (lambda: Dataset.range(3).reduce(0, lambda s: s), TypeError, "is called on 2 arguments"),
    "a scan of one": (
        lambda: Dataset.range(3).scan(0, lambda s, x: s),
        TypeError,
        "scan's function returned .* not a state and an element",
    ),
    "an apply without": (lambda: Dataset.range(3).apply(3), TypeError, "apply takes a function"),
    "windows of 0": (
        lambda: Dataset.range(3).group_by_window(lambda x: x, lambda key, group: group, 0),
        ValueError,
        "window_size must be a whole number",
    ),
    "a choice beyond": (
        lambda: Dataset.choose_from_datasets([Dataset.range(3)], Dataset.range(3)),
        ValueError,
        "there is no dataset 1 among 1",
    ),
    "a choice below": (
        lambda: Dataset.choose_from_datasets([Dataset.range(3)], Dataset.range(-1, 0)),
        ValueError,
        "there is no dataset -1 among 1",
    ),
    "weights below 0": (
        lambda: Dataset.sample_from_datasets([Dataset.range(3)] * 2, [-1, 2]),
        ValueError,
        "Weights are 0 or more",
    ),
    "weights of 0": (lambda: Dataset.sample_from_datasets([Dataset.range(3)], [0]), ValueError, "and not all 0"),
    "a signature and types": (
        lambda: Dataset.from_generator(list, klods.int32, output_signature=SPEC((), "int32")),
        TypeError,
        "a signature beside types",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_mistakes_are_named(kind):
    make, error, message = REFUSED[kind]
    with pytest.raises(error, match=message) as caught:
        list(make())
    assert isinstance(caught.value, klods.errors.KlodsError)


def max_of(x, y):
    return klods.maximum(x, y)


def test_a_type_error_of_the_users_own_stays():
    with pytest.raises(TypeError, match="unsupported operand") as caught:
        list(Dataset.range(3).map(lambda x: [] / 2))
    assert not isinstance(caught.value, klods.errors.KlodsError)


def test_text_is_filled_up_with_no_text_and_kept_whole():
    texts = Dataset.from_generator(lambda: iter([["a"], ["b", "long"]]), output_signature=SPEC((None,), "string"))
    assert next(iter(texts.padded_batch(2))).numpy().tolist() == [[b"a", b""], [b"b", b"long"]]
    filled = next(iter(texts.padded_batch(2, padding_values="[pad]")))
    assert filled.numpy().tolist() == [[b"a", b"[pad]"], [b"b", b"long"]]
    numbers = Dataset.from_tensors([1.0]).padded_batch(1, [2], float("nan"))
    np.testing.assert_array_equal(next(iter(numbers)), [[1, np.nan]])


def test_an_empty_list_among_others():
    rows = Dataset.from_generator(lambda: iter([[], [1]]), output_signature=SPEC((None,), "int32"))
    assert [row.numpy().tolist() for row in rows] == [[], [1]]
    assert {row.dtype for row in rows} == {klods.int32}


def test_range_of_another_dtype():
    assert [x.dtype for x in Dataset.range(2, output_type=klods.int32)] == [klods.int32] * 2


def test_the_spec_of_what_varies():
    """Expected as seen in TensorFlow 2.21."""
    rows = Dataset.range(1, 4).map(lambda n: klods.fill([n], n))
    assert rows.element_spec == SPEC((None,), klods.int64)
    assert rows.padded_batch(2).element_spec == SPEC((None, None), klods.int64)
    pairs = Dataset.range(4).batch(2, drop_remainder=True)
    assert pairs.concatenate(Dataset.range(3).batch(3, drop_remainder=True)).element_spec == SPEC((None,), klods.int64)
    assert pairs.concatenate(Dataset.range(3)).element_spec == SPEC(None, klods.int64)


PAIR = (SPEC((2,), "float32"), SPEC((), "int32"))


@pytest.mark.parametrize(
    ("signature", "item", "message"),
    [
        (PAIR, [1.0, 2.0, 3.0], r"Element 1 of the generator is \[1.0, 2.0, 3.0\]; expected a tuple of 2"),
        (PAIR, ([1.0], 0), r"Element 1 of the generator\[0\] has shape \(1,\); expected \(2,\)"),
        (PAIR, ([1.0, 2.0], 0.5), r"Element 1 of the generator\[1\] is 0.5; expected a tensor of int32"),
        ({"a": PAIR[1]}, {"b": 1}, r"Element 1 .* expected a dict of a"),
        (PAIR[0], "ab", r"Element 1 .* is 'ab'; expected a tensor of float32"),
    ],
)
def test_a_generator_whose_elements_are_others(signature, item, message):
    good = {"a": 1} if isinstance(signature, dict) else ([1.0, 2.0], 1) if signature is PAIR else [1.0, 2.0]
    with pytest.raises(ValueError, match=message):
        list(Dataset.from_generator(lambda: [good, item], output_signature=signature))


def test_a_generator_that_raises():
    def broken():
        yield 1
        raise OSError("the disk is gone")

    iterator = iter(Dataset.from_generator(broken, klods.int32))
    assert int(next(iterator)) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(iterator)


# ---------------------------------------------------------------- in models


def trained(fit, **compiled):
    """Return what a small model's training, evaluation and predictions give."""
    keras = klods.keras
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    model.compile("rmsprop", "mse", **compiled)
    return fit(model)


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_model_does_the_same_with_a_dataset_as_with_its_arrays(eagerly):
    x = np.linspace(-1, 1, 60, dtype=np.float32).reshape(20, 3)
    y = x.sum(1, keepdims=True)
    dataset = Dataset.from_tensor_slices((2 * x, y)).batch(8).map(lambda a, b: (a / 2, b)).prefetch(AUTOTUNE)

    def with_arrays(model):
        history = model.fit(x, y, batch_size=8, epochs=3, shuffle=False, validation_data=(x, y), verbose=0).history
        return history, model.evaluate(x, y, batch_size=8, verbose=0), model.predict(x, verbose=0).tolist()

    def with_datasets(model):
        history = model.fit(dataset, epochs=3, validation_data=dataset, verbose=0).history
        inputs = Dataset.from_tensor_slices(x).batch(8)
        return history, model.evaluate(dataset, verbose=0), model.predict(inputs, verbose=0).tolist()

    arrays, datasets = (trained(fit, run_eagerly=eagerly) for fit in (with_arrays, with_datasets))
    for ours, theirs in zip(datasets[0].values(), arrays[0].values()):
        assert np.allclose(ours, theirs)
    assert np.allclose(datasets[1], arrays[1])
    assert np.allclose(datasets[2], arrays[2])


def test_a_dataset_without_end_trains_for_the_steps_asked_for():
    x = np.ones((6, 3), np.float32)
    seen = []
    dataset = Dataset.from_tensor_slices((x, x[:, :1])).batch(2).map(lambda a, b: seen.append(1) or (a, b)).repeat()
    history = trained(lambda model: model.fit(dataset, steps_per_epoch=4, epochs=2, verbose=0).history)
    assert len(history["loss"]) == 2
    assert 8 <= len(seen) <= 9, "one more to find mistakes before anything changes, at most"


def test_what_a_map_raises_reaches_the_user():
    def broken(x, y):
        raise KeyError("no such file")

    dataset = Dataset.from_tensor_slices((np.ones((6, 3)), np.ones((6, 1)))).batch(2).map(broken)
    with pytest.raises(KeyError, match="no such file"):
        trained(lambda model: model.fit(dataset, verbose=0))
