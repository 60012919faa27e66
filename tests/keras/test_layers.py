"""Layers of one's own: building, calling, training, and what belongs to them."""

from __future__ import annotations

import numpy as np
import pytest
from small import inputs, regressor, targets

import klods
from klods import keras
from klods.errors import DataError, KlodsError

x, t = inputs(), targets()


class Linear(keras.layers.Layer):
    """A Dense layer written by hand, with a count of its calls."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="ones", name="w")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, inputs):
        self.count.assign_add(1)
        return klods.matmul(inputs, self.w) + self.b


def test_built_at_the_first_call():
    layer = Linear(name="linear")
    assert (layer.built, layer.weights) == (False, [])
    outputs = layer(x)
    assert np.allclose(outputs, np.repeat(x.sum(1, keepdims=True), 3, 1))
    assert layer.built
    weight = layer.w
    layer(x[:5])
    assert layer.w is weight
    assert float(layer.count) == 2


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_training_a_frozen_model_warns(run_eagerly):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)], name="frozen")
    model.trainable = False
    model.compile("sgd", "mse", run_eagerly=run_eagerly)
    before = model.get_weights()
    with pytest.warns(UserWarning, match="Model 'frozen' has no weights to train"):
        model.fit(x, np.zeros((len(x), 3)), verbose=0)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))


def test_weights():
    keras.utils.clear_session()
    layer = Linear(name="linear")
    layer.build((None, 8))
    assert [w.name for w in layer.weights] == ["w", "variable", "count"]  # those to train come first
    assert [w.path for w in layer.weights] == ["linear/w", "linear/variable", "linear/count"]
    assert [w.name for w in layer.trainable_weights] == ["w", "variable"]
    assert [w.name for w in layer.non_trainable_weights] == ["count"]
    assert layer.count_params() == 8 * 3 + 3 + 1
    assert all(v is w for v, w in zip(layer.variables, layer.weights))


def test_a_name_in_place_of_a_shape():
    with pytest.raises(DataError, match=r"(?s)'linear'.*takes a shape; got 'w'.*name='w'"):
        Linear(name="linear").add_weight("w", (2, 2))


def test_trained_as_dense_is():
    own, dense = (keras.Sequential([keras.Input((8,)), layer]) for layer in (Linear(), keras.layers.Dense(3)))
    dense.set_weights([np.ones((8, 3)), np.zeros(3)])
    for model in (own, dense):
        model.compile("rmsprop", "mse")
        model.fit(x, t, epochs=2, shuffle=False, verbose=0)
    assert np.array_equal(own.layers[0].w, dense.layers[0].kernel)
    assert np.array_equal(own.layers[0].b, dense.layers[0].bias)


# ------------------------------------------------------------ training


class Training(keras.layers.Layer):
    def __init__(self, seen, **kwargs):
        super().__init__(**kwargs)
        self.note = seen.append

    def call(self, inputs, training=None):
        self.note(training)
        return inputs


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda layer: layer(x), None),
        (lambda layer: layer(x, training=True), True),
        (lambda layer: layer(x, True), True),
        (lambda layer: layer(x, training=False), False),
        (lambda layer: keras.Sequential([layer])(x), None),
        (lambda layer: keras.Sequential([layer])(x, True), True),
        (lambda layer: keras.Sequential([keras.Sequential([layer])])(x, training=True), True),
        (lambda layer: keras.Sequential([layer]).predict(x, verbose=0), False),
        (lambda layer: keras.Sequential([layer]).predict_on_batch(x), False),
    ],
)
def test_training_is_that_of_the_outermost_call(call, told):
    seen = []
    layer = Training(seen)
    layer.build((None, 8))
    call(layer)
    assert {repr(training) for training in seen} >= {repr(told)}
    assert repr(seen[-1]) == repr(told)


def test_fit_trains_and_evaluate_does_not():
    seen = []
    model = keras.Sequential([keras.Input((8,)), Training(seen), keras.layers.Dense(3)])
    model.compile("sgd", "mse", run_eagerly=True)
    seen.clear()
    model.train_on_batch(x, t)
    assert seen == [True]
    model.test_on_batch(x, t)
    assert seen == [True, False]
    seen.clear()
    model.fit(x, t, batch_size=32, verbose=0)
    assert seen[-2:] == [True, True]
    seen.clear()
    model.evaluate(x, t, batch_size=32, verbose=0)
    assert seen[-2:] == [False, False]


def test_the_default_of_training_holds_where_nobody_says():
    class ByDefault(keras.layers.Layer):
        def call(self, inputs, training=True):
            return inputs + (1 if training else 0)

    layer, zero = ByDefault(), np.zeros((1, 1), np.float32)
    assert float(layer(zero)) == 1
    assert float(layer(zero, training=False)) == 0
    assert float(keras.Sequential([layer]).predict(zero, verbose=0)[0, 0]) == 0


def test_an_inner_call_may_say_otherwise():
    class Mixed(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dropout = keras.layers.Dropout(0.5)

        def call(self, inputs):
            return self.dropout(inputs, training=False) + self.dropout(inputs)

    ones = np.ones((10, 10), np.float32)
    assert set(np.unique(Mixed()(ones, training=True))) == {1.0, 3.0}
    assert set(np.unique(Mixed()(ones))) == {2.0}


# ------------------------------------------------------------ layers inside


class Block(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.stack = []
        for name in "ab":
            self.stack.append(keras.layers.Dense(4, name=name))
        self.by_name = {"width": 2, "last": keras.layers.Dense(2, name="c")}
        self.pair = (keras.layers.Dense(2, name="d"), [keras.layers.Dense(2, name="e")])
        self.numbers = [0.5] * 1000

    def call(self, inputs):
        for layer in self.stack:
            inputs = layer(inputs)
        inputs = self.by_name["last"](inputs)
        return self.pair[1][0](self.pair[0](inputs))


def test_layers_in_lists_tuples_and_dicts():
    block = Block()
    block(x)
    assert [w.path.split("/")[-2] for w in block.weights] == ["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"]
    assert [layer.name for layer in block.flattened()[1:]] == ["a", "b", "c", "d", "e"]
    block.stack.append(keras.layers.Dense(4, name="late"))
    block(x)
    assert len(block.weights) == 12
    block.stack.pop()
    assert len(block.weights) == 10
    block.stack[1] = keras.layers.Dense(4, name="other")
    block(x)
    assert block.weights[2].path.split("/")[-2] == "other"


def test_a_weight_that_is_let_go():
    layer = Linear()
    layer(x)
    layer.b = None
    assert [w.name for w in layer.weights] == ["w", "count"]


def test_replaced_and_deleted_attributes():
    block = Block()
    block(x)
    block.pair = None
    assert len(block.weights) == 6
    block.by_name["last"] = keras.layers.Dense(7, name="wide")
    assert len(block.weights) == 4
    del block.stack
    assert block.weights == []


def test_own_weights_come_before_those_of_layers_inside():
    class Around(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = keras.layers.Dense(3)

        def build(self, input_shape):
            self.still = self.add_weight(shape=(1,), trainable=False, name="still")
            self.scale = self.add_weight(shape=(1,), name="scale")

        def call(self, inputs):
            return self.inner(inputs) * self.scale

    layer = Around()
    layer(x)
    assert [w.name for w in layer.weights] == ["scale", "still", "kernel", "bias"]


def test_variables_as_attributes():
    class Shift(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.shift = klods.Variable([1.0], name="shift")
            self.fixed = [klods.Variable([2.0], trainable=False, name="fixed")]

        def call(self, inputs):
            return inputs + self.shift * self.fixed[0]

    layer = Shift()
    assert np.array_equal(layer([[0.0]]), [[2.0]])
    assert [w.name for w in layer.trainable_weights] == ["shift"]
    layer.trainable = False
    assert layer.trainable_weights == []
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["shift"]


def test_attributes_may_come_before_super():
    class Early(keras.layers.Layer):
        def __init__(self, units):
            self.dense = keras.layers.Dense(units)
            self.units = units
            super().__init__(name="early")

        def call(self, inputs):
            return self.dense(inputs)

    layer = Early(3)
    layer(x)
    assert (layer.name, len(layer.weights)) == ("early", 2)


def test_metrics_of_a_layer_and_those_inside():
    class Watched(keras.layers.Layer):
        def __init__(self, *inner):
            super().__init__()
            self.inner, self.seen = list(inner), keras.metrics.Mean(name="seen")

        def call(self, inputs):
            self.seen.update_state(inputs)
            return inputs

    inner = Watched()
    layer = Watched(inner, keras.layers.Dense(1))
    layer(x)
    assert layer.metrics == [layer.seen, inner.seen]
    assert np.allclose(layer.metrics_variables[0], x.mean(1).sum(), rtol=1e-5)
    assert len(layer.metrics_variables) == 4


def test_a_shared_layer_counts_once():
    shared = keras.layers.Dense(8, activity_regularizer="l2", kernel_regularizer="l2")

    class Twice(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = shared, shared

        def call(self, inputs):
            return self.second(self.first(inputs))

    model = Twice()
    model(x)
    assert len(model.weights) == 2
    assert len(model.losses) == 3  # one for each call, and one for the kernel


def test_two_models_share_a_layer():
    shared = keras.layers.Dense(4)
    one, two = keras.Sequential([shared, keras.layers.Dense(3)]), keras.Sequential([shared, keras.layers.Dense(1)])
    one(x)
    two(x)
    assert one.weights[0] is two.weights[0]
    before = two.predict(x, verbose=0)
    one.compile("sgd", "mse")
    one.fit(x, t, verbose=0)
    assert not np.array_equal(two.predict(x, verbose=0), before)


# ------------------------------------------------------------ trainable


def bytes_of(model):
    return [w.numpy().tobytes() for w in model.weights]


def changed_by_fit(model):
    before = bytes_of(model)
    model.fit(x, t, verbose=0)
    return [a != b for a, b in zip(before, bytes_of(model))]


@pytest.mark.parametrize("compile_again", [False, True])
def test_freezing(compile_again):
    model = regressor(optimizer="adam")
    model.layers[0].trainable = False
    if compile_again:
        model.compile("adam", "mse")
    assert changed_by_fit(model) == [False, False, True, True]
    model.layers[0].trainable = True
    if compile_again:
        model.compile("adam", "mse")
    assert changed_by_fit(model) == [True, True, True, True]


def test_frozen_when_made():
    layer = keras.layers.Dense(3, trainable=False)
    layer(x)
    assert (layer.trainable, layer.trainable_weights, len(layer.non_trainable_weights)) == (False, [], 2)
    layer.trainable = True
    assert len(layer.trainable_weights) == 2


def test_trainable_reaches_all_layers_inside_and_spares_what_was_never_to_be_trained():
    model = keras.Sequential([Linear(), keras.Sequential([keras.layers.Dense(3)])])
    model(x)
    model.trainable = False
    assert model.trainable_weights == []
    assert not model.layers[1].layers[0].trainable
    model.trainable = True
    assert [w.name for w in model.non_trainable_weights] == ["count"]


@pytest.mark.parametrize("add_later", [False, True])
def test_a_frozen_model_trains_nothing(add_later):
    model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(3)][: 1 if add_later else 2], trainable=False)
    if add_later:
        model.add(keras.layers.Dense(3))
    model(x)
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (0, 4)
    model.layers[1].trainable = True
    assert model.trainable_weights == []  # though one of its layers could be trained
    assert len(model.layers[1].trainable_weights) == 2
    model.trainable = True
    assert len(model.trainable_weights) == 4


# ------------------------------------------------------------ losses


def test_activity_regularizer_is_divided_by_the_batch():
    layer = keras.layers.Dense(3, kernel_initializer="ones", activity_regularizer=keras.regularizers.L2(0.1))
    ones = np.ones((5, 2), np.float32)
    layer(ones)
    layer(ones)
    (loss,) = layer.losses  # that of the last call
    assert float(loss) == pytest.approx(0.1 * 3 * 2.0**2)


def test_regularizers_and_activity_are_part_of_the_loss():
    l1, l2 = keras.regularizers.L1(0.1), keras.regularizers.L2(0.1)
    layer = keras.layers.Dense(3, kernel_initializer="ones", kernel_regularizer=l1, activity_regularizer=l2)
    model = keras.Sequential([layer])
    model.compile("sgd", "mse")
    ones = np.ones((5, 2), np.float32)
    expected = (2 - 1) ** 2 + 0.1 * 6 + 0.1 * 3 * 4
    assert model.evaluate(ones, np.ones((5, 3)), verbose=0) == pytest.approx(expected)
    assert model.train_on_batch(ones, np.ones((5, 3))) == pytest.approx(expected)


class Penalty(keras.layers.Layer):
    def call(self, inputs):
        self.add_loss(0.1 * klods.reduce_sum(inputs))
        return inputs


def test_add_loss():
    model = keras.Sequential([Penalty(), keras.layers.Dense(3, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    ones = np.ones((5, 2), np.float32)
    assert model.evaluate(ones, np.zeros((5, 3)), verbose=0) == pytest.approx(1.0)
    assert model.fit(ones, np.zeros((5, 3)), verbose=0).history["loss"] == [pytest.approx(1.0)]
    model(ones), model(ones)
    assert [float(loss) for loss in model.losses] == [pytest.approx(1.0)]


def test_add_loss_alone():
    model = keras.Sequential([keras.layers.Dense(3, kernel_initializer="ones"), Penalty()])
    model.compile(keras.optimizers.SGD(0.5))
    ones = np.ones((5, 2), np.float32)
    assert model.fit(ones, verbose=0).history["loss"] == [pytest.approx(0.1 * 5 * 3 * 2)]
    assert np.allclose(model.weights[0], 1 - 0.5 * 0.1 * 5)


# ------------------------------------------------------------ inputs


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int32", "uint8", "bool"])
def test_inputs_of_other_dtypes(dtype):
    model = keras.Sequential([keras.layers.Dense(3, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    ones = np.ones((4, 5), dtype)
    for outputs in (model(ones).numpy(), model.predict(ones, verbose=0), keras.layers.Dense(3)(ones).numpy()):
        assert (outputs.dtype, outputs.shape) == ("float32", (4, 3))
    assert np.array_equal(model.predict(ones, verbose=0), np.full((4, 3), 5.0))
    assert np.isfinite(model.fit(ones, ones[:, :3], verbose=0).history["loss"][0])


def test_lists_and_tensors_as_inputs():
    model = keras.Sequential([keras.layers.Dense(3, kernel_initializer="ones")])
    assert np.array_equal(model([[1.0, 2.0]]), [[3.0] * 3])
    assert np.array_equal(model(klods.constant([[1, 2]])), [[3.0] * 3])
    assert np.array_equal(model(klods.Variable([[1.0, 2.0]])), [[3.0] * 3])
    assert np.array_equal(model.predict([[1.0, 2.0]], verbose=0), [[3.0] * 3])


def test_a_layer_of_float64():
    layer = keras.layers.Dense(3, dtype="float64")
    assert layer(x).dtype == "float64"
    assert (layer.dtype, layer.kernel.dtype) == ("float64", "float64")


def test_several_inputs():
    class Add(keras.layers.Layer):
        def call(self, inputs):
            return inputs[0] + inputs[1]

    assert np.array_equal(Add()([x, x]), 2 * x)

    class Named(keras.layers.Layer):
        def call(self, inputs):
            return inputs["a"] - inputs["b"]

    assert np.array_equal(Named()({"a": x, "b": x}), 0 * x)


def test_input_spec():
    class Images(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.input_spec = keras.InputSpec(ndim=3, axes={1: 2})

        def call(self, inputs):
            return inputs

    assert Images()(np.ones((5, 2, 7))).shape == (5, 2, 7)
    for shape in ((5, 2), (5, 3, 7)):
        with pytest.raises(KlodsError, match=r"got inputs of shape .* expected sizes 2 along axis 1"):
            Images()(np.ones(shape))


def test_output_shape_without_a_rule_of_its_own():
    class Half(keras.layers.Layer):
        def call(self, inputs):
            return inputs[:, : inputs.shape[1] // 2]

    assert Half().compute_output_shape((None, 8)) == (None, 4)
    assert Half().compute_output_shape((5, 8)) == (5, 4)


def test_configuration():
    layer = Linear(5, name="mine", trainable=False)
    config = layer.get_config()
    assert (config["units"], config["name"], config["trainable"]) == (5, "mine", False)
    again = Linear.from_config(config)
    assert (again.units, again.name, again.trainable) == (5, "mine", False)


def test_names():
    keras.utils.clear_session()
    names = [keras.layers.Dense(1).name, keras.layers.Dense(1).name, Linear().name, Linear().name]
    assert names == ["dense", "dense_1", "linear", "linear_1"]
    assert repr(keras.layers.Dense(1, name="q")) == "<Dense name=q, built=False>"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: keras.Input("a"), "whole numbers or None"),
        (lambda: keras.Input((-3,)), "whole numbers or None"),
        (lambda: keras.Input((2.5,)), "whole numbers or None"),
        (lambda: keras.layers.Dropout("a"), "share between 0 and 1; got 'a'"),
    ],
)
def test_impossible_hyper_parameters(make, words):
    with pytest.raises(KlodsError, match=words):
        make()


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(klods.Variable([1.0]), klods.ones(1))], "A weight is a Variable; got a Tensor"),
        ([klods.ones(2)], "takes pairs"),
    ],
)
def test_what_is_no_gradient_and_weight(pairs, words):
    with pytest.raises(KlodsError, match=words):
        keras.optimizers.SGD().apply_gradients(pairs)
