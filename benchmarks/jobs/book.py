"""One job: the models of *Deep Learning with Python*, chapters 4 and 7, on data of their sizes made for the purpose.

    python book.py MODULE     tensorflow.keras, keras or klods.keras

reviews: 10,000-16-16-1 on 15,000 reviews in batches of 512; single: the same on 1,000 of them, one by one; newswires:
10,000-64-64-46 on 8,000 newswires in batches of 512; tickets: three inputs and two outputs, functional, on 5,120
tickets in batches of 128. Each is the seconds of a warm epoch. tiny_us: what a step of a 4-16-1 network takes, batches
of 16; layers_ms: building a network of 100 layers and its summary. Prints one JSON line.
"""

from __future__ import annotations

import importlib
import sys
from statistics import median
from typing import Any

import numpy as np
from common import hold, print_figures, seconds

WORDS = 10_000
LEAST = 0.8  # accuracy in the last epoch
RANDOM = np.random.default_rng(0)


def main(module: str, quick: bool) -> None:
    keras = importlib.import_module(module)
    share = 0.1 if quick else 1
    reviews, newswires = round(15_000 * share), round(8_000 * share)
    x, y = texts(reviews, 2)
    model = stacked(keras, [16, 16, 1], "sigmoid", "binary_crossentropy")
    figures = {"reviews_s": epoch(model, x, y, 512)}
    single = slice(0, round(1_000 * share))
    figures["single_s"] = epoch(model, x[single], y[single], 1)
    x, y = texts(newswires, 46)
    model = stacked(keras, [64, 64, 46], "softmax", "sparse_categorical_crossentropy")
    figures["newswires_s"] = epoch(model, x, y, 512)
    figures["tickets_s"] = tickets(keras, round(5_120 * share))
    figures["tiny_us"], figures["layers_ms"] = (
        tiny(keras),
        1e3 * median(seconds(lambda: layers(keras)) for _ in range(3)),
    )
    print_figures(**figures)


def texts(count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return texts as rows that say which words occur, and their classes: each class has words of its own."""
    labels = RANDOM.integers(0, classes, count)
    words = RANDOM.integers(0, WORDS, (count, 100))
    words[:, :20] = labels[:, None] * (WORDS // classes) + RANDOM.integers(0, WORDS // classes, (count, 20))
    rows = np.zeros((count, WORDS), "float32")
    rows[np.arange(count)[:, None], words] = 1
    return rows, labels.astype("float32" if classes == 2 else "int32")


def stacked(keras: Any, widths: list[int], last: str, loss: str) -> Any:
    *hidden, outputs = widths
    dense = keras.layers.Dense
    model = keras.Sequential([*(dense(n, activation="relu") for n in hidden), dense(outputs, activation=last)])
    model.compile("rmsprop", loss=loss, metrics=["accuracy"])
    return model


def epoch(model: Any, x: Any, y: Any, batch: int) -> float:
    """Return the median seconds of an epoch, after one that isn't counted."""
    times = [seconds(lambda: model.fit(x, y, batch_size=batch, verbose=0)) for _ in range(4)]
    figures = model.history.history
    found = min(value[-1] for name, value in figures.items() if "accuracy" in name)
    hold(found >= LEAST or "--quick" in sys.argv, f"the accuracies are {figures}")
    return median(times[1:])


def tickets(keras: Any, count: int) -> float:
    """Return the seconds of an epoch of a network that ranks tickets and finds the department for them."""
    text, department = texts(count, 4)
    tags = (RANDOM.random((count, 100)) < 0.05).astype("float32")
    tags[:, 0] = department > 1
    inputs = {
        name: keras.Input((size,), name=name) for name, size in (("title", WORDS), ("body", WORDS), ("tags", 100))
    }
    features = keras.layers.Concatenate()(list(inputs.values()))
    features = keras.layers.Dense(64, activation="relu")(features)
    outputs = {
        "urgent": keras.layers.Dense(1, activation="sigmoid", name="urgent")(features),
        "department": keras.layers.Dense(4, activation="softmax", name="department")(features),
    }
    model = keras.Model(inputs, outputs)
    model.compile(
        "rmsprop",
        loss={"urgent": "binary_crossentropy", "department": "sparse_categorical_crossentropy"},
        metrics={"urgent": ["accuracy"], "department": ["accuracy"]},
    )
    x = {"title": text, "body": text[:, ::-1].copy(), "tags": tags}
    return epoch(model, x, {"urgent": tags[:, :1], "department": department}, 128)


def tiny(keras: Any) -> float:
    """Return the microseconds of a step of a network so small that little but the framework is left."""
    steps = 1_000
    x = RANDOM.random((16 * steps, 4), np.float32)
    y = (x.sum(1) > 2).astype("float32")
    return 1e6 * epoch(stacked(keras, [16, 1], "sigmoid", "binary_crossentropy"), x, y, 16) / steps


def layers(keras: Any) -> None:
    model = keras.Sequential([keras.Input((16,)), *(keras.layers.Dense(16, activation="relu") for _ in range(100))])
    model.summary(print_fn=lambda *text, **options: None)


if __name__ == "__main__":
    main(sys.argv[1], "--quick" in sys.argv)
