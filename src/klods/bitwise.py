"""TensorFlow's `tf.bitwise`: the bits of whole numbers."""

from __future__ import annotations

from klods.missing import reporter
from klods.ops.comparison import bitwise_and, bitwise_or, bitwise_xor, invert

__all__ = ["bitwise_and", "bitwise_or", "bitwise_xor", "invert"]
__getattr__ = reporter(__name__)
