"""Optimizers and schedules: what holds of them by their papers, compiled as eager, saved, copied and wrongly used."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import small

import klods
from klods import keras
from klods.errors import DataError, KlodsError, NameUnknownError, NumericsWarning, StateError
from klods.keras import optimizers
from klods.keras.optimizers import schedules

X, Y = small.inputs(), small.labels()
SCHEDULES = {
    "exponential": schedules.ExponentialDecay(0.1, 3, 0.5, staircase=True),
    "inverse time": schedules.InverseTimeDecay(0.1, 3, 0.5),
    "piecewise constant": schedules.PiecewiseConstantDecay([2, 5], [0.1, 0.05, 0.01]),
    "polynomial": schedules.PolynomialDecay(0.1, 3, cycle=True),
    "cosine": schedules.CosineDecay(0.0, 5, warmup_target=0.1, warmup_steps=3),
    "cosine with restarts": schedules.CosineDecayRestarts(0.1, 2),
    "function": lambda: 0.05,
}
MAKERS = {
    **{kind.__name__: kind for kind in optimizers.CLASSES},
    "LossScaleOptimizer": lambda: optimizers.LossScaleOptimizer(optimizers.Nadam(0.01), 1024.0, 2),
    "averages": lambda: optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3),
    "accumulation": lambda: optimizers.Nadam(0.01, gradient_accumulation_steps=2, use_ema=True, clipnorm=0.1),
    "scaled loss": lambda: optimizers.Adam(0.01, loss_scale_factor=1024.0, weight_decay=0.1),
    **{name: lambda rate=rate: optimizers.SGD(rate) for name, rate in SCHEDULES.items()},
}


def steps_of(optimizer, run_eagerly=False, count=7):
    """Return a model after steps on one batch."""
    keras.utils.set_random_seed(3)
    model = small.classifier(optimizer=optimizer)
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=run_eagerly)
    for _ in range(count):
        model.train_on_batch(X[:32], Y[:32])
    return model


def numbers(model):
    return [v.numpy() for v in [*model.weights, *model.optimizer.variables]]


def assert_close(ours, theirs, rtol=1e-4, atol=1e-5):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)


def stepped(optimizer, weight, *gradients):
    """Return a weight after steps with these gradients."""
    variable = klods.Variable(np.asarray(weight, np.float32), name="weight")
    for gradient in gradients:
        optimizer.apply([klods.constant(np.asarray(gradient, np.float32))], [variable])
    return variable.numpy()


# ------------------------------------------------------------ compiled as eager


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", MAKERS)
def test_steps_compiled_end_where_eager_ones_do(name):
    assert_close(numbers(steps_of(MAKERS[name]())), numbers(steps_of(MAKERS[name](), run_eagerly=True)))


def test_a_schedule_is_traced_and_not_asked_at_each_step():
    asked = []

    class Counting(schedules.LearningRateSchedule):
        def __call__(self, step):
            asked.append(step)
            return 0.1 / (step + 1)

    model = steps_of(optimizers.SGD(Counting()), count=1)
    before = len(asked)
    for _ in range(5):
        model.train_on_batch(X[:32], Y[:32])
    assert len(asked) == before
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1 / 7)


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_schedule_changed_or_exchanged_counts_from_the_next_step(run_eagerly):
    rate = schedules.PiecewiseConstantDecay([100], [0.0, 0.0])
    model = steps_of(optimizers.SGD(rate), run_eagerly, count=1)

    def moves():
        before = model.get_weights()[0]
        model.train_on_batch(X[:32], Y[:32])
        return not np.array_equal(before, model.get_weights()[0])

    assert not moves()
    rate.values = [0.5, 0.5]
    assert moves()
    model.optimizer.learning_rate = lambda: 0.0
    assert not moves()


def test_weights_excluded_from_decay_after_a_step_decay_no_more():
    model = steps_of(optimizers.SGD(0.0, weight_decay=0.5), count=1)
    model.optimizer.learning_rate = 0.1
    model.optimizer.exclude_from_weight_decay(var_list=model.weights[:1], var_names=["bias"])
    twin = steps_of(optimizers.SGD(0.0), count=1)
    twin.optimizer.learning_rate = 0.1
    for each in (model, twin):
        each.train_on_batch(X[:32], Y[:32])
    assert_close(model.get_weights()[:2], twin.get_weights()[:2], rtol=0, atol=0)
    assert not np.array_equal(model.get_weights()[2], twin.get_weights()[2])


# ------------------------------------------------------------ by their papers


def test_muon_steps_along_orthogonal_matrices():
    """Five rounds bring the singular values near 1: between 0.68 and 1.13, says Jordan's post."""
    for shape in ((4, 6), (6, 4)):
        gradient = np.random.default_rng(0).normal(size=shape)
        step = -stepped(optimizers.Muon(1.0, weight_decay=None, rms_rate=None), np.zeros(shape), gradient)
        left, _, right = np.linalg.svd(gradient, full_matrices=False)
        sizes = np.diag(left.T @ step @ right.T)
        assert sizes.min() > 0.65
        assert sizes.max() < 1.2
        np.testing.assert_allclose(left @ np.diag(sizes) @ right, step, atol=1e-4)


