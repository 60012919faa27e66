"""Arguments: klods's functions and classes take Keras's, in Keras's order, with Keras's defaults."""

from __future__ import annotations

import inspect

import pytest
from beside import own, real

MODEL_METHODS = [
    "add", "build", "compile", "compute_loss", "compute_metrics", "compute_output_shape", "count_params", "evaluate",
    "fit", "get_layer", "load_weights", "pop", "predict", "predict_on_batch", "reset_metrics", "save", "save_weights",
    "set_weights", "summary", "test_on_batch", "train_on_batch",
]  # fmt: skip
LAYER_METHODS = ["add_loss", "add_weight", "build", "call", "compute_output_shape"]
METRIC_METHODS = ["add_variable", "add_weight", "reset_state", "result", "update_state"]
OPTIMIZER_METHODS = [
    "add_optimizer_variables", "add_variable_from_reference", "apply", "apply_gradients", "assign", "assign_add",
    "assign_sub", "exclude_from_weight_decay", "finalize_variable_values", "scale_loss", "set_weights", "update_step",
]  # fmt: skip
CALLBACK_METHODS = [name for name in dir(real.callbacks.Callback) if name.startswith(("on_", "set_"))]
# Arguments that klods has not: for distribution, mixed precision, quantisation, sparse tensors, classes in files ...
LACKING = {
    "aggregation", "args", "auto_scale_loss", "autocast", "custom_objects", "expand_nested",
    "gptq_unpacked_column_size", "include_optimizer",
    "input_tensor", "kwargs", "layer_range", "layout", "mask", "max_shard_size", "optional",
    "overwrite_with_gradient", "positions", "quantization_config", "ragged", "rng", "safe_mode",
    "show_trainable", "skip_mismatch", "sparse", "tensor", "training", "x", "zipped",
}  # fmt: skip
LACKING_HERE = {
    "layers.InputLayer": {"activity_regularizer", "trainable"},
}
# Defaults that Keras can't work with, or that mean the same.
HARMLESS = {("metrics.Mean.add_weight", "initializer"), ("layers.Dense.add_weight", "shape")}
REQUIRED = inspect.Parameter.empty


def families():
    for family in (
        "activations",
        "constraints",
        "initializers",
        "layers",
        "losses",
        "metrics",
        "optimizers",
        "regularizers",
    ):
        ours = getattr(own, family)
        for name in sorted({item.__name__.rstrip("_") for item in ours.KNOWN.values()}):
            yield f"{family}.{name}", getattr(ours, name), getattr(getattr(real, family), name)


def methods():
    for owner, names in (
        ("Sequential", MODEL_METHODS),
        ("layers.Dense", LAYER_METHODS),
        ("metrics.Mean", METRIC_METHODS),
        ("optimizers.Adam", OPTIMIZER_METHODS),
        ("callbacks.Callback", CALLBACK_METHODS),
    ):
        ours, theirs = (found(keras, owner) for keras in (own, real))
        for name in names:
            yield f"{owner}.{name}", getattr(ours, name, None), getattr(theirs, name)


def functions():
    for name in (
        "Input", "models.load_model", "saving.load_model", "utils.set_random_seed", "utils.to_categorical",
        "utils.normalize", "utils.clear_session", "metrics.MeanMetricWrapper",
    ):  # fmt: skip
        yield name, found(own, name), found(real, name)


def found(keras, path):
    for name in path.split("."):
        keras = getattr(keras, name)
    return keras


PAIRS = [*families(), *methods(), *functions()]


@pytest.mark.parametrize(("name", "ours", "theirs"), PAIRS, ids=[name for name, *_ in PAIRS])
def test_arguments(name, ours, theirs):
    mine, other = arguments(ours), arguments(theirs)
    assert set(mine) - set(other) - {"input_dim", "input_shape"} == set()
    assert set(other) - set(mine) - LACKING - LACKING_HERE.get(name, set()) == set()
    by_place = [p.name for p in signature(ours) if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert by_place == [argument for argument in other if argument in by_place]
    shared = [a for a in mine if a in other and (name, a) not in HARMLESS and other[a] is not REQUIRED]
    assert {a: mine[a] for a in shared} == {a: other[a] for a in shared}


def arguments(function):
    """Return a function's or constructor's arguments and their defaults, with those of bases that others go on to."""
    found = {}
    for part in inspect.getmro(function)[:-1] if inspect.isclass(function) else [function]:
        if inspect.isclass(part) and "__init__" not in vars(part):
            continue
        parameters = signature(part)
        found = {**found, **{p.name: p.default for p in parameters if p.kind not in VARIABLE and p.name not in found}}
        if all(p.kind is not p.VAR_KEYWORD for p in parameters):
            break
    return found


def signature(function):
    called = function.__init__ if inspect.isclass(function) else function
    return [p for p in inspect.signature(called).parameters.values() if p.name != "self"]


VARIABLE = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
