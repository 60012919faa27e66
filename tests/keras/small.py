"""A small model and small data for the tests in this folder."""

from __future__ import annotations

import numpy as np

from klods import keras

SAMPLES, WIDTH, CLASSES = 64, 8, 3


def inputs(samples=SAMPLES, seed=0):
    return np.random.default_rng(seed).random((samples, WIDTH), dtype=np.float32)


def labels(samples=SAMPLES, seed=1):
    return np.random.default_rng(seed).integers(0, CLASSES, samples)


def targets(samples=SAMPLES, seed=2):
    return np.random.default_rng(seed).random((samples, CLASSES), dtype=np.float32)


def one_hot(samples=SAMPLES):
    return np.eye(CLASSES, dtype=np.float32)[labels(samples)]


def layers(units=CLASSES, activation="softmax"):
    return [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(units, activation=activation)]


def classifier(loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=("accuracy",), built=True, **last):
    model = keras.Sequential([keras.Input((WIDTH,))] * built + layers(**last))
    model.compile(optimizer, loss, metrics=list(metrics))
    return model


def regressor(optimizer="sgd", **last):
    return classifier("mse", optimizer, ("mae",), activation=None, **last)


def state(model):
    """Return all numbers of a model, its optimizer and its metrics, as bytes."""
    slots = [] if model.optimizer is None else model.optimizer.variables
    figures = [variable for metric in model.metrics for variable in metric.variables]
    return [variable.numpy().tobytes() for variable in [*model.weights, *slots, *figures]]
