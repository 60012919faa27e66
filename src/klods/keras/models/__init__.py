"""The models."""

from klods.keras.models.model import Model
from klods.keras.models.sequential import Sequential
from klods.keras.saving import load_model, save_model
from klods.missing import reporter

__all__ = ["Model", "Sequential", "load_model", "save_model"]
__getattr__ = reporter(__name__)
