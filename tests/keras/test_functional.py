"""Models made of Inputs and what layers give for them."""

from __future__ import annotations

import copy
import pickle

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
    "another key": (lambda x, y: Model({"own": x}, x + 1)({"first": A}), DataError, "takes 1 input, own; got"),
    "wrong names": (lambda x, y: Model([x, y], x + y)({"first": A}), DataError, r"got \['first'\]"),
    "wrong width": (lambda x, y: Model([x, y], x + y)([A, B]), ShapeError, "takes 'second' of shape"),
    "layer width": (lambda x, y: Dense(2, name="d").build((None, 4)) or keras.layers.Dense(3)(x[:, 0]), ShapeError,
                    "at least 2 axes"),
    "in a call": (lambda x, y: keras.layers.Lambda(lambda x: x + np.ones(3), name="plus")(x), ShapeError,
                  "^Layer 'plus': add: shapes"),
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


# ------------------------------------------------------------ copies and configurations


def test_copies_and_pickles():
    model = two_in_two_out()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.get_layer("shared") is not model.get_layer("shared")
        assert np.array_equal(twin([A, B])["sum"], model([A, B])["sum"])
        assert twin.get_config() == model.get_config()


def test_a_configuration_comes_back():
    model = two_in_two_out()
    twin = Model.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    assert twin.get_config() == model.get_config()
    assert np.array_equal(twin([A, B])["first"], model([A, B])["first"])


def test_calls_that_need_each_other_are_told():
    x = Input((4,), name="x")
    model = Model(x, Dense(4, name="two")(Dense(4, name="one")(x)))
    config = model.get_config()
    config["layers"][1]["inbound_nodes"] = copy.deepcopy(config["layers"][2]["inbound_nodes"])
    config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["two", 0, 0]
    with pytest.raises(DataError, match="The calls of one, two need each other"):
        Model.from_config(config)


def test_functions_of_klods_are_described_as_keras_ones():
    x = Input((4, 3))
    made = [klods.matmul(x, klods.ones((3, 2))), klods.reduce_mean(x, axis=1), klods.concat([x, x], axis=-1), x[:, 0]]
    found = [(y.node.operation.described_as[1], y.node.operation.options) for y in made]
    assert found == [
        ("Matmul", {}), ("Mean", {"axis": 1, "keepdims": False}), ("Concatenate", {"axis": -1}), ("GetItem", {}),
    ]  # fmt: skip


def test_a_subclass_made_of_placeholders():
    class Small(Model):
        def __init__(self, units=3, **kwargs):
            x = Input((4,))
            super().__init__(inputs=x, outputs=Dense(units)(x), **kwargs)
            self.units = units

    model = Small(2, name="small")
    assert (model.output_shape, model.get_config()["units"], model.name) == ((None, 2), 2, "small")
    assert model(A).shape == (6, 2)


def test_clone_of_what_is_no_model():
    for given in (3, Dense(2)):
        with pytest.raises(DataError, match="clone_model takes a model; got "):
            keras.models.clone_model(given)


def test_clone_with_functions_of_ones_own():
    model = two_in_two_out()

    def wider(layer):
        return Dense(layer.units, "tanh", name=f"{layer.name}_twin")

    def dropped(layer, *args, **kwargs):
        outputs = layer(*args, **kwargs)
        return keras.layers.Dropout(0.5)(outputs) if isinstance(layer, Dense) else outputs

    twin = keras.models.clone_model(model, clone_function=wider)
    assert twin.get_layer("shared_twin").activation is keras.activations.tanh
    assert len(twin.weights) == 4
    same = keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=dropped)
    assert same.get_layer("shared") is model.get_layer("shared")
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in same.layers) == 3
    assert np.array_equal(same([A, B])["sum"], model([A, B])["sum"])


# ------------------------------------------------------------ layers


