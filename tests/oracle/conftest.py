"""The oracle group: klods beside the real Keras on JAX, installed by `make oracle`."""

from __future__ import annotations

import importlib.util
import os
from importlib.metadata import version
from typing import Any

import pytest

OLDEST = (3, 15)  # before, Keras had other names, configurations and figures of single batches

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# NumPy's threads wait for each other in loops: beside JAX's, on few cores, that takes longer than the work itself.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_configure(config: pytest.Config) -> None:
    """Say what is missing, and silence what Keras does to arrays of JAX."""
    missing = [name for name in ("keras", "jax") if importlib.util.find_spec(name) is None]
    if missing or release("keras") < OLDEST:
        found = f"not installed here: {', '.join(missing)}" if missing else f"this is {version('keras')}"
        raise pytest.UsageError(
            f"tests/oracle compares klods with the real Keras, 3.15 or newer, on JAX; {found}. "
            "Run `make oracle`, or: pip install -e '.[oracle]'"
        )
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation:DeprecationWarning")


def release(package: str) -> tuple[int, int]:
    """Return the first two numbers of a package's version."""
    major, minor = version(package).split(".")[:2]
    return int(major), int(minor)


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Give every test the same random numbers and names that start anew, in both libraries."""
    import keras

    import klods

    keras.utils.clear_session(free_memory=False)
    klods.keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    klods.keras.utils.set_random_seed(1)


@pytest.fixture(autouse=True)
def kept_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what layers add to the loss: Keras knows it by id(), and mixes losses up when one gets another's id."""
    import keras

    kept = []
    add_loss = keras.Layer.add_loss

    def add_and_keep(layer: keras.Layer, loss: Any) -> None:
        kept.append(loss)
        add_loss(layer, loss)

    monkeypatch.setattr(keras.Layer, "add_loss", add_and_keep)
