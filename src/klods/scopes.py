"""Contexts of TensorFlow's: where operations run, and what they are called. Here all run on the processor, in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from klods.errors import DataError


@contextmanager
def device(device_name: str | None) -> Iterator[None]:
    """Run what is inside on a device, of which there is one: the processor.

    Raises:
        DataError: for another device.

    Example:
        >>> import klods
        >>> with klods.device("/CPU:0"):
        ...     klods.ones(2).device
        '/device:CPU:0'
    """
    if device_name is not None and "cpu" not in device_name.lower():
        raise DataError(f"There is no device {device_name!r}: klods runs on the processor.", "use '/CPU:0'.")
    yield


@contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Give a name to what is inside, for readers: names of variables and operations don't change."""
    yield f"{name}/"


@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """Run what is inside after other operations, which is so anyway: operations run in the order of the program."""
    yield


@contextmanager
def init_scope() -> Iterator[None]:
    """Run what is inside as it is."""
    yield
