"""The models."""

from klods.keras.models.model import Model
from klods.keras.models.sequential import Sequential
from klods.missing import reporter


__all__ = ["Model", "Sequential"]
__getattr__ = reporter(__name__)
