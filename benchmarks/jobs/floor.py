"""One job: the five matrix products of a step of the chapter's network, and nothing else.

    python floor.py [EPOCHS]

Nothing that multiplies with NumPy's BLAS can train in less. Prints one JSON line: seconds per epoch of 60,000 images.
"""

from __future__ import annotations

import sys
from statistics import median

import numpy as np
from common import hold, print_figures, seconds

ROWS, BATCH, INPUTS, HIDDEN, CLASSES = 60_000, 128, 784, 512, 10


def main(epochs: int = 6) -> None:
    random = np.random.default_rng(0)
    x, hidden, slope, kernel, last = (
        random.random(shape, np.float32)
        for shape in [(BATCH, INPUTS), (BATCH, HIDDEN), (BATCH, CLASSES), (INPUTS, HIDDEN), (HIDDEN, CLASSES)]
    )
    before = np.empty_like(hidden)
    products = [  # what is multiplied, and where the result goes
        (x, kernel, before),
        (hidden, last, np.empty((BATCH, CLASSES), np.float32)),
        (hidden.T, slope, np.empty_like(last)),
        (slope, last.T, np.empty_like(hidden)),
        (x.T, hidden, np.empty_like(kernel)),
    ]

    def epoch() -> None:
        for _ in range(-(-ROWS // BATCH)):
            for left, right, out in products:
                np.matmul(left, right, out=out)

    taken = [seconds(epoch) for _ in range(epochs)]
    hold(np.allclose(before, x.astype(float) @ kernel, rtol=1e-4), "wrong products")
    print_figures(epoch_s=median(taken[1:] or taken))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
