"""What goes wrong in layers of one's own: the error says in which layer, and how to mend it."""

from __future__ import annotations

import numpy as np
import pytest
from small import inputs, targets

import klods
from klods import keras
from klods.errors import AbsentError, DataError, NameUnknownError, ShapeError, StateError

x = inputs()


class Wrong(keras.layers.Layer):
    def call(self, inputs):
        return klods.matmul(inputs, klods.ones((3, 3)))


class Outer(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Wrong(name="inside")

    def call(self, inputs):
        return self.inner(inputs)


def trained(layer):
    model = keras.Sequential([layer], name="stack")
    model.compile("sgd", "mse", run_eagerly=True)
    return model.fit(x, targets(), verbose=0)


@pytest.mark.parametrize("call", [lambda layer: layer(x), lambda layer: layer(keras.Input((8,))), trained])
@pytest.mark.parametrize(("make", "name"), [(Wrong, "mine"), (Outer, "inside")])
def test_the_innermost_layer_is_named(call, make, name):
    with pytest.raises(ShapeError, match=rf"^Layer '{name}': matmul: shapes \(\d+, 8\)"):
        call(make(name="mine"))


def test_a_layer_whose_build_fails_is_named():
    class Unbuilt(keras.layers.Layer):
        def build(self, input_shape):
            self.w = klods.matmul(klods.ones((2, 3)), klods.ones(input_shape[1:]))

        def call(self, inputs):
            return inputs

    with pytest.raises(ShapeError, match=r"^Layer 'mine': matmul"):
        Unbuilt(name="mine")(x)


def test_a_later_call_is_as_it_was():
    """An error in a call doesn't leave `training` behind."""
    seen = []

    class Once(keras.layers.Layer):
        def call(self, inputs, training=None):
            seen.append(training)
            return inputs if len(seen) > 1 else klods.matmul(inputs, klods.ones((3, 3)))

    layer = Once()
    with pytest.raises(ShapeError):
        layer(x, training=True)
    layer(x)
    assert seen == [True, None]


class NotSetUp(keras.layers.Layer):
    def __init__(self):
        self.units = 3

    def call(self, inputs):
        return inputs


class ModelNotSetUp(keras.Model):
    def __init__(self):
        self.dense = keras.layers.Dense(3)

    def call(self, inputs):
        return self.dense(inputs)


@pytest.mark.parametrize(
    ("use", "kind"),
    [
        (lambda: NotSetUp()(x), StateError),
        (lambda: NotSetUp().add_weight((2,)), AbsentError),
        (lambda: NotSetUp().name, AbsentError),
        (lambda: keras.Sequential([NotSetUp()]), AbsentError),
        (lambda: ModelNotSetUp()(x), AbsentError),
        (lambda: ModelNotSetUp().fit(x, x), AbsentError),
    ],
)
def test_a_constructor_without_super(use, kind):
    with pytest.raises(kind, match=r"NotSetUp.__init__ doesn't call that of its base.(\n.*)*super\(\).__init__\(\)"):
        use()


def test_attributes_that_are_not_there():
    layer = keras.layers.Dense(3, name="mine")
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'unit'"):
        layer.unit  # noqa: B018
    with pytest.raises(AbsentError, match="'mine' has no input"):
        layer.input  # noqa: B018


@pytest.mark.parametrize("name", [5, "a/b", b"a"])
def test_a_name_that_is_none(name):
    """A slash stands between names in paths and in files, where such a layer would not be found again."""
    for make in (keras.layers.Dense, lambda units, name: keras.Sequential(name=name)):
        with pytest.raises(DataError, match=f"text without a slash; got {name!r}"):
            make(2, name=name)


WEIGHTS = {
    "a size that is unknown": ({"shape": (None, 2)}, ShapeError, r"weight of layer 'mine' .* shape \(None, 2\)"),
    "a size below 0": ({"shape": (-1,)}, ShapeError, r"\(-1,\): sizes are whole numbers"),
    "half a size": ({"shape": (2.5,)}, ShapeError, r"\(2.5,\): sizes are whole numbers"),
    "no shape": ({"shape": None}, DataError, "'mine' takes a shape; got None"),
    "a constraint": ({"shape": 2, "constraint": "nonneg"}, NameUnknownError, "Did you mean 'non_neg'"),
    "a name with a slash": ({"shape": 2, "name": "a/b"}, DataError, "without a slash; got 'a/b'"),
    "another shape": (
        {"shape": 2, "initializer": lambda shape, dtype: np.ones(5), "name": "w"},
        ShapeError, r"'mine': the initializer of weight 'w' gave the shape \(5,\), not \(2,\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WEIGHTS)
def test_a_weight_that_is_none(case):
    arguments, kind, words = WEIGHTS[case]
    layer = keras.layers.Layer(name="mine")
    with pytest.raises(kind, match=words):
        layer.add_weight(**arguments)
    assert layer.weights == []


def test_a_constraint_by_its_name():
    class Positive(keras.layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((input_shape[-1],), "zeros", constraint="non_neg", name="w")

        def call(self, inputs):
            return inputs * self.w

    model = keras.Sequential([keras.Input((8,)), Positive()])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 8)), np.repeat([[-1.0, 1.0]], 4, axis=1) * np.ones((4, 1)), verbose=0)
    assert (model.layers[0].w.numpy() >= 0).all()
    assert (model.layers[0].w.numpy() > 0).sum() == 4


def test_values_of_another_shape_in_a_call_without_state():
    layer = keras.layers.Dense(2, name="mine")
    layer.build((None, 8))
    before = layer.get_weights()
    with pytest.raises(ShapeError, match=r"'mine': variable 'bias' has shape \(2,\); got a value of \(3,\)"):
        layer.stateless_call([np.ones((8, 2)), np.ones(3)], [], x)
    assert all(np.array_equal(one, other) for one, other in zip(before, layer.get_weights()))


@pytest.mark.parametrize("trainable", [1, "no", None])
def test_trainable_is_a_truth(trainable):
    with pytest.raises(DataError, match=f"True or False; got {trainable!r}"):
        keras.layers.Dense(2, trainable=trainable)


def test_a_penalty_on_a_single_number():
    class Total(keras.layers.Layer):
        def call(self, inputs):
            return klods.reduce_sum(inputs)

    layer = Total(activity_regularizer=keras.regularizers.L1(0.5))
    layer(np.full((2, 3), 2.0, "float32"))
    assert [float(loss) for loss in layer.losses] == [6.0]


@pytest.mark.parametrize("weights", [None, 3])
def test_weights_that_are_no_list(weights):
    with pytest.raises(DataError, match=f"^'mine' takes a list of arrays; got {weights}"):
        keras.layers.Dense(2, name="mine").set_weights(weights)


@pytest.mark.parametrize("arguments", [{"shape": 4}, {"batch_shape": 4}])
def test_a_number_for_a_shape(arguments):
    with pytest.raises(ShapeError, match=r"a tuple of sizes; got 4.\nTo mend it: write \(4,\)"):
        keras.Input(**arguments)


def test_an_input_given_twice():
    one = keras.Input((4,), name="one")
    with pytest.raises(DataError, match=r"^Model 'pair' has 'one' twice"):
        keras.Model([one, one], keras.layers.Dense(2)(one), name="pair")
    same = np.ones((2, 4), np.float32)
    assert keras.Model(one, [one, one]).predict(same, verbose=0)[1].shape == (2, 4)
