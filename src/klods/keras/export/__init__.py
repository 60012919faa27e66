"""Models in formats that other programs run."""

from klods.keras.export.onnx import export_onnx
from klods.missing import reporter

__all__ = ["export_onnx"]
__getattr__ = reporter(__name__)
