"""`custom_gradient`: the gradient is what the function says, also of several outputs, again, and compiled."""

from __future__ import annotations

import gc
import math
import weakref

import numpy as np
import pytest

import klods
from klods.errors import ArgumentError, DataError


@klods.custom_gradient
def log1pexp(x):
    power = klods.exp(x)
    return klods.math.log(1 + power), lambda cotangent: cotangent * (1 - 1 / (1 + power))


@klods.custom_gradient
def odd_pair(x, y):
    """Return x + y and x y, with a gradient that is not linear in the cotangents, and not theirs."""

    def gradient(of_sum, of_product):
        return klods.minimum(of_sum, of_product), 10 * of_product

    return (x + y, x * y), gradient


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_the_gradient_is_the_functions_own_and_differentiates_again():
    x = klods.constant(1.0)
    with klods.GradientTape() as outer:
        outer.watch(x)
        with klods.GradientTape() as inner:
            inner.watch(x)
            y = 3 * log1pexp(x)
        slope = inner.gradient(y, x)
    assert float(y) == pytest.approx(3 * math.log(1 + math.e))
    assert float(slope) == pytest.approx(3 * sigmoid(1), rel=1e-6)
    assert float(outer.gradient(slope, x)) == pytest.approx(3 * sigmoid(1) * sigmoid(-1), rel=1e-6)


def test_several_outputs_have_their_cotangents_at_once():
    x, y = klods.constant([1.0, 2.0]), klods.constant([3.0, 4.0])
    with klods.GradientTape() as tape:
        tape.watch([x, y])
        total, product = odd_pair(x, y)
        loss = klods.reduce_sum(5 * total + 2 * product)
    assert (total.numpy().tolist(), product.numpy().tolist()) == ([4, 6], [3, 8])
    of_x, of_y = tape.gradient(loss, [x, y])
    assert (of_x.numpy().tolist(), of_y.numpy().tolist()) == ([2, 2], [20, 20])


def test_outputs_keep_dtype_and_shape_beside_integers():
    @klods.custom_gradient
    def split(x):
        whole = klods.cast(x, "int32")
        return {"whole": whole, "half": klods.cast(x, "float64")[:, None], "x": klods.identity(x)}, lambda a, b: b + 1

    x = klods.constant([1.5, 2.5])
    with klods.GradientTape() as tape:
        tape.watch(x)
        parts = split(x)
    assert {name: (part.dtype, part.shape) for name, part in parts.items()} == {
        "whole": ("int32", [2]), "half": ("float64", [2, 1]), "x": ("float32", [2])}  # fmt: skip
    assert tape.gradient(parts["x"], x).numpy().tolist() == [2, 2]


def test_an_argument_that_comes_back_unchanged_has_the_new_gradient():
    x = klods.constant(2.0)
    reversing = klods.custom_gradient(lambda x: (x, lambda cotangent: -cotangent))
    with klods.GradientTape() as tape:
        tape.watch(x)
        y = reversing(x) + 3 * x
    assert float(tape.gradient(y, x)) == 2


def test_variables_that_are_read():
    scale = klods.Variable(2.0)

    @klods.custom_gradient
    def scaled(x):
        return x * scale, lambda cotangent, variables: (10 * cotangent, [100 * cotangent for _ in variables])

    x = klods.constant(3.0)
    with klods.GradientTape() as tape:
        tape.watch(x)
        y = scaled(x)
    assert [float(part) for part in tape.gradient(y, [x, scale])] == [10, 100]
    with pytest.raises(ArgumentError, match="reads variable 'Variable', of which its gradient doesn't know"):
        klods.custom_gradient(lambda x: (x * scale, lambda cotangent: cotangent))(x)


def test_a_gradient_of_none_stands_for_0_and_options_go_by_keyword():
    @klods.custom_gradient
    def power(x, unused, *, exponent):
        return x**exponent, lambda cotangent: (cotangent * exponent, None)

    x, other = klods.constant(2.0), klods.constant([5.0, 6.0])
    with klods.GradientTape() as tape:
        tape.watch([x, other])
        y = power(x, other, exponent=3)
    assert float(y) == 8
    of_x, of_other = tape.gradient(y, [x, other])
    assert (float(of_x), of_other.numpy().tolist()) == (3, [0, 0])


def test_gradients_pass_through():
    scale = klods.Variable(2.0)
    x = klods.constant([1.4, 2.6])
    with klods.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = 3 * klods.grad_pass_through(lambda x: klods.round(x * scale))(x)
    assert y.numpy().tolist() == [9, 15]
    assert tape.gradient(y, x).numpy().tolist() == [3, 3]
    assert float(tape.gradient(y, scale)) == 0


def test_a_gradient_is_asked_for_once_for_all_arguments():
    asked = []

    @klods.custom_gradient
    def product(x, y):
        return x * y, lambda cotangent: asked.append(1) or (cotangent * y, cotangent * x)

    x, y = klods.constant(2.0), klods.constant(3.0)
    with klods.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        z = product(x, y)
    assert [float(part) for part in tape.gradient(z, [x, y])] == [3, 2]
    assert len(asked) == 1
    assert [float(part) for part in tape.gradient(z, [x, y], output_gradients=klods.constant(2.0))] == [6, 4]
    assert len(asked) == 2


def test_tapes_are_freed_when_they_are_let_go():
    x = klods.constant(1.0)
    with klods.GradientTape() as outer:
        outer.watch(x)
        with klods.GradientTape() as inner:
            inner.watch(x)
            y = log1pexp(x)
        inner.gradient(y, x)
    gone = [weakref.ref(outer), weakref.ref(inner)]
    gc.disable()
    try:
        del outer, inner, y
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()


def test_compiled_as_eager():
    @klods.function
    def slopes(x, y):
        with klods.GradientTape() as tape:
            tape.watch([x, y])
            total, product = odd_pair(x, log1pexp(y))
            loss = klods.reduce_sum(5 * total + 2 * product)
        return tape.gradient(loss, [x, y])

    of_x, of_y = slopes(klods.constant([1.0]), klods.constant([0.5]))
    np.testing.assert_allclose((of_x[0], of_y[0]), (2, 20 * sigmoid(0.5)), rtol=1e-6)


def test_in_a_functional_model():
    given = klods.keras.Input((2,))
    model = klods.keras.Model(given, log1pexp(given))
    np.testing.assert_allclose(model.predict([[0.0, 1.0]], verbose=0), [[math.log(2), math.log(1 + math.e)]], rtol=1e-6)


def test_what_is_no_result_with_its_gradient():
    with pytest.raises(ArgumentError, match="'<lambda>' returned Tensor, not a result and its gradient"):
        klods.custom_gradient(lambda x: x)(1.0)
    x = klods.constant(1.0)
    with klods.GradientTape() as tape:
        tape.watch(x)
        y = klods.custom_gradient(lambda x: (x + 1, lambda c: (c, c)))(x)
    with pytest.raises(DataError, match="2 gradients for the 1 arguments of '<lambda>'"):
        tape.gradient(y, x)
