"""`keras.ops`: names, parameters, defaults, values and dtypes as in the real Keras."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from beside import own, real
from ops_calls import CALLS

NAMES = [name for name in dir(own.ops) if not name.startswith("_") and hasattr(real.ops, name)]
# Arguments of Keras's that klods has no use for.
LEFT_OUT = {"sparse", "ragged", "retstep"}


def test_every_function_is_called():
    functions = {name for name in NAMES if callable(getattr(own.ops, name))}
    assert functions == {name for name, _, _ in CALLS}


@pytest.mark.parametrize(("name", "arguments", "named"), CALLS, ids=[f"{c[0]}-{i}" for i, c in enumerate(CALLS)])
def test_values_and_dtypes(name, arguments, named):
    ours, theirs = (parts(getattr(keras.ops, name)(*arguments, **named)) for keras in (own, real))
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs):
        assert mine.shape == other.shape
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", [name for name in NAMES if callable(getattr(own.ops, name))])
def test_parameters_and_defaults(name):
    ours, theirs = (signature(getattr(keras.ops, name)) for keras in (own, real))
    assert ours == {
        parameter: theirs[parameter] for parameter in theirs if parameter in ours or parameter not in LEFT_OUT
    }


def parts(result):
    """Return a result as a list of arrays."""
    if isinstance(result, (list, tuple)) and not is_shape(result):
        return [np.asarray(part) for part in result]
    return [np.asarray(result)]


def is_shape(result):
    return all(isinstance(item, int) for item in result)


def signature(function):
    """Return the parameters' names with their defaults."""
    kept = (p for p in inspect.signature(function).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD)
    return {p.name: p.default for p in kept}