def test_lamb_steps_are_as_long_as_the_weight_times_the_rate():
    weight, gradient = np.random.default_rng(0).normal(size=(2, 3, 4))
    moved = stepped(optimizers.Lamb(0.25), weight, gradient) - weight
    assert np.linalg.norm(moved) == pytest.approx(0.25 * np.linalg.norm(weight), rel=1e-4)


def test_adafactor_keeps_the_squares_of_gradients_of_rank_one_exactly():
    gradient = np.outer([1, 2, 3], [0.5, 1, 4, 2])
    optimizer = optimizers.Adafactor()
    stepped(optimizer, np.ones((3, 4)), gradient)
    np.testing.assert_allclose(optimizer.variables[-1].numpy(), gradient**2, rtol=1e-5)


def test_ftrl_keeps_weights_at_zero_within_its_l1_strength():
    weight = stepped(optimizers.Ftrl(0.1, l1_regularization_strength=1.0), [0.0, 0.0], [0.9, -1.1])
    assert weight[0] == 0
    assert weight[1] > 0


def test_nadam_multiplies_the_momentums_of_all_steps():
    optimizer = optimizers.Nadam(beta_1=0.8)
    stepped(optimizer, [1.0, 2.0], *[[1.0, 1.0]] * 3)
    momentums = [0.8 * (1 - 0.5 * 0.96**t) for t in (1, 2, 3)]
    assert float(optimizer.variables[-1]) == pytest.approx(np.prod(momentums), rel=1e-5)


@pytest.mark.parametrize("kind", [optimizers.Adam, optimizers.Adafactor, optimizers.Nadam])
def test_accumulated_steps_are_one_step_by_their_mean(kind):
    gradients = np.random.default_rng(0).normal(size=(6, 3, 4))
    often = kind(0.1, gradient_accumulation_steps=3, clipnorm=0.5)
    seldom = kind(0.1, clipnorm=0.5)
    means = [gradients[:3].mean(0), gradients[3:].mean(0)]
    assert_close([stepped(often, np.ones((3, 4)), *gradients)], [stepped(seldom, np.ones((3, 4)), *means)])
    assert int(often.iterations) == int(seldom.iterations) == 2


def test_between_accumulated_steps_nothing_moves():
    optimizer = optimizers.Adam(0.1, gradient_accumulation_steps=3, weight_decay=0.5)
    assert np.array_equal(stepped(optimizer, [1.0, 2.0], [3.0, 4.0], [5.0, 6.0]), [1, 2])
    assert [v.numpy().any() for v in optimizer.variables[3:]] == [False, False]
    assert np.array_equal(optimizer.variables[2], [8, 10])


def test_a_scaled_loss_changes_nothing_where_numbers_are_exact():
    plain, scaled = optimizers.SGD(0.5), optimizers.SGD(0.5, loss_scale_factor=1024.0)
    assert float(scaled.scale_loss(klods.constant(2.0))) == 2048
    assert_close(steps_of(plain).get_weights(), steps_of(scaled).get_weights(), rtol=0, atol=1e-7)


