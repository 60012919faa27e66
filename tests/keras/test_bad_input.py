"""Bad input: one short error in klods's own words, with nothing printed and nothing changed before it."""

from __future__ import annotations

import subprocess
import sys
import traceback

import numpy as np
import pytest
from small import classifier, inputs, labels, layers, one_hot, regressor, state, targets

import klods
from klods import errors, keras
from klods.errors import DataError, DTypeError, FileError, KlodsError, NameUnknownError, ShapeError, StateError

x, y = inputs(), labels()
NARROW = (ShapeError, r"'dense\w*' got inputs of shape \(\d+, 5\), expected shape \(\.\.\., 8\)")
LABEL_3 = (DataError, r"[Ll]abel 3 is outside the 3 classes 0 to 2")
NO_X = (DataError, "no inputs x")
NO_Y = (DataError, "no targets y for the loss")
EMPTY = (DataError, "x is empty")
BATCH = (DataError, r"batch_size must be a whole number, 1 or more; got {}")
TEXT = (DTypeError, "x holds text; a model takes numbers")
OBJECTS = (DTypeError, "x holds object values; a model takes numbers")
LENGTHS = (DataError, "differ: x has 64, y has 10")

# A call on a trained model; the error's class and words.
CALLS = {
    "fit, narrow": (lambda m: m.fit(x[:, :5], y), *NARROW),
    "evaluate, narrow": (lambda m: m.evaluate(x[:, :5], y), *NARROW),
    "predict, narrow": (lambda m: m.predict(x[:, :5]), *NARROW),
    "train_on_batch, narrow": (lambda m: m.train_on_batch(x[:, :5], y), *NARROW),
    "test_on_batch, narrow": (lambda m: m.test_on_batch(x[:, :5], y), *NARROW),
    "predict_on_batch, narrow": (lambda m: m.predict_on_batch(x[:, :5]), *NARROW),
    "call, narrow": (lambda m: m(x[:, :5]), *NARROW),
    "validation, narrow": (lambda m: m.fit(x, y, validation_data=(x[:, :5], y)), *NARROW),
    "images": (lambda m: m.fit(x.reshape(64, 2, 4), y), ShapeError, r"\(None, 8\); got \(32, 2, 4\).*\n.*Flatten"),
    "one sample": (lambda m: m.predict(x[0]), ShapeError, r"'sequential\w*' takes .* \(None, 8\); got \(8,\)"),
    "fit, label": (lambda m: m.fit(x, y + 1), *LABEL_3),
    "fit, last label": (lambda m: m.fit(x, np.r_[y[:-1], 3]), *LABEL_3),
    "fit, float label": (lambda m: m.fit(x, y + 1.0), DataError, r"Label 3.0 is outside the 3 classes"),
    "fit, negative label": (lambda m: m.fit(x, y - 1), DataError, "Label -1 is outside the 3 classes 0 to 2"),
    "fit, fraction": (lambda m: m.fit(x, y / 2), DataError, r"Label 0.5 is no whole number"),
    "fit, NaN label": (lambda m: m.fit(x, np.where(y == 1, np.nan, y)), DataError, "Label nan"),
    "evaluate, label": (lambda m: m.evaluate(x, y + 1), *LABEL_3),
    "train_on_batch, label": (lambda m: m.train_on_batch(x, y + 1), *LABEL_3),
    "test_on_batch, label": (lambda m: m.test_on_batch(x, y + 1), *LABEL_3),
    "validation, label": (lambda m: m.fit(x, y, validation_data=(x, y + 1)), *LABEL_3),
    "fit, lengths": (lambda m: m.fit(x, y[:10]), *LENGTHS),
    "evaluate, lengths": (lambda m: m.evaluate(x, y[:10]), *LENGTHS),
    "train_on_batch, lengths": (lambda m: m.train_on_batch(x, y[:10]), *LENGTHS),
    "sample_weight, lengths": (lambda m: m.fit(x, y, sample_weight=y[:3]), DataError, "sample_weight has 3"),
    "validation, lengths": (lambda m: m.fit(x, y, validation_data=(x, y[:3])), DataError, "validation y has 3"),
    "fit, empty": (lambda m: m.fit(x[:0], y[:0]), *EMPTY),
    "evaluate, empty": (lambda m: m.evaluate(x[:0], y[:0]), *EMPTY),
    "predict, empty": (lambda m: m.predict(x[:0]), *EMPTY),
    "predict, empty list": (lambda m: m.predict([]), *EMPTY),
    "fit, no y": (lambda m: m.fit(x), *NO_Y),
    "evaluate, no y": (lambda m: m.evaluate(x), *NO_Y),
    "train_on_batch, no y": (lambda m: m.train_on_batch(x), *NO_Y),
    "fit, nothing": (lambda m: m.fit(), *NO_X),
    "evaluate, nothing": (lambda m: m.evaluate(), *NO_X),
    "fit, no x": (lambda m: m.fit(y=y), *NO_X),
    "predict, None": (lambda m: m.predict(None), *NO_X),
    "call, None": (lambda m: m(None), DTypeError, "Layer 'sequential\\w*' got None"),
    "fit, text": (lambda m: m.fit(x.astype(str), y), *TEXT),
    "fit, text in y": (lambda m: m.fit(x, y.astype(str)), DTypeError, "y holds text"),
    "predict, text": (lambda m: m.predict(x.astype(str)), *TEXT),
    "call, text": (lambda m: m("words"), DTypeError, "got 'words'"),
    "fit, objects": (lambda m: m.fit(x.astype(object), y), *OBJECTS),
    "predict, objects": (lambda m: m.predict(np.array([["a", 1.0] * 4], dtype=object)), *OBJECTS),
    "fit, ragged": (lambda m: m.fit([[1.0] * 8, [1.0]], [0, 1]), DataError, "x has rows of different lengths"),
    "fit, an iterator beside y": (
        lambda m: m.fit(iter([(x, y)]), y), DataError, "x is a list_iterator, which yields whole batches; y was given",
    ),
    "fit, a number": (lambda m: m.fit(7, 3), DataError, "x is a single number"),
    "fit, a word": (lambda m: m.fit("abc", y), DTypeError, "x is a str"),
    "fit, two inputs": (lambda m: m.fit([x, x], y), ShapeError, "'dense\\w*' takes one tensor; got a list of 2"),
    "fit, named inputs": (lambda m: m.fit({"a": x}, y), ShapeError, "'dense\\w*' takes one tensor; got a dict of 1"),
    "fit, two targets": (lambda m: m.fit(x, [y, y]), DataError, "y is a list of 2; the model has one output"),
    "fit, one-hot": (lambda m: m.fit(x, one_hot()), ShapeError, "or use categorical_crossentropy"),
    "evaluate, one-hot": (lambda m: m.evaluate(x, one_hot()), ShapeError, "or use categorical_crossentropy"),
    "batch_size 0": (lambda m: m.fit(x, y, batch_size=0), BATCH[0], BATCH[1].format(0)),
    "batch_size -1": (lambda m: m.evaluate(x, y, batch_size=-1), BATCH[0], BATCH[1].format(-1)),
    "batch_size 2.5": (lambda m: m.predict(x, batch_size=2.5), BATCH[0], BATCH[1].format(2.5)),
    "batch_size True": (lambda m: m.fit(x, y, batch_size=True), BATCH[0], BATCH[1].format(True)),
    "epochs 0": (lambda m: m.fit(x, y, epochs=0), DataError, "epochs must be a whole number, 1 or more; got 0"),
    "epochs -1": (lambda m: m.fit(x, y, epochs=-1), DataError, "epochs must be .* got -1"),
    "epochs None": (lambda m: m.fit(x, y, epochs=None), DataError, "epochs must be .* got None"),
    "validation_freq None": (
        lambda m: m.fit(x, y, validation_data=(x, y), validation_freq=None), DataError, "validation_freq must be",
    ),
    "fit, a function": (lambda m: m.fit(lambda: iter([])), DTypeError, "x is a function.*\n.*call it"),
    "epochs 1.5": (lambda m: m.fit(x, y, epochs=1.5), DataError, "epochs must be .* got 1.5"),
    "epochs '3'": (lambda m: m.fit(x, y, epochs="3"), DataError, "epochs must be .* got '3'"),
    "initial_epoch -1": (lambda m: m.fit(x, y, initial_epoch=-1), DataError, "initial_epoch must be .* 0 or more"),
    "steps_per_epoch 0": (lambda m: m.fit(x, y, steps_per_epoch=0), DataError, "steps_per_epoch must be"),
    "validation_steps 0": (
        lambda m: m.fit(x, y, validation_data=(x, y), validation_steps=0), DataError, "validation_steps must be",
    ),
    "validation_freq 0": (
        lambda m: m.fit(x, y, validation_data=(x, y), validation_freq=0), DataError, "validation_freq must be",
    ),
    "steps 0": (lambda m: m.evaluate(x, y, steps=0), DataError, "steps must be"),
    "split 1.5": (lambda m: m.fit(x, y, validation_split=1.5), DataError, "between 0 and 1; got 1.5"),
    "split of nothing": (lambda m: m.fit(x, y, validation_split=0.999), DataError, "leaves one part of 64 samples"),
    "validation_data": (lambda m: m.fit(x, y, validation_data=x), DataError, r"validation_data is \(x, y\)"),
    "verbose 7": (lambda m: m.fit(x, y, verbose=7), DataError, "verbose is 0, 1, 2 or 'auto'; got 7"),
    "callbacks": (lambda m: m.fit(x, y, callbacks=[3]), DataError, "3 is no callback"),
    "a callback's class": (lambda m: m.fit(x, y, callbacks=keras.callbacks.History), DataError, "is no callback"),
    "class_weight, a list": (lambda m: m.fit(x, y, class_weight=[1, 2]), DataError, "class_weight is a dict"),
    "class_weight, names": (lambda m: m.fit(x, y, class_weight={"a": 1}), DataError, "class_weight is a dict"),
    "class_weight, words": (lambda m: m.fit(x, y, class_weight={0: "a"}), DataError, "class_weight is a dict"),
    "sample_weight, columns": (
        lambda m: m.fit(x, y, sample_weight=np.ones((64, 2))),
        ShapeError, r"sample_weight has shape \(32, 2\) for losses of shape \(32,\)",
    ),
    "no optimizer": (lambda m: m.compile("nope", "mse"), NameUnknownError, "use one of adadelta, adafactor, adagrad"),
    "optimizer": (lambda m: m.compile("rmspop", "mse"), NameUnknownError, "'rmspop'. Did you mean 'rmsprop'"),
    "loss": (lambda m: m.compile("sgd", "mean_square_error"), NameUnknownError, "Did you mean 'mean_squared_error'"),
    "metric": (lambda m: m.compile("sgd", "mse", metrics=["acuracy"]), NameUnknownError, "Did you mean 'accuracy'"),
    "metrics, a word": (lambda m: m.compile("sgd", "mse", metrics="mae"), DataError, "metrics is a list; got 'mae'"),
    "metrics, a number": (lambda m: m.compile("sgd", "mse", metrics=[3]), DataError, "3 is no metric"),
    "loss, a number": (lambda m: m.compile("sgd", 3), DataError, "3 is no loss"),
    "loss_weights": (
        lambda m: m.compile("sgd", "mse", [1, 2]), DataError, r"loss_weights is a number .* got \[1, 2\]",
    ),
    "weights, number": (lambda m: m.set_weights([x]), DataError, "has 4 weights; got 1 arrays"),
    "weights, shape": (
        lambda m: m.set_weights([np.ones(w.shape) for w in m.weights[:3]] + [np.ones(9)]),
        ShapeError, r"Weight '\w+/dense_\d+/bias' has shape \(3,\); got \(9,\)",
    ),
    "get_layer": (lambda m: m.get_layer("dens"), DataError, "no layer named 'dens'"),
    "get_layer, index": (lambda m: m.get_layer(index=2), DataError, "no layer at index 2"),
    "get_layer, both": (lambda m: m.get_layer("dense", 0), DataError, "a name or an index; got 'dense' and 0"),
    "a layer on top that takes cubes": (
        lambda m: m.add(keras.layers.GlobalAveragePooling1D()), ShapeError, r"shape \(None, 3\), expected 3 axes",
    ),
    "summary, positions": (lambda m: m.summary(positions=[0.5, 1.0]), DataError, "has 3 columns; .* where 2 end"),
    "another layer on top": (lambda m: m.add(keras.layers.Activation("rulu")), NameUnknownError, "Did you mean 'relu'"),
    "save, ending": (lambda m: m.save("model.onnx"), DataError, "writes .keras and .h5"),
    "save, folder": (lambda m: m.save("no/such/folder/model.keras"), FileError, "can't be written"),
}  # fmt: skip


