"""The oracle group: klods beside the real Keras on JAX, installed by `make oracle`."""

from __future__ import annotations

import importlib.util
import os

import pytest

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

missing = [name for name in ("keras", "jax") if importlib.util.find_spec(name) is None]
if missing:
    raise pytest.UsageError(
        f"tests/oracle compares klods with the real Keras on JAX; not installed here: {', '.join(missing)}. "
        "Run `make oracle`, or: pip install -e '.[oracle]'"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Silence what Keras does to arrays of JAX."""
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Give every test the same random numbers and names that start anew, in both libraries."""
    import keras

    import klods

    keras.utils.clear_session(free_memory=False)
    klods.keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    klods.keras.utils.set_random_seed(1)