def test_a_layer_of_layers_keeps_an_unknown_batch():
    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = [Dense(5), Dense(2)]

        def call(self, inputs):
            return klods.reshape(self.inner[1](self.inner[0](inputs)), (len(inputs) * 2,)), inputs[:, 0]

    flat, first = Block()(Input((4,)))
    assert (flat.shape, first.shape) == ((None,), (None,))
    model = Model(flat.node.inputs, [flat, first])
    assert len(model.trainable_weights) == 4
    assert [x.shape for x in model(A)] == [(12,), (6,)]


def test_arguments_are_built_by_their_names():
    class Both(keras.layers.Layer):
        def build(self, query_shape, value_shape):
            self.got = query_shape, value_shape
            self.kernel = self.add_weight((query_shape[-1], value_shape[-1]))

        def call(self, query, value, scale=1.0):
            return query @ self.kernel * value * scale

        def compute_output_shape(self, query_shape, value_shape):
            return value_shape

    layer = Both()
    outputs = layer(query=Input((4,), name="q"), value=Input((3,), name="v"), scale=2.0)
    assert (layer.got, outputs.shape) == (((None, 4), (None, 3)), (None, 3))
    model = Model(outputs.node.inputs, outputs)
    np.testing.assert_allclose(model([A, B]), A @ np.asarray(layer.kernel) * B * 2, rtol=1e-5)
    assert layer.get_build_config() == {"shapes_dict": {"query_shape": (None, 4), "value_shape": (None, 3)}}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([A], "takes a list of 2 tensors; got a list of 1"),
        (A, "takes a list of 2 tensors; got one"),
        ([A, A], r"expected shape \(..., 3\)"),
    ],
)
def test_a_layer_says_how_many_inputs_it_takes(given, words):
    class Pair(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="pair")
            self.input_spec = [keras.layers.InputSpec(axes={-1: 4}), keras.layers.InputSpec(axes={-1: 3})]

        def call(self, inputs):
            return inputs[0]

    assert Pair()([A, B]).shape == (6, 4)
    with pytest.raises(ShapeError, match=words):
        Pair()(given)


def test_stateless_call():
    layer = keras.layers.BatchNormalization()
    layer.build((None, 4))
    before = layer.get_weights()
    outputs, after = layer.stateless_call([2 * np.ones(4), np.ones(4)], before[2:], A, training=True)
    centred = (A - A.mean(0)) / np.sqrt(A.var(0) + 1e-3)
    np.testing.assert_allclose(outputs, 2 * centred + 1, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(after[0], 0.01 * A.mean(0), rtol=1e-4, atol=1e-7)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights()))
    with pytest.raises(DataError, match="has 4 variables; got 2 values"):
        layer.stateless_call([1.0], [1.0], A)


def test_masks_reach_calls_that_take_them():
    seen = []

    class Seeing(keras.layers.Layer):
        supports_masking = True

        def call(self, inputs, mask=None):
            seen.append(None if mask is None else mask.shape)
            return inputs * 1

    words = Input((4,), dtype="int32")
    model = Model(words, Seeing()(Dense(3)(keras.layers.Embedding(5, 2, mask_zero=True)(words))))
    seen.clear()
    outputs = model(np.array([[1, 2, 0, 0]]))
    assert np.array_equal(keras.masks.mask_of(outputs), [[True, True, False, False]])
    assert seen == [(1, 4)]
    with pytest.warns(UserWarning, match="'lost'.*doesn't pass on"):
        lost = keras.layers.Flatten(name="lost")(outputs)
    assert keras.masks.mask_of(lost) is None


def test_a_stack_that_fails_to_fit_may_be_built_for_other_data():
    model = keras.Sequential([Dense(4), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(DataError, match="Label 7"):
        model.fit(A, np.full(6, 7), verbose=0)
    assert not model.built
    model.fit(B, np.full(6, 2), verbose=0)
    assert (model.input_shape, model.layers[1].output.shape) == ((None, 3), (None, 3))
