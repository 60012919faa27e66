"""A picture of how training went: its curves, and the digits that are still misread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from klods.errors import DataError, FileError
from klods.files import check_writable, write_whole
from klods.pictures.curves import panels
from klods.pictures.svg import COLOURS

SUFFIXES = (".png", ".svg", ".pdf")
COLUMNS, ROWS = 10, 4  # of the sheet
WIDTH, CURVES_HEIGHT, ROW_HEIGHT, TITLE_HEIGHT = 11.0, 3.4, 1.45, 0.5  # in inches

History = Mapping[str, Sequence[float]]


def save_report(path: Any, history: History, images: Any, labels: Any, predictions: Any) -> None:
    """Save the training curves and, below, a sheet of misread digits: those read most surely first, at most 40.

    Args:
        path: the picture's file; its suffix, .png, .svg or .pdf, chooses the format.
        history: for each figure (`loss`, `val_loss` ...) its value after each epoch.
        images: an array of shape (images, height, width).
        labels: the true digits, an array of shape (images,).
        predictions: a probability for each digit, an array of shape (images, classes).

    Raises:
        FileError: for another suffix, or a file that can't be written; what stood there before stays.
        DataError: for arrays whose lengths or ranks don't fit, or an empty history.
    """
    path = Path(path)
    check_report_path(path)
    images, labels, predictions = np.asarray(images), np.asarray(labels), np.asarray(predictions)
    _check_data(history, images, labels, predictions)
    figure = _report(history, images, labels, predictions)
    write_whole(path, lambda file: figure.savefig(file, format=path.suffix[1:].lower(), dpi=150))


def check_report_path(path: Path) -> None:
    """Find out, before training, that no picture can be written to a path.

    Raises:
        FileError: for a suffix other than .png, .svg or .pdf, or a place that can't be written to.
    """
    if path.suffix.lower() not in SUFFIXES:
        ending = f"ends in '{path.suffix}'" if path.suffix else "has no suffix"
        raise FileError(f"A picture is saved as .png, .svg or .pdf; '{path}' {ending}.", f"name it '{path.stem}.png'.")
    check_writable(path)


def _check_data(history: History, images: np.ndarray, labels: np.ndarray, predictions: np.ndarray) -> None:
    if not history:
        raise DataError("The history has no figures to draw.", "pass the `history` of what fit returned.")
    lengths = {len(images), len(labels), len(predictions)}
    if (images.ndim, labels.ndim, predictions.ndim) != (3, 1, 2) or len(lengths) > 1:
        raise DataError(
            f"Images of shape {images.shape}, labels {labels.shape} and predictions {predictions.shape} don't fit.",
            "pass the shapes (n, height, width), (n,) and (n, classes).",
        )


def _report(history: History, images: np.ndarray, labels: np.ndarray, predictions: np.ndarray) -> Figure:
    misread = _misread(labels, predictions)
    rows = math.ceil(min(len(misread), COLUMNS * ROWS) / COLUMNS)
    sheet_height = TITLE_HEIGHT + ROW_HEIGHT * rows
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = Figure(figsize=(WIDTH, CURVES_HEIGHT + sheet_height), layout=layout)
    above, below = figure.subfigures(2, 1, height_ratios=[CURVES_HEIGHT, sheet_height], squeeze=False)[:, 0]
    _draw_curves(above, history)
    below.suptitle(_sheet_title(len(misread), len(images)))
    if rows:
        _draw_digits(below.subplots(rows, COLUMNS, squeeze=False).ravel(), images, labels, predictions, misread)
    return figure


def _misread(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return the places of the images that are misread, the surest first."""
    places = np.flatnonzero(predictions.argmax(axis=1) != labels)
    return places[np.argsort(-predictions[places].max(axis=1), kind="stable")]


def _draw_curves(part: SubFigure, history: History) -> None:
    charts = panels(history)
    axes = part.subplots(1, len(charts), squeeze=False)[0]
    for chart, (figure, series) in zip(axes, charts.items()):
        _draw_chart(chart, figure, series)


def _draw_chart(axes: Axes, figure: str, series: History) -> None:
    for (run, values), colour, style in zip(series.items(), COLOURS, ("-", "--")):
        axes.plot(range(1, len(values) + 1), values, color=colour, linestyle=style, marker="o", markersize=4, label=run)
    axes.set_title(figure)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def _draw_digits(
    cells: Sequence[Axes], images: np.ndarray, labels: np.ndarray, predictions: np.ndarray, places: np.ndarray
) -> None:
    for axes in cells:
        axes.set_axis_off()
    for axes, place in zip(cells, places):
        read = predictions[place].argmax()
        axes.imshow(images[place], cmap="gray_r")
        axes.set_title(f"true {labels[place]}, read {read}\n{predictions[place, read]:.1%}", fontsize=8)


def _sheet_title(misread: int, images: int) -> str:
    if not misread:
        return f"None of the {images:,} digits is misread."
    shown = COLUMNS * ROWS
    which = f"the {shown} read most surely of {misread:,}" if misread > shown else f"all {misread:,}"
    return f"Misread digits: {which}, among {images:,} images"
