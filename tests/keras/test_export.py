"""Export to ONNX: onnxruntime computes what the model computes, for batches of any size."""

from __future__ import annotations

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, FileError, StateError
from klods.keras.export import operators
from klods.ops.block import BLOCKS

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
layers = keras.layers

ACTIVATIONS = sorted({f.__name__.rstrip("_") for f in keras.activations.KNOWN.values() if callable(f)} - {"threshold"})


def rows(*shape, samples=5, seed=0):
    return np.random.default_rng(seed).normal(size=(samples, *shape)).astype("float32")


def outputs_of(path, *given):
    session = onnxruntime.InferenceSession(path)
    return session.run(None, {described.name: x for described, x in zip(session.get_inputs(), given)})


def agrees(model, path, *shapes, make=rows):
    model.export(path)
    for samples in (1, 5):
        given = [make(*shape, samples=samples) for shape in shapes]
        expected = model.predict(given if len(given) > 1 else given[0], verbose=0)
        expected = expected if isinstance(expected, (list, tuple)) else [expected]
        for ours, theirs in zip(expected, outputs_of(path, *given), strict=True):
            np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-6)
            assert theirs.dtype == ours.dtype


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation, path):
    agrees(keras.Sequential([keras.Input((4,)), layers.Dense(4, activation)]), path, (4,))


class Custom(keras.layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, inputs):
        return self.function(inputs)


FUNCTIONS = {
    "square, rsqrt": lambda x: klods.math.rsqrt(klods.square(x) + 1),
    "expm1, log1p": lambda x: klods.math.log1p(klods.abs(klods.math.expm1(x))),
    "comparisons": lambda x: klods.where(klods.not_equal(x, 0.5) & (x > 0), x, -1.0),
    "finite": lambda x: klods.where(klods.math.is_finite(klods.math.log(x - x)), x, 2.0),
    "relu6": lambda x: klods.nn.relu6(8 * x),
    "floors": lambda x: klods.math.floordiv(x, 0.3) + klods.math.floormod(x, 0.3),
    "reductions": lambda x: klods.concat(
        [
            klods.reduce_mean(x, 1, keepdims=True),
            klods.reduce_max(x, -1, keepdims=True),
            klods.reduce_min(x, -1, keepdims=True),
            klods.reduce_sum(x, [1], keepdims=True),
            klods.reduce_prod(x, 1, keepdims=True),
        ],
        1,
    ),
    "truth": lambda x: (
        klods.cast(klods.reduce_any(x > 1, 1), "float32") + klods.cast(klods.reduce_all(x > -1, 1), "float32")
    ),
    "places": lambda x: klods.argmax(x, 1) * 10 + klods.argmin(x, 1),
    "mean over the batch": lambda x: x - klods.reduce_sum(x, 0),
    "shapes": lambda x: klods.transpose(klods.reshape(x, (-1, 2, 3)), (0, 2, 1)),
    "rows of pairs": lambda x: klods.reshape(klods.reshape(x, (-1, 3)) * 2, (-1, 6)),
    "spread": lambda x: klods.broadcast_to(klods.reshape(x, (-1, 1, 6)), (x.shape[0], 2, 6)),
    "bits": lambda x: (klods.cast(x * 10, "int32") & 12) | (klods.cast(x * 10, "int32") ^ 5),
    "slices": lambda x: klods.concat([x[:, 1:3], x[..., ::-2], x[:, 2:3], klods.reshape(x[:, -1], (-1, 1))], 1),
    "made for the batch": lambda x: klods.concat([x, klods.broadcast_to(klods.ones((1, 2)), (x.shape[0], 2))], 1),
    "products": lambda x: klods.matmul(x, klods.constant(rows(6, samples=2)), transpose_b=True),
    "einsum": lambda x: klods.einsum("bi,ij->bj", x, klods.constant(rows(2, samples=6))),
    "running sums": lambda x: klods.cumsum(x, 1),
    "padding": lambda x: klods.pad(x, [[0, 0], [1, 2]], constant_values=0.5),
    "whole numbers": lambda x: klods.cast(x * 10, "int32") + 3,
    "mixed dtypes": lambda x: klods.cast(x, "float64") * 2.0 + klods.cast(klods.cast(x, "int32"), "float64"),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_functions(case, path):
    agrees(keras.Sequential([keras.Input((6,)), Custom(FUNCTIONS[case])]), path, (6,))


def whole_numbers(*shape, samples):
    return np.random.default_rng(1).integers(0, 10, (samples, *shape)).astype("int32")


STACKS = {
    "normalization": ((4,), [layers.BatchNormalization, layers.LayerNormalization, layers.RMSNormalization]),
    "groups": ((4,), [lambda: layers.GroupNormalization(2), layers.UnitNormalization]),
    "known statistics": ((4,), [lambda: layers.Normalization(mean=[1, 2, 3, 4], variance=[1, 2, 3, 4])]),
    "activations": ((4,), [lambda: layers.PReLU("random_normal"), layers.LeakyReLU, layers.ELU, layers.Softmax]),
    "relu": ((4,), [lambda: layers.ReLU(max_value=2, threshold=0.1, negative_slope=0.2)]),
    "shapes": ((3, 4), [lambda: layers.Permute((2, 1)), lambda: layers.Reshape((12,)), lambda: layers.RepeatVector(3)]),
    "axes": (
        (3, 4),
        [lambda: layers.TimeDistributed(layers.Dense(2)), lambda: layers.EinsumDense("abc,cd->abd", (None, 5))],
    ),
    "masks": ((3, 4), [layers.Masking, lambda: layers.Rescaling(2.0, 1.0), lambda: layers.Dense(2)]),
    "noise": ((4,), [lambda: layers.GaussianNoise(0.1), lambda: layers.GaussianDropout(0.1), layers.Identity]),
}


@pytest.mark.parametrize("case", STACKS)
def test_layers(case, path):
    shape, makers = STACKS[case]
    model = keras.Sequential([keras.Input(shape), *(make() for make in makers)])
    model.set_weights(
        [w + np.abs(rows(*w.shape, samples=1)[0]) if w.dtype.kind == "f" else w for w in model.get_weights()]
    )
    agrees(model, path, shape)


@pytest.mark.filterwarnings("ignore:Layer 'flatten")  # which doesn't pass masks on
def test_words(path):
    model = keras.Sequential(
        [keras.Input((4,), dtype="int32"), layers.Embedding(10, 3, mask_zero=True), layers.Flatten(), layers.Dense(2)]
    )
    agrees(model, path, (4,), make=whole_numbers)


def test_a_stack_of_layers(path):
    model = keras.Sequential(
        [
            keras.Input((3, 4), name="points"),
            layers.Flatten(),
            layers.Dropout(0.5),
            keras.Sequential([layers.Dense(8, "relu"), layers.Dense(8, "tanh")]),
            layers.Activation("gelu"),
            layers.Dense(2, "softmax"),
        ]
    )
    agrees(model, path, (3, 4))
    session = onnxruntime.InferenceSession(path)
    assert [(x.name, x.shape, x.type) for x in session.get_inputs()] == [("points", ["batch", 3, 4], "tensor(float)")]
    assert [(x.name, x.shape) for x in session.get_outputs()] == [("output_0", ["batch", 2])]


def test_placeholders_in_a_dict_and_every_way_of_merging(path):
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    shared = layers.Dense(4, "relu")
    pair = [shared(left), shared(right)]
    kinds = (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)
    merged = {kind.__name__: kind()(pair) for kind in (*kinds, layers.Concatenate)}
    model = keras.Model({"a": left, "b": right}, {**merged, "dot": layers.Dot(-1)(pair), "shifted": left * 2.0 + 1.0})
    model.export(path)
    given = rows(6, samples=3, seed=1), rows(6, samples=3, seed=2)
    expected = model.predict(dict(zip("ab", given)), verbose=0)
    for ours, theirs in zip(expected.values(), outputs_of(path, *given), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-6)


def test_a_model_of_ones_own_with_several_inputs_and_outputs(path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(3), layers.Dense(2)

        def call(self, inputs):
            left, right = inputs
            return self.first(left), self.second(right) + 1.0

    model = Own()
    model([rows(4), rows(6)])
    model.export(path)
    given = rows(4, samples=3), rows(6, samples=3)
    for ours, theirs in zip(model(list(given)), outputs_of(path, *given), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-6)


def test_weights_are_those_of_now_and_go_by_their_paths(path):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, name="line")], name="model")
    model.set_weights([[[2.0], [3.0]], [1.0]])
    model.export(path)
    assert outputs_of(path, np.ones((1, 2), np.float32))[0].tolist() == [[6.0]]
    assert {array.name for array in onnx.load(path).graph.initializer} == {"model/line/kernel", "model/line/bias"}


