"""TextVectorization, which cuts text into words and numbers them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from klods.compiled import executing_eagerly
from klods.errors import DataError, ShapeError, unknown_name
from klods.graph import Untraceable
from klods.keras.configuration import resolve
from klods.keras.layers.adapting import batches, is_whole, tokens
from klods.keras.layers.encoding import computed
from klods.keras.layers.index_lookup import DROPPED, checked_arguments
from klods.keras.layers.layer import Layer
from klods.keras.layers.lookup import StringLookup, checked_encoding
from klods.keras.symbolic import KerasTensor
from klods.tensor import Tensor, convert_to_tensor

Words = list[bytes]

STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
SPLITS = ("whitespace", "character")
PUNCTUATION = re.compile(rb"[!-/:-@\[-`{-~]")  # of ASCII, as letters that are made small and spaces that split


class TextVectorization(Layer):
    """Cuts text into words and numbers them by their place in a vocabulary, which is given or found by `adapt`.

    0 stands for no word, where texts are filled up to one length, and 1 for words that are not in the vocabulary.

    Args:
        max_tokens: how many words there may be, with these two; any number by default.
        standardize: what is done to text before: `lower`, `strip_punctuation` or both, None for nothing, or a function
            that takes an array of `str` and returns the like.
        split: at `whitespace`, into each `character`, None for a text that is one word, or a function that takes an
            array of `str` and returns a list of words for each.
        ngrams: None for single words; a number for all sequences of up to that many words, or a tuple of lengths.
        output_mode: `int` for the words' numbers in order; `multi_hot`, `count` or `tf_idf` for a row for each text,
            as in StringLookup.
        output_sequence_length: in the mode `int`, how long all are; as the longest by default.
        pad_to_max_tokens: whether rows have max_tokens places though there are fewer words.
        vocabulary: the words in order, or a file with one in each line; `adapt` finds them by default.
        idf_weights: in the mode `tf_idf`, what each word of the vocabulary counts.
        encoding: of the text: UTF-8.

    As in TensorFlow, letters, punctuation and spaces are those of ASCII; others stay as they are.

    Shapes:
        (batch,) or (batch, 1) to (batch, length) or (batch, vocabulary_size).

    Raises:
        DataError: for options that don't fit each other.
        NameUnknownError: for an unknown mode, standard or way to split.

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.TextVectorization()
        >>> layer.adapt(["Erase, rewrite.", "Erase again!"])
        >>> layer.get_vocabulary()
        ['', '[UNK]', 'erase', 'rewrite', 'again']
        >>> layer(["Write, erase, rewrite", "again"]).numpy().tolist()
        [[1, 2, 3], [4, 0, 0]]
    """

    built = True
    takes_text = True

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        encoding: str = "utf-8",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_tokens, self.pad_to_max_tokens = max_tokens, pad_to_max_tokens
        self.standardize, self.split = _known("standardize", standardize, STANDARDS), _known("split", split, SPLITS)
        self.ngrams, self.encoding = _checked_lengths(ngrams), checked_encoding(encoding)
        self.output_sequence_length = output_sequence_length
        # Under this name files know what it keeps there.
        self._lookup_layer = StringLookup(
            max_tokens,
            mask_token="",
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            name=self.name,
        )
        self.output_mode = self._lookup_layer.output_mode
        if output_sequence_length is not None and self.output_mode != "int":
            raise DataError(
                f"'{self.name}' has the mode {self.output_mode!r}, in which texts have no length.",
                "leave output_sequence_length out.",
            )

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Find the words of texts: the most frequent first, of equals the last in the order of sorting.

        Args:
            data: an array or list of texts, or what yields batches of them.
            batch_size: accepted for Keras's sake.
            steps: how many batches; all by default.

        Raises:
            DataError: for a layer that was given its vocabulary, or data without words.
        """
        data = convert_to_tensor(data, "string") if isinstance(data, (list, tuple)) else data
        found = batches(data, lambda batch: tokens(batch, "string"), steps)
        if is_whole(data):
            found = (batch.reshape(-1, 1) if batch.ndim < 2 else batch for batch in found)
        self._lookup_layer.adapt_to(words for batch in found for words in self._cut(batch)[0])

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the words by their numbers, or without the two that stand for none and for unknown ones."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return how many words there are, with the two that stand for none and for unknown ones."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the words, and in the mode `tf_idf` what they count; see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # ------------------------------------------------------------ calling

    def call(self, inputs: Any) -> Tensor:
        self._lookup_layer.check_adapted()
        x = convert_to_tensor(inputs, "string")
        shape = self.compute_output_shape(x.value.shape)
        if None in shape and not executing_eagerly():
            raise Untraceable(
                f"Layer '{self.name}' makes rows as long as the longest text of a batch; with output_sequence_length "
                "they are of one length, and compiled."
            )
        return computed(self._numbered, [x], shape, self._lookup_layer.output_dtype())

    def _numbered(self, texts: np.ndarray) -> np.ndarray:
        cut, shape = self._cut(np.asarray(texts))
        numbers = self._lookup_layer.numbers(np.array([word for words in cut for word in words], "S"))
        rows = self._filled(numbers, [len(words) for words in cut])
        return self._lookup_layer.encode(rows.reshape(*shape, rows.shape[-1]))

    def _cut(self, texts: np.ndarray) -> tuple[list[Words], tuple[int, ...]]:
        """Return the words of each text, and in which shape the texts were; unless texts are split, of each row."""
        texts = self._standardized(texts)
        if self.split is None:
            rows = np.atleast_1d(texts)
            words, shape = rows.reshape(math.prod(rows.shape[:-1]), -1).tolist(), rows.shape[:-1]
        else:
            shape = self._shape_of_texts(texts.shape)
            words = self._split(texts.reshape(-1))
        return ([_sequences(row, self._lengths()) for row in words] if self.ngrams else words), shape

    def _standardized(self, texts: np.ndarray) -> np.ndarray:
        if callable(self.standardize):
            return tokens(self.standardize(np.char.decode(texts, "utf-8")), "string")
        flat = texts.reshape(-1).tolist()
        if "lower" in (self.standardize or ""):
            flat = [text.lower() for text in flat]
        if "strip" in (self.standardize or ""):
            flat = [PUNCTUATION.sub(b"", text) for text in flat]
        return np.array(flat, "S").reshape(texts.shape)

    def _split(self, texts: np.ndarray) -> list[Words]:
        if self.split == "whitespace":
            return [text.split() for text in texts.tolist()]
        if self.split == "character":
            return [[letter.encode() for letter in text.decode()] for text in texts.tolist()]
        return [tokens(words, "string").tolist() for words in self.split(np.char.decode(texts, "utf-8"))]

    def _shape_of_texts(self, shape: Any) -> Any:
        """Return the shape of texts without an axis of size 1 behind."""
        if len(shape) > 1 and shape[-1] != 1:
            raise ShapeError(
                f"Layer '{self.name}' splits texts of the shape (batch,) or (batch, 1); got {tuple(shape)}.",
                "give one text in each row, or split=None if they are words.",
            )
        return tuple(shape[:-1]) if len(shape) > 1 else tuple(shape)

    def _lengths(self) -> tuple[int, ...]:
        return tuple(range(1, self.ngrams + 1)) if isinstance(self.ngrams, int) else tuple(self.ngrams or ())

    def _filled(self, numbers: np.ndarray, lengths: list[int]) -> np.ndarray:
        """Return the numbers of the words of all texts in a row for each, filled up to one length."""
        longest = max(lengths, default=0) if self.output_sequence_length is None else self.output_sequence_length
        rows = np.full((len(lengths), longest), 0 if self.output_mode == "int" else DROPPED, np.int64)
        start = 0
        for row, length in zip(rows, lengths):
            row[:length] = numbers[start : start + min(length, longest)]
            start += length
        return rows

    def compute_output_shape(self, input_shape: Any) -> Any:
        texts = tuple(input_shape[:-1]) if self.split is None else self._shape_of_texts(input_shape)
        words = input_shape[-1] if self.split is None and input_shape and not self.ngrams else None
        if self.output_sequence_length is not None:
            words = self.output_sequence_length
        return self._lookup_layer.compute_output_shape((*texts, words))

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return what stands for the outputs."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self._lookup_layer.output_dtype())

    # ------------------------------------------------------------ files

    def save_own_variables(self, store: Any) -> None:
        """Put what words count into a dict that a file is made of."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Take what words count from what a file holds."""
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: Any) -> None:
        """Write the words that `adapt` found to a file in a folder."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: Any) -> None:
        """Read the words from the file in a folder."""
        self._lookup_layer.load_assets(dir_path)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data, and the size of the vocabulary."""
        of_words = self._lookup_layer.get_config()
        return {**super().get_config(), **{name: of_words[name] for name in OF_WORDS}}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TextVectorization:
        """Return the layer that a configuration describes; words that `adapt` found come from elsewhere."""
        own = checked_arguments(config)
        for name in ("standardize", "split"):
            if isinstance(own.get(name), Mapping):
                own[name] = resolve(f"function {name} of a TextVectorization", own[name], {})
        layer = super().from_config(own)
        layer._lookup_layer.known_size = config.get("vocabulary_size")
        return layer


OF_WORDS = ("vocabulary", "idf_weights", "vocabulary_size")


def _sequences(words: Words, lengths: tuple[int, ...]) -> Words:
    """Return all sequences of words of these lengths."""
    return [b" ".join(words[i : i + n]) for n in lengths for i in range(len(words) - n + 1)]


def _known(option: str, value: Any, known: tuple[str, ...]) -> Any:
    if value is None or callable(value) or value in known:
        return value
    raise unknown_name(option, value, known)


def _checked_lengths(ngrams: Any) -> int | tuple[int, ...] | None:
    lengths = [ngrams] if isinstance(ngrams, int) else ngrams
    if lengths is None:
        return None
    if not isinstance(lengths, (list, tuple)) or not all(isinstance(n, int) and n > 0 for n in lengths):
        raise DataError(f"ngrams is a number of words, or a tuple of them; got {ngrams!r}.", "write ngrams=2, say.")
    return ngrams if isinstance(ngrams, int) else tuple(lengths)
