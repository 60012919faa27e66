"""keras.tree: structures flattened, mapped, packed, walked and compared, beside the real Keras."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest
from beside import own, real

Pair = namedtuple("Pair", "a b")
NESTED = {"b": [1, (2, None)], "a": Pair(3, {"z": 4, "y": 5})}
STRUCTURES = [NESTED, None, 3, "ab", [], (), {}, [[], {}], OrderedDict([("b", 1), ("a", [2])]), [Pair([1], 2)], {1, 2}]


def seen(tree, structure, **options):
    met = []
    tree.traverse(met.append, structure, **options)
    return met


CALLS = {
    "flatten": lambda tree, x: tree.flatten(x),
    "flatten_with_path": lambda tree, x: tree.flatten_with_path(x),
    "is_nested": lambda tree, x: tree.is_nested(x),
    "map_structure": lambda tree, x: tree.map_structure(lambda n: (n,), x),
    "map_structure, two": lambda tree, x: tree.map_structure(lambda n, m: [n, m], x, x),
    "map_structure, no None": lambda tree, x: tree.map_structure(lambda n: (n,), x, none_is_leaf=False),
    "pack_sequence_as": lambda tree, x: tree.pack_sequence_as(x, range(len(tree.flatten(x)))),
    "lists_to_tuples": lambda tree, x: tree.lists_to_tuples(x),
    "traverse": seen,
    "traverse, bottom up": lambda tree, x: seen(tree, x, top_down=False),
    "traverse, replacing": lambda tree, x: tree.traverse(lambda n: "list" if isinstance(n, list) else None, x),
    "traverse, mapping": lambda tree, x: tree.traverse(
        lambda n: tree.MAP_TO_NONE if n == 2 else n * 2 if isinstance(n, int) else None, x, top_down=False
    ),
    "assert_same_structure": lambda tree, x: tree.assert_same_structure(x, x),
    "assert_same_paths": lambda tree, x: tree.assert_same_paths(x, x),
}


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
@pytest.mark.parametrize("call", CALLS)
def test_one_structure(call, structure):
    assert repr(CALLS[call](own.tree, structure)) == repr(CALLS[call](real.tree, structure))


@pytest.mark.parametrize(
    "call",
    [
        lambda tree: tree.map_structure_up_to([0, 0], lambda x, y: (x, y), [1, [2]], [[3], 4]),
        lambda tree: tree.map_structure_up_to({"a": 0}, lambda x: x, {"a": [1, 2]}),
        lambda tree: tree.map_structure(lambda x, y: (x, y), {"x": 1, "y": 2}, {"y": 3, "x": 4}),
        lambda tree: tree.map_structure(lambda x: x + 1, defaultdict(int, {"b": 1, "a": 2})),
        lambda tree: tree.map_structure(np.sum, {"a": np.ones(3)}),
        lambda tree: tree.map_shape_structure(lambda s: s, [(None, 2), {"a": (3,)}]),
        lambda tree: tree.map_shape_structure(len, [[None, 2], {"a": [3]}]),
        lambda tree: tree.map_shape_structure(len, (None, 2)),
        lambda tree: tree.assert_same_paths([1], (1,)),
        lambda tree: tree.assert_same_structure({"a": 1, "b": 2}, {"b": 1, "a": 2}),
    ],
)
def test_several_structures(call):
    assert repr(call(own.tree)) == repr(call(real.tree))


@pytest.mark.parametrize(
    "call",
    [
        lambda tree: tree.map_structure(lambda x, y: x, [1, 2], [3]),
        lambda tree: tree.map_structure(lambda x, y: x, [1, 2], (3, 4)),
        lambda tree: tree.map_structure(lambda x, y: x, {"a": 1}, {"b": 1}),
        lambda tree: tree.map_structure(lambda x, y: x, [[1]], [2]),
        lambda tree: tree.map_structure(lambda x, y: x, [1], [[2]]),
        lambda tree: tree.map_structure(lambda: 1),
        lambda tree: tree.map_structure_up_to([0, 0], lambda x: x, [1]),
        lambda tree: tree.pack_sequence_as([1, 2], [1]),
        lambda tree: tree.pack_sequence_as([1, 2], [1, 2, 3]),
        lambda tree: tree.pack_sequence_as(1, [5, 6]),
        lambda tree: tree.assert_same_structure([1], [1, 2]),
        lambda tree: tree.assert_same_structure([1], (1,)),
        lambda tree: tree.assert_same_structure([1], [[1]]),
        lambda tree: tree.assert_same_structure([[1]], [1]),
        lambda tree: tree.assert_same_paths({"a": 1}, {"b": 1}),
        lambda tree: tree.assert_same_paths([1], [1, 2]),
    ],
)
def test_errors(call):
    for keras in (own, real):
        with pytest.raises(ValueError):  # noqa: PT011 - the words are each library's own
            call(keras.tree)
