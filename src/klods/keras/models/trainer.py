"""Trainer: compile, fit, evaluate and predict."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from klods.compiled import Function
from klods.errors import DataError, ShapeError, StateError
from klods.keras import optimizers
from klods.keras.callbacks import Callback, History, Hooks
from klods.keras.configuration import serialize
from klods.keras.layers.tracking import Anatomy, unique
from klods.keras.models import numerics
from klods.keras.models.batches import Data, check_counts, len_of, make_data, packed, tensors, unpacked
from klods.keras.models.compiled import Compiled
from klods.keras.models.figures import Logs, as_logs
from klods.keras.models.loops import Epochs, Steps, verbosity
from klods.keras.models.rehearsal import nothing_changed_by_errors, rehearse
from klods.tape import GradientTape
from klods.tensor import Tensor, Variable, convert_to_tensor

ALL = slice(None)


class Trainer:
    """What a model needs to be trained: an optimizer, a loss, metrics, and the loops over batches."""

    name: str
    built: bool
    weights: list[Variable]
    trainable_weights: list[Any]
    losses: list[Tensor]
    anatomy: Callable[[], Anatomy]
    flattened: Callable[[], list[Any]]
    __call__: Callable[..., Any]

    optimizer: optimizers.Optimizer | None = None
    loss: Any = None
    stop_training = False
    start_from: tuple[int, int] | None = None  # epoch and step, set by a callback at the start of training
    warned_of_numbers = False
    run_eagerly = False
    jit_compile: Any = "auto"
    _compiled: Compiled | None = None
    _steps_known: dict[str, tuple[Any, Callable[[Any], Any]]]

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
            run_eagerly: whether steps run operation by operation rather than traced and compiled.
            steps_per_execution: accepted for Keras's sake.
            jit_compile: False to run traced steps in NumPy even where machine code is to be had.

        Raises:
            NameUnknownError: for an unknown name, with the nearest known one; the model is as it was then.
        """
        chosen = optimizers.get(optimizer)
        self._compiled = Compiled(loss, loss_weights, metrics, weighted_metrics)
        self.optimizer, self.loss = chosen, loss
        self.run_eagerly, self.jit_compile = run_eagerly, jit_compile
        self.stop_training = False
        vars(self)["_steps_known"] = {}

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compiled is not None

    def get_compile_config(self) -> dict[str, Any]:
        """Return what `compile` was given, as plain data.

        Raises:
            StateError: before `compile`.
        """
        self._check_compiled("get_compile_config")
        return {
            "optimizer": serialize(self.optimizer),
            **self._compiled.get_config(),  # type: ignore[union-attr]
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": 1,
            "jit_compile": False,
        }

    # ------------------------------------------------------------ metrics

    @property
    def metrics(self) -> list[Any]:
        """The loss's running mean, the metrics of `compile`, and those set as attributes of the model or its layers."""
        compiled = self._compiled
        first = [] if compiled is None else [compiled.mean, *compiled.metrics]
        return unique([*first, *self.anatomy().metrics])

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics."""
        return [self._name_of(metric) for metric in self.metrics]

    def _name_of(self, metric: Any) -> str:
        return metric.name if self._compiled is None else self._compiled.name_of(metric)

    def reset_metrics(self) -> None:
        """Start all running figures anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the figures so far by their names; a metric may give several, as a dict."""
        figures: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            figures.update(result if isinstance(result, dict) else {self._name_of(metric): result})
        return figures

    # ------------------------------------------------------------ one step

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch and return the figures so far; a model of your own may do it differently.

        Args:
            data: (x, y, sample_weight) as tensors, or (x, y), or x alone, by what there is.
        """
        x, y, sample_weight = unpacked(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        weights = self.trainable_weights
        gradients = tape.gradient(loss, weights)
        figures = self._figures(x, y, y_pred, sample_weight, loss)
        numerics.watch(self, data, loss)
        self.optimizer.apply(gradients, weights)  # type: ignore[union-attr]
        return figures

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch and return the figures so far; see `train_step`."""
        x, y, sample_weight = unpacked(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        numerics.watch(self, data, loss)
        return self._figures(x, y, y_pred, sample_weight, loss)

    def _figures(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Tensor) -> dict[str, Any]:
        self._compiled.note_loss(loss, len_of(x))  # type: ignore[union-attr]
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the predictions for one batch, which is x alone, or (x,) for inputs in a list or tuple."""
        return self(unpacked(data)[0], training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """Return the loss of a batch: that of the predictions and what the layers add.

        Raises:
            DataError: if there is a loss but no targets.
            StateError: if there is no loss at all.
            ShapeError: if the loss is more than one number.
        """
        terms, compiled = self.losses, self._compiled
        if compiled is not None and compiled.loss is not None:
            if y is None:
                raise DataError(f"There are no targets y for the loss '{compiled.loss.name}'.", "pass them: fit(x, y).")
            terms = [compiled.loss_of(y, y_pred, sample_weight), *terms]
        if not terms:
            raise StateError(f"Model '{self.name}' has no loss to train on.", "give compile a loss.")
        loss = terms[0]
        for term in terms[1:]:
            loss = loss + term
        if loss.value.ndim:
            raise ShapeError(f"The loss has shape {loss.shape}; training needs one number.", "take its mean or sum.")
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Take a batch into account in all metrics, and return the figures so far."""
        if y is not None and self._compiled is not None:
            self._compiled.update(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def step_to_run(self, name: str) -> Callable[[Any], Any]:
        """Return `train_step`, `test_step` or `predict_step` as `compile` chose to run it.

        A traced step is kept until `compile` is called again or what the model is made of changes.
        """
        if self.run_eagerly:
            return getattr(self, name)
        if name == "train_step" and self.optimizer is not None:
            self.optimizer.build(self.trainable_weights)
        known, made_of = vars(self).setdefault("_steps_known", {}), self._made_of()
        if name not in known or known[name][0] != made_of:
            known[name] = made_of, _traced_step(self, name, "numpy" if self.jit_compile is False else None)
        return known[name][1]

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles hold: everything but the traced steps."""
        return {name: value for name, value in vars(self).items() if name != "_steps_known"}

    def all_variables(self) -> list[Variable]:
        """Return the variables of the model, of its optimizer and of its metrics."""
        slots = [] if self.optimizer is None else self.optimizer.variables
        return [*self.weights, *slots, *(variable for metric in self.metrics for variable in metric.variables)]

    def _made_of(self) -> Any:
        """Return what a traced step depends on: layers, optimizer, their hyper-parameters, the weights that train."""
        layers = [(id(layer), layer._settings) for layer in self.flattened()]
        settings = None if self.optimizer is None else self.optimizer.settings
        return layers, [*map(id, self.trainable_weights)], id(self.optimizer), settings, id(self._compiled)

    # ------------------------------------------------------------ fit

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> History:
        """Train for a number of epochs, each a pass over all samples in a new order.

        Args:
            x: inputs, one row per sample.
            y: targets.
            batch_size: samples per step; 32 by default, or as many as fill steps_per_epoch.
            epochs: the number of the epoch to end after.
            verbose: 0 for silence, 1 for a progress bar, 2 for a line per epoch; "auto" is 1.
            callbacks: callbacks to call.
            validation_split: the share of the samples, from the end, to evaluate on after each epoch.
            validation_data: (x, y) or (x, y, sample_weight) to evaluate on after each epoch.
            shuffle: whether each epoch has an order of its own.
            class_weight: the weight of each class in the loss.
            sample_weight: the weight of each sample in the loss.
            initial_epoch: the number of the epoch to start from.
            steps_per_epoch: steps to call an epoch; the next one goes on with the samples after those, up to the end.
            validation_steps: batches to evaluate on, rather than all.
            validation_batch_size: samples per step of evaluation.
            validation_freq: epochs between evaluations, or the epochs to evaluate after, counted from 1.

        Returns:
            A History, whose `history` holds each figure's value after each epoch.

        Raises:
            StateError: before `compile`.
            DataError: for data that can't be trained on; nothing is changed then.
        """
        self._check_compiled("fit")
        check_counts(epochs=epochs)
        check_counts(least=0, initial_epoch=initial_epoch)
        check_counts(steps_per_epoch=steps_per_epoch, validation_steps=validation_steps)
        data, validation = make_data(x, y, sample_weight, shuffle), self._validation_data(validation_data)
        if validation is None and validation_split:
            data, validation = data.split(validation_split)
        data = data.cut(batch_size, steps_per_epoch).weighed(class_weight)
        if validation is not None:
            validation = validation.cut(validation_batch_size or batch_size, validation_steps)
        history, shown = History(), verbosity(verbose)
        params = {"verbose": verbose, "epochs": epochs, "steps": steps_per_epoch or data.steps}
        hooks = Hooks(callbacks, self, params, history)
        validate = self._validation(validation, validation_steps, validation_freq, hooks)
        self._rehearse("train_step", data)
        self._rehearse("test_step", validation)
        self.stop_training, self.warned_of_numbers, self.history = False, False, history
        passes = Epochs(self, range(initial_epoch, epochs), data, steps_per_epoch, hooks, shown, validate)
        with np.errstate(all="ignore"), passes.interruptible():
            for batches in passes:
                step = self.step_to_run("train_step")  # callbacks may have changed the model since the last epoch
                for batch in batches:
                    batches.figures = step(batch)
        return history

    @staticmethod
    def _validation_data(given: Any) -> Data | None:
        if given is None:
            return None
        if not isinstance(given, (tuple, list)) or not 1 <= len(given) <= 3:
            raise DataError("validation_data is (x, y) or (x, y, sample_weight).", "write validation_data=(x, y).")
        x, y, sample_weight = unpacked(given)
        return make_data(x, y, sample_weight, role="validation ")

    def _validation(
        self, data: Data | None, steps: int | None, frequency: int | Sequence[int], hooks: Hooks
    ) -> Callable[[int], Logs]:
        """Return the function that evaluates the validation data after an epoch whose turn it is."""
        if not isinstance(frequency, Sequence):
            check_counts(validation_freq=frequency)

        def validate(epoch: int) -> Logs:
            due = epoch + 1 in frequency if isinstance(frequency, Sequence) else (epoch + 1) % frequency == 0
            if data is None or not due:
                return {}
            logs = self._evaluate(Steps("test", data.epoch(), min(steps or data.steps, data.steps), hooks, 0))
            return {f"val_{name}": figure for name, figure in logs.items()}

        return validate

    # ------------------------------------------------------------ evaluate and predict

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
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
        batches = self._steps("test", data, steps, callbacks, verbose)
        self._rehearse("test_step", data)
        self.warned_of_numbers = False
        with np.errstate(all="ignore"):
            logs = self._evaluate(batches)
        batches.progress.close(logs)
        return logs if return_dict else self._listed(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
    ) -> Any:
        """Return the predictions for all inputs as a NumPy array.

        Raises:
            DataError: for inputs that the model can't take.
        """
        data = make_data(x).cut(batch_size, steps)
        batches = self._steps("predict", data, steps, callbacks, verbose)
        self._build_on("predict_step", data)
        outputs, step = [], self.step_to_run("predict_step")
        batches.hooks.call("on_predict_begin", {})
        with np.errstate(all="ignore"):
            for batch in batches:
                outputs.append(step(batch))
                batches.figures = {"outputs": outputs[-1]}
        batches.progress.close({})
        batches.hooks.call("on_predict_end", {})
        return joined(outputs)

    def _steps(self, kind: str, data: Data, count: int | None, callbacks: Any, verbose: Any) -> Steps:
        count, shown = min(count or data.steps, data.steps), verbosity(verbose)
        hooks = Hooks(callbacks, self, {"verbose": verbose, "epochs": 1, "steps": count})
        return Steps(kind, data.epoch(), count, hooks, shown)

    def _evaluate(self, batches: Steps) -> Logs:
        self.reset_metrics()
        batches.hooks.call("on_test_begin", {})
        step = self.step_to_run("test_step")
        for batch in batches:
            batches.figures = step(batch)
        logs = batches.logs()
        batches.hooks.call("on_test_end", logs)
        return logs

    def _listed(self, logs: Logs) -> Any:
        """Return figures as a list, in the order of the metrics, or the only one."""
        names = [name for name in self.get_metrics_result() if name in logs]
        figures = [logs[name] for name in dict.fromkeys([*names, *logs])]
        return figures[0] if len(figures) == 1 else figures

    # ------------------------------------------------------------ single batches

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Train on one batch and return its loss, before the update, and metrics.

        Raises:
            StateError: before `compile`.
            DataError: for data that can't be trained on; nothing is changed then.
        """
        self._check_compiled("train_on_batch")
        return self._on_batch("train_step", make_data(x, y, sample_weight).weighed(class_weight), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Evaluate one batch and return its loss and metrics; see `train_on_batch`."""
        self._check_compiled("test_on_batch")
        return self._on_batch("test_step", make_data(x, y, sample_weight), return_dict)

    def _on_batch(self, name: str, data: Data, return_dict: bool) -> Any:
        batch = packed(*[tensors(part, ALL) for part in (data.x, data.y, data.sample_weight)])
        with np.errstate(all="ignore"), nothing_changed_by_errors(self):
            self._build_on(name, data)
            self.reset_metrics()
            logs = as_logs(self.step_to_run(name)(batch))
        return logs if return_dict else self._listed(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the predictions for one batch as a NumPy array."""
        data = make_data(x)
        self._build_on("predict_step", data)
        with np.errstate(all="ignore"):
            return joined([self.step_to_run("predict_step")(packed(tensors(data.x, ALL)))])

    # ------------------------------------------------------------ checks

    def _check_compiled(self, call: str) -> None:
        if not self.compiled:
            raise StateError(
                f"{call} comes before compile on model '{self.name}'.",
                "call model.compile(optimizer=..., loss=...) first.",
            )

    def _rehearse(self, step: str, data: Data | None) -> None:
        """Find what doesn't fit before anything is changed; a step of the user's own isn't ours to try."""
        if data is not None and self._is_ours(step):
            rehearse(self, data)

    def _build_on(self, step: str, data: Data) -> None:
        """Make the weights by a call on one sample, so that the step is traced with them the first time."""
        if not self.built and self._is_ours(step):
            self(tensors(data.x, slice(0, 1)), training=False)

    def _is_ours(self, step: str) -> bool:
        return getattr(type(self), step) is getattr(Trainer, step)


def _traced_step(model: Trainer, name: str, backend: str | None) -> Function:
    """Return a step of a model as a function of a batch, which doesn't keep the model alive."""
    reference: Any = weakref.ref(model)

    def step(data: Any) -> Any:
        result = getattr(reference(), name)(data)
        reference()._forget_losses()  # they are symbols
        return result

    step.__name__ = name
    return Function(step, backend, known=lambda: reference().all_variables())


def joined(outputs: list[Any]) -> Any:
    """Return the outputs of all batches as one array, in each place of their structure."""
    first = outputs[0]
    if isinstance(first, (list, tuple)):
        return type(first)(joined([batch[i] for batch in outputs]) for i in range(len(first)))
    if isinstance(first, dict):
        return {key: joined([batch[key] for batch in outputs]) for key in first}
    parts = [convert_to_tensor(x).value for x in outputs]
    return np.array(parts[0]) if len(parts) == 1 else np.concatenate(parts)
