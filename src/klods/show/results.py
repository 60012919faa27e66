"""What came of training: curves, confusion, and what is misread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from klods.errors import DataError, StateError
from klods.keras.callbacks import History
from klods.pictures.curves import best, curves
from klods.pictures.matrix import matrix_picture
from klods.pictures.sheet import SHOWN, Misread, sheet_picture
from klods.pictures.tables import plain_table
from klods.show.images import as_images
from klods.show.picture import Picture

CLASSES = 12  # of a confusion matrix; those with fewer errors are taken together
BATCH = 1024


def history(h: Any) -> Picture:
    """Draw the curves of training and validation over the epochs, the best epoch marked.

    The best epoch is that of the lowest validation loss, or of the lowest training loss where there is no validation.

    Args:
        h: what `fit` returned, or its `history`: the values of each figure, one per epoch.

    Raises:
        DataError: for what is no history, or an empty one.

    Example:
        >>> import klods
        >>> print(klods.show.history({"loss": [0.3, 0.1], "val_loss": [0.2, 0.25]}))
        Training
        epoch  loss  val_loss
            1   0.3       0.2
            2   0.1      0.25
        Best epoch: 1, with the lowest validation loss, 0.2.
    """
    figures = h.history if isinstance(h, History) else h
    if not isinstance(figures, Mapping) or not any(map(len, figures.values())):
        raise DataError(
            f"A history holds the values of each figure; got {type(h).__name__} without any.",
            "pass what fit returned, once an epoch is over.",
        )
    first = h.epoch[0] + 1 if isinstance(h, History) and h.epoch else 1
    drawing, found = curves(figures, first), best(figures, first)
    rows = [
        [str(first + i), *(f"{values[i]:.4g}" if i < len(values) else "" for values in figures.values())]
        for i in range(max(map(len, figures.values())))
    ]
    table = plain_table(["epoch", *figures], rows, "r" * (len(figures) + 1), 120, 0)
    return Picture(drawing, "\n".join([drawing.title, table, *([found.told()] if found else [])]))


def confusion(model: Any, x: Any, y: Any, class_names: Sequence[str] | None = None) -> Picture:
    """Draw how often each class is read as each: counts, on a shade of their share of the row, and totals.

    Of more than 12 classes, those with the most errors have rows of their own, and the others are taken together.

    Args:
        model: a model that is built, with one output of probabilities.
        x: inputs.
        y: the true classes: integers of shape (samples,) or (samples, 1), or one-hot.
        class_names: the classes' names; their numbers by default.

    Raises:
        StateError: for a model that isn't built.
        DataError: for outputs, labels or names that don't fit.

    Example:
        >>> import klods
        >>> from klods import keras
        >>> same = keras.Sequential([keras.Input((2,)), keras.layers.Activation("softmax")])
        >>> print(klods.show.confusion(same, klods.constant([[2.0, 0.0], [0.0, 2.0], [3.0, 1.0]]), [0, 1, 1]))
        Confusion matrix: 2 of 3 read right (66.7%)
        true  as 0  as 1  all
        0        1     0    1
        1        1     1    2
        all      2     1    3
    """
    readings = _read(model, x, y, class_names)
    counts, names, notes = _folded(readings.counts(), readings.names)
    title = f"Confusion matrix: {_right(readings)}"
    whole = np.vstack([counts, counts.sum(0)])
    rows = [[name, *map(str, row), str(row.sum())] for name, row in zip([*names, "all"], whole)]
    table = plain_table(["true", *(f"as {name}" for name in names), "all"], rows, "l" + "r" * (len(names) + 1), 200, 0)
    drawing = matrix_picture(title, counts, names, bool(notes), notes, readings.missing())
    return Picture(drawing, _lines(title, table, *notes, readings.missing()))


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def misread(model: Any, x: Any, y: Any, class_names: Sequence[str] | None = None) -> Picture:
    """Draw the samples that a model misreads, the most surely misread first, at most 40, and how many of each class.

    Samples that could be images, of shape (height, width), with 1 or 3 channels, or flat squares of 8 by 8 and more,
    are shown as such.

    Args:
        model: a model that is built, with one output of probabilities.
        x: inputs.
        y: the true classes: integers of shape (samples,) or (samples, 1), or one-hot.
        class_names: the classes' names; their numbers by default.

    Raises:
        StateError: for a model that isn't built.
        DataError: for outputs, labels or names that don't fit.

    Example:
        >>> import klods
        >>> from klods import keras
        >>> same = keras.Sequential([keras.Input((2,)), keras.layers.Activation("softmax")])
        >>> print(klods.show.misread(same, klods.constant([[2.0, 0.0], [0.0, 2.0], [3.0, 1.0]]), [0, 1, 1]))
        Misread: all 1, among 3 samples
        sample 2: true 1, read 0, 88.1%
        misread of each class: 0: 0 of 1, 1: 1 of 2
    """
    return misread_picture(_read(model, x, y, class_names), as_images(np.asarray(x)))


def misread_picture(readings: Readings, images: Any) -> Picture:
    """Draw what is misread; see `misread`."""
    places = readings.misread()
    image = (lambda place: None) if images is None else images.__getitem__
    found = [readings.sample(int(place), image(place)) for place in places[:SHOWN]]
    title = _sheet_title(len(places), len(readings.true), "samples" if images is None else "images")
    counts = readings.counts()
    tally = [
        (name, int(row.sum() - row[i]), int(row.sum())) for i, (name, row) in enumerate(zip(readings.names, counts))
    ]
    lines = [f"sample {each.place}: true {each.true}, read {each.read}, {each.probability:.1%}" for each in found]
    told = ", ".join(f"{name}: {wrong} of {count}" for name, wrong, count in tally)
    text = _lines(title, *lines, f"misread of each class: {told}", readings.missing())
    return Picture(sheet_picture(title, found, tally, readings.missing()), text)


def _sheet_title(misread: int, count: int, kind: str) -> str:
    if not misread:
        return f"None of the {count:,} {kind} is misread."
    which = f"the {SHOWN} read most surely of {misread:,}" if misread > SHOWN else f"all {misread:,}"
    return f"Misread: {which}, among {count:,} {kind}"


def _right(readings: Readings) -> str:
    right, count = int(np.trace(readings.counts())), len(readings.true)
    return f"{right:,} of {count:,} read right ({right / count:.1%})"


# ------------------------------------------------------------ what a model reads


@dataclass(frozen=True)
class Readings:
    """What the samples are and what they are taken for.

    Attributes:
        true: the classes, an array of shape (samples,).
        probabilities: of each class, an array of shape (samples, classes).
        names: the classes' names.
    """

    true: np.ndarray
    probabilities: np.ndarray
    names: Sequence[str]

    @property
    def known(self) -> np.ndarray:
        """Whether each sample has a reading: its probabilities are numbers."""
        return np.isfinite(self.probabilities).all(1)

    @property
    def read(self) -> np.ndarray:
        return self.probabilities.argmax(1)

    def counts(self) -> np.ndarray:
        """Return how often each true class is read as each."""
        size = len(self.names)
        pairs = (size * self.true + self.read)[self.known]
        return np.bincount(pairs, minlength=size * size).reshape(size, size)

    def misread(self) -> np.ndarray:
        """Return the places of the samples that are misread, the surest first."""
        places = np.flatnonzero((self.read != self.true) & self.known)
        return places[np.argsort(-self.probabilities[places].max(1), kind="stable")]

    def sample(self, place: int, image: Any) -> Misread:
        read = self.read[place]
        probability = float(self.probabilities[place, read])
        return Misread(place, self.names[self.true[place]], self.names[read], probability, image)

    def missing(self) -> str:
        """Return a sentence on the samples without a reading, if there are such."""
        count = int((~self.known).sum())
        return f"Left out, their probabilities being NaN or infinite: {count:,} of {len(self.true):,}." if count else ""


def _read(model: Any, x: Any, y: Any, class_names: Sequence[str] | None) -> Readings:
    if not model.built:
        raise StateError(f"Model '{model.name}' is not built, so it can't read.", "train it, call it or build it.")
    return readings(y, model.predict(x, BATCH, verbose=0), class_names)


def readings(y: Any, predictions: Any, class_names: Sequence[str] | None = None) -> Readings:
    """Return what the samples are and what they are taken for.

    Args:
        y: the true classes: integers of shape (samples,) or (samples, 1), or one-hot.
        predictions: a probability for each class, of shape (samples, classes); of two classes, that of the second is
            enough.
        class_names: the classes' names; their numbers by default.

    Raises:
        DataError: for shapes, labels or names that don't fit.
    """
    if not isinstance(predictions, np.ndarray) or predictions.ndim != 2:
        shape = predictions.shape if isinstance(predictions, np.ndarray) else type(predictions).__name__
        raise DataError(
            f"Classes are read from one output of shape (samples, classes); got {shape}.", "pass a classifier."
        )
    if predictions.shape[1] == 1:
        predictions = np.hstack([1 - predictions, predictions])
    size = predictions.shape[1]
    names = [*map(str, range(size) if class_names is None else class_names)]
    if len(names) != size:
        raise DataError(f"There are {size} classes; got {len(names)} names.", "give one name for each class.")
    return Readings(_labels(y, predictions), predictions, names)


def _labels(y: Any, predictions: np.ndarray) -> np.ndarray:
    """Return labels as integers of shape (samples,)."""
    labels, (count, size) = np.asarray(y), predictions.shape
    if labels.dtype.kind not in "biuf" or not np.isfinite(labels).all():
        raise DataError(f"Labels are the numbers of {size} classes; got {labels.dtype}.", "number the classes from 0.")
    if labels.shape == (count, size) and size > 1:
        labels = labels.argmax(1)
    if labels.shape not in ((count,), (count, 1)) or not count:
        raise DataError(
            f"Labels of shape {labels.shape} don't fit predictions of shape {predictions.shape}.",
            f"pass integers of shape ({count},), or one-hot rows of shape ({count}, {size}).",
        )
    whole = labels.reshape(count).astype(np.int64)
    if (whole != labels.reshape(count)).any() or whole.min() < 0 or whole.max() >= size:
        raise DataError(
            f"Labels are the numbers of {size} classes, 0 to {size - 1}; got {labels.min()} to {labels.max()}.",
            "check the labels.",
        )
    return whole


def _folded(counts: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, Sequence[str], list[str]]:
    """Return the counts of few enough classes: the others are taken together."""
    if len(names) <= CLASSES:
        return counts, names, []
    wrong = counts.sum(0) + counts.sum(1) - 2 * np.diag(counts)
    kept = np.sort(np.argsort(-wrong, kind="stable")[: CLASSES - 1])
    groups = np.full(len(names), len(kept))
    groups[kept] = np.arange(len(kept))
    small = np.zeros((CLASSES, CLASSES), int)
    np.add.at(small, (groups[:, None], groups), counts)
    note = f"The {len(names) - len(kept)} of {len(names)} classes with the fewest errors are together in 'others'."
    return small, [*(names[i] for i in kept), "others"], [note]
