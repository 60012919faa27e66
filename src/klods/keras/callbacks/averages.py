"""SwapEMAWeights: evaluation with the running means of the weights."""

from __future__ import annotations

from klods.errors import StateError
from klods.keras.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Evaluates and predicts with the running means of the weights, which an optimizer with `use_ema=True` keeps.

    The mean over the steps, an idea of Polyak and Juditsky (1992), is often better than the last weights.

    Args:
        swap_on_epoch: whether the means stand in the model from the end of each epoch to the start of the next, too, so
            that a ModelCheckpoint after this callback saves them.

    Raises:
        StateError: at the first exchange, if the optimizer keeps no means.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._put(means=False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.swap_on_epoch:
            return
        self._put(means=True)
        if epoch + 1 == self.params["epochs"] or self.model.stop_training:
            for weight in self.model.optimizer.weights:  # the end of training makes the means the weights
                self.model.optimizer.average_of(weight).assign(weight)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._put(means=True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._put(means=False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._put(means=True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._put(means=False)

    def _put(self, means: bool) -> None:
        """Have the means, or the weights themselves, stand in the model."""
        optimizer = self.model.optimizer
        if not getattr(optimizer, "use_ema", False):
            raise StateError(
                "SwapEMAWeights needs an optimizer that keeps running means of the weights.",
                "compile with optimizer=keras.optimizers.Adam(use_ema=True), say.",
            )
        if self._swapped == means:
            return
        self._swapped = means
        for weight in optimizer.weights:
            mean, before = optimizer.average_of(weight), weight.read_value()
            weight.assign(mean)
            mean.assign(before)
