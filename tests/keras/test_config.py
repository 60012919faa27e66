"""keras.config and keras.backend."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import klods
from klods import keras
from klods.keras import backend as K, config


@pytest.fixture(autouse=True)
def settings():
    """Put every setting back."""
    before = dict(config._settings)
    yield
    config._settings.update(before)
    config.enable_traceback_filtering()


def test_defaults():
    assert (config.floatx(), config.epsilon(), config.image_data_format()) == ("float32", 1e-7, "channels_last")
    assert config.is_interactive_logging_enabled()
    assert config.is_traceback_filtering_enabled()


def test_settings():
    config.set_floatx("float64")
    config.set_epsilon(1e-3)
    config.set_image_data_format("channels_first")
    assert (K.floatx(), K.epsilon(), K.image_data_format()) == ("float64", 1e-3, "channels_first")
    assert K.variable([1, 2]).dtype == "float64"
    assert keras.utils.img_to_array(np.zeros((2, 3), np.uint8)).shape == (1, 2, 3)
    assert np.allclose(keras.ops.normalize([1e-4, 0.0]), [0.1, 0])


@pytest.mark.parametrize("eagerly", [False, True])
def test_new_layers_have_the_default_dtype(eagerly):
    config.set_floatx("float64")
    model = keras.Sequential([keras.layers.Dense(2, activation="relu"), keras.layers.Dense(1, dtype="float32")])
    model.compile("sgd", "mse", run_eagerly=eagerly)
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    assert [w.dtype for w in model.weights] == ["float64", "float64", "float32", "float32"]
    config.set_floatx("float32")
    assert model.layers[0].dtype == "float64"
    assert keras.layers.Dense(1).dtype == "float32"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: config.set_floatx("int32"), "no floatx 'int32'"),
        (lambda: config.set_image_data_format("first"), "no data_format 'first'"),
    ],
)
def test_settings_that_there_are_not(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    assert config.floatx() == "float32"


@pytest.mark.parametrize("switch", ["", "keras.config.disable_traceback_filtering()"])
def test_traceback_filtering(switch):
    code = f"""
        from klods import keras
        import klods
        {switch}
        klods.matmul(klods.ones((2, 3)), klods.ones((2, 3)))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60)
    inside = f"{klods.__path__[0]}"
    assert (inside in done.stderr) == bool(switch)
    assert "ShapeError" in done.stderr


X = np.array([[0.5, -1.0, 2.0], [3.0, 0.0, -0.2]], np.float32)
LENGTH = np.sqrt((X**2).sum())

# What NumPy makes of the documented formula.
FUNCTIONS = {
    "mean": (lambda x: K.mean(x, axis=1, keepdims=True), X.mean(1, keepdims=True)),
    "sum": (K.sum, X.sum()),
    "square": (K.square, X**2),
    "max": (lambda x: K.max(x, 0), X.max(0)),
    "argmax": (K.argmax, [2, 0]),
    "argmin": (K.argmin, [1, 2]),
    "cumsum": (K.cumsum, X.cumsum(0)),
    "cumprod": (K.cumprod, X.cumprod(0)),
    "sqrt": (K.sqrt, np.sqrt(np.maximum(X, 0))),
    "pow": (lambda x: K.pow(x, 2), X**2),
    "clip": (lambda x: K.clip(x, -0.5, 1.0), X.clip(-0.5, 1)),
    "abs": (K.abs, np.abs(X)),
    "all": (K.all, False),
    "any": (lambda x: K.any(x, 1), [True, True]),
    "relu": (K.relu, np.maximum(X, 0)),
    "leaky": (lambda x: K.relu(x, alpha=0.1), np.where(X > 0, X, 0.1 * X)),
    "relu of all": (lambda x: K.relu(x, 0.1, 2.0, 0.7), [[-0.02, -0.17, 2], [2, -0.07, -0.09]]),
    "hard_sigmoid": (K.hard_sigmoid, (0.2 * X + 0.5).clip(0, 1)),
    "l2_normalize": (K.l2_normalize, X / LENGTH),
    "softmax": (K.softmax, np.exp(X) / np.exp(X).sum(1, keepdims=True)),
    "flatten": (K.flatten, X.ravel()),
    "batch_flatten": (lambda x: K.batch_flatten(K.expand_dims(x)), X),
    "expand_dims": (K.expand_dims, X[..., None]),
    "permute": (lambda x: K.permute_dimensions(x, (1, 0)), X.T),
    "reverse": (lambda x: K.reverse(x, 1), X[:, ::-1]),
    "repeat": (lambda x: K.repeat(x, 2), np.stack([X, X], 1)),
    "repeat_elements": (lambda x: K.repeat_elements(x, 2, axis=0), X.repeat(2, 0)),
    "concatenate": (lambda x: K.concatenate([x, x]), np.concatenate([X, X], 1)),
    "gather": (lambda x: K.gather(x, [1, 1]), X[[1, 1]]),
    "dot": (lambda x: K.dot(x, K.transpose(x)), X @ X.T),
    "in_top_k": (lambda x: K.in_top_k(x, [2, 1], 1), [True, False]),
    "int_shape": (K.int_shape, (2, 3)),
    "count_params": (K.count_params, 6),
    "dtype": (lambda x: K.dtype(x) == "float32", True),
    "arange": (lambda x: K.arange(3), [0, 1, 2]),
    "eval": (K.eval, X),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    call, expected = FUNCTIONS[name]
    np.testing.assert_allclose(np.asarray(call(K.constant(X))), expected, rtol=1e-5, atol=1e-6)


def test_variables():
    w, b = K.variable([[1.0, 2.0]]), K.zeros((2,))
    K.set_value(w, [[3, 4]])
    assert K.get_value(w).tolist() == [[3, 4]]
    K.batch_set_value([(w, [[5.0, 6.0]]), (b, [1.0, 1.0])])
    assert [value.tolist() for value in K.batch_get_value([w, b])] == [[[5, 6]], [1, 1]]
    K.update_add(b, [1.0, 2.0])
    K.update_sub(b, [0.5, 0.5])
    assert K.get_value(b).tolist() == [1.5, 2.5]
    assert K.get_value(K.update(b, K.ones((2,)))).tolist() == [1, 1]


def test_random_numbers():
    keras.utils.set_random_seed(1)
    values = K.get_value(K.random_uniform((1000,), 2.0, 3.0))
    assert values.min() >= 2
    assert values.max() < 3
    assert abs(K.get_value(K.random_normal((1000,), 5.0)).mean() - 5) < 0.2
    assert np.abs(K.get_value(K.truncated_normal((1000,)))).max() <= 2


def test_what_things_are():
    assert K.is_keras_tensor(keras.KerasTensor((None, 2), "float32", name="x"))
    assert not K.is_keras_tensor(K.constant(1.0))
    assert K.standardize_dtype(klods.float16) == K.standardize_dtype(np.float16) == "float16"
    assert K.standardize_dtype(None) == "float32"
    assert K.is_float_dtype("float16")
    assert K.is_int_dtype("uint8")
    assert not K.is_int_dtype("float32")
