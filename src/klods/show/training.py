"""A picture of how training went: its curves, and the digits that are still misread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.pictures.curves import curves
from klods.pictures.page import stacked
from klods.show.images import as_images
from klods.show.picture import DPI, save_drawing
from klods.show.results import misread_picture, readings


def save_report(path: Any, history: Mapping[str, Sequence[float]], images: Any, labels: Any, predictions: Any) -> None:
    """Save the training curves and, below, a sheet of what is misread: that read most surely first, at most 40.

    Args:
        path: the picture's file; its suffix, .svg, .png, .pdf or .jpg, chooses the format.
        history: for each figure (`loss`, `val_loss` ...) its value after each epoch.
        images: an array of shape (images, height, width).
        labels: the true classes, integers of shape (images,), or one-hot.
        predictions: a probability for each class, an array of shape (images, classes).

    Raises:
        FileError: for another suffix, or a file that can't be written; what stood there before stays.
        StateError: where matplotlib is needed and isn't installed.
        DataError: for arrays whose lengths or shapes don't fit, or an empty history.
    """
    images, predictions = np.asarray(images), np.asarray(predictions)
    if not history:
        raise DataError("The history has no figures to draw.", "pass the `history` of what fit returned.")
    if images.ndim < 2 or len(images) != len(predictions):
        raise DataError(
            f"Images of shape {images.shape} and predictions of shape {predictions.shape} don't fit.",
            "pass the shapes (n, height, width) and (n, classes).",
        )
    sheet = misread_picture(readings(labels, predictions), as_images(images))
    save_drawing(stacked("Training report", [curves(history), sheet.drawing]), path, DPI)
