"""One step: how a model is compiled, and what it does with one batch."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Collection, Iterable
from typing import Any

from klods.backends import backend, load as load_backend
from klods.errors import DataError, ShapeError, StateError, warn
from klods.keras import optimizers
from klods.keras.configuration import serialize
from klods.keras.layers.tracking import Anatomy, unique
from klods.keras.models import numerics
from klods.keras.models.batches import len_of, unpacked
from klods.keras.models.compile_metrics import CompileMetrics
from klods.keras.models.compiled import Compiled, note
from klods.keras.models.traced import traced_step
from klods.ops.reduction import reduce_sum
from klods.tape import GradientTape
from klods.tensor import Tensor, Variable, convert_to_tensor


class Stepping:
    """What a model does with one batch: an optimizer, losses and metrics, and the steps made of them."""

    name: str
    built: bool
    weights: list[Variable]
    variables: list[Variable]
    trainable_weights: list[Any]
    losses: list[Tensor]
    anatomy: Callable[[], Anatomy]
    flattened: Callable[[], list[Any]]
    __call__: Callable[..., Any]

    optimizer: optimizers.Optimizer | None = None
    loss: Any = None
    stop_training = False
    warned_of_numbers = False
    run_eagerly = False
    steps_per_execution = 1
    jit_compile: Any = "auto"
    _compiled: Compiled | None = None
    _compile_metrics: CompileMetrics | None = None
    _steps_known: dict[str, tuple[Any, Callable[[Any], Any]]]

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose how the model is trained, and load what compiles its steps.

        Args:
            optimizer: a name or an Optimizer.
            loss: a name, a function of labels and predictions, or a Loss. A model of several outputs takes a list with
                one for each, a dict by the outputs' names, or one for all; None for an output without.
            loss_weights: a number that the loss is multiplied by; for several losses a list or dict of numbers.
            metrics: names, functions or Metrics; `accuracy` is chosen by the shapes of labels and predictions. For
                several outputs a list or dict of these, or of lists of them.
            weighted_metrics: metrics that take sample weights into account.
            run_eagerly: whether steps run operation by operation rather than traced and compiled.
            steps_per_execution: accepted for Keras's sake; each step is run by itself.
            jit_compile: False to run traced steps in NumPy even where machine code is to be had.
            auto_scale_loss: accepted for Keras's sake; losses are float32, which needs no scaling.

        Raises:
            NameUnknownError: for an unknown name, with the nearest known one; the model is as it was then.
            DataError: for what is no loss, metric or weight.
        """
        chosen = optimizers.get(optimizer)
        names = getattr(self, "output_names", None)
        self._compiled = Compiled(loss, loss_weights, metrics, weighted_metrics, names)
        vars(self)["_compile_metrics"] = CompileMetrics(self._compiled)  # which is no part of the model
        self.optimizer, self.loss, self.steps_per_execution = chosen, loss, steps_per_execution
        self.run_eagerly, self.jit_compile = run_eagerly, jit_compile
        self.stop_training = False
        vars(self)["_steps_known"] = {}
        if not run_eagerly and jit_compile is not False:
            load_backend(backend())

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compiled is not None

    def get_compile_config(self) -> dict[str, Any]:
        """Return what `compile` was given, as plain data; nothing before `compile`."""
        if not self.compiled:
            return {}
        return {
            "optimizer": serialize(self.optimizer),
            **self._compiled.get_config(),  # type: ignore[union-attr]
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
            "jit_compile": False,
        }

    # ------------------------------------------------------------ metrics

    @property
    def metrics(self) -> list[Any]:
        """The loss's running mean, `compile_metrics`, those of several losses, and metrics set as attributes.

        All metrics of `compile` are one, as in Keras: it takes the targets and predictions of all outputs.
        """
        own, compiled = self.anatomy().metrics, self._compiled
        if compiled is None:
            return list(own)
        return unique([compiled.mean, *[self._compile_metrics] * compiled.has_metrics, *compiled.means, *own])

    @property
    def metrics_names(self) -> list[str]:
        """The names of the figures that `evaluate` returns, in its order."""
        return self._in_order(self.single_metrics())

    def single_metrics(self) -> dict[str, Any]:
        """Return the metrics, those of `compile` one by one, by the names that their figures are shown under."""
        shown: dict[str, Any] = {}
        for metric in self.metrics:
            shown.update(metric.named if isinstance(metric, CompileMetrics) else {metric.name: metric})
        return shown

    def _in_order(self, names: Collection[str]) -> list[str]:
        """Return names of figures in Keras's order: first those that are their metric's own name."""
        own = [metric.name for metric in self.single_metrics().values() if metric.name in names]
        return [*dict.fromkeys([*own, *sorted(names)])]

    def reset_metrics(self) -> None:
        """Start all running figures anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the figures so far by their names; a metric may give several, as a dict."""
        figures: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            figures.update(result if isinstance(result, dict) else {metric.name: result})
        return figures

    def _check_compiled(self, call: str) -> None:
        if not self.compiled:
            raise StateError(
                f"{call} comes before compile on model '{self.name}'.",
                "call model.compile(optimizer=..., loss=...) first.",
            )

    # ------------------------------------------------------------ one step

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch and return the figures so far; a model of your own may do it differently.

        Args:
            data: (x, y, sample_weight) as tensors, or (x, y), or x alone, by what there is.
        """
        x, y, sample_weight = unpacked(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.loss_of(x, y, y_pred, sample_weight, training=True)
            scaled = self.optimizer.scale_loss(loss)  # type: ignore[union-attr]
        weights = self.trainable_weights
        if not weights:
            warn(
                UserWarning,
                f"Model '{self.name}' has no weights to train: set `trainable` of layers that are to learn.",
            )
        gradients = tape.gradient(scaled, weights)
        figures = self._figures(x, y, y_pred, sample_weight, loss)
        numerics.watch(self, x, y, y_pred, sample_weight, loss)
        self.optimizer.apply(gradients, weights)  # type: ignore[union-attr]
        return figures

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch and return the figures so far; see `train_step`."""
        x, y, sample_weight = unpacked(data)
        y_pred = self(x, training=False)
        loss = self.loss_of(x, y, y_pred, sample_weight, training=False)
        numerics.watch(self, x, y, y_pred, sample_weight, loss)
        return self._figures(x, y, y_pred, sample_weight, loss)

    def loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Tensor:
        """Return what `compute_loss` does; one of the user's own need not have the argument `training`.

        Raises:
            DataError: if it returns nothing.
            ShapeError: if it returns more than one number.
        """
        known = {"training": training} if "training" in inspect.signature(self.compute_loss).parameters else {}
        loss = self.compute_loss(x, y, y_pred, sample_weight, **known)
        if loss is None:
            raise DataError("compute_loss returned nothing; training needs a number.", "let it return the loss.")
        return _one_number(convert_to_tensor(loss))

    def is_ours(self, method: str) -> bool:
        """Tell whether a method is the one of all models, not one of the user's own."""
        return getattr(type(self), method) is getattr(Stepping, method)

    def _figures(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Tensor) -> dict[str, Any]:
        note(self._compiled.mean, loss, len_of(x))  # type: ignore[union-attr]
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the predictions for one batch, which is x alone, or (x,) for inputs in a list or tuple."""
        return self(unpacked(data)[0], training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """Return the loss of a batch: that of the predictions and what the layers add.

        Args:
            x: the inputs, of which nothing is made here.
            y: the targets.
            y_pred: what the model returned.
            sample_weight: the weight of each sample.
            training: whether this is a step of training, of which nothing is made here.

        Raises:
            DataError: if there is a loss but no targets, or for a label outside the classes.
            StateError: if there is no loss at all.
            ShapeError: if the loss is more than one number.
        """
        terms, compiled = [reduce_sum(term) if term.value.ndim else term for term in self.losses], self._compiled
        if compiled is not None and (loss := compiled.loss_of(y, y_pred, sample_weight)) is not None:
            terms = [loss, *terms]
        if not terms:
            raise StateError(f"Model '{self.name}' has no loss to train on.", "give compile a loss.")
        loss = _one_number(functools.reduce(operator.add, terms))
        if not (self.is_ours("train_step") and self.is_ours("test_step")):  # which watch it once the figures are made
            numerics.watch(self, x, y, y_pred, sample_weight, loss)
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Take a batch into account in all metrics, and return the figures so far."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def compiled_loss(
        self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Iterable[Any] | None = None
    ) -> Tensor:
        """Return the loss of a batch with what regularization adds, and note it; Keras 2's `compute_loss`."""
        loss: Any = self._compiled.loss_of(y, y_pred, sample_weight)  # type: ignore[union-attr]
        for term in regularization_losses or ():
            loss = term if loss is None else loss + term
        note(self._compiled.mean, loss, len_of(y_pred))  # type: ignore[union-attr]
        return loss

    @property
    def compiled_metrics(self) -> Any:
        """What has `update_state(y, y_pred, sample_weight)` for all metrics of `compile`, as in Keras 2."""
        return self._compile_metrics

    def step_to_run(self, name: str) -> Callable[[Any], Any]:
        """Return `train_step`, `test_step` or `predict_step` as `compile` chose to run it.

        A traced step is kept until `compile` is called again or what the model is made of changes.
        """
        if self.run_eagerly:
            return getattr(self, name)
        if name == "train_step" and self.optimizer is not None:
            self.optimizer.build_new(self.trainable_weights)
        known, made_of = vars(self).setdefault("_steps_known", {}), self._made_of()
        if name not in known or known[name][0] != made_of:
            known[name] = made_of, traced_step(self, name, "numpy" if self.jit_compile is False else None)
        return known[name][1]

    def keep_step(self, name: str) -> None:
        """Keep a traced step that made the model's weights itself, as one of the user's own may: it knows of them."""
        known = vars(self).get("_steps_known", {})
        if name in known:
            known[name] = self._made_of(), known[name][1]

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles hold: everything but the traced steps."""
        return {name: value for name, value in vars(self).items() if name not in ("_steps_known", "_calls")}

    def all_variables(self) -> list[Variable]:
        """Return the variables of the model, of its optimizer and of its metrics."""
        slots = [] if self.optimizer is None else self.optimizer.variables
        figures = [variable for metric in self.metrics for variable in metric.variables]
        return unique([*self.variables, *slots, *figures])

    def _made_of(self) -> Any:
        """Return what a traced step depends on: layers, optimizer, their hyper-parameters, the weights that train."""
        layers = [(id(layer), layer._settings) for layer in self.flattened()]
        settings = None if self.optimizer is None else self.optimizer.settings
        return layers, [*map(id, self.trainable_weights)], id(self.optimizer), settings, id(self._compiled)


def _one_number(loss: Tensor) -> Tensor:
    if loss.value.ndim:
        raise ShapeError(f"The loss has shape {loss.shape}; training needs one number.", "take its mean or sum.")
    return loss
