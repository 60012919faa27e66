"""CompileMetrics: the metrics of `compile` as one, and the running means of several losses."""

from __future__ import annotations

from typing import Any

from klods.keras import metrics
from klods.keras.layers.tracking import unique
from klods.keras.models.outputs import CONTAINERS
from klods.tensor import Variable


class CompileMetrics(metrics.Metric):
    """What stands in `model.metrics` for all metrics of `compile`, of all outputs, as in Keras.

    Args:
        compiled: a `Compiled`, which knows the metrics of each output.

    Example:
        >>> import klods
        >>> model = klods.keras.Sequential([klods.keras.layers.Dense(1)])
        >>> model.compile(metrics=["mse", "mae"])
        >>> loss, both = model.metrics
        >>> both.update_state(klods.constant([[1.0]]), klods.constant([[4.0]]))
        >>> {name: float(figure) for name, figure in both.result().items()}
        {'mse': 9.0, 'mae': 3.0}
    """

    def __init__(self, compiled: Any) -> None:
        super().__init__(name="compile_metrics")
        self._compiled = compiled

    @property
    def named(self) -> dict[str, metrics.Metric]:
        """The metrics one by one, by the names that their figures are shown under."""
        return self._compiled.metrics

    @property
    def metrics(self) -> list[metrics.Metric]:
        """The metrics one by one."""
        return unique(self.named.values())

    @property
    def variables(self) -> list[Variable]:
        """The state of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account: sample weights in the metrics that were given as weighted.

        Args:
            y: the targets of all outputs, as `fit` takes them.
            y_pred: what the model returned.
            sample_weight: one array for all outputs, or a structure as of targets.

        Raises:
            DataError: for targets or weights that are missing, or in a structure that doesn't fit the outputs.
        """
        for part, target, output, weight in self._compiled.placed(y, y_pred, sample_weight) if self.metrics else []:
            for metric in part.metrics:
                metric.update_state(target, output)
            for metric in part.weighted:
                metric.update_state(target, output, weight)

    def result(self) -> dict[str, Any]:
        """Return the figures so far by their names, which begin with the output's if there are several."""
        return {name: metric.result() for name, metric in self.named.items()}

    def reset_state(self) -> None:
        """Forget all batches."""
        for metric in self.metrics:
            metric.reset_state()


class LossMean(metrics.Mean):
    """The running mean of one output's loss, which `compute_loss` notes.

    A step that hands the targets and predictions of all outputs to every metric but the loss doesn't mean this one.
    """

    def update_state(self, values: Any, *args: Any, **kwargs: Any) -> None:
        """Take a loss into account, but no targets of several outputs."""
        if not isinstance(values, CONTAINERS):
            super().update_state(values, *args, **kwargs)
