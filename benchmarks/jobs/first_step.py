"""One job: what the first step of the chapter's model costs beyond a warm one, in a fresh process.

    python first_step.py MODULE     tensorflow.keras, keras or klods.keras

The step is `fit` on one batch of 128 images. The model is compiled, and its weights are made, beforehand; what remains
is what the framework does once for each model: trace the step, simplify it, compile it. `compile` is where klods loads
its compiler, so the time that it takes is a figure of its own. Prints one JSON line.
"""

from __future__ import annotations

import importlib
import sys
from statistics import median
from time import perf_counter

from common import hold, images, network, print_figures, seconds


def main(module: str) -> None:
    keras = importlib.import_module(module)
    (x, y), _ = images(128)
    began = perf_counter()
    model = network(keras, 512, "rmsprop")
    compiled = perf_counter() - began
    model.build((None, 784))
    losses = []

    def step() -> None:
        losses.extend(model.fit(x, y, batch_size=128, verbose=0).history["loss"])

    first = seconds(step)
    warm = median(seconds(step) for _ in range(9))
    hold(int(model.optimizer.iterations) == 10 and losses[-1] < 0.5 * losses[0], f"the losses are {losses}")
    print_figures(compile_ms=1e3 * compiled, first_step_ms=1e3 * (first - warm), warm_step_ms=1e3 * warm)


if __name__ == "__main__":
    main(sys.argv[1])
