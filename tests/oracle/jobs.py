"""Small networks and data to train under both libraries from equal weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods.keras.datasets import mnist


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first images of MNIST as rows from 0 to 1, and their labels."""
    (x, y), _ = mnist.load_data()
    return x[:count].reshape(count, 784).astype("float32") / 255, y[:count]


def points(outputs: int, count: int = 230) -> tuple[np.ndarray, np.ndarray]:
    """Return points of 6 numbers and what some fixed network makes of them."""
    random = np.random.default_rng(8)
    x = random.normal(size=(count, 6)).astype("float32")
    return x, np.tanh(x @ random.normal(size=(6, outputs)) / 2).astype("float32")


def regression() -> tuple[np.ndarray, np.ndarray]:
    return points(1)


def binary() -> tuple[np.ndarray, np.ndarray]:
    x, y = points(1)
    return x, (y[:, 0] > 0.2).astype("int32")


def classes() -> tuple[np.ndarray, np.ndarray]:
    x, y = points(3)
    return x, y.argmax(-1)


def one_hot() -> tuple[np.ndarray, np.ndarray]:
    x, y = classes()
    return x, np.eye(3, dtype="float32")[y]


def network(keras: Any, units: list[int], activation: str | None = None, width: int = 6, **dense: Any) -> Any:
    """Return a Sequential model of Dense layers, with weights that depend on their shapes alone."""
    inner = [keras.layers.Dense(n, activation="relu", **dense) for n in units[:-1]]
    model = keras.Sequential(
        [keras.Input((width,)), *inner, keras.layers.Dense(units[-1], activation=activation, **dense)]
    )
    fix_weights(model)
    return model


def fix_weights(model: Any) -> None:
    """Set a model's weights to numbers that depend on their shapes alone."""
    random = np.random.default_rng(9)
    model.set_weights([random.normal(size=w.shape) / np.sqrt(w.shape[0]) * (len(w.shape) > 1) for w in model.weights])
