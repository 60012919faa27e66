"""Regularizers and constraints: values, gradients, names and configurations."""

from __future__ import annotations

import numpy as np
import pytest
from beside import both, close, gradients, own, plain, real, same_config

X = np.random.default_rng(4).normal(size=(3, 4)).astype("float32")
KERNEL = np.random.default_rng(5).normal(size=(2, 3, 4)).astype("float32")
REGULARIZERS = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.3, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
CONSTRAINTS = [
    ("NonNeg", {}),
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 0.5, "axis": [0, 1]}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.5, "max_value": 1.8, "rate": 0.7, "axis": 1}),
]
ALL = [("regularizers", *row) for row in REGULARIZERS] + [("constraints", *row) for row in CONSTRAINTS]


def made(keras, family, name, arguments):
    return getattr(getattr(keras, family), name)(**arguments)


def test_every_class_has_a_row():
    assert {name for name, _ in CONSTRAINTS} == {kind.__name__ for kind in own.constraints.KNOWN.values()}
    classes = {kind.__name__ for kind in own.regularizers.KNOWN.values() if isinstance(kind, type)}
    assert {name for name, _ in REGULARIZERS} == classes


@pytest.mark.parametrize(("family", "name", "arguments"), ALL)
def test_values(family, name, arguments):
    for x in (X, 0 * X) if name == "OrthogonalRegularizer" else (X, KERNEL, 0 * X):
        both(lambda keras, x: made(keras, family, name, arguments)(keras.ops.convert_to_tensor(x)), x)


@pytest.mark.parametrize(("name", "arguments"), REGULARIZERS)
def test_gradients(name, arguments):
    close(*gradients(lambda keras, x: made(keras, "regularizers", name, arguments)(x), X))


@pytest.mark.parametrize(("family", "name", "arguments"), ALL)
def test_config(family, name, arguments):
    ours, theirs = (made(keras, family, name, arguments) for keras in (own, real))
    same_config(ours, theirs)
    data = getattr(real, family).serialize(theirs)
    assert plain(getattr(own, family).serialize(ours)) == plain(data)
    again = getattr(own, family).get(data)
    assert type(again) is type(ours)
    assert plain(again.get_config()) == plain(ours.get_config())


@pytest.mark.parametrize(
    ("family", "name"),
    [("regularizers", name) for name in ("l1", "l2", "L1", "L2", "L1L2", "orthogonal_regularizer")]
    + [("constraints", name) for name in ("non_neg", "max_norm", "unit_norm", "min_max_norm", "NonNeg", "MaxNorm")],
)
def test_names(family, name):
    ours, theirs = (getattr(keras, family).get(name) for keras in (own, real))
    assert type(ours).__name__ == type(theirs).__name__
    same_config(ours, theirs)


@pytest.mark.parametrize(
    ("family", "name"),
    [("regularizers", name) for name in ("l1", "l2", "l1_l2", "orthogonal_regularizer")]
    + [("constraints", name) for name in ("non_neg", "max_norm", "unit_norm", "min_max_norm")],
)
def test_short_names(family, name):
    same_config(*(getattr(getattr(keras, family), name)() for keras in (own, real)))
