"""What imdb and reuters share: texts as lists of word numbers, marked and limited to some words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.keras.datasets.archives import read_arrays, reading, unfit
from klods.keras.datasets.sources import Published


def read(source: Published, path: Any, *names: str) -> list[np.ndarray]:
    """Return arrays out of a data set's file: by turns, texts as arrays of word numbers, and their labels.

    Args:
        source: where the file is published.
        path: where it is, for `Published.found`.
        names: the arrays.

    Raises:
        FileError: if the file can't be had, or holds anything else.
    """
    file = source.found(path)
    arrays = read_arrays(file, *names, ragged=True, known=source.is_at(file))
    wanted = "expected texts that are lists of word numbers, and a label for each"

    def checked() -> list[np.ndarray]:
        for texts, labels in zip(arrays[::2], arrays[1::2], strict=True):
            if labels.shape != (len(texts),) or labels.dtype.kind not in "iu":
                raise unfit(file, f"has {len(texts)} texts, and labels of shape {labels.shape}", wanted)
        return [array if place % 2 else _texts(array) for place, array in enumerate(arrays)]

    return reading(file, wanted, checked)


def _texts(lists: np.ndarray) -> np.ndarray:
    """Return lists of word numbers as an array of arrays; an error for any other, and for one list in many places."""
    if lists.dtype.kind == "O" and len(set(map(id, lists))) < len(lists):
        raise ValueError
    texts = np.empty(len(lists), object)
    for place, numbers in enumerate(lists):
        whole = numbers.dtype.kind in "iu" if isinstance(numbers, np.ndarray) else set(map(type, numbers)) <= {int}
        if not whole or np.ndim(numbers[:1]) != 1:
            raise ValueError
        texts[place] = np.asarray(numbers, np.int64)
    return texts


def marked(texts: Any, start_char: int | None, index_from: int) -> list[np.ndarray]:
    """Return word numbers moved up by `index_from`, each text after the sign for its start, if there is one."""
    start = np.array([] if start_char is None else [start_char], np.int64)
    return [np.concatenate([start, text + (index_from or 0)]) for text in texts]


def shorter(texts: list[np.ndarray], labels: np.ndarray, maxlen: int | None) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the texts of fewer than `maxlen` words, and their labels; all of them without it.

    Raises:
        DataError: if there are none.
    """
    if not maxlen:
        return texts, labels
    kept = [place for place, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise DataError(f"No text has fewer than maxlen={maxlen} words.", "give a larger maxlen, or none.")
    return [texts[place] for place in kept], labels[kept]


def limited(texts: list[np.ndarray], num_words: int | None, skip_top: int, oov_char: int | None) -> np.ndarray:
    """Return an array of lists, with a sign for the words that are not among those wanted.

    Args:
        texts: the word numbers of each text.
        num_words: the number from which on words aren't wanted; the largest that there is by default.
        skip_top: the number below which they aren't.
        oov_char: the sign; None to leave such words out.
    """
    limit = num_words or max((int(text.max()) for text in texts if len(text)), default=0)
    result = np.empty(len(texts), object)
    for place, text in enumerate(texts):
        wanted = (text >= skip_top) & (text < limit)
        result[place] = (text[wanted] if oov_char is None else np.where(wanted, text, oov_char)).tolist()
    return result


def word_index(file: Path) -> dict[str, int]:
    """Return the numbers of words."""

    def read() -> dict[str, int]:
        index = json.loads(file.read_text("utf-8"))
        if not isinstance(index, dict):
            raise ValueError
        return index

    return reading(file, "expected a JSON file of words and their numbers", read)
