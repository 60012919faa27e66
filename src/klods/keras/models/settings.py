"""Settings: what `compile` was given for the only output of a model, in any of the forms that Keras takes."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError
from klods.keras import metrics as metric_classes


def for_output(given: Any) -> Any:
    """Return what was given for the only output, alone or in a list or dict."""
    if isinstance(given, (list, tuple)) and len(given) == 1:
        return given[0]
    if isinstance(given, dict) and len(given) == 1:
        return next(iter(given.values()))
    return given


def listed(role: str, metrics: Any) -> list[Any]:
    """Return the metrics given for the only output.

    Raises:
        DataError: for a metric outside a list.
        NameUnknownError: for an unknown name.
    """
    if metrics is None:
        return []
    if not isinstance(metrics, (list, tuple, dict)):
        raise DataError(f"{role} is a list; got {metrics!r}.", f"write {role}=['accuracy'], say.")
    inner = for_output(metrics)
    wanted = inner if isinstance(inner, (list, tuple)) else metrics
    wanted = list(wanted.values() if isinstance(wanted, dict) else wanted)
    for identifier in wanted:
        if not metric_classes.is_general(identifier):
            metric_classes.get(identifier)
    return wanted