@pytest.mark.parametrize("case", CALLS)
def test_an_error_comes_before_any_change(case, capsys):
    call, kind, words = CALLS[case]
    model = classifier()
    model.fit(x, y, verbose=0)
    before = state(model)
    with pytest.raises(KlodsError, match=words) as caught:
        call(model)
    assert type(caught.value) is kind
    assert state(model) == before
    assert capsys.readouterr().out == ""
    check_wording(caught.value)
    model.fit(x, y, verbose=0)


def check_wording(error):
    """The error says how to mend it and where, and Python prints it in at most ten lines."""
    assert "\nTo mend it: " in str(error)
    assert str(error).splitlines()[-2].startswith("At test_")
    assert len(printed(error)) <= 10
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def printed(error):
    return "".join(traceback.format_exception(type(error), error, errors.own_frames(error))).splitlines()


# What doesn't fit another loss, or another model.
MISFITS = {
    "labels for a one-hot loss": (
        lambda: classifier("categorical_crossentropy").fit(x, y),
        ShapeError, r"got labels of shape \(32,\) for predictions of shape \(32, 3\)(.|\n)*sparse_categorical",
    ),
    "a column of labels for a one-hot loss": (
        lambda: classifier("categorical_crossentropy").fit(x, y[:, None]), ShapeError, "sparse_categorical",
    ),
    "too many classes": (
        lambda: classifier("categorical_crossentropy").fit(x, np.eye(5)[y]), ShapeError, r"shape \(32, 5\)",
    ),
    "labels for mse": (lambda: regressor().fit(x, y), ShapeError, r"shape \(32,\) don't fit .* \(32, 3\)"),
    "a column for three outputs": (
        lambda: regressor().fit(x, y[:, None]),
        ShapeError, r"targets of shape \(64, 1\) for outputs of shape \(64, 3\)",
    ),
    "three targets for one output": (lambda: regressor(units=1).fit(x, targets()), ShapeError, "last layer 3 units"),
    "one-hot for one output": (
        lambda: classifier("binary_crossentropy", units=1, activation="sigmoid").fit(x, one_hot()),
        ShapeError, r"binary_crossentropy got targets of shape \(64, 3\) for outputs of shape \(64, 1\)",
    ),
    "fit before compile": (lambda: keras.Sequential(layers()).fit(x, y), StateError, "fit comes before compile"),
    "evaluate before compile": (lambda: keras.Sequential(layers()).evaluate(x, y), StateError, "comes before compile"),
    "train_on_batch before compile": (
        lambda: keras.Sequential(layers()).train_on_batch(x, y), StateError, "train_on_batch comes before compile",
    ),
    "no loss": (lambda: classifier(None, metrics=()).fit(x, y), StateError, "has no loss to train on"),
    "a loss of several numbers": (
        lambda: classifier(keras.losses.MeanSquaredError(reduction=None)).fit(x, targets()),
        ShapeError, r"The loss has shape \(32,\)",
    ),
    "no layers": (lambda: keras.Sequential().predict(x), DataError, "has no layers"),
    "no list": (lambda: keras.Sequential(keras.layers.Dense(3)), DataError, "Sequential takes a list of layers"),
    "no layer": (lambda: keras.Sequential([3]), DataError, "Sequential takes layers; got 3"),
    "a stack in itself": (lambda: stack_in_itself(), DataError, "Model 'outer' can't be a layer of itself; 'inner'"),
    "two inputs": (lambda: keras.Sequential([keras.Input((8,))] * 2), DataError, "already has a first layer"),
    "one name": (
        lambda: keras.Sequential([keras.layers.Dense(3, name="a"), keras.layers.Dense(3, name="a")]),
        DataError, "Two layers are named 'a'",
    ),
    "layers that don't fit": (
        lambda: keras.Sequential([keras.Input((8,)), keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])]),
        ShapeError, r"'dense_\d+' got inputs of shape \(None, 8\), expected shape \(\.\.\., 5\)",
    ),
    "no width": (
        lambda: keras.Sequential([keras.Input((None,)), keras.layers.Dense(3)]), ShapeError, "of no fixed size",
    ),
    "an argument misspelt": (
        lambda: keras.layers.Dense(3, activaton="relu"),
        NameUnknownError, r"no argument of Dense 'activaton'\. Did you mean 'activation'\?",
    ),
    "vector": (
        lambda: keras.layers.Dense(3)(np.ones(3)), ShapeError, r"got inputs of shape \(3,\), expected at least 2 axes",
    ),
    "another width": (lambda: built_dense()(np.ones((2, 5))), ShapeError, r"shape \(2, 5\), expected shape \(..., 8\)"),
    "a list for a layer": (lambda: keras.layers.Dense(3)([x, x]), ShapeError, "takes one tensor; got a list of 2"),
    "a layer for a layer": (
        lambda: keras.layers.Dense(3)(keras.layers.Dense(2)), DTypeError, "which is a layer itself",
    ),
    "units": (lambda: keras.layers.Dense(-3), DataError, "whole number of units"),
    "activation": (lambda: keras.layers.Dense(3, "rulu"), NameUnknownError, "Did you mean 'relu'"),
    "initializer": (
        lambda: keras.layers.Dense(3, kernel_initializer="glorot_unifrom"), NameUnknownError, "'glorot_uniform'",
    ),
    "learning rate": (lambda: keras.optimizers.Adam("fast"), DataError, "learning_rate is a number; got 'fast'"),
    "no shape": (lambda: keras.Sequential(layers()).build(), DataError, "needs the shape of its inputs; got None"),
    "nothing saved yet": (lambda: keras.Sequential(layers()).save("model.keras"), DataError, "has no weights yet"),
    "weights before build": (lambda: keras.layers.Dense(3).set_weights([1]), DataError, "has 0 weights; got 1"),
    "no model file": (lambda: keras.models.load_model(__file__), FileError, "test_bad_input.py' is damaged"),
    "words as labels": (lambda: keras.utils.to_categorical(["a"]), DTypeError, "Labels are whole numbers; got <U1"),
    "no such file": (lambda: keras.models.load_model("no/model.keras"), FileError, "no file 'no/model.keras'"),
    "seed": (lambda: keras.utils.set_random_seed("a"), DataError, "A seed is a whole number"),
    "super().__init__ forgotten": (lambda: Forgetful()(x), StateError, r"call super\(\).__init__\(\) first"),
    "add_loss alone needs no y, but a loss does": (lambda: classifier().fit(x, None), *NO_Y),
    "gradients of None": (lambda: cut_off().fit(x, targets()), DataError, "No weight has a gradient"),
}  # fmt: skip


