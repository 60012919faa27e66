"""Trainer: fit, evaluate and predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, islice
from typing import Any

import numpy as np

from klods.errors import DataError, warn
from klods.keras.callbacks import Callback, History, Hooks
from klods.keras.models.adapters import Stream, feed, is_stream
from klods.keras.models.batches import ALL, Data, check_counts, make_data, packed, tensors, unpacked
from klods.keras.models.figures import Logs, as_logs, figures_of
from klods.keras.models.loops import Epochs, Steps, verbosity
from klods.keras.models.rehearsal import check_batched, naming_outputs, nothing_changed_by_errors, rehearse
from klods.keras.models.step import Stepping
from klods.structures import leaves, mapped, rebuilt
from klods.tensor import TensorLike, convert_to_tensor


class Trainer(Stepping):
    """What trains a model: the loops over batches."""

    _graph: Callable[[], Any]
    start_from: tuple[int, int] | None = None  # epoch and step, set by a callback at the start of training

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
            x: inputs, one row per sample: an array, or a list or dict of arrays. Or what yields batches (x, y) or
                (x, y, sample_weight): a dataset, a `keras.utils.PyDataset`, a generator.
            y: targets, in arrays.
            batch_size: samples per step; 32 by default, or as many as fill steps_per_epoch. What yields batches has
                cut them.
            epochs: the number of the epoch to end after.
            verbose: 0 for silence, 1 for a progress bar, 2 for a line per epoch; "auto" is 1.
            callbacks: callbacks to call.
            validation_split: the share of the samples, from the end, to evaluate on after each epoch.
            validation_data: (x, y) or (x, y, sample_weight), or what yields batches, to evaluate on after each epoch.
            shuffle: whether each epoch has an order of its own.
            class_weight: the weight of each class in the loss.
            sample_weight: the weight of each sample in the loss; for several outputs also a list or dict of such.
            initial_epoch: the number of the epoch to start from.
            steps_per_epoch: steps to call an epoch; the next one goes on with the samples after those, up to the end.
                Training stops, with a warning, where a generator ends early.
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
        check_counts(needed=True, epochs=epochs)
        check_counts(needed=True, least=0, initial_epoch=initial_epoch)
        check_counts(steps_per_epoch=steps_per_epoch, validation_steps=validation_steps)
        data, validation = self._feed(x, y, sample_weight, shuffle), self._validation_data(validation_data)
        if validation is None and validation_split:
            data, validation = data.split(validation_split)
        data = data.cut(batch_size, steps_per_epoch).weighed(class_weight)
        if validation is not None:
            of_training = batch_size if isinstance(validation, Data) else None
            validation = validation.cut(validation_batch_size or of_training, validation_steps)
        history, shown = History(), verbosity(verbose)
        params = {"verbose": verbose, "epochs": epochs, "steps": steps_per_epoch or data.steps}
        hooks = Hooks(callbacks, self, params, history)
        validate = self._validation(validation, validation_steps, validation_freq, hooks)
        self._rehearse("train_step", data)
        self._rehearse("test_step", validation)
        self.stop_training, self.warned_of_numbers, self.history = False, False, history
        passes = Epochs(self, range(initial_epoch, epochs), data, steps_per_epoch, hooks, shown, validate)
        batch: Any = None
        with np.errstate(all="ignore"), passes.interruptible(), self._naming_outputs("train_step", lambda: batch):
            for batches in passes:
                step = self.step_to_run("train_step")  # callbacks may have changed the model since the last epoch
                for batch in batches:
                    batches.figures = step(batch)
        return history

    def _feed(self, x: Any, y: Any, sample_weight: Any, shuffle: bool = False, role: str = "") -> Data | Stream:
        return feed(x, y, sample_weight, shuffle, role, self._reads_text)

    def _validation_data(self, given: Any) -> Data | Stream | None:
        if given is None:
            return None
        if is_stream(given):
            return self._feed(given, None, None, role="validation ")
        if not isinstance(given, (tuple, list)) or not 1 <= len(given) <= 3:
            raise DataError("validation_data is (x, y) or (x, y, sample_weight).", "write validation_data=(x, y).")
        x, y, sample_weight = unpacked(given)
        return self._feed(x, y, sample_weight, role="validation ")

    def _validation(
        self, data: Data | Stream | None, steps: int | None, frequency: int | Sequence[int], hooks: Hooks
    ) -> Callable[[int], Logs]:
        """Return the function that evaluates the validation data after an epoch whose turn it is."""
        if not isinstance(frequency, Sequence):
            check_counts(needed=True, validation_freq=frequency)

        def validate(epoch: int) -> Logs:
            due = epoch + 1 in frequency if isinstance(frequency, Sequence) else (epoch + 1) % frequency == 0
            if data is None or not due:
                return {}
            if (batches := next(data.epochs(steps), None)) is None:
                warn(UserWarning, f"The validation data ended before epoch {epoch + 1}; it has no validation.")
                return {}
            logs = self._evaluate(Steps("test", batches, steps or data.steps, hooks, 0))
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
        data = self._feed(x, y, sample_weight).cut(batch_size, steps)
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
        """Return the predictions for all inputs as a NumPy array, or as a structure of arrays, one for each output.

        Args:
            x: inputs, as for `fit`.
            batch_size: samples per step; 32 by default.
            verbose: 0 for silence, 1 for a progress bar, 2 for a line at the end; "auto" is 1.
            steps: batches to predict, rather than all.
            callbacks: callbacks to call.

        Raises:
            DataError: for inputs that the model can't take.
        """
        data = self._feed(x, None, None).cut(batch_size, steps)
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

    def _steps(self, kind: str, data: Data | Stream, count: int | None, callbacks: Any, verbose: Any) -> Steps:
        most = data.steps if count is None or data.steps is None else min(count, data.steps)
        hooks = Hooks(callbacks, self, {"verbose": verbose, "epochs": 1, "steps": most or count})
        batches = chain.from_iterable(islice(data.epochs(count), 1))
        return Steps(kind, batches, most or count, hooks, verbosity(verbose))

    def _evaluate(self, batches: Steps) -> Logs:
        self.reset_metrics()
        batches.hooks.call("on_test_begin", {})
        step, batch = self.step_to_run("test_step"), None
        with self._naming_outputs("test_step", lambda: batch):
            for batch in batches:
                batches.figures = step(batch)
        logs = batches.logs()
        batches.hooks.call("on_test_end", logs)
        return logs

    def _listed(self, logs: Logs) -> Any:
        """Return figures as a list, or the only one."""
        figures = [logs[name] for name in self._in_order(logs)]
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
        data = make_data(x, y, sample_weight, text=self._reads_text).weighed(class_weight)
        return self._on_batch("train_step", data, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Evaluate one batch and return its loss and metrics; see `train_on_batch`."""
        self._check_compiled("test_on_batch")
        return self._on_batch("test_step", make_data(x, y, sample_weight, text=self._reads_text), return_dict)

    def _on_batch(self, name: str, data: Data, return_dict: bool) -> Any:
        batch = packed(*[tensors(part, ALL) for part in (data.x, data.y, data.sample_weight)])
        named = self._naming_outputs(name, lambda: batch)
        with np.errstate(all="ignore"), nothing_changed_by_errors(self), named:
            self._build_on(name, data)
            self.reset_metrics()
            logs = as_logs(figures_of(name, self.step_to_run(name)(batch)))
        return logs if return_dict else self._listed(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the predictions for one batch as a NumPy array."""
        data = make_data(x, text=self._reads_text)
        self._build_on("predict_step", data)
        with np.errstate(all="ignore"):
            return joined([self.step_to_run("predict_step")(packed(tensors(data.x, ALL)))])

    # ------------------------------------------------------------ checks

    def _reads_text(self) -> bool:
        """Tell whether inputs may hold text: a layer takes it, or an Input says so."""
        network = self._graph()
        inputs = [] if network is None else network.flat_inputs
        return any(layer.takes_text for layer in self.flattened()) or any(x.dtype == "string" for x in inputs)

    def _rehearse(self, step: str, data: Data | Stream | None) -> None:
        """Find what doesn't fit before anything is changed; a step of the user's own isn't ours to try."""
        if data is not None and self.is_ours(step):
            rehearse(self, data)

    def _build_on(self, step: str, data: Data | Stream) -> None:
        """Make the weights by a call on one sample, so that the step is traced with them the first time."""
        if not self.is_ours(step):
            return
        if isinstance(data, Stream):
            check_batched(self, data, data.sample()[0])
        if not self.built:
            self(mapped(lambda array: array[:1], data.sample()[0], (np.ndarray, TensorLike)), training=False)

    def _naming_outputs(self, step: str, batch: Callable[[], Any]) -> AbstractContextManager[None]:
        """Let errors about labels, inside the `with` block, name the output; see `naming_outputs`."""
        return naming_outputs(self, batch) if self.is_ours(step) else nullcontext()


def joined(outputs: list[Any]) -> Any:
    """Return the outputs of all batches as one array, in each place of their structure."""
    return rebuilt(outputs[0], map(_in_one, zip(*map(leaves, outputs))))


def _in_one(parts: Sequence[Any]) -> np.ndarray:
    arrays = [convert_to_tensor(x).value for x in parts]
    if len(arrays) == 1:
        return np.array(arrays[0])
    return np.concatenate(arrays) if arrays[0].ndim else np.stack(arrays)
