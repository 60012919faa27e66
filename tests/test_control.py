"""Choices, loops, maps, nests, modules and arrays that loops write. Values were seen in TensorFlow 2.21."""

from __future__ import annotations

import numpy as np
import pytest
from composed import Case, checks_of

import klods
from klods import nest
from klods.errors import ArgumentError, DataError, DTypeError, PositionError, ShapeError, StateError, TraceWarning

ROW = np.array([1.0, 2.0, 3.0])
MATRIX = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])

CASES = {
    "map_fn": Case(lambda x: klods.map_fn(lambda row: row * row, x), (ROW,), [1, 4, 9]),
    "map_fn of two": Case(
        lambda x, y: klods.map_fn(lambda t: t[0] + 2 * t[1], (x, y), fn_output_signature=klods.float64),
        (ROW, ROW), [3, 6, 9]),
    "map_fn to two": Case(
        lambda x: klods.map_fn(lambda row: (row, {"sum": klods.reduce_sum(row)}), x), (MATRIX,), (MATRIX, [2, 3])),
    "vectorized_map": Case(
        lambda x, y: klods.vectorized_map(lambda t: t[0] * t[1], (x, y)), (ROW, np.array([[5.0]])), [[5], [10], [15]]),
    "scan": Case(lambda x: klods.scan(lambda before, x: before * x, x), (ROW,), [1, 2, 6]),
    "scan from a start": Case(
        lambda x, s: klods.scan(lambda before, x: before + x, x, s), (ROW, np.array(10.0)), [11, 13, 16]),
    "scan backwards": Case(lambda x: klods.scan(lambda before, x: before - x, x, reverse=True), (ROW,), [0, 1, 3]),
    "scan of a pair": Case(
        lambda x: klods.scan(lambda a, x: (a[1], a[0] + a[1]), x, initializer=(0, 1)), (np.arange(5),),
        ([1, 1, 2, 3, 5], [1, 2, 3, 5, 8]), slopes=False),
    "foldl": Case(lambda x: klods.foldl(lambda before, x: before * 2 + x, x), (ROW,), 11),
    "foldr": Case(lambda x: klods.foldr(lambda before, x: before * 2 + x, x), (ROW,), 17),
    "foldr from a start": Case(lambda x: klods.foldr(lambda before, x: before * 2 + x, x, initializer=1.0), (ROW,), 25),
    "while_loop": Case(
        lambda x: klods.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * x), [0, x])[1],
        (np.array(1.1),), 1.1**8),
}  # fmt: skip


test_values, test_same_compiled, test_gradients_are_slopes = checks_of(CASES)


def test_choices_call_one_function():
    called = []

    def branch(value):
        return lambda: called.append(value) or value

    one, two, three = branch(1), branch(2), branch(3)
    true, false = klods.constant(True), klods.constant(False)
    chosen = [
        klods.cond(true, one, two),
        klods.cond(False, true_fn=one, false_fn=two),
        klods.case([(false, one), (true, two), (true, three)]),
        klods.case([(false, one)], default=three),
        *[klods.switch_case(klods.constant(i), [one, two], three) for i in (0, 1, 5, -1)],
        klods.switch_case(klods.constant(9), {0: one, 3: two}),
        klods.switch_case(klods.constant(0), [(3, one), (0, two)]),
    ]
    assert [int(x) for x in chosen] == called == [1, 2, 2, 3, 1, 2, 3, 3, 2, 2]
    assert klods.is_tensor(chosen[0])
    assert [x.numpy() for x in klods.cond(True, lambda: (1, 2), lambda: (3, 4))] == [1, 2]
    with pytest.raises(DataError, match="no condition holds"):
        klods.case([(false, one)])
    with pytest.raises(DataError, match="2 conditions hold"):
        klods.case([(true, one), (true, two)], exclusive=True)


def test_a_choice_by_a_value_runs_as_it_is():
    compiled = klods.function(lambda x: klods.cond(x > 0, lambda: x, lambda: -x))
    with pytest.warns(TraceWarning, match="runs as it is, not compiled"):
        assert float(compiled(klods.constant(-3.0))) == 3


def test_rounds_of_a_loop():
    assert [int(x) for x in klods.while_loop(lambda i: i < 5, lambda i: i + 1, [0])] == [5]
    assert [int(x) for x in klods.while_loop(lambda i: i < 5, lambda i: [i + 1], (7,))] == [7]
    count, total = klods.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), [0, 0], maximum_iterations=3)
    assert (int(count), int(total)) == (3, 3)
    (state,) = klods.while_loop(lambda d: d["a"] < 5, lambda d: [{"a": d["a"] + 2}], [{"a": 0}])
    assert int(state["a"]) == 6
    with pytest.raises(ArgumentError, match="loop_vars is a Tensor"):
        klods.while_loop(lambda i: i < 5, lambda i: i + 1, klods.constant(0))
    with pytest.raises(ArgumentError, match="2 variables, body returned 1"):
        klods.while_loop(lambda i, j: i < 5, lambda i, j: (i + 1,), [0, 0])


def test_maps_of_nothing_and_of_what_does_not_fit():
    empty = klods.map_fn(lambda x: (x * 0.5, klods.reduce_sum(x)), klods.zeros((0, 3)))
    assert [part.shape for part in empty] == [(0, 3), (0,)]
    assert klods.map_fn(lambda x: 1, klods.ones(2), dtype=klods.float32).dtype == "float32"
    with pytest.raises(ShapeError, match=r"the lengths differ: \[2, 3\]"):
        klods.map_fn(lambda t: t[0], (klods.ones(2), klods.ones(3)))
    with pytest.raises(DTypeError, match="returned float32; expected int32"):
        klods.map_fn(lambda x: x * 0.5, klods.ones(2), dtype=klods.int32)
    for function in (klods.scan, klods.foldl):
        with pytest.raises(DataError, match="there are no slices"):
            function(lambda a, x: a, klods.zeros((0, 3)))


