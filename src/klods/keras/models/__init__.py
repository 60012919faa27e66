"""The models."""

from klods.keras.configuration import by_name
from klods.keras.layers import MODELS
from klods.keras.models.cloning import clone_model
from klods.keras.models.model import Functional, Model
from klods.keras.models.sequential import Sequential
from klods.keras.saving import load_model, save_model
from klods.keras.saving.serialization import model_from_json
from klods.missing import reporter

MODELS.update(by_name(Functional, Sequential), Model=Functional)

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]
__getattr__ = reporter(__name__)
