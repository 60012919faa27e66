"""`keras.ops`: names, parameters, defaults, values and dtypes as in the real Keras."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from beside import close, gradients, own, real
from ops_calls import CALLS

import klods

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


DIFFERENTIATED = {
    "hypot": lambda keras, x: keras.ops.hypot(x, 0.3),
    "arctan2": lambda keras, x: keras.ops.arctan2(x, -0.5),
    "cbrt": lambda keras, x: keras.ops.cbrt(x),
    "arcsinh": lambda keras, x: keras.ops.arcsinh(x),
    "sinc": lambda keras, x: keras.ops.sinc(x),
    "logaddexp2": lambda keras, x: keras.ops.logaddexp2(x, 0.1),
    "fmax": lambda keras, x: keras.ops.fmax(x, 0.1) * x,
    "median": lambda keras, x: keras.ops.median(x, axis=1) ** 2,
    "quantile": lambda keras, x: keras.ops.quantile(x, [0.2, 0.9], axis=0) ** 2,
    "diff": lambda keras, x: keras.ops.diff(x, n=2) ** 2,
    "nanvar": lambda keras, x: keras.ops.nanvar(x, axis=0),
    "nanmax": lambda keras, x: keras.ops.nanmax(x, axis=0) ** 2,
    "slice_update": lambda keras, x: keras.ops.slice_update(x, [1, 0], x[:2, :2]) ** 2,
    "scatter": lambda keras, x: keras.ops.scatter(np.int32([[3], [0], [3]]), x, (5, 4)) ** 2,
    "scatter_update": lambda keras, x: keras.ops.scatter_update(x, [[2], [0]], x[:2] * 3) ** 2,
    "segment_sum": lambda keras, x: keras.ops.segment_sum(x, np.int32([1, 0, 1]), num_segments=2) ** 2,
    "kron": lambda keras, x: keras.ops.kron(x, x) ** 2,
    "diagflat": lambda keras, x: keras.ops.diagflat(x, 1) ** 2,
    "rot90": lambda keras, x: keras.ops.rot90(x)[0] ** 2,
    "layer_normalization": lambda keras, x: keras.ops.layer_normalization(x) ** 3,
    "rms_normalization": lambda keras, x: keras.ops.rms_normalization(x) ** 3,
    "batch_normalization": lambda keras, x: keras.ops.batch_normalization(x, x[0], x[1] ** 2, -1) ** 2,
}


@pytest.mark.parametrize("call", DIFFERENTIATED.values(), ids=list(DIFFERENTIATED))
def test_gradients_and_traced_calls(call):
    x = np.random.default_rng(4).normal(size=(3, 4)).astype("float32")
    close(*gradients(call, x), rtol=2e-4, atol=2e-5)
    tensor = klods.constant(x)
    close(klods.function(lambda x: call(own, x))(tensor), call(own, tensor), rtol=1e-6, atol=1e-6)


def parts(result):
    """Return a result as a list of arrays."""
    if isinstance(result, str):
        return [np.ones((), result)]
    if isinstance(result, (list, tuple)) and not is_shape(result):
        return [np.asarray(part) for part in result]
    return [np.asarray(result)]


def is_shape(result):
    return all(isinstance(item, int) for item in result)


def signature(function):
    """Return the parameters' names with their defaults."""
    kept = (p for p in inspect.signature(function).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD)
    return {p.name: p.default for p in kept}
