"""Models: names, attributes, shapes, stacking, summaries and what History tells, as users know them from Keras."""

from __future__ import annotations

import re

import jobs
import numpy as np
import pytest
from beside import close, own, plain, real

X, Y = jobs.regression()


def told(keras, question):
    """Return the answer to a question about the models below; the name of the error where Keras raises one."""
    try:
        return question(keras)
    except (AttributeError, ValueError) as error:
        return next(kind.__name__ for kind in (AttributeError, ValueError) if isinstance(error, kind))


def dense(keras, *units):
    return [keras.layers.Dense(n) for n in units]


def known(keras):
    return keras.Sequential([keras.Input((6,), name="points"), *dense(keras, 4, 1)])


def unknown(keras):
    return keras.Sequential(dense(keras, 4, 1))


def called(keras):
    model = unknown(keras)
    model.build((None, 6))
    return model


def subclassed(keras):
    class Twice(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = keras.layers.Dense(4, activation="relu")
            self.drop = keras.layers.Dropout(0.5)
            self.last = keras.layers.Dense(1)

        def call(self, inputs, training=False):
            return 2 * self.last(self.drop(self.first(inputs), training=training))

    return Twice()


def paths(model):
    return [(w.name, w.path, tuple(w.shape), w.trainable) for w in model.weights]


def state(keras):
    model = keras.Sequential(
        [keras.Input((6,)), *dense(keras, 3), keras.layers.Dropout(0.5, seed=3), keras.layers.BatchNormalization()]
    )
    model.add(keras.layers.GaussianNoise(0.0))
    lists = (model.weights, model.variables, model.non_trainable_variables, model.trainable_variables)
    return [[(v.path, tuple(v.shape)) for v in variables] for variables in lists]


def only_outputs(keras):
    """What a model of one output gives that was named alone, in a list, tuple, dict, or with another model's lists."""
    inputs = keras.Input((6,))
    output, told = keras.layers.Dense(2, name="end")(inputs), []
    for form in (output, [output], (output,), {"end": output}, [[output]]):
        model = keras.Model([inputs], form)
        outer = keras.Model(inputs, keras.tree.map_structure(keras.layers.Dense(1), model(inputs)))
        for each in (model, outer):
            predicted = each.predict(X, verbose=0)
            told.append((type(predicted).__name__, keras.tree.map_structure(np.shape, predicted)))
        told.append(
            [type(model(X)).__name__ in ("list", "tuple", "dict"), type(model.output).__name__ == "KerasTensor"]
        )
        model.compile("sgd", ["mse"])
        told.append([sorted(model.fit(X, y, verbose=0).history) for y in (X[:, :2], [X[:, :2]])])
    stack = known(keras)
    return told, type(keras.Model(stack.inputs, stack.outputs).predict(X, verbose=0)).__name__


def inside(keras):
    """A Sequential model in another: its input and output are those of the call, as in transfer learning."""
    inner, inputs = known(keras), keras.Input((6,), name="outside")
    outer = keras.Model(inputs, keras.layers.Dense(2)(inner(inputs)))
    part = keras.Model(outer.input, inner.output)
    return inner.input.name, inner.inputs[0].name, part.output_shape, len(part.weights)


def of_ones_own(keras):
    class Mine(keras.layers.Layer):
        def __init__(self, factor=2, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, inputs):
            return inputs * self.factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    inputs = keras.Input((6,))
    models = keras.Sequential([inputs, Mine(3)]), keras.Model(inputs, Mine(4)(inputs))
    return [type(m).from_config(m.get_config(), custom_objects={"Mine": Mine}).layers[-1].factor for m in models]


def unnamed(keras):
    class Twice(keras.layers.Layer):
        def build(self, input_shape):
            self.a, self.b = self.add_weight(shape=(2,)), self.add_weight(shape=(3,), trainable=False, dtype="int32")

        def call(self, inputs):
            return inputs

    model = keras.Sequential([keras.Input((6,)), Twice(), Twice()])
    return paths(model)


def popped(keras):
    model = known(keras)
    model.pop()
    shape = model.output_shape
    model.add(keras.layers.Dense(3))
    return shape, model.output_shape, model.built, len(model.layers), paths(model)


def frozen(keras):
    model = known(keras)
    model.layers[0].trainable = False
    inside = [len(model.trainable_weights), len(model.non_trainable_weights), model.layers[0].kernel.trainable]
    model.trainable = False
    outside = [len(model.trainable_weights), model.layers[1].trainable]
    model.trainable = True
    return inside, outside, len(model.trainable_weights), model.layers[0].trainable


def grown(keras):
    model = keras.Sequential(name="grown")
    states = [model.built]
    for layer in (keras.Input((6,)), *dense(keras, 4, 1)):
        model.add(layer)
        states.append((model.built, len(model.layers), len(model.weights)))
    return states


def after_fit(keras):
    model = known(keras)
    before = [model.compiled, model.built]
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(X, Y, epochs=2, verbose=0)
    return [
        before, model.compiled, model.loss, model.stop_training, history.params, history.epoch, sorted(history.history),
        history.model is model, model.history is history, type(model.optimizer).__name__, model.run_eagerly,
        int(model.optimizer.iterations), model.metrics_names[0], model.metrics[0].name,
    ]  # fmt: skip


QUESTIONS = {
    "names": lambda keras: (
        [layer.name for layer in [*dense(keras, 1, 1), keras.layers.Flatten(), keras.Sequential()]]
        + [keras.Sequential().name, keras.layers.Dense(1, name="mine").name, keras.layers.Dense(1).name]
    ),
    "names after clear_session": lambda keras: [
        keras.layers.Dense(1).name,
        keras.utils.clear_session(),
        keras.layers.Dense(1).name,
    ],
    "weights of a known model": lambda keras: paths(known(keras)),
    "weights of a model built later": lambda keras: paths(called(keras)),
    "weights of an unknown model": lambda keras: unknown(keras).weights,
    "weights of a subclassed model": lambda keras: [m := subclassed(keras), m(X[:3]), paths(m)][-1],
    "layers of a subclassed model": lambda keras: [layer.name for layer in subclassed(keras).layers],
    "shapes": lambda keras: [known(keras).input_shape, known(keras).output_shape, called(keras).output_shape],
    "no input shape": lambda keras: unknown(keras).input_shape,
    "no output shape": lambda keras: unknown(keras).output_shape,
    "no inputs": lambda keras: unknown(keras).inputs,
    "has shapes": lambda keras: [hasattr(m(keras), "output_shape") for m in (known, unknown, called)],
    "inputs": lambda keras: [(tuple(x.shape), x.dtype) for m in (known, called) for x in m(keras).inputs],
    "outputs": lambda keras: [(tuple(x.shape), x.dtype) for m in (known, called) for x in m(keras).outputs],
    "built": lambda keras: [m(keras).built for m in (known, unknown, called)],
    "no parameters to count": lambda keras: unknown(keras).count_params(),
    "parameters": lambda keras: [known(keras).count_params(), called(keras).count_params()],
    "layer by name": lambda keras: known(keras).get_layer("dense_1").units,
    "layer by index": lambda keras: known(keras).get_layer(index=0).units,
    "layer that isn't there": lambda keras: known(keras).get_layer("other"),
    "layer past the last": lambda keras: known(keras).get_layer(index=7),
    "no name for a layer": lambda keras: known(keras).get_layer(),
    "two layers of one name": lambda keras: keras.Sequential(
        [keras.layers.Dense(1, name="a"), keras.layers.Dense(1, name="a")]
    ),
    "two inputs": lambda keras: keras.Sequential([keras.Input((6,)), keras.Input((6,))]),
    "something else than a layer": lambda keras: keras.Sequential([lambda x: x]),
    "popped": popped,
    "frozen": frozen,
    "grown": grown,
    "input_shape of the first layer": lambda keras: (
        keras.Sequential([keras.layers.Dense(2, input_shape=(3,)), keras.layers.Dense(1)]).input_shape
    ),
    "shape of batches": lambda keras: (
        keras.Sequential([keras.Input((6,), batch_size=5), *dense(keras, 4)]).output_shape
    ),
    "computed shape": lambda keras: tuple(known(keras).compute_output_shape((7, 6))),
    "built for another width": lambda keras: known(keras).build((None, 7)),
    "after fit": after_fit,
    "dtypes": lambda keras: [known(keras).dtype, known(keras).layers[0].dtype, known(keras).layers[0].compute_dtype],
    "state": state,
    "one output in a structure": only_outputs,
    "a model inside another": inside,
    "classes of one's own": of_ones_own,
    "weights without names": unnamed,
    "both a name and an index": lambda keras: known(keras).get_layer("dense", 0),
    "flags": lambda keras: [
        known(keras).trainable,
        keras.layers.Dense(1, trainable=False).trainable,
        known(keras).name,
    ],
    "representation": lambda keras: [repr(known(keras)), repr(keras.layers.Dense(1))],
}


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize("question", QUESTIONS)
def test_answers(question):
    ours, theirs = (told(keras, QUESTIONS[question]) for keras in (own, real))
    assert plain(ours) == plain(theirs)


@pytest.mark.parametrize("make", [known, unknown, called])
def test_config(make):
    ours, theirs = make(own), make(real)
    mine, other = plain(ours.get_config()), plain(theirs.get_config())
    assert mine == other
    again = own.Sequential.from_config(theirs.get_config())
    assert plain(again.get_config()) == mine


@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
def test_what_callbacks_are_told(verbose, capsys):
    """History's params are what callbacks get; Keras names the number of steps even for one batch."""
    said = []
    for keras in (own, real):
        model = known(keras)
        model.compile("sgd", "mse")
        said.append(model.fit(X, Y, epochs=1, batch_size=100, verbose=verbose).params)
    capsys.readouterr()
    assert said[0] == said[1]


def lines_of(model):
    """Return the lines of a summary without their frames, spaces made one."""
    printed = []
    model.summary(print_fn=printed.append)
    text = re.sub(r"[^\S\n]+", " ", re.sub(r"[━─┏┳┓┡╇┩├┼┤└┴┘┃│]", " ", "\n".join(printed)))
    return [line.strip() for line in text.splitlines() if line.strip()]


def large(keras):
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            *dense(keras, 512),
            keras.layers.Dropout(0.2),
            *dense(keras, 10),
        ],
        name="digits",
    )
    model.layers[1].trainable = False
    return model