def test_fit_ends_with_the_running_means_before_callbacks_hear_of_it():
    class Last(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.trained = self.model.get_weights()

        def on_train_end(self, logs=None):
            self.told = self.model.get_weights()

    model, last = steps_of(optimizers.SGD(0.5, use_ema=True), count=1), Last()
    model.fit(X, Y, verbose=0, callbacks=[last])
    means = [v.numpy() for v in model.optimizer.variables[2:]]
    assert_close(model.get_weights(), means, rtol=0, atol=0)
    assert_close(last.told, means, rtol=0, atol=0)
    assert not np.array_equal(last.trained[0], means[0])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("wrapped", [lambda step: step, klods.function])
def test_an_infinite_gradient_clipped_by_all_lengths_makes_all_weights_nan(wrapped):
    weights = [klods.Variable([1.0]), klods.Variable([1.0])]
    optimizer = optimizers.SGD(global_clipnorm=1.0)
    wrapped(lambda *gradients: optimizer.apply(gradients, weights))(klods.constant([np.inf]), klods.constant([1.0]))
    assert [bool(np.isnan(w)[0]) for w in weights] == [True, True]


# ------------------------------------------------------------ of one's own


class Momentum(optimizers.Optimizer):
    """As Keras's guide writes it."""

    def build(self, variables):
        super().build(variables)
        self.momentums = [self.add_variable_from_reference(v, "momentum") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        velocity = self.momentums[self._get_variable_index(variable)]
        self.assign(velocity, 0.9 * velocity - learning_rate * gradient)
        self.assign_add(variable, velocity)


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_an_optimizer_written_for_keras(run_eagerly):
    model, twin = steps_of(Momentum(0.1), run_eagerly), steps_of(optimizers.SGD(0.1, momentum=0.9))
    model.fit(X, Y, verbose=0, shuffle=False), twin.fit(X, Y, verbose=0, shuffle=False)
    assert_close(numbers(model), numbers(twin))


def test_a_loop_without_state_ends_where_train_on_batch_does():
    """As with Keras on JAX: every value goes in and comes out; dropout's state, too."""

    def made():
        keras.utils.set_random_seed(1)
        layers = [keras.layers.BatchNormalization(), keras.layers.Dense(6, "relu"), keras.layers.Dropout(0.5)]
        model = keras.Sequential([keras.Input((small.WIDTH,)), *layers, keras.layers.Dense(3)])
        model.compile(optimizers.Adam(0.01), "mse")
        model.optimizer.build(model.trainable_variables)
        return model

    x, t = klods.constant(small.inputs()), klods.constant(small.targets())
    model, other = made(), made()
    before = [w.copy() for w in numbers(other)]
    weights, fixed, state = (
        [klods.constant(v) for v in variables]
        for variables in (other.trainable_variables, other.non_trainable_variables, other.optimizer.variables)
    )
    for _ in range(3):
        model.train_on_batch(x, t)
        with klods.GradientTape() as tape:
            tape.watch(weights)
            outputs, fixed = other.stateless_call(weights, fixed, x, training=True)
            loss = keras.losses.MeanSquaredError()(t, outputs)
        weights, state = other.optimizer.stateless_apply(state, tape.gradient(loss, weights), weights)
    assert_close(weights, model.trainable_variables)
    assert_close(fixed, model.non_trainable_variables)
    assert_close(state, model.optimizer.variables)
    assert_close(numbers(other), before)


def test_a_step_without_state_of_an_optimizer_that_is_not_built():
    with pytest.raises(DataError, match=r"'sgd.*' has 2 variables; got 3 values"):
        optimizers.SGD().stateless_apply([0, 0.01], [1.0], [2.0])


def test_an_optimizer_without_a_formula():
    with pytest.raises(NotImplementedError, match="Optimizer lacks update_step"):
        stepped(optimizers.Optimizer(), [1.0], [1.0])


# ------------------------------------------------------------ saved, copied, built again


@pytest.mark.parametrize("name", ["Adafactor", "LossScaleOptimizer", "Muon", "accumulation", "averages", "cosine"])
def test_a_saved_model_goes_on_as_if_it_had_not_been(name, tmp_path):
    model = steps_of(MAKERS[name](), count=3)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, again):
        each.train_on_batch(X[:32], Y[:32])
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert_close(numbers(again), numbers(model), rtol=1e-6, atol=1e-7)


def test_a_copy_trains_apart_from_its_original():
    model = steps_of(MAKERS["accumulation"](), count=3)
    twin, before = copy.deepcopy(model), numbers(model)
    twin.train_on_batch(X[:32], Y[:32])
    assert_close(numbers(model), before, rtol=0, atol=0)
    model.train_on_batch(X[:32], Y[:32])
    assert_close(numbers(model), numbers(twin))


def test_built_twice_and_for_new_weights():
    first, second = klods.Variable([1.0], name="first"), klods.Variable([1.0], name="second")
    optimizer = optimizers.Adam()
    optimizer.build([first]), optimizer.build([first]), optimizer.build([first, second])
    names = [v.name for v in optimizer.variables[2:]]
    assert names == ["first_momentum", "first_velocity", "second_momentum", "second_velocity"]


def test_set_weights():
    one, other = steps_of(optimizers.Adam(), count=2).optimizer, steps_of(optimizers.Adam(), count=1).optimizer
    other.set_weights([v.numpy() for v in one.variables])
    assert_close([v.numpy() for v in other.variables], [v.numpy() for v in one.variables], rtol=0, atol=0)
    with pytest.raises(DataError, match="keeps 10 values; got 1"):
        other.set_weights([1])


# ------------------------------------------------------------ wrongly used


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: setattr(optimizers.SGD(SCHEDULES["cosine"]), "learning_rate", 0.1), StateError, "follows a schedule"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), DataError, "a whole number from 2 on; got 1"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=2.5), DataError, "a whole number from 2 on; got 2.5"),
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=2), DataError, "a share between 0 and 1; got 2"),
        (lambda: optimizers.Ftrl(l1_regularization_strength=-1), DataError, "l1_regularization_strength is at least 0"),
        (lambda: schedules.CosineDecay(0.1, 0), DataError, "decay_steps is a positive number of steps; got 0"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), DataError, "Got 1 values for 1 boundaries"),
        (lambda: schedules.deserialize({"class_name": "Cosine", "config": {}}), NameUnknownError, "'cosine_decay'"),
        (lambda: optimizers.get("lamp"), NameUnknownError, "Did you mean 'lamb'"),
        (lambda: optimizers.get(print), DataError, "is no optimizer"),
    ],
)
def test_errors(call, kind, words):
    with pytest.raises(KlodsError, match=words) as caught:
        call()
    assert type(caught.value) is kind


