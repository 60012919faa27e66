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


def run(optimizer, variables, as_tensor, steps):
    """Return weights and slots after each step."""
    told = []
    for step in range(steps):
        optimizer.apply([as_tensor(g) for g in slopes(step)], variables)
        told.append([np.asarray(v, "float32") for v in [*variables, *optimizer.variables[1:]]])
    return told


def variables_of(kind):
    return [kind(w, name=f"weight_{k}") for k, w in enumerate(starts())]


def stories(name, arguments, steps=STEPS):
    ours = run(getattr(own.optimizers, name)(**arguments), variables_of(klods.Variable), klods.constant, steps)
    theirs = run(getattr(real.optimizers, name)(**arguments), variables_of(real.Variable), jax.numpy.asarray, steps)
    return ours, theirs


def test_every_optimizer_has_a_row():
    assert {name for name, _ in PLAIN} | {"LossScaleOptimizer"} == {
        kind.__name__ for kind in own.optimizers.KNOWN.values()
    }


@pytest.mark.parametrize(("name", "arguments"), PLAIN)
def test_20_steps(name, arguments):
    """Weights and slots, slots in Keras's order: files hold them by their number."""
    ours, theirs = stories(name, arguments)
    close(ours, theirs, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("common", COMMON, ids=str)
@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "Adafactor"])
def test_20_steps_by_what_all_optimizers_take(name, common):
    ours, theirs = stories(name, common)
    close(ours, theirs, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("common", ACCUMULATING, ids=str)
@pytest.mark.parametrize("name", ["SGD", "Nadam"])
def test_steps_that_accumulate_gradients(name, common):
    ours, theirs = stories(name, common, steps=7)
    close(ours, theirs, rtol=2e-4, atol=2e-6)


STATELESS = [
    ("SGD", {"momentum": 0.9}), ("Nadam", {}), ("Adafactor", {}), ("Adam", {"use_ema": True}), ("Muon", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), STATELESS)
def test_steps_without_state(name, arguments):
    """Values are handed from step to step; optimizer and weights stay as they were."""
    stories = []
    for keras, kind, as_tensor in ((own, klods.Variable, klods.constant), (real, real.Variable, jax.numpy.asarray)):
        weights, optimizer = variables_of(kind), getattr(keras.optimizers, name)(**arguments)
        optimizer.build(weights)
        before = [np.array(v) for v in [*weights, *optimizer.variables]]
        values, state, told = [as_tensor(v) for v in starts()], [np.asarray(v) for v in optimizer.variables], []
        for step in range(3):
            values, state = optimizer.stateless_apply(state, [as_tensor(g) for g in slopes(step)], values)
            told.append([np.asarray(v, "float32") for v in [*values, *state]])
        close([np.array(v) for v in [*weights, *optimizer.variables]], before, rtol=0, atol=0)
        stories.append(told)
    close(*stories, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("common", [{}, {"use_ema": True, "gradient_accumulation_steps": 2}], ids=str)
@pytest.mark.parametrize(("name", "arguments"), PLAIN)
def test_names_of_the_state(name, arguments, common):
    names = []
    for keras in (own, real):
        layer = keras.layers.Dense(2)
        layer.build((None, 3))
        optimizer = getattr(keras.optimizers, name)(**arguments, **common)
        optimizer.build(layer.trainable_variables)
        names.append([v.name for v in optimizer.variables])
    if name == "Nadam":  # Keras numbers the name of the last one, `variable_3` say, by what else was made
        assert names[0].pop() == "u_product"
        assert names[1].pop().startswith("variable")
    assert names[0] == names[1]


@pytest.mark.parametrize("common", [{}, {"clipnorm": 0.4, "learning_rate": 0.05, "use_ema": True, "name": "mine"}])
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


# ------------------------------------------------------------ a scaled loss

SCALED = [
    ("SGD", {}, {"initial_scale": 8.0, "dynamic_growth_steps": 3}),
    ("Adam", {"weight_decay": 0.1, "use_ema": True, "loss_scale_factor": 4.0}, {"dynamic_growth_steps": 2}),
    ("RMSprop", {"momentum": 0.9, "centered": True}, {"initial_scale": 2.0, "dynamic_growth_steps": 1}),
]


@pytest.mark.parametrize(("name", "arguments", "scaling"), SCALED)
def test_steps_by_a_scaled_loss(name, arguments, scaling):
    """Of which some have gradients that aren't finite."""
    told, names = [], []
    for keras, kind, step_of in ((own, klods.Variable, scaled_step), (real, real.Variable, their_scaled_step)):
        optimizer = keras.optimizers.LossScaleOptimizer(getattr(keras.optimizers, name)(**arguments), **scaling)
        weights, steps = variables_of(kind), []
        optimizer.build(weights)
        for step in range(12):
            scale = np.asarray(optimizer.scale_loss(1.0)) * (np.inf if step in (1, 6, 7) else 1)
            step_of(optimizer, [np.float32(g * scale) for g in slopes(step)], weights)
            steps.append([np.asarray(v, "float32") for v in [*weights, *optimizer.variables]])
        told.append(steps)
        names.append([v.name for v in optimizer.variables])
    close(*told, rtol=2e-4, atol=2e-6)
    assert names[0] == names[1]


def scaled_step(optimizer, gradients, weights):
    optimizer.apply(gradients, weights)


def their_scaled_step(optimizer, gradients, weights):
    """Make a step in the only way in which Keras can on JAX: without state."""
    before = [v.value for v in optimizer.variables]
    after = optimizer.stateless_apply(before, [jax.numpy.asarray(g) for g in gradients], [w.value for w in weights])
    for cells, values in zip((weights, optimizer.variables), after):
        for cell, value in zip(cells, values):
            cell.assign(value)


def test_config_of_a_scaled_loss():
    ours, theirs = (
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.5, clipnorm=1.0), 4.0, 7) for keras in (own, real)
    )
    same_config(ours, theirs)
    again = own.optimizers.deserialize(real.optimizers.serialize(theirs))
    assert again.get_config() == ours.get_config()


