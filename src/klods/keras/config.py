"""Settings: the default floating dtype, the small number that keeps logarithms finite, and what is shown."""

from __future__ import annotations

from typing import Any

from klods import errors
from klods.errors import unknown_name
from klods.missing import reporter

_settings: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "interactive_logging": True,
}


def floatx() -> str:
    """Return the default floating dtype."""
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Set the dtype of new layers, and of what they take and give.

    Raises:
        NameUnknownError: for a dtype that is not floating.
    """
    _settings["floatx"] = _one_of("floatx", value, "float16", "float32", "float64")


def epsilon() -> float:
    """Return the number that probabilities keep away from 0 and 1."""
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Set the number that probabilities keep away from 0 and 1."""
    _settings["epsilon"] = value


def image_data_format() -> str:
    """Return where an image's channels are: `channels_last` or `channels_first` among its axes."""
    return _settings["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Set where an image's channels are.

    Raises:
        NameUnknownError: for another word than `channels_last` and `channels_first`.
    """
    _settings["image_data_format"] = checked_data_format(data_format)


def checked_data_format(data_format: str | None) -> str:
    """Return where an image's channels are by a function's argument; by the setting for None.

    Raises:
        NameUnknownError: for another word than `channels_last` and `channels_first`.
    """
    if data_format is None:
        return image_data_format()
    return _one_of("data_format", str(data_format).lower(), "channels_last", "channels_first")


def backend() -> str:
    """Return `tensorflow`: of Keras's backends, the one whose functions klods has, for programs that ask."""
    return "tensorflow"


def enable_traceback_filtering() -> None:
    """Show errors without the frames inside klods, as from the start."""
    errors.filter_frames(True)


def disable_traceback_filtering() -> None:
    """Show errors with all frames."""
    errors.filter_frames(False)


def is_traceback_filtering_enabled() -> bool:
    """Tell whether errors are shown without the frames inside klods."""
    return errors.filters_frames()


def enable_interactive_logging() -> None:
    """Have downloads and the like print what they do, as from the start."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Have downloads and the like keep silent."""
    _settings["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    """Tell whether downloads and the like print what they do."""
    return _settings["interactive_logging"]


def _one_of(name: str, value: Any, *known: str) -> str:
    if value not in known:
        raise unknown_name(name, value, known)
    return str(value)


__getattr__ = reporter(
    __name__, found_in=dict.fromkeys(("dtype_policy", "set_dtype_policy"), "klods.keras.dtype_policies")
)
