"""What `compile` was given, checked: the losses and the metrics, and the outputs that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from klods.errors import DataError
from klods.keras import losses, metrics
from klods.keras.configuration import serialize
from klods.keras.models.compile_metrics import LossMean
from klods.keras.models.figures import by_shown_name
from klods.keras.models.outputs import CONTAINERS, Outputs, Path, at
from klods.structures import leaves
from klods.tensor import Tensor


class Part(NamedTuple):
    """What belongs to one output.

    Attributes:
        path: where the output is found in what the model returns.
        label: how an error calls it.
        name: what the names of its metrics begin with; None for nothing.
        loss: its Loss, or None.
        weight: what the loss is multiplied by in the sum of all, or None.
        mean: the running mean of its loss, if there are several.
        metrics: its metrics.
        weighted: those that take sample weights into account.
    """

    path: Path
    label: str
    name: str | None
    loss: losses.Loss | None
    weight: float | None
    mean: LossMean | None
    metrics: list[metrics.Metric]
    weighted: list[metrics.Metric]


class Placed(NamedTuple):
    """What belongs to one output, and its part of a batch: targets and sample weights, None where there are none."""

    part: Part
    target: Any
    output: Any
    sample_weight: Any


class Compiled:
    """The losses and the metrics of a model.

    They are made at once, and laid out on the outputs when these are first seen.

    Args:
        loss: a name, a function of labels and predictions, a Loss, or None; for several outputs a list or dict of such.
        loss_weights: numbers that the losses are multiplied by, alike, or None.
        wanted: names, functions or Metrics, in a list; for several outputs a list or dict of such, or of lists of them.
        weighted: metrics that take sample weights into account.
        names: the model's own names for its outputs, if it has such.

    Attributes:
        loss: the Loss, or Losses in the structure that they were given in; None without.
        mean: the running mean of the loss.
        means: the running means of the outputs' losses, if there are several, once `loss_of` has noted them.
        metrics: the Metrics by the names that they are shown under.
        has_metrics: whether there were metrics given, be it an empty list.

    Raises:
        NameUnknownError: for an unknown name.
        DataError: for what is no loss, metric or weight.
    """

    def __init__(
        self, loss: Any, loss_weights: Any, wanted: Any, weighted: Any, names: Sequence[str] | None = None
    ) -> None:
        self.loss = _converted(loss, _as_loss)
        self._weights = _weights(loss_weights, loss)
        self.mean = metrics.Mean(name="loss")
        self._plain, self._weighted = _metrics("metrics", wanted), _metrics("weighted_metrics", weighted)
        self._given = {"loss": loss, "loss_weights": loss_weights, "metrics": wanted, "weighted_metrics": weighted}
        self._names = names
        self._outputs: Outputs | None = None
        self._parts: list[Part] = []
        self._means: list[LossMean] = []
        self.means: list[LossMean] = []
        unplaced = [(metric, None, False) for metric in _leaves(self._plain)]
        self.metrics = by_shown_name([*unplaced, *((metric, None, True) for metric in _leaves(self._weighted))])
        self.has_metrics = wanted is not None or weighted is not None

    def get_config(self) -> dict[str, Any]:
        """Return what was given, as plain data."""
        return {name: serialize(value) for name, value in self._given.items()}

    # ------------------------------------------------------------ outputs

    def parts(self, y_pred: Any) -> list[Part]:
        """Return what belongs to each output.

        Raises:
            DataError: if losses or metrics were given in a structure that doesn't fit the outputs.
        """
        outputs = Outputs(y_pred, self._names)
        if self._outputs is None or self._outputs.paths != outputs.paths:
            self._parts = self._laid_out(outputs)
            self._outputs = outputs
        return self._parts

    def _laid_out(self, outputs: Outputs) -> list[Part]:
        count = len(outputs.paths)
        weights = outputs.laid_out(self._weights, "loss_weights")
        given = self.loss if isinstance(self.loss, CONTAINERS) else [self.loss] * count
        chosen = {path: loss for path, loss in outputs.laid_out(given, "loss").items() if loss is not None}
        names = dict(zip(outputs.paths, outputs.names))
        means = {path: _mean(path, names[path], loss) for path, loss in chosen.items() if len(chosen) > 1}
        plain = _for_outputs(outputs, self._plain, "metrics")
        weighted = _for_outputs(outputs, self._weighted, "weighted_metrics")
        parts = [
            Part(
                path=path,
                label=outputs.label(i),
                name=names[path] if count > 1 else None,
                loss=chosen.get(path),
                weight=weights.get(path),
                mean=means.get(path),
                metrics=plain[i],
                weighted=weighted[i],
            )
            for i, path in enumerate(outputs.paths)
        ]
        self.metrics, self._means = by_shown_name(_told_apart(parts)), [*means.values()]
        for name, mean in by_shown_name([(mean, None, False) for mean in self._means], self.metrics).items():
            mean.name = name
        return parts

    # ------------------------------------------------------------ batches

    def placed(self, y: Any, y_pred: Any, sample_weight: Any = None) -> list[Placed]:
        """Return what belongs to each output, and its own part of a batch.

        Args:
            y: targets, alone or in a structure like that of the outputs; of outputs without a loss they may be missing.
            y_pred: the outputs.
            sample_weight: one array for all outputs, or a structure as of targets.

        Raises:
            DataError: for a structure that doesn't fit the outputs, or if there are no targets for a loss or metric.
        """
        parts = self.parts(y_pred)
        outputs: Any = self._outputs
        same = not isinstance(sample_weight, CONTAINERS)
        weights = {} if same else outputs.laid_out(sample_weight, "sample_weight")
        targets = _for_losses(y, parts) or outputs.laid_out(y, "y")
        for part in parts:
            if targets.get(part.path) is None and (needy := _needy(part)):
                raise DataError(f"{part.label}There are no targets y for the {needy}.", "pass them: fit(x, y).")
        return [
            Placed(p, targets.get(p.path), at(y_pred, p.path), sample_weight if same else weights.get(p.path))
            for p in parts
        ]

    def loss_of(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Tensor | None:
        """Return the sum of the outputs' losses on a batch, each times its weight; None if no output has one.

        Raises:
            DataError: for targets or weights that are missing, or in a structure that doesn't fit the outputs.
        """
        total: Any = None
        placed = self.placed(y, y_pred, sample_weight) if _leaves(self.loss) else []
        self.means = self._means
        for part, target, output, weight in placed:
            if part.loss is None:
                continue
            loss = part.loss(target, output, weight)
            if part.mean is not None:
                note(part.mean, loss, output.value.shape[0])
            loss = loss if part.weight is None else loss * part.weight
            total = loss if total is None else total + loss
        return total


def _for_losses(y: Any, parts: list[Part]) -> dict[Path, Any]:
    """Return the targets by their outputs' paths, if there is one for each loss and none for the other outputs."""
    asked = [part.path for part in parts if part.loss is not None]
    given: Any = [y] if y is not None and not isinstance(y, CONTAINERS) else y
    fits = isinstance(given, (list, tuple)) and len(given) == len(asked) < len(parts)
    return dict(zip(asked, given)) if fits else {}


