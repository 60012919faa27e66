"""What is asked of every function that is made of blocks: the same compiled, and gradients that are slopes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

import klods
from klods.structures import leaves

STEP = 1e-5


class Case(NamedTuple):
    """A function of the arrays, and what it gives; None where another test tells."""

    function: Callable[..., Any]
    arrays: tuple[Any, ...]
    expected: Any = None
    traced: bool = True
    slopes: bool = True
    again: bool = True


def checks_of(cases: Mapping[str, Case]) -> tuple[Any, Any, Any]:
    """Return the tests of a table of cases: their values, the same compiled, and gradients as slopes."""

    @pytest.mark.parametrize("name", cases)
    def test_values(name):
        assert_value(cases[name])

    @pytest.mark.parametrize("name", [name for name, case in cases.items() if case.traced])
    def test_same_compiled(name):
        assert_same_compiled(cases[name])

    @pytest.mark.parametrize("name", [name for name, case in cases.items() if case.slopes])
    def test_gradients_are_slopes(name):
        assert_slopes(cases[name])

    return test_values, test_same_compiled, test_gradients_are_slopes


def arrays_of(result: Any) -> list[Any]:
    return [np.asarray(x) for x in leaves(result)]


def assert_value(case: Case) -> None:
    result = case.function(*map(klods.constant, case.arrays))
    expected = case.expected if isinstance(case.expected, (tuple, dict)) else [case.expected]
    found = arrays_of(result)
    wanted = [np.asarray(x) for x in (leaves(expected) if isinstance(expected, dict) else expected)]
    assert len(found) == len(wanted)
    for own, theirs in zip(found, wanted):
        assert own.shape == theirs.shape
        np.testing.assert_allclose(own, theirs, rtol=2e-6, atol=1e-6)


def assert_same_compiled(case: Case) -> None:
    """Compare with the function compiled, which has to be traced as a whole."""
    tensors = [klods.constant(x) for x in case.arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("error", klods.errors.TraceWarning)
        compiled = klods.function(case.function)(*tensors)
    for own, eager in zip(arrays_of(compiled), arrays_of(case.function(*tensors))):
        assert (own.shape, own.dtype) == (eager.shape, eager.dtype)
        np.testing.assert_allclose(own, eager, rtol=2e-6, atol=1e-6)


def assert_slopes(case: Case) -> None:
    """Compare gradients with central differences, in float64; those of the gradients too unless not `again`."""
    inputs = [klods.constant(np.asarray(x, np.float64)) if is_floating(x) else klods.constant(x) for x in case.arrays]
    places = [i for i, x in enumerate(case.arrays) if is_floating(x)]
    random = np.random.default_rng(7)
    weights = [random.normal(size=np.shape(x)) for x in leaves(case.function(*inputs))]
    directions = [random.normal(size=inputs[i].shape) for i in places]

    def scalar(*floats: Any) -> Any:
        arguments = list(inputs)
        for i, x in zip(places, floats):
            arguments[i] = x
        parts = leaves(case.function(*arguments))
        return sum(klods.reduce_sum(x * w) for x, w in zip(parts, weights) if np.asarray(x).dtype.kind == "f")

    def slope(*floats: Any) -> Any:
        return sum(klods.reduce_sum(g * d) for g, d in zip(gradients(scalar, floats), directions))

    floats = [inputs[i] for i in places]
    functions = [scalar, slope] if case.again else [scalar]
    for function in functions:
        found = gradients(function, floats)
        for i, (x, gradient, direction) in enumerate(zip(floats, found, directions)):
            assert gradient.shape == x.shape
            ahead, behind = ([*floats[:i], x + sign * STEP * direction, *floats[i + 1 :]] for sign in (1, -1))
            expected = (float(function(*ahead)) - float(function(*behind))) / (2 * STEP)
            np.testing.assert_allclose(float(klods.reduce_sum(gradient * direction)), expected, rtol=1e-5, atol=1e-6)


def gradients(function: Callable[..., Any], inputs: Any) -> list[Any]:
    with klods.GradientTape() as tape:
        tape.watch(list(inputs))
        result = function(*inputs)
    return tape.gradient(result, list(inputs), unconnected_gradients="zero")


def is_floating(x: Any) -> bool:
    return np.asarray(x).dtype.kind == "f"
