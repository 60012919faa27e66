"""Dtype policies: those of klods are dtypes."""

from __future__ import annotations

import pytest

from klods import keras
from klods.errors import DataError, NameUnknownError
from klods.keras import dtype_policies


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    monkeypatch.setattr(dtype_policies, "_chosen", {})


def test_a_policy_names_a_dtype():
    policy = keras.DTypePolicy("float16")
    assert (policy.name, policy.compute_dtype, policy.variable_dtype) == ("float16", "float16", "float16")
    assert repr(policy) == str(policy) == '<DTypePolicy "float16">'
    assert policy == keras.dtype_policies.deserialize(keras.dtype_policies.serialize(policy)) != keras.DTypePolicy()
    assert keras.Sequential([keras.layers.Dense(2, dtype=policy)]).layers[0].dtype == "float16"


def test_a_layer_has_one():
    layer = keras.layers.Dense(2)
    assert (layer.dtype_policy, layer.input_dtype) == (keras.DTypePolicy("float32"), "float32")
    again = keras.layers.deserialize(keras.layers.serialize(keras.layers.Dense(2, dtype="float64")))
    assert again.dtype_policy.name == "float64"


def test_that_of_new_layers_is_set():
    keras.config.set_dtype_policy("float64")
    layer = keras.layers.Dense(2)
    assert (layer.dtype, keras.config.floatx(), keras.config.dtype_policy().name) == ("float64", "float32", "float64")
    assert keras.mixed_precision.global_policy() == keras.DTypePolicy()
    keras.utils.clear_session()
    assert keras.layers.Dense(2).dtype == "float32"


@pytest.mark.parametrize(
    "use",
    [
        lambda name: keras.DTypePolicy(name),
        lambda name: keras.mixed_precision.set_global_policy(name),
        lambda name: keras.config.set_dtype_policy(name),
        lambda name: keras.layers.Dense(2, dtype=name),
    ],
)
def test_mixed_precision_is_refused_with_a_reason(use):
    with pytest.raises(DataError, match=r"no policy 'mixed_float16': a layer computes in the dtype of its weights"):
        use("mixed_float16")
    with pytest.raises(NameUnknownError, match="float23"):
        use("float23")


def test_new_layers_are_floating():
    with pytest.raises(NameUnknownError, match="int32"):
        keras.config.set_dtype_policy("int32")
