"""Data sets that come with klods; nothing is downloaded."""

from klods.keras.datasets import mnist
from klods.missing import reporter

__all__ = ["mnist"]
__getattr__ = reporter(__name__)
