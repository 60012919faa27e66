"""One job: train and test the chapter's network (784-512-10) under a Keras-like module, as a whole process.

    python chapter.py MODULE        tensorflow.keras, keras or klods.keras

Prints one JSON line: seconds to import, per epoch, to evaluate and in all, milliseconds to predict, accuracy, memory.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import time
from pathlib import Path
from statistics import median

START = time.perf_counter()
MNIST = Path(__file__).parents[2] / "src/klods/keras/datasets/mnist.npz"


def main() -> None:
    options = arguments()
    began = time.perf_counter()
    keras = importlib.import_module(options.module)
    imported = time.perf_counter() - began
    (x, y), (x_test, y_test) = images()
    model = network(keras, options)
    clock = epoch_clock(keras)
    model.fit(x, y, epochs=options.epochs, batch_size=options.batch, callbacks=[clock], verbose=0)
    predict = [seconds(lambda: model.predict(x_test[:10], verbose=0)) for _ in range(20)]
    began = time.perf_counter()
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    figures = {
        "import_s": imported,
        "epoch_s": median(clock.seconds[1:] or clock.seconds),
        "first_epoch_s": clock.seconds[0],
        "evaluate_s": time.perf_counter() - began,
        "predict_10_ms": 1e3 * median(predict[1:]),
        "test_accuracy": float(accuracy),
        "whole_s": time.perf_counter() - START,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--optimizer", default="rmsprop")
    return parser.parse_args()


def images():
    """Return MNIST as rows of 784 numbers between 0 and 1, with labels."""
    import numpy as np

    with np.load(MNIST) as file:
        parts = {name: file[name] for name in file.files}
    rows = {part: parts[f"x_{part}"].reshape(-1, 784).astype("float32") / 255 for part in ("train", "test")}
    return (rows["train"], parts["y_train"]), (rows["test"], parts["y_test"])


def network(keras, options):
    layers = [keras.layers.Dense(options.hidden, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile(options.optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def epoch_clock(keras):
    """Return a callback that keeps each epoch's seconds."""

    class Clock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.began)

    return Clock()


def seconds(call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
