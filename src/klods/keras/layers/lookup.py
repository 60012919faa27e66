"""Layers that number the words of a vocabulary, which is given or found in data: IntegerLookup, StringLookup."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError
from klods.keras.layers.index_lookup import IndexLookup


class StringLookup(IndexLookup):
    """Numbers words by their place in a vocabulary, which is given or found in data by `adapt`.

    Its arguments are those of `IndexLookup`; text is UTF-8.

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.StringLookup()
        >>> layer.adapt(["b", "a", "b"])
        >>> layer.get_vocabulary(), layer([["a", "b"], ["c", "b"]]).numpy().tolist()
        (['[UNK]', 'b', 'a'], [[2, 1], [0, 1]])
    """

    takes_text = True
    token_dtype = "string"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        encoding: str = "utf-8",
        salt: Any = None,
        oov_method: str = "floormod",
        **kwargs: Any,
    ) -> None:
        self.encoding = checked_encoding(encoding)
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            pad_to_max_tokens,
            oov_method,
            salt,
            **kwargs,
        )


class IntegerLookup(IndexLookup):
    """Numbers whole numbers by their place in a vocabulary, which is given or found in data by `adapt`.

    Its arguments are those of `IndexLookup`.

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.IntegerLookup(vocabulary=[12, 36, 1138])
        >>> layer([[36, 12], [7, 1138]]).numpy().tolist()
        [[2, 1], [0, 3]]
    """

    token_dtype = "int64"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise DataError(f"IntegerLookup's numbers are int64; got {vocabulary_dtype!r}.", "leave it out.")
        self.vocabulary_dtype = vocabulary_dtype
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            pad_to_max_tokens,
            oov_method,
            salt,
            **kwargs,
        )


def checked_encoding(encoding: str) -> str:
    """Return the encoding of text.

    Raises:
        DataError: for another one than UTF-8.
    """
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise DataError(f"klods's text is UTF-8; got encoding={encoding!r}.", "decode the text when you read it.")
    return encoding
