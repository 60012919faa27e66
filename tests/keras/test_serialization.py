"""Registered classes and functions, and objects as plain data."""

from __future__ import annotations

import json

import numpy as np
import pytest

import klods
from klods import keras
from klods.errors import DataError, NameUnknownError

layers, saving = keras.layers, keras.saving


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch):
    monkeypatch.setattr("klods.keras.registration._objects", {})
    monkeypatch.setattr("klods.keras.registration._names", {})


def scale_class(register=True):
    class Scale(layers.Layer):
        def __init__(self, by=1.0, inner=None, **kwargs):
            super().__init__(**kwargs)
            self.by, self.inner = by, inner

        def call(self, inputs):
            return inputs * self.by

        @classmethod
        def from_config(cls, config):
            return cls(**{**config, "inner": saving.deserialize_keras_object(config["inner"])})

    return saving.register_keras_serializable("shop")(Scale) if register else Scale


def model_of(layer):
    return keras.Sequential([keras.Input((3,)), layer, layers.Dense(2)])


def reloaded(model, path, **options):
    model.save(path)
    return keras.models.load_model(path, **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.keras"


def test_names():
    Scale = scale_class()
    assert saving.get_registered_name(Scale) == "shop>Scale"
    assert saving.get_registered_name(layers.Dense) == "Dense"
    assert saving.get_registered_object("shop>Scale") is Scale
    assert saving.get_registered_object("shop>Other") is None
    assert saving.get_registered_object("a", {"a": 1}) == saving.get_registered_object("a", None, {"a": 1}) == 1
    assert saving.get_custom_objects() == {"shop>Scale": Scale}


def test_a_name_of_its_own():
    @saving.register_keras_serializable(name="twice")
    def double(x):
        return 2 * x

    assert saving.get_registered_object("Custom>twice") is double
    assert layers.Dense(2, activation=double).get_config()["activation"]["config"] == "Custom>twice"
    assert layers.Dense.from_config(layers.Dense(2, activation=double).get_config()).activation is double
    assert layers.Dense(2, activation="Custom>twice").activation is double


def test_a_class_without_get_config():
    with pytest.raises(DataError, match="has no get_config"):

        @saving.register_keras_serializable()
        class Bare:
            pass


def test_a_registered_layer_with_another_inside(path):
    model = model_of(scale_class()(3.0, inner=layers.Dense(4, "relu", name="deep")))
    loaded = reloaded(model, path).layers[0]
    assert (type(loaded), loaded.by) == (type(model.layers[0]), 3.0)
    assert (loaded.inner.units, loaded.inner.name) == (4, "deep")


@pytest.mark.parametrize("way", ["argument", "scope"])
def test_an_unregistered_layer(way, path):
    Scale = scale_class(register=False)
    model, known = model_of(Scale(3.0)), {"Scale": Scale}
    if way == "argument":
        assert reloaded(model, path, custom_objects=known).layers[0].by == 3.0
    else:
        with saving.custom_object_scope(known):
            assert reloaded(model, path).layers[0].by == 3.0
    with pytest.raises(NameUnknownError, match=r"custom_objects=\{'Scale': Scale\}"):
        keras.models.load_model(path)


def test_scopes_end_and_nest():
    outer, inner = object(), object()
    with saving.custom_object_scope({"a": outer, "b": outer}):
        with saving.CustomObjectScope({"a": inner}):
            assert saving.get_registered_object("a") is inner
            assert saving.get_registered_object("b") is outer
        assert saving.get_registered_object("a") is outer
    assert saving.get_registered_object("a") is None


def test_functions_of_ones_own_everywhere(path):
    @saving.register_keras_serializable("shop")
    def bent(x):
        return klods.tanh(x) * 2

    @saving.register_keras_serializable("shop")
    def squared(y_true, y_pred):
        return klods.reduce_mean(klods.square(y_true - y_pred), -1)

    model = model_of(layers.Dense(4, activation=bent))
    model.compile("sgd", squared, metrics=[squared])
    loaded = reloaded(model, path)
    assert loaded.layers[0].activation is bent
    x, y = np.ones((4, 3), np.float32), np.ones((4, 2), np.float32)
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_a_class_that_its_configuration_does_not_fit(path):
    @saving.register_keras_serializable("shop")
    class Odd(layers.Layer):
        def __init__(self, by):
            super().__init__()
            self.by = by

        def call(self, inputs):
            return inputs

        def get_config(self):
            return {"factor": self.by}

        from_config = classmethod(lambda cls, config: cls(**config))

    with pytest.raises(DataError, match=r"can't be made from its configuration: TypeError: .*'factor'"):
        reloaded(model_of(Odd(2)), path)


def test_a_lambda_is_not_saved(path):
    with pytest.raises(DataError, match="lambda can't be described as data"):
        model_of(layers.Dense(2, activation=lambda x: x)).save(path)
    assert not path.exists()


def test_what_has_no_description():
    with pytest.raises(DataError, match="A object can't be described as data"):
        saving.serialize_keras_object([object()])


VALUES = [None, True, 3, 0.5, "x", [1, [2]], {"a": [None]}, slice(1, None, 2), ..., b"abc"]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_come_back(value):
    described = json.loads(json.dumps(saving.serialize_keras_object(value)))
    assert saving.deserialize_keras_object(described) == value


def test_arrays_come_back():
    array = np.arange(6, dtype="int16").reshape(2, 3)
    for value, kind in ((array, np.ndarray), (klods.constant(array), klods.Tensor)):
        described = json.loads(json.dumps(saving.serialize_keras_object({"a": [value]})))
        again = saving.deserialize_keras_object(described)["a"][0]
        assert isinstance(again, kind)
        assert np.array_equal(again, array)
        assert np.asarray(again).dtype == array.dtype
    assert saving.serialize_keras_object(np.float32(0.5)) == 0.5


def test_a_built_layer_comes_back_built():
    layer = layers.Dense(3)
    layer.build((None, 2))
    assert saving.deserialize_keras_object(saving.serialize_keras_object(layer)).kernel.shape == (2, 3)


def test_json(path):
    model = model_of(scale_class()(3.0))
    model.compile("adam", "mse")
    again = keras.models.model_from_json(model.to_json(indent=2))
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()
    with pytest.raises(DataError, match="is no JSON"):
        keras.models.model_from_json("{")
