"""Reuters: 11,228 short news items of 46 topics, out of the collection Reuters-21578."""

from __future__ import annotations

import os

import numpy as np

from klods.keras.datasets import sequences
from klods.keras.datasets.sources import KERAS, Published
from klods.keras.datasets.splits import Split, cut, shuffled
from klods.missing import reporter

NEWS = Published(
    "reuters.npz", f"{KERAS}reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
)
WORDS = Published("reuters_word_index.json", f"{KERAS}reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")
TOPICS = """cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton
    carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail
    ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead"""


def load_data(
    path: str | os.PathLike[str] = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int | None = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Split, Split]:
    """Return the news items and topics of the training and test sets.

    Args:
        path: a name in Keras's folder, where the file is downloaded to at first use; with a folder, as in
            `./reuters.npz`, a local file.
        num_words: words are kept whose number, moved, is below this.
        skip_top: words are kept whose number, moved, is this or more.
        maxlen: items are kept that are shorter than this.
        test_split: the share of items in the test set.
        seed: of the order in which the items come.
        start_char: the sign at the start of an item; None for no sign.
        oov_char: the sign for words that aren't kept; None to leave them out.
        index_from: what is added to the numbers of words.

    Returns:
        ((x_train, y_train), (x_test, y_test)): arrays of lists of word numbers, and topics from 0 to 45.

    Raises:
        DataError: if no item is shorter than `maxlen`.
        FileError: if the file can't be had, or is another.
    """
    x, y = shuffled(np.random.RandomState(seed), *sequences.read(NEWS, path, "x", "y"))
    texts, labels = sequences.shorter(sequences.marked(x, start_char, index_from), y, maxlen)
    return cut(sequences.limited(texts, num_words, skip_top, oov_char), labels, test_split)


def get_word_index(path: str | os.PathLike[str] = "reuters_word_index.json") -> dict[str, int]:
    """Return the number of each word, before `index_from` is added.

    Args:
        path: as for `load_data`.

    Raises:
        FileError: if the file can't be had, or is another.
    """
    return sequences.word_index(WORDS.found(path))


def get_label_names() -> tuple[str, ...]:
    """Return the names of the topics, in the order of their numbers.

    Example:
        >>> len(get_label_names()), get_label_names()[3]
        (46, 'earn')
    """
    return tuple(TOPICS.split())


__all__ = ["get_label_names", "get_word_index", "load_data"]
__getattr__ = reporter(__name__)
