"""One job: what scratch.py does, as someone would write it in torch: autograd, nn.functional, SGD; small latencies.

    python scratch_torch.py [EPOCHS]

The last layer gives logits, because torch's cross-entropy takes those; the network, the loss and the step are the same.
Prints one JSON line.
"""

from __future__ import annotations

import sys
from statistics import median

from common import accuracy, hold, images, print_figures, seconds
from small_calls import latencies

BATCH = 128


def main(epochs: int = 3) -> None:
    import_s = seconds(lambda: __import__("torch"))
    import torch

    (x, y), test = images()
    taken, reached = train(torch, epochs, x, y.astype("int64"), test)
    hold(reached > 0.3, f"test accuracy {reached:.3f}")
    scalar, small = torch.tensor(3.0, requires_grad=True), torch.rand(2, 2)

    def gradient():
        return torch.autograd.grad(2 * scalar + 3, scalar)[0]

    figures = {"epoch_s": taken, "test_accuracy": reached, "import_s": import_s}
    print_figures(**figures, **latencies(gradient, lambda: small + small))


def train(torch, epochs: int, x, y, test) -> tuple[float, float]:
    """Return the seconds of an epoch and the test accuracy after all."""
    weights = [*dense(torch, 784, 512), *dense(torch, 512, 10)]
    optimizer = torch.optim.SGD(weights, lr=1e-3)

    def step(inputs, labels):
        loss = torch.nn.functional.cross_entropy(logits_of(torch, weights, inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def epoch() -> None:
        for start in range(0, len(x), BATCH):
            step(torch.from_numpy(x[start : start + BATCH]), torch.from_numpy(y[start : start + BATCH]))

    taken = median(seconds(epoch) for _ in range(epochs))
    with torch.no_grad():
        return taken, accuracy(logits_of(torch, weights, torch.from_numpy(test[0])), test[1])


def dense(torch, inputs: int, outputs: int):
    kernel = torch.empty(inputs, outputs).uniform_(0, 0.1)
    return kernel.requires_grad_(), torch.zeros(outputs, requires_grad=True)


def logits_of(torch, weights, inputs):
    first, first_bias, second, second_bias = weights
    return torch.relu(inputs @ first + first_bias) @ second + second_bias


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
