"""Layers: outputs and gradients from equal weights, by every argument; shapes, configurations, Dropout's statistics."""

from __future__ import annotations

import inspect

import jax
import numpy as np
import pytest
from beside import close, gradients, own, plain, real, same_config
from layer_rows import CUBE, FOUR, INPUTS, RANDOM, RANDOMLY, ROWS, TABLE

import klods

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
SHAPES = {"rows": ROWS, "cube": CUBE, "four": FOUR}
each_dense = pytest.mark.parametrize("arguments", DENSE + LORA, ids=str)
each_row = pytest.mark.parametrize(("row", "inputs"), TABLE, ids=str)


def twins(make, x):
    """Return a layer under klods and under Keras, built for inputs such as x, with equal weights."""
    layers = [make(keras) for keras in (own, real)]
    for layer in layers:
        layer.build(shape_of(x))
    share_weights(*layers)
    if getattr(layers[0], "lora_rank", None):
        layers[1].lora_alpha = layers[0].lora_alpha  # Keras forgets its own argument when it builds
    return layers


def share_weights(ours, theirs):
    weights = [(RANDOM.random(w.shape) + 0.3).astype(w.dtype) for w in theirs.weights]  # variances are positive
    for layer in (ours, theirs):
        layer.set_weights(weights)
    if hasattr(theirs, "finalize_state"):
        theirs.finalize_state()  # Keras's Normalization looks at its weights here alone


def shape_of(x):
    return [shape_of(part) for part in x] if isinstance(x, list) else (None, *x.shape[1:])


def of_row(row, x):
    """Return the layer of a row under klods and under Keras, with equal weights."""
    layers = [eval(f"layers.{row}", {"layers": keras.layers}) for keras in (own, real)]
    for layer in layers:
        layer(x)
    share_weights(*layers)
    return layers


# Layers that Keras has with TensorFlow alone; what it gives there stands in tests/keras.
OF_TENSORFLOW = {"Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization"}


def test_every_layer_has_a_row():
    kinds = {kind.__name__ for kind in own.layers.KNOWN.values()} - {"InputLayer", "Dense", "Lambda"} - OF_TENSORFLOW
    assert kinds == {row.partition("(")[0] for row, _ in TABLE}


@each_row
@pytest.mark.filterwarnings("ignore::klods.errors.GradientWarning")  # categories have no gradient
def test_outputs_and_gradients(row, inputs):
    """Outside training and in it: outputs, losses, gradients of inputs and weights, and what weights are afterwards."""
    x = INPUTS[inputs][0]
    for training in (False, True):
        ours, theirs = of_row(row, x)
        if training and (any(word in row for word in RANDOMLY) or not mode(ours, True)):
            return
        start = ours.get_weights()
        found = by_tape(ours, x, training)
        close(found, by_jax(theirs, x, training), rtol=2e-4, atol=2e-5)
        ours.set_weights(start)
        close(klods.function(by_tape)(ours, x, training), found)


def by_tape(layer, x, training):
    """Return the outputs, the losses, the gradients, and the weights afterwards."""
    parts = [klods.convert_to_tensor(part) for part in (x if isinstance(x, list) else [x])]
    with klods.GradientTape() as tape:
        tape.watch(parts)
        outputs = layer(parts if isinstance(x, list) else parts[0], **mode(layer, training))
        losses = list(layer.losses)
        total = klods.reduce_sum(outputs * waves(outputs.shape)) + sum(losses)
    sources = [p for p in parts if p.dtype == "float32"] + layer.trainable_weights
    slopes = [klods.zeros_like(s) if g is None else g for s, g in zip(sources, tape.gradient(total, sources))]
    return outputs, losses, slopes, [klods.identity(w) for w in layer.non_trainable_weights]


def by_jax(layer, x, training):
    """Return the same from Keras."""
    weights = [v.value for v in layer.trainable_variables]
    parts = x if isinstance(x, list) else [x]
    smooth = [part for part in parts if part.dtype == "float32"]
    fixed = [v.value for v in layer.non_trainable_variables]

    def total(smooth, weights):
        given = smooth if smooth else parts
        outputs, after, losses = layer.stateless_call(
            weights, fixed, given if isinstance(x, list) else given[0], return_losses=True, **mode(layer, training)
        )
        if layer.activity_regularizer is not None:  # which Keras leaves out of a stateless call
            losses = [layer.activity_regularizer(outputs) / len(outputs), *losses]
        return real.ops.sum(outputs * waves(outputs.shape)) + sum(losses), (outputs, after, losses)

    (_, (outputs, after, losses)), slopes = jax.value_and_grad(total, (0, 1), has_aux=True)(smooth, weights)
    after = [v for v, w in zip(after, layer.non_trainable_variables) if "seed" not in w.path]
    return outputs, losses, [*slopes[0], *slopes[1]], after


def mode(layer, training):
    return {"training": training} if "training" in inspect.signature(layer.call).parameters else {}


def waves(shape):
    return np.cos(np.arange(np.prod(shape), dtype="float32")).reshape(shape)


@each_row
def test_form(row, inputs):
    """The shapes of outputs, the names and places of weights, and the configuration."""
    x = INPUTS[inputs][0]
    ours, theirs = of_row(row, x)
    outputs = ours(x), theirs(x)
    assert tuple(ours.compute_output_shape(shape_of(x))) == (None, *outputs[1].shape[1:])
    close(ours.losses, theirs.losses)
    for group in ("weights", "trainable_variables", "non_trainable_weights"):
        mine, other = (getattr(layer, group) for layer in (ours, theirs))
        assert [(w.name, w.path, w.shape, w.trainable) for w in mine] == [
            (w.name, w.path, w.shape, w.trainable) for w in other
        ]
    assert ours.supports_masking == theirs.supports_masking
    check_config(*(eval(f"layers.{row}", {"layers": keras.layers}) for keras in (own, real)))


@pytest.mark.parametrize("x", SHAPES.values(), ids=SHAPES)
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


def check_config(ours, theirs):
    same_config(ours, theirs)
    data = real.layers.serialize(theirs)
    assert plain(own.layers.serialize(ours)) == {key: plain(data)[key] for key in own.layers.serialize(ours)}
    again = own.layers.deserialize(data)
    assert type(again) is type(ours)
    assert plain(again.get_config()) == plain(ours.get_config())


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
