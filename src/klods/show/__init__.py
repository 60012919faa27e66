"""Pictures of live values, for notebooks (SVG), files (SVG, PNG, PDF) and the terminal (text).

Each function returns a `Picture`, or `Slides` to step through; `save(path)` writes it, `print` writes it as text.
"""

from klods.missing import reporter

_DRAWN_BY = {
    "activations": "klods.show.networks",
    "confusion": "klods.show.results",
    "descent": "klods.show.descents",
    "graph": "klods.show.computation.graph",
    "history": "klods.show.results",
    "kernels": "klods.show.compilation",
    "landscape": "klods.show.landscapes",
    "misread": "klods.show.results",
    "tensor": "klods.show.tensors",
    "transform": "klods.show.transforms",
    "uncrumple": "klods.show.uncrumpled",
    "weights": "klods.show.filters",
}
__all__ = [*_DRAWN_BY]
__getattr__ = reporter(__name__, found_in=_DRAWN_BY)
