"""The loops of training, evaluation and prediction: what happens around each step and each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from klods.compiled import side_by_side
from klods.errors import DataError, warn
from klods.keras.callbacks import Hooks
from klods.keras.layers.layer import in_training
from klods.keras.models.adapters import Stream
from klods.keras.models.batches import Data
from klods.keras.models.figures import Logs, as_logs, figures_of
from klods.pictures.progress import Progress
from klods.tensor import watching


class Steps:
    """One pass over batches. Iterating yields them, and tells callbacks and the progress bar how it goes.

    Args:
        kind: `train`, `test` or `predict`.
        batches: the batches.
        count: how many they are; None if that is unknown.
        hooks: the callbacks.
        verbose: 0 for silence, 1 for a progress bar, 2 for a line at the end.
        first: the batches to skip, which count as done.

    Attributes:
        figures: what the last step returned; whoever iterates sets it.
        done: the number of steps done.

    Example:
        >>> steps = Steps("test", iter("ab"), 2, Hooks([], None, {}), verbose=0)
        >>> for batch in steps:
        ...     steps.figures = {"loss": 0.5}
        >>> steps.done, steps.logs()
        (2, {'loss': 0.5})
    """

    def __init__(
        self, kind: str, batches: Iterator[Any], count: int | None, hooks: Hooks, verbose: int, first: int = 0
    ) -> None:
        self.kind, self.batches, self.hooks, self.first = kind, batches, hooks, first
        self.progress = Progress(count, 0 if hooks.draw_progress else verbose)
        self.figures: Any = {}
        self.done = 0

    def __iter__(self) -> Iterator[Any]:
        begin, end = f"on_{self.kind}_batch_begin", f"on_{self.kind}_batch_end"
        begins, ends = self.hooks.wanted(begin), self.hooks.wanted(end)
        for number, batch in islice(enumerate(self.batches), self.first, None):
            if begins:
                self.hooks.call(begin, number, {})
            yield batch
            self.done = number + 1
            self.progress.step(self.done, self.shown)
            if ends:
                self.hooks.call(end, number, self.logs())
            if self.kind == "train" and self.hooks.model.stop_training:
                return

    def logs(self, others: Logs | None = None) -> Logs:
        """Return the figures, and others, as numbers, in the order of their names."""
        return as_logs({**figures_of(f"{self.kind}_step", self.figures), **(others or {})})

    def shown(self) -> Logs:
        """Return the figures that the progress bar shows."""
        return {} if self.kind == "predict" else self.logs()


class Epochs:
    """The epochs of one `fit`. Iterating yields the steps of each, and does what comes before and after them.

    Args:
        model: the model in training.
        numbers: the numbers of the epochs, from 0.
        data: the data to train on.
        steps: the steps of each epoch; None for all batches.
        hooks: the callbacks.
        verbose: 0 for silence, 1 for a progress bar, 2 for a line per epoch.
        validate: returns the figures of validation after an epoch of this number.
    """

    def __init__(
        self,
        model: Any,
        numbers: range,
        data: Data | Stream,
        steps: int | None,
        hooks: Hooks,
        verbose: int,
        validate: Callable[[int], Logs],
    ) -> None:
        self.model, self.numbers, self.hooks, self.verbose, self.validate = model, numbers, hooks, verbose, validate
        self.batches, self.count = data.epochs(steps), steps or data.steps
        self.number, self.steps = numbers.start, Steps("train", iter(()), 0, hooks, 0)

    def __iter__(self) -> Iterator[Steps]:
        hooks, logs = self.hooks, Logs()
        self.model.start_from = None
        hooks.call("on_train_begin", {})
        epoch, step = self.model.start_from or (self.numbers.start, 0)
        for number in range(epoch, self.numbers.stop):
            if (batches := next(self.batches, None)) is None:
                warn(UserWarning, f"The data ended after {number - epoch} epochs; training stops.")
                break
            if self.verbose and not hooks.draw_progress and self.numbers.stop > 1:
                print(f"Epoch {number + 1}/{self.numbers.stop}", flush=True)
            self.model.reset_metrics()
            hooks.call("on_epoch_begin", number, {})
            self.number = number
            batches = map(side_by_side, batches) if self.model.run_eagerly else batches
            self.steps = Steps("train", batches, self.count, hooks, self.verbose, step)
            yield self.steps
            self.count, step = self.count or self.steps.done, 0
            logs = self.steps.logs(self.validate(number))
            self.steps.progress.close(logs)
            hooks.call("on_epoch_end", number, logs)
            if self.model.stop_training:
                break
        if self.model.optimizer is not None:
            self.model.optimizer.finalize_variable_values(self.model.trainable_weights)
        hooks.call("on_train_end", logs)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Say where training stopped when Ctrl-C ends the `with` block, and leave no call or tape open."""
        training, tapes = in_training.get(), watching.get()
        try:
            yield
        except KeyboardInterrupt:
            in_training.set(training)
            watching.set(tapes)
            step = f"{self.steps.done} of {self.count}" if self.count else self.steps.done
            where = f"epoch {self.number + 1}/{self.numbers.stop}, after step {step}"
            print(
                f"\nStopped in {where}. The model keeps what it learned; model.history has the epochs before.",
                flush=True,
            )
            raise


def verbosity(verbose: Any) -> int:
    """Return 0, 1 or 2 for what `verbose` was given; "auto" means 1.

    Raises:
        DataError: for anything else.
    """
    if verbose not in (0, 1, 2, "auto"):
        raise DataError(f"verbose is 0, 1, 2 or 'auto'; got {verbose!r}.", "write verbose=1 for a progress bar.")
    return 1 if verbose == "auto" else int(verbose)
