"""Layers: outputs and gradients from equal weights, by every argument; shapes, configurations, Dropout's statistics."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from beside import close, gradients, own, plain, real, same_config

import klods

RANDOM = np.random.default_rng(6)
ROWS = RANDOM.normal(size=(5, 4)).astype("float32")
CUBE = RANDOM.normal(size=(5, 3, 4)).astype("float32")
FOUR = RANDOM.normal(size=(2, 3, 4, 2)).astype("float32")
DENSE = [
    {},
    {"activation": "relu"},
    {"activation": "softmax"},
    {"use_bias": False},
    {"kernel_initializer": "he_normal", "bias_initializer": "ones"},
    {"kernel_regularizer": "l2", "bias_regularizer": "l1"},
    {"activity_regularizer": "l2"},
    {"kernel_constraint": "non_neg", "bias_constraint": "unit_norm"},
    {"trainable": False},
    {"name": "mine", "dtype": "float32"},
]
LORA = [{"lora_rank": 2}, {"lora_rank": 2, "lora_alpha": 3.0, "use_bias": False}]
OTHERS = [
    ("Activation", ["tanh"], {}),
    ("Activation", ["softmax"], {}),
    ("Flatten", [], {}),
    ("Flatten", [], {"data_format": "channels_first"}),
    ("Dropout", [0.3], {}),
    ("Dropout", [0.0], {}),
    ("Dropout", [0.5], {"noise_shape": (None, 1, 4), "seed": 3}),
]
INPUTS = {"rows": ROWS, "cube": CUBE, "four": FOUR}
each_dense = pytest.mark.parametrize("arguments", DENSE + LORA, ids=str)
each_other = pytest.mark.parametrize(("name", "positional", "arguments"), OTHERS, ids=str)


def twins(make, x):
    """Return a layer under klods and under Keras, built for inputs such as x, with equal weights."""
    layers = [make(keras) for keras in (own, real)]
    for layer in layers:
        layer.build((None, *x.shape[1:]))
    weights = [RANDOM.normal(size=w.shape).astype("float32") for w in layers[1].weights]
    for layer in layers:
        layer.set_weights(weights)
    if getattr(layers[0], "lora_rank", None):
        layers[1].lora_alpha = layers[0].lora_alpha  # Keras forgets its own argument when it builds
    return layers


def test_every_layer_has_a_row():
    kinds = {kind.__name__ for kind in own.layers.KNOWN.values()} - {"InputLayer"}
    assert kinds == {"Dense", *(name for name, *_ in OTHERS)}


@pytest.mark.parametrize("x", INPUTS.values(), ids=INPUTS)
@each_dense
def test_dense(arguments, x):
    ours, theirs = twins(lambda keras: keras.layers.Dense(3, **arguments), x)
    close(ours(x), theirs(x))
    close(ours.losses, theirs.losses)
    close(*gradients(lambda keras, z: (ours if keras is own else theirs)(z) ** 2, x), rtol=1e-4, atol=1e-5)
    assert tuple(ours.compute_output_shape((None, *x.shape[1:]))) == theirs.compute_output_shape((None, *x.shape[1:]))


@each_dense
def test_gradients_of_the_weights(arguments):
    ours, theirs = twins(lambda keras: keras.layers.Dense(3, **arguments), ROWS)
    if not theirs.trainable_variables:
        return
    with klods.GradientTape() as tape:
        loss = klods.reduce_sum(ours(ROWS) ** 2)

    def loss_of(values):
        outputs, _ = theirs.stateless_call(values, [v.value for v in theirs.non_trainable_variables], ROWS)
        return real.ops.sum(outputs**2)

    expected = jax.grad(loss_of)([v.value for v in theirs.trainable_variables])
    close(tape.gradient(loss, ours.trainable_variables), expected, rtol=1e-4, atol=1e-5)


@each_dense
def test_weights_of_dense(arguments):
    ours, theirs = twins(lambda keras: keras.layers.Dense(3, **arguments), ROWS)
    for group in ("weights", "variables", "trainable_variables", "non_trainable_weights"):
        mine, other = (getattr(layer, group) for layer in (ours, theirs))
        assert [(w.name, w.path, w.shape, w.trainable) for w in mine] == [
            (w.name, w.path, w.shape, w.trainable) for w in other
        ]
    assert ours.count_params() == theirs.count_params()


@each_dense
def test_config_of_dense(arguments):
    check_config(*(keras.layers.Dense(3, **arguments) for keras in (own, real)))


@each_other
def test_config_of_others(name, positional, arguments):
    check_config(*(getattr(keras.layers, name)(*positional, **arguments) for keras in (own, real)))


def check_config(ours, theirs):
    same_config(ours, theirs)
    data = real.layers.serialize(theirs)
    assert plain(own.layers.serialize(ours)) == {key: plain(data)[key] for key in own.layers.serialize(ours)}
    again = own.layers.deserialize(data)
    assert type(again) is type(ours)
    assert plain(again.get_config()) == plain(ours.get_config())


@pytest.mark.parametrize("x", INPUTS.values(), ids=INPUTS)
@each_other
def test_inference(name, positional, arguments, x):
    ours, theirs = (getattr(keras.layers, name)(*positional, **arguments) for keras in (own, real))
    close(ours(x), theirs(x))
    shape = (None, *x.shape[1:])
    assert tuple(ours.compute_output_shape(shape)) == tuple(theirs.compute_output_shape(shape))


def test_flatten_of_numbers():
    close(*(keras.layers.Flatten()(np.arange(3.0, dtype="float32")) for keras in (own, real)))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_in_training(rate):
    """The share of zeros is the rate within 5 standard errors, what stays is scaled so that the mean stays."""
    x = np.ones((300, 400), "float32")
    for keras in (own, real):
        kept = np.asarray(keras.layers.Dropout(rate)(x, training=True))
        assert abs((kept == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / x.size)
        np.testing.assert_allclose(np.unique(kept), [0, 1 / (1 - rate)], rtol=1e-6)


def test_dropout_s_masks():
    """Masks differ from call to call; noise_shape shares them; a seed repeats them from layer to layer."""
    for keras in (own, real):
        layer = keras.layers.Dropout(0.5, noise_shape=(None, 1, 4), seed=3)
        first, second = (np.asarray(layer(np.ones((5, 3, 4), "float32"), training=True)) for _ in range(2))
        assert (first != second).any()
        assert (first == first[:, :1]).all()
        again = keras.layers.Dropout(0.5, noise_shape=(None, 1, 4), seed=3)
        assert (np.asarray(again(np.ones((5, 3, 4), "float32"), training=True)) == first).all()


def test_dropout_s_gradient():
    start = klods.constant(np.ones((50, 20), "float32"))
    with klods.GradientTape() as tape:
        tape.watch(start)
        kept = own.layers.Dropout(0.4)(start, training=True)
    close(tape.gradient(kept, start), kept)


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": (3,)},
        {"shape": (3, 2), "batch_size": 4},
        {"batch_shape": (None, 5)},
        {"shape": ()},
        {"shape": (3,), "dtype": "int32", "name": "mine"},
    ],
    ids=str,
)
def test_input(arguments):
    ours, theirs = (keras.Input(**arguments) for keras in (own, real))
    assert (tuple(ours.shape), ours.dtype) == (tuple(theirs.shape), theirs.dtype)
    ours, theirs = (keras.layers.InputLayer(**arguments) for keras in (own, real))
    same_config(ours, theirs)
    assert own.layers.deserialize(real.layers.serialize(theirs)).get_config() == ours.get_config()


@pytest.mark.parametrize("kind", ["uint8", "int32", "float64", "float16"])
def test_dtypes_of_inputs(kind):
    x = np.arange(12).reshape(3, 4).astype(kind)
    for make in (lambda keras: keras.layers.Flatten(), lambda keras: keras.layers.Activation("relu")):
        ours, theirs = make(own)(x), make(real)(x)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype
    ours, theirs = twins(lambda keras: keras.layers.Dense(2), x)
    close(ours(x), theirs(x), rtol=1e-4)


def layer_of_ones_own(keras):
    class Scaled(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.inner = keras.layers.Dense(units, kernel_initializer="ones")

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(self.units,), initializer="ones", name="scale", regularizer="l2")
            self.count = self.add_weight(name="count", initializer="zeros", trainable=False)

        def call(self, inputs, training=False):
            outputs = self.inner(inputs) * self.scale
            self.add_loss(keras.ops.sum(outputs) * 0.1)
            return outputs * 2 if training else outputs

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    layer = Scaled(3, name="scaled")
    layer(ROWS)
    return layer


def test_a_layer_of_ones_own():
    ours, theirs = layer_of_ones_own(own), layer_of_ones_own(real)
    close(ours(ROWS), theirs(ROWS))
    close(ours(ROWS, training=True), theirs(ROWS, training=True))
    close(sorted(np.asarray(ours.losses).tolist()), sorted(np.asarray(theirs.losses).tolist()), rtol=1e-4)
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert [w.path for w in ours.trainable_weights] == [w.path for w in theirs.trainable_weights]
    assert type(ours).from_config(ours.get_config()).units == 3
    same_config(ours, theirs)
