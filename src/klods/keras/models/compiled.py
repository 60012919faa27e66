"""What `compile` was given, checked: the loss and the metrics."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError
from klods.keras import losses, metrics
from klods.keras.configuration import serialize
from klods.keras.models.figures import names_apart
from klods.tensor import Tensor


class Compiled:
    """The loss and the metrics of a model.

    Args:
        loss: a name, a function of labels and predictions, a Loss, or None.
        loss_weights: a number that the loss is multiplied by, or None.
        wanted: names, functions or Metrics.
        weighted: metrics that take sample weights into account.

    Attributes:
        loss: the Loss, or None.
        mean: the running mean of the loss.
        metrics: the Metrics.

    Raises:
        NameUnknownError: for an unknown name.
        DataError: for what is no loss, metric or weight.
    """

    def __init__(self, loss: Any, loss_weights: Any, wanted: Any, weighted: Any) -> None:
        weight = _for_output(loss_weights)
        if not isinstance(weight, (int, float, type(None))):
            raise DataError(f"loss_weights is a number; got {loss_weights!r}.", "write loss_weights=2.0, say.")
        self.loss = None if loss is None else losses.as_loss(_for_output(loss))
        self.mean = metrics.Mean(name="loss")
        self._weight = weight
        plain, heeding = _made("metrics", wanted), _made("weighted_metrics", weighted)
        self.metrics = plain + heeding
        self._weighted = [False] * len(plain) + [True] * len(heeding)
        self._given = {"loss": loss, "loss_weights": loss_weights, "metrics": wanted, "weighted_metrics": weighted}
        self._shown = names_apart(list(zip(self.metrics, self._weighted)))

    def get_config(self) -> dict[str, Any]:
        """Return what was given, as plain data."""
        return {name: serialize(value) for name, value in self._given.items()}

    def loss_of(self, y: Any, y_pred: Any, sample_weight: Any) -> Tensor:
        """Return the loss of a batch, times its weight."""
        loss = self.loss(y, y_pred, sample_weight)  # type: ignore[misc]
        return loss if self._weight is None else loss * self._weight

    def note_loss(self, loss: Tensor, samples: int) -> None:
        """Take a batch into account in the mean loss, which counts each sample alike."""
        self.mean.total.assign_add(loss * samples)
        self.mean.count.assign_add(samples)

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Take a batch into account in all metrics."""
        for metric, weighted in zip(self.metrics, self._weighted):
            metric.update_state(y, y_pred, sample_weight if weighted else None)

    def name_of(self, metric: metrics.Metric) -> str:
        """Return the name under which a metric is shown."""
        return self._shown.get(id(metric), metric.name)


def _for_output(given: Any) -> Any:
    """Return what was given for the only output, alone or in a list or dict."""
    if isinstance(given, (list, tuple)) and len(given) == 1:
        return given[0]
    if isinstance(given, dict) and len(given) == 1:
        return next(iter(given.values()))
    return given


def _made(role: str, given: Any) -> list[metrics.Metric]:
    """Return the metrics given for the only output."""
    if not isinstance(given, (list, tuple, dict, type(None))):
        raise DataError(f"{role} is a list; got {given!r}.", f"write {role}=['accuracy'], say.")
    given = list(given.values()) if isinstance(given, dict) else given or []
    wanted = [item for part in given for item in (part if isinstance(part, (list, tuple)) else [part])]
    return [metrics.as_metric(identifier) for identifier in wanted]