def _needy(part: Part) -> str:
    """Return what needs targets for an output, if anything."""
    if part.loss is not None:
        return f"loss '{part.loss.name}'"
    return f"metric '{metric.name}'" if (metric := next(iter([*part.metrics, *part.weighted]), None)) else ""


def note(mean: metrics.Mean, loss: Tensor, samples: int) -> None:
    """Take a batch into account in a mean loss, which counts each sample alike."""
    mean.total.assign_add(loss * samples)
    mean.count.assign_add(samples)


def _told_apart(parts: list[Part]) -> list[tuple[metrics.Metric, str | None, bool]]:
    """Return all metrics with the names of their outputs, and whether they heed sample weights."""
    plain = [(metric, part.name, False) for part in parts for metric in part.metrics]
    weighted = [(metric, part.name, True) for part in parts for metric in part.weighted]
    return [*plain, *weighted]


def _mean(path: Path, name: str | None, loss: losses.Loss) -> LossMean:
    """Return the running mean of an output's loss; what has no name is called after the loss."""
    last = path[-1] if isinstance(path[-1], str) else name or loss.name
    return LossMean(name="/".join(map(str, (*path[:-1], f"{last}_loss"))))


def _for_outputs(outputs: Outputs, given: Any, role: str) -> list[list[metrics.Metric]]:
    """Return the metrics of each output."""
    if len(outputs.paths) == 1:
        return [_leaves(given)]
    placed = outputs.laid_out(given or None, role, several=True)
    return [_leaves(placed.get(path)) for path in outputs.paths]


# ------------------------------------------------------------ what is given


def _converted(given: Any, convert: Any) -> Any:
    """Return a structure with each leaf converted; None stays None. The description of an object is a leaf."""
    if isinstance(given, dict) and "class_name" not in given:
        return {key: _converted(item, convert) for key, item in given.items()}
    if isinstance(given, (list, tuple)):
        return [_converted(item, convert) for item in given]
    return None if given is None else convert(given)


def _leaves(given: Any) -> list[Any]:
    """Return what is in a structure, without None."""
    return [leaf for leaf in leaves(given) if leaf is not None]


def _as_loss(identifier: Any) -> losses.Loss:
    """Return a Loss, which has the name it was given by; `crossentropy` is the kind that the shapes call for."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        return losses.LossFunctionWrapper(metrics.crossentropy_by_shape, name=identifier)
    loss = losses.as_loss(identifier)
    if isinstance(identifier, str) and type(loss) is losses.LossFunctionWrapper:
        loss.name = identifier
    return loss


def _weights(given: Any, loss: Any) -> Any:
    if not isinstance(loss, CONTAINERS) and len(_leaves(given)) > 1:
        raise DataError(f"loss_weights is a number for a single loss; got {given!r}.", "write loss_weights=2.0, say.")
    return _converted(given, _as_weight)


def _as_weight(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float, np.number)):
        raise DataError(f"loss_weights are numbers; got {given!r}.", "write loss_weights=2.0, say.")
    return float(given)


def _metrics(role: str, given: Any) -> Any:
    if not isinstance(given, (*CONTAINERS, type(None))):
        raise DataError(f"{role} is a list; got {given!r}.", f"write {role}=['accuracy'], say.")
    return _converted(given, metrics.as_metric)
