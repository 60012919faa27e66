"""One job: train and test the chapter's network (784-512-10) under a Keras-like module, as a whole process.

    python chapter.py MODULE        tensorflow.keras, keras or klods.keras

Prints one JSON line: seconds to import, per epoch (the median without the first), to evaluate (at first and warm), from
the first line to the test accuracy; milliseconds to predict ten images when warm; memory until then; test accuracy; and
seconds of an epoch on the same images with grey in place of black, without a number that is 0.
"""

import time

START = time.perf_counter()

import argparse  # noqa: E402
import importlib  # noqa: E402
from statistics import median  # noqa: E402


def main() -> None:
    options = arguments()
    began = time.perf_counter()
    keras = importlib.import_module(options.module)
    keras.Sequential  # noqa: B018 - TensorFlow imports Keras when one of its names is asked for
    import_s = time.perf_counter() - began
    # NumPy is part of what each of them imports, and so of that time.
    from common import accuracy, hold, images, network, peak_mb, print_figures, seconds

    (x, y), (x_test, y_test) = images(options.rows)
    model, clock = network(keras, options.hidden, options.optimizer), epoch_clock(keras)
    model.fit(x, y, epochs=options.epochs, batch_size=options.batch, callbacks=[clock], verbose=0)
    began = time.perf_counter()
    _, test_accuracy = model.evaluate(x_test, y_test, verbose=0)
    ended = time.perf_counter()
    memory = peak_mb()
    steps, expected = int(model.optimizer.iterations), options.epochs * -(-len(x) // options.batch)
    hold(steps == expected, f"{steps} steps instead of {expected}")
    hold(float(test_accuracy) >= options.at_least, f"test accuracy {float(test_accuracy):.4f}")
    ten = [seconds(lambda: model.predict(x_test[:10], verbose=0)) for _ in range(30)]
    predicted = accuracy(model.predict(x_test[:1000], verbose=0), y_test[:1000])
    hold(predicted >= options.at_least - 0.1, f"{predicted:.3f} of the predictions are right")
    grey = x + 0.5
    dense = median(seconds(lambda: model.fit(grey, y, batch_size=options.batch, verbose=0)) for _ in range(2))
    print_figures(
        import_s=import_s,
        epoch_s=median(clock.seconds[1:] or clock.seconds),
        first_epoch_s=clock.seconds[0],
        evaluate_s=ended - began,
        evaluate_warm_s=seconds(lambda: model.evaluate(x_test, y_test, verbose=0)),
        predict_10_ms=1e3 * median(ten[5:]),
        whole_s=ended - START,
        peak_mb=memory,
        test_accuracy=float(test_accuracy),
        dense_epoch_s=dense,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--optimizer", default="rmsprop")
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--at-least", type=float, default=0.975, help="the test accuracy without which the job fails")
    return parser.parse_args()


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


if __name__ == "__main__":
    main()
