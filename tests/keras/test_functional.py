"""Models made of Inputs and what layers give for them."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import AbsentError, DataError, DTypeError, ShapeError, StateError

Dense, Input, Model = keras.layers.Dense, keras.Input, keras.Model
A = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
B = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)


def two_in_two_out():
    a, b = Input((4,), name="a"), Input((3,), name="b")
    shared = Dense(3, activation="relu", name="shared")
    joined = keras.ops.concatenate([shared(a), shared(Dense(4)(b))], axis=-1)
    return Model([a, b], {"sum": joined + 1.0, "first": joined[:, 0]}, name="two")


def test_shapes_and_types():
    model = two_in_two_out()
    assert (type(model).__name__, model.name, model.built) == ("Functional", "two", True)
    assert model.input_shape == [(None, 4), (None, 3)]
    assert model.output_shape == [(None,), (None, 6)]  # a dict's in the order of its keys
    assert [x.name for x in model.inputs] == ["a", "b"]
    assert len(model.weights) == 4  # the shared ones once


@pytest.mark.parametrize("given", [[A, B], (A, B), {"a": A, "b": B}, {"b": B, "a": A, "c": A}])
def test_values_however_the_inputs_come(given):
    model = two_in_two_out()
    model.set_weights([np.full(w.shape, 0.1 * i, np.float32) for i, w in enumerate(model.weights)])
    k, b = (np.asarray(w) for w in model.get_layer("shared").weights)
    other = next(layer for layer in model.layers if layer.weights and layer.name != "shared")
    i, c = (np.asarray(w) for w in other.weights)
    joined = np.concatenate([np.maximum(A @ k + b, 0), np.maximum((B @ i + c) @ k + b, 0)], 1)
    for outputs in (model(given), model.predict(given, verbose=0)):
        np.testing.assert_allclose(outputs["sum"], joined + 1, rtol=1e-5)
        np.testing.assert_allclose(outputs["first"], joined[:, 0], rtol=1e-5)


def test_a_long_chain_needs_no_recursion():
    x = y = Input((2,))
    for _ in range(2000):
        y = keras.layers.Activation("relu")(y)
    model = Model(x, y)
    assert len(model.layers) == 2001
    assert np.array_equal(model(np.ones((1, 2))), [[1, 1]])


def test_parts_of_a_model():
    x = Input((4,))
    hidden = Dense(5)(x)
    whole = Model(x, Dense(2)(hidden))
    front, back = Model(whole.input, whole.layers[1].output), Model(hidden, whole.output)
    np.testing.assert_allclose(back(front(A)), whole(A), rtol=1e-5)
    assert front.weights == whole.weights[:2]
    assert back.input_shape == (None, 5)


def test_parts_of_a_stack():
    stack = keras.Sequential([Input((4,)), Dense(3), Dense(2)])
    features = Model(stack.inputs, [layer.output for layer in stack.layers])
    assert [x.shape for x in features(A)] == [(6, 3), (6, 2)]
    np.testing.assert_allclose(features(A)[1], stack(A), rtol=1e-6)


ERRORS = {
    "disconnected": (lambda x, y: Model(Input((4,)), Dense(2)(x)), StateError, "its outputs need 'first', which"),
    "no placeholder": (lambda x, y: Model(x, np.ones(3)), DataError, "outputs are placeholders.*got a ndarray"),
    "none": (lambda x, y: Model([], x), DataError, "got none"),
    "one name": (
        lambda x, y: Model(x, Dense(4, name="d")(Dense(4, name="d")(x))), DataError, "Two layers are named 'd'",
    ),
    "too few": (lambda x, y: Model([x, y], x + y)([A]), DataError, "takes 2 inputs, first, second; got 1"),
    "wrong names": (lambda x, y: Model([x, y], x + y)({"first": A}), DataError, r"got \['first'\]"),
    "wrong width": (lambda x, y: Model([x, y], x + y)([A, B]), ShapeError, "takes 'second' of shape"),
    "layer width": (lambda x, y: Dense(2, name="d").build((None, 4)) or keras.layers.Dense(3)(x[:, 0]), ShapeError,
                    "at least 2 axes"),
    "float": (lambda x, y: float(x), StateError, "'first' stands for a tensor"),
    "array": (lambda x, y: np.asarray(x), StateError, "it has no values"),
    "if": (lambda x, y: bool(x > 0), DTypeError, "neither true nor false"),
    "loop": (lambda x, y: list(x), StateError, "no values"),
    "no output yet": (lambda x, y: Dense(2).output, AbsentError, "has no output"),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    call, kind, words = ERRORS[case]
    with pytest.raises(kind, match=words):
        call(Input((4,), name="first"), Input((4,), name="second"))


def test_a_cycle():
    x = Input((4,))
    first = Dense(4)
    y = first(x)
    z = Dense(4)(y)
    y.node.inputs[:] = [z]
    with pytest.raises(StateError, match="has a cycle"):
        Model(x, z)


def test_operators_and_functions_give_placeholders():
    x = Input((4,))
    shapes = {
        (None, 4): [1 - x, x @ np.eye(4, dtype=np.float32), klods.nn.relu(x), -x, x / x, x**2, np.ones(4) + x],
        (None,): [keras.ops.sum(x, -1), klods.reduce_mean(x, axis=1), x[..., 0]],
        (None, 8): [keras.ops.concatenate([x, x], -1), keras.ops.tile(x, (1, 2))],
        (): [keras.ops.sum(x)],
    }
    for shape, found in shapes.items():
        assert [(type(y).__name__, y.shape) for y in found] == [("KerasTensor", shape)] * len(found)
        assert all(np.isfinite(Model(x, y)(A)).all() for y in found)


def test_training_compiled_and_eager():
    runs = []
    for eagerly in (False, True):
        keras.utils.set_random_seed(1)
        model = two_in_two_out()
        x = Dense(1)(model.outputs[1])
        model = Model(model.inputs, x)
        model.compile("sgd", "mse", run_eagerly=eagerly)
        runs.append(model.fit([A, B], A[:, :1], batch_size=2, epochs=3, verbose=0).history["loss"])
    assert runs[0] == pytest.approx(runs[1])
    assert runs[0][-1] < runs[0][0]
