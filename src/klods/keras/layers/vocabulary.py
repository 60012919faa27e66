"""Vocabulary, words and their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.keras.layers.adapting import tokens


class Vocabulary:
    """Words in order, numbered behind those that stand for something else: the mask and what is unknown.

    Args:
        layer: the name of the layer whose it is, for errors.
        dtype: of the words: `string` or `int64`.
        special: what comes before the words.
        reserved: what is no word.
        limit: how many there may be, with the special ones; any number for None.

    Attributes:
        words: the words.
    """

    def __init__(self, layer: str, dtype: str, special: list[Any], reserved: list[Any], limit: int | None) -> None:
        self.layer, self.dtype, self.special, self.reserved = layer, dtype, special, reserved
        self.room = None if limit is None else limit - len(special)
        self._put(np.zeros(0, "S1" if dtype == "string" else dtype))

    def __len__(self) -> int:
        return len(self.special) + len(self.words)

    def all(self) -> list[Any]:
        """Return the special ones and the words, as Python has them."""
        return [*self.special, *map(self.plain, self.words)]

    def set(self, given: Any) -> bool:
        """Set the words; tell whether the special ones stood before them.

        Raises:
            DataError: for none, too many, a word that is there twice, or that is reserved.
        """
        words, first = tokens(given, self.dtype), len(self.special)
        is_whole = first > 0 and [self.plain(word) for word in words[:first]] == self.special
        self._put(self._checked(words[first:] if is_whole else words))
        return is_whole

    def find(self, documents: Iterable[list[Any]], ignored: list[Any]) -> tuple[np.ndarray, int]:
        """Set the words to those of documents: the most frequent first, of equals the last in the order of sorting.

        Args:
            documents: lists of words.
            ignored: what is no word.

        Returns:
            In how many documents each word is, and how many documents there are.

        Raises:
            DataError: if there are no words.
        """
        counts: Counter[Any] = Counter()
        documents_with: Counter[Any] = Counter()
        total = 0
        for document in documents:
            counts.update(document)
            documents_with.update(set(document))
            total += 1
        for special in ignored:
            counts.pop(special.encode() if isinstance(special, str) else special, None)
        words = sorted(counts, key=lambda word: (counts[word], word), reverse=True)[: self.room]
        if not words:
            raise DataError(f"Layer '{self.layer}' found no words to adapt to.", "give words, or batches of them.")
        self._put(np.array(words, None if self.dtype == "string" else self.dtype))
        return np.array([documents_with[word] for word in words]), total

    def numbers(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of words, and which of them are known."""
        places = np.minimum(np.searchsorted(self._sorted, words), len(self._sorted) - 1)
        return len(self.special) + self._order[places], np.asarray(self._sorted[places] == words)

    def plain(self, word: Any) -> Any:
        """Return a word as Python has it."""
        return word.decode() if isinstance(word, bytes) else int(word)

    def _put(self, words: np.ndarray) -> None:
        self.words, self._order = words, np.argsort(words)
        self._sorted = words[self._order]

    def _checked(self, words: np.ndarray) -> np.ndarray:
        owner, counts = f"Layer '{self.layer}'", Counter(map(self.plain, words))
        if not counts:
            raise DataError(f"{owner} got a vocabulary without words.", "give some, or call adapt.")
        if len(counts) < len(words):
            raise DataError(f"{owner} got {counts.most_common(1)[0][0]!r} twice as a word.", "give each once.")
        if misplaced := [word for word in self.reserved if word in counts]:
            begin = f"begin the vocabulary with {self.special}"
            raise DataError(f"{owner} got {misplaced[0]!r} as a word, which is reserved.", f"leave it out, or {begin}.")
        if self.room is not None and len(words) > self.room:
            raise DataError(f"{owner} got {len(words)} words; there is room for {self.room}.", "raise max_tokens.")
        return words