def test_names():
    assert {type(optimizers.get(name)) for name in ("ADAM", "adam", "Adam")} == {optimizers.Adam}
    assert optimizers.get(None) is None


def test_a_model_trains_by_a_scaled_loss_as_by_the_loss_itself():
    """Also in a traced step; and a batch without finite gradients changes the scale alone."""
    x, y = np.random.default_rng(0).normal(size=(2, 16, 3)).astype("float32")
    kept = []
    for wrap in (lambda inner: inner, lambda inner: optimizers.LossScaleOptimizer(inner, 16.0, 3)):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
        model.compile(wrap(optimizers.Adam(0.1)), "mse")
        losses = model.fit(x, y, batch_size=4, epochs=2, verbose=0, shuffle=False).history["loss"]
        kept.append([losses, *model.get_weights()])
    for plain, scaled in zip(*kept):
        np.testing.assert_allclose(plain, scaled, rtol=1e-5)
    optimizer, before = model.optimizer, model.get_weights()
    assert (float(optimizer.dynamic_scale), int(optimizer.step_counter), int(optimizer.iterations)) == (64, 2, 8)
    with pytest.warns(NumericsWarning):
        model.fit(x[:4] * np.inf, y[:4], verbose=0)
    assert (float(optimizer.dynamic_scale), int(optimizer.step_counter), int(optimizer.iterations)) == (32, 0, 8)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("adam",), "'adam' is no optimizer"),
        ((optimizers.SGD(), 0.0), "above 0"),
        ((optimizers.SGD(), 2.0, 0.5), "from 1 on"),
    ],
)
def test_impossible_arguments_of_a_scaled_loss(arguments, words):
    with pytest.raises(DataError, match=words):
        optimizers.LossScaleOptimizer(*arguments)


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_step_of_size_0_changes_no_weight(run_eagerly):
    """Keras's Ftrl divides by the rate; schedules may end at 0."""
    model = small.classifier(optimizer=optimizers.Ftrl(schedules.PiecewiseConstantDecay([0], [0.1, 0.0])))
    model.run_eagerly = run_eagerly
    model.train_on_batch(X, Y)
    before = model.get_weights()
    for _ in range(2):
        model.train_on_batch(X, Y)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)