# ------------------------------------------------------------ schedules

SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [3], "values": [0.1, 0.2]}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 5, 9], "values": [0.1, 0.2, 0.05, 0.01]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "end_learning_rate": 0.01, "power": 0.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "power": 2.0, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 4}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "alpha": 0.2}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "warmup_target": 0.3, "warmup_steps": 3}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 3}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 1.0, "m_mul": 0.5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 1.5, "alpha": 0.1}),
]


def test_every_schedule_has_a_row():
    assert {name for name, _ in SCHEDULES} == {kind.__name__ for kind in own.optimizers.schedules.CLASSES}


@pytest.mark.parametrize(("name", "arguments"), SCHEDULES)
def test_rates_of_a_schedule(name, arguments):
    ours, theirs = (getattr(keras.optimizers.schedules, name)(**arguments) for keras in (own, real))
    for step in range(13):
        close(ours(klods.constant(step)), theirs(jax.numpy.asarray(step)), rtol=1e-4)


@pytest.mark.parametrize(("name", "arguments"), SCHEDULES)
def test_config_of_a_schedule(name, arguments):
    ours, theirs = (
        keras.optimizers.schedules.serialize(getattr(keras.optimizers.schedules, name)(**arguments))
        for keras in (own, real)
    )
    assert ours == theirs
    assert own.optimizers.schedules.deserialize(theirs).get_config() == theirs["config"]
    made = own.optimizers.deserialize(real.optimizers.serialize(real.optimizers.SGD(scheduled(real, name, arguments))))
    assert made.get_config()["learning_rate"] == theirs


def scheduled(keras, name, arguments):
    return getattr(keras.optimizers.schedules, name)(**arguments)


def followed(keras):
    """Return the learning rate before each step under a schedule, which gradient accumulation doesn't slow down."""
    told = []
    for more in ({}, {"gradient_accumulation_steps": 2}):
        variables = [keras.Variable(np.ones(2, "float32"), name="weight")]
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        optimizer = keras.optimizers.SGD(schedule, name="mine", **more)
        for _ in range(4):
            told.append(float(optimizer.learning_rate))
            optimizer.apply([np.ones(2, "float32")], variables)
            told += [*np.asarray(variables[0]).tolist(), int(optimizer.iterations)]
        told.append(len(optimizer.variables))
        optimizer.learning_rate = lambda: 0.25
        told.append(float(optimizer.learning_rate))
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.learning_rate = schedule
    return [*told, float(optimizer.learning_rate), len(optimizer.variables)]


