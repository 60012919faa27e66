"""Trying data on a model before anything is printed or changed, and undoing what a failure leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

import numpy as np

from klods.errors import DataError, ShapeError
from klods.keras import losses
from klods.keras.models.adapters import Stream
from klods.keras.models.batches import Data, unpacked
from klods.keras.models.compiled import Part
from klods.structures import leaves_by_key
from klods.tensor import Tensor, Variable

FEW = 8  # samples that show whether data fit a model
# Losses that pair each output with a target of its own. NumPy would repeat a single one unasked.
PAIRED = (
    losses.binary_crossentropy,
    losses.binary_focal_crossentropy,
    losses.cosine_similarity,
    losses.hinge,
    losses.huber,
    losses.kl_divergence,
    losses.log_cosh,
    losses.mean_absolute_error,
    losses.mean_absolute_percentage_error,
    losses.mean_squared_error,
    losses.mean_squared_logarithmic_error,
    losses.poisson,
    losses.squared_hinge,
)
# Losses of whole-number labels.
SPARSE = (losses.sparse_categorical_crossentropy, losses.categorical_generalized_cross_entropy)


def rehearse(model: Any, data: Data | Stream) -> None:
    """Evaluate the start of the data, so that what doesn't fit the model is found before anything is printed.

    That is a few samples, and the whole first batch where these fail: a model may take batches of one size alone, and
    errors tell the batch's shape. What evaluating changes is put back. If it fails, so are weights that were made for
    these data.

    Raises:
        KlodsError: for data that the model, its loss or its metrics can't take.
    """
    few = [replace(data, batch_size=FEW)] if isinstance(data, Data) and data.batch_size > FEW else []
    for tried in (*few, data):
        x, y, sample_weight = tried.sample()
        check_batched(model, data, x)
        unheard = suppress(Exception) if tried is not data else nullcontext()
        with unheard, nothing_changed_by_errors(model), np.errstate(all="ignore"), _unwarned(model):
            before = _values(model)
            y_pred = model(x, training=False)
            check_targets(model, data.y if isinstance(data, Data) else y, y_pred)
            model.loss_of(x, y, y_pred, sample_weight, training=True)
            model.compute_metrics(x, y, y_pred, sample_weight)
            return _put_back(before)


@contextmanager
def _unwarned(model: Any) -> Iterator[None]:
    """Leave warnings of NaN, inside the `with` block, to the step that comes after it."""
    warned, model.warned_of_numbers = model.warned_of_numbers, True
    try:
        yield
    finally:
        model.warned_of_numbers = warned


def check_batched(model: Any, data: Data | Stream, x: Any) -> None:
    """Check that what yields batches doesn't yield single samples, where the model tells how many axes its inputs have.

    Raises:
        DataError: if each input lacks an axis, other than one of size 1 behind, which the model adds.
    """
    inputs: Any = getattr(model, "inputs", ())
    given = leaves_by_key(x)
    if not isinstance(data, Stream) or len(inputs) != len(given):
        return
    if all(array.ndim == len(known.shape) - 1 and known.shape[-1] != 1 for array, known in zip(given, inputs)):
        shape, expected = given[0].value.shape, inputs[0].shape
        raise data.unbatched(f"The first batch's x has shape {shape}; model '{model.name}' takes {expected}")


@contextmanager
def nothing_changed_by_errors(model: Any) -> Iterator[None]:
    """Undo what happens inside the `with` block if it ends in an error.

    Tensors are immutable, so it is enough to keep the tensor of each variable. The attributes of a model that isn't
    built yet are kept too: weights made for the wrong data would be in the way of the right ones.
    """
    values = _values(model)
    layers = [] if model.built else model.flattened()
    attributes = [(layer, {**vars(layer), "_tracked": dict(layer._tracked)}) for layer in layers]
    try:
        yield
    except BaseException:
        _put_back(values)
        for layer, kept in attributes:
            vars(layer).clear()
            vars(layer).update(kept)
        raise


def _values(model: Any) -> list[tuple[Variable, Tensor]]:
    """Return the tensors that the variables of a model, its optimizer and its metrics now hold."""
    return [(variable, variable.tensor) for variable in model.all_variables()]


def _put_back(values: list[tuple[Variable, Tensor]]) -> None:
    for variable, tensor in values:
        variable.tensor = tensor


@contextmanager
def naming_outputs(model: Any, batch: Callable[[], Any]) -> Iterator[None]:
    """Let errors about labels, inside the `with` block, name the output that the labels are for.

    A loss that runs in NumPy finds a label outside the classes, but knows nothing of outputs. In machine code such a
    label makes the loss NaN, and `numerics.watch` finds it by `check_targets`, as this does.

    Args:
        model: the model.
        batch: returns the batch at work when an error came.
    """
    try:
        yield
    except DataError:
        if (error := _wrong_target(model, batch())) is not None:
            raise error from None
        raise


def _wrong_target(model: Any, batch: Any) -> DataError | None:
    """Return the error that says what is wrong with the targets of a batch, if anything is."""
    x, y, _ = unpacked(batch)
    try:
        check_targets(model, y, None if y is None else model(x, training=False))
    except DataError as error:
        return error
    return None


def check_targets(model: Any, y: Any, y_pred: Any) -> None:
    """Check all targets against the outputs of one batch.

    Raises:
        DataError: for labels that are none of the classes, or for targets in another structure than the outputs, unless
            the model has a `compute_loss` of its own, which may take any.
        ShapeError: for another number of targets than outputs.
    """
    compiled = model._compiled
    if y is None or compiled is None or compiled.loss is None:
        return
    try:
        placed = compiled.placed(y, y_pred)
    except DataError:
        if model.is_ours("compute_loss"):
            raise
        return
    for part, targets, output, _ in placed:
        if part.loss is not None and isinstance(output, Tensor):
            _check_output(part, np.asarray(targets), output.value.shape)


def _check_output(part: Part, y: np.ndarray, outputs: tuple[int, ...]) -> None:
    """Check the targets of one output."""
    loss: Any = part.loss
    function = getattr(loss, "fn", None)
    if function in SPARSE:
        _check_labels(y, outputs, loss, part.label)
    if function in PAIRED and y.ndim == len(outputs) and y.shape[1:] != outputs[1:]:
        raise ShapeError(
            f"{part.label}{loss.name} got targets of shape {y.shape} for outputs of shape {(len(y), *outputs[1:])}.",
            f"give one target per output, or the last layer {y.shape[-1]} units.",
        )


def _check_labels(labels: np.ndarray, outputs: tuple[int, ...], loss: Any, where: str) -> None:
    """Check that each label is the number of one of the classes that the last layer has units for."""
    if labels.ndim != len(outputs) and labels.ndim != len(outputs) - 1:
        return  # the loss says what is wrong with the shapes
    if labels.ndim == len(outputs) and labels.shape[-1] != 1:
        return
    classes, ignored = outputs[getattr(loss, "axis", -1)], getattr(loss, "ignore_class", None)
    counted = labels if ignored is None else labels[labels != ignored]
    wrong = counted[~((counted >= 0) & (counted < classes))]
    if wrong.size:
        raise DataError(
            f"{where}Label {wrong[0]} is outside the {classes} classes 0 to {classes - 1} "
            "that the last layer has units for.",
            "number the classes from 0, or give the last layer more units.",
        )
    if labels.dtype.kind == "f" and (parts := counted[counted != np.floor(counted)]).size:
        raise DataError(
            f"{where}Label {parts[0]} is no whole number.", "number the classes; for measurements use loss='mse'."
        )
