"""One job: the chapter's network written by hand (GradientTape, SGD) under a TensorFlow-like module; small latencies.

    python scratch.py MODULE [EPOCHS]       tensorflow or klods

Prints one JSON line: seconds to import, seconds per epoch (the median of the epochs) eagerly and with the step under
`function`, microseconds of small calls, the test accuracy reached.
"""

from __future__ import annotations

import importlib
import sys
from statistics import median

from common import accuracy, hold, images, print_figures, seconds
from small_calls import latencies

BATCH = 128


def main(module: str, epochs: int = 3) -> None:
    import_s = seconds(lambda: importlib.import_module(module).keras)
    tf = sys.modules[module]
    (x, y), test = images()
    eager, reached = train(tf, lambda step: step, epochs, x, y, test)
    compiled, as_well = train(tf, tf.function, epochs, x, y, test)
    hold(min(reached, as_well) > 0.3, f"test accuracies {reached:.3f} and {as_well:.3f}")
    scalar, small = tf.Variable(3.0), tf.random.uniform((2, 2))

    def gradient():
        with tf.GradientTape() as tape:
            y = 2 * scalar + 3
        return tape.gradient(y, scalar)

    figures = {"epoch_s": eager, "function_epoch_s": compiled, "test_accuracy": reached, "import_s": import_s}
    print_figures(**figures, **latencies(gradient, lambda: small + small))


def train(tf, wrap, epochs: int, x, y, test) -> tuple[float, float]:
    """Return the seconds of an epoch and the test accuracy after all."""
    layers = [dense(tf, 784, 512, tf.nn.relu), dense(tf, 512, 10, tf.nn.softmax)]
    step = wrap(training_step(tf, layers, tf.keras.optimizers.SGD(learning_rate=1e-3)))

    def epoch() -> None:
        for start in range(0, len(x), BATCH):
            step(x[start : start + BATCH], y[start : start + BATCH])

    taken = median(seconds(epoch) for _ in range(epochs))
    return taken, accuracy(outputs_of(tf, layers, tf.constant(test[0])), test[1])


def dense(tf, inputs: int, outputs: int, activation):
    """Return a layer as a kernel, a bias and an activation."""
    kernel = tf.Variable(tf.random.uniform((inputs, outputs), minval=0, maxval=0.1))
    return kernel, tf.Variable(tf.zeros((outputs,))), activation


def outputs_of(tf, layers, inputs):
    for kernel, bias, activation in layers:
        inputs = activation(tf.matmul(inputs, kernel) + bias)
    return inputs


def training_step(tf, layers, optimizer):
    weights = [w for kernel, bias, _ in layers for w in (kernel, bias)]
    optimizer.build(weights)

    def step(inputs, labels):
        with tf.GradientTape() as tape:
            probabilities = outputs_of(tf, layers, inputs)
            loss = tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(labels, probabilities))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return loss

    return step


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
