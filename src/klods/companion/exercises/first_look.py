"""Exercises of the first section."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from klods import keras
from klods.companion.exercises.comparing import called, compared, compared_function


def scaled_pixels(answer: Any) -> str:
    """Judge a function that makes rows of numbers between 0 and 1 of images."""
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    if not callable(answer):
        return compared_function(answer, np.asarray)
    rows, hint = called(answer, images)
    right = images.reshape(5, 784) / 255
    if hint or np.shape(rows) != right.shape:
        return hint or compared(rows, right)
    if np.max(rows) > 1:
        return f"The largest number is {np.max(rows):g}; 1 is asked for."
    hint = compared(rows, right)
    dtype = np.asarray(rows).dtype
    wrong_dtype = f"Its dtype is {dtype}; the network computes in float32." if dtype != np.float32 else ""
    return hint or wrong_dtype


def share_right(answer: Any) -> str:
    """Judge a function of probabilities and labels that gives the share of rows read right."""
    random = np.random.default_rng(0)
    probabilities, labels = random.dirichlet(np.ones(10), 8).astype("float32"), random.integers(0, 10, 8)
    labels[:5] = probabilities[:5].argmax(axis=1)
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    right = float(accuracy(labels, probabilities))
    if callable(answer):
        share, hint = called(answer, probabilities, labels)
        if not hint and np.shape(share) == ():
            if np.isclose(float(share), right * len(labels)):
                return "This is how many rows are read right; their share is asked for."
            if np.isclose(float(share), 1 - right):
                return "This is the share of rows read wrong."
    return compared_function(answer, lambda *_: right, (probabilities, labels))


def parameters(answer: Any, model: Any) -> str:
    """Judge the number of parameters of a model."""
    kernels = [int(np.prod(w.shape)) for w in model.trainable_weights if len(w.shape) > 1]
    if np.ndim(answer) == 0 and answer == sum(kernels):
        return "The kernels are all there; each unit has a bias, too."
    if np.ndim(answer) == 0 and answer in [layer.count_params() for layer in model.layers] and len(model.layers) > 1:
        return "That is one layer; the others count, too."
    return compared(answer, model.count_params(), tolerance=0)


JUDGES: dict[str, Callable[..., str]] = {
    "scaled-pixels": scaled_pixels,
    "share-right": share_right,
    "parameters": parameters,
}
