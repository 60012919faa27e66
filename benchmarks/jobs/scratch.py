"""One job: the same network written by hand (GradientTape, SGD) under a TensorFlow-like module, and small latencies.

    python scratch.py MODULE        tensorflow or klods

Prints one JSON line: seconds per epoch, microseconds per small call, the loss reached.
"""

from __future__ import annotations

import importlib
import json
import sys
import timeit

from chapter import images, seconds

BATCH = 128


def main(module: str) -> None:
    tf = importlib.import_module(module)
    (x, y), _ = images()
    layers = [dense(tf, 784, 512, tf.nn.relu), dense(tf, 512, 10, tf.nn.softmax)]
    optimizer = tf.keras.optimizers.SGD(learning_rate=1e-3)
    losses = []
    epochs = [seconds(lambda: losses.append(epoch(tf, layers, optimizer, x, y))) for _ in range(3)]
    print(json.dumps({"epoch_s": min(epochs), "last_loss": losses[-1], **latencies(tf)}))


def dense(tf, inputs: int, outputs: int, activation):
    """Return a layer as a kernel, a bias and an activation."""
    kernel = tf.Variable(tf.random.uniform((inputs, outputs), minval=0, maxval=0.1))
    return kernel, tf.Variable(tf.zeros((outputs,))), activation


def epoch(tf, layers, optimizer, x, y) -> float:
    """Train on all batches and return the last one's loss."""
    weights = [w for kernel, bias, _ in layers for w in (kernel, bias)]
    for start in range(0, len(x), BATCH):
        labels, outputs = y[start : start + BATCH], x[start : start + BATCH]
        with tf.GradientTape() as tape:
            for kernel, bias, activation in layers:
                outputs = activation(tf.matmul(outputs, kernel) + bias)
            loss = tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(labels, outputs))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    return float(loss)


def latencies(tf) -> dict[str, float]:
    """Return the microseconds of small calls, the best of several runs."""
    scalar, small = tf.Variable(3.0), tf.random.uniform((2, 2))

    def gradient():
        with tf.GradientTape() as tape:
            y = 2 * scalar + 3
        return tape.gradient(y, scalar)

    assert float(gradient()) == 2
    return {"tape_us": microseconds(gradient), "add_us": microseconds(lambda: small + small)}


def microseconds(call, number: int = 500) -> float:
    return min(timeit.repeat(call, number=number, repeat=9)) / number * 1e6


if __name__ == "__main__":
    main(sys.argv[1])