def optimized(keras):
    model = known(keras)
    model.compile("rmsprop", "mse")
    model.fit(X, Y, verbose=0)
    return model


def run(keras):
    model = subclassed(keras)
    model.build((None, 6))
    model(X[:3])
    return model


@pytest.mark.parametrize("make", [known, unknown, called, large, optimized])
def test_summary(make):
    assert lines_of(make(own)) == lines_of(make(real))


@pytest.mark.filterwarnings("ignore:`build\\(\\)` was called on layer")
def test_summary_of_a_subclassed_model():
    """Keras gives the sizes of the first batch that it saw, and none where a layer has no weights; klods gives all."""
    ours, theirs = lines_of(run(own)), lines_of(run(real))
    assert [line.replace("dropout (Dropout) (None, 4)", "dropout (Dropout) ?") for line in ours] == [
        line.replace("(3,", "(None,") for line in theirs
    ]


def test_a_train_step_of_ones_own():
    """A step in TensorFlow's manner, which Keras on JAX can't run, trains as the built-in one does."""
    import klods

    class Stepping(own.Sequential):
        def train_step(self, data):
            x, y = data
            with klods.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss, sample_weight=len(x))
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    histories = []
    for kind in (Stepping, own.Sequential):
        model = kind([own.Input((6,)), *dense(own, 4, 1)])
        jobs.fix_weights(model)
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(X, Y, epochs=3, shuffle=False, verbose=0).history
        histories.append({name: history[name] for name in sorted(history)})
    close(*histories)


