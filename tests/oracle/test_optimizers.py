"""Optimizers: weights and slots over 20 steps from equal weights, by every argument; names, configuration, calls."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from beside import close, own, real, same_config

import klods

PLAIN = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.5, "epsilon": 1e-3}),
    ("RMSprop", {"momentum": 0.8}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"centered": True, "momentum": 0.8}),
    ("Adam", {}),
    ("Adam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("Adam", {"amsgrad": True}),
]
COMMON = [
    {},
    {"learning_rate": 0.1},
    {"weight_decay": 0.05},
    {"clipnorm": 0.4},
    {"clipvalue": 0.1},
    {"global_clipnorm": 0.6},
    {"weight_decay": 0.05, "clipnorm": 0.4, "learning_rate": 0.05},
]
SHAPES = [(3, 4), (4,), (4, 2), ()]
STEPS = 20


def starts():
    random = np.random.default_rng(3)
    return [random.normal(size=shape).astype("float32") for shape in SHAPES]


def slopes(step):
    """Return gradients of very different sizes; those of the last two steps but one are 0."""
    random = np.random.default_rng(step)
    scale = 0 if step in (17, 18) else 10.0 ** random.integers(-3, 2)
    return [(scale * random.normal(size=shape)).astype("float32") for shape in SHAPES]


def run(optimizer, variables, as_tensor):
    """Return weights and slots after each of 20 steps."""
    told = []
    for step in range(STEPS):
        optimizer.apply([as_tensor(g) for g in slopes(step)], variables)
        told.append([np.asarray(v) for v in [*variables, *optimizer.variables[1:]]])
    return told


def stories(name, arguments):
    ours = run(getattr(own.optimizers, name)(**arguments), [klods.Variable(w) for w in starts()], klods.constant)
    theirs = run(getattr(real.optimizers, name)(**arguments), [real.Variable(w) for w in starts()], jax.numpy.asarray)
    return ours, theirs


def test_every_optimizer_has_a_row():
    assert {name for name, _ in PLAIN} == {kind.__name__ for kind in own.optimizers.KNOWN.values()}


@pytest.mark.parametrize("common", COMMON, ids=str)
@pytest.mark.parametrize(("name", "arguments"), PLAIN)
def test_20_steps(name, arguments, common):
    """Weights and slots, slots in Keras's order: files hold them by their number."""
    ours, theirs = stories(name, {**arguments, **common})
    close(ours, theirs, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize(("name", "arguments"), PLAIN)
def test_names_of_the_state(name, arguments):
    names = []
    for keras in (own, real):
        layer = keras.layers.Dense(2)
        layer.build((None, 3))
        optimizer = getattr(keras.optimizers, name)(**arguments)
        optimizer.build(layer.trainable_variables)
        names.append([v.name for v in optimizer.variables])
    assert names[0] == names[1]


@pytest.mark.parametrize("common", [{}, {"weight_decay": 0.05, "clipnorm": 0.4, "learning_rate": 0.05, "name": "mine"}])
@pytest.mark.parametrize(("name", "arguments"), PLAIN)
def test_config(name, arguments, common):
    ours, theirs = (getattr(keras.optimizers, name)(**arguments, **common) for keras in (own, real))
    same_config(ours, theirs)
    again = type(ours).from_config(theirs.get_config())
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize("name", ["sgd", "SGD", "Sgd", "rmsprop", "RMSprop", "RMSPROP", "adam", "Adam", "ADAM"])
def test_names(name):
    assert type(own.optimizers.get(name)).__name__ == type(real.optimizers.get(name)).__name__


def settings(keras):
    optimizer = keras.optimizers.Adam(learning_rate=0.5)
    told = [float(optimizer.learning_rate), optimizer.name, int(optimizer.iterations), optimizer.built]
    optimizer.learning_rate = 0.25
    told.append(float(optimizer.learning_rate))
    optimizer.learning_rate.assign(0.125)
    told.append(optimizer.get_config()["learning_rate"])
    variables = [keras.Variable(np.ones(2, "float32"), name="weight")]
    told.append(int(optimizer.apply_gradients([(np.ones(2, "float32"), variables[0])])))
    told += [int(optimizer.iterations), optimizer.built, keras.optimizers.Adam().name]
    return told, np.asarray(variables[0])


def test_settings():
    (ours, weights), (theirs, their_weights) = settings(own), settings(real)
    assert ours == theirs
    close(weights, their_weights)


def partial(keras):
    """Return the weights after steps in which one gradient is None."""
    variables = [keras.Variable(np.ones(2, "float32"), name=f"weight_{k}") for k in range(2)]
    optimizer = keras.optimizers.Adam(learning_rate=0.5)
    for gradients in ([np.ones(2, "float32"), None], [None, np.ones(2, "float32")], 2 * [np.ones(2, "float32")]):
        optimizer.apply(gradients, variables)
    optimizer.apply(2 * [np.ones(2, "float32")])
    return [np.asarray(v) for v in variables]


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_gradients_that_are_none():
    close(partial(own), partial(real), rtol=1e-4)


def constrained(keras):
    layer = keras.layers.Dense(2, kernel_constraint="non_neg", bias_constraint=keras.constraints.MaxNorm(0.1, axis=0))
    layer.build((None, 3))
    layer.set_weights([np.full((3, 2), 0.05, "float32"), np.ones(2, "float32")])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.apply([np.ones((3, 2), "float32"), np.ones(2, "float32")], layer.trainable_variables)
    return layer.get_weights()


def test_constraints_follow_the_update():
    close(constrained(own), constrained(real))
    assert constrained(own)[0].max() == 0