def test_functions_of_numpy():
    assert float(klods.numpy_function(np.median, [klods.constant([1.0, 5.0, 2.0])], klods.float64)) == 2
    both = klods.py_function(lambda x: (x, x > 1), [[1.0, 2.0]], [klods.float32, klods.bool])
    assert [part.numpy().tolist() for part in both] == [[1, 2], [False, True]]


def test_nests():
    structure = {"b": [1, (2,)], "a": 3}
    assert nest.flatten(structure) == [3, 1, 2]
    assert nest.flatten(5) == [5]
    assert nest.pack_sequence_as(structure, "xyz") == {"b": ["y", ("z",)], "a": "x"}
    assert nest.map_structure(lambda x, y: x + y, structure, structure) == {"b": [2, (4,)], "a": 6}
    assert (nest.is_nested(structure), nest.is_nested(np.ones(2))) == (True, False)
    assert nest.map_structure(lambda x, y: x + y, [1], (2,), check_types=False) == [3]
    for other in ({"b": [1, [2]], "a": 3}, {"b": [1], "a": 3}, [1]):
        with pytest.raises(ArgumentError, match="The structures differ"):
            nest.map_structure(lambda x, y: x, structure, other)
    with pytest.raises(ArgumentError, match="2 things for a structure of 3"):
        nest.pack_sequence_as(structure, [1, 2])


class Affine(klods.Module):
    def __init__(self, name=None):
        super().__init__(name)
        self.w = klods.Variable(2.0, name="w")
        self.b = klods.Variable(0.0, name="b")
        self.seen = klods.Variable(0, trainable=False, name="seen")

    @klods.Module.with_name_scope
    def __call__(self, x):
        return x * self.w + self.b


class TwoAffines(klods.Module):
    def __init__(self):
        super().__init__()
        self.parts = [Affine(), Affine("second")]
        self.again = self.parts[0]
        self.scale = klods.Variable(1.0, name="scale")
        self.dense = klods.keras.layers.Dense(1)
        self.dense.build((None, 2))


def test_modules_find_their_variables():
    module = TwoAffines()
    assert (module.name, module.parts[0].name, module.parts[1].name) == ("two_affines", "affine", "second")
    assert [sub.name for sub in module.submodules] == ["affine", "second"]
    names = [variable.name for variable in module.variables]
    assert names == ["kernel", "bias", "scale", "b", "seen", "w", "b", "seen", "w"]
    assert len(module.trainable_variables) == 7
    assert [variable.name for variable in module.non_trainable_variables] == ["seen", "seen"]
    with module.name_scope as scope:
        assert scope == "two_affines/"
    with klods.GradientTape() as tape:
        y = module.parts[0](3.0)
    assert [float(g) for g in tape.gradient(y, module.parts[0].trainable_variables)] == [1, 3]


def test_modules_may_know_each_other():
    module = TwoAffines()
    module.parts[0].owner = module
    assert len(module.trainable_variables) == len(module.parts[0].trainable_variables) == 7
    assert set(map(id, module.parts[0].submodules)) == {id(module), id(module.parts[1])}


def test_arrays_that_loops_write():
    array = klods.TensorArray(klods.float32, size=0, dynamic_size=True)
    for i in range(3):
        array = array.write(i, [i, i])
    assert array.stack().numpy().tolist() == [[0, 0], [1, 1], [2, 2]]
    assert array.gather([2, 0]).numpy().tolist() == [[2, 2], [0, 0]]
    assert array.concat().numpy().tolist() == [0, 0, 1, 1, 2, 2]
    assert int(array.size()) == 3
    fixed = klods.TensorArray(klods.int32, 3).unstack([5, 6, 7])
    assert int(fixed.read(1)) == 6
    assert klods.TensorArray(klods.int32, 3).write(1, 4).stack().numpy().tolist() == [0, 4, 0]
    parts = klods.TensorArray(klods.int32, 2).split([1, 2, 3], [1, 2])
    assert parts.read(1).numpy().tolist() == [2, 3]
    with pytest.raises(PositionError, match="Place 3 is outside a TensorArray of 3"):
        fixed.write(3, 1)
    with pytest.raises(StateError, match="Place 0 of the TensorArray was not written"):
        klods.TensorArray(klods.int32, 3).read(0)
    with pytest.raises(StateError, match="Nothing was written"):
        klods.TensorArray(klods.int32, 3).stack()


def test_an_array_in_a_compiled_function_and_under_a_tape():
    @klods.function
    def slopes(x):
        with klods.GradientTape() as tape:
            tape.watch(x)
            array = klods.TensorArray(klods.float32, 2)
            for i in range(2):
                array = array.write(i, x[i] * (i + 1))
            y = klods.reduce_sum(array.stack() ** 2)
        return tape.gradient(y, x)

    assert slopes(klods.constant([3.0, 5.0])).numpy().tolist() == [6, 40]


def test_scopes_and_devices():
    with klods.device("/CPU:0"), klods.control_dependencies([]), klods.init_scope(), klods.name_scope("a") as scope:
        assert scope == "a/"
    with pytest.raises(DataError, match="There is no device '/GPU:0'"), klods.device("/GPU:0"):
        pass
