"""The main job: train a network to read handwritten digits, test it, show what it reads, and save it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from klods import keras
from klods.files import check_writable
from klods.keras.datasets import mnist
from klods.show.picture import check_path
from klods.show.training import save_report

SHOWN = 10  # test images whose predictions are printed


@dataclass(frozen=True)
class Job:
    """What to do; `klods mnist --help` explains each field."""

    epochs: int
    batch_size: int
    hidden: int
    optimizer: str
    seed: int
    output: Path
    plot: Path | None
    verbose: int


def run(job: Job) -> None:
    """Do the job, printing how it goes.

    Raises:
        KlodsError: for an unknown optimizer, a missing library, or a file that can't be written; before training.
    """
    _check(job)
    keras.utils.set_random_seed(job.seed)
    model = network(job.hidden, job.optimizer)
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    print(f"MNIST: {len(x_train):,} images to learn from, {len(x_test):,} to be tested on, 28 x 28 pixels each.")
    print(f"A network of 784 inputs, {job.hidden} relu units and 10 softmax outputs, trained by {job.optimizer}.\n")
    history = model.fit(as_rows(x_train), y_train, job.batch_size, job.epochs, job.verbose)
    predictions = _test(model, x_test, y_test, job.verbose)
    model.save(job.output)
    print(f'\nSaved the trained model in {job.output}; klods.keras.models.load_model("{job.output}") loads it.')
    if job.plot is not None:
        save_report(job.plot, history.history, x_test, y_test, predictions)
        print(f"Saved the training curves and the misread digits in {job.plot}.")


def _check(job: Job) -> None:
    check_writable(job.output)
    if job.plot is not None:
        check_path(job.plot)


def network(hidden: int = 512, optimizer: str = "rmsprop") -> keras.Sequential:
    """Return the network, compiled."""
    layers = keras.layers
    model = keras.Sequential(
        [layers.Dense(hidden, activation="relu"), layers.Dense(10, activation="softmax")], name="digits"
    )
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def as_rows(images: np.ndarray) -> np.ndarray:
    """Return each image as a row of numbers from 0 to 1."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def _test(model: keras.Sequential, images: np.ndarray, labels: np.ndarray, verbose: int) -> np.ndarray:
    """Evaluate the model, show its first predictions, and return all of them: a row of probabilities per image."""
    rows = as_rows(images)
    _, accuracy = model.evaluate(rows, labels, verbose=verbose)
    predictions = model.predict(rows, verbose=0)
    print(f"\nTest accuracy: {accuracy:.4f}\n")
    print(f"The first {SHOWN} test images")
    print("  predicted:", *predictions[:SHOWN].argmax(axis=1))
    print("  true:     ", *labels[:SHOWN])
    return predictions