def stack_in_itself():
    outer = keras.Sequential(name="outer")
    outer.add(keras.Sequential([outer], name="inner"))


def built_dense():
    layer = keras.layers.Dense(3)
    layer(x)
    return layer


def cut_off():
    class CutOff(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, inputs):
            return klods.stop_gradient(self.dense(inputs))

    model = CutOff()
    model.compile("sgd", "mse")
    return model


class Forgetful(keras.layers.Layer):
    def __init__(self):
        self.units = 3

    def call(self, inputs):
        return inputs


@pytest.mark.filterwarnings("ignore::klods.errors.GradientWarning")
@pytest.mark.parametrize("case", MISFITS)
def test_an_error_for_what_does_not_fit(case):
    call, kind, words = MISFITS[case]
    with pytest.raises(KlodsError, match=words) as caught:
        call()
    assert type(caught.value) is kind
    check_wording(caught.value)


@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_model_built_for_the_wrong_data_is_unbuilt_again(call):
    model = keras.Sequential(layers())
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    with pytest.raises(ShapeError):
        getattr(model, call)(x.reshape(64, 2, 4), y)
    assert not model.built
    assert model.weights == []
    assert not any(layer.built for layer in model.layers)
    model.fit(x, y, verbose=0)
    assert model.weights[0].shape == (8, 16)


