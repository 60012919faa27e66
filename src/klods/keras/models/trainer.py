"""Trainer: compile, fit, evaluate and predict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from klods.errors import DataError, StateError
from klods.keras import losses, metrics as metric_classes, optimizers
from klods.keras.callbacks import Callback, History, Hooks
from klods.keras.configuration import serialize
from klods.keras.layers.layer import Layer
from klods.keras.models import numerics
from klods.keras.models.batches import Batch, Data, make_data, packed, picked, unpack
from klods.keras.models.figures import Logs, as_logs, names_apart, sorted_by_name
from klods.keras.models.settings import for_output, listed
from klods.pictures.progress import Progress
from klods.tape import GradientTape
from klods.tensor import Tensor, convert_to_tensor


class Trainer:
    """What a model needs to be trained: an optimizer, a loss, metrics, and the loops over batches."""

    trainable_weights: list[Any]
    losses: list[Tensor]
    name: str
    built: bool
    __call__: Callable[..., Any]
    call: Callable[..., Any]

    optimizer: optimizers.Optimizer | None = None
    stop_training = False
    compiled = False

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Sequence[Any] | None = None,
        weighted_metrics: Sequence[Any] | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
    ) -> None:
        """Choose how the model is trained.

        Args:
            optimizer: a name or an Optimizer.
            loss: a name, a function of labels and predictions, or a Loss.
            loss_weights: a number that the loss is multiplied by.
            metrics: names, functions or Metrics; `accuracy` is chosen by the shapes of labels and predictions.
            weighted_metrics: metrics that take sample weights into account.
            run_eagerly: whether to run a step operation by operation.
            steps_per_execution: accepted for Keras's sake.
            jit_compile: whether to compile a step.

        Raises:
            NameUnknownError: for an unknown name, with the nearest known one.
        """
        chosen, loss_object = optimizers.get(optimizer), None if loss is None else losses.as_loss(for_output(loss))
        wanted, weighted = listed("metrics", metrics), listed("weighted_metrics", weighted_metrics)
        self.optimizer, self.loss, self._loss = chosen, loss, loss_object
        self._loss_weight = for_output(loss_weights)
        self._wanted_metrics, self._wanted_weighted = wanted, weighted
        self._metrics: list[Any] | None = None
        self._shown: dict[int, str] = {}  # the names of figures by their metric's id
        self._loss_tracker = metric_classes.Mean(name="loss")
        self.run_eagerly, self.jit_compile = run_eagerly, jit_compile
        self.stop_training = False
        self.compiled = True

    @property
    def metrics(self) -> list[Any]:
        """The loss's running mean and the metrics."""
        own = [m for m in vars(self).values() if isinstance(m, metric_classes.Metric) and m is not self._tracker()]
        return [*([self._loss_tracker] if self.compiled else []), *self._compiled_metrics(), *own]

    def _tracker(self) -> Any:
        return self._loss_tracker if self.compiled else None

    def _compiled_metrics(self) -> list[Any]:
        return [m for m, _ in (self._metrics or [])] if self.compiled else []

    @property
    def metrics_names(self) -> list[str]:
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Start all running figures anew."""
        for metric in self.metrics:
            metric.reset_state()

    # ------------------------------------------------------------ one step

    def train_step(self, data: Batch) -> dict[str, Any]:
        """Train on one batch and return the figures so far; a model of your own may do it differently."""
        x, y, sample_weight = unpack(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        self._loss_tracker.update_state(loss, len_of(x))
        numerics.watch(self, x, y, loss)
        weights = self.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)  # type: ignore[union-attr]
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Batch) -> dict[str, Any]:
        """Evaluate one batch and return the figures so far."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        self._loss_tracker.update_state(self.compute_loss(x, y, y_pred, sample_weight), len_of(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Batch) -> Any:
        """Return the predictions for one batch."""
        return self(unpack(data)[0], training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """Return the loss of a batch: that of the predictions and what the layers add."""
        terms = list(self.losses)
        if self._loss is not None and y is not None:
            loss = self._loss(y, y_pred, sample_weight)
            terms.insert(0, loss if self._loss_weight is None else loss * self._loss_weight)
        if not terms:
            raise StateError(f"Model '{self.name}' has no loss to train on.", "give compile a loss, and fit targets y.")
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Take a batch into account in all metrics, and return the figures so far."""
        self._choose_metrics(y, y_pred)
        for metric, weighted in self._metrics or [] if y is not None else []:
            metric.update_state(y, y_pred, sample_weight if weighted else None)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the figures so far by their names; a metric may give several, as a dict."""
        figures: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            figures.update(result if isinstance(result, dict) else {self._shown.get(id(metric), metric.name): result})
        return figures

    def _choose_metrics(self, y: Any, y_pred: Any) -> None:
        """Make the metrics that `compile` was given, once labels and predictions are known."""
        if self._metrics is None and y is not None:
            self._metrics = [(metric_classes.as_metric(m, y, y_pred), False) for m in self._wanted_metrics]
            self._metrics += [(metric_classes.as_metric(m, y, y_pred), True) for m in self._wanted_weighted]
            self._shown = names_apart(self._metrics)

    # ------------------------------------------------------------ fit

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Train for a number of epochs, each a pass over all samples in a new order.

        Args:
            x: inputs, one row per sample.
            y: targets.
            batch_size: samples per step, 32 by default.
            epochs: the number of the epoch to end after.
            verbose: 0 for silence, 1 for a progress bar, 2 for a line per epoch; "auto" is 1.
            callbacks: callbacks to call.
            validation_split: the share of the samples, from the end, to evaluate on after each epoch.
            validation_data: (x, y) or (x, y, sample_weight) to evaluate on after each epoch.
            shuffle: whether each epoch has an order of its own.
            class_weight: the weight of each class in the loss.
            sample_weight: the weight of each sample in the loss.
            initial_epoch: the number of the epoch to start from.
            steps_per_epoch: steps to call an epoch, rather than all batches.
            validation_steps: batches to evaluate on, rather than all.
            validation_batch_size: samples per step of evaluation.
            validation_freq: epochs between evaluations.

        Returns:
            A History, whose `history` holds each figure's value after each epoch.

        Raises:
            StateError: before `compile`.
            DataError: for data that can't be trained on; nothing is changed then.
        """
        self._check_compiled("fit")
        _check_count("epochs", epochs)
        data, validation = make_data(x, y, sample_weight, shuffle), self._validation_data(validation_data)
        if validation is None and validation_split:
            data, validation = data.split(validation_split)
        data = data.cut(batch_size, steps_per_epoch).weighed(class_weight)
        if validation is not None:
            validation = validation.cut(validation_batch_size or batch_size, validation_steps)
        self._prepare(data, validation)
        steps = steps_per_epoch or data.steps
        history, shown = History(), _verbosity(verbose)
        params = {"epochs": epochs, "steps": steps, "verbose": shown}
        hooks = Hooks([*(callbacks or []), history], self, params)
        self.stop_training = False
        self.history = history
        epoch_batches = data.epochs(steps_per_epoch)
        hooks.call("on_train_begin", {})
        epoch, logs = initial_epoch, {}
        try:
            for epoch in range(initial_epoch, epochs):
                if shown:
                    print(f"Epoch {epoch + 1}/{epochs}", flush=True)
                hooks.call("on_epoch_begin", epoch, {})
                progress = Progress(steps, shown)
                with np.errstate(all="ignore"):
                    logs = self._run("train", self.train_step, next(epoch_batches), hooks, progress)
                if validation is not None and _is_due(epoch + 1, validation_freq):
                    logs = sorted_by_name({**logs, **self._validate(validation, validation_steps, hooks)})
                progress.close(logs)
                hooks.call("on_epoch_end", epoch, logs)
                if self.stop_training:
                    break
        except KeyboardInterrupt:
            print(
                f"\nStopped in epoch {epoch + 1}/{epochs}, after step {self._step} of {steps}. "
                "The model keeps what it learned until there.",
                flush=True,
            )
            raise
        hooks.call("on_train_end", logs)
        return history

    def _run(
        self, kind: str, step: Callable[[Any], Any], batches: Iterator[Any], hooks: Hooks, progress: Progress
    ) -> Logs:
        """Run the steps of one epoch and return its figures."""
        self.reset_metrics()
        begins, ends = hooks.wanted(f"on_{kind}_batch_begin"), hooks.wanted(f"on_{kind}_batch_end")
        figures: Any = {}
        self._step = 0
        for number, batch in enumerate(batches):
            if begins:
                hooks.call(f"on_{kind}_batch_begin", number, {})
            figures = step(batch)
            self._step = number + 1
            progress.step(number + 1, partial(as_logs, figures))
            if ends:
                hooks.call(f"on_{kind}_batch_end", number, as_logs(figures))
            if kind == "train" and self.stop_training:
                break
        return as_logs(figures)

    def _validate(self, data: Data, steps: int | None, hooks: Hooks) -> Logs:
        hooks.call("on_test_begin", {})
        steps = min(steps or data.steps, data.steps)
        with np.errstate(all="ignore"):
            logs = self._run("test", self.test_step, next(data.epochs(steps)), hooks, Progress(steps, 0))
        hooks.call("on_test_end", logs)
        return {f"val_{name}": figure for name, figure in logs.items()}

    # ------------------------------------------------------------ evaluate and predict

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Return the loss and the metrics on data, as a list, or as a dict by name.

        A model without metrics returns the loss alone.

        Raises:
            StateError: before `compile`.
            DataError: for data that can't be evaluated.
        """
        self._check_compiled("evaluate")
        data = make_data(x, y, sample_weight).cut(batch_size, steps)
        self._prepare(data, None)
        count = min(steps or data.steps, data.steps)
        hooks = Hooks(callbacks or [], self, {"steps": count})
        progress = Progress(count, _verbosity(verbose))
        hooks.call("on_test_begin", {})
        with np.errstate(all="ignore"):
            logs = self._run("test", self.test_step, next(data.epochs(count)), hooks, progress)
        progress.close(logs)
        hooks.call("on_test_end", logs)
        return logs if return_dict else self._in_order(logs)

    def _in_order(self, logs: Logs) -> Any:
        """Return figures as a list in the order of the metrics, those of no metric last; a single one alone."""
        names = [name for name in self.get_metrics_result() if name in logs]
        figures = [logs[name] for name in [*names, *(name for name in logs if name not in names)]]
        return figures[0] if len(figures) == 1 else figures

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
    ) -> Any:
        """Return the predictions for all inputs as a NumPy array.

        Raises:
            DataError: for inputs that the model can't take.
        """
        data = make_data(x).cut(batch_size, steps)
        count = min(steps or data.steps, data.steps)
        hooks = Hooks(callbacks or [], self, {"steps": count})
        progress = Progress(count, _verbosity(verbose))
        hooks.call("on_predict_begin", {})
        outputs = []
        with np.errstate(all="ignore"):
            for number, batch in enumerate(next(data.epochs(count))):
                hooks.call("on_predict_batch_begin", number, {})
                outputs.append(self.predict_step(batch))
                progress.step(number + 1, dict)
                hooks.call("on_predict_batch_end", number, {})
        progress.close({})
        hooks.call("on_predict_end", {})
        return joined(outputs)

    # ------------------------------------------------------------ single batches

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Train on one batch and return its loss, before the update, and metrics."""
        self._check_compiled("train_on_batch")
        return self._on_batch(self.train_step, make_data(x, y, sample_weight).weighed(class_weight), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Evaluate one batch and return its loss and metrics."""
        self._check_compiled("test_on_batch")
        return self._on_batch(self.test_step, make_data(x, y, sample_weight), return_dict)

    def _on_batch(self, step: Callable[[Batch], Any], data: Data, return_dict: bool) -> Any:
        self._prepare(data, None)
        self.reset_metrics()
        with np.errstate(all="ignore"):
            logs = as_logs(step(packed(data.x, data.y, data.sample_weight)))
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the predictions for one batch as a NumPy array."""
        return joined([self.predict_step((make_data(x).x, None, None))])

    # ------------------------------------------------------------ checks

    def _check_compiled(self, call: str) -> None:
        if not self.compiled:
            raise StateError(
                f"{call} comes before compile on model '{self.name}'.",
                "call model.compile(optimizer=..., loss=...) first.",
            )

    def _prepare(self, data: Data, validation: Data | None) -> None:
        """Build the model and choose its metrics; find what it has no place for before anything is changed."""
        if type(self).call is Layer.call:
            return  # a model of one's own that only defines train_step
        for part in (data, validation):
            if part is None:
                continue
            first = slice(0, part.batch_size)
            outputs = self(picked(part.x, first), training=False)
            self._choose_metrics(picked(part.y, first), outputs)
            if isinstance(outputs, Tensor) and outputs.ndim and isinstance(part.y, np.ndarray):
                losses.check_labels(self._loss, part.y, outputs.value.shape[-1])

    @staticmethod
    def _validation_data(given: Any) -> Data | None:
        if given is None:
            return None
        if not isinstance(given, (tuple, list)) or not 1 <= len(given) <= 3:
            raise DataError("validation_data is (x, y) or (x, y, sample_weight).", "write validation_data=(x, y).")
        x, y, sample_weight = unpack(given)
        return make_data(x, y, sample_weight)

    def get_compile_config(self) -> dict[str, Any]:
        """Return what `compile` was given, as plain data."""
        return {
            "optimizer": serialize(self.optimizer),
            "loss": serialize(self.loss),
            "loss_weights": self._loss_weight,
            "metrics": serialize(self._wanted_metrics) or None,
            "weighted_metrics": serialize(self._wanted_weighted) or None,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": 1,
            "jit_compile": False,
        }


def joined(outputs: list[Any]) -> Any:
    """Return the outputs of all batches as one array, in each place of their structure."""
    first = outputs[0]
    if isinstance(first, (list, tuple)):
        return [joined([batch[i] for batch in outputs]) for i in range(len(first))]
    if isinstance(first, dict):
        return {key: joined([batch[key] for batch in outputs]) for key in first}
    parts = [convert_to_tensor(x).value for x in outputs]
    return np.array(parts[0]) if len(parts) == 1 else np.concatenate(parts)


def len_of(x: Any) -> int:
    """Return the number of samples in a batch of inputs."""
    while isinstance(x, (list, tuple, dict)):
        x = next(iter(x.values() if isinstance(x, dict) else x))
    return len(x)


def _verbosity(verbose: Any) -> int:
    if verbose == "auto":
        return 1
    if verbose not in (0, 1, 2):
        raise DataError(f"verbose is 0, 1, 2 or 'auto'; got {verbose!r}.", "write verbose=1 for a progress bar.")
    return int(verbose)


def _check_count(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise DataError(f"{name} must be a whole number, 1 or more; got {value!r}.", f"write {name}=5, say.")


def _is_due(epoch: int, frequency: Any) -> bool:
    return epoch in frequency if isinstance(frequency, (list, tuple)) else epoch % frequency == 0
