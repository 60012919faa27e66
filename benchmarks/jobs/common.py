"""What the jobs share: the images, the clock, the memory, and the one line that a job prints."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

MNIST = Path(__file__).parents[2] / "src/klods/keras/datasets/mnist.npz"


def images(rows: int = 60_000) -> Any:
    """Return MNIST as rows of 784 numbers between 0 and 1, with labels; the first `rows` of the training set."""
    with np.load(MNIST) as file:
        parts = {name: file[name] for name in file.files}
    x, x_test = (parts[f"x_{part}"].reshape(-1, 784).astype("float32") / 255 for part in ("train", "test"))
    return (x[:rows], parts["y_train"][:rows]), (x_test, parts["y_test"])


def network(keras: Any, hidden: int, optimizer: str) -> Any:
    """Return the chapter's network, compiled with every default of the framework."""
    layers = [keras.layers.Dense(hidden, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def peak_mb() -> float:
    """Return the most memory this process has had; macOS counts bytes, Linux kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def hold(holds: bool, what: str) -> None:
    """End the job, without figures, when it has not done its work."""
    if not holds:
        sys.exit(f"the job has not done its work: {what}")


def accuracy(probabilities: Any, labels: Sequence[int]) -> float:
    return float((np.asarray(probabilities).argmax(axis=1) == labels).mean())


def print_figures(**figures: float) -> None:
    print(json.dumps(figures))
