"""The libraries that only some parts of klods need."""

from __future__ import annotations

from importlib.util import find_spec

from klods.errors import StateError


def require(extra: str, purpose: str, *libraries: str) -> None:
    """Check that an optional part of klods is installed.

    Args:
        extra: the name of the extra in `pip install 'klods[extra]'`.
        purpose: what needs it, as the start of a sentence.
        libraries: the modules that it brings.

    Raises:
        StateError: naming the modules that are missing, and the command that installs them.
    """
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        needed = " and ".join(missing)
        raise StateError(f"{purpose} needs {needed}, not installed here.", f"pip install 'klods[{extra}]'")
