"""Variables: cells with a name, whose value is assigned and whose shape and dtype stay."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import klods


def test_attributes():
    v = klods.Variable([[1.0, 2.0]], name="w")
    assert (v.name, v.shape, v.dtype, v.trainable, v.ndim) == ("w", (1, 2), "float32", True, 2)
    assert not klods.Variable(initial_value=1, trainable=False).trainable
    assert klods.Variable(1, dtype=klods.float64).dtype == "float64"
    assert klods.Variable(lambda: klods.ones((2,))).numpy().tolist() == [1.0, 1.0]
    assert repr(klods.Variable(3.0, name="w")) == "<klods.Variable 'w' shape=() dtype=float32, numpy=3.0>"
    assert f"{v}" == str(v) == repr(v)
    assert f"{klods.Variable(3.0):.2f}" == "3.00"


def test_assign_changes_the_value_and_returns_the_variable():
    v = klods.Variable([1.0, 2.0])
    assert v.assign([3.0, 4.0]) is v
    assert v.assign_add([1.0, 1.0]) is v
    assert v.assign_sub(klods.constant([0.5, 0.5])) is v
    assert v.numpy().tolist() == [3.5, 4.5]
    assert v.assign_add(1.0).numpy().tolist() == [4.5, 5.5]
    assert v.assign(klods.Variable([7.0, 8.0])).numpy().tolist() == [7.0, 8.0]


@pytest.mark.parametrize("value", [np.array([1.0, 2.0]), [1, 2], np.array([1, 2], np.uint8), klods.constant([1, 2])])
def test_assign_keeps_the_dtype(value):
    v = klods.Variable([0.0, 0.0])
    assert v.assign(value).dtype == "float32"
    assert v.assign_add(value).dtype == "float32"
    assert v.numpy().tolist() == [2.0, 4.0]


def test_assign_refuses_another_shape():
    v = klods.Variable([1.0, 2.0], name="w")
    for change in (lambda: v.assign([1.0, 2.0, 3.0]), lambda: v.assign(1.0), lambda: v.assign_add([1.0, 2.0, 3.0])):
        with pytest.raises(ValueError, match=r"'w' takes a value of shape \(2,\)"):
            change()
    assert v.numpy().tolist() == [1.0, 2.0]


def test_assign_refuses_fractions_for_integers():
    v = klods.Variable([1, 2])
    for change in (v.assign, v.assign_add, v.assign_sub):
        with pytest.raises(TypeError, match="int32"):
            change([0.5, 0.5])
    assert v.numpy().tolist() == [1, 2]


def test_assigning_a_part():
    v = klods.Variable([[1.0, 2.0], [3.0, 4.0]])
    v[0, 0].assign(9.0)
    v[1].assign([7.0, 8.0])
    assert v.numpy().tolist() == [[9.0, 2.0], [7.0, 8.0]]
    v[:, klods.constant(1)].assign(klods.zeros((2,)))
    assert v.numpy().tolist() == [[9.0, 0.0], [7.0, 0.0]]
    with pytest.raises(ValueError, match=r"takes a value of shape \(2,\)"):
        v[0].assign([1.0, 2.0, 3.0])


def test_what_was_read_before_an_assignment_stays():
    v = klods.Variable([1.0, 2.0])
    tensor, read, array, doubled = klods.convert_to_tensor(v), v.read_value(), v.numpy(), v * 2
    v.assign([5.0, 6.0])
    v[0].assign(9.0)
    assert [x.numpy().tolist() for x in (tensor, read, doubled)] == [[1.0, 2.0], [1.0, 2.0], [2.0, 4.0]]
    assert array.tolist() == [1.0, 2.0]


def test_the_value_is_nobody_elses():
    source = np.zeros(2, np.float32)
    v = klods.Variable(source)
    v.numpy()[0] = 5
    source[0] = 5
    assert v.numpy().tolist() == [0.0, 0.0]
    v.assign(source)
    source[0] = 7
    assert v.numpy().tolist() == [5.0, 0.0]


@pytest.mark.parametrize("change", [operator.iadd, operator.isub, operator.imul, operator.itruediv])
def test_in_place_operators_are_refused(change):
    with pytest.raises(RuntimeError, match="assign_add"):
        change(klods.Variable(1.0, name="w"), 1.0)


def test_variables_are_unhashable_but_have_references():
    v, w = klods.Variable(1.0), klods.Variable(1.0)
    with pytest.raises(TypeError, match="unhashable"):
        hash(v)
    assert {v.ref(): "v", w.ref(): "w"}[v.ref()] == "v"
    assert bool(v == w)
