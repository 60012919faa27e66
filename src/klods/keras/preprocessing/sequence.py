"""Sequences of one length; see `keras.utils`."""

from klods.keras.utils import pad_sequences
from klods.missing import reporter

__all__ = ["pad_sequences"]
__getattr__ = reporter(__name__)
