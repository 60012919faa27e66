"""The command `klods explain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from klods import keras
from klods.app.mnist import as_rows, network
from klods.errors import StateError
from klods.explanation import Explanation, explain
from klods.explanation.subject import made_up
from klods.keras.datasets import mnist


def explained(file: Path | None, batch_size: int) -> Explanation:
    """Return the explanation of a saved model's training step; of that of `klods mnist` without a file.

    Raises:
        KlodsError: for a file that can't be loaded, or holds a model that can't be trained.
    """
    if file is None:
        images, labels = mnist.load_data()[0]
        return explain(network(), as_rows(images[:batch_size]), labels[:batch_size])
    model: Any = keras.models.load_model(file)
    if not model.compiled:
        raise StateError(f"The model in {file} was saved without compile.", "compile it before it is saved.")
    return explain(model, made_up(model, batch_size))


def shown(plan: Explanation, kernel: int, parts: Sequence[str]) -> Iterator[str]:
    """Yield what is asked for of a kernel."""
    for part in parts:
        if part == "optimised":
            yield plan.ir(kernel, optimised=True)
        else:
            yield str(getattr(plan, part)(kernel))
