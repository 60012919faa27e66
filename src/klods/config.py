"""TensorFlow's `tf.config`: which devices there are, and whether functions run traced."""

from __future__ import annotations

from typing import NamedTuple

from klods.compiled import functions_run_eagerly, run_functions_eagerly
from klods.missing import reporter


class PhysicalDevice(NamedTuple):
    """What computes.

    Args:
        name: its name.
        device_type: its kind, such as `CPU`.
    """

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """Return the devices of a kind, or all: klods has the processor alone.

    Example:
        >>> list_physical_devices("GPU")
        []
        >>> list_physical_devices()
        [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
    """
    devices = [PhysicalDevice("/physical_device:CPU:0", "CPU")]
    return [device for device in devices if device_type in (None, device.device_type)]


__all__ = ["PhysicalDevice", "functions_run_eagerly", "list_physical_devices", "run_functions_eagerly"]
__getattr__ = reporter(__name__)