def test_what_evaluation_changes_is_put_back_before_training():
    class Counting(keras.layers.Layer):
        def build(self, input_shape):
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, inputs):
            self.calls.assign_add(1)
            return inputs

    counting = Counting()
    model = keras.Sequential([keras.Input((8,)), counting, *layers()])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = float(counting.calls)
    model.fit(x, y, batch_size=16, verbose=0)
    assert float(counting.calls) - before == 4


class Failing(keras.layers.Layer):
    def call(self, inputs):
        raise LookupError("mine")


def failing_function(*arguments):
    raise LookupError("mine")


class FailingCallback(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise LookupError("mine")


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        (lambda: with_layer(Failing()), {}),
        (lambda: classifier(failing_function), {}),
        (lambda: classifier(metrics=[failing_function]), {}),
        (lambda: classifier(), {"callbacks": [FailingCallback()]}),
    ],
    ids=["layer", "loss", "metric", "callback"],
)
def test_errors_of_ones_own_pass_unchanged(model, arguments):
    with pytest.raises(LookupError, match=r"^'?mine'?$") as caught:
        model().fit(x, y, verbose=0, **arguments)
    assert type(caught.value) is LookupError
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    files = [frame.path.name for frame in caught.traceback]
    assert files[0] == files[-1] == "test_bad_input.py"
    assert "trainer.py" in files


