"""Functional models: outputs, gradients, configurations and tables beside the real Keras."""

from __future__ import annotations

import json

import jax
import numpy as np
import pytest
from beside import close, own, real

import klods

A = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
B = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)
WORDS = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 1, 2, 2]], np.int32)


def chain(keras):
    x = keras.Input((4,), name="a")
    y = keras.layers.Dense(5, activation="tanh", name="one")(x)
    return keras.Model(x, keras.layers.Dense(2, name="two")(y), name="chain")


def two_inputs(keras):
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    joined = keras.layers.Concatenate(name="joined")([keras.layers.Dense(3, name="one")(a), b])
    return keras.Model([a, b], keras.layers.Dense(2, name="two")(joined), name="two_inputs")


def named_inputs(keras):
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    return keras.Model({"a": a, "b": b}, keras.layers.Dense(2, name="one")(a) + keras.layers.Dense(2, name="two")(b))


def two_outputs(keras):
    x = keras.Input((4,), name="a")
    y = keras.layers.Dense(3, name="body")(x)
    return keras.Model(x, [keras.layers.Dense(1, name="last")(y), y])


def named_outputs(keras):
    x = keras.Input((4,), name="a")
    y = keras.layers.Dense(3, activation="relu", name="body")(x)
    return keras.Model(x, {"zeta": keras.layers.Dense(1, name="z")(y), "alpha": keras.layers.Dense(2, name="a2")(y)})


def shared(keras):
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    dense = keras.layers.Dense(3, activation="sigmoid", name="shared")
    again = keras.layers.Dense(4, name="wide")
    return keras.Model([a, b], dense(again(dense.name and again(a))) - dense(b), name="twins")


def residual(keras):
    x = y = keras.Input((4,), name="a")
    for number in range(3):
        y = keras.layers.Add(name=f"add{number}")([y, keras.layers.Dense(4, "relu", name=f"dense{number}")(y)])
    return keras.Model(x, y, name="residual")


def nested(keras):
    inner = chain(keras)
    x = keras.Input((4,), name="outer")
    y = keras.layers.Dense(4, name="before")(x)
    return keras.Model(x, [inner(y), inner(x)], name="nested")


def stack_inside(keras):
    stack = keras.Sequential([keras.Input((4,), name="i"), keras.layers.Dense(3, name="s")], name="stack")
    x = keras.Input((4,), name="outer")
    return keras.Model(x, keras.layers.Dense(2, name="after")(stack(x)), name="around")


def model_in_a_stack(keras):
    layers = [keras.Input((4,), name="i"), chain(keras), keras.layers.Dense(2, name="after")]
    return keras.Sequential(layers, name="outside")


def operators(keras):
    x = keras.Input((4,), name="a")
    y = keras.layers.Dense(4, name="d")(x)
    z = (1 - y) * x / 2.0 + y**2 - (-x) @ np.eye(4, dtype=np.float32)
    return keras.Model(x, [z[:, :2], abs(z[..., 0]), keras.ops.where(z > 0, z, 0.1 * x), z[:, None, 1:4:2]])


def functions(keras):
    ops, x = keras.ops, keras.Input((4,), name="a")
    y = ops.reshape(keras.layers.Dense(6, name="d")(x), (-1, 2, 3))
    return keras.Model(
        x,
        {
            "mean": ops.mean(y, axis=-1, keepdims=True), "soft": ops.softmax(y), "joined": ops.concatenate([y, y], 1),
            "moved": ops.transpose(y, (0, 2, 1)), "cast": ops.cast(y > 0, "int32"), "clip": ops.clip(y, -0.5, 0.5),
            "stack": ops.stack([y, 2 * y], axis=1), "sum": ops.sum(y, axis=(1, 2)), "gelu": ops.gelu(y),
            "one": ops.expand_dims(y, 1), "max": ops.maximum(y, 0.0),
            "tile": ops.tile(y, (1, 2, 1)), "dot": ops.einsum("bij,bik->bjk", y, y), "log": ops.logsumexp(y, axis=1),
            "take": ops.take(y, [0, 1], axis=2), "split": ops.split(y, 3, axis=2)[1], "flip": ops.flip(y, axis=1),
        },
    )  # fmt: skip


def mathematics(keras):
    ops, x = keras.ops, keras.Input((4,), name="a")
    y = ops.reshape(keras.layers.Dense(9, name="d")(x), (-1, 3, 3))
    squares = ops.matmul(y, ops.transpose(y, (0, 2, 1))) + np.eye(3, dtype="float32")
    return keras.Model(
        x,
        {
            "chosen": ops.select([y > 1, y > 0], [y, 2 * y], -1.0),
            "far": ops.cdist(y, y + 1), "erfc": ops.erfc(y), "moved": ops.cross(y, 2 - y), "shift": ops.fmod(y, 0.5),
            "solved": ops.solve(squares, y), "root": ops.cholesky(squares, upper=True), "svd": ops.svd(y, False)[1],
            "qr": ops.qr(squares)[1] ** 2,
            "log": ops.logdet(squares), "noise": ops.psnr(y, y + 1, max_val=2.0),
        },
    )  # fmt: skip


