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
    assert functions == {name for name, _, _ in CALLS} | {"custom_gradient"}


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
    "nanquantile": lambda keras, x: keras.ops.nanquantile(x, 0.3, axis=0) ** 2,
    "scatter_update max": lambda keras, x: keras.ops.scatter_update(x, [[2], [0]], x[:2] * 3, "max") ** 2,
    "take_along_axis": lambda keras, x: keras.ops.take_along_axis(x, np.int32([[0, 0, 1, 2]]), 0) ** 2,
    "segment_max": lambda keras, x: keras.ops.segment_max(x, np.int32([1, 0, 1]), num_segments=2) ** 2,
    "corrcoef": lambda keras, x: keras.ops.corrcoef(x) ** 3,
    "cdist": lambda keras, x: keras.ops.cdist(x, x[:2] + 1),
    "correlate": lambda keras, x: keras.ops.correlate(x[0], x[1, :3], "full") ** 2,
    "trapezoid": lambda keras, x: keras.ops.trapezoid(x, x[0]) ** 2,
    "vander": lambda keras, x: keras.ops.vander(x[0], 3) ** 2,
    "cross": lambda keras, x: keras.ops.cross(x[0, :3], x[1:, 1:]) ** 2,
    "select": lambda keras, x: keras.ops.select([x > 1, x > 0], [x, x * x], 2 * x) ** 2,
    "rearrange": lambda keras, x: keras.ops.rearrange(x, "a (b c) -> (b a) c", c=2)[1:] ** 2,
    "erfc": lambda keras, x: keras.ops.erfc(x),
    "erfinv": lambda keras, x: keras.ops.erfinv(x / 4),
    "fmod": lambda keras, x: keras.ops.fmod(x, 0.3) * x,
    "ldexp": lambda keras, x: keras.ops.ldexp(x, np.int32(3)) ** 2,
    "psnr": lambda keras, x: keras.ops.psnr(x, x[::-1], 2.0),
    "nancumprod": lambda keras, x: keras.ops.nancumprod(x, 0) ** 2,
    "solve": lambda keras, x: keras.ops.solve(x[:, :3], x[:, 3]) ** 2,
    "solve_triangular": lambda keras, x: keras.ops.solve_triangular(x[:, :3], x[:, 2:]) ** 2,
    "lstsq": lambda keras, x: keras.ops.lstsq(x[:, :2], x[:, 3]) ** 2,
    "inv": lambda keras, x: keras.ops.inv(x[:, :3]) ** 2,
    "pinv": lambda keras, x: keras.ops.pinv(x) ** 2,
    "det": lambda keras, x: keras.ops.det(x[:, :3]) ** 2,
    "logdet": lambda keras, x: keras.ops.logdet(x[:, :3]),
    "cholesky": lambda keras, x: keras.ops.cholesky(gram(keras, x), upper=True) ** 2,
    "cholesky_inverse": lambda keras, x: keras.ops.cholesky_inverse(x[:, :3]),
    "qr": lambda keras, x: keras.ops.qr(keras.ops.transpose(x))[1] ** 3,
    "eigh": lambda keras, x: keras.ops.eigh(gram(keras, x))[0] ** 2,
    "svd": lambda keras, x: keras.ops.svd(x, full_matrices=False)[0] ** 4,
    "lu_factor": lambda keras, x: keras.ops.lu_factor(x[:, 1:])[0] ** 2,
    "scan": lambda keras, x: keras.ops.scan(lambda c, row: (c * row, c + row), x[0], x)[1] ** 2,
    "associative_scan": lambda keras, x: keras.ops.associative_scan(lambda a, b: a * b, x, axis=1) ** 2,
    "fori_loop": lambda keras, x: keras.ops.fori_loop(0, 3, lambda i, y: y * x, x),
    "switch": lambda keras, x: keras.ops.switch(1, [lambda y: y, lambda y: y * y], x),
    "map": lambda keras, x: keras.ops.map(lambda row: row * row[0], x),
    "vectorized_map": lambda keras, x: keras.ops.vectorized_map(lambda row: row * row[0], x),
    "custom_gradient": lambda keras, x: doubled(keras)(x) * x,
    "jvp": lambda keras, x: keras.ops.jvp(lambda y: y**3, (x,), (x * 2,))[1],
    "ctc_loss": lambda keras, x: keras.ops.ctc_loss(
        np.int32([[1, 2], [3, 0]]), keras.ops.stack([x, x * 2]), np.int32([2, 1]), np.int32([3, 2])
    ),
    "ctc_decode": lambda keras, x: keras.ops.ctc_decode(keras.ops.stack([x, x * 2]), np.int32([2, 3]))[1] ** 2,
    "kron": lambda keras, x: keras.ops.kron(x, x) ** 2,
    "diagflat": lambda keras, x: keras.ops.diagflat(x, 1) ** 2,
    "rot90": lambda keras, x: keras.ops.rot90(x)[0] ** 2,
    "layer_normalization": lambda keras, x: keras.ops.layer_normalization(x) ** 3,
    "rms_normalization": lambda keras, x: keras.ops.rms_normalization(x) ** 3,
    "batch_normalization": lambda keras, x: keras.ops.batch_normalization(x, x[0], x[1] ** 2, -1) ** 2,
}


def gram(keras, x):
    """Return a symmetric, positive definite matrix."""
    return keras.ops.matmul(x, keras.ops.transpose(x)) + keras.ops.eye(3)


def doubled(keras):
    """Return a function that says that its gradient is twice what comes."""
    return keras.ops.custom_gradient(lambda x: (x * 1.0, lambda cotangent: cotangent * 2))


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
