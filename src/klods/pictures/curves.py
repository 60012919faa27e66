"""The figures of a training run, sorted into charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from klods.pictures.svg import lines


def panels(history: Mapping[str, Sequence[float]]) -> dict[str, dict[str, Sequence[float]]]:
    """Return the series of one chart per figure: the training's, and the validation's if there is one; the loss first.

    Example:
        >>> panels({"accuracy": [0.9], "loss": [0.3], "val_loss": [0.4]})
        {'loss': {'training': [0.3], 'validation': [0.4]}, 'accuracy': {'training': [0.9]}}
    """
    sorted_figures: dict[str, dict[str, Sequence[float]]] = {}
    for name in sorted(history, key=lambda name: name.removeprefix("val_") != "loss"):
        figure, run = name.removeprefix("val_"), "validation" if name.startswith("val_") else "training"
        sorted_figures.setdefault(figure, {})[run] = history[name]
    return sorted_figures


def curves_html(history: Mapping[str, Sequence[float]]) -> str:
    """Return the charts of a training run side by side, for a notebook."""
    charts = [lines(series, figure, x_label="epoch") for figure, series in panels(history).items()]
    return '<div style="display:flex;flex-wrap:wrap;gap:1em">' + "".join(charts) + "</div>"
