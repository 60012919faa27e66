"""Layers that number words by a hash, without a vocabulary: Hashing, HashedCrossing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.errors import DataError, DTypeError, ShapeError
from klods.keras.layers.encoding import MODES, checked_mode, computed, encoded, encoded_shape
from klods.keras.layers.fingerprints import farm_hash, joined, sip_hash
from klods.keras.layers.layer import Layer
from klods.keras.symbolic import KerasTensor
from klods.tensor import Tensor, convert_to_tensor

CROSSING = 0xDECAFCAFFE  # what TensorFlow begins a cross with


def buckets(words: np.ndarray, count: int, salt: Sequence[int] | None = None) -> np.ndarray:
    """Return numbers from 0 to count - 1 that the hashes of words give, of whole numbers as they are written.

    Args:
        words: text or whole numbers.
        count: how many numbers there are.
        salt: a key of two numbers for another hash, which it changes.
    """
    known, places = np.unique(words, return_inverse=True)
    hashes = [farm_hash(_text(word)) if salt is None else sip_hash(_text(word), salt) for word in known]
    return np.array([number % count for number in hashes], np.int64)[places.reshape(np.shape(words))]


def checked_salt(salt: Any) -> list[int] | None:
    """Return the key of a hash that one or two numbers make; None for none.

    Raises:
        DataError: for anything else.
    """
    if salt is None:
        return None
    if isinstance(salt, int):
        return [salt, salt]
    if isinstance(salt, (tuple, list)) and len(salt) == 2:
        return [int(part) for part in salt]
    raise DataError(f"A salt is one or two whole numbers; got {salt!r}.", "write salt=[133, 137], say.")


class Hashing(Layer):
    """Numbers words, or whole numbers, by a hash.

    Args:
        num_bins: how many numbers there are.
        mask_value: stands for no word: 0, which then is no other word's number.
        salt: one or two numbers that change the hash: SipHash instead of FarmHash.
        output_mode: `int` for the numbers; `one_hot`, `multi_hot` or `count` as in CategoryEncoding.

    Raises:
        DataError: for a number of numbers below 1, a salt that is none, or numbers that aren't whole.
        NameUnknownError: for an unknown mode.

    Example:
        >>> import klods
        >>> klods.keras.layers.Hashing(3)([["A"], ["B"], ["C"]]).numpy().tolist()
        [[1], [0], [1]]
    """

    built = True
    takes_text = True

    def __init__(
        self, num_bins: int, mask_value: Any = None, salt: Any = None, output_mode: str = "int", **kwargs: Any
    ) -> None:
        super().__init__(**{**kwargs, "dtype": _dtype(kwargs.get("dtype"), output_mode)})
        self.num_bins = _checked_count(num_bins)
        self.mask_value, self.salt = mask_value, checked_salt(salt)
        self.output_mode = checked_mode(output_mode, MODES)
        if self.output_mode == "int" and self._dtype.kind != "i":
            raise DataError(f"Layer '{self.name}' gives whole numbers; got dtype={self.dtype}.", "use int32 or int64.")

    def call(self, inputs: Any) -> Tensor:
        x = convert_to_tensor(inputs)
        return computed(self._encoded, [x], self.compute_output_shape(x.value.shape), self._dtype)

    def _encoded(self, words: Any) -> np.ndarray:
        words = np.asarray(words)
        numbers = self._numbers(words.astype("int64") if words.dtype.kind == "f" else words)
        return encoded(numbers, self.output_mode, self.num_bins, self._dtype)

    def _numbers(self, words: np.ndarray) -> np.ndarray:
        if self.mask_value is None:
            return buckets(words, self.num_bins, self.salt)
        mask = words == (self.mask_value.encode() if isinstance(self.mask_value, str) else self.mask_value)
        left = max(self.num_bins - 1, 1)
        return np.where(mask, 0, buckets(words, left, self.salt) + (self.num_bins > 1))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return encoded_shape(input_shape, self.output_mode, self.num_bins)


class HashedCrossing(Layer):
    """Numbers combinations of words, or whole numbers, by a hash.

    Args:
        num_bins: how many numbers there are.
        output_mode: `int` for the numbers, or `one_hot` as in CategoryEncoding.

    It is called on two or more inputs of one shape, (), (batch,) or (batch, 1).

    Raises:
        DataError: for a number of numbers below 1; at a call, for fewer inputs.
        DTypeError: at a call, for numbers that aren't whole.
        NameUnknownError: for an unknown mode.
        ShapeError: at a call, for inputs of other shapes.

    Example:
        >>> import klods
        >>> klods.keras.layers.HashedCrossing(5)((["A", "B"], [101, 102])).numpy().tolist()
        [1, 1]
    """

    built = True
    takes_text = True

    def __init__(self, num_bins: int, output_mode: str = "int", **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": _dtype(kwargs.get("dtype"), output_mode)})
        self.num_bins, self.output_mode = _checked_count(num_bins), checked_mode(output_mode, MODES[:2])

    def _as_inputs(self, x: Any) -> Any:
        return [convert_to_tensor(part) for part in x] if isinstance(x, (list, tuple)) else super()._as_inputs(x)

    def call(self, inputs: Any) -> Tensor:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise DataError(f"Layer '{self.name}' crosses two inputs or more.", "pass them in a list.")
        shape = inputs[0].value.shape
        if any(x.value.shape != shape for x in inputs) or len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            shapes = " and ".join(str(tuple(x.value.shape)) for x in inputs)
            raise ShapeError(f"Layer '{self.name}' got inputs of {shapes}.", "give all the shape (batch,).")
        if any(x.value.dtype.kind not in "Siu" for x in inputs):
            raise DTypeError(f"Layer '{self.name}' crosses text and whole numbers alone.", "cast the inputs.")
        given = [convert_to_tensor(x) for x in inputs]
        return computed(self._encoded, given, self.compute_output_shape([shape]), self._dtype)

    def _encoded(self, *inputs: Any) -> np.ndarray:
        columns = [np.reshape(x, -1).tolist() for x in inputs]
        numbers = np.array([_crossed(words) % self.num_bins for words in zip(*columns)], np.int64)
        return encoded(numbers.reshape(np.shape(inputs[0])), self.output_mode, self.num_bins, self._dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return encoded_shape(input_shape[0], self.output_mode, self.num_bins)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return what stands for the outputs."""
        return KerasTensor(self.compute_output_shape([x.shape for x in inputs]), self.dtype)


def _crossed(words: Sequence[Any]) -> int:
    """Return a fingerprint of several words."""
    found = CROSSING
    for word in words:
        found = joined(found, word if isinstance(word, int) else farm_hash(word))
    return found


def _text(word: Any) -> bytes:
    return word if isinstance(word, bytes) else str(int(word)).encode()


def _dtype(given: Any, output_mode: str) -> Any:
    return "int64" if given is None and output_mode == "int" else given


def _checked_count(num_bins: int) -> int:
    if not isinstance(num_bins, int) or num_bins < 1:
        raise DataError(f"num_bins is a whole number, 1 or more; got {num_bins!r}.", "write num_bins=100, say.")
    return num_bins
