"""IndexLookup, the base of the layers that number the words of a vocabulary, which is given or found in data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from klods.errors import DataError, StateError
from klods.files import read_whole
from klods.keras.layers import hashing
from klods.keras.layers.adapting import batches, is_whole, tokens
from klods.keras.layers.encoding import MODES, checked_mode, computed, encoded, encoded_shape
from klods.keras.layers.layer import Layer
from klods.keras.layers.vocabulary import Vocabulary
from klods.keras.room import take_room
from klods.keras.symbolic import KerasTensor
from klods.tensor import Tensor, TensorLike, convert_to_tensor

VOCABULARY = "vocabulary.txt"
DROPPED = -1  # the number of what leaves no trace in rows of zeros and ones
IN_FILES = ("vocabulary_size", "has_input_vocabulary")  # what configurations say beyond the constructor's arguments
LookupLayer = TypeVar("LookupLayer", bound="IndexLookup")


class IndexLookup(Layer):
    """Numbers words by their place in a vocabulary, behind the mask and what stands for unknown words.

    Args:
        max_tokens: how many words there may be, with the mask and the unknown ones; any number by default.
        num_oov_indices: how many numbers unknown words share; with 0 they are errors.
        mask_token: stands for no word: 0 in the mode `int`, no trace in others.
        oov_token: stands for unknown words.
        vocabulary: the words in order, or a file with one in each line; `adapt` finds them by default.
        idf_weights: in the mode `tf_idf`, what each word of the vocabulary counts.
        invert: whether to turn numbers into words.
        output_mode: `int` for the numbers; `one_hot`, `multi_hot` or `count` as in CategoryEncoding; `tf_idf` for
            counts times the inverse document frequency, log(1 + documents / (1 + documents with the word)).
        pad_to_max_tokens: whether rows of zeros and ones have max_tokens places though there are fewer words.
        oov_method: how unknown numbers share theirs: `floormod` for the remainder, or `farmhash`.
        salt: one or two whole numbers that change how unknown words share theirs.

    Raises:
        DataError: for options that don't fit each other.
        NameUnknownError: for an unknown mode.
    """

    built = True
    token_dtype: ClassVar[str]  # of the words

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        pad_to_max_tokens: bool,
        oov_method: str,
        salt: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token, self.invert = mask_token, oov_token, invert
        self.output_mode = checked_mode(output_mode, (*MODES, "tf_idf"))
        self.pad_to_max_tokens, self.oov_method = pad_to_max_tokens, oov_method
        self.salt = hashing.checked_salt(salt)
        self.input_vocabulary = None if isinstance(vocabulary, (str, Path)) else _plain(vocabulary)
        self.input_idf_weights = _plain(idf_weights)
        self._counts = np.zeros(0)  # what each place of a row counts, in the mode tf_idf
        self.known_size: int | None = None  # where the words are still to be read
        self._check_options()
        reserved = [mask_token, oov_token if invert else None]
        special = [mask_token] if mask_token is not None and self.output_mode == "int" else []
        special += [oov_token] * num_oov_indices
        self.words = Vocabulary(self.name, self.token_dtype, special, reserved, max_tokens)
        self._is_given = vocabulary is not None
        if self._is_given:
            self.set_vocabulary(vocabulary, idf_weights)

    def _check_options(self) -> None:
        places = max(self.num_oov_indices, self.pad_to_max_tokens * (self.max_tokens or 0))
        take_room(f"'{self.name}' wants {places} places", places)
        if self.max_tokens is not None and self.max_tokens < 2:
            raise DataError(f"'{self.name}' has max_tokens={self.max_tokens}.", "make it 2 or more.")
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise DataError(f"'{self.name}' is to pad to max_tokens, which isn't given.", "give max_tokens.")
        if self.num_oov_indices < 0:
            raise DataError(f"'{self.name}' has num_oov_indices={self.num_oov_indices}.", "make it 0 or more.")
        if self.invert and self.output_mode != "int":
            raise DataError(f"'{self.name}' turns numbers into words, which is no {self.output_mode}.", "use 'int'.")
        if self.oov_method not in ("floormod", "farmhash"):
            raise DataError(f"'{self.name}' has oov_method={self.oov_method!r}.", "use 'floormod' or 'farmhash'.")
        if self.salt is not None and self.token_dtype == "int64" and self.oov_method != "farmhash":
            raise DataError(f"'{self.name}' has a salt, which remainders don't take.", "use oov_method='farmhash'.")

    # ------------------------------------------------------------ the vocabulary

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the words by their numbers, or without the mask and what stands for unknown ones."""
        return self.words.all()[0 if include_special_tokens else len(self.words.special) :]

    def vocabulary_size(self) -> int:
        """Return how many words there are, with the mask and those that stand for unknown ones."""
        return len(self.words)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the words, and in the mode `tf_idf` what they count.

        Args:
            vocabulary: the words in order, with or without the mask and the unknown ones before them, or a file.
            idf_weights: for each what it counts; unknown words count the mean if they are not among them.

        Raises:
            DataError: for words that are there twice, too many words, or weights that don't fit.
            FileError: if the file can't be read.
        """
        if (idf_weights is None) == (self.output_mode == "tf_idf"):
            raise DataError(
                f"'{self.name}' has the mode {self.output_mode!r}; got {'no' if idf_weights is None else 'some'} "
                "idf_weights.",
                "give them in the mode 'tf_idf', and in no other.",
            )
        if isinstance(vocabulary, (str, Path)):
            vocabulary = self._from_lines(read_whole(Path(vocabulary)).decode())
        if idf_weights is not None and np.shape(idf_weights) != (len(vocabulary),):
            raise DataError(
                f"'{self.name}' got {len(vocabulary)} words and weights of shape {np.shape(idf_weights)}.",
                "give one for each.",
            )
        is_whole = self.words.set(vocabulary)
        if idf_weights is not None:
            self._weigh(np.asarray(idf_weights, np.float32), 0 if is_whole else len(self.words.special))

    def _weigh(self, weights: np.ndarray, missing: int) -> None:
        """Set what places of a row count; of those that are missing before words, the mean, and 0 behind them."""
        padded = np.pad(weights, (missing, 0), constant_values=weights.mean())
        room = self.max_tokens - len(padded) if self.pad_to_max_tokens and self.max_tokens else 0
        self._counts = np.pad(padded, (0, room)).astype(np.float32)

    def _from_lines(self, text: str) -> list[Any]:
        lines = text.rstrip("\n").split("\n")
        return lines if self.token_dtype == "string" else [int(line) for line in lines]

    # ------------------------------------------------------------ adapting

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the words of data: the most frequent first, of equals the last in the order of sorting.

        Args:
            data: an array or list of words, or what yields batches of them. In the mode `tf_idf` a row is a document.
            steps: how many batches; all by default.

        Raises:
            DataError: for a layer that was given its vocabulary, or data that are no words.
        """
        if isinstance(data, (list, tuple)):
            data = convert_to_tensor(data, self.token_dtype)
        found = batches(data, lambda batch: tokens(batch, self.token_dtype), steps)
        self.adapt_to(row for batch in found for row in _documents(batch, is_whole(data)))

    def adapt_to(self, documents: Iterable[list[Any]]) -> None:
        """Find the words of documents, each a list of words."""
        if self._is_given:
            raise DataError(f"Layer '{self.name}' was given its vocabulary.", "leave it out to adapt the layer.")
        frequencies, total = self.words.find(documents, [self.mask_token, self.oov_token])
        if self.output_mode == "tf_idf":
            self._weigh(np.log(1 + total / (1 + frequencies)), len(self.words.special))

    # ------------------------------------------------------------ calling

    def call(self, inputs: Any) -> Tensor:
        self.check_adapted()
        x = convert_to_tensor(inputs, "int64" if self.invert else self.token_dtype)
        function = self._names if self.invert else self._rows
        return computed(function, [x], self.compute_output_shape(x.value.shape), self.output_dtype())

    def check_adapted(self) -> None:
        """Raise StateError before there is a vocabulary."""
        if not len(self.words.words):
            raise StateError(f"Layer '{self.name}' has no vocabulary yet.", "call adapt, or give vocabulary.")

    def _names(self, numbers: Any) -> np.ndarray:
        """Return the words of numbers."""
        known, unknown = tokens(self.words.all(), self.token_dtype), tokens(self.oov_token, self.token_dtype)
        numbers = np.asarray(numbers)
        inside = (numbers >= 0) & (numbers < len(known))
        return np.where(inside, known[np.where(inside, numbers, 0)], unknown)

    def _rows(self, words: Any) -> np.ndarray:
        return self.encode(self.numbers(np.asarray(words)))

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the numbers of words as the output mode wants them."""
        if self.output_mode != "tf_idf":
            return encoded(numbers, self.output_mode, self._depth() or 0, "int64")
        return encoded(numbers, "count", self._depth() or 0, np.float32) * self._counts

    def numbers(self, words: np.ndarray) -> np.ndarray:
        """Return the numbers of words.

        Raises:
            DataError: for an unknown word, if there is no number for such.
        """
        numbers, known = self.words.numbers(words)
        if self.mask_token is not None:
            masked = words == (self.mask_token.encode() if isinstance(self.mask_token, str) else self.mask_token)
            numbers, known = np.where(masked, 0 if self.output_mode == "int" else DROPPED, numbers), known | masked
        return np.asarray(numbers if known.all() else np.where(known, numbers, self._unknown(words, known)), np.int64)

    def _unknown(self, words: np.ndarray, known: np.ndarray) -> Any:
        """Return numbers for words of which some are unknown."""
        count = self.num_oov_indices
        if not count:
            word = self.words.plain(words[np.logical_not(known)].flat[0])
            raise DataError(
                f"Layer '{self.name}' got {word!r}, which is not in its vocabulary.",
                "set num_oov_indices=1 to have a number for all such words.",
            )
        first = len(self.words.special) - count
        if count == 1:
            return first
        if self.token_dtype == "int64" and self.oov_method == "floormod":
            return first + words % count
        return first + hashing.buckets(words, count, self.salt)

    def _depth(self) -> int | None:
        """Return how many places a row of zeros and ones has."""
        return self.max_tokens if self.pad_to_max_tokens else self._size()

    def _size(self) -> int | None:
        return len(self.words) if len(self.words.words) else self.known_size

    def output_dtype(self) -> str:
        """Return the name of the outputs' dtype."""
        return "float32" if self.output_mode == "tf_idf" else self.token_dtype if self.invert else "int64"

    def compute_output_shape(self, input_shape: Any) -> Any:
        return encoded_shape(input_shape, "count" if self.output_mode == "tf_idf" else self.output_mode, self._depth())

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return what stands for the outputs."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.output_dtype())

    # ------------------------------------------------------------ files

    def save_own_variables(self, store: Any) -> None:
        """Put what words count into a dict that a file is made of."""
        if self.output_mode == "tf_idf":
            store["idf_weights"] = self._counts

    def load_own_variables(self, store: Any) -> None:
        """Take what words count from what a file holds."""
        if self.output_mode == "tf_idf":
            self._counts = np.asarray(store["idf_weights"], np.float32)

    def save_assets(self, dir_path: Any) -> None:
        """Write the words that `adapt` found to a file in a folder."""
        if self.input_vocabulary is None:
            Path(dir_path, VOCABULARY).write_text("\n".join(map(str, self.get_vocabulary())), "utf-8")

    def load_assets(self, dir_path: Any) -> None:
        """Read the words from the file in a folder; `load_own_variables` knows what they count."""
        words = self._from_lines(Path(dir_path, VOCABULARY).read_text("utf-8"))
        if self.input_vocabulary is None and len(words) > len(self.words.special):
            self.words.set(words)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data, and the size of the vocabulary."""
        given = {"vocabulary": self.input_vocabulary, "idf_weights": self.input_idf_weights}
        return {**super().get_config(), **given, "vocabulary_size": self._size()}

    @classmethod
    def from_config(cls: type[LookupLayer], config: Mapping[str, Any]) -> LookupLayer:
        """Return the layer that a configuration describes; words that `adapt` found come from elsewhere."""
        layer = super().from_config(checked_arguments(config))
        layer.known_size = config.get("vocabulary_size")
        return layer


def checked_arguments(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constructor's arguments in a configuration.

    Raises:
        DataError: if it names a file for the words: klods reads none because another file says so.
    """
    if isinstance(config.get("vocabulary"), (str, Path)):
        raise DataError(
            f"A configuration asks for the words in the file {config['vocabulary']!r:.60}, which klods doesn't read.",
            "make the layer in code, or read the file and call set_vocabulary.",
        )
    return {name: value for name, value in config.items() if name not in IN_FILES}


def _documents(batch: np.ndarray, is_all: bool) -> list[list[Any]]:
    """Return the rows of a batch. Of an array of one axis each word is one; of such a batch all words are."""
    if batch.ndim < 2:
        batch = batch.reshape((-1, 1) if is_all else (1, -1))
    return [row.reshape(-1).tolist() for row in batch]


def _plain(given: Any) -> Any:
    """Return an argument that may be a tensor or an array as a list."""
    if isinstance(given, TensorLike):
        given = given.value
    return given.tolist() if isinstance(given, np.ndarray) else given