def test_every_operator_is_that_of_a_block():
    assert set(operators.OPERATORS) <= set(BLOCKS)


# ------------------------------------------------------------ what can't be


def fails(model, path, words, kind=DataError, **options):
    with pytest.raises(kind, match=words):
        model.export(path, **options)
    assert not path.exists()


def test_a_block_without_an_operator(path):
    model = keras.Sequential([keras.Input((4,)), Custom(lambda x: klods.argsort(x))])
    model.layers[0].name = "sorting"
    fails(model, path, "block 'argsort' of layer 'sorting' has no operator in ONNX")
    random = keras.Sequential([keras.Input((4,)), Custom(lambda x: x + klods.random.normal((4,)))])
    random.layers[0].name = "random"
    fails(random, path, "block 'call' of layer 'random' has no operator in ONNX")


def test_a_number_that_depends_on_the_batch(path):
    model = keras.Sequential([keras.Input((4,)), Custom(lambda x: x / x.shape[0])])
    fails(model, path, "depends on the size of the batch")
    agrees_at_eight = keras.Sequential([keras.Input((4,), batch_size=8), Custom(lambda x: x / x.shape[0])])
    agrees_at_eight.export(path)
    x = rows(4, samples=8)
    np.testing.assert_allclose(outputs_of(path, x)[0], x / 8, rtol=1e-6)


def test_text(path):
    model = keras.Sequential([keras.Input((), dtype="string", name="words"), keras.layers.Hashing(5)])
    fails(model, path, "Input 'words' of model .* takes text")


def test_other_wrongs(path, tmp_path, monkeypatch):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    fails(model, path, "doesn't export 'tf_saved_model'", format="tf_saved_model")
    fails(model, tmp_path / "model.on", "writes .onnx files")
    fails(model, tmp_path / "none" / "model.onnx", "can't be written", FileError)
    fails(keras.Sequential([layers.Dense(2)]), path, "has no weights yet")
    monkeypatch.setattr("klods.extras.find_spec", lambda name: None)
    fails(model, path, r"needs onnx, not installed here.\n.*pip install 'klods\[onnx\]'", StateError)
