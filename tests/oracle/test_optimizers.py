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
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.1, "amsgrad": True}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.5, "epsilon": 1e-3}),
    ("Adafactor", {}),
    ("Adafactor", {"beta_2_decay": -0.5, "epsilon_1": 1e-6, "epsilon_2": 0.1, "clip_threshold": 0.5}),
    ("Adafactor", {"relative_step": False}),
    ("Adagrad", {}),
    ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-3}),
    ("Adamax", {}),
    ("Adamax", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.5, "l2_regularization_strength": 0.1, "beta": 0.5}),
    ("Ftrl", {"learning_rate_power": -0.3, "l2_shrinkage_regularization_strength": 0.2}),
    ("Ftrl", {"learning_rate_power": 0.0, "initial_accumulator_value": 0.0}),
    ("Lamb", {}),
    ("Lamb", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.5, "beta_2": 0.9}),
    ("Muon", {}),
    ("Muon", {"nesterov": False, "momentum": 0.5, "ns_steps": 3, "rms_rate": None, "exclude_embeddings": False}),
    ("Muon", {"adam_lr_ratio": 0.5, "adam_weight_decay": 0.1, "exclude_layers": ["weight_2"]}),
    ("Nadam", {}),
    ("Nadam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("ScheduleFreeAdamW", {}),
    ("ScheduleFreeAdamW", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "warmup_steps": 5}),
]
COMMON = [
    {"learning_rate": 0.1},
    {"weight_decay": 0.05},
    {"clipnorm": 0.4},
    {"clipvalue": 0.1},
    {"global_clipnorm": 0.6},
    {"weight_decay": 0.05, "clipnorm": 0.4, "learning_rate": 0.05},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 8.0},
    {"weight_decay": 0.1, "use_ema": True, "global_clipnorm": 0.6, "loss_scale_factor": 8.0, "learning_rate": 0.05},
]
ACCUMULATING = [  # few: the real Keras compiles each of these steps anew
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "clipnorm": 0.4, "use_ema": True, "ema_overwrite_frequency": 2},
]
SHAPES = [(3, 4), (4,), (4, 2), (2, 2, 3), ()]
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


def variables_of(kind):
    return [kind(w, name=f"weight_{k}") for k, w in enumerate(starts())]


def stories(name, arguments):
    ours = run(getattr(own.optimizers, name)(**arguments), variables_of(klods.Variable), klods.constant)
    theirs = run(getattr(real.optimizers, name)(**arguments), variables_of(real.Variable), jax.numpy.asarray)
    return ours, theirs


def test_every_optimizer_has_a_row():
    assert {name for name, _ in PLAIN} == {kind.__name__ for kind in own.optimizers.KNOWN.values()}


@pytest.mark.parametrize(("name", "arguments"), PLAIN)
def test_20_steps(name, arguments):
    """Weights and slots, slots in Keras's order: files hold them by their number."""
    ours, theirs = stories(name, arguments)
    close(ours, theirs, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("common", COMMON, ids=str)
@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "Adafactor"])
def test_20_steps_by_what_all_optimizers_take(name, common):
    ours, theirs = stories(name, common)
    close(ours, theirs, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("common", ACCUMULATING, ids=str)
@pytest.mark.parametrize("name", ["SGD", "Nadam"])
def test_20_steps_that_accumulate_gradients(name, common):
    ours, theirs = stories(name, common)
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