def test_an_optimizer_follows_a_schedule():
    close(followed(own), followed(real))


# ------------------------------------------------------------ files


@pytest.mark.parametrize(("name", "arguments"), [("Adafactor", {}), ("Nadam", {"use_ema": True}), ("Muon", {})])
@pytest.mark.parametrize(("writer", "reader"), [(own, real), (real, own)])
def test_a_file_of_one_goes_on_under_the_other(name, arguments, writer, reader, tmp_path):
    x, y = np.random.default_rng(0).random((2, 8, 3), dtype="float32")
    model = writer.Sequential([writer.Input((3,)), writer.layers.Dense(4), writer.layers.Dense(3)])
    model.compile(getattr(writer.optimizers, name)(scheduled(writer, *SCHEDULES[0]), **arguments), "mse")
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    again = reader.models.load_model(tmp_path / "model.keras")
    for each in (model, again):
        each.train_on_batch(x, y)
    told = [[np.asarray(v, "float32") for v in [*each.weights, *each.optimizer.variables]] for each in (model, again)]
    close(*told, rtol=1e-3, atol=1e-5)


# ------------------------------------------------------------ the rest


def excluded(keras):
    told = []
    for names in (["bias"], ["ker.el", "nothing"], None):
        kernel, bias = (keras.Variable(np.ones(2, "float32"), name=name) for name in ("kernel", "bias"))
        for kind in ("AdamW", "Muon"):
            optimizer = getattr(keras.optimizers, kind)(0.1, weight_decay=0.5)
            optimizer.exclude_from_weight_decay(var_list=None if names else [kernel], var_names=names)
            optimizer.apply(2 * [np.zeros(2, "float32")], [kernel, bias])
            told += [np.asarray(kernel), np.asarray(bias)]
    return told


def test_weights_excluded_from_weight_decay():
    close(excluded(own), excluded(real))


def averaged(keras):
    """Return weights and running means after steps in which one weight has no gradient, and at the end."""
    variables = [keras.Variable(np.ones(2, "float32"), name=f"weight_{k}") for k in range(2)]
    optimizer = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)
    for gradients in ([np.ones(2, "float32"), None], 2 * [np.ones(2, "float32")]):
        optimizer.apply(gradients, variables)
    told = [np.asarray(v) for v in [*variables, *optimizer.variables[2:]]]
    optimizer.finalize_variable_values(variables)
    return [*told, *(np.asarray(v) for v in variables)]


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_running_means_of_weights():
    close(averaged(own), averaged(real))


def of_ones_own(keras):
    """Return weights after steps of an optimizer that is written as Keras's guide has it."""

    class Momentum(keras.optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.momentums = self.add_optimizer_variables(variables, "momentum", initializer="ones")

        def update_step(self, gradient, variable, learning_rate):
            m = self.momentums[self._get_variable_index(variable)]
            self.assign(m, 0.9 * m + gradient)
            self.assign_sub(variable, learning_rate * m)

    variables = [keras.Variable(w, name=f"weight_{k}") for k, w in enumerate(starts())]
    optimizer = Momentum(learning_rate=0.1, weight_decay=0.1, use_ema=True)
    for step in range(3):
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in slopes(step)], variables)
    return [np.asarray(v) for v in [*variables, *optimizer.variables[1:]]]


def test_an_optimizer_of_ones_own():
    close(of_ones_own(own), of_ones_own(real), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SGD", {"momentum": 1.5}),
        ("Lion", {"beta_1": 0.0}),
        ("Ftrl", {"learning_rate_power": 0.5}),
        ("Ftrl", {"l1_regularization_strength": -1.0}),
        ("AdamW", {"weight_decay": None}),
        ("Adam", {"gradient_accumulation_steps": 1}),
        ("Adam", {"use_ema": True, "ema_momentum": 1.5}),
        ("Adam", {"use_ema": True, "ema_overwrite_frequency": -1}),
        ("Adam", {"clipnorm": 1.0, "clipvalue": 1.0}),
    ],
)
def test_what_is_out_of_range(name, arguments):
    for keras in (real, own):
        with pytest.raises(ValueError, match=r"must|needs|Only one|is a|are|exclude|at least|at most|decays"):
            getattr(keras.optimizers, name)(**arguments)
