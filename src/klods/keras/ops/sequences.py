"""Keras's `keras.ops` on sequences of labels that steps spell, blanks between them; see `klods.keras.losses.ctc`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.keras.losses.ctc import alignment_loss
from klods.keras.ops.names import amax, cast, equal, transpose
from klods.keras.ops.nn import log_softmax
from klods.keras.ops.numbers import argmax, sum
from klods.keras.ops.pointwise import floating
from klods.keras.ops.shapes import argsort, expand_dims, pad, take_along_axis, where
from klods.ops.effects import call
from klods.tensor import Tensor, convert_to_tensor

ABSENT = -1  # what fills up rows of labels
Ends = dict[tuple[int, ...], list[float]]  # of each row of labels, how probable the two ways are in which it may end


def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Tensor:
    """Return minus the logarithm of the probability that the steps of each sequence spell its labels.

    Args:
        target: labels, of shape (batch, labels).
        output: scores of shape (batch, steps, classes), before the softmax.
        target_length: how many labels of each sequence count.
        output_length: how many of its steps count.
        mask_index: the class that means no label.

    Raises:
        ShapeError: for other numbers of axes.

    Example:
        >>> ctc_loss([[1]], [[[0., 0.], [0., 0.]]], [1], [2]).numpy().round(4)  # -log(3/4)
        array([0.2877], dtype=float32)
    """
    return alignment_loss(target, floating(output), target_length, output_length, mask_index)


def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Tensor, Tensor]:
    """Return what the steps of sequences spell.

    Args:
        inputs: scores of shape (batch, steps, classes).
        sequence_lengths: how many steps of each sequence count.
        strategy: `greedy` for the best class of each step, `beam_search` for the most probable rows of labels.
        beam_width: how many rows of labels are pursued from step to step, in a beam search.
        top_paths: how many of them are returned.
        merge_repeated: whether equal steps one after the other are one label; a beam search always takes them so.
        mask_index: the class that means no label; the last one for None.

    Returns:
        Labels of shape (paths, batch, steps), filled up with -1, and scores of shape (batch, paths): the logarithms of
        probabilities, or, of the greedy strategy, minus the sum of the scores of the best classes.

    Raises:
        DataError: for another strategy.
        ShapeError: for other numbers of axes.
    """
    scores, lengths = floating(inputs), convert_to_tensor(sequence_lengths)
    if scores.ndim != 3 or lengths.ndim != 1:
        raise ShapeError(
            f"ctc_decode takes scores (batch, steps, classes) and lengths (batch,); got {scores.value.shape} and "
            f"{lengths.value.shape}.",
            "give the number of steps of each sequence.",
        )
    blank = scores.value.shape[2] - 1 if mask_index is None else mask_index
    if strategy == "greedy":
        return _greedy(scores, lengths, merge_repeated, blank)
    if strategy != "beam_search":
        raise DataError(f"ctc_decode has no strategy {strategy!r}.", "use 'greedy' or 'beam_search'.")
    return _beam_search(scores, lengths, beam_width, top_paths, blank)


def _greedy(scores: Tensor, lengths: Tensor, merge: bool, blank: int) -> tuple[Tensor, Tensor]:
    steps = np.arange(scores.value.shape[1])
    beyond = expand_dims(lengths, 1) <= steps
    best = where(beyond, blank, argmax(scores, -1))
    if merge:
        again = pad(equal(best[:, 1:], best[:, :-1]), ((0, 0), (1, 0)))
        best = where(again, blank, best)
    silent = equal(best, blank)
    order = argsort(where(silent, len(steps), steps), -1)
    labels = take_along_axis(where(silent, ABSENT, best), order, -1)
    total = -sum(where(beyond, 0, amax(scores, -1)), 1, keepdims=True)
    return expand_dims(cast(labels, "int32"), 0), total


def _beam_search(scores: Tensor, lengths: Tensor, width: int, paths: int, blank: int) -> tuple[Tensor, Tensor]:
    batch, steps, _ = scores.value.shape

    def search(logarithms: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return rows of labels, each with its score behind it."""
        found = np.full((paths, batch, steps + 1), ABSENT, np.float64)
        found[:, :, -1] = -math.inf
        for i, (rows, count) in enumerate(zip(logarithms, counts)):
            for place, (labels, score) in enumerate(_best_prefixes(rows[:count], width, blank)[:paths]):
                found[place, i, : len(labels)], found[place, i, -1] = labels, score
        return found

    shape = (paths, batch, steps + 1)
    found = call(log_softmax(scores), lengths, function=search, shape=shape, dtype="float64")
    return cast(found[:, :, :-1], "int32"), transpose(cast(found[:, :, -1], scores.dtype))


def _best_prefixes(rows: np.ndarray, width: int, blank: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the most probable rows of labels with the logarithms of their probabilities, the best first.

    Source: Graves et al. 2006, section 3.2 (prefix search), with a beam: of each row of labels are known the
    probabilities that it ends with a blank, and with its last label.
    """
    beam: Ends = {(): [0.0, -math.inf]}
    for row in rows:
        ends: Ends = {}
        for labels, (silent, spoken) in beam.items():
            both = np.logaddexp(silent, spoken)
            _add(ends, labels, 0, both + row[blank])
            for label, score in enumerate(row):
                if label == blank:
                    continue
                if labels[-1:] == (label,):
                    _add(ends, labels, 1, spoken + score)
                _add(ends, (*labels, label), 1, (silent if labels[-1:] == (label,) else both) + score)
        beam = dict(sorted(ends.items(), key=lambda item: -_total(item[1]))[:width])
    return [(labels, total) for labels, ways in beam.items() if (total := _total(ways)) > -math.inf]


def _total(ways: list[float]) -> float:
    return float(np.logaddexp.reduce(ways))


def _add(ends: Ends, labels: tuple[int, ...], way: int, score: float) -> None:
    """Add a probability, by its logarithm, to those of a row of labels that ends in one of two ways."""
    known = ends.setdefault(labels, [-math.inf, -math.inf])
    known[way] = np.logaddexp(known[way], score)
