"""IMDB: 50,000 film reviews, half of them favourable.

Maas et al., "Learning Word Vectors for Sentiment Analysis", 2011; https://ai.stanford.edu/~amaas/data/sentiment/
"""

from __future__ import annotations

import os

import numpy as np

from klods.keras.datasets import sequences
from klods.keras.datasets.sources import KERAS, Published
from klods.keras.datasets.splits import Split, shuffled
from klods.missing import reporter

REVIEWS = Published("imdb.npz", f"{KERAS}imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f")
WORDS = Published("imdb_word_index.json", f"{KERAS}imdb_word_index.json", "bfafd718b763782e994055a2d397834f")


def load_data(
    path: str | os.PathLike[str] = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int | None = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Split, Split]:
    """Return the reviews and labels of the training and test sets.

    Word 1 is the commonest, 2 the next; `index_from` is added to make room for signs: 0 for padding, 1 for the start
    of a review, 2 for a word that is left out.

    Args:
        path: a name in Keras's folder, where the file is downloaded to at first use; with a folder, as in
            `./imdb.npz`, a local file.
        num_words: words are kept whose number, moved, is below this.
        skip_top: words are kept whose number, moved, is this or more.
        maxlen: reviews are kept that are shorter than this.
        seed: of the order in which the reviews come.
        start_char: the sign at the start of a review; None for no sign.
        oov_char: the sign for words that aren't kept; None to leave them out.
        index_from: what is added to the numbers of words.

    Returns:
        ((x_train, y_train), (x_test, y_test)): arrays of 25,000 lists of word numbers, and labels, 1 for favourable.

    Raises:
        DataError: if no review is shorter than `maxlen`.
        FileError: if the file can't be had, or is another.
    """
    names = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = sequences.read(REVIEWS, path, *names)
    source, parts = np.random.RandomState(seed), []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        x, y = shuffled(source, x, y)
        parts.append(sequences.shorter(sequences.marked(x, start_char, index_from), y, maxlen))
    (train, y_train), (test, y_test) = parts
    texts = sequences.limited(train + test, num_words, skip_top, oov_char)
    return (texts[: len(train)], y_train), (texts[len(train) :], y_test)


def get_word_index(path: str | os.PathLike[str] = "imdb_word_index.json") -> dict[str, int]:
    """Return the number of each word, before `index_from` is added.

    Args:
        path: as for `load_data`.

    Raises:
        FileError: if the file can't be had, or is another.
    """
    return sequences.word_index(WORDS.found(path))


__all__ = ["get_word_index", "load_data"]
__getattr__ = reporter(__name__)