def parts(keras):
    whole = residual(keras)
    return keras.Model(whole.get_layer("add0").output, [whole.get_layer("dense2").output, whole.output], name="part")


def unused_input(keras):
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    return keras.Model([b, a], keras.layers.Dense(2, name="d")(a), name="unused")


def wide_inputs(keras):
    a, b = keras.Input((4,), name="a"), keras.Input((1,), name="b")
    return keras.Model([(a, b)], keras.layers.Multiply(name="m")([a, b]) + 1, name="inner_structure")


DATA = {
    "chain": A, "two_inputs": [A, B], "named_inputs": {"a": A, "b": B}, "two_outputs": A, "named_outputs": A,
    "shared": [A, A[::-1].copy()], "residual": A, "nested": A, "stack_inside": A, "model_in_a_stack": A,
    "operators": A, "functions": A, "mathematics": A, "parts": A, "unused_input": [B, A],
    "wide_inputs": [(A, B[:, :1])],
}  # fmt: skip
MODELS = {name: globals()[name] for name in DATA}


def pair(name):
    """Return a model under both libraries, with the same weights."""
    ours, theirs = (MODELS[name](keras) for keras in (own, real))
    return ours, with_weights(theirs, ours)


def with_weights(theirs, ours):
    weights = [np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(ours.get_weights())]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return theirs


def flat(outputs):
    return jax.tree.leaves(outputs) if not isinstance(outputs, klods.Tensor) else [outputs]


def leaves(outputs):
    """Return arrays in a structure, as both libraries order them."""
    if isinstance(outputs, dict):
        return [x for key in sorted(outputs) for x in leaves(outputs[key])]
    return (
        [x for part in outputs for x in leaves(part)] if isinstance(outputs, (list, tuple)) else [np.asarray(outputs)]
    )


@pytest.mark.parametrize("name", MODELS)
def test_outputs_weights_and_shapes(name):
    ours, theirs = pair(name)
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert [x.name for x in ours.layers] == [x.name for x in theirs.layers] or name == "parts"
    assert ours.input_shape == theirs.input_shape
    assert ours.output_shape == theirs.output_shape
    assert ours.count_params() == theirs.count_params()
    close(leaves(ours(DATA[name])), leaves(theirs(DATA[name])), atol=1e-5)
    close(leaves(ours.predict(DATA[name], verbose=0)), leaves(theirs(DATA[name])), atol=1e-5)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("functions", "mathematics")])
def test_gradients(name):
    ours, theirs = pair(name)
    with klods.GradientTape() as tape:
        total = sum(klods.reduce_sum(klods.tanh(x)) for x in own_leaves(ours(DATA[name])))
    mine = tape.gradient(total, ours.trainable_weights)

    def their_total(weights):
        outputs, _ = theirs.stateless_call(weights, [], DATA[name])
        return sum(real.ops.sum(real.ops.tanh(x)) for x in jax.tree.leaves(outputs))

    close([np.asarray(g) for g in mine], jax.grad(their_total)([w.value for w in theirs.trainable_weights]), atol=1e-5)


def own_leaves(outputs):
    if isinstance(outputs, dict):
        return [x for key in sorted(outputs) for x in own_leaves(outputs[key])]
    return [x for part in outputs for x in own_leaves(part)] if isinstance(outputs, (list, tuple)) else [outputs]


# ------------------------------------------------------------ configurations

ONLY_THEIRS = {"sparse", "ragged", "optional", "quantization_config", "compile_config", "build_config"}


def bare(config):
    """Return a configuration without what only one library writes: options that klods lacks, masks that are None."""
    if isinstance(config, dict):
        kept = {key: bare(x) for key, x in config.items() if key not in ONLY_THEIRS and (key, x) != ("mask", None)}
        return {key: x for key, x in kept.items() if key != "shape"} if "keras_history" in kept else kept
    return [bare(x) for x in config] if isinstance(config, (list, tuple)) else config


def unnumbered(text):
    """Return a configuration's text with the numbers that names end in taken off."""
    import re

    return re.sub(r'"([a-z_]+?)_\d+"', r'"\1"', text)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("parts", "functions", "mathematics")])
def test_configurations(name):
    ours, theirs = (unnumbered(json.dumps(bare(json.loads(MODELS[name](keras).to_json())))) for keras in (own, real))
    assert json.loads(ours) == json.loads(theirs)