def test_losses_that_layers_add():
    def run(keras):
        class Loud(keras.layers.Layer):
            def call(self, inputs):
                self.add_loss(keras.ops.mean(inputs**2))
                return inputs

        model = keras.Sequential([keras.Input((6,)), *dense(keras, 4), Loud(), *dense(keras, 1)])
        jobs.fix_weights(model)
        model.compile("sgd", "mse")
        return model.fit(X, Y, epochs=3, shuffle=False, verbose=0).history

    close(run(own), run(real), rtol=1e-3)


def test_a_metric_inside_a_model():
    def run(keras):
        class Watched(keras.Model):
            def __init__(self):
                super().__init__()
                self.inner = keras.layers.Dense(1, kernel_initializer="ones")
                self.size = keras.metrics.Mean(name="size")

            def call(self, inputs):
                return self.inner(inputs)

            def compute_metrics(self, x, y, y_pred, sample_weight=None):
                self.size.update_state(keras.ops.abs(y_pred))
                return {**super().compute_metrics(x, y, y_pred, sample_weight), "size": self.size.result()}

        model = Watched()
        model.compile("sgd", "mse", metrics=["mae"])
        return model.fit(X, Y, epochs=2, shuffle=False, verbose=0).history

    close(run(own), run(real), rtol=1e-3)


def test_dropout_only_in_training():
    model = own.Sequential([own.Input((6,)), own.layers.Dropout(0.5)])
    assert (model.predict(X, verbose=0) == X).all()
    assert (np.asarray(model(X)) == X).all()
    assert (np.asarray(model(X, training=True)) != X).any()


@pytest.mark.parametrize("kind", ["uint8", "int64", "float64", "bool"])
def test_dtype_of_inputs(kind):
    """A Sequential model takes its inputs as float32."""
    x = (np.arange(24).reshape(2, 12) % 2).astype(kind)
    answers = []
    for keras in (own, real):
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Activation("relu")])
        answers.append([np.asarray(model(x)).dtype, model.predict(x, verbose=0).dtype])
    assert answers[0] == answers[1]
