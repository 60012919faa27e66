"""Pages of the site that are worked out from the code."""

from __future__ import annotations


def pages() -> dict[str, str]:
    """Return the text of each generated page by its file name."""
    return {}