@pytest.mark.parametrize("name", MODELS)
def test_each_loads_what_the_other_wrote(name):
    ours, theirs = pair(name)
    expected = leaves(theirs(DATA[name]))
    for text, keras in ((ours.to_json(), real), (theirs.to_json(), own), (ours.to_json(), own)):
        read = keras.models.model_from_json(text)
        read.set_weights(ours.get_weights())
        close(leaves(read(DATA[name])), expected, atol=1e-5)


# ------------------------------------------------------------ clones, tables, operations


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("parts", "functions", "operators")])
def test_clones(name):
    ours, theirs = pair(name)
    twins = own.models.clone_model(ours), real.models.clone_model(theirs)
    for twin, model in zip(twins, (ours, theirs)):
        twin.set_weights(model.get_weights())
    assert [x.name for x in twins[0].layers] == [x.name for x in twins[1].layers]
    close(leaves(twins[0](DATA[name])), leaves(theirs(DATA[name])), atol=1e-5)


def tabled(keras):
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    shared = keras.layers.Dense(3, name="shared")
    wide = keras.layers.Dense(4, name="a_layer_with_a_long_name")(keras.layers.Concatenate(name="j")([shared(a), b]))
    inner = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(2, name="in1"), keras.layers.BatchNormalization(name="bn")], name="inner"
    )
    model = keras.Model([a, b], [inner(wide), shared(wide)], name="tabled")
    model.get_layer("j").trainable = model.get_layer("shared").trainable = False
    return model


TABLES = {
    "wired": (tabled, {}),
    "nested": (tabled, {"expand_nested": True, "show_trainable": True, "line_length": 100}),
    "range": (tabled, {"layer_range": ["shared", "a_layer"], "positions": [0.2, 0.4, 0.6, 1.0]}),
    "range backwards": (tabled, {"layer_range": ["inner", "b"]}),
    "chain": (chain, {"show_trainable": True}),
    "stack": (model_in_a_stack, {"expand_nested": True}),
    "two outputs": (two_outputs, {}),
    "unused": (unused_input, {}),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    make, options = TABLES[name]
    texts: list[str] = []
    for keras in (own, real):
        make(keras).summary(print_fn=texts.append, **options)
    assert texts[0].split("\n") == texts[1].rstrip("\n").split("\n")


X3 = (2, 3, 4)
OPERATIONS = {
    "absolute": [], "argmax": [1], "argsort": [], "average": [1], "broadcast_to": [(5, 2, 3, 4)], "ceil": [],
    "clip": [-1, 1], "cos": [], "count_nonzero": [1], "cumsum": [1], "cumprod": [1], "diagonal": [], "elu": [],
    "erf": [], "exp": [], "expand_dims": [1], "flip": [1], "floor": [], "gelu": [], "hard_sigmoid": [], "isnan": [],
    "leaky_relu": [0.3], "log1p": [], "log_softmax": [], "logsumexp": [1], "max": [1], "mean": [1], "min": [(1, 2)],
    "moveaxis": [0, 1], "negative": [], "one_hot": None, "ones_like": [], "pad": [((0, 0), (1, 1), (0, 2))],
    "prod": [1], "ravel": [], "reciprocal": [], "relu": [], "relu6": [], "repeat": [2, 1], "reshape": [(2, 12)],
    "roll": [1, 1], "rsqrt": [], "selu": [], "sigmoid": [], "sign": [], "silu": [], "sin": [], "softmax": [],
    "softplus": [], "softsign": [], "sort": [1], "sqrt": [], "square": [], "std": [1], "sum": [1], "swapaxes": [1, 2],
    "tanh": [], "tile": [(1, 2, 1)], "transpose": [(0, 2, 1)], "tril": [], "triu": [], "var": [1], "zeros_like": [],
    "swish": [], "abs": [], "any": [1], "all": [1], "cast": ["int32"], "stop_gradient": [], "round": [],
    "erfc": [], "pinv": [], "matrix_rank": [], "nancumsum": [1], "nanmedian": [1],
    "rearrange": ["a b c -> a (c b)"], "nanargmax": [1],
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, options in OPERATIONS.items() if options is not None])
def test_operations_go_through_files(name):
    x = np.random.default_rng(3).uniform(0.1, 2, X3).astype(np.float32)
    texts, values = [], []
    for keras in (own, real):
        start = keras.Input(batch_shape=X3, name="x")
        model = keras.Model(start, getattr(keras.ops, name)(start, *OPERATIONS[name]))
        texts.append(model.to_json())
        values.append(np.asarray(model(x)))
    close(*values, rtol=1e-4)
    for text, keras in ((texts[0], real), (texts[1], own)):
        close(np.asarray(keras.models.model_from_json(text)(x)), values[1], rtol=1e-4)