def with_layer(layer):
    model = keras.Sequential([layer, *layers()])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


SCRIPT = """
import numpy as np
import klods
from klods import keras

x, y = np.ones((64, 8), "float32"), np.zeros(64, int)

class Mine(keras.layers.Layer):
    def call(self, inputs):
        return self.inner(inputs)
    def inner(self, inputs):
        return klods.matmul(inputs, klods.ones((5, 5)))

def network(*layers):
    model = keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

def main():
    model = network(keras.Input((8,)))
    {call}

main()
"""


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("model.fit(x[:, :5], y, epochs=5)", "model.fit(x[:, :5], y, epochs=5)"),
        ("model.fit(\n        x,\n        y + 3,\n        epochs=5,\n        batch_size=4,\n    )", "model.fit("),
        ("model.evaluate(x, y[:10])", "model.evaluate(x, y[:10])"),
        ("print(model.predict(x.astype(str)).shape)", "print(model.predict(x.astype(str)).shape)"),
        ("model.compile('rmspop')", "model.compile('rmspop')"),
        ("network(Mine()).fit(x, y)", "return klods.matmul(inputs, klods.ones((5, 5)))"),
        ("(lambda: (lambda: (lambda: model.fit(x))())())()", "(lambda: (lambda: (lambda: model.fit(x))())())()"),
    ],
)
def test_python_prints_ten_lines_at_most(call, line, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(call=call))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(lines) <= 10, done.stderr
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2].startswith("At script.py:")
    assert lines[-2].endswith(f": {line}")
    assert lines[-1].startswith("Docs: errors/")
    assert not any("trainer.py" in line or "layer.py" in line for line in lines)
