"""Models in formats that other programs run."""

from klods.keras.export.onnx import export_onnx

__all__ = ["export_onnx"]
